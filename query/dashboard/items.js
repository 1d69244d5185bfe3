/* Items as people know them, lists of them, and why each is there. */
import { call, get, vocabulary } from "./api.js";
import { chip, count, decimal, freshId, make, moment, money, percent, short, spoken, unseen } from "./dom.js";

const SHOWN = ["title", "price", "currency", "categories", "brand"];
const SEED_COUNT = 100;

let sellers = null;
/* The best sellers: what ids are proposed from. Asked for until there are some. */
export function bestSellers() {
	sellers ??= get("/v1/best-sellers", { count: SEED_COUNT, properties: SHOWN })
		.then((answer) => {
			learn(answer.items);
			return answer.items;
		})
		.catch(() => [])
		.then((items) => {
			if (!items.length) sellers = null;
			return items;
		});
	return sellers;
}

/* The ids that a field proposes. */
export const knownItems = async (id) =>
	make(
		"datalist",
		{ id },
		(await bestSellers()).map((item) => make("option", { value: item.itemId }, item.properties?.title ?? "")),
	);

/* The shop's currency where all best sellers have the same one, else null. */
export async function loadCurrency() {
	const codes = new Set((await bestSellers()).map((item) => item.properties?.currency).filter(Boolean));
	return codes.size === 1 ? [...codes][0] : null;
}

const titles = new Map();
const titleOf = (id) => titles.get(id) ?? id;
function learn(items) {
	for (const item of items) if (item.properties?.title) titles.set(item.itemId, item.properties.title);
}

async function learnTitles(ids) {
	await Promise.all(
		[...new Set(ids)]
			.filter((id) => !titles.has(id))
			.slice(0, 40)
			.map(async (id) => {
				const record = await get(`/v1/items/${encodeURIComponent(id)}`).catch(() => null);
				titles.set(id, record?.title ?? id);
			}),
	);
}

/* ---- asking for a list ---- */

/* Only what the scenario reads: an input that it does not read is refused. */
export async function requestFor(slug, given) {
	const { scenarios, strategies } = await vocabulary(),
		found = [...scenarios, ...strategies].find((one) => one.slug === slug);
	const reads = (name) => !found || found.inputs.includes(name);
	const ret = {};
	for (const name of ["userId", "visitorId", "itemIds", "category", "query"])
		if (given[name]?.length && reads(name)) ret[name] = given[name];
	if (given.country) ret.context = { country: given.country };
	return { ...ret, count: given.count ?? 10, properties: SHOWN, explain: true };
}

export async function ask(slug, given) {
	const { data } = await call("POST", `/v1/recommendations/${encodeURIComponent(slug)}`, { body: await requestFor(slug, given) });
	await learnAnswer(data);
	return data;
}

export async function learnAnswer(answer) {
	learn(answer.items);
	await learnTitles(answer.items.map((item) => item.explain?.with).filter(Boolean));
}

/* ---- why ---- */

const FACTS = {
	together: "with both",
	itemTotal: "with the first one",
	otherTotal: "with this one",
	recent: "points now",
	before: "points before",
	units: "pieces sold",
	days: "days counted",
	times: "times",
	lastAt: "last",
	intervalDays: "days between",
	people: "people",
	peopleOf: "of people like this one",
	itemsInCommon: "items in common",
	orders: "orders",
	clicks: "views after the search",
	rating: "rating",
	ratingCount: "ratings",
	sessions: "visits",
	sessionsOf: "of visits like this one",
	leadTimeHours: "hours until sent",
	quantity: "in stock there",
	taste: "match with the taste",
	segment: "segment",
	score: "strength",
	measure: "measured as",
	priceRatio: "of the price",
	availableFrom: "in the shop since",
	location: "from",
	shared: "items shared",
	followed: "times viewed next",
	share: "share of what is next",
	revisitRate: "go back to it",
	priorRating: "shop's mean rating",
	averageUnits: "pieces in an average season",
};
const SHARES = new Set(["taste", "share", "revisitRate"]),
	TIMES = new Set(["lastAt", "availableFrom"]),
	SKIPPED = new Set(["with"]);

function factsOf(explain = {}) {
	return Object.entries(explain)
		.filter(([name, value]) => !SKIPPED.has(name) && value !== null && typeof value !== "object")
		.map(([name, value]) => [
			FACTS[name] ?? name,
			TIMES.has(name)
				? moment(value)
				: SHARES.has(name)
					? percent(value)
					: typeof value === "number"
						? short(value)
						: String(value),
		]);
}

export function whyNode(item, open = false) {
	const facts = factsOf(item.explain),
		other = item.explain?.with;
	return make(
		"details",
		{ class: "why", open },
		make("summary", {}, "Why?", unseen(` ${titleOf(item.itemId)}`)),
		make(
			"dl",
			{ class: "facts" },
			make("div", {}, make("dt", {}, "strategy"), make("dd", {}, make("a", { href: "#/strategies" }, spoken(item.strategy)))),
			other ? make("div", {}, make("dt", {}, "because of"), make("dd", {}, itemLink(other))) : null,
			facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
		),
	);
}

export const itemLink = (id) => make("a", { href: `#/items/${encodeURIComponent(id)}` }, titleOf(id));

/* ---- effects of rules on an item ---- */

const DONE = {
	pinned: "pinned",
	boosted: "lifted",
	buried: "lowered",
	filtered: "left out",
	excluded: "left out",
	quota: "too many of the kind",
	added: "brought in",
	removed: "no longer brought in",
};

export function effectText(effect) {
	const cause = ["rule", "scenario", "experiment"].find((name) => effect[name]);
	const by = cause ? ` by ${cause} “${effect[cause]}”` : "",
		factor = effect.factor != null ? ` ×${short(effect.factor)}` : "";
	return `${DONE[effect.what] ?? effect.what}${factor}${effect.position ? ` to place ${effect.position}` : ""}${by}`;
}

export const effectChips = (effects) =>
	effects?.length
		? make(
				"p",
				{ class: "effects" },
				effects.map((effect) =>
					effect.rule
						? make("a", { class: "chip accent", href: `#/rules/${encodeURIComponent(effect.rule)}` }, effectText(effect))
						: chip(effectText(effect), "accent"),
				),
			)
		: null;

/* ---- lists ---- */

function tile(id) {
	const words = titleOf(id)
		.split(/[^\p{L}\p{N}]+/u)
		.filter((word) => /^\p{L}{2}/u.test(word));
	let hue = 0;
	for (const letter of id) hue = (hue * 31 + letter.charCodeAt(0)) % 360;
	const node = make(
		"span",
		{ class: "tile", "aria-hidden": "true" },
		words
			.slice(0, 2)
			.map((word) => word[0].toUpperCase())
			.join("") || "#",
	);
	node.style.background = `hsl(${hue} 34% 31%)`;
	return node;
}

function stockText(stock) {
	if (!stock || stock.quantity == null) return null;
	return make(
		"span",
		{ class: stock.quantity <= 0 || stock.lowStock ? "bad" : "quiet" },
		stock.quantity <= 0 ? "sold out" : `${count(stock.quantity)} in stock`,
	);
}

/* `moved`: what a change did to its place. */
function itemRow(item, { moved, effects, why = true } = {}) {
	const { price, currency, categories } = item.properties ?? {};
	return make(
		"li",
		{ class: `item ${moved?.kind ?? ""}`, "data-item": item.itemId },
		make("span", { class: "rank" }, unseen("place "), String(item.rank)),
		tile(item.itemId),
		make(
			"div",
			{ class: "what" },
			make(
				"p",
				{},
				itemLink(item.itemId),
				item.promoted ? [" ", chip("promoted", "accent")] : null,
				moved ? [" ", chip(moved.text, moved.kind)] : null,
			),
			make(
				"p",
				{ class: "quiet" },
				[price != null ? money(price, currency) : null, categories?.[0], stockText(item.stock)]
					.filter(Boolean)
					.flatMap((part, at) => (at ? [" · ", part] : [part])),
			),
			item.reason && why ? make("p", { class: "reason" }, item.reason) : null,
			effectChips(effects ?? item.explain?.rules),
			why ? whyNode(item) : null,
		),
	);
}

export function itemList(answer, title, rowOptions = () => ({}), testid = "list") {
	const id = freshId("list");
	return make(
		"section",
		{ class: "items", "aria-labelledby": id, "data-testid": testid },
		make("h3", { id }, title),
		answer.widenedTo ? make("p", { class: "quiet" }, `Nothing in that category: widened to ${answer.widenedTo}.`) : null,
		answer.items.length
			? make(
					"ol",
					{},
					answer.items.map((item) => itemRow(item, rowOptions(item))),
				)
			: make("p", { class: "empty" }, "Nothing to show."),
		answer.tookMs != null
			? make(
					"p",
					{ class: "quiet" },
					`${answer.variant ? `Variant ${answer.variant}. ` : ""}Answered in ${decimal(answer.tookMs, 2)} ms.`,
				)
			: null,
	);
}
