/* What a document of each kind may say. */
#include "schemas/control_internal.h"

#include <stdio.h>

#define PRICE_MAX 100000000.0
#define BUDGET_MAX 1e9
#define PEOPLE_MAX 1e9

const char *const control_input_names[] = { "userId",   "visitorId", "sessionId", "itemIds", "sessionItems",
					    "category", "query",     "context",   NULL };
static const char *const fills[] = { "" /* default */, "none", "filtered", "any", NULL };
static const char *const statuses[] = { "draft", "running", "stopped", NULL };
static const char *const metrics[] = { "ctr", "conversion", "revenuePerSession", NULL };

#define SHAPE(name, type, settle_) \
	static const struct shape name = { name##_members, ARRAY_SIZE(name##_members), sizeof(type), settle_ }
#define AT(type, member) offsetof(type, member)

static const struct member item_id = { .read = control__id, .max = 128 };
static const struct member slug = { .read = control__slug, .max = CONTROL_ID_MAX };
static const struct member category = { .read = control__id, .max = 256 };
static const struct member country = { .read = control__id, .max = 64 };
static const struct member input = { .read = control__id, .max = 32 };

/* ---- scenario ---- */

static const struct member link_members[] = {
	{ "strategy", control__slug, AT(struct control_link, strategy), 0, CONTROL_ID_MAX, NULL, MEMBER_REQUIRED },
	{ "share", control__count, AT(struct control_link, share), 0, 1000, NULL, 0 },
};
SHAPE(link, struct control_link, NULL);

static const struct member factor_members[] = {
	{ "filter", control__id, AT(struct control_boost, filter), 0, CONTROL_FILTER_MAX, NULL, MEMBER_REQUIRED },
	{ "factor", control__number, AT(struct control_boost, factor), 0, 1000, NULL,
	  MEMBER_REQUIRED | MEMBER_ABOVE_MIN },
};
SHAPE(factor, struct control_boost, NULL);

static int settle_scenario(struct control_reader *r, void *into, uint32_t given)
{
	struct control_scenario *sc = into;

	sc->given = given & 0xff;
	for (uint32_t i = 0; i < sc->requires.n; i++) {
		unsigned k = 0;

		while (control_input_names[k] && !str_eq(sc->requires.v[i], str_of(control_input_names[k])))
			k++;
		if (!control_input_names[k])
			return control__fail(r, "requires", "names '%.*s', which is no input",
					     STR_FMT(sc->requires.v[i]));
	}
	return 0;
}

/* In the order of the SCENARIO_ bits. */
#define SCENARIO_MEMBERS(type, at, chain_flags) \
	{ \
		"chain", control__objects, at + AT(struct control_scenario, chain), 1, CONTROL_CHAIN_MAX, \
		&link,   chain_flags \
	}, \
		{ "requires", control__texts, at + AT(struct control_scenario, requires), 0, 8, &input, 0 }, \
		{ "filter", control__text, at + AT(struct control_scenario, filter), 0, CONTROL_FILTER_MAX, NULL, 0 }, \
		{ "diversity", control__number, at + AT(struct control_scenario, diversity), 0, 1, NULL, 0 }, \
		{ "minScore", control__number, at + AT(struct control_scenario, min_score), -1e9, 1e9, NULL, 0 }, \
		{ "count", control__count, at + AT(struct control_scenario, count), 1, 100, NULL, 0 }, \
		{ "boost", control__objects, at + AT(struct control_scenario, boost), 0, CONTROL_BOOSTS_MAX, &factor, 0 }, \
	{ \
		"fill", control__choice, at + AT(struct control_scenario, fill), 0, 0, fills, 0 \
	}

static const struct member part_members[] = { SCENARIO_MEMBERS(struct control_scenario, 0, 0) };
SHAPE(part, struct control_scenario, settle_scenario);

#define COMMON_MEMBERS \
	{ "name", control__text, AT(struct control, name), 0, CONTROL_NAME_MAX, NULL, 0 }, \
		{ "description", control__text, AT(struct control, description), 0, CONTROL_DESCRIPTION_MAX, NULL, 0 }, \
	{ \
		"enabled", control__bool, AT(struct control, enabled), 0, 0, NULL, 0 \
	}

static int settle_whole_scenario(struct control_reader *r, void *into, uint32_t given)
{
	struct control *c = into;

	return settle_scenario(r, &c->scenario, given);
}

static const struct member scenario_members[] = {
	SCENARIO_MEMBERS(struct control, AT(struct control, scenario), MEMBER_REQUIRED),
	COMMON_MEMBERS,
};
SHAPE(scenario, struct control, settle_whole_scenario);

/* ---- rule ---- */

static const struct member exclude_members[] = {
	{ "itemIds", control__texts, AT(struct control_action, item_ids), 1, CONTROL_ITEMS_MAX, &item_id, 0 },
	{ "filter", control__id, AT(struct control_action, filter), 0, CONTROL_FILTER_MAX, NULL, 0 },
};
static int settle_exclude(struct control_reader *r, void *into, uint32_t given)
{
	(void)into;
	return given == 1 || given == 2 ? 0 : control__fail(r, NULL, "needs either itemIds or filter");
}
SHAPE(exclude, struct control_action, settle_exclude);

static const struct member boost_members[] = {
	{ "filter", control__id, AT(struct control_action, filter), 0, CONTROL_FILTER_MAX, NULL, MEMBER_REQUIRED },
	{ "factor", control__number, AT(struct control_action, factor), 1, 100, NULL,
	  MEMBER_REQUIRED | MEMBER_ABOVE_MIN },
};
SHAPE(boost, struct control_action, NULL);

static const struct member bury_members[] = {
	{ "filter", control__id, AT(struct control_action, filter), 0, CONTROL_FILTER_MAX, NULL, MEMBER_REQUIRED },
	{ "factor", control__number, AT(struct control_action, factor), 0, 1, NULL,
	  MEMBER_REQUIRED | MEMBER_BELOW_MAX },
};
SHAPE(bury, struct control_action, NULL);

static const struct member pin_members[] = {
	{ "itemIds", control__texts, AT(struct control_action, item_ids), 1, CONTROL_PINS_MAX, &item_id,
	  MEMBER_REQUIRED },
	{ "position", control__count, AT(struct control_action, position), 1, 100, NULL, 0 },
};
static int settle_pin(struct control_reader *r, void *into, uint32_t given)
{
	struct control_action *a = into;

	(void)r;
	if (!(given & 2))
		a->position = 1;
	return 0;
}
SHAPE(pin, struct control_action, settle_pin);

static const struct member quota_members[] = {
	{ "filter", control__id, AT(struct control_action, filter), 0, CONTROL_FILTER_MAX, NULL, MEMBER_REQUIRED },
	{ "max", control__count, AT(struct control_action, max), 0, 100, NULL, MEMBER_REQUIRED },
};
SHAPE(quota, struct control_action, NULL);

/* In the order of enum control_effect; the objects fill the action itself. */
static const struct member action_members[] = {
	{ "filter", control__id, AT(struct control_action, filter), 0, CONTROL_FILTER_MAX, NULL, 0 },
	{ "exclude", control__inside, 0, 0, 0, &exclude, 0 },
	{ "boost", control__inside, 0, 0, 0, &boost, 0 },
	{ "bury", control__inside, 0, 0, 0, &bury, 0 },
	{ "pin", control__inside, 0, 0, 0, &pin, 0 },
	{ "quota", control__inside, 0, 0, 0, &quota, 0 },
};
static int settle_action(struct control_reader *r, void *into, uint32_t given)
{
	struct control_action *a = into;

	if (__builtin_popcount(given) != 1)
		return control__fail(r, NULL, "needs exactly one of filter, exclude, boost, bury, pin, quota");
	a->effect = (enum control_effect)__builtin_ctz(given);
	return 0;
}
SHAPE(action, struct control_action, settle_action);

static int check_period(struct control_reader *r, int64_t from_ms, int64_t to_ms)
{
	if (from_ms != CONTROL_TIME_NONE && to_ms != CONTROL_TIME_NONE && from_ms >= to_ms)
		return control__fail(r, "to", "is not after from");
	return 0;
}

static int settle_rule(struct control_reader *r, void *into, uint32_t given)
{
	struct control *c = into;

	(void)given;
	return check_period(r, c->rule.from_ms, c->rule.to_ms);
}

static const struct member rule_members[] = {
	COMMON_MEMBERS,
	{ "placements", control__texts, AT(struct control, rule.placements), 0, CONTROL_LIST_MAX, &slug, 0 },
	{ "categories", control__texts, AT(struct control, rule.categories), 0, CONTROL_LIST_MAX, &category, 0 },
	{ "segments", control__texts, AT(struct control, rule.segments), 0, CONTROL_LIST_MAX, &slug, 0 },
	{ "countries", control__texts, AT(struct control, rule.countries), 0, CONTROL_LIST_MAX, &country, 0 },
	{ "from", control__time, AT(struct control, rule.from_ms), 0, 0, NULL, 0 },
	{ "to", control__time, AT(struct control, rule.to_ms), 0, 0, NULL, 0 },
	{ "priority", control__count, AT(struct control, rule.priority), 0, 1000, NULL, 0 },
	{ "action", control__inside, AT(struct control, rule.action), 0, 0, &action, MEMBER_REQUIRED },
};
SHAPE(rule, struct control, settle_rule);

/* ---- experiment ---- */

static const struct member variant_members[] = {
	{ "name", control__slug, AT(struct control_variant, name), 0, CONTROL_VARIANT_NAME_MAX, NULL, MEMBER_REQUIRED },
	{ "weight", control__count, AT(struct control_variant, weight), 0, CONTROL_WEIGHT_MAX, NULL, MEMBER_REQUIRED },
	{ "scenario", control__inside, AT(struct control_variant, scenario), 0, 0, &part, 0 },
};
SHAPE(variant, struct control_variant, NULL);

static const struct member allowed_members[] = {
	{ "userId", control__id, AT(struct control_allowed, user_id), 0, 128, NULL, 0 },
	{ "visitorId", control__id, AT(struct control_allowed, visitor_id), 0, 128, NULL, 0 },
	{ "variant", control__slug, AT(struct control_allowed, variant), 0, CONTROL_VARIANT_NAME_MAX, NULL,
	  MEMBER_REQUIRED },
};
static int settle_allowed(struct control_reader *r, void *into, uint32_t given)
{
	(void)into;
	return (given & 3) == 1 || (given & 3) == 2 ? 0 : control__fail(r, NULL, "needs either userId or visitorId");
}
SHAPE(allowed, struct control_allowed, settle_allowed);

static const struct member guard_members[] = {
	{ "metric", control__choice, AT(struct control_guard, metric), 0, 0, metrics, MEMBER_REQUIRED },
	{ "maxLossPercent", control__number, AT(struct control_guard, max_loss_percent), 0, 100, NULL,
	  MEMBER_REQUIRED },
};
SHAPE(guard, struct control_guard, NULL);

static bool has_variant(const struct control_experiment *x, struct str name, uint32_t first_n)
{
	for (uint32_t i = 0; i < first_n; i++)
		if (str_eq(x->variants.v[i].name, name))
			return true;
	return false;
}

static int settle_experiment(struct control_reader *r, void *into, uint32_t given)
{
	const struct control_experiment *x = &((struct control *)into)->experiment;
	char path[48];
	unsigned weight = 0;

	(void)given;
	for (uint32_t i = 0; i < x->variants.n; i++) {
		struct str name = x->variants.v[i].name;

		weight += x->variants.v[i].weight;
		snprintf(path, sizeof(path), "variants[%u].name", i);
		if (str_eq(name, STR(CONTROL_HOLDOUT)))
			return control__fail(r, path, "may not be '" CONTROL_HOLDOUT "'");
		if (has_variant(x, name, i))
			return control__fail(r, path, "is there twice");
	}
	if (!weight)
		return control__fail(r, "variants", "have no weight at all");
	for (uint32_t i = 0; i < x->allow.n; i++) {
		struct str name = x->allow.v[i].variant;

		snprintf(path, sizeof(path), "allowList[%u].variant", i);
		if (!str_eq(name, STR(CONTROL_HOLDOUT)) && !has_variant(x, name, x->variants.n))
			return control__fail(r, path, "is no variant of this experiment");
	}
	if (x->started_ms != CONTROL_TIME_NONE && x->stopped_ms != CONTROL_TIME_NONE && x->stopped_ms < x->started_ms)
		return control__fail(r, "stoppedAt", "is before startedAt");
	return 0;
}

#define EXPERIMENT(member) AT(struct control, experiment.member)

static const struct member experiment_members[] = {
	COMMON_MEMBERS,
	{ "layer", control__slug, EXPERIMENT(layer), 0, CONTROL_ID_MAX, NULL, 0 },
	{ "status", control__choice, EXPERIMENT(status), 0, 0, statuses, 0 },
	{ "placements", control__texts, EXPERIMENT(placements), 0, CONTROL_LIST_MAX, &slug, 0 },
	{ "variants", control__objects, EXPERIMENT(variants), 2, CONTROL_VARIANTS_MAX, &variant, MEMBER_REQUIRED },
	{ "traffic", control__number, EXPERIMENT(traffic_percent), 0, 100, NULL, 0 },
	{ "holdout", control__number, EXPERIMENT(holdout_percent), 0, 100, NULL, 0 },
	{ "allowList", control__objects, EXPERIMENT(allow), 0, CONTROL_ALLOW_MAX, &allowed, 0 },
	{ "primary", control__choice, EXPERIMENT(primary), 0, 0, metrics, 0 },
	{ "minimumPeople", control__count, EXPERIMENT(minimum_people), 0, PEOPLE_MAX, NULL, 0 },
	{ "minimumDays", control__count, EXPERIMENT(minimum_days), 0, 365, NULL, 0 },
	{ "guardRails", control__objects, EXPERIMENT(guards), 0, CONTROL_GUARDS_MAX, &guard, 0 },
	{ "startedAt", control__time, EXPERIMENT(started_ms), 0, 0, NULL, 0 },
	{ "stoppedAt", control__time, EXPERIMENT(stopped_ms), 0, 0, NULL, 0 },
};
SHAPE(experiment, struct control, settle_experiment);

/* ---- segment ---- */

static int settle_segment(struct control_reader *r, void *into, uint32_t given)
{
	const struct control_segment *s = &((struct control *)into)->segment;

	(void)given;
	return s->filter.n || s->members ? 0 : control__fail(r, "filter", "is missing, and members is not true");
}

static const struct member segment_members[] = {
	COMMON_MEMBERS,
	{ "filter", control__id, AT(struct control, segment.filter), 0, CONTROL_FILTER_MAX, NULL, 0 },
	{ "members", control__bool, AT(struct control, segment.members), 0, 0, NULL, 0 },
};
SHAPE(segment, struct control, settle_segment);

/* ---- offer, promotion ---- */

static const struct member discount_members[] = {
	{ "percent", control__number, AT(struct control_discount, percent), 0, 100, NULL, MEMBER_ABOVE_MIN },
	{ "amount", control__micros, AT(struct control_discount, amount_micros), 0, PRICE_MAX, NULL, 0 },
	{ "currency", control__id, AT(struct control_discount, currency), 0, 3, NULL, 0 },
};
static int settle_discount(struct control_reader *r, void *into, uint32_t given)
{
	const struct control_discount *d = into;

	if ((given & 3) != 1 && (given & 3) != 2)
		return control__fail(r, NULL, "needs either percent or amount");
	if (given & 4 && given & 1)
		return control__fail(r, "currency", "goes with amount only");
	for (uint32_t i = 0; given & 4 && i < 3; i++)
		if (d->currency.n != 3 || d->currency.p[i] < 'A' || d->currency.p[i] > 'Z')
			return control__fail(r, "currency", "is not three letters as in EUR");
	return 0;
}
SHAPE(discount, struct control_discount, settle_discount);

static int settle_offer(struct control_reader *r, void *into, uint32_t given)
{
	const struct control_offer *o = &((struct control *)into)->offer;

	(void)given;
	if (o->item_ids.n && o->filter.n)
		return control__fail(r, "filter", "and itemIds are both there");
	return check_period(r, o->from_ms, o->to_ms);
}

#define OFFER_MEMBERS \
	COMMON_MEMBERS, \
		{ "segments", control__texts, AT(struct control, offer.segments), 0, CONTROL_LIST_MAX, &slug, 0 }, \
		{ "discount", control__inside, AT(struct control, offer.discount), 0, 0, &discount, MEMBER_REQUIRED }, \
		{ "from", control__time, AT(struct control, offer.from_ms), 0, 0, NULL, 0 }, \
		{ "to", control__time, AT(struct control, offer.to_ms), 0, 0, NULL, 0 }, \
		{ "budget", control__whole, AT(struct control, offer.budget), 1, BUDGET_MAX, NULL, 0 }, \
		{ "oncePerPerson", control__bool, AT(struct control, offer.once_per_person), 0, 0, NULL, 0 }, \
		{ "itemIds", control__texts, AT(struct control, offer.item_ids), 1, CONTROL_ITEMS_MAX, &item_id, 0 }, \
	{ \
		"filter", control__id, AT(struct control, offer.filter), 0, CONTROL_FILTER_MAX, NULL, 0 \
	}

static const struct member offer_members[] = {
	OFFER_MEMBERS,
	{ "code", control__id, AT(struct control, offer.code), 0, 64, NULL, 0 },
};
SHAPE(offer, struct control, settle_offer);

static const struct member promotion_members[] = { OFFER_MEMBERS };
SHAPE(promotion, struct control, settle_offer);

const struct shape *const control_shapes[CONTROL_KIND_COUNT] = {
	[CONTROL_SCENARIO] = &scenario, [CONTROL_RULE] = &rule,   [CONTROL_EXPERIMENT] = &experiment,
	[CONTROL_SEGMENT] = &segment,   [CONTROL_OFFER] = &offer, [CONTROL_PROMOTION] = &promotion,
};
