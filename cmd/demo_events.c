#include "cmd/demo_events.h"
#include "schemas/json_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define VIEWS_BEFORE_ORDER 6 /* products of an order that its customer looked at first, at most */
#define BROWSERS_PER_ORDER 2 /* visitors who looked at the like and bought nothing */
#define POPULAR_PRODUCTS 400 /* what a wandering visitor looks at */

uint64_t demo_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static struct demo_event *add_event(struct demo_log *log)
{
	struct demo_event *ev;

	ARRAY_GROW(log->events, log->event_count, log->event_room, 65536);
	ev = &log->events[log->event_count];
	*ev = (struct demo_event){ .sequence = (uint32_t)log->event_count };
	log->event_count++;
	return ev;
}

struct demo_event *demo_log_add(struct demo_log *log)
{
	log->visit_count++;
	return add_event(log);
}

static void add_visit(struct demo_log *log, const struct demo_order *order, uint32_t visitor, int64_t t_ms,
		      uint32_t product, enum demo_act act)
{
	struct demo_event *ev = demo_log_add(log);

	ev->t_ms = t_ms;
	ev->visitor = visitor;
	ev->product = product;
	ev->act = act;
	ev->order = order;
}

static uint32_t line_of(const struct demo_order *order, uint64_t *dice)
{
	return order->lines[demo_random(dice) % order->line_count].product;
}

/* Somebody strays: popular products more often than others. */
static uint32_t stray(uint64_t *dice)
{
	uint64_t a = demo_random(dice) % POPULAR_PRODUCTS, b = demo_random(dice) % POPULAR_PRODUCTS;

	return (uint32_t)(a * b / POPULAR_PRODUCTS);
}

/* The minutes before an order: its customer looks at some of its products and puts one or two into the basket. */
static void visit_before_order(struct demo_log *log, const struct demo_order *order, uint64_t *dice)
{
	uint32_t views = 2 + (uint32_t)(demo_random(dice) % (VIEWS_BEFORE_ORDER - 1)), i;
	int64_t t = order->t_ms - (int64_t)(views + 1) * 2 * MS_PER_MINUTE;

	for (i = 0; i < views; i++) {
		uint32_t product = line_of(order, dice);

		if (demo_random(dice) % 12 == 0)
			product = stray(dice);
		t += (int64_t)(20 + demo_random(dice) % 80) * MS_PER_SECOND;
		add_visit(log, order, 0, t, product, DEMO_VIEW);
		if (demo_random(dice) % 4 == 0)
			add_visit(log, order, 0, t + 5 * MS_PER_SECOND, product, DEMO_CART_ADD);
	}
}

/* Somebody else looks at what goes with one of the order's products, and leaves. */
static void visit_of_browser(struct demo_log *log, const struct demo_order *order, uint32_t visitor, uint64_t *dice)
{
	int64_t t = order->t_ms - (int64_t)(10 + demo_random(dice) % 110) * MS_PER_MINUTE;
	uint32_t views = 2 + (uint32_t)(demo_random(dice) % 5), i;

	for (i = 0; i < views; i++) {
		uint32_t product = demo_random(dice) % 10 ? line_of(order, dice) : stray(dice);

		if (i == 0 && demo_random(dice) % 3 == 0)
			add_visit(log, order, visitor, t, product, DEMO_SEARCH);
		t += (int64_t)(15 + demo_random(dice) % 60) * MS_PER_SECOND;
		add_visit(log, order, visitor, t, product, DEMO_VIEW);
		if (demo_random(dice) % 16 == 0)
			add_visit(log, order, visitor, t + 4 * MS_PER_SECOND, product, DEMO_CART_ADD);
	}
}

static void count_sales(struct demo_log *log, const struct demo_order *order)
{
	for (uint32_t i = 0; i < order->line_count; i++) {
		struct demo_sales *sales = &log->sales[order->lines[i].product];

		if (!sales->orders++)
			sales->first_ms = order->t_ms;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct demo_event *x = a, *y = b;

	if (x->t_ms != y->t_ms)
		return x->t_ms < y->t_ms ? -1 : 1;
	return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

void demo_log_sort(struct demo_log *log, size_t from)
{
	qsort(log->events + from, log->event_count - from, sizeof(*log->events), by_time);
}

void demo_log_init(struct demo_log *log, const struct demo_shop *shop)
{
	int64_t visits_from = shop->last_ms - DEMO_VISIT_DAYS * MS_PER_DAY;
	uint64_t dice = 2011;
	uint32_t visitor = 0;
	size_t i;
	int k;

	*log = (struct demo_log){ .shop = shop, .shown_from_ms = shop->last_ms - DEMO_SHOWN_DAYS * MS_PER_DAY };
	log->sales = xcalloc(shop->product_count, sizeof(*log->sales));
	for (i = 0; i < shop->order_count; i++) {
		const struct demo_order *order = &shop->orders[i];
		struct demo_event *ev;

		if (!order->returned)
			count_sales(log, order);
		if (order->t_ms >= visits_from && !order->returned) {
			visit_before_order(log, order, &dice);
			for (k = 0; k < BROWSERS_PER_ORDER; k++)
				visit_of_browser(log, order, ++visitor, &dice);
		}
		ev = add_event(log);
		ev->t_ms = order->t_ms;
		ev->act = DEMO_ORDER;
		ev->order = order;
	}
	demo_log_sort(log, 0);
}

void demo_log_fini(struct demo_log *log)
{
	for (size_t i = 0; i < log->shown_count; i++)
		free(log->shown[i]);
	free(log->shown);
	free(log->events);
	free(log->sales);
	json_out_fini(&log->json);
}

/* Records before the events. */
static size_t head_count(const struct demo_log *log)
{
	return DEMO_DOCUMENTS + (1 + DEMO_WAREHOUSES) * log->shop->product_count;
}

size_t demo_log_count(const struct demo_log *log)
{
	return head_count(log) + log->event_count;
}

size_t demo_log_shown_from(const struct demo_log *log)
{
	size_t i = log->event_count;

	while (i && log->events[i - 1].t_ms >= log->shown_from_ms)
		i--;
	return i;
}

size_t demo_log_record_of(const struct demo_log *log, size_t event)
{
	return head_count(log) + event;
}

static void put_document(struct demo_log *log, unsigned index, struct demo_record *ret)
{
	demo_control_put(index, log->shown_from_ms, log->key, &log->json);
	ret->topic = TOPIC_CONFIG;
	ret->key = str_of(log->key);
	ret->t_ms = log->shown_from_ms;
}

static void put_catalog(struct demo_log *log, size_t product, struct demo_record *ret)
{
	ret->topic = TOPIC_CATALOG;
	ret->key = log->shop->products[product].id;
	ret->t_ms = log->events[0].t_ms;
	demo_catalog_put(&log->json, &log->shop->products[product], log->sales[product]);
}

/* Made up: where the shop's pieces lie. */
static const struct warehouse {
	const char *name;
	unsigned share; /* one piece in so many lies here */
	int64_t lead_hours;
	const char *ships_to[8];
} warehouses[DEMO_WAREHOUSES] = {
	{ "Leicester", 1, 24, { "United Kingdom", "EIRE", "Channel Islands" } },
	{ "Rotterdam",
	  4,
	  48,
	  { "Germany", "France", "Netherlands", "Belgium", "Spain", "Portugal", "Italy", "Austria" } },
};

static void put_stock(struct demo_log *log, const struct demo_product *product, const struct warehouse *where,
		      struct demo_record *ret)
{
	struct json_out *j = &log->json;
	int n = snprintf(log->key, sizeof(log->key), "%.*s|%s", STR_FMT(product->id), where->name);

	ret->topic = TOPIC_STOCK;
	ret->key = (struct str){ log->key, (uint32_t)n };
	ret->t_ms = log->shop->last_ms;
	json_out_object(j);
	key_str(j, "itemId", product->id);
	key_str(j, "location", str_of(where->name));
	key_int(j, "quantity", product->stock / where->share);
	json_out_key(j, "shipsTo");
	json_out_array(j);
	for (size_t i = 0; i < ARRAY_SIZE(where->ships_to) && where->ships_to[i]; i++)
		json_out_text(j, where->ships_to[i]);
	json_out_end_array(j);
	key_int(j, "leadTimeHours", where->lead_hours);
	key_int(j, "asOf", log->shop->last_ms);
	json_out_end_object(j);
}

/* The order's customer, its guest (known by the order alone), or a visitor who buys nothing. */
struct str demo_event_actor(const struct demo_event *ev, char key[DEMO_ID_MAX], bool *ret_is_user)
{
	*ret_is_user = !ev->visitor && ev->order->customer;
	if (ev->visitor)
		snprintf(key, DEMO_ID_MAX, "visitor-%" PRIu32, ev->visitor);
	else if (ev->order->customer)
		snprintf(key, DEMO_ID_MAX, "%" PRIu32, ev->order->customer);
	else
		snprintf(key, DEMO_ID_MAX, "guest-%" PRIu32, ev->order->number);
	return str_of(key);
}

static void put_actor(struct demo_log *log, const struct demo_event *ev, struct demo_record *ret)
{
	bool is_user;

	ret->key = demo_event_actor(ev, log->key, &is_user);
	key_str(&log->json, is_user ? "userId" : "visitorId", ret->key);
}

static void put_shown(struct json_out *j, const struct demo_shown *shown)
{
	if (shown)
		key_str(j, "recommendationId", str_of(shown->id));
}

static void put_order(struct demo_log *log, const struct demo_event *ev)
{
	const struct demo_order *order = ev->order;
	struct json_out *j = &log->json;
	char id[DEMO_ID_MAX];
	uint32_t i;

	snprintf(id, sizeof(id), "order-%" PRIu32, order->number);
	key_str(j, "orderId", str_of(id));
	key_str(j, "eventId", str_of(id));
	key_str(j, "currency", STR("GBP"));
	json_out_key(j, "context");
	json_out_object(j);
	key_str(j, "country", order->country);
	json_out_end_object(j);
	json_out_key(j, "items");
	json_out_array(j);
	for (i = 0; i < order->line_count; i++) {
		json_out_object(j);
		key_str(j, "itemId", log->shop->products[order->lines[i].product].id);
		key_int(j, "quantity", order->lines[i].quantity);
		key_micros(j, "price", order->lines[i].price_pence * (MICROS / 100));
		if (!i ||
		    order->lines[i - 1].product != order->lines[i].product) /* once an order, though in two lines */
			put_shown(j, demo_shown_clicked(ev->shown, order->lines[i].product));
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

/* Made up: who searches types the name of the category of what it looks at next. */
static void put_query(struct json_out *j, struct str category)
{
	char query[CATALOG_TEXT_MAX];
	struct str leaf = category;

	for (uint32_t i = 0; i + 1 < category.n; i++)
		if (category.p[i] == '>')
			leaf = (struct str){ category.p + i + 2, category.n - i - 2 };
	for (uint32_t i = 0; i < leaf.n; i++)
		query[i] = (char)(leaf.p[i] >= 'A' && leaf.p[i] <= 'Z' ? leaf.p[i] + 32 : leaf.p[i]);
	key_str(j, "query", (struct str){ query, leaf.n });
}

static void put_shown_items(struct demo_log *log, const struct demo_shown *shown)
{
	struct json_out *j = &log->json;

	json_out_key(j, "items");
	json_out_array(j);
	for (unsigned i = 0; i < shown->n; i++) {
		json_out_object(j);
		key_str(j, "itemId", log->shop->products[shown->products[i]].id);
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

static void put_visit(struct demo_log *log, const struct demo_event *ev)
{
	struct json_out *j = &log->json;
	char id[DEMO_ID_MAX];

	snprintf(id, sizeof(id), "visit-%" PRIu32, ev->sequence);
	key_str(j, "eventId", str_of(id));
	if (ev->act == DEMO_SEARCH)
		put_query(j, log->shop->products[ev->product].category);
	else if (ev->act == DEMO_SHOW)
		put_shown_items(log, ev->shown);
	else
		key_str(j, "itemId", log->shop->products[ev->product].id);
	put_shown(j, ev->shown);
	json_out_key(j, "context");
	json_out_object(j);
	key_str(j, "channel", STR("simulated"));
	json_out_end_object(j);
}

static void put_event(struct demo_log *log, const struct demo_event *ev, struct demo_record *ret)
{
	struct json_out *j = &log->json;
	static const char *const types[] = {
		[DEMO_SEARCH] = "search", [DEMO_VIEW] = "view",         [DEMO_SHOW] = "impression",
		[DEMO_CLICK] = "click",   [DEMO_CART_ADD] = "cart-add", [DEMO_ORDER] = "purchase"
	};
	const char *type = ev->act == DEMO_ORDER && ev->order->returned ? "return" : types[ev->act];

	ret->topic = TOPIC_EVENTS;
	ret->t_ms = ev->t_ms;
	json_out_object(j);
	key_str(j, "type", str_of(type));
	key_int(j, "eventTime", ev->t_ms);
	put_actor(log, ev, ret);
	if (ev->act == DEMO_ORDER)
		put_order(log, ev);
	else
		put_visit(log, ev);
	json_out_end_object(j);
}

void demo_log_get(struct demo_log *log, size_t index, struct demo_record *ret)
{
	size_t products = log->shop->product_count, head = head_count(log), item = index - DEMO_DOCUMENTS;

	json_out_reset(&log->json);
	if (index < DEMO_DOCUMENTS)
		put_document(log, (unsigned)index, ret);
	else if (item < products)
		put_catalog(log, item, ret);
	else if (index < head)
		put_stock(log, &log->shop->products[item % products], &warehouses[item / products - 1], ret);
	else
		put_event(log, &log->events[index - head], ret);
	ret->value = (struct str){ log->json.p, (uint32_t)log->json.n };
}
