/*
 * What people can write: each kind's fields, a new document, and a sentence that says what a document does. The words are a
 * merchandiser's; the paths are the document's.
 */
import { segmentIds, vocabulary } from "./api.js";
import { count, day, listed, money, short, spoken } from "./dom.js";

const FILTER_HELP = 'For example: brand = "Acme" and price < 50 and not lowStock';
const name = {
	path: "name",
	type: "text",
	label: "Name",
	help: "For you and your colleagues; shoppers never see it.",
	maxLength: 128,
};
const enabled = { path: "enabled", type: "switch", otherwise: true, label: "Switched on" };
const description = { path: "description", type: "text", label: "Notes", wide: true };
const named = { type: "section", label: "Its name", fields: [name, enabled, description] };
const from = { path: "from", type: "time", label: "Begins", help: "Your time; empty: at once." };
const to = { path: "to", type: "time", label: "Ends", help: "Empty: never." };
const filter = (path, label, help = FILTER_HELP) => ({ path, type: "filter", label, help, wide: true });

export const METRICS = [
	["ctr", "Clicks per impression"],
	["conversion", "Share of people who buy"],
	["revenuePerSession", "Revenue per visit"],
];

async function slugs() {
	const { scenarios, strategies } = await vocabulary();
	return {
		placements: scenarios.map((one) => [one.slug, spoken(one.slug)]),
		strategies: strategies.map((one) => [one.slug, spoken(one.slug)]),
	};
}
const segmentChoices = async () => (await segmentIds()).map((id) => [id, spoken(id)]);

const boosted = (path, factor) => [
	filter(`${path}.filter`, "Products that meet"),
	{ path: `${path}.factor`, type: "number", step: "any", ...factor },
];
const FILL = [
	["", "As the strategies end"],
	["none", "Leave it short"],
	["filtered", "Best sellers that meet the filter"],
	["any", "Best sellers of any kind"],
];

function chainFields(strategies) {
	return [
		{
			path: "chain",
			type: "list",
			item: "strategy",
			ordered: true,
			lined: true,
			label: "Strategies, in order",
			fresh: { strategy: "best-sellers" },
			help: "Those with a part share the page in these proportions; those without (or 0) fill what is left, one after the other.",
			fields: [
				{ path: "strategy", type: "select", label: "Strategy", options: strategies },
				{ path: "share", type: "number", min: 0, step: "1", label: "Part of the page" },
			],
		},
		filter("filter", "Only products that meet", "Never lifted, whatever else happens. Empty: all products."),
		{
			path: "diversity",
			type: "number",
			min: 0,
			max: 1,
			step: "0.05",
			label: "Variety",
			help: "0: by score alone. 1: as unlike each other as possible.",
		},
		{
			path: "count",
			type: "number",
			min: 1,
			max: 100,
			step: "1",
			label: "Products on a page",
			help: "When the shop does not ask for a number.",
		},
		{ path: "minScore", type: "number", label: "Lowest score" },
		{ path: "fill", type: "select", label: "When there is less than a page", options: FILL },
		{
			path: "boost",
			type: "list",
			item: "lift",
			label: "Lift or lower",
			fresh: { factor: 2 },
			help: "Scores are multiplied: above 1 lifts, below 1 lowers.",
			fields: [filter("filter", "Products that meet"), { path: "factor", type: "number", label: "Times", min: 0 }],
		},
	];
}

/* ---- sentences ---- */

const places = (doc) => (doc.placements?.length ? listed(doc.placements.map((p) => spoken(p).toLowerCase())) : "every placement");

function when(doc) {
	const now = Date.now();
	if (doc.enabled === false) return ["off", ""];
	if (doc.to && Date.parse(doc.to) <= now) return [`ended ${day(doc.to)}`, ""];
	if (doc.from && Date.parse(doc.from) > now) return [`from ${day(doc.from)}`, "warn"];
	return [doc.to ? `live until ${day(doc.to)}` : "live", "good"];
}

const ids = (list) => (list.length > 3 ? `${list.slice(0, 3).join(", ")} and ${list.length - 3} more` : listed(list));

function actionText(action = {}) {
	if (action.filter) return `Show only ${action.filter}`;
	if (action.exclude)
		return `Hide ${action.exclude.itemIds ? ids(action.exclude.itemIds) : (action.exclude.filter ?? "nothing yet")}`;
	if (action.boost) return `Lift ×${short(action.boost.factor)}: ${action.boost.filter ?? ""}`;
	if (action.bury) return `Lower ×${short(action.bury.factor)}: ${action.bury.filter ?? ""}`;
	if (action.pin) return `Pin ${ids(action.pin.itemIds ?? [])} to place ${action.pin.position ?? 1}`;
	if (action.quota) return `At most ${action.quota.max} on a page of: ${action.quota.filter ?? ""}`;
	return "Does nothing yet";
}

function ruleText(doc) {
	const conditions = [
		`on ${places(doc)}`,
		doc.categories?.length ? `in ${listed(doc.categories, "or")}` : null,
		doc.segments?.length ? `for ${listed(doc.segments.map(spoken), "or").toLowerCase()} customers` : null,
		doc.countries?.length ? `in ${listed(doc.countries, "or")}` : null,
	];
	return `${actionText(doc.action)} – ${conditions.filter(Boolean).join(", ")}`;
}

function chainText(doc) {
	const shared = (doc.chain ?? []).filter((one) => one.share > 0),
		total = shared.reduce((sum, one) => sum + one.share, 0);
	const rest = (doc.chain ?? []).filter((one) => !(one.share > 0)).map((one) => spoken(one.strategy).toLowerCase());
	const parts = shared.map((one) => `${Math.round((100 * one.share) / total)} % ${spoken(one.strategy).toLowerCase()}`);
	return [parts.length ? parts.join(", ") : null, rest.length ? `${parts.length ? "then " : ""}${rest.join(", then ")}` : null]
		.filter(Boolean)
		.join("; ");
}

function discountText({ discount = {}, code, segments, budget }) {
	const much =
		discount.percent != null
			? `${short(discount.percent)} % off`
			: discount.amount != null
				? `${money(discount.amount, discount.currency)} off`
				: "No discount yet";
	return `${much}${code ? ` with code ${code}` : ""} for ${segments?.length ? `${listed(segments.map(spoken)).toLowerCase()} customers` : "everybody"}${budget ? `, at most ${count(budget)} times` : ""}`;
}

const discountFields = (segments) => [
	{
		type: "group",
		path: "discount",
		label: "Discount",
		help: "Percent, or an amount with its currency.",
		fields: [
			{ path: "percent", type: "number", min: 0, max: 100, label: "Percent" },
			{ path: "amount", type: "number", min: 0, label: "Amount" },
			{ path: "currency", type: "text", label: "Currency", placeholder: "EUR", maxLength: 3 },
		],
	},
	{ path: "segments", type: "choices", label: "For", options: segments, none: "None is chosen: everybody." },
	from,
	to,
	{ path: "budget", type: "number", min: 1, step: "1", label: "Redemptions at most" },
	{ path: "oncePerPerson", type: "switch", label: "Once per person" },
	{ path: "itemIds", type: "words", label: "Only these products", help: "Ids, separated by commas." },
	filter("filter", "Only products that meet"),
];

/* ---- the kinds ---- */

export const kinds = {
	rules: {
		one: "rule",
		text: ruleText,
		when,
		previews: true,
		fresh: { priority: 100, action: { boost: { factor: 2 } } },
		placement: (doc) => doc.placements?.[0],
		fields: async () => [
			named,
			{
				type: "section",
				label: "What it does",
				fields: [
					{
						path: "action",
						type: "oneOf",
						label: "Action",
						options: [
							{
								key: "boost",
								label: "Lift",
								fresh: { factor: 2 },
								fields: boosted("boost", { label: "Score times", min: 1, max: 100, help: "More than 1, up to 100." }),
							},
							{
								key: "bury",
								label: "Lower",
								fresh: { factor: 0.5 },
								fields: boosted("bury", { label: "Score times", min: 0, max: 1, help: "From 0 to below 1." }),
							},
							{
								key: "pin",
								label: "Pin",
								fresh: { position: 1 },
								help: "Products that may not be shown (sold out, say) are not pinned.",
								fields: [
									{ path: "pin.itemIds", type: "words", label: "Products, by id", wide: true },
									{ path: "pin.position", type: "number", min: 1, step: "1", label: "First place" },
								],
							},
							{ key: "filter", label: "Show only", fields: [filter("filter", "Products that meet")] },
							{
								key: "exclude",
								label: "Hide",
								help: "By ids or by a condition, one of the two.",
								fields: [
									{ path: "exclude.itemIds", type: "words", label: "Products, by id" },
									filter("exclude.filter", "Products that meet"),
								],
							},
							{
								key: "quota",
								label: "Limit",
								fresh: { max: 2 },
								fields: [
									filter("quota.filter", "Products that meet"),
									{ path: "quota.max", type: "number", min: 0, step: "1", label: "At most on a page" },
								],
							},
						],
					},
				],
			},
			{
				type: "section",
				label: "Where, for whom and when",
				fields: [
					{
						path: "placements",
						type: "choices",
						label: "Placements",
						options: (await slugs()).placements,
						none: "None is chosen: everywhere.",
					},
					{
						path: "segments",
						type: "choices",
						label: "Customers",
						options: await segmentChoices(),
						none: "None is chosen: everybody.",
					},
					{
						path: "categories",
						type: "lines",
						label: "Category pages",
						help: "One a line; those under it are meant too. Empty: all.",
						placeholder: "Shoes > Running",
					},
					{ path: "countries", type: "words", label: "Countries", help: "As the shop writes them: Germany, France. Empty: all." },
					from,
					to,
					{
						path: "priority",
						type: "number",
						min: 0,
						max: 1000,
						step: "1",
						label: "Priority",
						placeholder: "100",
						help: "0 to 1000; the higher one goes first.",
					},
				],
			},
		],
	},
	scenarios: {
		one: "placement",
		ships: true,
		page: "placements",
		text: chainText,
		when: (doc) => (doc.enabled === false ? ["off", ""] : ["live", "good"]),
		previews: true,
		fresh: { chain: [{ strategy: "trending" }, { strategy: "best-sellers" }] },
		fields: async () => [named, { type: "section", label: "What fills it", fields: chainFields((await slugs()).strategies) }],
	},
	experiments: {
		one: "experiment",
		previews: true,
		placement: (doc) => doc.placements?.[0],
		text: (doc) =>
			`${listed(
				(doc.variants ?? []).map((v) => v.name),
				"against",
			)} on ${places(doc)}, ${doc.traffic ?? 100} % of the people`,
		when: (doc) =>
			doc.enabled === false
				? ["off", ""]
				: ({ running: ["running", "good"], stopped: ["stopped", ""] }[doc.status] ?? ["draft", "warn"]),
		fresh: {
			status: "draft",
			layer: "default",
			placements: ["home"],
			variants: [
				{ name: "control", weight: 1 },
				{ name: "new", weight: 1 },
			],
			traffic: 100,
			primary: "conversion",
		},
		fields: async () => {
			const { placements, strategies } = await slugs();
			return [
				named,
				{
					type: "section",
					label: "What is compared",
					fields: [
						{ path: "placements", type: "choices", label: "Placements", options: placements },
						{
							path: "variants",
							type: "list",
							item: "variant",
							label: "Variants",
							fresh: { name: "", weight: 1 },
							help: "The first is the control: what there is today. Each may change what fills the placement; what is empty stays as it is.",
							fields: [
								{ path: "name", type: "text", label: "Variant's name", maxLength: 32 },
								{ path: "weight", type: "number", min: 0, label: "Weight", help: "Its part of the people." },
								{
									path: "scenario",
									type: "group",
									folded: true,
									label: "What this variant changes",
									fields: chainFields(strategies),
								},
							],
						},
					],
				},
				{
					type: "section",
					label: "Who takes part",
					fields: [
						{
							path: "traffic",
							type: "number",
							min: 0,
							max: 100,
							label: "Percent of the people",
							help: "Those who are in stay in when it grows.",
						},
						{
							path: "holdout",
							type: "number",
							min: 0,
							max: 100,
							label: "Held out, percent",
							help: "They see the placement unchanged and are reported apart.",
						},
						{ path: "layer", type: "text", label: "Layer", help: "Experiments of one layer never share a person." },
						{
							path: "allowList",
							type: "list",
							item: "person",
							label: "Shown to these for certain",
							fields: [
								{ path: "userId", type: "text", label: "Customer id" },
								{ path: "visitorId", type: "text", label: "or visitor id" },
								{ path: "variant", type: "text", label: "Variant's name" },
							],
						},
					],
				},
				{
					type: "section",
					label: "How it is judged",
					fields: [
						{ path: "primary", type: "select", label: "Decided by", options: METRICS },
						{
							path: "minimumPeople",
							type: "number",
							min: 0,
							step: "1",
							label: "People at least, in each variant",
							placeholder: "1000",
						},
						{ path: "minimumDays", type: "number", min: 0, step: "1", label: "Days at least", placeholder: "7" },
						{
							path: "guardRails",
							type: "list",
							item: "guard rail",
							label: "Must not get worse",
							fresh: { metric: "revenuePerSession", maxLossPercent: 2 },
							fields: [
								{ path: "metric", type: "select", label: "Figure", options: METRICS },
								{ path: "maxLossPercent", type: "number", min: 0, label: "Loss at most, percent" },
							],
						},
					],
				},
			];
		},
	},
	segments: {
		one: "segment",
		ships: true,
		previews: true,
		text: (doc) => [doc.filter, doc.members ? "who is on the imported list" : null].filter(Boolean).join(", or "),
		when: (doc) => (doc.enabled === false ? ["off", ""] : ["live", "good"]),
		fresh: { filter: "orders >= 3" },
		fields: async () => [
			named,
			{
				type: "section",
				label: "Who belongs to it",
				fields: [
					{
						...filter(
							"filter",
							"Customers that meet",
							'For example: orders >= 3 and spend > 100 and daysSinceLast < 60 and country = "Germany"',
						),
						about: "person",
					},
					{ path: "members", type: "switch", label: "An imported list, too" },
				],
			},
		],
	},
	offers: {
		one: "offer",
		text: discountText,
		when,
		fresh: { discount: { percent: 10 } },
		fields: async () => [
			named,
			{
				type: "section",
				label: "What is offered",
				fields: [{ path: "code", type: "text", label: "Code", maxLength: 64 }, ...discountFields(await segmentChoices())],
			},
		],
	},
	promotions: {
		one: "promotion",
		page: "offers/promotion",
		text: discountText,
		when,
		fresh: { discount: { percent: 10 } },
		fields: async () => [named, { type: "section", label: "What is promoted", fields: discountFields(await segmentChoices()) }],
	},
};
