/* The answer without the change and with it, side by side, and what became of each item. */
import { Problem, call } from "./api.js";
import { button, card, make, plural } from "./dom.js";
import { effectText, itemLink, itemList, learnAnswer, requestFor } from "./items.js";
import { tryForm } from "./try.js";

function movedText(item) {
	const before = item.before?.rank,
		after = item.after?.rank;
	if (before == null) return { text: "new", kind: "good" };
	if (after === before) return null;
	return after < before ? { text: `▲ from ${before}`, kind: "good" } : { text: `▼ from ${before}`, kind: "warn" };
}

function goneList(items) {
	const gone = items.filter((item) => item.before && !item.after);
	return gone.length
		? make(
				"div",
				{},
				make("h3", {}, "No longer there"),
				make(
					"ul",
					{ class: "plain", "data-testid": "gone" },
					gone.map((item) =>
						make(
							"li",
							{},
							itemLink(item.itemId),
							make(
								"span",
								{ class: "quiet" },
								` was in place ${item.before.rank}`,
								item.effects?.length ? `: ${item.effects.map(effectText).join("; ")}` : "",
							),
						),
					),
				),
			)
		: null;
}

/* What is saved already is compared with a shop without it: the preview of its deletion, the other way round. */
function reversed({ before, after, segments, items }) {
	return {
		before: after,
		after: before,
		segments: { before: segments.after, after: segments.before },
		items: items.map((item) => ({ ...item, before: item.after, after: item.before, effects: undefined })),
	};
}

/* Whether the person belongs to the segment, before and after. */
function belongs({ before, after }, id, someone) {
	if (!someone) return "Enter a customer id or visitor id to see whether they belong.";
	const [was, is] = [before.includes(id), after.includes(id)];
	if (was === is) return is ? "They belong to it, before and after." : "They do not belong to it, neither before nor after.";
	return is ? "They would belong to it." : "They would no longer belong to it.";
}

function drawn(data, titles) {
	const why = data.problem?.detail ?? data.problem?.title;
	const of = new Map(data.items.map((item) => [item.itemId, item]));
	const side = (answer, title, rowOptions, testid) =>
		answer
			? itemList(answer, title, rowOptions, testid)
			: make("div", {}, make("h3", {}, title), make("p", { class: "empty" }, `No list: ${why}.`));
	const after = (item) => {
		const found = of.get(item.itemId);
		return { moved: found ? movedText(found) : null, effects: found?.effects, why: false };
	};
	return [
		make(
			"div",
			{ class: "sides" },
			side(data.before, titles[0], () => ({ effects: [], why: false }), "preview-before"),
			side(data.after, titles[1], after, "preview-after"),
		),
		goneList(data.items),
	];
}

/*
 * {node, update()}. `subject()` is {id, document, saved}: what is written now, and whether that is saved already. Of all it shows,
 * screen readers are told one sentence.
 */
export async function preview(kind, subject, placement) {
	const own = kind === "scenarios";
	const place = make("div", { class: "stack", "data-testid": "preview" });
	const said = make("p", { class: "note", role: "status" }, "It follows what you write.");
	const say = (text, tone, ...lists) => {
		said.textContent = text;
		said.className = `note ${tone}`;
		place.replaceChildren(...lists);
	};
	let round = 0;
	const update = async () => {
		const mine = ++round,
			{ id, document, saved } = subject(),
			given = { ...attempt.value(), ...(own ? { scenario: id } : {}) };
		try {
			const request = { scenario: given.scenario, ...(await requestFor(given.scenario, given)) };
			const change = { kind: kind.replace(/s$/, ""), id, document: saved ? null : document };
			const answer = (await call("POST", "/v1/preview", { body: { request, change } })).data;
			const data = saved ? reversed(answer) : answer;
			await Promise.all([data.before, data.after].filter(Boolean).map(learnAnswer));
			if (mine !== round) return;
			const changes = data.items.filter((item) => item.before?.rank !== item.after?.rank).length;
			const sentence = [
				kind === "segments" ? belongs(data.segments, id, request.userId ?? request.visitorId) : null,
				changes ? `${plural(changes, "product")} moved, new or gone.` : "It changes nothing in this list.",
			]
				.filter(Boolean)
				.join(" ");
			const titles = saved ? ["Without it", "With it, as now"] : ["Now", "With what is written"];
			say(sentence, changes ? "good" : "", ...drawn(data, titles).filter(Boolean));
		} catch (problem) {
			if (!(problem instanceof Problem)) throw problem;
			if (mine === round)
				say(problem.absent ? "The preview is not available on this server." : `No preview: ${problem.message}`, "warn");
		}
	};
	const attempt = await tryForm({ scenario: own ? subject().id : (placement ?? "home"), fixed: own, changed: () => update() });
	return {
		update,
		node: card(
			"What it would do",
			{ class: "previewbox", "data-testid": "previewbox" },
			make("p", { class: "quiet" }, "Nothing is saved by looking. The list is today's, for whom you enter here."),
			attempt.node,
			said,
			place,
			make(
				"div",
				{ class: "acts" },
				button("Look again", () => update(), { kind: "small", testid: "preview-again" }),
			),
		),
	};
}
