/* One person: what is known of them, what they would be shown, and why. */
import { Problem, getOrNull } from "./api.js";
import { ago, button, card, chip, count, day, figure, heading, make, money, note, spoken } from "./dom.js";
import { ask, itemList } from "./items.js";
import { kinds } from "./kinds.js";
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

function segments(found) {
	return card(
		"Segments",
		{ "data-testid": "person-segments" },
		found.length
			? make(
					"ul",
					{ class: "plain" },
					found.map((one) =>
						make(
							"li",
							{},
							make("a", { href: `#/segments/${encodeURIComponent(one.segment)}` }, spoken(one.segment)),
							one.meaning ? make("p", { class: "quiet" }, one.meaning) : null,
							one.filter ? make("p", { class: "quiet" }, "because ", make("code", {}, one.filter)) : null,
						),
					),
				)
			: make("p", { class: "empty" }, "Belongs to none."),
	);
}

const CATEGORIES_SHOWN = 6;
const chips = (names) => [
	names.slice(0, CATEGORIES_SHOWN).map((name) => [chip(name), " "]),
	names.length > CATEGORIES_SHOWN ? `and ${names.length - CATEGORIES_SHOWN} more` : null,
];

/* What conditions of segments are about. */
function facts(known) {
	if (!known) return card("What is known", {}, make("p", { class: "empty" }, "Nothing: nobody with this id was here yet."));
	return card(
		"What is known",
		{ "data-testid": "person-facts" },
		make(
			"dl",
			{ class: "figures" },
			figure("Orders", count(known.orders), `${count(known.units)} pieces`),
			figure("Money spent", money(known.spend), known.orders ? `${money(known.averageOrder)} an order` : null),
			figure("First here", known.firstSeen ? day(known.firstSeen) : "–", known.firstSeen ? ago(known.firstSeen) : null),
			figure("Last here", known.lastSeen ? day(known.lastSeen) : "–", known.lastSeen ? ago(known.lastSeen) : null),
			known.country ? figure("Country", known.country) : null,
		),
		known.viewedCategory?.length ? make("p", {}, "Looked at: ", chips(known.viewedCategory)) : null,
		known.boughtCategory?.length ? make("p", {}, "Bought: ", chips(known.boughtCategory)) : null,
	);
}

async function offers(id) {
	const data = await getOrNull(`/v1/users/${encodeURIComponent(id)}/offers`);
	if (!data) return null;
	const row = (one) => {
		const home = kinds[`${one.kind}s`].page ?? `${one.kind}s`;
		return make(
			"li",
			{},
			make("a", { href: `#/${home}/${encodeURIComponent(one.offerId)}` }, one.name ?? spoken(one.offerId)),
			make("p", { class: "quiet" }, kinds.offers.text(one), one.left != null ? `, ${count(one.left)} left` : ""),
		);
	};
	return card(
		"Offers",
		{ "data-testid": "person-offers" },
		data.offers.length
			? make("ul", { class: "plain" }, data.offers.map(row))
			: make("p", { class: "empty" }, "None at the moment."),
	);
}

async function list(slug, title, who) {
	try {
		return itemList(await ask(slug, { ...who, count: 8 }), title);
	} catch (problem) {
		return problem instanceof Problem ? null : Promise.reject(problem);
	}
}

async function shownCard(who) {
	const place = make("div", { "data-testid": "person-list" });
	let round = 0;
	const look = async () => {
		const mine = ++round,
			{ scenario, ...value } = attempt.value();
		try {
			const answer = await ask(scenario, { ...value, ...who });
			if (mine === round) place.replaceChildren(itemList(answer, spoken(scenario)));
		} catch (problem) {
			if (!(problem instanceof Problem)) throw problem;
			if (mine === round) place.replaceChildren(note(problem.message, "bad"));
		}
	};
	const attempt = await tryForm({ scenario: "home", hide: ["userId", "visitorId"], changed: look });
	await look();
	return card("What this person would be shown, and why", {}, attempt.node, place);
}

async function person(kind, id) {
	const who = kind === "visitor" ? { visitorId: id } : { userId: id };
	const [seen, again, shown, known, ofOffers] = await Promise.all([
		list("recently-viewed", "Looked at last", who),
		list("buy-it-again", "Bought, and due again", who),
		shownCard(who),
		kind === "user" ? getOrNull(`/v1/users/${encodeURIComponent(id)}/segments`) : null,
		kind === "user" ? offers(id) : null,
	]);
	return [
		make("h2", { class: "subject" }, id),
		make(
			"div",
			{ class: "columns" },
			make(
				"div",
				{},
				known ? [facts(known.facts), segments(known.segments)] : null,
				ofOffers,
				card("What they did", { "data-testid": "person-known" }, seen, again),
			),
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
