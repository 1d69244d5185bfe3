#include "query/route_explain.h"

#include "query/json_keys.h"

static void write_pair(struct json_out *j, const struct explanation *why)
{
	key_int(j, "together", why->together);
	key_int(j, "itemTotal", why->item_total);
	key_int(j, "otherTotal", why->other_total);
	key_number(j, "score", why->pair_score);
	key_text(j, "measure", why->measure);
	if (why->with.n)
		key_str(j, "with", why->with);
}

static void write_trend(struct json_out *j, const struct explanation *why)
{
	key_number(j, "recent", why->recent);
	key_number(j, "before", why->before);
}

static void write_sales(struct json_out *j, const struct explanation *why)
{
	key_int(j, "units", why->units);
	key_int(j, "days", why->days);
}

static void write_person(struct json_out *j, const struct explanation *why)
{
	key_time(j, "lastAt", why->last_ms);
	key_int(j, "times", why->times);
	if (why->interval_days > 0)
		key_number(j, "intervalDays", why->interval_days);
}

static void write_interest(struct json_out *j, const struct explanation *why)
{
	key_number(j, "taste", why->taste);
	if (why->with.n) {
		key_int(j, "together", why->together);
		key_str(j, "with", why->with);
	} else {
		write_sales(j, why);
	}
}

/* What the set is and costs stands beside the explanation. */
static void write_bundle(struct json_out *j, const struct explanation *why)
{
	key_int(j, "together", why->together);
}

static void write_segment(struct json_out *j, const struct explanation *why)
{
	key_str(j, "segment", why->with);
	key_int(j, "people", why->segment_people);
}

static void write_people(struct json_out *j, const struct explanation *why)
{
	key_int(j, "people", why->people.n);
	key_int(j, "peopleOf", why->people.of);
	key_int(j, "itemsInCommon", why->people.shared);
}

static void write_search(struct json_out *j, const struct explanation *why)
{
	key_int(j, "clicks", why->searched.clicks);
	key_int(j, "orders", why->searched.orders);
}

static void write_session(struct json_out *j, const struct explanation *why)
{
	key_int(j, "sessions", why->sessions);
	key_int(j, "sessionsOf", why->sessions_of);
	key_int(j, "shared", why->shared);
	key_int(j, "followed", why->followed);
	key_number(j, "share", why->share);
	if (why->back >= 0)
		key_number(j, "revisitRate", why->back);
}

static void write_similar(struct json_out *j, const struct explanation *why)
{
	static const char *const names[TERM_KIND_COUNT] = {
		[TERM_CATEGORY] = "categories",  [TERM_BRAND] = "brand",
		[TERM_ATTRIBUTE] = "attributes", [TERM_TAG] = "tags",
		[TERM_PRICE] = "price",          [TERM_TITLE] = "title",
	};

	json_out_key(j, "sharedTerms");
	json_out_object(j);
	for (int kind = 0; kind < TERM_KIND_COUNT; kind++)
		if (why->similar.shared[kind])
			key_int(j, names[kind], why->similar.shared[kind]);
	json_out_end_object(j);
	key_number(j, "sharedWeight", why->similar.shared_weight);
	key_number(j, "itemWeight", why->similar.item_weight);
	key_number(j, "otherWeight", why->similar.other_weight);
	key_number(j, "score", why->pair_score);
	key_text(j, "measure", why->measure);
	key_str(j, "with", why->with);
}

static void write_rating(struct json_out *j, const struct explanation *why)
{
	key_number(j, "rating", why->rated.rating);
	key_int(j, "ratingCount", why->rated.count);
	key_number(j, "priorRating", why->rated.prior.rating);
	key_number(j, "priorCount", why->rated.prior.count);
}

static void write_arrival(struct json_out *j, const struct explanation *why)
{
	key_time(j, "availableFrom", why->available_from_ms);
}

static void write_season(struct json_out *j, const struct explanation *why)
{
	key_int(j, "units", why->units);
	key_number(j, "averageUnits", why->before);
	key_int(j, "days", why->days);
	key_bool(j, "inSeason", why->season_named);
}

static void write_step_up(struct json_out *j, const struct explanation *why)
{
	key_str(j, "with", why->with);
	key_number(j, "score", why->pair_score);
	key_number(j, "priceRatio", why->step_up.price_ratio);
	if (why->step_up.rating > 0)
		key_number(j, "rating", why->step_up.rating);
	if (why->step_up.with_rating > 0)
		key_number(j, "withRating", why->step_up.with_rating);
}

static void write_shipping(struct json_out *j, const struct explanation *why)
{
	key_int(j, "leadTimeHours", why->shipping.hours);
	key_int(j, "quantity", why->shipping.quantity);
	if (why->with.n)
		key_str(j, "location", why->with);
}

static void (*const writers[])(struct json_out *j, const struct explanation *why) = {
	[EXPLAIN_PAIR] = write_pair,       [EXPLAIN_TREND] = write_trend,       [EXPLAIN_SALES] = write_sales,
	[EXPLAIN_PERSON] = write_person,   [EXPLAIN_SESSION] = write_session,   [EXPLAIN_SIMILAR] = write_similar,
	[EXPLAIN_RATING] = write_rating,   [EXPLAIN_ARRIVAL] = write_arrival,   [EXPLAIN_SEASON] = write_season,
	[EXPLAIN_STEP_UP] = write_step_up, [EXPLAIN_INTEREST] = write_interest, [EXPLAIN_PEOPLE] = write_people,
	[EXPLAIN_SEARCH] = write_search,   [EXPLAIN_BUNDLE] = write_bundle,     [EXPLAIN_SHIPPING] = write_shipping,
	[EXPLAIN_SEGMENT] = write_segment,
};

void effect_write(struct json_out *j, const struct rule_effect *effect)
{
	static const char *const names[] = {
		[RULE_PINNED] = "pinned",     [RULE_BOOSTED] = "boosted",   [RULE_BURIED] = "buried",
		[RULE_FILTERED] = "filtered", [RULE_EXCLUDED] = "excluded", [RULE_QUOTA_FULL] = "quota",
	};

	json_out_object(j);
	key_text(j, "rule", effect->rule);
	key_text(j, "what", names[effect->what]);
	if (effect->what == RULE_BOOSTED || effect->what == RULE_BURIED)
		key_number(j, "factor", effect->factor);
	if (effect->what == RULE_PINNED)
		key_int(j, "position", effect->position);
	json_out_end_object(j);
}

void explanation_write(struct json_out *j, const struct recommended *r)
{
	json_out_object(j);
	if ((size_t)r->why.kind < ARRAY_SIZE(writers) && writers[r->why.kind])
		writers[r->why.kind](j, &r->why);
	if (r->effect_n) {
		json_out_key(j, "rules");
		json_out_array(j);
		for (unsigned i = 0; i < r->effect_n; i++)
			effect_write(j, &r->effects[i]);
		json_out_end_array(j);
	}
	json_out_end_object(j);
}
