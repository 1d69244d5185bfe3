/* One item: its record, what goes with it, and why it is shown somewhere, or is not. */
import { Problem, get } from "./api.js";
import { button, card, chip, count, figure, heading, listed, make, moment, money, note, plural, short, spoken } from "./dom.js";
import { ask, bestSellers, effectChips, itemList, knownItems, learnAnswer, whyNode } from "./items.js";
import { tryForm } from "./try.js";

const NEIGHBOURS = [
	["frequently-bought-together", "Bought in the same orders"],
	["also-bought", "Bought by the same people"],
	["also-viewed", "Looked at in the same visits"],
	["similar", "Alike by their records"],
];

const FOUND_AT = "find"; // "#/items/find/WORDS"

/* To the product when there is no doubt which one is meant, else to all that were found. */
async function goTo(text) {
	const { items } = await find(text),
		only = items[0]?.itemId === text || items.length === 1;
	location.hash = only ? `#/items/${encodeURIComponent(items[0].itemId)}` : `#/items/${FOUND_AT}/${encodeURIComponent(text)}`;
}

const find = (text) => get("/v1/items", { q: text });

function finder(text) {
	const field = make("input", {
			type: "search",
			id: "item-id",
			value: text ?? "",
			maxlength: "128",
			placeholder: "words of the title, a brand, or an id",
			list: "items-known",
			autocomplete: "off",
			"data-testid": "item-id",
		}),
		wrong = make("p", { class: "error", role: "alert", hidden: true });
	return make(
		"form",
		{
			class: "bar",
			role: "search",
			submit: (event) => {
				event.preventDefault();
				if (!field.value.trim()) return;
				goTo(field.value.trim()).catch((problem) => {
					if (!(problem instanceof Problem)) throw problem;
					wrong.textContent = problem.message;
					wrong.hidden = false;
				});
			},
		},
		make("label", { for: "item-id" }, "Find a product"),
		field,
		button("Find", null, { submit: true, kind: "main", testid: "item-show" }),
		wrong,
	);
}

/* As an answer of recommendations has them. */
const asAnswer = (records) => ({
	items: records.map((record, at) => ({ itemId: record.itemId, rank: at + 1, stock: record.stock, properties: record })),
});

async function foundCard(text) {
	const { items, found } = await find(text);
	await learnAnswer(asAnswer(items));
	return card(
		found ? `${plural(found, "product")} with “${text}”` : `No product with “${text}”`,
		{ "data-testid": "found" },
		found
			? itemList(asAnswer(items), found > items.length ? `The ${items.length} that sell most` : "Best sellers first", () => ({ why: false }))
			: make(
					"p",
					{ class: "empty" },
					"Each word must begin a word of the title, the brand or the id. Try fewer words, or the beginning of one.",
				),
	);
}

/* What one may begin with. */
async function someCards() {
	const trending = await get("/v1/trending", { count: 12, window: "7d", properties: ["title", "price", "currency", "categories"] }).catch(
		() => ({ items: [] }),
	);
	await learnAnswer(trending);
	const of = (title, items, empty) =>
		card(title, {}, items.length ? itemList({ items }, "To begin with", () => ({ why: false })) : make("p", { class: "empty" }, empty));
	return make(
		"div",
		{ class: "columns" },
		of("Best sellers", (await bestSellers()).slice(0, 12), "Nothing was sold in the last 30 days."),
		of("On the rise this week", trending.items, "Nothing gets more attention than the week before."),
	);
}

/* Why nothing shows it, as far as its record says. */
function hindrances(record) {
	const now = Date.now(),
		ret = [];
	if (record.stock?.quantity === 0) ret.push("it is sold out");
	if (record.availableFrom && new Date(record.availableFrom) > now)
		ret.push(`it is not for sale before ${moment(record.availableFrom)}`);
	if (record.availableTo && new Date(record.availableTo) < now) ret.push(`it was for sale until ${moment(record.availableTo)}`);
	if (record.regions?.length) ret.push(`it is sold in ${listed(record.regions)} only`);
	return ret;
}

function recordCard(record) {
	const rest = ["brand", "groupId", "tags", "seasons", "regions", "margin", "listPrice", "availableFrom", "availableTo"].filter(
		(name) => record[name] != null && record[name].length !== 0,
	);
	const attributes = Object.entries(record.attributes ?? {}),
		hindered = hindrances(record);
	return card(
		"What the catalogue says",
		{ "data-testid": "record" },
		make(
			"dl",
			{ class: "figures" },
			figure("Price", money(record.price, record.currency)),
			figure(
				"In stock",
				record.stock?.quantity == null ? "not known" : count(record.stock.quantity),
				record.stock?.lowStock ? "low" : null,
			),
			figure(
				"Rating",
				record.rating == null ? "–" : short(record.rating),
				record.ratingCount ? `of ${count(record.ratingCount)} ratings` : null,
			),
		),
		make(
			"p",
			{},
			(record.categories ?? []).map((category) => [chip(category), " "]),
		),
		make(
			"dl",
			{ class: "facts" },
			rest.map((name) =>
				make(
					"div",
					{},
					make("dt", {}, spoken(name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`))),
					make("dd", {}, name.startsWith("available") ? moment(record[name]) : [].concat(record[name]).join(", ")),
				),
			),
			attributes.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, [].concat(value).join(", ")))),
		),
		hindered.length
			? note(`${hindered.length === 1 ? "One thing keeps" : "These keep"} it from being shown: ${listed(hindered)}.`, "warn")
			: note("Nothing in its record keeps it from being shown.", "good"),
	);
}

async function whyCard(id, record) {
	const place = make("div", { class: "stack", "data-testid": "why-here", "aria-live": "polite" });
	let round = 0;
	const look = async () => {
		const mine = ++round,
			{ scenario, ...value } = attempt.value();
		try {
			const answer = await ask(scenario, { ...value, count: 100 });
			if (mine !== round) return;
			const item = answer.items.find((one) => one.itemId === id);
			place.replaceChildren(
				...(item
					? [
							note(
								`Yes: in place ${item.rank}, ${item.strategy === "pinned" ? "pinned" : `by ${spoken(item.strategy).toLowerCase()}`}.`,
								"good",
							),
							item.reason ? make("p", { class: "reason" }, item.reason) : "",
							whyNode(item, true),
							effectChips(item.explain?.rules) ?? "",
						]
					: [
							note(`Not among the ${answer.items.length} it would show.`, "warn"),
							make(
								"p",
								{},
								hindrances(record).length
									? `Its record keeps it out: ${listed(hindrances(record))}.`
									: "Its strategies find others better, or a rule, the placement's own filter or the person's history keeps it out.",
							),
						]),
			);
		} catch (problem) {
			if (!(problem instanceof Problem)) throw problem;
			if (mine === round) place.replaceChildren(note(problem.message, "bad"));
		}
	};
	const attempt = await tryForm({ scenario: "home", strategies: true, changed: look });
	await look();
	return card(
		"Is it shown here, and why?",
		{},
		attempt.node,
		make("div", { class: "acts" }, button("Look", look, { kind: "main", testid: "why-look" })),
		place,
	);
}

async function neighbours(id, [name, title]) {
	const answer = await get(`/v1/items/${encodeURIComponent(id)}/${name}`, {
		count: 5,
		explain: true,
		properties: ["title", "price", "currency", "categories"],
	}).catch(() => null);
	if (answer) await learnAnswer(answer);
	return answer ? itemList(answer, title) : null;
}

export async function show({ rest: [id, words] }) {
	const searched = id === FOUND_AT && words != null,
		top = [
			heading("Items", "Everything about one product: its record, what goes with it, and why it is shown, or is not."),
			finder(searched ? words : id),
			await knownItems("items-known"),
		];
	if (searched) return make("div", {}, top, await foundCard(words));
	if (!id) return make("div", {}, top, await someCards());
	let record;
	try {
		record = await get(`/v1/items/${encodeURIComponent(id)}`);
	} catch (problem) {
		return make("div", {}, top, note(problem.status === 404 ? `The catalogue has no item “${id}”.` : problem.message, "bad"));
	}
	const [why, ...lists] = await Promise.all([whyCard(id, record), ...NEIGHBOURS.map((one) => neighbours(id, one))]);
	return make(
		"div",
		{},
		top,
		make("h2", { class: "subject", "data-testid": "item-title" }, record.title ?? id),
		make(
			"div",
			{ class: "columns" },
			make("div", {}, recordCard(record), why),
			card("What goes with it", {}, lists.filter(Boolean)),
		),
	);
}
