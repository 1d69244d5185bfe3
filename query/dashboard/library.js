/* The documents of a kind: a list of them, switched on and off in place, and the way to the editor. */
import { Problem, documents } from "./api.js";
import { ago, button, card, chip, make, note, plural, redraw, spoken } from "./dom.js";
import { kinds } from "./kinds.js";
import { toast } from "./toast.js";

const SHOWN_MAX = 200;

export const titleOfEntry = (entry) => String(entry.document?.name || spoken(entry.id));

export function signedBy(entry) {
	if (entry.shipped) return "comes with the program";
	return [
		`revision ${entry.revision}`,
		entry.changedBy ? `by ${entry.changedBy}` : null,
		entry.changedAt ? ago(entry.changedAt) : null,
	]
		.filter(Boolean)
		.join(", ");
}

/* What is said instead of a list when the server cannot give one. */
export function unavailable(what, problem) {
	if (!problem.absent) return note(`${what} could not be read: ${problem.message}.`, "bad");
	return make(
		"div",
		{ class: "card absent", "data-testid": "absent" },
		make("p", {}, make("strong", {}, "Not available on this server.")),
		make("p", {}, `${what}: this server's program does not offer them.`),
	);
}

/* What `promise` gives, or why it cannot be had. */
export const orUnavailable = (promise, what) =>
	promise.catch((problem) => (problem instanceof Problem ? unavailable(what, problem) : Promise.reject(problem)));

/* Write, say so, and offer the way back. Throws what the server refuses. */
export async function save(kind, id, document, before, saved) {
	const { status, tookMs, data } = await documents.put(kind, id, document, before?.document ? before.revision : null);
	const undo = async () => {
		try {
			const now = await documents.one(kind, id);
			if (before?.document && !before.shipped) await documents.put(kind, id, before.document, now.revision);
			else await documents.remove(kind, id, now.revision);
			toast("Undone.");
			await saved?.();
		} catch (problem) {
			toast(`Could not be undone: ${problem.message}`);
		}
	};
	toast(
		status === 202
			? "It is in the log, but not at work yet: the server is behind. Look again in a while."
			: `Saved in ${Math.round(tookMs)} ms; the next answers follow it.`,
		{ label: "Undo", run: undo },
	);
	return data;
}

/* What the document says; one that another program wrote may be of another shape. */
function told(kind, doc) {
	try {
		return { text: kinds[kind].text(doc), when: kinds[kind].when(doc) };
	} catch {
		return { text: "It is written in a way that this page does not know: see it as JSON.", when: ["not known", "warn"] };
	}
}

function row(kind, entry, reload) {
	const of = kinds[kind],
		doc = entry.document ?? {},
		{
			text,
			when: [state, tone],
		} = told(kind, doc),
		on = doc.enabled !== false;
	const toggle = make("button", {
		type: "button",
		role: "switch",
		class: "switch",
		"aria-checked": String(on),
		"aria-label": `${titleOfEntry(entry)}: switched on`,
		"data-testid": "toggle",
		click: async () => {
			try {
				const next = { ...doc };
				if (on) next.enabled = false;
				else delete next.enabled;
				await save(kind, entry.id, next, entry, reload);
			} catch (problem) {
				toast(`Could not be switched: ${problem.message}`);
			}
			await reload();
		},
	});
	return make(
		"li",
		{ class: "entry", "data-testid": "entry", "data-id": entry.id },
		entry.shipped ? null : toggle,
		make(
			"div",
			{ class: "what" },
			make(
				"p",
				{},
				make("a", { href: `#/${of.page ?? kind}/${encodeURIComponent(entry.id)}` }, titleOfEntry(entry)),
				" ",
				chip(state, tone),
			),
			make("p", {}, text),
			doc.description ? make("p", { class: "quiet" }, doc.description) : null,
			entry.problem ? note(entry.problem, "bad") : null,
			make(
				"p",
				{ class: "quiet" },
				[doc.priority != null ? `priority ${doc.priority}` : null, signedBy(entry)].filter(Boolean).join(" · "),
			),
		),
	);
}

function sorted(kind, entries) {
	const weight = (entry) => [entry.document?.enabled === false ? 1 : 0, -(entry.document?.priority ?? 0)];
	return entries
		.filter((entry) => entry.document)
		.sort((a, b) => weight(a)[0] - weight(b)[0] || weight(a)[1] - weight(b)[1] || a.id.localeCompare(b.id));
}

/* A card with all documents of `kind`. */
export async function library(kind, title, lead) {
	const of = kinds[kind],
		list = make("ul", { class: "entries", "data-testid": `list-${kind}` }),
		say = make("p", { class: "quiet", "aria-live": "polite" });
	let entries = [];
	const search = make("input", {
		type: "search",
		"aria-label": `Search ${of.one}s`,
		placeholder: `Search ${of.one}s`,
		"data-testid": `find-${kind}`,
		input: () => draw(),
	});
	const draw = () => {
		const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
		const found = entries.filter((entry) => {
			const text = `${entry.id} ${titleOfEntry(entry)} ${told(kind, entry.document).text}`.toLowerCase();
			return words.every((word) => text.includes(word));
		});
		redraw(list, ...found.slice(0, SHOWN_MAX).map((entry) => row(kind, entry, reload)));
		say.textContent = !entries.length
			? `There is no ${of.one} yet.`
			: found.length > SHOWN_MAX
				? `The first ${SHOWN_MAX} of ${plural(found.length, of.one)}: search to see others.`
				: plural(found.length, of.one);
	};
	const reload = async () => {
		entries = sorted(kind, await documents.all(kind));
		draw();
	};
	try {
		await reload();
	} catch (problem) {
		if (problem instanceof Problem) return unavailable(title, problem);
		throw problem;
	}
	return card(
		title,
		{ "data-testid": kind },
		lead ? make("p", { class: "quiet" }, lead) : null,
		make(
			"div",
			{ class: "bar" },
			search,
			button(
				`New ${of.one}`,
				() => {
					location.hash = `#/${of.page ?? kind}/new`;
				},
				{ kind: "main", testid: `new-${kind}` },
			),
		),
		list,
		say,
	);
}
