/* Large transactions: the run of pages that they ask for, and what for. */
#include "tests/lib/views_shop.h"
#include "views/store_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define ROWS 6000 /* two a page */
#define ROW_BYTES 1500
#define PAGE_BUT_ONE 4
#define SIDE_BY_SIDE 100
#define BYTES (UINT64_C(64) << 20) /* that a transaction says it changes */
#define SMALL_RUN (40 * 16 * 4096) /* so many bytes: 40 pages */

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
	fold_free(shop.fold); /* its snapshot would keep what is freed */
	shop.fold = NULL;
	snap_park(shop.snap);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(store_large, .init = setup, .fini = teardown);

static struct str key_of(unsigned i)
{
	static char text[16];

	return (struct str){ text, (uint32_t)snprintf(text, sizeof(text), "%08u", i) };
}

/* New bytes for the rows first..last, each `step`-th, in a transaction that says how many it changes, or 0. */
static void rewrite(unsigned first, unsigned last, unsigned step, uint64_t bytes)
{
	static unsigned char value[ROW_BYTES];
	struct store_txn *t;

	cr_assert_eq(bytes ? store_begin_large(shop.store, bytes, &t) : store_begin(shop.store, &t), 0);
	value[0]++;
	for (unsigned i = first; i <= last; i += step)
		cr_assert_eq(store_put(t, TBL_CATALOG, key_of(i), value, sizeof(value)), 0);
	cr_assert_eq(store_commit(t), 0);
}

/* How often a page that comes next in the order of keys lies before the one before it. */
static unsigned steps_back(void)
{
	uintptr_t before = 0;
	unsigned ret = 0;

	cr_assert_eq(snap_renew(shop.snap), 0);
	for (unsigned i = 0; i < ROWS; i++) {
		struct str got;
		uintptr_t page;

		cr_assert_eq(snap_get(shop.snap, TBL_CATALOG, key_of(i), &got), 0);
		page = (uintptr_t)got.p / 4096;
		ret += page < before;
		before = page;
	}
	snap_park(shop.snap);
	return ret;
}

/* Two lists of free pages, none beside another, the later ones first: what takes one after the other goes back to the beginning. */
static unsigned steps_back_of(bool large)
{
	rewrite(0, ROWS - 1, 1, 0);
	rewrite(ROWS / 2, ROWS - 1, PAGE_BUT_ONE, 0);
	rewrite(0, ROWS / 2 - 1, PAGE_BUT_ONE, 0);
	for (unsigned i = 0; i < 3; i++) /* until both may be used */
		rewrite(0, 0, 1, 0);
	rewrite(0, ROWS - 1, 1, large ? BYTES : 0);
	return steps_back();
}

Test(store_large, small_ones_take_one_list_after_another)
{
	cr_expect_gt(steps_back_of(false), 0);
}

Test(store_large, takes_free_pages_in_order)
{
	cr_expect_eq(steps_back_of(true), 0);
}

static size_t long_rows(void)
{
	const struct level *base = &shop.store->levels->base;
	MDB_txn *txn;
	MDB_stat st;

	cr_assert_eq(mdb_txn_begin(base->env, NULL, MDB_RDONLY, &txn), 0);
	cr_assert_eq(mdb_stat(txn, base->dbi_long, &st), 0);
	mdb_txn_abort(txn);
	return st.ms_entries;
}

/* The run is in the last list, as it should be, and in an earlier one, since rows side by side were changed. */
Test(store_large, takes_free_pages_in_order_where_an_earlier_list_has_a_run_too)
{
	rewrite(0, ROWS - 1, 1, 0);
	rewrite(0, 0, 1, SMALL_RUN);
	rewrite(ROWS / 2, ROWS - SIDE_BY_SIDE, PAGE_BUT_ONE, 0);
	rewrite(ROWS - SIDE_BY_SIDE, ROWS - 1, 1, 0);
	rewrite(0, ROWS / 2 - 1, PAGE_BUT_ONE, SMALL_RUN);
	rewrite(0, 0, 1, 0); /* until both may be used */
	rewrite(0, ROWS - 1, 1, SMALL_RUN);
	cr_expect_eq(steps_back(), 0);
	cr_expect_eq(long_rows(), 1, "the run alone");
}

Test(store_large, the_file_does_not_grow_for_runs_of_earlier_lists)
{
	const struct level *base = &shop.store->levels->base;
	uint64_t used = 0;

	rewrite(0, ROWS - 1, 1, 0);
	for (unsigned i = 0; i < 40; i++) {
		rewrite(ROWS - SIDE_BY_SIDE * (1 + i % 8), ROWS - 1, 1, 0);
		rewrite(0, ROWS / 2 - 1, PAGE_BUT_ONE, SMALL_RUN);
		if (i == 20)
			used = level__used_bytes(base);
	}
	cr_expect_leq(level__used_bytes(base), used + SMALL_RUN);
}

/* Pages of the row that is the run; 0: there is none. */
static size_t run_pages(void)
{
	const struct level *base = &shop.store->levels->base;
	MDB_val key = { sizeof(RUN_KEY) - 1, (void *)RUN_KEY }, run;
	MDB_txn *txn;
	int rc;

	cr_assert_eq(mdb_txn_begin(base->env, NULL, MDB_RDONLY, &txn), 0);
	rc = mdb_get(txn, base->dbi_long, &key, &run);
	mdb_txn_abort(txn);
	return rc ? 0 : run.mv_size / 4096 + 1;
}

Test(store_large, the_run_grows_with_the_level_and_takes_no_more_room_each_time)
{
	const struct level *base = &shop.store->levels->base;
	uint64_t used = 0;

	rewrite(0, 100, 1, BYTES);
	cr_expect_eq(run_pages(), 0, "too small for one");
	rewrite(0, ROWS - 1, 1, 0);
	for (unsigned i = 0; i < 40; i++) {
		rewrite(i, i, 1, BYTES);
		if (i == 10)
			used = level__used_bytes(base);
	}
	cr_expect(run_pages() >= 20 && run_pages() <= 60, "%zu pages", run_pages());
	cr_expect_eq(level__used_bytes(base), used);
}

/* As one that was started before the writer was given a larger store.mapSize. */
Test(store_large, a_reader_goes_on_beyond_its_own_map_size)
{
	struct store_options opt = { .path = shop.dir, .map_size = UINT64_C(2) << 20, .read_only = true };
	struct store_figures figures;
	struct store *reader;
	struct snap *sn;
	struct str got;

	cr_assert_eq(store_open(&opt, &reader, NULL), 0);
	cr_assert_eq(snap_open(reader, &sn), 0);
	snap_park(sn);
	rewrite(0, ROWS - 1, 1, 0);
	cr_assert_eq(store_figures(reader, &figures), 0);
	cr_assert_gt(figures.used_bytes, opt.map_size);
	cr_expect_eq(figures.map_size, opt.map_size, "the setting is what is told");
	cr_assert_eq(snap_renew(sn), 0);
	cr_expect_eq(snap_get(sn, TBL_CATALOG, key_of(ROWS - 1), &got), 0);
	snap_close(sn);
	store_close(reader);
}

/* One more than the map has room for would fail the transaction, which may need little. */
Test(store_large, asks_for_none_where_the_map_has_little_room)
{
	struct store_options opt = shop_store_options(&shop);
	struct level *base;
	unsigned rows = 0;

	snap_close(shop.snap);
	store_close(shop.store);
	opt.map_size = UINT64_C(16) << 20;
	cr_assert_eq(store_open(&opt, &shop.store, NULL), 0);
	cr_assert_eq(snap_open(shop.store, &shop.snap), 0);
	snap_park(shop.snap);
	base = &shop.store->levels->base;
	for (; level__used_bytes(base) < opt.map_size - (UINT64_C(256) << 10); rows += 10)
		rewrite(rows, rows + 9, 1, 0);
	cr_assert_eq(run_pages(), 0);
	rewrite(0, 9, 1, BYTES);
	cr_expect_eq(run_pages(), 0);
}
