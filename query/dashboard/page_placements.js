/* What fills each placement, with a live preview. */
import { Problem, vocabulary } from "./api.js";
import { heading, make, note, spoken } from "./dom.js";
import { editorPage } from "./editor.js";
import { kinds } from "./kinds.js";
import { library } from "./library.js";

async function shipped() {
	const { scenarios } = await vocabulary();
	return make(
		"section",
		{ class: "card" },
		make("h2", {}, "Shipped placements"),
		make(
			"ul",
			{ class: "entries", "data-testid": "list-scenarios" },
			scenarios.map((one) =>
				make(
					"li",
					{ class: "entry" },
					make(
						"div",
						{ class: "what" },
						make("p", {}, make("strong", {}, spoken(one.slug))),
						make("p", { class: "quiet" }, one.meaning),
						make(
							"p",
							{},
							kinds.scenarios.text({ chain: one.chain.map((strategy, at) => ({ strategy, share: one.shares?.[at] })) }),
						),
					),
				),
			),
		),
	);
}

export async function show({ rest: [id] }) {
	if (id) return editorPage("scenarios", id);
	const list = await library(
		"scenarios",
		"All placements",
		"A placement is a place in the shop where products are recommended; its id is what the shop asks for.",
	);
	const absent = list.dataset.testid === "absent";
	return make(
		"div",
		{},
		heading("Placements", "What fills each list of the shop: which strategies, in which proportions, with which products."),
		list,
		absent
			? await shipped().catch((problem) => (problem instanceof Problem ? note(problem.message, "bad") : Promise.reject(problem)))
			: null,
	);
}
