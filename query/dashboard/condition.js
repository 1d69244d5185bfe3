/* A condition put together by choosing, for who does not know the filter language: it is added to the text of the field. */
import { button, freshId, make } from "./dom.js";
import { bestSellers } from "./items.js";

const ITEM = {
	category: ["Category", "text"],
	brand: ["Brand", "text"],
	price: ["Price", "number"],
	rating: ["Rating", "number"],
	stock: ["Pieces in stock", "number"],
	lowStock: ["Stock is low", "flag"],
	inStock: ["In stock", "flag"],
	title: ["Title", "text"],
	tags: ["Tag", "text"],
	itemId: ["Item id", "text"],
	margin: ["Margin", "number"],
	ratingCount: ["Number of ratings", "number"],
	availableFrom: ["In the shop since", "time"],
};
const PERSON = {
	orders: ["Orders", "number"],
	spend: ["Money spent", "number"],
	averageOrder: ["Average order", "number"],
	daysSinceLast: ["Days since last here", "number"],
	daysSinceFirst: ["Days since first here", "number"],
	country: ["Country", "text"],
	viewedCategory: ["Looked at category", "text"],
	boughtCategory: ["Bought in category", "text"],
	bigSpender: ["Among the biggest spenders", "flag"],
};
const OPERATORS = {
	text: [
		["=", "is"],
		["!=", "is not"],
		["in", "is one of (commas between)"],
	],
	number: [
		["<", "is below"],
		["<=", "is at most"],
		["=", "is"],
		[">=", "is at least"],
		[">", "is above"],
	],
	flag: [
		["", "yes"],
		["not", "no"],
	],
	time: [
		[">=", "this day or later"],
		["<", "before this day"],
	],
};
const INPUTS = { text: "text", number: "number", time: "date" };

const quoted = (text) => (text.includes('"') ? `'${text}'` : `"${text}"`);

/* null: nothing to say yet */
function conditionText(field, kind, operator, value) {
	if (kind === "flag") return operator ? `not ${field}` : field;
	if (!value) return null;
	if (kind === "number") return `${field} ${operator} ${Number(value)}`;
	if (kind === "time") return `${field} ${operator} "${value}T00:00:00Z"`;
	return operator === "in"
		? `${field} in (${value
				.split(",")
				.map((one) => quoted(one.trim()))
				.join(", ")})`
		: `${field} ${operator} ${quoted(value)}`;
}

/* `text` holds as well: "and" binds more tightly than "or" does. */
export function both(before, text) {
	if (!before) return text;
	return /\bor\b/i.test(before) ? `(${before}) and ${text}` : `${before} and ${text}`;
}

/* `add(text)` is called with each condition. */
export function conditionBuilder(about, add) {
	const fields = about === "person" ? PERSON : ITEM,
		known = freshId("known"),
		name = freshId("condition");
	const which = make(
		"select",
		{ "aria-label": "What", change: () => fit() },
		Object.entries(fields).map(([field, [title]]) => make("option", { value: field }, title)),
	);
	const operator = make("select", { "aria-label": "How" }),
		value = make("input", { "aria-label": "Value", list: known, autocomplete: "off" });
	const values = make("datalist", { id: known });
	const kind = () => fields[which.value][1];

	async function fit() {
		operator.replaceChildren(...OPERATORS[kind()].map(([sign, title]) => make("option", { value: sign }, title)));
		value.hidden = kind() === "flag";
		value.type = INPUTS[kind()] ?? "text";
		value.value = "";
		const of = {
			category: (p) => p.categories ?? [],
			viewedCategory: (p) => p.categories ?? [],
			boughtCategory: (p) => p.categories ?? [],
			brand: (p) => [p.brand],
		}[which.value];
		const found = of ? new Set((await bestSellers()).flatMap((item) => of(item.properties ?? {})).filter(Boolean)) : [];
		values.replaceChildren(...[...found].sort().map((one) => make("option", { value: one })));
	}

	fit();
	return make(
		"details",
		{ class: "condition" },
		make("summary", { id: name }, "Put a condition together"),
		make(
			"div",
			{ class: "bar", role: "group", "aria-labelledby": name },
			which,
			operator,
			value,
			values,
			button(
				"Add it",
				() => {
					const text = conditionText(which.value, kind(), operator.value, value.value.trim());
					if (text) add(text);
					else value.focus();
				},
				{ kind: "small", testid: "add-condition" },
			),
		),
	);
}
