/*
 * The public API, and nothing else. A Problem carries what the server said: `field` is the path in the document or the
 * parameter. `absent` tells "this server has no such route" from "there is no such rule".
 */

export class Problem extends Error {
	constructor(status, json) {
		super(json.detail || json.title || (status ? `the server answered ${status}` : "the server does not answer"));
		this.status = status;
		this.field = json.field ?? null;
		this.absent = status === 405 || (status === 404 && (!json.type || json.type.endsWith(":unknown-route")));
	}
}

const author = () => {
	try {
		return localStorage.getItem("aisle.author") || "dashboard";
	} catch {
		return "dashboard";
	}
};

/* A list is an array: its commas are not encoded, those inside of a word are. */
function address(path, query = {}) {
	const pairs = Object.entries(query)
		.filter(([, value]) => value != null && value !== "" && value !== false)
		.map(([name, value]) => `${name}=${[].concat(value).map(encodeURIComponent).join(",")}`);
	return pairs.length ? `${path}?${pairs.join("&")}` : path;
}

/* {status, data, tookMs}; throws a Problem. */
export async function call(method, path, { body, headers = {}, signal } = {}) {
	const started = performance.now(),
		sent = { accept: "application/json", ...headers };
	if (method === "PUT" || method === "DELETE") sent["x-changed-by"] = encodeURIComponent(author());
	if (body !== undefined) sent["content-type"] = "application/json";
	let reply;
	try {
		reply = await fetch(path, {
			method,
			cache: "no-store",
			headers: sent,
			signal,
			body: body === undefined ? undefined : JSON.stringify(body),
		});
	} catch (error) {
		if (error.name === "AbortError") throw error;
		throw new Problem(0, {});
	}
	const text = await reply.text();
	let data = {};
	try {
		data = text ? JSON.parse(text) : {};
	} catch {
		data = reply.ok ? text : {};
	}
	if (!reply.ok) throw new Problem(reply.status, data);
	return { status: reply.status, data, tookMs: performance.now() - started };
}

export const get = async (path, query, signal) => (await call("GET", address(path, query), { signal })).data;
/* null where this server has no such route, or there is no such thing */
export const getOrNull = (path, query) =>
	get(path, query).catch((error) => {
		if (error.status === 404 || error.absent) return null;
		throw error;
	});

const seg = encodeURIComponent;

/* ---- documents ---- */

export const documents = {
	all: async (kind) => {
		const items = [];
		for (let page = `/v1/${kind}`; page;) {
			const answer = await get(page);
			items.push(...answer.items);
			page = answer.next;
		}
		return items;
	},
	one: async (kind, id) => (await call("GET", `/v1/${kind}/${seg(id)}`)).data,
	history: async (kind, id) => (await get(`/v1/${kind}/${seg(id)}/history`)).items,
	/* `revision` null: it must not exist yet */
	put: (kind, id, document, revision) => call("PUT", `/v1/${kind}/${seg(id)}`, { body: document, headers: condition(revision) }),
	remove: (kind, id, revision) => call("DELETE", `/v1/${kind}/${seg(id)}`, { headers: condition(revision) }),
	validate: (kind, id, document, signal) =>
		call("PUT", `/v1/${kind}/${seg(id)}?validateOnly=true`, { body: document, headers: { "if-match": "*" }, signal }),
};

const condition = (revision) => (revision == null ? { "if-none-match": "*" } : { "if-match": `"${revision}"` });

/* ---- what is asked again and again ---- */

const KNOWN_FOR_MS = 1000;
let known = { at: -KNOWN_FOR_MS, answer: null };
/* {strategies, scenarios} there are now; the parts of a page that ask at once share an answer. */
export function vocabulary() {
	if (performance.now() - known.at > KNOWN_FOR_MS) known = { at: performance.now(), answer: get("/v1/strategies") };
	return known.answer;
}

export async function segmentIds() {
	const found = await documents.all("segments").catch(() => []);
	return found.filter((entry) => entry.document).map((entry) => entry.id);
}

/* Prometheus text as {name: [{labels, value}]} */
export async function metrics() {
	const ret = {};
	for (const line of (await get("/metrics")).split("\n")) {
		const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
		if (!match) continue;
		const labels = Object.fromEntries([...(match[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((m) => [m[1], m[2]]));
		(ret[match[1]] ??= []).push({ labels, value: Number(match[3]) });
	}
	return ret;
}

/* ---- the period all figures are of ---- */

export const periods = { 1: "today", 7: "7 days", 28: "28 days", 90: "90 days" };
let days = 28,
	end = null;
export const setPeriod = (n) => {
	days = n;
};
export const periodDays = () => days;
export const setEnd = (asOf) => {
	end = asOf ? Date.parse(asOf) : end;
};
/* Whole days of UTC, as the figures are kept; the day that the log has reached is the last. */
export function period() {
	const last = Math.floor((end ?? Date.now()) / 86400000) * 86400000;
	return { from: new Date(last - (days - 1) * 86400000).toISOString(), to: new Date(last + 86400000).toISOString() };
}
