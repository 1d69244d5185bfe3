/* Which way of recommending earns what: by strategy, placement, variant or day. */
import { Problem, periodDays, vocabulary } from "./api.js";
import { card, count, freshId, heading, make, money, note, percent, redraw, spoken, unseen } from "./dom.js";
import { FIGURE_COLUMNS, analytics, dayOf, linesBy, seconds } from "./figures.js";
import { orUnavailable } from "./library.js";
import { table } from "./table.js";
import { toast } from "./toast.js";

const GROUPS = { strategy: "strategy", scenario: "placement", variant: "variant of experiments", day: "day" };
const METRICS = { revenue: "Revenue", impressions: "Shown", clicks: "Clicks", ctr: "Click rate", orders: "Bought" };

function groupColumn(by) {
	if (by === "day") return { key: "day", title: "Day", value: (row) => seconds(row), show: (value) => dayOf(value) };
	return { key: by, title: spoken(GROUPS[by]), value: (row) => row[by] || "none", show: (value) => spoken(value) };
}

function chooser(label, options, chosen, run, testid) {
	const id = freshId("choose");
	return make(
		"span",
		{ class: "chooser" },
		make("label", { for: id }, label),
		make(
			"select",
			{ id, "data-testid": testid, change: (event) => run(event.target.value) },
			Object.entries(options).map(([value, title]) => make("option", { value, selected: value === chosen }, title)),
		),
	);
}

async function figures() {
	const place = make("div", {}),
		state = { by: "strategy", metric: "revenue" };
	let round = 0;
	const draw = async () => {
		const mine = ++round,
			group = state.by === "day" ? "strategy" : state.by;
		const [sums, daily] = await Promise.all([
			analytics("strategies", { by: state.by }),
			analytics("strategies", { by: [group, "day"] }),
		]);
		if (mine !== round) return;
		const beside = chooser(
			"by",
			GROUPS,
			state.by,
			(by) => {
				state.by = by;
				again();
			},
			"group",
		);
		redraw(
			place,
			table({
				caption: "What each earned",
				columns: [groupColumn(state.by), ...FIGURE_COLUMNS],
				rows: sums.rows,
				sort: state.by === "day" ? "day" : "revenue",
				file: `recommendations-by-${state.by}`,
				beside,
				testid: "figures",
				empty:
					"Nothing was counted in this period: the shop sends impressions and clicks with the recommendationId of the answer.",
			}),
			daily.rows.length && periodDays() > 1
				? make(
						"div",
						{},
						chooser(
							"Chart of",
							METRICS,
							state.metric,
							(metric) => {
								state.metric = metric;
								again();
							},
							"metric",
						),
						linesBy({
							title: `${METRICS[state.metric]} by day`,
							data: daily,
							group,
							metric: state.metric,
							testid: "strategies-chart",
						}),
					)
				: "",
		);
	};
	const again = () =>
		draw().catch((problem) =>
			problem instanceof Problem ? toast(`The figures are those of before: ${problem.message}`) : Promise.reject(problem),
		);
	await draw();
	return card("Figures", {}, place);
}

async function categories() {
	const data = await analytics("categories");
	return card(
		"By category",
		{},
		data.total.coverage == null
			? null
			: make(
					"p",
					{},
					`${count(data.total.itemsShown)} of ${count(data.items)} products of the catalogue were seen at all: ${percent(data.total.coverage)}.`,
				),
		table({
			caption: "What was shown of each category",
			columns: [{ key: "category", title: "Category", value: (row) => row.category || "none" }, ...FIGURE_COLUMNS],
			rows: data.rows,
			sort: "revenue",
			file: "recommendations-by-category",
			testid: "categories",
		}),
	);
}

const SEGMENT_COLUMNS = [
	{ key: "segment", title: "Segment", value: (row) => row.segment ?? "", show: (id) => (id ? spoken(id) : "in none") },
	{ key: "people", title: "Came", number: true, value: (row) => row.people, show: count, help: "people who came in the period" },
	{ key: "buyers", title: "Bought", number: true, value: (row) => row.buyers, show: count, help: "people who ordered" },
	{ key: "sessions", title: "Visits", number: true, value: (row) => row.sessions, show: count },
	{ key: "orders", title: "Orders", number: true, value: (row) => row.orders, show: count, help: "of all products" },
	{ key: "revenue", title: "Revenue", number: true, value: (row) => Number(row.revenue), show: (v) => money(v), help: "less returns" },
	{ key: "revenuePerOrder", title: "Per order", number: true, value: (row) => row.revenuePerOrder, show: (v) => money(v) },
	{ key: "impressions", title: "Shown", number: true, value: (row) => row.impressions, show: count },
	{ key: "clicks", title: "Clicks", number: true, value: (row) => row.clicks, show: count },
	{ key: "ctr", title: "Click rate", number: true, value: (row) => row.ctr, show: (v) => percent(v, 2) },
	{
		key: "recommendedRevenue",
		title: "From recommendations",
		number: true,
		value: (row) => Number(row.recommendedRevenue),
		show: (v) => money(v),
	},
	{ key: "share", title: "Share", number: true, value: (row) => row.share, show: (v) => percent(v), help: "of the revenue" },
];

async function segments() {
	const data = await analytics("segments");
	return card(
		"By kind of customer",
		{},
		make("p", { class: "quiet" }, "What people did in the period, by the segments that they are in now. One may be in several, and who came is not lapsing."),
		table({
			caption: "What each segment did",
			columns: SEGMENT_COLUMNS,
			rows: data.rows,
			sort: "revenue",
			file: "by-segment",
			testid: "segment-figures",
		}),
	);
}

async function meanings() {
	const { strategies } = await vocabulary();
	return card(
		"What each strategy does",
		{},
		make(
			"dl",
			{ class: "meanings", "data-testid": "meanings" },
			strategies.map((one) =>
				make(
					"div",
					{},
					make("dt", {}, spoken(one.slug)),
					make(
						"dd",
						{},
						one.meaning,
						one.formula
							? make(
									"details",
									{},
									make("summary", {}, "How it counts", unseen(`: ${spoken(one.slug)}`)),
									make("code", {}, one.formula),
								)
							: null,
					),
				),
			),
		),
	);
}

export async function show() {
	const parts = await Promise.all([
		orUnavailable(figures(), "Figures of recommendations"),
		orUnavailable(categories(), "Figures by category"),
		orUnavailable(segments(), "Figures by segment"),
		orUnavailable(meanings(), "Strategies"),
	]);
	return make(
		"div",
		{},
		heading("Strategies", "Ways to choose products, and what each earns where it is used."),
		note("A click counts within 24 hours of the answer, a product bought (a line of an order) within 7 days, each once."),
		parts,
	);
}
