/*
 * The history by its rules: what is a duplicate, which rows are kept, and that it does not grow. Each rule by hand, and
 * then random streams against a slow reading of the rules, kept as one array of all events there ever were.
 */
#include "tests/lib/draw.h"
#include "tests/lib/views_shop.h"
#include "views/history.h"
#include "views/ids.h"
#include "views/keys.h"
#include "views/view.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct shop shop;
static struct history_row rows[HISTORY_MAX];

static void setup(void)
{
	shop_open(&shop);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(history, .init = setup, .fini = teardown);

/* u1 views i0, i1 ... with e0, e1 ..., a second apart from second `from` on. */
static void views(int from, int to)
{
	for (int i = from; i < to; i++)
		shop_playf(&shop, "u1 view i%d @%ds e=e%d", i, i, i);
}

static int history_of(const char *user)
{
	return history_get(shop.snap, snap_actor(shop.snap, ACTOR_USER, str_of(user)), rows);
}

static const char *item(int i)
{
	static char name[160];

	snprintf(name, sizeof(name), "%.*s", STR_FMT(snap_item_name(shop.snap, rows[i].item)));
	return name;
}

Test(history, an_event_is_a_duplicate_while_255_newer_ones_came)
{
	views(0, 256);
	cr_expect_eq(shop_play(&shop, "u1 view x @0s e=e0"), 1);
	cr_expect_eq(shop_play(&shop, "u1 view x @9d e=e255"), 1, "whatever its time");
	views(256, 257);
	cr_expect_eq(shop_play(&shop, "u1 view x @9d e=e1"), 1);
	cr_expect_eq(shop_play(&shop, "u1 view x @300s e=e0"), 0, "256 newer ones came");
	cr_expect_eq(shop_play(&shop, "u1 view x @300s e=e0"), 1, "it is in the window again");
}

Test(history, events_of_any_type_and_without_an_id_push_others_out)
{
	shop_play(&shop, "u1 view a @0s e=first");
	for (int i = 1; i < 256; i++)
		shop_playf(&shop, i % 2 ? "u1 show b @%ds" : "u1 search - @%ds", i);
	cr_expect_eq(shop_play(&shop, "u1 view a @0s e=first"), 1);
	shop_play(&shop, "u1 show b @256s");
	cr_expect_eq(shop_play(&shop, "u1 view a @257s e=first"), 0);
}

Test(history, a_late_event_takes_its_place_by_time)
{
	views(0, 300);
	cr_expect_eq(shop_play(&shop, "u1 view late @200s e=late"), 0);
	cr_expect_eq(shop_play(&shop, "u1 view late @200s e=late"), 1);
	cr_expect_eq(shop_play(&shop, "u1 view older @10s e=older"), 0);
	cr_expect_eq(shop_play(&shop, "u1 view older @10s e=older"), 0, "older than the window: never in it");
	cr_assert_eq(history_of("u1"), 256);
	cr_expect_str_eq(item(99), "late", "'late' is after 'e200' and so the newer");
	cr_expect_str_eq(item(100), "i200");
}

Test(history, of_one_time_the_greater_event_id_is_the_newer_however_late)
{
	shop_play(&shop, "u1 view first @10s e=b");
	shop_play(&shop, "u1 view newest @20s e=c");
	shop_play(&shop, "u1 view second @10s e=a");
	shop_play(&shop, "u2 view first @10s e=b");
	shop_play(&shop, "u2 show x @20s e=c");
	shop_play(&shop, "u2 view second @10s e=a");
	cr_assert_eq(history_of("u1"), 3);
	cr_expect_str_eq(item(0), "newest");
	cr_expect_str_eq(item(1), "first");
	cr_assert_eq(history_of("u2"), 2);
	cr_expect_str_eq(item(0), "first");
}

Test(history, events_of_one_time_without_ids_are_in_the_order_they_came)
{
	shop_play(&shop, "u1 buy a,b,c @10s");
	shop_play(&shop, "u1 view d @10s");
	shop_play(&shop, "u1 view newest @20s");
	cr_assert_eq(history_of("u1"), 5);
	cr_expect_str_eq(item(1), "d", "the lines of an event are not mixed with another's");
	cr_expect_str_eq(item(2), "c");
	cr_expect_str_eq(item(4), "a");
}

Test(history, another_actor_may_use_the_same_event_id)
{
	cr_expect_eq(shop_play(&shop, "u1 view a @0s e=1; u2 view a @0s e=1; v1 view a @0s e=1"), 0);
	cr_expect_eq(shop_play(&shop, "u1 view a @0s e=1; u2 view a @0s e=1; v1 view a @0s e=1"), 3);
}

Test(history, duplicates_are_found_in_one_batch_too)
{
	char *text = xcalloc(400, 40);
	size_t n = 0;

	for (int i = 0; i < 330; i++)
		n += (size_t)snprintf(text + n, 40, "u1 view i%d @%ds e=e%d;", i, i, i);
	snprintf(text + n, 200, "u1 view x @1s e=e329; u1 view x @1s e=e100; u1 view x @900s e=e73");
	cr_expect_eq(shop_play(&shop, text), 2, "e73 is the 257th: not one any more");
	free(text);
}

/* A purchase of `n` lines of items prefix0, prefix1 ... */
static int buy(int n, const char *prefix, const char *options)
{
	char *text = xcalloc((size_t)n + 4, 40);
	size_t at = (size_t)snprintf(text, 40, "u1 buy ");
	int ret;

	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, 40, "%s%s%d", i ? "," : "", prefix, i);
	snprintf(text + at, 40, " %s", options);
	ret = shop_play(&shop, text);
	free(text);
	return ret;
}

Test(history, an_event_of_many_lines_shows_its_last_ones)
{
	const char *last;
	char *printed;

	shop_play(&shop, "u1 view before @0s");
	cr_expect_eq(buy(2000, "p", "@1s e=big o=7 s=s1 q=3 p=0.125"), 0);
	cr_expect_eq(buy(2000, "p", "@1s e=big o=7 s=s1 q=3 p=0.125"), 1);
	cr_assert_eq(history_of("u1"), 256);
	cr_expect_str_eq(item(0), "p1999");
	cr_expect_str_eq(item(255), "p1744");
	for (int i = 0; i < 256; i++)
		cr_expect_eq(rows[i].quantity, 3);
	printed = shop_rows(&shop, "history", "p1744");
	last = strstr(printed, "\"sessionId\"");
	cr_assert(last, "%s", printed);
	cr_expect_str_eq(last, "\"sessionId\":\"s1\",\"orderId\":\"7\",\"quantity\":3,\"price\":0.125}");
	free(printed);
	shop_play(&shop, "u1 view after @2s");
	cr_assert_eq(history_of("u1"), 256);
	cr_expect_str_eq(item(0), "after");
	cr_expect_str_eq(item(255), "p1745");
}

Test(history, an_event_of_many_lines_is_one_event_of_the_window)
{
	shop_play(&shop, "u1 view a @0s e=first");
	for (int i = 1; i < 256; i++)
		buy(100, "p", "@1s");
	cr_expect_eq(shop_play(&shop, "u1 view a @0s e=first"), 1);
	buy(100, "p", "@1s");
	cr_expect_eq(shop_play(&shop, "u1 view a @2s e=first"), 0);
}

static int add_bytes(void *arg, struct str key, struct str value)
{
	*(size_t *)arg += key.n + value.n;
	cr_expect_leq(value.n, 2000, "no value is cut");
	return 0;
}

static size_t stored_bytes(void)
{
	size_t ret = 0;

	cr_assert_eq(snap_each(shop.snap, TBL_HISTORY, STR(""), add_bytes, &ret), 0);
	cr_assert_eq(snap_each(shop.snap, TBL_HISTORY_OLD, STR(""), add_bytes, &ret), 0);
	return ret;
}

Test(history, what_is_pushed_out_is_let_go)
{
	size_t bytes;

	views(0, 700);
	bytes = stored_bytes();
	views(700, 3000);
	cr_expect_lt(stored_bytes(), bytes * 5 / 4);
	cr_assert_eq(history_of("u1"), 256);
	cr_expect_str_eq(item(255), "i2744");
	for (int i = 0; i < 400; i++)
		buy(60, "p", "@4000s s=a-session-with-a-name o=an-order-with-a-name");
	cr_expect_lt(stored_bytes(), 64000);
}

Test(history, nothing_of_the_window_is_let_go_too_soon)
{
	views(0, 256);
	for (int i = 0; i < 256; i++)
		shop_playf(&shop, "u2 show x @%ds e=e%d", i, i);
	for (int i = 256; i < 800; i++) {
		char oldest[16];

		shop_playf(&shop, "u1 view i%d @%ds e=e%d; u2 show x @%ds e=e%d", i, i, i, i, i);
		cr_assert_eq(shop_playf(&shop, "u1 view x @9d e=e%d; u2 show x @9d e=e%d", i - 255, i - 255), 2);
		cr_assert_eq(history_of("u1"), 256);
		snprintf(oldest, sizeof(oldest), "i%d", i - 255);
		cr_assert_str_eq(item(255), oldest);
	}
}

Test(history, old_rows_stay_among_many_events_without_rows)
{
	views(0, 100);
	for (int i = 0; i < 40; i++) {
		for (int k = 0; k < 50; k++)
			shop_playf(&shop, "u1 show x @%ds e=s%d-%d", 1000 + 100 * i + k, i, k);
		shop_playf(&shop, "u1 view w%d @%ds e=w%d", i, 1099 + 100 * i, i);
	}
	cr_assert_eq(history_of("u1"), 140);
	cr_expect_str_eq(item(0), "w39");
	cr_expect_str_eq(item(139), "i0");
	cr_expect_lt(stored_bytes(), 16000);
}

Test(history, a_lost_chunk_is_an_error_and_not_an_empty_one)
{
	unsigned char key[8] = { 0 };
	struct event ev = {
		.type = EVENT_SEARCH, .has_time = true, .t_ms = SHOP_START, .user_id = STR("u1"), .event_id = STR("e5")
	};
	struct store_txn *t;

	views(0, 200);
	put_be32(key, snap_actor(shop.snap, ACTOR_USER, STR("u1")));
	cr_assert_eq(store_begin(shop.store, &t), 0);
	cr_assert_eq(store_delete(t, TBL_HISTORY_OLD, (struct str){ (char *)key, sizeof(key) }), 0);
	cr_assert_eq(store_commit(t), 0);
	shop_commit(&shop);
	cr_expect_eq(history_of("u1"), ERR_STORE_CORRUPT);
	cr_assert_geq(fold_event(shop.fold, &ev, -1, NULL), 0);
	cr_expect_eq(fold_commit(shop.fold, NULL), ERR_STORE_CORRUPT);
}

/* ---- against a slow reading of the rules ---- */

#define MODEL_EVENTS 1500

struct model_event {
	struct event ev;
	struct event_item items[48];
	char event_id[70], session[130], order[130], ids[48][12];
	size_t arrival;
};

static struct model_event *all[MODEL_EVENTS];
static size_t all_n;

static struct str text(char *buf, size_t size, const char *prefix, uint64_t n, int width)
{
	snprintf(buf, size, "%s%0*u", prefix, width, (unsigned)n);
	return str_of(buf);
}

static struct model_event *make(uint64_t *r, int64_t t, int width)
{
	static const enum event_type types[] = { EVENT_VIEW, EVENT_VIEW, EVENT_PURCHASE, EVENT_IMPRESSION,
						 EVENT_CLICK };
	struct model_event *m = xcalloc(1, sizeof(*m));
	struct event *ev = &m->ev;

	*ev = (struct event){ .type = types[draw(r, ARRAY_SIZE(types))],
			      .has_time = true,
			      .t_ms = t,
			      .user_id = STR("u1"),
			      .position = -1,
			      .item_count = 1 + (uint32_t)(draw(r, 4) ? 0 : draw(r, 48)),
			      .items = m->items };
	if (draw(r, 8))
		ev->event_id = text(m->event_id, sizeof(m->event_id), "e", draw(r, 900), width < 60 ? width : 60);
	if (draw(r, 3))
		ev->session_id = text(m->session, sizeof(m->session), "s", draw(r, 3), width);
	if (draw(r, 3) == 0)
		ev->order_id = text(m->order, sizeof(m->order), "o", draw(r, 1000), width);
	for (uint32_t i = 0; i < ev->item_count; i++)
		m->items[i] = (struct event_item){ .id = text(m->ids[i], sizeof(m->ids[i]), "p", draw(r, 50000), 1),
						   .quantity = 1 + (uint32_t)draw(r, EVENT_QUANTITY_MAX),
						   .has_price = true,
						   .price_micros = (int64_t)draw(r, EVENT_PRICE_MAX_MICROS) };
	return m;
}

static int newest(const void *pa, const void *pb)
{
	const struct model_event *a = *(struct model_event *const *)pa, *b = *(struct model_event *const *)pb;
	int c = str_cmp(b->ev.event_id, a->ev.event_id);

	if (a->ev.t_ms != b->ev.t_ms)
		return a->ev.t_ms > b->ev.t_ms ? -1 : 1;
	return c ? c : a->arrival > b->arrival ? -1 : 1;
}

/* 1: a duplicate by the rules */
static int model_apply(struct model_event *m)
{
	for (size_t i = 0; i < all_n && i < 256 && m->ev.event_id.n; i++)
		if (str_eq(all[i]->ev.event_id, m->ev.event_id))
			return 1;
	m->arrival = all_n;
	all[all_n++] = m;
	qsort(all, all_n, sizeof(all[0]), newest);
	return 0;
}

/* What `aisle inspect` prints of a row: all there is of it. */
struct printed {
	const struct model_event *v[HISTORY_MAX]; /* in the order of the rows */
	uint32_t line[HISTORY_MAX];
	int n, at;
	uint64_t seed;
};

static bool same_text(const json_t *row, const char *name, struct str s)
{
	const char *is = json_string_value(json_object_get(row, name));

	return is ? str_eq(str_of(is), s) : !s.n;
}

static int expect_printed(void *arg, struct str json)
{
	struct printed *p = arg;
	json_t *row = json_loadb(json.p, json.n, JSON_DECODE_ANY, NULL);
	const struct event *ev = &p->v[p->at]->ev;
	const struct event_item *it = &ev->items[p->line[p->at]];

	cr_assert_lt(p->at, p->n, "seed %llu", (unsigned long long)p->seed);
	cr_assert(same_text(row, "type", str_of(event_type_name(ev->type))) && same_text(row, "itemId", it->id) &&
			  same_text(row, "sessionId", ev->session_id) && same_text(row, "orderId", ev->order_id) &&
			  json_integer_value(json_object_get(row, "t")) == ev->t_ms &&
			  json_integer_value(json_object_get(row, "quantity")) == it->quantity &&
			  fabs(json_number_value(json_object_get(row, "price")) * MICROS - (double)it->price_micros) <
				  1,
		  "seed %llu: row %d: %.*s", (unsigned long long)p->seed, p->at, STR_FMT(json));
	json_decref(row);
	p->at++;
	return 0;
}

static void expect_model_rows(uint64_t seed)
{
	const struct view_filter all_rows = { 0 };
	struct printed p = { .seed = seed };
	int n = history_of("u1");

	for (size_t i = 0; i < all_n && p.n < HISTORY_MAX; i++) {
		const struct event *ev = &all[i]->ev;

		for (uint32_t k = ev->type == EVENT_IMPRESSION ? 0 : ev->item_count; k-- > 0 && p.n < HISTORY_MAX;
		     p.n++) {
			p.v[p.n] = all[i];
			p.line[p.n] = k;
		}
	}
	cr_assert_eq(n, p.n, "seed %llu", (unsigned long long)seed);
	for (int i = 0; i < n; i++) {
		const struct event *ev = &p.v[i]->ev;
		const struct event_item *it = &ev->items[p.line[i]];

		cr_assert(rows[i].type == ev->type && rows[i].t_ms == ev->t_ms && rows[i].quantity == it->quantity &&
				  str_eq(snap_item_name(shop.snap, rows[i].item), it->id),
			  "seed %llu: row %d", (unsigned long long)seed, i);
	}
	cr_assert_eq(view_find("history")->rows(shop.snap, &all_rows, expect_printed, &p), 0);
	cr_assert_eq(p.at, n, "seed %llu", (unsigned long long)seed);
}

static void random_stream(uint64_t seed)
{
	int64_t t = SHOP_START;
	uint64_t r = seed, batch = 1 + draw(&r, 300), late_one_in = 2 + draw(&r, 30);
	int width = draw(&r, 2) ? 1 : 100;
	bool of_one_time = draw(&r, 2); /* every other event has the time of the one before it */

	all_n = 0;
	for (int i = 0; i < MODEL_EVENTS; i++) {
		int64_t back = draw(&r, late_one_in) ? 0 : (int64_t)draw(&r, 400 * MS_PER_MINUTE);
		struct model_event *m = make(&r, t - back, width);
		int expected = model_apply(m);

		t += of_one_time ? (int64_t)draw(&r, 2) * MS_PER_MINUTE : 1 + (int64_t)draw(&r, MS_PER_MINUTE);
		cr_assert_eq(fold_event(shop.fold, &m->ev, -1, NULL), expected, "seed %llu: event %d",
			     (unsigned long long)seed, i);
		if (expected)
			free(m);
		if (draw(&r, batch) == 0)
			shop_commit(&shop);
	}
	shop_commit(&shop);
	expect_model_rows(seed);
	for (size_t i = 0; i < all_n; i++)
		free(all[i]);
}

Test(history, random_streams_follow_the_rules)
{
	const char *given = getenv("HISTORY_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)getpid() * 1000;

	for (uint64_t i = 0; i < 12; i++) {
		random_stream(seed + i);
		cr_expect_lt(stored_bytes(), 120000, "seed %llu", (unsigned long long)(seed + i));
		teardown();
		setup();
	}
}
