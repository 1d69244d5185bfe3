#include "processor/simulate.h"
#include "schemas/decode.h"
#include "schemas/json_out.h"
#include "schemas/token.h"
#include "views/ids.h"

#include <criterion/criterion.h>
#include <jansson.h>
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

/* ---- recommendations ---- */

static const struct simulate_options recommending = { .events = 20000,
						      .seed = 7,
						      .items = 500,
						      .users = 400,
						      .start_ms = INT64_C(1704067200000),
						      .recommendations = true,
						      .person_key = "0123456789abcdef0123456789abcde" };

struct followed {
	unsigned types[EVENT_TYPE_COUNT], with_id, forged;
	unsigned char token_key[TOKEN_KEY_BYTES];
};

/* An id is for the event's actor, unless it is meant to be refused. */
static void follow_id(struct followed *f, const struct event *ev, struct str id)
{
	struct answer_token_text text;
	unsigned char user[ACTOR_HASH_BYTES], visitor[ACTOR_HASH_BYTES];

	if (!id.n)
		return;
	f->with_id++;
	f->types[ev->type]++;
	cr_assert(token_read(id, &text));
	actor_hash(recommending.person_key, ACTOR_USER, ev->user_id, user);
	actor_hash(recommending.person_key, ACTOR_VISITOR, ev->visitor_id, visitor);
	f->forged += !token_is_for(f->token_key, &text, user) && !token_is_for(f->token_key, &text, visitor);
}

/* The truth as text; the caller frees. */
static char *follow(struct followed *f)
{
	struct simulation *sim = simulation_new(&recommending);
	struct json_out out = { 0 };
	struct decoder *d = NULL;
	struct simulated record;
	struct event ev;
	char *ret;

	*f = (struct followed){ .with_id = 0 };
	token_key_init(recommending.person_key, f->token_key);
	cr_assert_eq(decoder_new(NULL, &d, NULL), 0);
	while (simulation_next(sim, &record)) {
		cr_assert_eq(decode_event(d, record.value.p, record.value.n, &ev, NULL), 0, "%.*s",
			     STR_FMT(record.value));
		follow_id(f, &ev, ev.recommendation_id);
		for (uint32_t i = 0; i < ev.item_count; i++)
			follow_id(f, &ev, ev.items[i].recommendation_id);
	}
	simulation_truth(sim, &out);
	ret = xstrndup(out.p, out.n);
	json_out_fini(&out);
	decoder_free(d);
	simulation_free(sim);
	return ret;
}

static json_int_t sum_of(const json_t *rows, const char *member)
{
	json_int_t ret = 0;

	for (size_t i = 0; i < json_array_size(rows); i++)
		ret += json_integer_value(json_object_get(json_array_get(rows, i), member));
	return ret;
}

Test(simulate, answers_are_followed_and_the_truth_is_told)
{
	struct followed f;
	char *text = follow(&f), *again = follow(&f);
	json_t *truth = json_loads(text, 0, NULL), *rows = json_object_get(truth, "rows");
	double shown = (double)sum_of(rows, "impressions");

	cr_assert(truth);
	cr_expect_str_eq(text, again);
	expect_share("clicks", (double)sum_of(rows, "clicks"), shown, .04, .09);
	expect_share("carts", (double)sum_of(rows, "carts"), (double)sum_of(rows, "clicks"), .2, .4);
	expect_share("orders", (double)sum_of(rows, "orders"), (double)sum_of(rows, "carts"), .3, .6);
	cr_expect_gt(f.types[EVENT_PURCHASE], 0);
	cr_expect_gt(f.forged, 0);
	cr_expect_geq(f.forged, json_integer_value(json_object_get(json_object_get(truth, "refused"), "signature")));
	json_decref(truth);
	free(text);
	free(again);
}
