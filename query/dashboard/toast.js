/* Short messages that a screen reader says; one with something to do stays longer. */
import { $, button, make } from "./dom.js";

const STAYS_MS = 8000;

export function toast(text, action) {
	const node = make(
		"div",
		{ class: "toast" },
		make("p", {}, text),
		action
			? button(
					action.label,
					async () => {
						node.remove();
						$("main").focus({ preventScroll: true });
						await action.run();
					},
					{ kind: "small", testid: "toast-action" },
				)
			: null,
		button("×", () => node.remove(), { kind: "small bare", label: "Close this message" }),
	);
	$("toasts").replaceChildren(node);
	setTimeout(() => node.remove(), STAYS_MS * (action ? 3 : 1));
}
