/*
 * fuzz_control - any bytes as a document of each kind, and as a record of aisle.config: no crash, no read outside; a refusal is
 * BAD_CONFIG with its text; what is accepted keeps the promises of control.h, or of members.h, and is accepted again without its
 * white space; and when its words mean something too, there is a set with it.
 *
 * The first byte of an input picks the kind, or the record, whose key then ends at the first newline.
 */
#include "query/control_set.h"
#include "schemas/event.h"
#include "schemas/members.h"
#include "schemas/scan.h"
#include "tests/fuzz/fuzz.h"

static void expect_refusal(int rc, const struct error *e)
{
	assert(rc == ERR_BAD_CONFIG && e->code == rc && e->text[0]);
}

static void expect_texts(const struct control_texts *texts, uint32_t max, uint32_t bytes_max)
{
	assert(texts->n <= max);
	for (uint32_t i = 0; i < texts->n; i++)
		assert(texts->v[i].n && texts->v[i].n <= bytes_max && utf8_valid(texts->v[i].p, texts->v[i].n));
}

static void expect_scenario(const struct control_scenario *sc)
{
	assert(sc->chain.n <= CONTROL_CHAIN_MAX && sc->boost.n <= CONTROL_BOOSTS_MAX);
	assert(!(sc->given & SCENARIO_CHAIN) == !sc->chain.n);
	for (uint32_t i = 0; i < sc->chain.n; i++)
		assert(control_id_valid(sc->chain.v[i].strategy));
	for (uint32_t i = 0; i < sc->boost.n; i++)
		assert(sc->boost.v[i].filter.n && sc->boost.v[i].factor > 0);
	assert(sc->diversity >= 0 && sc->diversity <= 1 && sc->count <= 100 && sc->fill <= CONTROL_FILL_ANY);
}

static void expect_rule(const struct control_rule *rule)
{
	const struct control_action *a = &rule->action;

	expect_texts(&rule->placements, CONTROL_LIST_MAX, CONTROL_ID_MAX);
	expect_texts(&rule->countries, CONTROL_LIST_MAX, 64);
	expect_texts(&a->item_ids, CONTROL_ITEMS_MAX, 128);
	assert(rule->priority <= 1000 && a->effect <= CONTROL_QUOTA);
	assert(a->effect != CONTROL_PIN || (a->item_ids.n && a->position >= 1));
	assert(a->effect != CONTROL_EXCLUDE || !a->item_ids.n != !a->filter.n);
	assert(a->effect == CONTROL_PIN || a->effect == CONTROL_EXCLUDE || a->filter.n);
	assert(a->effect != CONTROL_BOOST || (a->factor > 1 && a->factor <= 100));
	assert(a->effect != CONTROL_BURY || (a->factor >= 0 && a->factor < 1));
}

static void expect_experiment(const struct control_experiment *x)
{
	unsigned weight = 0;

	assert(x->variants.n >= 2 && x->variants.n <= CONTROL_VARIANTS_MAX && control_id_valid(x->layer));
	for (uint32_t i = 0; i < x->variants.n; i++) {
		weight += x->variants.v[i].weight;
		assert(control_id_valid(x->variants.v[i].name));
		expect_scenario(&x->variants.v[i].scenario);
	}
	assert(weight && x->traffic_percent >= 0 && x->traffic_percent <= 100);
	for (uint32_t i = 0; i < x->allow.n; i++)
		assert(!x->allow.v[i].user_id.n != !x->allow.v[i].visitor_id.n && x->allow.v[i].variant.n);
}

static void expect_good(const struct control *c)
{
	switch (c->kind) {
	case CONTROL_SCENARIO:
		expect_scenario(&c->scenario);
		break;
	case CONTROL_RULE:
		expect_rule(&c->rule);
		break;
	case CONTROL_EXPERIMENT:
		expect_experiment(&c->experiment);
		break;
	case CONTROL_SEGMENT:
		assert(c->segment.filter.n || c->segment.members);
		break;
	default:
		assert(!c->offer.discount.percent != !c->offer.discount.amount_micros);
		assert(!(c->offer.item_ids.n && c->offer.filter.n) && c->offer.budget >= 0);
	}
}

static void try_meaning(enum control_kind kind, struct str json)
{
	const struct control_change change = { kind, STR("mine"), json };
	const struct control_set *set = NULL;
	struct error e = { 0 };
	int rc = control_set_with(NULL, &change, &set, &e);

	if (rc) {
		expect_refusal(rc, &e);
		return;
	}
	assert(!control_set_problem(set, kind, change.id, &e));
	control_set_release(set);
}

static void try_document(enum control_kind kind, struct str json)
{
	struct control *c = NULL, *again = NULL;
	struct error e = { 0 };
	int rc = control_parse(kind, json, &c, &e);
	struct str compact;
	char *room;

	if (rc) {
		expect_refusal(rc, &e);
		return;
	}
	expect_good(c);
	try_meaning(kind, json);
	room = xmalloc(json.n);
	compact = (struct str){ room, control_compact(json, room) };
	assert(control_is_object(compact));
	rc = control_parse(kind, compact, &again, &e);
	assert(!rc);
	control_free(again);
	control_free(c);
	free(room);
}

static void see_member(void *arg, struct str user_id)
{
	assert(user_id.n && user_id.n <= EVENT_ID_MAX && utf8_valid(user_id.p, user_id.n));
	++*(int *)arg;
}

static void try_members(const void *value, size_t n)
{
	struct error e = { 0 };
	int seen = 0, rc = members_decode(value, n, see_member, &seen, &e);

	if (rc < 0)
		expect_refusal(rc, &e);
	assert(seen <= MEMBERS_MAX && (rc < 0 || rc == seen));
}

static void try_record(struct str input)
{
	const char *end = input.n ? memchr(input.p, '\n', input.n) : NULL;
	struct str key = { input.p, end ? (uint32_t)(end - input.p) : input.n };
	size_t from = end ? key.n + 1u : input.n;
	struct control_record rec;
	struct error e = { 0 };
	struct str segment;
	int rc;

	if (members_key(key, &segment)) {
		try_members(input.p + from, input.n - from);
		return;
	}
	rc = control_record_decode(key, input.p + from, input.n - from, &rec, &e);
	if (rc) {
		expect_refusal(rc, &e);
		return;
	}
	assert(rec.kind < CONTROL_KIND_COUNT && control_id_valid(rec.id));
	assert(rec.replaces >= CONTROL_REPLACES_ANY && rec.replaces < (int64_t)CONTROL_REVISION_MAX);
	assert(!rec.document.n || control_is_object(rec.document));
	assert(strlen(rec.changed_by) <= CONTROL_BY_MAX);
}

/* By the first byte of what is kept in the corpus. */
static const enum control_kind kinds[CONTROL_KIND_COUNT] = { CONTROL_SCENARIO, CONTROL_RULE,  CONTROL_EXPERIMENT,
							     CONTROL_SEGMENT,  CONTROL_OFFER, CONTROL_PROMOTION };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	unsigned which;
	char *copy;

	if (!n)
		return 0;
	which = bytes[0] % (CONTROL_KIND_COUNT + 1);
	copy = exact_copy(bytes + 1, n - 1);
	if (which < CONTROL_KIND_COUNT)
		try_document(kinds[which], (struct str){ copy, (uint32_t)(n - 1) });
	else
		try_record((struct str){ copy, (uint32_t)(n - 1) });
	free(copy);
	return 0;
}
