/* Kinds of customers: the documents, and the imported list that a segment may have. */
import { Problem, call, getOrNull } from "./api.js";
import { button, card, count, decimal, heading, make, money, note, percent, plural, spoken, sureButton } from "./dom.js";
import { editorPage } from "./editor.js";
import { analytics } from "./figures.js";
import { library, orUnavailable } from "./library.js";
import { table } from "./table.js";
import { toast } from "./toast.js";

/* null where the server keeps no lists */
async function membersCard(id) {
	const path = `/v1/segments/${encodeURIComponent(id)}/members`;
	const now = await getOrNull(path);
	if (!now) return null;
	const count = make("p", { role: "status", "data-testid": "member-count" });
	const tell = (members) => {
		count.textContent = members == null ? "In the log, but not counted yet." : `${plural(members, "customer")} on the list.`;
	};
	tell(now.members);
	const ids = make("textarea", { id: "member-ids", rows: 6, class: "code", spellcheck: "false", "data-testid": "member-ids" });
	const change = async (method, body) => {
		try {
			const { data } = await call(method, path, { body });
			tell(data.members);
			ids.value = "";
		} catch (problem) {
			if (!(problem instanceof Problem)) throw problem;
			toast(`The list stays as it was: ${problem.message}`);
		}
	};
	const replace = () => {
		const written = ids.value
			.split(/[\n,;]/)
			.map((one) => one.trim())
			.filter(Boolean);
		if (written.length) return change("PUT", [...new Set(written)]);
		ids.focus();
	};
	return card(
		"Imported list",
		{ "data-testid": "members" },
		count,
		make(
			"p",
			{ class: "quiet" },
			"It counts when “An imported list” is switched on. Ids are kept as keyed hashes and cannot be shown again.",
		),
		make("div", { class: "field" }, make("label", { for: "member-ids" }, "Customer ids, one a line"), ids),
		make(
			"div",
			{ class: "acts" },
			button("Replace the list with these", replace, { testid: "members-replace" }),
			sureButton("Empty the list", "Really empty it? It cannot be undone.", () => change("DELETE"), {
				kind: "danger",
				testid: "members-empty",
			}),
		),
	);
}

async function figures() {
	const { rows } = await analytics("segments");
	const of = (key, title, show, help) => ({ key, title, number: true, value: (row) => row[key], show, help });
	return card(
		"What they did",
		{},
		make(
			"p",
			{ class: "quiet" },
			"Of people who came in the period, as they belong today: who is in several segments counts in each of them, and who came is not lapsing.",
		),
		table({
			caption: "Figures of segments",
			testid: "segment-figures",
			file: "segments",
			sort: "revenue",
			rows,
			empty: "Nobody was here in this period.",
			columns: [
				{ key: "segment", title: "Segment", value: (row) => (row.segment ? spoken(row.segment) : "In none") },
				of("people", "People", count),
				of("buyers", "Buyers", count),
				of("sessions", "Visits", count),
				of("orders", "Orders", count),
				of(
					"ordersPerSession",
					"Orders a visit",
					(v) => decimal(v),
					"a visit begins when a product is looked at; above 1 where people order without looking",
				),
				of("revenue", "Revenue", (v) => money(v)),
				of("ctr", "Click rate", (v) => percent(v, 2), "clicks per product shown"),
				of("share", "From recommendations", (v) => percent(v), "of the revenue"),
			],
		}),
	);
}

export async function show({ rest: [id] }) {
	if (id) {
		const page = await editorPage("segments", id);
		const members = id === "new" ? note("An imported list can be given when the segment is saved.") : await membersCard(id);
		return make("div", {}, page, members);
	}
	return make(
		"div",
		{},
		heading(
			"Segments",
			"Kinds of customers, by what they did. Who belongs is looked up when a list is asked for, so it is never old.",
		),
		await library("segments", "All segments"),
		await orUnavailable(figures(), "Figures of segments"),
	);
}
