/* The young level over base: what is seen through both, what a merge leaves, and what is left when young is lost. */
#include "tests/lib/views_shop.h"
#include "views/fold_internal.h"
#include "views/generation.h"
#include "views/merger.h"
#include "views/store_internal.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define YOUNG (UINT64_C(64) << 20) /* never full here */
#define NEVER_MS (1000 * MS_PER_DAY)

static struct shop shop;

static void setup(void)
{
	shop_open_young(&shop, YOUNG);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(levels, .init = setup, .fini = teardown);

static void put(bool young, const char *key, const char *value)
{
	struct store_txn *t;

	cr_assert_eq(young ? store_begin_young(shop.store, &t) : store_begin(shop.store, &t), 0);
	if (value)
		cr_assert_eq(store_put(t, TBL_CATALOG, str_of(key), value, strlen(value)), 0);
	else
		cr_assert_eq(store_delete(t, TBL_CATALOG, str_of(key)), 0);
	cr_assert_eq(store_commit(t), 0);
}

static int join_row(void *arg, struct str key, struct str value)
{
	char *text = arg;
	size_t n = strlen(text);

	snprintf(text + n, 256 - n, "%s%.*s=%.*s", n ? " " : "", STR_FMT(key), STR_FMT(value));
	return 0;
}

static void expect_rows(const char *expected)
{
	char text[256] = "";

	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_assert_eq(snap_each(shop.snap, TBL_CATALOG, (struct str){ NULL, 0 }, join_row, text), 0);
	cr_assert_str_eq(text, expected);
}

static void expect_row(const char *key, const char *expected)
{
	struct str got;
	int rc;

	cr_assert_eq(snap_renew(shop.snap), 0);
	rc = snap_get(shop.snap, TBL_CATALOG, str_of(key), &got);
	cr_assert_eq(rc, expected ? 0 : ERR_NOT_FOUND);
	cr_assert(!expected || str_eq(got, str_of(expected)));
}

static void merge(void)
{
	store_young_seal(shop.store);
	cr_assert_gt(store_young_sealed(shop.store), 0);
	cr_assert_eq(store_merge(shop.store, store_young_sealed(shop.store), NULL), 0);
}

static bool young_file_exists(uint64_t number)
{
	char file[4240];

	young__file(shop.store->levels, number, file);
	return access(file, F_OK) == 0;
}

static void reopen(void)
{
	struct store_options opt = shop_store_options(&shop);

	snap_close(shop.snap);
	fold_free(shop.fold);
	store_close(shop.store);
	cr_assert_eq(store_open(&opt, &shop.store, NULL), 0);
	cr_assert_eq(fold_new(shop.store, &shop.fold, NULL), 0);
	cr_assert_eq(snap_open(shop.store, &shop.snap), 0);
}

static void lose_young(void)
{
	for (uint64_t n = 1; n < 10; n++)
		young__drop(shop.store->levels, n);
}

Test(levels, the_younger_row_wins_and_a_deletion_hides)
{
	put(false, "a", "old");
	put(false, "b", "old");
	put(false, "d", "old");
	put(true, "a", "new");
	put(true, "b", NULL);
	put(true, "c", "new");
	expect_rows("a=new c=new d=old");
	expect_row("a", "new");
	expect_row("b", NULL);
	merge();
	expect_rows("a=new c=new d=old");
	expect_row("b", NULL);
}

Test(levels, a_sealed_level_lies_between)
{
	put(false, "a", "1");
	put(true, "a", "2");
	put(true, "b", "2");
	store_young_seal(shop.store);
	put(true, "b", NULL);
	put(true, "c", "3");
	expect_rows("a=2 c=3");
	merge();
	expect_rows("a=2 c=3");
	merge();
	expect_rows("a=2 c=3");
	cr_assert_not(young_file_exists(1) || young_file_exists(2));
}

/* Their hashes lie in base, in young levels, or half of them not yet anywhere but in the newest entries. */
Test(levels, duplicates_are_known_wherever_their_prints_lie)
{
	for (int i = 0; i < 600; i++) {
		cr_assert_eq(shop_playf(&shop, "u1 view i%d @%ds e=e%d", i, i, i), 0);
		for (int back = 0; back < 256 && back <= i; back += 51)
			cr_assert_eq(shop_playf(&shop, "u1 view x @9d e=e%d", i - back), 1, "%d back of %d", back, i);
		if (i % 97 == 96)
			merge();
	}
}

Test(levels, long_values_shrink_across_levels)
{
	char *text = xmalloc(9001);

	memset(text, 'x', 9000);
	text[9000] = '\0';
	put(false, "a", text);
	put(true, "a", "short");
	expect_row("a", "short");
	put(true, "b", text);
	expect_row("b", text);
	merge();
	expect_row("a", "short");
	expect_row("b", text);
	free(text);
}

Test(levels, sums_are_added_over_levels)
{
	shop_play(&shop, "u1 buy p1,p2 @0s; u2 buy p1,p2 @1s; u2 buy p3,p1 @2s");
	cr_assert_eq(fold_settle(shop.fold), 0);
	shop_play(&shop, "u3 buy p1,p2 @3s; u4 buy p1,p4 @4s");
	shop_expect(&shop, "bought-together", "p1", "p2:3 p3:1 p4:1");
	cr_assert_eq(fold_settle(shop.fold), 0);
	cr_assert_eq(snap_renew(shop.snap), 0);
	shop_expect(&shop, "bought-together", "p1", "p2:3 p3:1 p4:1");
}

Test(levels, a_young_level_outlives_its_process)
{
	shop_play(&shop, "u1 buy p1,p2 @0s");
	reopen();
	shop_expect(&shop, "bought-together", "p1", "p2:1");
	shop_play(&shop, "u2 buy p1,p2 @1s");
	shop_expect(&shop, "bought-together", "p1", "p2:2");
	cr_assert_eq(store_young_sealed(shop.store), 0);
}

/* To who comes before the writer has seen it. */
static void expect_young_lost(void)
{
	struct store_options opt = { .path = shop.dir, .read_only = true };
	struct store *reader;
	struct snap *sn;

	cr_assert_eq(store_open(&opt, &reader, NULL), 0);
	cr_assert_eq(snap_open(reader, &sn), ERR_STORE_YOUNG_LOST);
	store_close(reader);
}

/* What was committed cannot be looked at: whoever goes on then has nothing to look into. */
Test(levels, a_commit_whose_snapshot_fails_is_fatal)
{
	MDB_txn *held[STORE_READERS_MAX + 64];
	struct position at = { .next = 1 };
	struct level *young;
	size_t n = 0;

	shop_play(&shop, "u1 view a @0s");
	fold_position(shop.fold, "log", 0, &at);
	snap_park(shop.fold->snap);
	cr_assert_eq(young__acquire(shop.store->levels, 1, &young), 0);
	while (mdb_txn_begin(young->env, NULL, MDB_RDONLY, &held[n]) == 0)
		cr_assert_lt(++n, ARRAY_SIZE(held));
	cr_expect_eq(fold_commit(shop.fold, NULL), ERR_STORE_BROKEN);
	while (n)
		mdb_txn_abort(held[--n]);
	young__release(shop.store->levels, young);
}

Test(levels, too_many_snapshots_are_called_so)
{
	MDB_env *base = shop.store->levels->base.env;
	MDB_txn *held[STORE_READERS_MAX + 64];
	struct snap *sn;
	size_t n = 0;

	while (mdb_txn_begin(base, NULL, MDB_RDONLY, &held[n]) == 0)
		cr_assert_lt(++n, ARRAY_SIZE(held));
	cr_expect_eq(snap_open(shop.store, &sn), ERR_STORE_READERS);
	while (n)
		mdb_txn_abort(held[--n]);
}

/* Half a key of sums would be read behind its end. */
Test(levels, a_damaged_key_of_sums_is_not_merged)
{
	MDB_val key = { 3, (void *)"key" }, value = { 0, NULL };
	struct store_txn *t;

	shop_play(&shop, "u1 buy p1,p2 @0s");
	cr_assert_eq(store_begin_young(shop.store, &t), 0);
	cr_assert_eq(mdb_put(t->txn, t->level->dbi[TBL_BOUGHT_TOGETHER], &key, &value, 0), 0);
	cr_assert_eq(store_commit(t), 0);
	cr_expect_eq(fold_settle(shop.fold), ERR_STORE_CORRUPT);
}

Test(levels, losing_a_young_level_leaves_base_with_its_own_offsets)
{
	struct position at = { .next = 7 }, got;
	uint64_t newest;

	fold_position(shop.fold, "log", 0, &at);
	shop_play(&shop, "u1 buy p1,p2 @0s");
	cr_assert_eq(fold_settle(shop.fold), 0);
	at.next = 9;
	fold_position(shop.fold, "log", 0, &at);
	shop_play(&shop, "u2 buy p1,p2 @1s");
	newest = young__newest(shop.store->levels);
	lose_young();
	expect_young_lost();
	reopen();
	shop_expect(&shop, "bought-together", "p1", "p2:1");
	cr_assert(fold_stored_position(shop.fold, "log", 0, &got));
	cr_assert_eq(got.next, 7);
	/* a number is never used again */
	shop_play(&shop, "u2 buy p1,p2 @1s");
	cr_assert_gt(young__newest(shop.store->levels), newest);
	shop_expect(&shop, "bought-together", "p1", "p2:2");
}

Test(levels, a_young_level_that_was_removed_is_merged_at_once)
{
	struct store_options opt = { .path = shop.dir, .read_only = true };
	struct store *reader;
	struct snap *sn;
	struct str got;

	put(true, "a", "1");
	lose_young();
	cr_assert_eq(fold_tend(shop.fold, NEVER_MS), 0);
	for (int i = 0; i < 1000 && young__merged_so_far(shop.store->levels) == 0; i++)
		clock_rest_ms(10);
	cr_assert_eq(store_open(&opt, &reader, NULL), 0);
	cr_assert_eq(snap_open(reader, &sn), 0);
	cr_assert_eq(snap_get(sn, TBL_CATALOG, STR("a"), &got), 0);
	snap_close(sn);
	store_close(reader);
}

Test(levels, a_reader_needs_no_setting)
{
	struct store_options opt = { .path = shop.dir, .read_only = true, .young_path = "/nowhere" };
	struct store *reader;
	char key[24], *text;
	struct snap *sn;
	struct str got;

	put(true, "a", "1");
	cr_assert_eq(store_open(&opt, &reader, NULL), 0);
	cr_assert_eq(snap_open(reader, &sn), 0);
	cr_assert_eq(snap_get(sn, TBL_CATALOG, STR("a"), &got), 0);
	/* nor the writer's: the level grows beyond what the reader would have mapped for its own */
	text = xcalloc(400001, 1);
	memset(text, 'x', 400000);
	for (int i = 0; i < 250; i++) {
		snprintf(key, sizeof(key), "long %d", i);
		put(true, key, text);
	}
	free(text);
	cr_assert_eq(snap_renew(sn), 0);
	cr_assert_eq(snap_get(sn, TBL_CATALOG, STR("long 249"), &got), 0);
	cr_assert_eq(got.n, 400000);
	snap_close(sn);
	store_close(reader);
}

/* On a copy of a store, which is a base and a key. */
Test(levels, a_reader_that_was_there_before_the_page_finds_it)
{
	struct store_options opt = { .path = shop.dir, .read_only = true };
	struct store *reader;
	char page[GENERATION_PATH_MAX];
	struct snap *sn;
	struct str value;

	snprintf(page, sizeof(page), "%s/current/levels", shop.dir);
	cr_assert_eq(unlink(page), 0);
	cr_assert_eq(store_open(&opt, &reader, NULL), 0);
	cr_assert_eq(snap_open(reader, &sn), 0);
	reopen();
	put(true, "a", "1");
	store_look(reader);
	cr_assert_eq(snap_renew(sn), 0);
	cr_assert_eq(snap_get(sn, TBL_CATALOG, STR("a"), &value), 0);
	snap_close(sn);
	store_close(reader);
}

Test(levels, a_restart_of_the_machine_ends_a_young_level)
{
	char file[4240];
	FILE *f;

	shop_play(&shop, "u1 buy p1,p2 @0s");
	/* beside base a young level is still there, and may be half written */
	snprintf(file, sizeof(file), "%s/levels", shop.store->levels->home);
	f = fopen(file, "r+b");
	cr_assert(f && fseek(f, 16, SEEK_SET) == 0 && fputs("another run", f) >= 0 && fclose(f) == 0);
	reopen();
	shop_expect(&shop, "bought-together", "p1", "");
	cr_assert_not(young_file_exists(1));
}

Test(levels, what_a_crash_left_of_a_merged_level_is_removed)
{
	char file[4240];
	FILE *f;

	put(true, "a", "1");
	merge();
	young__file(shop.store->levels, 1, file);
	f = fopen(file, "w");
	cr_assert(f && fclose(f) == 0);
	reopen();
	cr_assert_not(young_file_exists(1));
	expect_rows("a=1");
}

Test(levels, a_full_level_is_merged_by_itself)
{
	for (int i = 0; i < 50; i++) {
		shop_playf(&shop, "u%d buy p1,p2 @%ds", i, i);
		cr_assert_eq(fold_tend(shop.fold, i < 25 ? NEVER_MS : 0), 0);
	}
	cr_assert_eq(fold_settle(shop.fold), 0);
	cr_assert_geq(fold_merges(shop.fold)->merges, 2); /* by its age, then at the end */
	cr_assert_eq(snap_renew(shop.snap), 0);
	shop_expect(&shop, "bought-together", "p1", "p2:50");
}

/* The file of base may grow by so many bytes. */
static void limit_base(rlim_t bytes)
{
	struct rlimit limit;
	struct stat st;
	int fd;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(mdb_env_get_fd(shop.store->levels->base.env, &fd), 0);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = (rlim_t)st.st_size + bytes;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A large batch finds no room in base, where there is some for the small one after it: that must not pass the large one by. */
Test(levels, a_batch_that_found_no_room_takes_the_next_one_with_it)
{
	struct position at = { .next = 1000, .last = 999 }, found;
	char value[2000] = "", key[16];

	shop_play(&shop, "u1 view a @0s");
	limit_base(1 << 20);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "%d", i);
		fold_put(shop.fold, TBL_CATALOG, str_of(key), value, sizeof(value));
	}
	fold_position(shop.fold, "log", 0, &at);
	cr_assert_eq(fold_commit_bulk(shop.fold, NULL), 0);
	fold_put(shop.fold, TBL_CATALOG, STR("small"), "1", 1);
	at = (struct position){ .next = 1001, .last = 1000 };
	fold_position(shop.fold, "log", 0, &at);
	cr_expect_eq(fold_commit(shop.fold, NULL), ERR_DISK_FULL);
	cr_expect(!fold_stored_position(shop.fold, "log", 0, &found), "both are read again");
}

/* An id is never given twice: at the last one it ends. */
Test(levels, ids_that_have_run_out_fail_the_commit)
{
	struct fold_meta meta;
	struct store_txn *t;
	struct error e = { 0 };

	shop_play(&shop, "u1 view a @0s");
	cr_assert_eq(fold__read_meta(shop.snap, &meta), 0);
	meta.next_item = ID_NONE - 1;
	cr_assert_eq(store_begin_young(shop.store, &t), 0);
	cr_assert_eq(store_put(t, TBL_META, FOLD_META, &meta, sizeof(meta)), 0);
	cr_assert_eq(store_commit(t), 0);
	fold_free(shop.fold);
	cr_assert_eq(fold_new(shop.store, &shop.fold, &e), 0, "%s", e.text);
	cr_assert_eq(fold_item(shop.fold, STR("a")), 0);
	cr_assert_eq(fold_item(shop.fold, STR("b")), ID_NONE - 1);
	cr_assert_eq(fold_commit(shop.fold, NULL), 0);
	fold_item(shop.fold, STR("c"));
	cr_assert_eq(fold_commit(shop.fold, NULL), ERR_STORE_CORRUPT);
}
