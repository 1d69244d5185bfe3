/* One person: what is known of them, what they would be shown, and why. */
import { Problem, getOrNull } from "./api.js";
import { button, card, chip, heading, make, note, spoken } from "./dom.js";
import { ask, itemList, requestFor } from "./items.js";
import { tryForm } from "./try.js";

function finder(kind, id) {
	const field = make("input", {
		type: "text",
		id: "person-id",
		value: id ?? "",
		autocomplete: "off",
		"data-testid": "person-id",
	});
	const which = make(
		"select",
		{ "aria-label": "Kind of id", "data-testid": "person-kind" },
		make("option", { value: "user", selected: kind !== "visitor" }, "Customer id"),
		make("option", { value: "visitor", selected: kind === "visitor" }, "Visitor id"),
	);
	return make(
		"form",
		{
			class: "bar",
			role: "search",
			submit: (event) => {
				event.preventDefault();
				if (field.value.trim()) location.hash = `#/people/${which.value}/${encodeURIComponent(field.value.trim())}`;
			},
		},
		which,
		make("label", { for: "person-id", class: "hidden" }, "Id"),
		field,
		button("Show", null, { submit: true, kind: "main", testid: "person-show" }),
	);
}

function whyText(why) {
	if (why == null) return null;
	return typeof why === "string"
		? why
		: Object.entries(why)
				.map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)
				.join(", ");
}

async function segments(id) {
	const data = await getOrNull(`/v1/users/${encodeURIComponent(id)}/segments`);
	return card(
		"Segments",
		{ "data-testid": "person-segments" },
		data?.segments?.length
			? make(
					"ul",
					{ class: "plain" },
					data.segments.map((one) =>
						make(
							"li",
							{},
							make("a", { href: `#/segments/${encodeURIComponent(one.segment ?? one.id)}` }, spoken(one.segment ?? one.id)),
							make("p", { class: "quiet" }, [one.meaning, whyText(one.why)].filter(Boolean).join(" – ")),
						),
					),
				)
			: make("p", { class: "empty" }, "Belongs to none."),
	);
}

async function offers(id) {
	const data = await getOrNull(`/v1/users/${encodeURIComponent(id)}/offers`);
	if (!data) return null;
	const all = data.offers ?? data.items ?? [];
	return card(
		"Offers",
		{ "data-testid": "person-offers" },
		all.length
			? make(
					"ul",
					{ class: "plain" },
					all.map((one) =>
						make("li", {}, make("strong", {}, one.name ?? one.document?.name ?? one.id), one.code ? [" ", chip(one.code)] : null),
					),
				)
			: make("p", { class: "empty" }, "None at the moment."),
	);
}

async function list(slug, title, who) {
	try {
		return itemList(await ask(slug, { ...(await requestFor(slug, who)), count: 8 }), title);
	} catch (problem) {
		return problem instanceof Problem ? null : Promise.reject(problem);
	}
}

async function shownCard(who) {
	const place = make("div", { "data-testid": "person-list", "aria-live": "polite" });
	const look = async () => {
		const { scenario, ...value } = attempt.value();
		try {
			const answer = await ask(scenario, await requestFor(scenario, { ...value, ...who }));
			place.replaceChildren(itemList(answer, spoken(scenario)));
		} catch (problem) {
			if (!(problem instanceof Problem)) throw problem;
			place.replaceChildren(note(problem.message, "bad"));
		}
	};
	const attempt = await tryForm({ scenario: "home", hide: ["userId", "visitorId"], changed: look });
	await look();
	return card("What this person would be shown, and why", {}, attempt.node, place);
}

async function person(kind, id) {
	const who = kind === "visitor" ? { visitorId: id } : { userId: id };
	const [seen, again, shown, ofSegments, ofOffers] = await Promise.all([
		list("recently-viewed", "Looked at last", who),
		list("buy-it-again", "Bought, and due again", who),
		shownCard(who),
		kind === "user" ? segments(id) : null,
		kind === "user" ? offers(id) : null,
	]);
	return [
		make("h2", { class: "subject" }, id),
		make(
			"div",
			{ class: "columns" },
			make("div", {}, ofSegments, ofOffers, card("What is known", { "data-testid": "person-known" }, seen, again)),
			shown,
		),
	];
}

/* Somebody to begin with: the public API lists no people, so one who is known must be entered. */
export async function show({ rest: [kind, id] }) {
	return make(
		"div",
		{},
		heading("People", "What is known of a customer or visitor, what they would be shown, and why. Ids are those the shop sends."),
		finder(kind, id),
		id
			? await person(kind, id)
			: make(
					"p",
					{ class: "empty" },
					"Enter an id. Nobody is listed here: aisle keeps what people do under a keyed hash of their id, and cannot name them.",
				),
	);
}
