/*
 * A form for a JSON document, made of a table of fields. A field is {path, type, label, help?, ...}; what is empty is absent from the
 * document. Problems of the server name a path ("variants[1].weight") and are shown at the field that has it.
 */
import { both, conditionBuilder } from "./condition.js";
import { button, freshId, make } from "./dom.js";

const split = (text) =>
	String(text)
		.split(/[,\n]/)
		.map((word) => word.trim())
		.filter(Boolean);
const none = (list) => (list.length ? list : undefined);

/* from the document to the input, and back */
const PLAIN = {
	text: [(v) => v ?? "", (t) => t.trim() || undefined],
	filter: [(v) => v ?? "", (t) => t.trim() || undefined],
	number: [(v) => v ?? "", (t) => (t === "" ? undefined : Number(t))],
	words: [(v) => (v ?? []).join(", "), (t) => none(split(t))],
	lines: [
		(v) => (v ?? []).join("\n"),
		(t) =>
			none(
				t
					.split("\n")
					.map((line) => line.trim())
					.filter(Boolean),
			),
	],
	time: [(v) => (v ? localTime(v) : ""), (t) => (t ? new Date(t).toISOString() : undefined)],
};

function localTime(rfc3339) {
	const time = new Date(rfc3339);
	return Number.isNaN(time.getTime()) ? "" : new Date(time - time.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

const pathText = (keys) => keys.map((key, at) => (typeof key === "number" ? `[${key}]` : at ? `.${key}` : key)).join("");
const read = (document, keys) => keys.reduce((at, key) => at?.[key], document);

/* Sets or removes, and takes away objects that became empty on the way. */
function write(document, keys, value) {
	const [key, ...rest] = keys;
	if (rest.length) {
		document[key] ??= typeof rest[0] === "number" ? [] : {};
		write(document[key], rest, value);
		if (!Array.isArray(document) && !Array.isArray(document[key]) && !Object.keys(document[key]).length) delete document[key];
	} else if (value === undefined) {
		delete document[key];
	} else {
		document[key] = value;
	}
}

/* {node, document, show(problem), clear(), set(document)} */
export function form({ fields, document, changed, testid }) {
	const ctx = { document: structuredClone(document), changed: () => changed?.(ctx.document) };
	const node = make("div", { class: "form", "data-testid": testid });
	const set = (next) => {
		ctx.document = structuredClone(next);
		node.replaceChildren(...fields.map((field) => draw(ctx, field, [])));
	};
	set(document);
	return {
		node,
		set,
		get document() {
			return ctx.document;
		},
		clear: () => clear(node),
		show: (problem) => showProblem(node, problem),
	};
}

function clear(node) {
	for (const wrong of node.querySelectorAll("[aria-invalid]")) wrong.removeAttribute("aria-invalid");
	for (const text of node.querySelectorAll(".error")) text.textContent = "";
}

/* True when there was a field to show it at. */
function showProblem(node, problem) {
	clear(node);
	for (let path = (problem.field ?? "").replace(/^document\.?/, ""); path; path = path.replace(/(\[\d+\]|\.?[^.[\]]+)$/, "")) {
		const place = [...node.querySelectorAll("[data-path]")].find((each) => each.dataset.path === path);
		if (!place) continue;
		(place.querySelector(":scope > .control") ?? place.querySelector("input, select, textarea"))?.setAttribute(
			"aria-invalid",
			"true",
		);
		for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
		const text = place.querySelector(":scope > .error");
		text.textContent = problem.message;
		return true;
	}
	return false;
}

const keysOf = (field, base) => [...base, ...(field.path ? field.path.split(".") : [])];

function draw(ctx, field, base) {
	const kind = KINDS[field.type] ?? (field.type in PLAIN ? plain : null);
	return kind(ctx, field, keysOf(field, base));
}

function labelled(field, keys, control, extra) {
	const id = freshId("field");
	control.id = id;
	control.classList.add("control");
	control.setAttribute("aria-describedby", `${id}-help ${id}-error`);
	return make(
		"div",
		{ class: `field ${field.wide ? "wide" : ""}`, "data-path": pathText(keys) },
		make("label", { for: id }, field.label),
		control,
		extra,
		make("p", { class: "help", id: `${id}-help` }, field.help ?? ""),
		make("p", { class: "error", id: `${id}-error`, "aria-live": "polite" }),
	);
}

function plain(ctx, field, keys) {
	const [show, parse] = PLAIN[field.type],
		large = ["filter", "lines"].includes(field.type),
		value = show(read(ctx.document, keys));
	const types = { number: "number", time: "datetime-local" };
	const control = make(large ? "textarea" : "input", {
		type: large ? null : (types[field.type] ?? "text"),
		value: large ? null : value,
		rows: large ? 2 : null,
		spellcheck: field.type === "filter" ? "false" : null,
		class: field.type === "filter" ? "code" : null,
		min: field.min,
		max: field.max,
		step: field.step ?? (field.type === "number" ? "any" : null),
		placeholder: field.placeholder,
		maxlength: field.maxLength,
		input: () => {
			write(ctx.document, keys, parse(control.value));
			ctx.changed();
		},
	});
	if (large) control.value = value;
	return labelled(
		field,
		keys,
		control,
		field.type !== "filter"
			? null
			: conditionBuilder(field.about, (text) => {
					control.value = both(control.value.trim(), text);
					control.dispatchEvent(new Event("input"));
				}),
	);
}

function onOff(ctx, field, keys) {
	const on = read(ctx.document, keys) ?? field.otherwise ?? false;
	const control = make("input", {
		type: "checkbox",
		role: "switch",
		checked: on,
		change: () => {
			write(ctx.document, keys, control.checked === (field.otherwise ?? false) ? undefined : control.checked);
			ctx.changed();
		},
	});
	const node = labelled(field, keys, control);
	node.classList.add("inline");
	return node;
}

function select(ctx, field, keys) {
	const now = read(ctx.document, keys),
		options =
			field.options.some(([value]) => value === now) || now === undefined ? field.options : [...field.options, [now, now]];
	const control = make(
		"select",
		{
			change: () => {
				write(ctx.document, keys, control.value || undefined);
				ctx.changed();
			},
		},
		options.map(([value, title]) => make("option", { value, selected: value === now }, title)),
	);
	if (now === undefined && options[0]?.[0]) write(ctx.document, keys, options[0][0]);
	return labelled(field, keys, control);
}

function fieldset(field, keys, ...children) {
	return make(
		"fieldset",
		{ "data-path": pathText(keys), class: "wide" },
		make("legend", {}, field.label),
		field.help ? make("p", { class: "help" }, field.help) : null,
		make("p", { class: "error", "aria-live": "polite" }),
		...children,
	);
}

function choices(ctx, field, keys) {
	const chosen = new Set(read(ctx.document, keys) ?? []),
		options = [...field.options];
	for (const value of chosen) if (!options.some(([known]) => known === value)) options.push([value, value]);
	const say = make("p", { class: "quiet" });
	const tell = () => {
		say.textContent = chosen.size ? "" : (field.none ?? "");
	};
	tell();
	return fieldset(
		field,
		keys,
		make(
			"div",
			{ class: "choices" },
			options.map(([value, title]) =>
				make(
					"label",
					{ class: "choice" },
					make("input", {
						type: "checkbox",
						value,
						checked: chosen.has(value),
						change: (event) => {
							chosen[event.target.checked ? "add" : "delete"](value);
							write(ctx.document, keys, none(options.map(([each]) => each).filter((each) => chosen.has(each))));
							tell();
							ctx.changed();
						},
					}),
					title,
				),
			),
		),
		say,
	);
}

function group(ctx, field, keys) {
	const inner = make(
		"div",
		{ class: "fields" },
		field.fields.map((each) => draw(ctx, each, keys)),
	);
	if (!field.folded) return fieldset(field, keys, inner);
	return make(
		"details",
		{ class: "wide fold", open: read(ctx.document, keys) !== undefined, "data-path": pathText(keys) },
		make("summary", {}, field.label),
		make("p", { class: "error" }),
		inner,
	);
}

const section = (ctx, field, keys) =>
	make(
		"div",
		{ class: "section" },
		make("h3", {}, field.label),
		field.help ? make("p", { class: "help" }, field.help) : null,
		make(
			"div",
			{ class: "fields" },
			field.fields.map((inner) => draw(ctx, inner, keys)),
		),
	);

/* Rows of an array, to be added, removed and, where the order means something, moved: the focus goes with the row. */
function list(ctx, field, keys) {
	const rows = make("ol", { class: field.lined ? "rows lined" : "rows" });
	const all = () => read(ctx.document, keys) ?? [];
	const change = (next) => {
		write(ctx.document, keys, none(next));
		redraw();
		ctx.changed();
	};
	const row = (value, at) => {
		const name = `${field.item} ${at + 1}`,
			move = (to) => {
				const next = [...all()];
				next.splice(to, 0, ...next.splice(at, 1));
				change(next);
				const acts = rows.children[to].querySelector(":scope > .rowacts");
				(acts.querySelector(`[aria-label$="${to < at ? " up" : " down"}"]`) ?? acts.firstChild).focus();
			},
			remove = () => {
				change(all().filter((_, each) => each !== at));
				const next = rows.children[at] ?? rows.lastElementChild;
				(next?.querySelector(":scope > .rowacts > :last-child") ?? add).focus();
			};
		return make(
			"li",
			{ "data-path": pathText([...keys, at]) },
			make(
				"div",
				{ class: "fields", role: "group", "aria-label": name },
				field.fields.map((inner) => draw(ctx, inner, [...keys, at])),
			),
			make("p", { class: "error" }),
			make(
				"div",
				{ class: "rowacts" },
				field.ordered && at ? button("↑", () => move(at - 1), { kind: "small", label: `Move ${name} up` }) : null,
				field.ordered && at < all().length - 1
					? button("↓", () => move(at + 1), { kind: "small", label: `Move ${name} down` })
					: null,
				button("Remove", remove, { kind: "small", label: `Remove ${name}` }),
			),
		);
	};
	const redraw = () => rows.replaceChildren(...all().map(row));
	const add = button(`Add a ${field.item}`, () => change([...all(), structuredClone(field.fresh ?? {})]), {
		kind: "small",
		testid: `add-${field.path}`,
	});
	redraw();
	return fieldset(field, keys, rows, add);
}

/* An object that has exactly one of some members. What was entered for another one is kept while the form is open. */
function oneOf(ctx, field, keys) {
	const drafts = structuredClone(read(ctx.document, keys) ?? {}),
		name = freshId("one"),
		place = make("div", { class: "fields" });
	let now = field.options.find((option) => option.key in drafts)?.key ?? null;
	const pick = (key, quiet) => {
		if (now) drafts[now] = read(ctx.document, [...keys, now]) ?? drafts[now];
		now = key;
		const option = field.options.find((each) => each.key === key);
		write(ctx.document, keys, undefined);
		if (drafts[key] === undefined && option.fresh !== undefined) drafts[key] = structuredClone(option.fresh);
		if (drafts[key] !== undefined) write(ctx.document, [...keys, key], drafts[key]);
		place.replaceChildren(
			make("p", { class: "help wide" }, option.help ?? ""),
			...option.fields.map((inner) => draw(ctx, inner, keys)),
		);
		if (!quiet) ctx.changed();
	};
	if (now) pick(now, true);
	return fieldset(
		field,
		keys,
		make(
			"div",
			{ class: "choices", role: "radiogroup", "aria-label": field.label },
			field.options.map((option) =>
				make(
					"label",
					{ class: "choice" },
					make("input", { type: "radio", name, value: option.key, checked: option.key === now, change: () => pick(option.key) }),
					option.label,
				),
			),
		),
		place,
	);
}

const KINDS = { switch: onOff, select, choices, group, section, list, oneOf };
