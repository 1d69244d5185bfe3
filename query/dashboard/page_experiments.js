/* Experiments: how they stand, what may be concluded, and what may not. */
import { Problem, documents, get } from "./api.js";
import { intervals } from "./chart.js";
import {
	button,
	card,
	chip,
	count,
	decimal,
	figure,
	heading,
	make,
	money,
	moment,
	note,
	percent,
	plural,
	redraw,
	sentence,
	spoken,
} from "./dom.js";
import { editorPage } from "./editor.js";
import { METRICS, kinds } from "./kinds.js";
import { library, save, titleOfEntry, unavailable } from "./library.js";
import { table } from "./table.js";
import { toast } from "./toast.js";

const SHOW = { ctr: (v) => percent(v, 2), conversion: (v) => percent(v, 2), revenuePerSession: (v) => money(v) };
const signed = (text, v) => (v > 0 ? `+${text}` : text);
const points = (v) => signed(decimal(100 * v), v);
const SHOW_CHANGE = { ctr: points, conversion: points, revenuePerSession: (v) => signed(money(v), v) };
const UNITS = { ctr: "in percentage points", conversion: "in percentage points", revenuePerSession: "a visit" };
const WORDS = Object.fromEntries(METRICS);

/* ---- what was measured ---- */

/* What to do about it. */
function advice(report) {
	if (report.status === "draft") return "Start it when its variants are as you want them.";
	if (report.srm && !report.srm.ok) return "Find out what is lost before you conclude anything.";
	if (report.status === "stopped") return null;
	if (!report.winner) return "Let it run on: stopping when it happens to look good would favour luck.";
	return report.winner === report.variants[0]?.name
		? "Stop it: what there is today stays."
		: "Stop it, and write what the variant changes into its placement.";
}

function verdict(report) {
	const kind = report.srm && !report.srm.ok ? "bad" : report.winner ? "good" : "warn";
	return make(
		"div",
		{ class: `note ${kind}`, "data-testid": "verdict" },
		make("p", {}, make("strong", {}, report.winner ? `“${report.winner}” is better.` : "No winner can be named.")),
		make("p", {}, sentence(report.why?.replaceAll(" %", "\u00a0%"))),
		advice(report) ? make("p", {}, advice(report)) : null,
	);
}

function split(report) {
	const srm = report.srm;
	if (!srm) return null;
	return srm.ok
		? make("p", { class: "quiet" }, `The people are split as intended (p = ${decimal(srm.p, 3)}).`)
		: note(
				`The people are not split as intended (p = ${srm.p < 0.001 ? "below 0.001" : decimal(srm.p, 3)}): something keeps one variant's visitors from being counted. Do not trust the figures until that is found.`,
				"bad",
			);
}

function tone(row) {
	if (row?.low == null) return "";
	return row.low > 0 ? "good" : row.high < 0 ? "bad" : "";
}

function compared(report, metric) {
	const versus = report.variants.filter((v) => v.versusControl?.[metric]?.diff != null);
	return make(
		"section",
		{ class: "metric" },
		intervals({
			title: WORDS[metric],
			show: SHOW[metric],
			rows: report.variants.filter((v) => v[metric]?.value != null).map((v) => ({ label: v.name, ...v[metric] })),
		}),
		versus.length
			? intervals({
					title: `Difference from the control, ${UNITS[metric]}`,
					zero: 0,
					show: SHOW_CHANGE[metric],
					rows: versus.map((v) => ({
						label: v.name,
						low: v.versusControl[metric].low,
						high: v.versusControl[metric].high,
						value: v.versusControl[metric].diff,
						tone: tone(v.versusControl[metric]),
					})),
				})
			: null,
	);
}

const likelihood = (p) => (p == null ? "–" : p > 0.999 ? "over 99.9 %" : p < 0.001 ? "below 0.1 %" : percent(p));

function people(report) {
	const of = (key, title, show = count) => ({
		key,
		title,
		number: true,
		value: (v) => (v[key] == null ? null : Number(v[key])),
		show,
	});
	return table({
		caption: "What was counted",
		file: `experiment-${report.experiment}`,
		testid: "variants",
		rows: report.variants,
		columns: [
			{
				key: "name",
				title: "Variant",
				value: (v) => v.name,
				show: (name, v) =>
					v.holdout ? [name, " ", chip("held out")] : v.versusControl == null ? [name, " ", chip("control")] : name,
			},
			{
				key: "best",
				title: "Chance to be best",
				number: true,
				help: "the probability that it is the best one",
				value: (v) => v.probabilityBest ?? null,
				show: likelihood,
			},
			of("people", "People"),
			of("buyers", "Buyers"),
			of("sessions", "Visits"),
			of("impressions", "Shown"),
			of("clicks", "Clicks"),
			of("orders", "Orders"),
			of("revenue", "Revenue", (v) => money(v)),
		],
	});
}

function rails(report) {
	return report.guardRails?.length
		? make(
				"div",
				{},
				make("h3", {}, "Must not get worse"),
				make(
					"ul",
					{ class: "plain" },
					report.guardRails.map((rail) => {
						return make(
							"li",
							{},
							chip(rail.state, { kept: "good", broken: "bad" }[rail.state] ?? "warn"),
							` ${WORDS[rail.metric]} of ${rail.variant}: at most ${decimal(rail.maxLossPercent, 1)} % lost`,
						);
					}),
				),
			)
		: null;
}

function drawReport(report, primary) {
	const metrics = Object.keys(WORDS)
		.filter((metric) => report.variants.some((v) => v[metric]?.value != null))
		.sort((a, b) => (b === primary) - (a === primary));
	const all = report.variants.reduce((sum, v) => sum + (v.people ?? 0), 0);
	return [
		verdict(report),
		make(
			"dl",
			{ class: "figures" },
			figure("People", count(all), `in ${plural(report.variants.length, "variant")}`),
			figure("Running for", plural(Math.floor(report.days ?? 0), "day")),
		),
		all ? split(report) : null,
		people(report),
		metrics.map((metric) => compared(report, metric)),
		rails(report),
		make(
			"p",
			{ class: "quiet" },
			"Bars are intervals of 95 %: in 19 of 20 such experiments the true figure lies inside. All that people did after they first saw the placement counts, not only what they clicked there.",
		),
	];
}

async function reportCard(id, entry) {
	try {
		const report = await get(`/v1/analytics/experiments/${encodeURIComponent(id)}`);
		return card("How it stands", { "data-testid": "report" }, drawReport(report, entry.document.primary));
	} catch (problem) {
		if (!(problem instanceof Problem)) throw problem;
		return problem.absent
			? unavailable("Reports of experiments", problem)
			: card("How it stands", { "data-testid": "report" }, note(problem.message, problem.status === 404 ? "warn" : "bad"));
	}
}

/* ---- start, stop, ramp ---- */

function control(entry, reload) {
	const doc = entry.document,
		traffic = make("input", {
			type: "number",
			min: "0",
			max: "100",
			step: "any",
			required: true,
			value: doc.traffic ?? 100,
			id: "traffic",
			"data-testid": "traffic",
		});
	const change = async (fields) => {
		try {
			await save("experiments", entry.id, { ...doc, ...fields }, entry, reload);
			await reload();
		} catch (problem) {
			toast(`Not changed: ${problem.message}`);
		}
	};
	const now = () => new Date().toISOString(),
		running = doc.status === "running";
	return card(
		"Steer it",
		{ "data-testid": "steer" },
		make("p", {}, chip(kinds.experiments.when(doc)[0], kinds.experiments.when(doc)[1]), " ", kinds.experiments.text(doc)),
		make(
			"p",
			{ class: "quiet" },
			[
				doc.startedAt ? `started ${moment(doc.startedAt)}` : "not started",
				doc.stoppedAt ? `stopped ${moment(doc.stoppedAt)}` : null,
			]
				.filter(Boolean)
				.join(", "),
		),
		make(
			"div",
			{ class: "acts" },
			running
				? button("Stop", () => change({ status: "stopped", stoppedAt: now() }), { kind: "danger", testid: "stop" })
				: button(
						doc.status === "stopped" ? "Start again" : "Start",
						() => change({ status: "running", startedAt: doc.startedAt ?? now(), stoppedAt: undefined }),
						{ kind: "main", testid: "start" },
					),
			make(
				"a",
				{ class: "button", href: `#/experiments/${encodeURIComponent(entry.id)}/edit`, "data-testid": "edit" },
				"Change it",
			),
		),
		make(
			"div",
			{ class: "bar" },
			make("label", { for: "traffic" }, "Percent of the people"),
			traffic,
			button("Set", () => traffic.reportValidity() && change({ traffic: Number(traffic.value) }), { kind: "small", testid: "ramp" }),
		),
		running
			? make(
					"p",
					{ class: "quiet" },
					"While it runs only the percentage should change: with other variants or weights the figures before and after could not be compared.",
				)
			: null,
	);
}

async function reportPage(id) {
	const place = make("div", {});
	const draw = async () => {
		const entry = await documents.one("experiments", id);
		const report = await reportCard(id, entry);
		redraw(
			place,
			heading(titleOfEntry(entry), entry.document.description, make("a", { href: "#/experiments" }, "All experiments")),
			entry.problem ? note(entry.problem, "bad") : "",
			make("div", { class: "columns report" }, report, control(entry, draw)),
		);
	};
	try {
		await draw();
	} catch (problem) {
		if (!(problem instanceof Problem)) throw problem;
		return make(
			"div",
			{},
			heading(spoken(id)),
			problem.absent
				? unavailable("Experiments", problem)
				: note(problem.status === 404 ? `There is no experiment “${id}”.` : problem.message, "bad"),
		);
	}
	return place;
}

export async function show({ rest: [id, edit] }) {
	if (id === "new" || edit === "edit") return editorPage("experiments", id);
	if (id) return reportPage(id);
	return make(
		"div",
		{},
		heading(
			"Experiments",
			"Show some people one list, others another, and see which sells more. Who is in stays in: the same person always sees the same variant.",
		),
		await library("experiments", "All experiments"),
	);
}
