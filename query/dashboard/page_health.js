/* Whether the figures can be trusted: how far behind, how fast, what could not be read, what is built anew. Looked at once a second. */
import { Problem, call, get, metrics } from "./api.js";
import { lines } from "./chart.js";
import { ago, card, chip, count, decimal, duration, figure, heading, make, moment, note, percent, plural, spoken } from "./dom.js";
import { table } from "./table.js";

const EVERY_MS = 1000;
const KEPT = 180; // looks that the charts go back

const one = (m, name) => m[`aisle_${name}`]?.[0]?.value ?? null;
const clock = (t) => new Date(1000 * t).toLocaleTimeString();

async function readiness() {
	try {
		return { ...(await call("GET", "/readyz")).data, ready: true };
	} catch (problem) {
		return { ready: false, reason: problem.message };
	}
}

function verdict(ready, m) {
	const sentences = [],
		frozen = (m.aisle_view_frozen ?? []).filter((row) => row.value),
		stopped = one(m, "stopped_partitions"),
		dead = one(m, "dead_letters_total");
	if (!ready.ready) sentences.push(ready.reason);
	if (ready.waitingFor) sentences.push(`it waits for ${ready.waitingFor}: ${ready.waitingBecause}`);
	if (stopped) sentences.push(`${plural(stopped, "partition")} of the log cannot be read on`);
	if (frozen.length)
		sentences.push(`these figures stand still until a replay: ${frozen.map((row) => row.labels.view).join(", ")}`);
	if (sentences.length) return note(`Not well: ${sentences.join("; ")}.`, "bad");
	return note(
		dead
			? `All is read, but ${plural(dead, "record")} since the start could not be: see dead letters.`
			: "All is well: everything in the log is in the figures.",
		dead ? "warn" : "good",
	);
}

function figures(ready, m, rate) {
	const lag = one(m, "lag_seconds"),
		behind = one(m, "lag_records"),
		watermark = one(m, "watermark_seconds"),
		used = one(m, "store_used_bytes") == null ? null : one(m, "store_used_bytes") + (one(m, "young_bytes") ?? 0),
		most = one(m, "store_map_bytes");
	return make(
		"dl",
		{ class: "figures", "data-testid": "health-figures" },
		figure(
			"Behind the log",
			lag == null || lag < 0 ? "not known" : duration(1000 * lag),
			behind >= 0 ? plural(behind, "record") : null,
			"lag",
		),
		figure("Events a second", rate == null ? "…" : count(rate), `${count(one(m, "events_total"))} since the start`, "rate"),
		figure("Newest event", watermark ? ago(1000 * watermark) : "none yet", watermark ? moment(1000 * watermark) : null),
		figure("Dead letters", count(one(m, "dead_letters_total")), "records that could not be read: aisle dlq list", "dead-letters"),
		figure("Duplicates dropped", count(one(m, "duplicates_total")), "sent twice, counted once"),
		figure("Kept out, sold out", count(one(m, "out_of_stock_avoided_total")), "products that lists left out for their stock"),
		used != null
			? figure("Store", `${decimal(used / 1e6, 0)} MB`, most ? `of ${decimal(most / 1e9, 0)} GB at most` : null)
			: null,
	);
}

const PHASES = {
	idle: "No replay has been made.",
	building: "A replay builds all figures anew.",
	checking: "The replay is being checked.",
	"catching-up": "The replay catches up with the log.",
	done: "The last replay is done.",
	failed: "The last replay failed.",
	interrupted: "The last replay was interrupted: the same command goes on with it.",
};

function replay(data) {
	const share = data.total ? data.done / data.total : null,
		bar = make("progress", { max: 1, value: share ?? 0, "aria-label": "How far the replay is" });
	const working = ["building", "checking", "catching-up"].includes(data.phase);
	return [
		make("p", {}, PHASES[data.phase] ?? data.phase, data.why ? ` ${data.why}` : ""),
		working
			? [
					bar,
					make(
						"p",
						{ class: "quiet" },
						share == null ? "" : `${percent(share)} done: `,
						`${count(data.records)} records so far, ${count(data.recordsPerSecond)} a second`,
						data.secondsLeft != null ? `, about ${duration(1000 * data.secondsLeft)} left` : "",
					),
				]
			: null,
		make("p", { class: "quiet" }, `Answers come from generation ${data.current}; kept on disk: ${data.generations.join(", ")}.`),
	];
}

/* The bucket that the q-th part of the answers lies under, in ms. */
function quantile(buckets, q) {
	const all = buckets.at(-1)?.value ?? 0,
		found = buckets.find((bucket) => bucket.value >= q * all);
	return all && found ? 1000 * Number(found.labels.le) : null;
}

function latencies(m) {
	const routes = new Map();
	for (const row of m.aisle_http_request_seconds_bucket ?? [])
		routes.set(row.labels.route, [...(routes.get(row.labels.route) ?? []), row]);
	return [...routes]
		.map(([route, buckets]) => ({ route, n: buckets.at(-1).value, half: quantile(buckets, 0.5), most: quantile(buckets, 0.99) }))
		.filter((row) => row.n);
}

function latencyTable(rows) {
	const under = (ms) => (ms == null ? "–" : Number.isFinite(ms) ? `under ${decimal(ms, ms < 1 ? 2 : 0)} ms` : "longer");
	return table({
		caption: "How fast it answers",
		file: "latencies",
		sort: "n",
		testid: "latencies",
		rows,
		empty: "Nothing was asked yet.",
		columns: [
			{ key: "route", title: "Route", value: (row) => row.route, show: (route) => (route === "none" ? "no such route" : route) },
			{ key: "n", title: "Answers", number: true, value: (row) => row.n, show: count },
			{ key: "half", title: "Half of them", number: true, value: (row) => row.half, show: under },
			{ key: "most", title: "99 of 100", number: true, value: (row) => row.most, show: under },
		],
	});
}

const PLACEMENT_COLUMNS = [
	{ key: "scenario", title: "Placement", value: (row) => row.scenario ?? "", show: (id) => (id ? spoken(id) : "all others") },
	{ key: "lists", title: "Lists", number: true, value: (row) => row.lists, show: count },
	{ key: "shortLists", title: "Short", number: true, value: (row) => row.shortLists, show: count, help: "with fewer products than asked for" },
	{
		key: "tookP50Ms",
		title: "Half within",
		number: true,
		value: (row) => row.tookP50Ms,
		show: (v) => `${decimal(v, 2)} ms`,
		help: "time to answer",
	},
	{ key: "tookP99Ms", title: "99 of 100 within", number: true, value: (row) => row.tookP99Ms, show: (v) => `${decimal(v, 2)} ms` },
	{
		key: "lagP99Ms",
		title: "Behind the log",
		number: true,
		value: (row) => row.lagP99Ms,
		show: (v) => duration(v),
		help: "99 of 100 lists were at most so far behind",
	},
	{ key: "outOfStockAvoided", title: "Kept out, sold out", number: true, value: (row) => row.outOfStockAvoided, show: count },
	{
		key: "coverage",
		title: "Of the catalogue",
		number: true,
		value: (row) => row.coverage,
		show: (v) => percent(v, 1),
		help: "products that stood in a list of it",
	},
];

function placementTable(rows) {
	return table({
		caption: "How fast and how fresh each placement is answered",
		file: "placements",
		sort: "lists",
		testid: "placements-served",
		rows,
		empty: "No list was asked for yet.",
		columns: PLACEMENT_COLUMNS,
	});
}

const REASONS = {
	malformed: "cut or mangled ids",
	signature: "forged, or somebody else's",
	expired: "too long after the answer",
	item: "products that were not in the list",
	repeat: "counted already",
	forgotten: "more than 64 answers ago for that person",
};

function refused(m) {
	const rows = (m.aisle_attribution_refused_total ?? []).filter((row) => row.value);
	return rows.length
		? card(
				"Clicks and orders that count nowhere",
				{},
				make("p", { class: "quiet" }, "Products of events whose recommendationId credits nothing, since the program started."),
				make(
					"ul",
					{ class: "plain" },
					rows.map((row) => make("li", {}, chip(count(row.value)), ` ${REASONS[row.labels.reason] ?? row.labels.reason}`)),
				),
			)
		: null;
}

export async function show() {
	const said = make("div", { "aria-live": "polite" }),
		place = make("div", {}),
		ofReplay = make("div", { "data-testid": "replay" }),
		ofRefused = make("div", {}),
		ofSpeed = make("div", {}),
		history = { t: [], lag: [], rate: [] };
	let last = null,
		timer = 0,
		charts = [],
		speed = null,
		placements = null,
		saidText = "",
		rounds = 0,
		left = false;
	const look = async () => {
		const [ready, m, ofWork] = await Promise.all([readiness(), metrics(), get("/v1/admin/replay").catch(() => null)]);
		const now = performance.now(),
			events = one(m, "events_total"),
			rate = last ? Math.max(0, (events - last.events) / ((now - last.now) / 1000)) : null;
		last = { now, events };
		for (const [list, value] of [
			[history.t, Date.now() / 1000],
			[history.lag, Math.max(0, one(m, "lag_seconds") ?? 0)],
			[history.rate, rate ?? 0],
		]) {
			list.push(value);
			if (list.length > KEPT) list.shift();
		}
		const sentence = verdict(ready, m);
		sentence.classList.add("verdict");
		if (sentence.textContent !== saidText) said.replaceChildren(sentence);
		saidText = sentence.textContent;
		place.replaceChildren(figures(ready, m, rate));
		if (ofWork) ofReplay.replaceChildren(...replay(ofWork).flat().filter(Boolean));
		if (rounds++ % 10 === 0) {
			ofRefused.replaceChildren(refused(m) ?? "");
			const served = (await get("/v1/analytics/service").catch(() => null))?.rows ?? [];
			if (!speed) {
				placements = placementTable(served);
				ofSpeed.append(
					card("Placements", {}, make("p", { class: "quiet" }, "What this server has answered since it began."), placements),
				);
				ofSpeed.append(card("Speed", {}, (speed = latencyTable(latencies(m)))));
			} else {
				placements.update(served);
				speed.update(latencies(m));
			}
		}
		for (const chart of charts) chart.update();
	};
	const again = async () => {
		try {
			await look();
		} catch (problem) {
			if (!(problem instanceof Problem)) throw problem;
			saidText = "";
			said.replaceChildren(note(`The server does not tell: ${problem.message}.`, "bad"));
		}
		if (!left) timer = setTimeout(again, EVERY_MS);
	};
	await again();
	charts = [
		lines({
			title: "Seconds behind the log",
			summary: "While this page is open.",
			times: history.t,
			when: clock,
			span: (KEPT * EVERY_MS) / 1000,
			show: (v) => decimal(v, 2),
			series: [{ label: "seconds", values: history.lag }],
			testid: "lag-chart",
		}),
		lines({
			title: "Events a second",
			summary: "While this page is open.",
			times: history.t,
			when: clock,
			span: (KEPT * EVERY_MS) / 1000,
			show: (v) => decimal(v, v < 10 ? 1 : 0),
			series: [{ label: "events a second", values: history.rate }],
		}),
	];
	return {
		leave: () => {
			left = true;
			clearTimeout(timer);
		},
		node: make(
			"div",
			{},
			heading("Data health", "Every figure is made of the shop's log of events. Here is how far it has been read."),
			said,
			card("Now", {}, place),
			card("While you look", {}, make("div", { class: "sides" }, charts)),
			card("Replay", {}, ofReplay),
			ofRefused,
			ofSpeed,
		),
	};
}
