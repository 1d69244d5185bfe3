#include "tests/lib/views_shop.h"
#include "views/versions.h"

#include <criterion/criterion.h>

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
	shop_play(&shop, "u1 view p1 @0s; u1 view p2 @1s");
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(versions, .init = setup, .fini = teardown);

/* As if another program had made the rows of this view; then this one begins. */
static int begin_with(const char *view, uint32_t version, struct error *e)
{
	struct store_txn *t;

	fold_free(shop.fold);
	shop.fold = NULL;
	cr_assert_eq(store_begin(shop.store, &t), 0);
	cr_assert_eq(store_put(t, TBL_VIEW_VERSIONS, str_of(view), &version, sizeof(version)), 0);
	cr_assert_eq(store_commit(t), 0);
	return fold_new(shop.store, &shop.fold, e);
}

static int count(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	(void)group;
	(void)member;
	(void)columns;
	++*(unsigned *)arg;
	return 0;
}

/* Rows of an adding table, retained or not. */
static unsigned stored(enum table_id id)
{
	unsigned ret = 0;

	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_assert_eq(snap_sums(shop.snap, id, 0, UINT64_MAX, count, &ret), 0);
	return ret;
}

Test(versions, a_new_store_is_of_this_program)
{
	struct versions versions;
	char why[256];

	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_assert_eq(versions_of_snap(shop.snap, &versions), 0);
	cr_assert(versions.known);
	cr_assert_not(versions_describe(&versions, why, sizeof(why)));
	for (size_t i = 0; view_registry[i]; i++)
		cr_assert_eq(versions.stored[i], view_registry[i]->version);
}

Test(versions, a_changed_view_keeps_its_rows_and_the_others_go_on)
{
	unsigned popularity = stored(TBL_POPULARITY), totals = stored(TBL_ITEM_TOTALS);
	struct error e = { 0 };
	char why[256];

	cr_assert_gt(popularity, 0);
	cr_assert_eq(begin_with("popularity", 99, &e), 0, "%s", e.text);
	cr_assert(fold_frozen(shop.fold, why, sizeof(why)));
	cr_assert(strstr(why, "view 'popularity' of the store is of version 99"), "%s", why);
	shop_play(&shop, "u2 view p3 @2s; u2 view p4 @3s");
	cr_assert_eq(stored(TBL_POPULARITY), popularity);
	cr_assert_eq(stored(TBL_ITEM_TOTALS), totals + 2);
	/* behind the retention by now, and still there */
	for (int day = 2000; day < 2010; day++)
		shop_playf(&shop, "u3 view p9 @%dd", day);
	cr_assert_eq(stored(TBL_POPULARITY), popularity);
	cr_assert_lt(stored(TBL_ITEM_TOTALS), totals + 2);
}

Test(versions, a_view_that_others_need_stops_the_processor)
{
	struct error e = { 0 };

	cr_assert_eq(begin_with("history", 99, &e), ERR_VIEW_CHANGED);
	cr_assert(strstr(e.text, "aisle replay --from earliest"), "%s", e.text);
}
