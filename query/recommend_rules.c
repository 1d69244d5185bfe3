#include "query/control_internal.h"
#include "views/ids.h"

#include <math.h>
#include <stdlib.h>

#define FACTOR_MAX 1e100 /* a score times this is still a number, and 0 times it is 0 */

void rules_fini(struct rules_on *on)
{
	free(on->pins);
	free(on->loose);
	free(on->holds);
	free(on->seen);
	free(on->quota_of);
	*on = (struct rules_on){ 0 };
}

/* ---- which hold ---- */

static void make_room(struct rules_on *on, unsigned n)
{
	if (n <= on->room)
		return;
	rules_fini(on);
	on->room = n;
	on->pins = xcalloc(n, sizeof(*on->pins));
	on->loose = xcalloc(n, sizeof(*on->loose));
	on->seen = xcalloc(n, sizeof(*on->seen));
	on->quota_of = xcalloc(n, sizeof(*on->quota_of));
	on->holds = xcalloc(n / 64 + 1, sizeof(*on->holds));
}

static void mark(struct asking *q, struct str placement, struct str category)
{
	const struct control_entry *v;
	uint32_t n = control_map_get(&q->set->by_place, control_place_key(placement, category), &v);

	for (uint32_t i = 0; i < n; i++)
		q->a->rules.holds[v[i].value / 64] |= UINT64_C(1) << v[i].value % 64;
}

static void mark_categories(struct asking *q, struct str placement)
{
	struct str category = q->a->conditions.category;

	mark(q, placement, STR(""));
	for (struct str at = { 0 }; category_next(category, &at);)
		mark(q, placement, at);
}

static bool in_country(const struct control_texts *countries, struct str country)
{
	for (uint32_t i = 0; i < countries->n; i++)
		if (str_alike(countries->v[i], country))
			return true;
	return countries->n == 0;
}

/* 1, 0 or an error. */
static int holds(struct asking *q, const struct control_rule *rule)
{
	if ((rule->from_ms != CONTROL_TIME_NONE && q->now_ms < rule->from_ms) ||
	    (rule->to_ms != CONTROL_TIME_NONE && q->now_ms >= rule->to_ms))
		return 0;
	if (!in_country(&rule->countries, q->rq->country))
		return 0;
	return rule->segments.n ? segments_hold(q, &rule->segments) : 1;
}

/* False: it is passed over. */
static bool sort_out(struct asking *q, uint32_t place)
{
	struct rules_on *on = &q->a->rules;
	const struct control_doc *d = q->set->rules.v[place];
	enum control_effect effect = d->is->rule.action.effect;

	if (effect == CONTROL_PIN) {
		on->pins[on->pin_n++] = place;
		return true;
	}
	if (!d->has_filter) {
		on->excludes_items = true;
		return true;
	}
	if (effect == CONTROL_QUOTA) {
		if (on->quota_n == RULE_QUOTAS_MAX)
			return false;
		on->quota_of[place] = (uint8_t)on->quota_n;
		on->quotas[on->quota_n++] = place;
	}
	on->scores |= effect == CONTROL_BOOST || effect == CONTROL_BURY;
	if (q->set->is_anchored[place])
		on->has_anchored = true;
	else
		on->loose[on->loose_n++] = place;
	return true;
}

static int take(struct asking *q, uint32_t place)
{
	int rc = holds(q, &q->set->rules.v[place]->is->rule);

	if (rc <= 0 || !sort_out(q, place))
		q->a->rules.holds[place / 64] &= ~(UINT64_C(1) << place % 64);
	return rc < 0 ? rc : 0;
}

int rules_match(struct asking *q)
{
	struct rules_on *on = &q->a->rules;
	unsigned n = q->set ? q->set->rules.n : 0, words = (n + 63) / 64;
	int rc = 0;

	on->pin_n = on->loose_n = on->quota_n = 0;
	on->excludes_items = on->has_anchored = on->scores = on->dropped = false;
	q->verdict = (struct verdict){ .item = ID_NONE, .passes = true, .factor = 1 };
	if (!n)
		return 0;
	make_room(on, n);
	memset(on->holds, 0, words * sizeof(*on->holds));
	mark_categories(q, STR(""));
	mark_categories(q, str_of(q->scenario->slug));
	for (unsigned w = 0; w < words; w++)
		for (uint64_t left = on->holds[w]; left && !rc; left &= left - 1)
			rc = take(q, w * 64 + (unsigned)__builtin_ctzll(left));
	return rc;
}

/* ---- what they do ---- */

static void note(struct asking *q, uint32_t item, const struct control_doc *d, enum rule_effect_kind what)
{
	struct rule_trace *trace = q->rq->trace;

	if (!trace || trace->n == RULE_TRACE_MAX)
		return;
	for (unsigned i = 0; i < trace->n; i++)
		if (trace->v[i].item == item && trace->v[i].effect.rule == d->id)
			return;
	trace->v[trace->n].item = item;
	trace->v[trace->n++].effect = (struct rule_effect){ .rule = d->id, .what = what };
}

static bool is_met(const struct control_doc *d, const struct filter_item *about)
{
	return filter_matches(d->pool, d->filter, about);
}

bool rules_look(const struct asking *q)
{
	return q->a->rules.loose_n || q->a->rules.has_anchored;
}

static bool does_hold(const struct rules_on *on, uint32_t place)
{
	return on->holds[place / 64] >> place % 64 & 1;
}

bool rules_exclude(struct asking *q, uint32_t item)
{
	const struct rules_on *on = &q->a->rules;
	const struct control_entry *v;
	uint32_t n;

	if (!on->excludes_items)
		return false;
	n = control_map_get(&q->set->by_item, control_hash(snap_item_name(q->sn, item)), &v);
	for (uint32_t i = 0; i < n; i++)
		if (does_hold(on, v[i].value)) {
			note(q, item, q->set->rules.v[v[i].value], RULE_EXCLUDED);
			return true;
		}
	return false;
}

static void try_rule(struct asking *q, uint32_t place, const struct filter_item *about)
{
	const struct control_doc *d = q->set->rules.v[place];
	const struct control_action *action = &d->is->rule.action;
	struct verdict *v = &q->verdict;
	bool is_true = is_met(d, about);

	if (action->effect == CONTROL_FILTER ? !is_true : is_true && action->effect == CONTROL_EXCLUDE) {
		note(q, v->item, d, is_true ? RULE_EXCLUDED : RULE_FILTERED);
		v->passes = false;
	} else if (is_true && action->effect == CONTROL_QUOTA) {
		v->quotas |= UINT64_C(1) << q->a->rules.quota_of[place];
	} else if (is_true && (action->effect == CONTROL_BOOST || action->effect == CONTROL_BURY)) {
		v->factor = fmin(v->factor * action->factor, FACTOR_MAX);
	}
}

static void try_anchored(struct asking *q, enum filter_anchor anchor, struct str value, const struct filter_item *about)
{
	struct rules_on *on = &q->a->rules;
	const struct control_entry *v;
	uint32_t n = value.n ? control_map_get(&q->set->by_anchor, control_anchor_key(anchor, value), &v) : 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!does_hold(on, v[i].value) || on->seen[v[i].value] == on->stamp)
			continue;
		on->seen[v[i].value] = on->stamp;
		try_rule(q, v[i].value, about);
	}
}

static void try_categories(struct asking *q, const struct filter_item *about)
{
	const struct str_list *categories = &about->record->categories;

	for (uint32_t i = 0; i < categories->n; i++)
		for (struct str at = { 0 }; category_next(categories->v[i], &at);)
			try_anchored(q, ANCHOR_CATEGORY, at, about);
}

void rules_judge(struct asking *q, uint32_t item, const struct filter_item *about)
{
	struct rules_on *on = &q->a->rules;

	q->verdict = (struct verdict){ .item = item, .passes = true, .factor = 1 };
	for (unsigned i = 0; i < on->loose_n; i++)
		try_rule(q, on->loose[i], about);
	if (!on->has_anchored)
		return;
	on->stamp++;
	try_anchored(q, ANCHOR_ITEM_ID, about->item_id, about);
	if (!about->record)
		return;
	try_anchored(q, ANCHOR_BRAND, about->record->brand, about);
	try_categories(q, about);
	for (uint32_t i = 0; i < about->record->tags.n; i++)
		try_anchored(q, ANCHOR_TAG, about->record->tags.v[i], about);
}

void rules_count_begin(struct asking *q)
{
	memset(q->a->rules.counts, 0, sizeof(q->a->rules.counts));
}

bool rules_count(struct asking *q, const struct candidate *c)
{
	struct rules_on *on = &q->a->rules;

	for (uint64_t left = c->pinned_by ? 0 : c->quotas; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		const struct control_doc *d = q->set->rules.v[on->quotas[i]];

		if (on->counts[i] < d->is->rule.action.max)
			continue;
		note(q, c->item, d, RULE_QUOTA_FULL);
		on->dropped = true;
		return false;
	}
	for (uint64_t left = c->quotas; left; left &= left - 1)
		on->counts[__builtin_ctzll(left)]++;
	return true;
}

/* On this page until it is full of them; and on later ones, which are taken so that they stand on none before theirs. */
static int pin(struct asking *q, const struct control_doc *d, unsigned taken[2])
{
	const struct control_action *action = &d->is->rule.action;
	const unsigned most[] = { q->count < RECOMMEND_PINS_MAX ? q->count : RECOMMEND_PINS_MAX, RECOMMEND_PINS_MAX };

	for (uint32_t i = 0; i < action->item_ids.n; i++) {
		unsigned rank = action->position + i, before = q->pin_n;
		bool later = rank > q->rq->rank_before + q->count;
		int rc = taken[later] < most[later] ? pin_take(q, action->item_ids.v[i], rank, d->id) : 0;

		if (rc)
			return rc;
		taken[later] += q->pin_n - before;
	}
	return 0;
}

int rules_pin(struct asking *q)
{
	const struct rules_on *on = &q->a->rules;
	unsigned taken[2] = { 0 };
	int rc = 0;

	for (unsigned i = 0; i < on->pin_n && !rc; i++)
		rc = pin(q, q->set->rules.v[on->pins[i]], taken);
	return rc;
}

/* ---- what they did ---- */

static void add_effect(struct recommended *r, struct rule_effect effect)
{
	if (r->effect_n < RULE_EFFECTS_MAX)
		r->effects[r->effect_n++] = effect;
}

int rules_explain(struct asking *q, const struct candidate *c, struct recommended *r)
{
	const struct rules_on *on = &q->a->rules;
	struct filter_item about;
	int rc;

	if (c->pinned_by)
		add_effect(r,
			   (struct rule_effect){ .rule = c->pinned_by, .what = RULE_PINNED, .position = c->pinned_at });
	if (c->pinned_by || !on->scores)
		return 0;
	rc = shelf_look(q, c->item, &about);
	for (uint32_t place = 0; place < q->set->rules.n && rc >= 0; place++) {
		const struct control_doc *d = q->set->rules.v[place];
		const struct control_action *action = &d->is->rule.action;
		bool is_boost = action->effect == CONTROL_BOOST;

		if ((is_boost || action->effect == CONTROL_BURY) && does_hold(on, place) && is_met(d, &about))
			add_effect(r, (struct rule_effect){ .rule = d->id,
							    .what = is_boost ? RULE_BOOSTED : RULE_BURIED,
							    .factor = action->factor });
	}
	return rc < 0 ? rc : 0;
}
