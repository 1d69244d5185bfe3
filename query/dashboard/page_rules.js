/* Pin, lift, lower, hide, limit: by placement, category, customers, country and time. */
import { heading, make } from "./dom.js";
import { editorPage } from "./editor.js";
import { library } from "./library.js";

export async function show({ rest: [id] }) {
	if (id) return editorPage("rules", id);
	return make(
		"div",
		{},
		heading(
			"Rules",
			"Your own say in what is shown. The one with the higher priority goes first; a rule never shows what is sold out or not for sale.",
		),
		await library("rules", "All rules"),
	);
}
