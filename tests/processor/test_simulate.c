#include "processor/simulate.h"
#include "schemas/decode.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct simulate_options shop = {
	.events = 20000, .seed = 7, .items = 500, .users = 400, .start_ms = INT64_C(1704067200000)
};

struct counts {
	unsigned types[EVENT_TYPE_COUNT], copies, both_ids, with_session, many_items;
	uint64_t bytes, hash;
	int64_t first_ms, last_ms;
};

static void count_event(struct counts *c, const struct event *ev, const struct simulated *record)
{
	struct str actor = event_actor(ev);

	cr_assert(str_eq(actor, record->key), "the key is the actor");
	c->types[ev->type]++;
	c->both_ids += ev->user_id.n && ev->visitor_id.n;
	c->with_session += ev->session_id.n > 0;
	c->many_items += ev->item_count > 1;
	c->bytes += record->value.n;
	for (uint32_t i = 0; i < record->value.n; i++)
		c->hash = (c->hash ^ (unsigned char)record->value.p[i]) * UINT64_C(0x100000001b3);
	if (c->first_ms == 0 || ev->t_ms < c->first_ms)
		c->first_ms = ev->t_ms;
	if (ev->t_ms > c->last_ms)
		c->last_ms = ev->t_ms;
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/* Every record through the decoder. */
static void count(const struct simulate_options *opt, struct counts *c)
{
	struct simulation *sim = simulation_new(opt);
	char(*ids)[16] = xcalloc(opt->events, 16);
	struct decoder *d = NULL;
	struct simulated record;
	struct event ev;
	struct error e = { 0 };
	uint64_t n = 0;

	memset(c, 0, sizeof(*c));
	cr_assert_eq(decoder_new(NULL, &d, &e), 0);
	while (simulation_next(sim, &record)) {
		cr_assert_eq(record.topic, TOPIC_EVENTS);
		cr_assert_eq(decode_event(d, record.value.p, record.value.n, &ev, &e), 0, "%s: %.*s", e.text,
			     STR_FMT(record.value));
		cr_assert_eq(ev.event_id.n, 16);
		memcpy(ids[n++], ev.event_id.p, 16);
		count_event(c, &ev, &record);
	}
	cr_expect_eq(n, opt->events);
	qsort(ids, n, 16, compare_ids);
	for (uint64_t i = 1; i < n; i++)
		c->copies += memcmp(ids[i], ids[i - 1], 16) == 0;
	free(ids);
	decoder_free(d);
	simulation_free(sim);
}

static void expect_share(const char *what, double part, double whole, double low, double high)
{
	cr_expect(part / whole >= low && part / whole <= high, "%s: %.4f is not %.4f to %.4f", what, part / whole, low,
		  high);
}

Test(simulate, traffic_has_the_promised_shape)
{
	struct counts c;
	double views;

	count(&shop, &c);
	views = c.types[EVENT_VIEW];
	expect_share("cart-adds", c.types[EVENT_CART_ADD], views, .050, .060);
	expect_share("purchases", c.types[EVENT_PURCHASE], views, .013, .021);
	expect_share("searches", c.types[EVENT_SEARCH], views, .10, .15);
	expect_share("copies", c.copies, (double)shop.events, .016, .024);
	expect_share("sessionId", c.with_session, (double)shop.events, .4, .6);
	expect_share("both ids", c.both_ids, (double)shop.events, .02, .07);
	expect_share("bytes", (double)c.bytes, (double)shop.events, 265, 305);
	cr_expect_gt(c.types[EVENT_RETURN], 0);
	cr_expect_gt(c.types[EVENT_CART_REMOVE], 0);
	cr_expect_gt(c.many_items, 0);
	cr_expect_geq(c.first_ms, shop.start_ms);
	cr_expect_leq(c.last_ms, shop.start_ms + (int64_t)(shop.events * MS_PER_DAY / SIMULATE_EVENTS_A_DAY) + 3000);
}

Test(simulate, the_same_seed_gives_the_same_bytes)
{
	struct simulate_options other = shop;
	struct counts a, b;

	count(&shop, &a);
	count(&shop, &b);
	cr_expect_eq(a.hash, b.hash);
	cr_expect_eq(a.hash, UINT64_C(2199772400363147177), "the bytes of seed 7 changed: %llu",
		     (unsigned long long)a.hash);
	other.seed = 8;
	count(&other, &b);
	cr_expect_neq(a.hash, b.hash);
}

Test(simulate, small_shops_work)
{
	static const struct simulate_options shops[] = {
		{ .events = 300, .seed = 1, .items = 1, .users = 1 },
		{ .events = 300, .seed = 1, .items = 17, .users = 2, .span_ms = 1 },
		{ .events = 1, .seed = 0, .items = 3, .users = 1, .span_ms = 100 * MS_PER_DAY },
	};
	struct counts c;

	for (size_t i = 0; i < ARRAY_SIZE(shops); i++)
		count(&shops[i], &c);
}

/* Numbers of visitors from `users` on are those of new guests. */
Test(simulate, guests_may_be_new)
{
	struct simulate_options opt = { .events = 2000, .seed = 1, .items = 10, .users = 5, .new_guests = 50 };
	struct simulation *sim = simulation_new(&opt);
	unsigned long newest = opt.users - 1, known = 0;
	struct simulated record;

	while (simulation_next(sim, &record)) {
		unsigned long number = strtoul(record.key.p + 2, NULL, 10);

		if (record.key.p[0] == 'u')
			cr_assert_lt(number, opt.users);
		else if (number < opt.users)
			known++;
		else if (number > newest)
			newest = number;
	}
	cr_expect_gt(newest, 50);
	cr_expect_gt(known, 50);
	simulation_free(sim);
}

Test(simulate, a_catalogue_comes_first)
{
	struct simulate_options opt = shop;
	struct simulated record;
	struct simulation *sim;
	struct decoder *d = NULL;
	struct catalog_item item;
	struct stock_record stock;
	struct error e = { 0 };
	bool deleted;

	opt.catalog = true;
	opt.events = 1;
	sim = simulation_new(&opt);
	cr_assert_eq(decoder_new(NULL, &d, &e), 0);
	for (uint32_t i = 0; i < opt.items; i++) {
		cr_assert(simulation_next(sim, &record));
		cr_assert_eq(record.topic, TOPIC_CATALOG);
		cr_assert_eq(decode_catalog(d, record.key, record.value.p, record.value.n, &item, &deleted, &e), 0,
			     "%s", e.text);
		cr_expect_gt(item.price_micros, 0);
		cr_assert(simulation_next(sim, &record));
		cr_assert_eq(record.topic, TOPIC_STOCK);
		cr_assert_eq(decode_stock(d, record.key, record.value.p, record.value.n, &stock, &deleted, &e), 0, "%s",
			     e.text);
		cr_expect(stock.has_as_of);
	}
	cr_assert(simulation_next(sim, &record));
	cr_expect_eq(record.topic, TOPIC_EVENTS);
	cr_expect_not(simulation_next(sim, &record));
	decoder_free(d);
	simulation_free(sim);
}
