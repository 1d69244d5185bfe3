/* The rules of the views that are not pairs, by hand. */
#include "tests/lib/views_shop.h"
#include "views/history.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/pairs.h"
#include "views/popularity.h"
#include "views/catalog.h"
#include "views/stock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(views, .init = setup, .fini = teardown);

static void expect_rows(const char *view, const char *item, const char *expected)
{
	char *rows = shop_rows(&shop, view, item);

	cr_assert_str_eq(rows, expected, "%s\ngot:\n%s\nexpected:\n%s", view, rows, expected);
	free(rows);
}

Test(views, popularity_counts_by_hour_and_day)
{
	shop_play(
		&shop,
		"u1 view a @0s; u1 view a @61m; u1 add a @62m; u1 buy a @63m q=3 p=2.55; u2 return a @64m q=1 p=2.55");
	expect_rows(
		"popularity", "a",
		"{\"itemId\":\"a\",\"bucket\":\"day\",\"start\":2592000000000,\"views\":2,\"carts\":1,\"orders\":1,\"units\":2,\"revenue\":5.1}\n"
		"{\"itemId\":\"a\",\"bucket\":\"hour\",\"start\":2592000000000,\"views\":1,\"carts\":0,\"orders\":0,\"units\":0,\"revenue\":0}\n"
		"{\"itemId\":\"a\",\"bucket\":\"hour\",\"start\":2592003600000,\"views\":1,\"carts\":1,\"orders\":1,\"units\":2,\"revenue\":5.1}");
}

Test(views, popularity_counts_an_item_once_an_order_and_all_its_units)
{
	shop_play(&shop, "u1 buy a,a @0s o=1 q=2; u1 buy a @1s o=1; u1 buy a @2s");
	char *rows = shop_rows(&shop, "popularity", "a");
	cr_assert(strstr(rows, "\"bucket\":\"hour\"") && strstr(rows, "\"orders\":2,\"units\":6"), "%s", rows);
	free(rows);
}

static int any_row(void *arg, int64_t bucket, uint32_t item, const struct popularity *p)
{
	(void)arg;
	(void)bucket;
	(void)item;
	(void)p;
	return 1;
}

Test(views, popularity_keeps_fifteen_days_of_hours_and_four_hundred_of_days)
{
	shop_play(&shop, "u1 view a @0s");
	shop_play(&shop, "u1 view b @14.99d");
	char *rows = shop_rows(&shop, "popularity", "a");
	cr_assert(strstr(rows, "hour"), "%s", rows);
	free(rows);
	shop_play(&shop, "u1 view b @15d");
	rows = shop_rows(&shop, "popularity", "a");
	cr_assert(!strstr(rows, "hour") && strstr(rows, "day"), "%s", rows);
	free(rows);
	shop_play(&shop, "u1 view b @400d");
	expect_rows("popularity", "a", "");
	/* and it is gone, not only hidden */
	cr_assert_eq(popularity_scan(shop.snap, BUCKET_DAY, 0, SHOP_START / MS_PER_DAY, any_row, NULL), 0);
}

Test(views, item_totals_count_sessions_orders_and_buyers)
{
	shop_play(&shop, "u1 view a @0s; u1 view a @1s; u1 buy a @2s o=1; u1 buy a @3s o=2; u1 view a @2h");
	expect_rows("item-totals", "a",
		    "{\"itemId\":\"a\",\"epoch\":1000,\"viewSessions\":2,\"orders\":2,\"buyers\":1}");
}

static int count_sum(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	(void)group;
	(void)member;
	(void)columns;
	++*(int *)arg;
	return 0;
}

static int stored_totals(void)
{
	int n = 0;

	cr_assert_eq(snap_sums(shop.snap, TBL_ITEM_TOTALS, 0, UINT64_MAX, count_sum, &n), 0);
	return n;
}

Test(views, item_totals_of_old_epochs_are_dropped)
{
	struct item_totals got;

	shop_play(&shop, "u1 view a @0s; u2 view a @210d; u3 view a @240d; u4 view b @0s");
	/* epochs 1003 to 1008: of two blocks */
	cr_assert_eq(item_totals_get(shop.snap, snap_item(shop.snap, STR("a")), &got), 0);
	cr_assert_eq(got.view_sessions, 2);
	expect_rows("item-totals", "a",
		    "{\"itemId\":\"a\",\"epoch\":1007,\"viewSessions\":1,\"orders\":0,\"buyers\":0}\n"
		    "{\"itemId\":\"a\",\"epoch\":1008,\"viewSessions\":1,\"orders\":0,\"buyers\":0}");
	cr_assert_eq(stored_totals(), 4);
	shop_play(&shop, "u5 view a @389d");
	cr_assert_eq(stored_totals(), 5, "epoch 1007 is among the last six");
	shop_play(&shop, "u5 view a @390d");
	cr_assert_eq(stored_totals(), 3);
}

Test(views, history_keeps_the_last_256_rows_newest_first)
{
	struct history_row rows[HISTORY_MAX];
	char *printed;

	for (int i = 0; i < 300; i++)
		shop_playf(&shop, "u1 view i%03d @%ds e=e%03d", i, i, i);
	uint32_t actor = snap_actor(shop.snap, ACTOR_USER, STR("u1"));
	cr_assert_eq(history_get(shop.snap, actor, rows), HISTORY_MAX);
	cr_assert(str_eq(snap_item_name(shop.snap, rows[0].item), STR("i299")));
	cr_assert(str_eq(snap_item_name(shop.snap, rows[255].item), STR("i044")));
	shop_play(
		&shop,
		"u1 view late @-1s e=x; u1 show i001 @400s e=y; u1 search - @401s e=z; u1 buy z,y @402s o=7 q=2 p=1.5");
	cr_assert_eq(history_get(shop.snap, actor, rows), HISTORY_MAX);
	cr_assert(str_eq(snap_item_name(shop.snap, rows[0].item), STR("y")));
	cr_assert_eq(rows[1].quantity, 2);
	printed = shop_rows(&shop, "history", "z");
	cr_assert(strstr(printed, "\"orderId\":\"7\",\"quantity\":2,\"price\":1.5}"), "%s", printed);
	free(printed);
	cr_assert(str_eq(snap_item_name(shop.snap, rows[255].item), STR("i046")));
}

/* 200 events of 256 lines are more than a stored value may hold; what a history shows is in the last one. */
Test(views, history_of_long_orders_stays_small)
{
	static char text[4096];
	struct history_row rows[HISTORY_MAX];
	size_t n = 0;

	for (int i = 0; i < HISTORY_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%si%d", i ? "," : "", i);
	for (int i = 0; i < 200; i++)
		shop_playf(&shop, "u1 return %s @%ds e=e%d", text, i, i);
	cr_assert_eq(history_get(shop.snap, snap_actor(shop.snap, ACTOR_USER, STR("u1")), rows), HISTORY_MAX);
	cr_assert_eq(rows[0].t_ms, SHOP_START + 199 * MS_PER_SECOND);
	cr_assert_eq(rows[HISTORY_MAX - 1].t_ms, rows[0].t_ms);
	cr_assert_eq(shop_play(&shop, "u1 return i1 @0s e=e0"), 1, "the window of duplicates is as long as before");
}

Test(views, history_rows_survive_many_other_events)
{
	struct history_row rows[HISTORY_MAX];

	shop_play(&shop, "u1 view a @0s");
	for (int i = 0; i < 900; i++)
		shop_playf(&shop, "u1 search - @%ds e=%d", i + 1, i);
	cr_assert_eq(history_get(shop.snap, snap_actor(shop.snap, ACTOR_USER, STR("u1")), rows), 1);
}

Test(views, a_person_is_a_user_and_its_visitors)
{
	uint32_t actors[PERSON_ACTORS_MAX];

	shop_play(&shop, "u1+v1 view a @1s; u1+v2 view a @2s; v3 view a @3s");
	cr_assert_eq(person_actors(shop.snap, STR("u1"), STR(""), actors), 3);
	cr_assert_eq(actors[1], snap_actor(shop.snap, ACTOR_VISITOR, STR("v2")));
	cr_assert_eq(person_actors(shop.snap, STR(""), STR("v1"), actors), 3);
	cr_assert_eq(person_actors(shop.snap, STR(""), STR("v3"), actors), 1);
	cr_assert_eq(person_actors(shop.snap, STR(""), STR("never seen"), actors), 0);
	shop_play(&shop, "u2+v1 view a @9s; u1+v1 view a @8s");
	cr_assert_eq(person_actors(shop.snap, STR("u1"), STR(""), actors), 2);
	cr_assert_eq(person_actors(shop.snap, STR("u2"), STR(""), actors), 2);
}

Test(views, a_user_keeps_its_sixteen_newest_visitors)
{
	uint32_t actors[PERSON_ACTORS_MAX];

	for (int i = 0; i < 20; i++)
		shop_playf(&shop, "u1+v%d view a @%ds", i, i);
	cr_assert_eq(person_actors(shop.snap, STR("u1"), STR(""), actors), 17);
	cr_assert_eq(actors[1], snap_actor(shop.snap, ACTOR_VISITOR, STR("v19")));
	cr_assert_eq(actors[16], snap_actor(shop.snap, ACTOR_VISITOR, STR("v4")));
}

Test(views, user_and_visitor_ids_do_not_meet_and_no_raw_id_is_stored)
{
	struct event ev = { .type = EVENT_VIEW,
			    .has_time = true,
			    .t_ms = SHOP_START,
			    .user_id = STR("same-secret-id"),
			    .item_count = 1,
			    .items = &(struct event_item){ .id = STR("a"), .quantity = 1 } };
	char file[128];
	char *bytes;
	FILE *f;
	size_t n;

	cr_assert_eq(fold_event(shop.fold, &ev, -1, NULL), 0);
	ev.visitor_id = ev.user_id;
	ev.user_id = (struct str){ NULL, 0 };
	cr_assert_eq(fold_event(shop.fold, &ev, -1, NULL), 0);
	shop_commit(&shop);
	cr_assert_neq(snap_actor(shop.snap, ACTOR_USER, STR("same-secret-id")),
		      snap_actor(shop.snap, ACTOR_VISITOR, STR("same-secret-id")));
	snprintf(file, sizeof(file), "%s/current/base/data.mdb", shop.dir);
	f = fopen(file, "rb");
	bytes = xmalloc(1 << 22);
	n = fread(bytes, 1, 1 << 22, f);
	fclose(f);
	cr_assert_gt(n, 4096);
	cr_assert_null(memmem(bytes, n, "same-secret-id", 14));
	free(bytes);
}

Test(views, events_far_in_the_future_of_their_record_are_refused)
{
	struct event ev = { .type = EVENT_VIEW,
			    .has_time = true,
			    .t_ms = SHOP_START + MS_PER_HOUR + 1,
			    .user_id = STR("u"),
			    .item_count = 1,
			    .items = &(struct event_item){ .id = STR("a"), .quantity = 1 } };
	struct error e = { 0 };

	cr_assert_eq(fold_event(shop.fold, &ev, SHOP_START, &e), ERR_TIME_IN_FUTURE);
	cr_assert_str_eq(e.field, "eventTime");
	ev.t_ms--;
	cr_assert_eq(fold_event(shop.fold, &ev, SHOP_START, &e), 0);
	ev.has_time = false;
	e = (struct error){ 0 };
	cr_assert_eq(fold_event(shop.fold, &ev, -1, &e), ERR_MISSING_FIELD);
	e = (struct error){ 0 };
	cr_assert_eq(fold_event(shop.fold, &ev, SHOP_START * 1000, &e), ERR_OUT_OF_RANGE, "microseconds");
	cr_assert_str_eq(e.field, "timestamp");
}

Test(views, stock_as_of_far_in_the_future_of_its_record_is_refused)
{
	struct stock_record rec = {
		.item_id = STR("a"), .lead_time_hours = -1, .has_as_of = true, .as_of_ms = SHOP_START + MS_PER_HOUR + 1
	};

	cr_assert_eq(fold_stock(shop.fold, &rec, false, SHOP_START, NULL), ERR_TIME_IN_FUTURE);
	rec.as_of_ms--;
	cr_assert_eq(fold_stock(shop.fold, &rec, false, SHOP_START, NULL), 0);
}

Test(views, stock_of_a_record_in_microseconds_is_refused)
{
	struct stock_record rec = { .item_id = STR("a"), .lead_time_hours = -1 };
	struct error e = { 0 };

	cr_assert_eq(fold_stock(shop.fold, &rec, false, SHOP_START * 1000, &e), ERR_OUT_OF_RANGE);
	cr_assert_str_eq(e.field, "timestamp");
	cr_assert_eq(fold_stock(shop.fold, &rec, true, INT64_MAX, NULL), ERR_OUT_OF_RANGE);
	rec.has_as_of = true;
	rec.as_of_ms = SHOP_START;
	cr_assert_eq(fold_stock(shop.fold, &rec, false, INT64_MAX, NULL), ERR_OUT_OF_RANGE, "no overflow");
}

Test(views, the_last_stock_record_by_as_of_wins)
{
	struct stock_record rec = {
		.item_id = STR("a"), .quantity = 5, .lead_time_hours = -1, .has_as_of = true, .as_of_ms = 100
	};
	struct stock_level level;

	cr_assert_eq(fold_stock(shop.fold, &rec, false, -1, NULL), 0);
	rec.as_of_ms = 90;
	rec.quantity = 7;
	cr_assert_eq(fold_stock(shop.fold, &rec, false, -1, NULL), 0);
	rec.location = STR("north");
	rec.quantity = 2;
	cr_assert_eq(fold_stock(shop.fold, &rec, false, -1, NULL), 0);
	shop_commit(&shop);
	uint32_t item = snap_item(shop.snap, STR("a"));
	cr_assert_eq(stock_get(shop.snap, item, &level), 0);
	cr_assert(level.known && level.quantity == 7);
	rec.location = (struct str){ NULL, 0 };
	cr_assert_eq(fold_stock(shop.fold, &rec, true, -1, NULL), 0);
	shop_commit(&shop);
	cr_assert_eq(stock_get(shop.snap, item, &level), 0);
	cr_assert(level.known && level.quantity == 2);
	/* deleted as of 100: an older record that comes after it does not count, a newer one does */
	rec.as_of_ms = 99;
	rec.quantity = 9;
	cr_assert_eq(fold_stock(shop.fold, &rec, false, -1, NULL), 0);
	shop_commit(&shop);
	cr_assert_eq(stock_get(shop.snap, item, &level), 0);
	cr_assert_eq(level.quantity, 2);
	rec.as_of_ms = 200;
	cr_assert_eq(fold_stock(shop.fold, &rec, false, -1, NULL), 0);
	cr_assert_eq(fold_stock(shop.fold, &rec, true, 300, NULL), 0);
	cr_assert_eq(fold_stock(shop.fold, &rec, false, -1, NULL), 0, "older than the deletion at 300");
	shop_commit(&shop);
	cr_assert_eq(stock_get(shop.snap, item, &level), 0);
	cr_assert_eq(level.quantity, 2);
	rec.as_of_ms = 301;
	cr_assert_eq(fold_stock(shop.fold, &rec, false, -1, NULL), 0);
	shop_commit(&shop);
	cr_assert_eq(stock_get(shop.snap, item, &level), 0);
	cr_assert_eq(level.quantity, 11);
}

Test(views, a_deleted_catalogue_record_is_told_from_an_unknown_one)
{
	struct catalog_item item, got;

	catalog_item_init(&item);
	item.item_id = STR("a");
	item.title = STR("A mug");
	item.price_micros = 2550000;
	cr_assert_eq(fold_catalog(shop.fold, &item, false), 0);
	item.item_id = STR("b");
	cr_assert_eq(fold_catalog(shop.fold, &item, true), 0);
	shop_commit(&shop);
	cr_assert_eq(catalog_get(shop.snap, snap_item(shop.snap, STR("a")), &got), CATALOG_LIVE);
	cr_assert(str_eq(got.title, STR("A mug")) && got.price_micros == 2550000);
	cr_assert_eq(catalog_get(shop.snap, snap_item(shop.snap, STR("b")), &got), CATALOG_DELETED);
	cr_assert_eq(catalog_get(shop.snap, 77, &got), CATALOG_UNKNOWN);
	expect_rows("catalog", NULL, "{\"itemId\":\"a\",\"title\":\"A mug\",\"price\":2.55}");
}
