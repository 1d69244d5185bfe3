/* What one wants to know first: what is sold, what part of it recommendations have, whether something is wrong. */
import { documents, getOrNull, periodDays, periods } from "./api.js";
import { funnel, lines } from "./chart.js";
import { card, change, chip, count, decimal, figure, heading, make, money, percent, plural, roundMoney, spoken } from "./dom.js";
import { analytics, dayOf, seconds } from "./figures.js";
import { orUnavailable } from "./library.js";
import { kinds } from "./kinds.js";
import { table } from "./table.js";

function sales({ total, rows, before, recommended: { share } = {} }) {
	const of = (name, show) =>
		figure(
			{ revenue: "Revenue", orders: "Orders", units: "Pieces sold" }[name],
			show(total[name]),
			change(total[name], before.total[name]),
			`sales-${name}`,
		);
	return card(
		`Sales, ${periods[periodDays()]}`,
		{ class: "broad", "data-testid": "sales" },
		make(
			"dl",
			{ class: "figures" },
			of("revenue", money),
			of("orders", count),
			of("units", count),
			share != null
				? figure("From recommendations", percent(share), "of the revenue, within 7 days of being shown", "sales-share")
				: null,
		),
		rows.length > 1
			? lines({
					title: "Revenue by day",
					testid: "sales-chart",
					times: rows.map(seconds),
					when: dayOf,
					show: roundMoney,
					summary: `${rows.length} days, ${money(total.revenue)} in all.`,
					series: [
						{ label: "This period", values: rows.map((row) => row.revenue) },
						before.total.orders
							? { label: "The period before", faint: true, values: rows.map((_, at) => before.rows[at]?.revenue ?? null) }
							: null,
					].filter(Boolean),
				})
			: null,
	);
}

function traffic({ total, rows }) {
	const of = (name) => total[name] ?? 0,
		today = rows.at(-1)?.people,
		people = total.activePeople ?? today;
	const steps = [
		["Visits", of("sessions")],
		["Put into baskets", of("carts")],
		["Orders", of("orders")],
	];
	return card(
		"From visit to order",
		{ "data-testid": "traffic" },
		people != null
			? make(
					"dl",
					{ class: "figures" },
					figure(
						"Active people",
						count(people),
						total.activePeople == null ? "on the last day" : "were here at least once",
						"active-people",
					),
					total.newPeople != null ? figure("New among them", count(total.newPeople), "never seen before") : null,
					figure("Products looked at", count(of("views")), of("sessions") ? `${decimal(of("views") / of("sessions"))} a visit` : null),
				)
			: null,
		funnel(
			steps.map(([label, value], at) => ({
				label,
				value,
				below:
					at && steps[0][1] ? `${(value / steps[0][1]).toLocaleString(undefined, { maximumFractionDigits: 2 })} a visit` : "",
			})),
			count,
		),
	);
}

const CATEGORY_COLUMNS = [
	{ key: "category", title: "Category", value: (row) => row.category || "none" },
	{ key: "sales", title: "Sales", number: true, value: (row) => Number(row.sales), show: (v) => money(v), help: "less returns" },
	{
		key: "growth",
		title: "Change",
		number: true,
		value: (row) => row.growth,
		show: (v) => (v == null ? "–" : make("span", { class: v < 0 ? "bad" : "good" }, signed(v))),
		help: "of the days that are over, on as many days of the period before",
	},
	{
		key: "share",
		title: "From recommendations",
		number: true,
		value: (row) => row.share,
		show: (v) => percent(v),
		help: "their part of these sales",
	},
];

const signed = (ratio) => `${ratio < 0 ? "▼ −" : "▲ +"}${percent(Math.abs(ratio))}`;

function bySold(data) {
	const days = Math.round((Date.parse(data.compared.to) - Date.parse(data.compared.from)) / 86400000),
		sold = data.rows.filter((row) => row.sales || row.salesBefore);
	return card(
		"Sales by category",
		{ class: "broad", "data-testid": "category-sales" },
		make(
			"p",
			{ class: "quiet" },
			days
				? `“Change” compares the ${plural(days, "day")} of the period that ${days === 1 ? "is" : "are"} over with as many of the period before.`
				: "The day is not over, so there is no change to tell.",
		),
		table({
			caption: "What was sold of each",
			columns: CATEGORY_COLUMNS,
			rows: sold,
			sort: "sales",
			file: "sales-by-category",
			testid: "sold",
			empty: "Nothing was sold in this period.",
		}),
	);
}

function recommended(data) {
	const { total } = data,
		best = [...data.rows].sort((a, b) => b.revenue - a.revenue)[0];
	return card(
		"What recommendations do",
		{ "data-testid": "recommended" },
		make(
			"dl",
			{ class: "figures pairs" },
			figure("Products shown", count(total.impressions)),
			figure("Clicks", count(total.clicks), `${percent(total.ctr, 2)} of what was shown`),
			figure("Bought from them", count(total.orders), "products in orders"),
			figure("Revenue", money(total.revenue), best?.revenue > 0 ? `most by ${spoken(best.strategy).toLowerCase()}` : null),
		),
		total.impressions
			? null
			: make(
					"p",
					{ class: "empty" },
					"Nothing was counted in this period: the shop sends impressions and clicks with the recommendationId of the answer.",
				),
		make("p", {}, make("a", { href: "#/strategies" }, "Which strategies earn it")),
	);
}

async function atWork() {
	const rows = await Promise.all(
		[
			["rules", "#/rules", "Rules"],
			["experiments", "#/experiments", "Experiments"],
			["offers", "#/offers", "Offers"],
		].map(async ([kind, href, title]) => {
			const all = await documents.all(kind).catch(() => null);
			if (!all) return null;
			const live = all.filter((entry) => entry.document && kinds[kind].when(entry.document)[1] === "good"),
				wrong = all.filter((entry) => entry.problem);
			return make(
				"li",
				{},
				make("a", { href }, title),
				": ",
				live.length ? listedNames(live) : all.length ? `none of ${all.length} at work` : "none",
				wrong.length ? [" ", chip(`${plural(wrong.length, "problem")}`, "bad")] : null,
			);
		}),
	);
	const there = rows.filter(Boolean);
	return there.length ? card("At work now", { "data-testid": "at-work" }, make("ul", { class: "plain" }, there)) : null;
}

const listedNames = (entries) =>
	`${entries
		.slice(0, 3)
		.map((entry) => entry.document.name || spoken(entry.id))
		.join(", ")}${entries.length > 3 ? ` and ${entries.length - 3} more` : ""}`;

async function freshness() {
	const ready = await getOrNull("/readyz").catch(() => null);
	return ready
		? null
		: card(
				"Something is wrong with the data",
				{ class: "wrong" },
				make("p", {}, "The figures may be old: ", make("a", { href: "#/health" }, "see what it is"), "."),
			);
}

export async function show() {
	const parts = await Promise.all([
		freshness(),
		orUnavailable(analytics("sales").then(sales), "Sales"),
		orUnavailable(analytics("strategies", { by: "strategy" }).then(recommended), "Figures of recommendations"),
		orUnavailable(analytics("engagement").then(traffic), "Visits"),
		atWork(),
		orUnavailable(analytics("categories").then(bySold), "Sales by category"),
	]);
	return make(
		"div",
		{},
		heading("Overview", "What the shop sold, and what recommendations had to do with it."),
		make("div", { class: "cards" }, parts.filter(Boolean)),
	);
}
