import { heading, make } from "./dom.js";
import { editorPage } from "./editor.js";
import { library } from "./library.js";

export async function show({ rest: [id] }) {
	if (id) return editorPage("segments", id);
	return make(
		"div",
		{},
		heading(
			"Segments",
			"Kinds of customers, by what they did. Who belongs is looked up when a list is asked for, so it is never old.",
		),
		await library("segments", "All segments"),
	);
}
