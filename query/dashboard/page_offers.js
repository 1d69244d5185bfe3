import { heading, make } from "./dom.js";
import { editorPage } from "./editor.js";
import { library } from "./library.js";

export async function show({ rest: [id, second] }) {
	if (id === "promotion" && second) return editorPage("promotions", second);
	if (id && id !== "promotion") return editorPage("offers", id);
	return make(
		"div",
		{},
		heading(
			"Offers",
			"Discounts for some customers, for some time. An offer has a code; a promotion applies by itself, and its products are marked in lists.",
		),
		await library("offers", "All offers"),
		await library("promotions", "All promotions"),
	);
}
