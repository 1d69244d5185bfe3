/* The analytics routes, and what is made of their rows. */
import { get, period } from "./api.js";
import { lines } from "./chart.js";
import { count, day, money, percent, roundMoney, spoken } from "./dom.js";

export const analytics = (name, query = {}) => get(`/v1/analytics/${name}`, { ...period(), ...query });

/* Columns that rows of /v1/analytics/strategies and /categories have. */
export const FIGURE_COLUMNS = [
	{
		key: "impressions",
		title: "Shown",
		number: true,
		value: (r) => r.impressions,
		show: count,
		help: "impressions: how often a product was seen in such a list",
	},
	{ key: "clicks", title: "Clicks", number: true, value: (r) => r.clicks, show: count, help: "within 24 hours of the answer" },
	{
		key: "ctr",
		title: "Click rate",
		number: true,
		value: (r) => r.ctr,
		show: (v) => percent(v, 2),
		help: "clicks per impression",
	},
	{ key: "carts", title: "Into baskets", number: true, value: (r) => r.carts, show: count },
	{
		key: "orders",
		title: "Bought",
		number: true,
		value: (r) => r.orders,
		show: count,
		help: "lines of orders within 7 days of the answer, each counted once",
	},
	{ key: "conversion", title: "Bought per click", number: true, value: (r) => r.conversion, show: (v) => percent(v, 2) },
	{ key: "revenue", title: "Revenue", number: true, value: (r) => Number(r.revenue), show: (v) => money(v) },
	{
		key: "revenuePerImpression",
		title: "Revenue per 1,000 shown",
		number: true,
		value: (r) => (r.revenuePerImpression == null ? null : 1000 * r.revenuePerImpression),
		show: (v) => money(v),
	},
	{
		key: "share",
		title: "Share of sales",
		number: true,
		value: (r) => r.share,
		show: (v) => percent(v),
		help: "of all that the shop sold meanwhile, less returns",
	},
	{
		key: "coverage",
		title: "Catalogue seen",
		number: true,
		value: (r) => r.coverage,
		show: (v, r) => (v == null ? "–" : `${percent(v)} (${count(r.itemsShown)})`),
		help: "the part of the catalogue, or of the category, that people saw at least once in such a list, and how many products that is",
	},
];

/* What may be a chart. */
const METRIC_SHOW = {
	impressions: count,
	clicks: count,
	orders: count,
	revenue: roundMoney,
	ctr: (v) => percent(v, 2),
};

export const seconds = (row) => Math.floor(new Date(row.start) / 1000);
export const dayOf = (t) => day(1000 * t);

const DAY_S = 86400;
function daysOf({ from, to }) {
	const first = Date.parse(from) / 1000;
	return Array.from({ length: Math.round((Date.parse(to) / 1000 - first) / DAY_S) }, (_, at) => first + at * DAY_S);
}

const LINES_MAX = 5;
/* Figures by day of several groups as one chart: those with the most of it. A day without a row has none. */
export function linesBy({ title, data, group, metric, testid }) {
	const times = daysOf(data),
		groups = new Map();
	for (const row of data.rows) {
		const name = row[group] || "none";
		groups.set(name, (groups.get(name) ?? new Map()).set(seconds(row), Number(row[metric])));
	}
	const sum = (values) => [...values.values()].reduce((a, b) => a + (b || 0), 0);
	const chosen = [...groups].sort((a, b) => sum(b[1]) - sum(a[1])).slice(0, LINES_MAX);
	const empty = metric === "ctr" ? null : 0;
	return lines({
		title,
		testid,
		times,
		when: dayOf,
		show: METRIC_SHOW[metric],
		summary: `${times.length} days; the most has ${chosen.length ? spoken(chosen[0][0]) : "nobody"}.`,
		series: chosen.map(([name, values]) => ({ label: spoken(name), values: times.map((t) => values.get(t) ?? empty) })),
	});
}
