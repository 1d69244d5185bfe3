/* Large transactions: the run of pages that they ask for. */
#include "tests/lib/views_shop.h"
#include "views/store_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(store_large, .init = setup, .fini = teardown);

/* The run of pages that a large transaction asks for lies where former ones were. */
Test(store_large, large_transactions_take_no_more_room_each_time)
{
	const struct level *base = &shop.store->levels->base;
	struct store_txn *t;
	uint64_t used = 0;
	struct str got;

	fold_free(shop.fold); /* its snapshot keeps what was freed */
	shop.fold = NULL;
	for (unsigned i = 0; i < 40; i++) {
		cr_assert_eq(store_begin_large(shop.store, &t), 0);
		cr_assert_eq(store_put(t, TBL_CATALOG, STR("key"), &i, sizeof(i)), 0);
		cr_assert_eq(store_commit(t), 0);
		cr_assert_eq(snap_renew(shop.snap), 0);
		if (i == 10)
			used = level__used_bytes(base);
	}
	cr_assert_eq(level__used_bytes(base), used);
	cr_assert_eq(snap_get(shop.snap, TBL_CATALOG, STR("key"), &got), 0);
	cr_assert_eq(got.p[0], 39);
}

/* It asks for none where the map has little room: what would fit does. */
Test(store_large, large_transactions_fill_a_map)
{
	struct store_options opt = shop_store_options(&shop);
	unsigned char value[1500] = { 0 };
	struct store *s = NULL;
	struct store_txn *t;
	uint64_t used;
	int rc = 0;

	snap_close(shop.snap);
	fold_free(shop.fold);
	store_close(shop.store);
	opt.map_size = UINT64_C(2) << 20;
	cr_assert_eq(store_open(&opt, &s, NULL), 0);
	for (unsigned i = 0; !rc; i++) {
		char key[16];
		struct str k = { key, (uint32_t)snprintf(key, sizeof(key), "%08u", i) };

		cr_assert_eq(store_begin_large(s, &t), 0);
		rc = store_put(t, TBL_CATALOG, k, value, sizeof(value));
		if (rc)
			store_abort(t);
		else
			rc = store_commit(t);
	}
	cr_assert_eq(rc, ERR_STORE_FULL);
	used = level__used_bytes(&s->levels->base);
	cr_assert_gt(used, opt.map_size - (UINT64_C(64) << 10), "full with %llu bytes", (unsigned long long)used);
	store_close(s);
	cr_assert_eq(
		store_open(&(struct store_options){ .path = shop.dir, .map_size = UINT64_C(1) << 30, .writer = true },
			   &shop.store, NULL),
		0);
	cr_assert_eq(fold_new(shop.store, &shop.fold, NULL), 0);
	cr_assert_eq(snap_open(shop.store, &shop.snap), 0);
}
