/*
 * A table that sorts by its columns and is saved as CSV. A column is {key, title, value(row), show?(value, row), number?, help?}:
 * `value` is what is sorted and saved, `show` what is seen. node.update(rows) keeps the order that was chosen.
 */
import { button, freshId, make, plural } from "./dom.js";

const FIRST = 12; // rows that a long table shows at once

export function table({ caption, columns, rows, sort, file, empty = "Nothing yet.", testid, beside }) {
	const state = { by: columns.find((c) => c.key === sort) ?? null, descending: true, all: false };
	const body = make("tbody"),
		more = button(
			"",
			() => {
				state.all = true;
				draw();
				scroll.focus({ preventScroll: true });
			},
			{ kind: "small", testid: "show-all" },
		),
		heads = columns.map((column) => head(column));
	const id = freshId("table");

	function head(column) {
		const node = make(
			"th",
			{ scope: "col", class: column.number ? "number" : "" },
			make(
				"button",
				{ type: "button", title: column.help, click: () => sortBy(column) },
				column.title,
				make("span", { class: "arrow", "aria-hidden": "true" }),
			),
		);
		return node;
	}

	function sortBy(column) {
		state.descending = state.by === column ? !state.descending : Boolean(column.number);
		state.by = column;
		draw();
	}

	function ordered() {
		if (!state.by) return rows;
		const of = state.by.value,
			sign = state.descending ? -1 : 1;
		return [...rows].sort((a, b) => {
			const x = of(a),
				y = of(b);
			if (x == null || y == null) return (x == null) - (y == null);
			return sign * (typeof x === "number" ? x - y : String(x).localeCompare(String(y)));
		});
	}

	function draw() {
		heads.forEach((node, at) => {
			const on = state.by === columns[at],
				way = state.descending ? "descending" : "ascending";
			node.setAttribute("aria-sort", on ? way : "none");
		});
		more.hidden = state.all || rows.length <= FIRST;
		more.textContent = `Show all ${plural(rows.length, "row")}`;
		body.replaceChildren(
			...(state.all ? ordered() : ordered().slice(0, FIRST)).map((row) =>
				make(
					"tr",
					{},
					columns.map((column, at) => {
						const value = column.value(row),
							shown = column.show ? column.show(value, row) : (value ?? "–");
						return make(at ? "td" : "th", { scope: at ? null : "row", class: column.number ? "number" : "" }, shown);
					}),
				),
			),
		);
	}

	const scroll = make(
		"div",
		{ class: "scroll", tabindex: "0", role: "region", "aria-labelledby": id },
		make("table", { "aria-labelledby": id }, make("thead", {}, make("tr", {}, heads)), body),
	);
	draw();
	const node = make(
		"div",
		{ class: "tablebox", "data-testid": testid },
		make(
			"div",
			{ class: "tablehead" },
			make("h3", { id }, caption),
			make(
				"div",
				{ class: "beside" },
				beside,
				file && rows.length
					? button("Save as CSV", () => saveCsv(file, columns, ordered()), {
							kind: "small",
							testid: "csv",
							label: `Save as CSV: ${caption}`,
						})
					: null,
			),
		),
		rows.length ? scroll : make("p", { class: "empty" }, empty),
		more,
	);
	node.update = (next) => {
		rows = next;
		draw();
	};
	return node;
}

/* RFC 4180; a cell that a spreadsheet would take for a formula is made a text. */
function csvOf(columns, rows) {
	const cell = (value) => {
		let text = value == null ? "" : String(value);
		if (typeof value !== "number" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
		return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
	};
	return [columns.map((c) => cell(c.title)), ...rows.map((row) => columns.map((c) => cell(c.value(row))))]
		.map((cells) => cells.join(",") + "\r\n")
		.join("");
}

function saveCsv(file, columns, rows) {
	const url = URL.createObjectURL(new Blob([csvOf(columns, rows)], { type: "text/csv;charset=utf-8" }));
	make("a", { href: url, download: `${file}.csv` }).click();
	setTimeout(() => URL.revokeObjectURL(url), 1000);
}
