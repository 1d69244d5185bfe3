#include "query/route_answer.h"

#include "query/json_keys.h"
#include "query/route_explain.h"
#include "query/route_next.h"
#include "views/catalog.h"
#include "views/catalog_json.h"
#include "views/stock.h"
#include "views/view.h"

#include <xxhash.h>

/* {"level":..., "quantity":..., "lowStock":...} */
static void stock_write(struct json_out *j, const struct stock_level *stock, bool low)
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

const char *const answer_properties[] = {
	"title",         "categories",  "brand",   "price",   "listPrice",     "currency", "rating",
	"ratingCount",   "attributes",  "tags",    "groupId", "accessoriesOf", "margin",   "regions",
	"availableFrom", "availableTo", "seasons", "url",     "imageUrl",      NULL,
};

/* All fields of the record that are there, key and value each. */
static void properties_write_all(struct json_out *j, const struct catalog_item *item)
{
	for (size_t i = 0; answer_properties[i]; i++)
		catalog_field_json(j, item, str_of(answer_properties[i]));
}

struct locations {
	struct json_out *j;
	unsigned n;
};

static int write_location(void *arg, const struct stock_row *row)
{
	struct locations *l = arg;
	struct json_out *j = l->j;

	if (l->n++ == STORED_LOCATIONS_MAX)
		return 1;
	json_out_object(j);
	if (row->location.n)
		key_str(j, "location", row->location);
	key_int(j, "quantity", row->quantity);
	json_out_end_object(j);
	return 0;
}

int stored_item_write(struct json_out *j, struct snap *sn, uint32_t id, int64_t low)
{
	struct catalog_item item;
	struct stock_level stock;
	struct locations locations = { .j = j };
	int found = catalog_get(sn, id, &item), rc;

	if (found != CATALOG_LIVE)
		return found;
	rc = stock_get(sn, id, &stock);
	if (rc)
		return rc;
	json_out_object(j);
	key_str(j, "itemId", item.item_id);
	properties_write_all(j, &item);
	json_out_key(j, "stock");
	stock_write(j, &stock, stock.known && stock.quantity <= low);
	json_out_key(j, "locations");
	json_out_array(j);
	rc = stock_each(sn, id, write_location, &locations);
	json_out_end_array(j);
	json_out_end_object(j);
	return rc < 0 ? rc : found;
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
	if (ask->property_count && r->has_record && catalog_item_unpack(r->packed.p, r->packed.n, &item) == 0) {
		if (wants_all(ask))
			properties_write_all(j, &item);
		else
			for (unsigned i = 0; i < ask->property_count; i++)
				catalog_field_json(j, &item, ask->properties[i]);
	}
	json_out_end_object(j);
}

static void write_bundle(struct json_out *j, const struct bundle *b)
{
	json_out_object(j);
	key_int(j, "set", b->number);
	key_strs(j, "itemIds", b->item_ids, b->n);
	if (b->price_micros != PRICE_ABSENT) {
		key_micros(j, "price", b->price_micros);
		key_micros(j, "listPrice", b->list_price_micros);
		key_micros(j, "saving", b->list_price_micros - b->price_micros);
		if (b->currency.n)
			key_str(j, "currency", b->currency);
	}
	json_out_end_object(j);
}

/* Only what there is to say. */
static void write_urgency(struct json_out *j, const struct urgency *u)
{
	if (u->units_left <= 0 && u->sold_today <= 0 && u->views_this_hour <= 0)
		return;
	json_out_key(j, "urgency");
	json_out_object(j);
	if (u->units_left > 0)
		key_int(j, "unitsLeft", u->units_left);
	if (u->sold_today > 0)
		key_int(j, "soldToday", u->sold_today);
	if (u->views_this_hour > 0)
		key_int(j, "viewsThisHour", u->views_this_hour);
	json_out_end_object(j);
}

static void write_item(struct json_out *j, const struct recommend_request *ask, const struct recommended *r)
{
	json_out_object(j);
	key_str(j, "itemId", r->item_id);
	json_out_key(j, "score");
	json_out_score(j, r->score);
	key_int(j, "rank", r->rank);
	key_text(j, "strategy", r->strategy);
	key_text(j, "reason", r->reason);
	key_bool(j, "promoted", r->promoted);
	if (r->promotion.n)
		key_str(j, "promotion", r->promotion);
	json_out_key(j, "stock");
	stock_write(j, &r->stock, r->low_stock);
	write_urgency(j, &r->urgency);
	json_out_key(j, "properties");
	write_properties(j, ask, r);
	if (r->why.kind == EXPLAIN_BUNDLE) {
		json_out_key(j, "bundle");
		write_bundle(j, r->why.bundle);
	}
	if (ask->explain) {
		json_out_key(j, "explain");
		explanation_write(j, r);
	}
	json_out_end_object(j);
}

uint64_t answer_write(struct json_out *j, struct recommend_request *ask, const struct answer *a,
		      const struct shown *before, uint64_t took_ns)
{
	size_t from;
	uint64_t ret;

	json_out_object(j);
	key_text(j, "recommendationId", a->recommendation_id[0] ? a->recommendation_id : NULL);
	key_text(j, "scenario", a->scenario);
	key_text(j, "variant", a->variant[0] ? a->variant : NULL);
	from = j->n;
	json_out_key(j, "items");
	json_out_array(j);
	for (unsigned i = 0; i < a->item_count; i++)
		write_item(j, ask, &a->items[i]);
	json_out_end_array(j);
	if (a->widened_to.n)
		key_str(j, "widenedTo", a->widened_to);
	key_bool(j, "fallback", a->fallback);
	ret = XXH3_64bits(j->p + from, j->n - from);
	next_link_write(j, ask, a, before);
	key_time(j, "asOf", a->as_of_ms);
	key_int(j, "lagMs", a->lag_ms);
	key_micros(j, "tookMs", (int64_t)took_ns / 1000 * 1000);
	if (a->stale)
		key_bool(j, "stale", true);
	json_out_end_object(j);
	return ret;
}

void key_inputs(struct json_out *j, const char *key, unsigned inputs)
{
	json_out_key(j, key);
	json_out_array(j);
	for (unsigned i = 0; input_names[i]; i++)
		if (inputs >> i & 1)
			json_out_text(j, input_names[i]);
	json_out_end_array(j);
}
