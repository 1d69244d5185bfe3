#include "query/route_answer.h"

#include "query/route_next.h"
#include "schemas/decode.h"
#include "views/catalog_json.h"
#include "views/view.h"

#include <xxhash.h>

static void key_text(struct json_out *j, const char *key, const char *text)
{
	json_out_key(j, key);
	if (text)
		json_out_text(j, text);
	else
		json_out_null(j);
}

static void key_int(struct json_out *j, const char *key, int64_t v)
{
	json_out_key(j, key);
	json_out_int(j, v);
}

static void key_number(struct json_out *j, const char *key, double v)
{
	json_out_key(j, key);
	json_out_number(j, v);
}

static void key_bool(struct json_out *j, const char *key, bool v)
{
	json_out_key(j, key);
	json_out_bool(j, v);
}

static void key_time(struct json_out *j, const char *key, int64_t t_ms)
{
	char text[32];

	if (t_ms != TIME_NONE)
		format_rfc3339(t_ms, text);
	key_text(j, key, t_ms == TIME_NONE ? NULL : text);
}

void stock_write(struct json_out *j, const struct stock_level *stock, bool low)
{
	json_out_object(j);
	key_text(j, "level",
		 !stock->known          ? "unknown"
		 : stock->quantity <= 0 ? "out-of-stock"
		 : low                  ? "low"
					: "in-stock");
	json_out_key(j, "quantity");
	if (stock->known)
		json_out_int(j, stock->quantity);
	else
		json_out_null(j);
	key_bool(j, "lowStock", low);
	json_out_end_object(j);
}

static void write_likeness(struct json_out *j, const struct similar_facts *facts)
{
	static const char *const names[TERM_KIND_COUNT] = {
		[TERM_CATEGORY] = "categories",  [TERM_BRAND] = "brand",
		[TERM_ATTRIBUTE] = "attributes", [TERM_TAG] = "tags",
		[TERM_PRICE] = "price",          [TERM_TITLE] = "title",
	};

	json_out_key(j, "shared");
	json_out_object(j);
	for (int kind = 0; kind < TERM_KIND_COUNT; kind++)
		if (facts->shared[kind])
			key_int(j, names[kind], facts->shared[kind]);
	json_out_end_object(j);
	key_number(j, "sharedWeight", facts->shared_weight);
	key_number(j, "itemWeight", facts->item_weight);
	key_number(j, "otherWeight", facts->other_weight);
}

static void write_pair(struct json_out *j, const struct explanation *why)
{
	key_int(j, "together", why->together);
	key_int(j, "itemTotal", why->item_total);
	key_int(j, "otherTotal", why->other_total);
	key_number(j, "score", why->pair_score);
	key_text(j, "measure", why->measure);
	if (why->with.n) {
		json_out_key(j, "with");
		json_out_str(j, why->with);
	}
}

static void write_interest(struct json_out *j, const struct explanation *why)
{
	key_number(j, "taste", why->taste);
	if (why->with.n) {
		key_int(j, "together", why->together);
		json_out_key(j, "with");
		json_out_str(j, why->with);
	} else {
		key_int(j, "units", why->units);
		key_int(j, "days", why->days);
	}
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

static void write_season(struct json_out *j, const struct explanation *why)
{
	key_int(j, "units", why->units);
	key_number(j, "averageUnits", why->before);
	key_int(j, "days", why->days);
	key_bool(j, "inSeason", why->season_named);
}

static void write_rating(struct json_out *j, const struct explanation *why)
{
	key_number(j, "rating", why->rated.rating);
	key_int(j, "ratingCount", why->rated.count);
	key_number(j, "priorRating", why->rated.prior.rating);
	key_number(j, "priorCount", why->rated.prior.count);
}

static void write_explanation(struct json_out *j, const struct explanation *why)
{
	json_out_object(j);
	switch (why->kind) {
	case EXPLAIN_NONE:
		break;
	case EXPLAIN_PAIR:
		write_pair(j, why);
		break;
	case EXPLAIN_SIMILAR:
		write_likeness(j, &why->similar);
		key_number(j, "score", why->pair_score);
		key_text(j, "measure", why->measure);
		json_out_key(j, "with");
		json_out_str(j, why->with);
		break;
	case EXPLAIN_RATING:
		write_rating(j, why);
		break;
	case EXPLAIN_ARRIVAL:
		key_time(j, "availableFrom", why->available_from_ms);
		break;
	case EXPLAIN_SEASON:
		write_season(j, why);
		break;
	case EXPLAIN_TREND:
		key_number(j, "recent", why->recent);
		key_number(j, "before", why->before);
		break;
	case EXPLAIN_SALES:
		key_int(j, "units", why->units);
		key_int(j, "days", why->days);
		break;
	case EXPLAIN_PERSON:
		key_time(j, "lastAt", why->last_ms);
		key_int(j, "times", why->times);
		if (why->interval_days > 0)
			key_number(j, "intervalDays", why->interval_days);
		break;
	case EXPLAIN_INTEREST:
		write_interest(j, why);
		break;
	case EXPLAIN_PEOPLE:
		key_int(j, "people", why->people.n);
		key_int(j, "peopleOf", why->people.of);
		key_int(j, "itemsInCommon", why->people.shared);
		break;
	case EXPLAIN_SEARCH:
		key_int(j, "clicks", why->searched.clicks);
		key_int(j, "orders", why->searched.orders);
		break;
	case EXPLAIN_SESSION:
		write_session(j, why);
		break;
	}
	json_out_end_object(j);
}

const char *const answer_properties[] = {
	"title",         "categories",  "brand",   "price",   "listPrice",     "currency", "rating",
	"ratingCount",   "attributes",  "tags",    "groupId", "accessoriesOf", "margin",   "regions",
	"availableFrom", "availableTo", "seasons", "url",     "imageUrl",      NULL,
};

void properties_write_all(struct json_out *j, const struct catalog_item *item)
{
	for (size_t i = 0; answer_properties[i]; i++)
		catalog_field_json(j, item, str_of(answer_properties[i]));
}

static bool wants_all(const struct recommend_request *ask)
{
	for (unsigned i = 0; i < ask->property_count; i++)
		if (str_eq(ask->properties[i], STR("*")))
			return true;
	return false;
}

static void write_properties(struct json_out *j, const struct recommend_request *ask, const struct recommended *r)
{
	struct catalog_item item;

	json_out_object(j);
	if (r->has_record && catalog_item_unpack(r->packed.p, r->packed.n, &item) == 0) {
		if (wants_all(ask))
			properties_write_all(j, &item);
		else
			for (unsigned i = 0; i < ask->property_count; i++)
				catalog_field_json(j, &item, ask->properties[i]);
	}
	json_out_end_object(j);
}

static void write_item(struct json_out *j, const struct recommend_request *ask, const struct recommended *r)
{
	json_out_object(j);
	json_out_key(j, "itemId");
	json_out_str(j, r->item_id);
	key_number(j, "score", r->score);
	key_int(j, "rank", r->rank);
	key_text(j, "strategy", r->strategy);
	key_text(j, "reason", r->reason);
	key_bool(j, "promoted", r->promoted);
	json_out_key(j, "stock");
	stock_write(j, &r->stock, r->low_stock);
	json_out_key(j, "properties");
	write_properties(j, ask, r);
	if (ask->explain) {
		json_out_key(j, "explain");
		write_explanation(j, &r->why);
	}
	json_out_end_object(j);
}

uint64_t answer_write(struct json_out *j, struct recommend_request *ask, const struct answer *a,
		      const struct shown *before, uint64_t took_ns)
{
	size_t from;
	uint64_t ret;

	json_out_object(j);
	key_text(j, "recommendationId", a->recommendation_id);
	key_text(j, "scenario", a->scenario);
	key_text(j, "variant", NULL);
	from = j->n;
	json_out_key(j, "items");
	json_out_array(j);
	for (unsigned i = 0; i < a->item_count; i++)
		write_item(j, ask, &a->items[i]);
	json_out_end_array(j);
	if (a->widened_to.n) {
		json_out_key(j, "widenedTo");
		json_out_str(j, a->widened_to);
	}
	key_bool(j, "fallback", a->fallback);
	ret = XXH3_64bits(j->p + from, j->n - from);
	next_link_write(j, ask, a, before);
	key_time(j, "asOf", a->as_of_ms);
	key_int(j, "lagMs", a->lag_ms);
	json_out_key(j, "tookMs");
	json_out_micros(j, (int64_t)took_ns / 1000 * 1000);
	if (a->stale)
		key_bool(j, "stale", true);
	json_out_end_object(j);
	return ret;
}
