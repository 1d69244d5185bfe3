/* Lines by uPlot, each with its figures as a table for who cannot see them; and intervals, which are few and drawn here. */
/* global uPlot */
import { freshId, make, unseen } from "./dom.js";

const COLOURS = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6"];
const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3], [], [6, 4]];
const HEIGHT = 230;

/* What the theme makes of a colour: a canvas knows no light-dark(). */
function colour(name) {
	const probe = make("span", { hidden: true });
	probe.style.color = `var(${name})`;
	document.body.append(probe);
	const ret = getComputedStyle(probe).color;
	probe.remove();
	return ret;
}

const drawn = new Set();
/* The colours are the theme's: drawn anew when it changes. */
export function redrawCharts() {
	for (const chart of drawn) chart();
}

function options(width, { series, show, when, span }) {
	const axis = {
		stroke: colour("--soft"),
		grid: { stroke: colour("--line"), width: 1 },
		ticks: { show: false },
		font: "12px system-ui, sans-serif",
	};
	return {
		width,
		height: HEIGHT,
		tzDate: span ? undefined : (t) => uPlot.tzDate(new Date(1000 * t), "Etc/UTC"),
		cursor: { y: false, drag: { x: false, y: false } },
		legend: { live: true },
		scales: {
			x: {
				time: true,
				range: (u, least, most) => (span ? [u.data[0][0], Math.max(u.data[0].at(-1), u.data[0][0] + span)] : [least, most]),
			},
			y: { range: (u, least, most) => [Math.min(0, least ?? 0), (most || 1) * 1.08] },
		},
		axes: [
			{ ...axis, space: when ? 80 : 50, values: when ? (u, times) => times.map(when) : undefined },
			{ ...axis, size: 64, values: (u, ticks) => ticks.map(show) },
		],
		series: [
			{ label: "At", value: (u, t) => (t == null ? "point at the chart" : (when ?? String)(t)) },
			...series.map((one, at) => ({
				label: one.label,
				stroke: colour(COLOURS[at % COLOURS.length]),
				width: 2,
				dash: one.faint ? DASHES[1] : DASHES[at % DASHES.length],
				points: { show: one.values.length < 40, fill: colour("--paper") },
				value: (u, v) => (v == null ? "–" : show(v)),
			})),
		],
	};
}

/*
 * `times` in seconds since 1970; `series` [{label, values}]; `show` writes a value, `when` a time. The summary says in a
 * sentence what the picture shows; without `span` it is
 * of days (UTC), with it of a running clock, so many seconds at least.
 */
export function lines({ title, summary, times, series, show, when, span, testid }) {
	const place = make("div", { class: "plot", role: "img", "aria-label": `${title}. ${summary ?? ""}` });
	const figures = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }),
		fill = () => figures.replaceChildren(plainTable(times, series, show, when));
	const node = make(
		"figure",
		{ class: "chart", "data-testid": testid },
		make("figcaption", {}, title),
		place,
		make(
			"details",
			{ class: "asTable", toggle: fill },
			make("summary", {}, "Figures as a table", unseen(`: ${title}`)),
			figures,
		),
	);
	let plot = null,
		width = 0;
	const draw = () => {
		plot?.destroy();
		plot = new uPlot(
			options(Math.max(width, 200), { series, show, when, span }),
			[times, ...series.map((one) => one.values)],
			place,
		);
	};
	new ResizeObserver(([entry], observer) => {
		const now = Math.floor(entry.contentRect.width);
		if (!node.isConnected) {
			if (!plot) return; /* its page is still to come */
			observer.disconnect();
			drawn.delete(draw);
			plot?.destroy();
			plot = null;
		} else if (now && now !== width) {
			width = now;
			drawn.add(draw);
			draw();
		}
	}).observe(node);
	/* `times` and the values of `series` have become others. */
	node.update = () => {
		plot?.setData([times, ...series.map((one) => one.values)]);
		if (figures.closest("details").open) fill();
	};
	return node;
}

function plainTable(times, series, show, when) {
	return make(
		"table",
		{},
		make(
			"thead",
			{},
			make(
				"tr",
				{},
				make("th", { scope: "col" }, "Time"),
				series.map((s) => make("th", { scope: "col", class: "number" }, s.label)),
			),
		),
		make(
			"tbody",
			{},
			times.map((t, at) =>
				make(
					"tr",
					{},
					make("th", { scope: "row" }, when ? when(t) : String(t)),
					series.map((s) => make("td", { class: "number" }, s.values[at] == null ? "–" : show(s.values[at]))),
				),
			),
		),
	);
}

/* Rows {label, low, value, high, tone}: a point with its interval on a common scale; `zero` draws a line there. */
export function intervals({ title, rows, show, zero }) {
	const ends = rows.flatMap((row) => [row.low, row.high]).filter((v) => Number.isFinite(v)),
		id = freshId("intervals");
	if (zero != null) ends.push(zero);
	const least = Math.min(...ends),
		most = Math.max(...ends),
		span = most - least || 1;
	const at = (v) => `${(4 + (92 * (v - least)) / span).toFixed(2)}%`;
	const mark = (name, styles) => {
		const node = make("span", { class: name });
		Object.assign(node.style, styles);
		return node;
	};
	return make(
		"div",
		{ class: "intervals", role: "group", "aria-labelledby": id },
		make("h3", { id }, title),
		rows.map((row) =>
			make(
				"div",
				{ class: "interval" },
				make("span", { class: "label" }, row.label),
				make(
					"span",
					{ class: "track", "aria-hidden": "true" },
					zero != null ? mark("zero", { left: at(zero) }) : null,
					Number.isFinite(row.low)
						? mark(`range ${row.tone ?? ""}`, { left: at(row.low), width: `${((92 * (row.high - row.low)) / span).toFixed(2)}%` })
						: null,
					Number.isFinite(row.value) ? mark(`point ${row.tone ?? ""}`, { left: at(row.value) }) : null,
				),
				make(
					"span",
					{ class: "figures" },
					row.low == null ? show(row.value) : `${show(row.value)} (${show(row.low)} to ${show(row.high)})`,
				),
			),
		),
	);
}

/* Horizontal bars {label, value, below}, widths relative to the first: a funnel. */
export function funnel(rows, show) {
	const most = Math.max(...rows.map((row) => row.value || 0), 1);
	return make(
		"ol",
		{ class: "funnel" },
		rows.map((row) => {
			const bar = make("span", { class: "bar", "aria-hidden": "true" });
			bar.style.width = `${Math.max(0.5, (100 * (row.value || 0)) / most)}%`;
			return make(
				"li",
				{},
				make("span", { class: "label" }, row.label),
				make("span", { class: "barbox" }, bar),
				make("span", { class: "value" }, show(row.value)),
				make("span", { class: "quiet" }, row.below ?? ""),
			);
		}),
	);
}
