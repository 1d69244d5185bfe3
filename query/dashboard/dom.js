/*
 * Nodes and words. Data reaches the document as text only, never as markup, and styles by the CSSOM (the page's policy
 * allows neither inline scripts nor style attributes).
 */

export function make(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === "function") node.addEventListener(name, value);
		else if (value === true) node.setAttribute(name, "");
		else if (value !== false && value != null) node.setAttribute(name, value);
	}
	node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
	return node;
}

export const $ = (testid) => document.querySelector(`[data-testid="${testid}"]`);

let serial = 0;
export const freshId = (word) => `${word}-${++serial}`;

/* Said by screen readers only. */
export const unseen = (text) => make("span", { class: "hidden" }, text);

/* Draws anew; who works with the keyboard stays at the same thing, or else is at the page's heading. */
export function redraw(place, ...children) {
	const old = document.activeElement,
		inside = place.contains(old);
	place.replaceChildren(...children);
	if (!inside) return;
	const same = [...place.querySelectorAll(old.tagName)].find(
		(each) => each.dataset.testid === old.dataset.testid && each.ariaLabel === old.ariaLabel,
	);
	(same ?? document.querySelector("main h1"))?.focus({ preventScroll: true });
}

/* ---- words ---- */

export const count = (n) => (n == null ? "–" : Number(n).toLocaleString(undefined, { maximumFractionDigits: 0 }));
export const decimal = (n, digits = 2) =>
	n == null ? "–" : Number(n).toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const short = (n) => (n == null ? "–" : Number(Number(n).toPrecision(4)).toLocaleString());
export const percent = (share, digits = 1) =>
	share == null || !Number.isFinite(share) ? "–" : decimal(100 * share, digits) + " %";
export const plural = (n, word) => `${count(n)} ${word}${Number(n) === 1 ? "" : "s"}`;
export const listed = (words, last = "and") =>
	words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
export const sentence = (text) => (text ? text[0].toUpperCase() + text.slice(1) : "");
/* "people-like-you" as people read it */
export const spoken = (slug) => sentence(String(slug ?? "").replaceAll("-", " "));

let currency = null;
export const setCurrency = (code) => {
	currency = code;
};
export function money(n, code = currency) {
	if (n == null) return "–";
	const digits = Math.abs(n) >= 10000 ? 0 : 2,
		exact = { minimumFractionDigits: digits, maximumFractionDigits: digits };
	try {
		return Number(n).toLocaleString(undefined, code ? { style: "currency", currency: code, ...exact } : exact);
	} catch {
		return decimal(n);
	}
}

/* With the year where one would take it for another. */
const FAR_MS = 180 * 86400000;
export const day = (time) =>
	new Date(time).toLocaleDateString(undefined, {
		day: "numeric",
		month: "short",
		year: Math.abs(Date.now() - new Date(time)) > FAR_MS ? "numeric" : undefined,
		timeZone: "UTC",
	});
export const moment = (time) =>
	time == null
		? "–"
		: new Date(time).toLocaleString(undefined, {
				day: "numeric",
				month: "short",
				year: "numeric",
				hour: "2-digit",
				minute: "2-digit",
			});

/* On an axis */
export const roundMoney = (n) => money(n).replace(/[.,]00(?!\d)/, "");

export function duration(ms) {
	const steps = [
		[86400000, "day"],
		[3600000, "hour"],
		[60000, "minute"],
		[1000, "second"],
	];
	const [size, word] = steps.find(([least]) => ms >= least) ?? [];
	return size ? plural(Math.floor(ms / size), word) : `${Math.round(ms)} ms`;
}
export const ago = (time) => (time == null ? "never" : `${duration(Math.max(0, Date.now() - new Date(time)))} ago`);

/* ---- pieces used everywhere ---- */

export function heading(title, lead, ...beside) {
	document.title = `${title} · aisle`;
	return make(
		"header",
		{ class: "heading" },
		make("div", {}, make("h1", { tabindex: "-1" }, title), lead ? make("p", { class: "lead" }, lead) : null),
		make("div", { class: "beside" }, ...beside),
	);
}

export function card(title, attributes, ...children) {
	const id = freshId("card");
	return make(
		"section",
		{ ...attributes, class: `card ${attributes?.class ?? ""}`, "aria-labelledby": id },
		make("h2", { id }, title),
		...children,
	);
}

export const chip = (text, kind = "") => make("span", { class: `chip ${kind}` }, text);
export const note = (text, kind = "") => make("p", { class: `note ${kind}`, role: kind === "bad" ? "alert" : null }, text);

export function button(text, run, options = {}) {
	const node = make(
		"button",
		{
			type: options.submit ? "submit" : "button",
			class: options.kind ?? "",
			"data-testid": options.testid,
			"aria-label": options.label,
		},
		text,
	);
	if (run) node.addEventListener("click", run);
	return node;
}

/* It asks first: only a second click, before the focus goes elsewhere, runs it. */
export function sureButton(text, question, run, options) {
	let sure = false;
	const ask = (now) => {
		sure = now;
		node.textContent = now ? question : text;
	};
	const node = button(
		text,
		() => {
			if (sure) run();
			ask(!sure);
		},
		options,
	);
	node.addEventListener("blur", () => ask(false));
	return node;
}

/* A tile of a figure: what it is, how much, and what it means or how it moved. */
export function figure(label, value, below, testid) {
	return make(
		"div",
		{ class: "figure", "data-testid": testid },
		make("dt", {}, label),
		make("dd", {}, make("strong", {}, value), below ? make("span", { class: "below" }, below) : null),
	);
}

/* "up 12.0 %" with a sign that does not depend on colour */
export function change(now, before) {
	if (before == null || now == null) return null;
	if (!before) return make("span", {}, "nothing in the period before");
	const by = now / before - 1;
	if (Math.abs(by) < 0.0005) return make("span", {}, "as in the period before");
	return make(
		"span",
		{ class: by >= 0 ? "good" : "bad" },
		`${by >= 0 ? "▲ up" : "▼ down"} ${percent(Math.abs(by))}`,
		make("span", { class: "quiet" }, " on the period before"),
	);
}
