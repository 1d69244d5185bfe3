/* "Try it as": who asks for which placement, with which items in sight. Used by previews, items and people. */
import { vocabulary } from "./api.js";
import { freshId, make, spoken } from "./dom.js";
import { bestSellers, knownItems } from "./items.js";

const WORDS = {
	userId: "Customer id",
	visitorId: "Visitor id",
	itemIds: "Items in sight, by id",
	category: "Category",
	query: "Search words",
	country: "Country",
};
const HINTS = {
	userId: "who has logged in",
	visitorId: "who has not",
	itemIds: "the page's item, or the basket's: p1, p2",
	category: "Kitchen > Mugs",
	query: "espresso cups",
	country: "Germany",
};

/*
 * {node, value()}: value() is {scenario, userId?, ...}. `changed` is called when something was entered. Fields that the
 * placement does not read are hidden.
 */
export async function tryForm({ scenario, fixed = false, hide = [], changed, strategies = false }) {
	const { scenarios, strategies: all } = await vocabulary(),
		fields = {},
		seeds = freshId("seeds");
	const offered = [...scenarios, ...(strategies ? all : [])].map((one) => one.slug);
	if (scenario && !offered.includes(scenario)) offered.push(scenario);
	const picker = make(
		"select",
		{ "data-testid": "try-scenario", change: () => fit() },
		offered.map((slug) => make("option", { value: slug, selected: slug === (scenario ?? "home") }, spoken(slug))),
	);
	const node = make("div", { class: "try", role: "group", "aria-label": "Try it as" }, fixed ? null : field("Placement", picker));
	for (const [name, title] of Object.entries(WORDS)) {
		fields[name] = make("input", {
			type: "text",
			placeholder: HINTS[name],
			"data-testid": `try-${name}`,
			autocomplete: "off",
			list: name === "itemIds" ? seeds : null,
			change: () => changed?.(),
		});
		node.append(field(title, fields[name], name));
	}
	node.append(await knownItems(seeds));
	const first = (await bestSellers())[0];

	function field(title, input, name) {
		const id = freshId("try");
		input.id = id;
		return make("div", { class: "field", "data-input": name }, make("label", { for: id }, title), input);
	}

	function fit(quiet) {
		const one = [...scenarios, ...all].find((each) => each.slug === picker.value);
		for (const name of Object.keys(WORDS)) {
			const read = !hide.includes(name) && (name === "country" || !one || one.inputs.includes(name));
			fields[name].closest(".field").hidden = !read;
			const needed = one?.required.includes(name) && !["userId", "visitorId"].includes(name);
			if (read && needed && !fields[name].value && first)
				fields[name].value =
					name === "itemIds" ? first.itemId : name === "category" ? (first.properties?.categories?.[0] ?? "") : "";
		}
		if (!quiet) changed?.();
	}

	fit(true);
	const value = () => {
		const ret = { scenario: fixed ? scenario : picker.value };
		for (const [name, input] of Object.entries(fields)) {
			const text = input.value.trim();
			if (text && !input.closest(".field").hidden)
				ret[name] =
					name === "itemIds"
						? text
								.split(",")
								.map((id) => id.trim())
								.filter(Boolean)
						: text;
		}
		return ret;
	};
	return { node, value };
}
