/* A damaged store is told apart: each row here is one that a view could not have written. More: tests/fuzz/fuzz_store.c. */
#include "tests/lib/views_shop.h"
#include "views/answer_rows.h"
#include "views/history_entry.h"
#include "views/ids.h"
#include "views/pairs.h"
#include "views/redemptions.h"
#include "views/session_rows.h"
#include "views/store_internal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
	shop_play(&shop, "v1 view a,b @0s s=x e=e1; u1+v1 view c @1s e=e2; u1 view a,b @2s s=x e=e3; "
			 "u1 buy a,b,c @3s o=1 s=x e=e4 p=2; u2 buy a,b @4s o=2 e=e5");
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(damage, .init = setup, .fini = teardown);

static int ignore_row(void *arg, struct str json)
{
	(void)arg, (void)json;
	return 0;
}

static int rows_of(const char *view)
{
	const struct view_filter all = { .item = { NULL, 0 } };

	return view_rows(view_find(view), shop.snap, &all, ignore_row, NULL);
}

static void write_raw(enum table_id id, const void *key, size_t key_n, const void *value, size_t n)
{
	struct row_key buf;
	MDB_val k = store__row_key(id, (struct str){ key, (uint32_t)key_n }, &buf);

	shop_damage(&shop, id, (struct str){ k.mv_data, (uint32_t)k.mv_size }, value, n);
}

struct first {
	unsigned char key[STORE_KEY_MAX], value[4096];
	size_t key_n, n;
};

static int keep_first(void *arg, struct str key, struct str value)
{
	struct first *f = arg;

	memcpy(f->key, key.p, key.n);
	memcpy(f->value + 1, value.p, value.n);
	f->key_n = key.n;
	f->n = value.n + 1;
	return 1;
}

/* The table's first row with these bytes at `at`, cut to `n` when n is not 0. */
static void overwrite(enum table_id id, size_t at, const void *bytes, size_t bytes_n, size_t n)
{
	struct first f = { .n = 0 };

	cr_assert_eq(snap_each(shop.snap, id, (struct str){ NULL, 0 }, keep_first, &f), 1);
	if (bytes_n)
		memcpy(f.value + 1 + at, bytes, bytes_n);
	write_raw(id, f.key, f.key_n, f.value, n ? n + 1 : f.n);
}

static int fold_more(void)
{
	struct event_item item = { .id = STR("a"), .quantity = 1 };
	struct event ev = { .has_time = true, .t_ms = SHOP_START, .items = &item, .item_count = 1 };
	struct fold *fold;
	char id[16];
	int rc;

	rc = fold_new(shop.store, &fold, NULL);
	if (rc)
		return rc;
	for (int i = 0; i < 4; i++) {
		snprintf(id, sizeof(id), "new%d", i);
		ev.type = i % 2 ? EVENT_PURCHASE : EVENT_VIEW;
		ev.user_id = i < 2 ? (struct str){ NULL, 0 } : STR("u1");
		ev.visitor_id = STR("v1");
		ev.session_id = i == 1 ? (struct str){ NULL, 0 } : STR("x");
		ev.order_id = STR("1");
		ev.event_id = str_of(id);
		cr_assert_geq(fold_event(fold, &ev, -1, NULL), 0);
	}
	rc = fold_commit(fold, NULL);
	fold_free(fold);
	return rc;
}

Test(damage, whole)
{
	cr_assert_eq(rows_of("history"), 0);
	cr_assert_eq(fold_more(), 0);
}

/* Fewer entries than it says. */
Test(damage, history_entries)
{
	overwrite(TBL_HISTORY, offsetof(struct history_head, entries), "\x09\x00", 2, 0);
	cr_expect_eq(rows_of("history"), ERR_STORE_CORRUPT);
}

/* A type that is none: its name was read from beyond the table. */
Test(damage, history_type)
{
	overwrite(TBL_HISTORY, sizeof(struct history_head), "\x0f", 1, 0);
	cr_expect_eq(rows_of("history"), ERR_STORE_CORRUPT);
}

Test(damage, history_cut)
{
	overwrite(TBL_HISTORY, 0, NULL, 0, 10);
	cr_expect_eq(rows_of("history"), ERR_STORE_CORRUPT);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
}

/* Counts of a session, of purchases: the fold wrote and moved that many. */
Test(damage, session_counts)
{
	overwrite(TBL_SESSION_STATE, 12, "\xff\xff\xff\x7f", 4, 0);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
}

Test(damage, purchase_counts)
{
	overwrite(TBL_PURCHASES, 4, "\xff\xff\xff\x7f", 4, 0);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
}

Test(damage, order_cut)
{
	overwrite(TBL_ORDER_STATE, 0, NULL, 0, 5);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
}

Test(damage, interned_id)
{
	overwrite(TBL_ITEM_IDS, 0, "\xff\xff\xff\x7f", 4, 0);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
}

/* A key longer than any is: the parts of its value were looked up in a buffer of STORE_KEY_MAX. */
Test(damage, long_key)
{
	char key[400];

	memset(key, 'k', sizeof(key));
	shop_damage(&shop, TBL_HISTORY, (struct str){ key, sizeof(key) }, "\x02more", 5);
	cr_expect_eq(rows_of("history"), ERR_STORE_CORRUPT);
}

/* Among the rows of actors: one of a table that lies elsewhere, of none, and of no actor. */
Test(damage, row_of_no_actor_table)
{
	static const struct str keys[] = { { "\0\0\0\0\6", 5 }, { "\0\0\0\0\xff", 5 }, { "\0\0\0\0", 4 } };

	cr_assert_eq(rows_of("history"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		MDB_val k = { keys[i].n, (void *)keys[i].p };
		MDB_txn *txn;

		shop_damage(&shop, TBL_HISTORY, (struct str){ k.mv_data, (uint32_t)k.mv_size }, "\0more", 5);
		cr_expect_eq(rows_of("history"), ERR_STORE_CORRUPT);
		cr_expect_eq(rows_of("countries"), ERR_STORE_CORRUPT);
		snap_park(shop.snap);
		cr_assert_eq(mdb_txn_begin(shop.store->levels->base.env, NULL, 0, &txn), 0);
		cr_assert_eq(mdb_del(txn, shop.store->levels->base.dbi[TBL_HISTORY], &k, NULL), 0);
		cr_assert_eq(mdb_txn_commit(txn), 0);
		cr_assert_eq(snap_renew(shop.snap), 0);
	}
	cr_assert_eq(rows_of("history"), 0);
}

/* A first part that is longer than a row was copied into a buffer of STORE_VALUE_MAX. */
Test(damage, long_first_part)
{
	char *value = xcalloc(1, STORE_VALUE_MAX + 2);

	value[0] = 1;
	write_raw(TBL_HISTORY, "\0\0\0\0", 4, value, STORE_VALUE_MAX + 2);
	free(value);
	cr_expect_eq(rows_of("history"), ERR_STORE_CORRUPT);
}

Test(damage, key_of_sums)
{
	struct snap_counts list = { 0 };

	write_raw(TBL_ALSO_BOUGHT, "\0\0\3\xe8\0\0\0\0\1", 9, "\0\2", 2);
	cr_expect_eq(rows_of("also-bought"), ERR_STORE_CORRUPT);
	cr_expect_eq(pairs_get(shop.snap, PAIR_ALSO_BOUGHT, 0, 1, &list), ERR_STORE_CORRUPT);
	snap_counts_fini(&list);
}

/* LMDB says only that a transaction is bad once it has met a damaged page; to a cursor one that has ended is as bad. */
Test(damage, groups_of_a_snapshot_that_met_a_damaged_page)
{
	struct snap_counts list = { 0 };

	cr_assert_eq(snap_add_group(shop.snap, PART_ALL, TBL_ALSO_BOUGHT, 7, &list), 0);
	mdb_txn_reset(shop.snap->base.txn);
	cr_expect_eq(snap_add_group(shop.snap, PART_ALL, TBL_ALSO_BOUGHT, 7, &list), ERR_STORE_CORRUPT);
	cr_expect_eq(snap_group_parts(shop.snap, PART_ALL, TBL_ALSO_BOUGHT, 7, NULL, NULL), ERR_STORE_CORRUPT);
	snap_counts_fini(&list);
}

/* An item that was never interned: the ranker has a place for each up to it. */
Test(damage, unknown_item)
{
	write_raw(TBL_CATALOG, "\xff\xff\xff\xfe", 4, "\0\1\1\0\0\0\0", 7);
	cr_expect_eq(rows_of("catalog"), ERR_STORE_CORRUPT);
}

static int ignore_totals(void *arg, uint32_t item, const struct item_totals *epoch)
{
	(void)arg, (void)item, (void)epoch;
	return 0;
}

Test(damage, totals_of_an_unknown_item)
{
	uint32_t epoch = SHOP_START / MS_PER_EPOCH;

	cr_assert_eq(item_totals_each(shop.snap, ignore_totals, NULL), 0);
	fold_add(shop.fold, TBL_ITEM_TOTALS, (uint64_t)(epoch / 16) << 32 | 3, epoch, 0, 1);
	shop_commit(&shop);
	cr_expect_eq(item_totals_each(shop.snap, ignore_totals, NULL), ERR_STORE_CORRUPT);
}

Test(damage, watermark)
{
	write_raw(TBL_META, "fold", 4, "\0\3\0\0\0\3\0\0\0\0\0\0\0\0\0\0\x7f", 17);
	cr_expect_eq(rows_of("popularity"), ERR_STORE_CORRUPT);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
}

Test(damage, stock)
{
	struct stock_record rec = { .item_id = STR("a"), .quantity = 1, .lead_time_hours = -1 };

	cr_assert_eq(fold_stock(shop.fold, &rec, false, SHOP_START, NULL), 0);
	shop_commit(&shop);
	cr_expect_eq(rows_of("stock"), 0);
	overwrite(TBL_STOCK, 8, "\xff\xff\xff\xff\xff\xff\xff\x7f", 8, 0);
	cr_expect_eq(rows_of("stock"), ERR_STORE_CORRUPT);
}

Test(damage, position)
{
	struct position pos = { .next = 8, .last = 7 };

	fold_position(shop.fold, "shop.events", 0, &pos);
	shop_commit(&shop);
	cr_expect_eq(rows_of("offsets"), 0);
	overwrite(TBL_OFFSETS, 0, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0);
	cr_expect_eq(rows_of("offsets"), ERR_STORE_CORRUPT);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
}

/* More views than it has, none, times that are none, and fewer there ever were than are kept. */
Test(damage, session)
{
	static const struct {
		size_t at;
		const char *bytes;
		size_t n;
	} edits[] = {
		{ offsetof(struct session_head, mark.items_n), "\x41\x00\x00\x00", 4 },
		{ offsetof(struct session_head, mark.items_n), "\x00\x00\x00\x00", 4 },
		{ offsetof(struct session_head, mark.items_n), "\x01\x00\x00\x00", 4 },
		{ offsetof(struct session_head, mark.last_ms), "\xff\xff\xff\xff\xff\xff\xff\xff", 8 },
		{ offsetof(struct session_head, views), "\x01\x00\x00\x00", 4 },
	};
	struct first f = { .n = 0 };

	cr_assert_eq(snap_each(shop.snap, TBL_SESSIONS, (struct str){ NULL, 0 }, keep_first, &f), 1);
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		f.value[0] = 0;
		write_raw(TBL_SESSIONS, f.key, f.key_n, f.value, f.n);
		cr_assert_eq(rows_of("sessions"), 0);
		overwrite(TBL_SESSIONS, edits[i].at, edits[i].bytes, edits[i].n, 0);
		cr_expect_eq(rows_of("sessions"), ERR_STORE_CORRUPT, "edit %zu", i);
		cr_expect_eq(rows_of("item-sessions"), ERR_STORE_CORRUPT, "edit %zu", i);
	}
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
}

/* A cell that there is not, and more hits than chances. */
Test(damage, revisits)
{
	static const unsigned char beyond[] = { 0xf0, 0x10, 4, 2 }, hits[] = { 1, 2, 4 };
	static const unsigned char key[12];

	cr_assert_eq(rows_of("revisits"), 0);
	write_raw(TBL_REVISITS, key, sizeof(key), beyond, sizeof(beyond));
	cr_expect_eq(rows_of("revisits"), ERR_STORE_CORRUPT);
	write_raw(TBL_REVISITS, key, sizeof(key), hits, sizeof(hits));
	cr_expect_eq(rows_of("revisits"), ERR_STORE_CORRUPT);
}

/* An hour that no day has. */
Test(damage, traffic)
{
	static const unsigned char one[] = { 25, 4, 2 };
	unsigned char key[12];

	put_be64(key, (uint64_t)(SHOP_START / MS_PER_DAY));
	put_be32(key + 8, 0);
	cr_assert_eq(rows_of("traffic"), 0);
	write_raw(TBL_TRAFFIC, key, sizeof(key), one, sizeof(one));
	cr_expect_eq(rows_of("traffic"), ERR_STORE_CORRUPT);
}

/* Fewer orders than none. */
Test(damage, redemptions)
{
	struct redemptions r;

	shop_play(&shop, "u1 buy a @1s f=ten");
	cr_assert_eq(rows_of("redemptions"), 0);
	overwrite(TBL_REDEMPTIONS, 0, (int64_t[]){ -1 }, 8, 0);
	cr_expect_eq(rows_of("redemptions"), ERR_STORE_CORRUPT);
	cr_expect_eq(redemptions_get(shop.snap, STR("ten"), &r), ERR_STORE_CORRUPT);
}

/* What is remembered of an actor: too many answers, more than there are, too many variants, one since before all time. */
Test(damage, answers)
{
	char *id = shop_answer(&shop, "u1", "home a:trending,b:trending @0s x=layout/b");
	const size_t head = sizeof(struct answers_head), items = offsetof(struct answers_head, mark.items_n),
		     exposed = offsetof(struct answers_head, exposure_n);

	shop_playf(&shop, "u1 show a,b @1s r=%s", id);
	overwrite(TBL_ANSWERS, items, (uint32_t[]){ ANSWERS_MAX + 1 }, 4, 0);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
	overwrite(TBL_ANSWERS, items, (uint32_t[]){ 2 }, 4, 0);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
	overwrite(TBL_ANSWERS, items, (uint32_t[]){ 1 }, 4, 0);
	overwrite(TBL_ANSWERS, exposed, (uint32_t[]){ EXPOSURES_MAX + 1 }, 4, 0);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
	overwrite(TBL_ANSWERS, exposed, (uint32_t[]){ 1 }, 4, 0);
	overwrite(TBL_ANSWERS, head, (int64_t[]){ -1 }, 8, 0);
	cr_expect_eq(fold_more(), ERR_STORE_CORRUPT);
	overwrite(TBL_ANSWERS, head, (int64_t[]){ SHOP_START }, 8, 0);
	cr_expect_eq(fold_more(), 0, "as it was");
	free(id);
}

struct sum_row {
	uint64_t group;
	uint32_t member;
};

static int keep_sum(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	(void)columns;
	*(struct sum_row *)arg = (struct sum_row){ group, member };
	return 1;
}

static int damage_label(void *arg, struct str key, struct str value)
{
	(void)arg, (void)value;
	fold_put(shop.fold, TBL_LABELS, key, "?/", 2);
	return 0;
}

/* Counts below 0, and names that are none. */
Test(damage, engagement)
{
	char *id = shop_answer(&shop, "u1", "home a:trending,b:trending @0s x=layout/b");
	static const char *const views[] = { "engagement", "engagement-items", "experiment-people", "actor-days" };
	static const enum table_id tables[] = { TBL_ENGAGEMENT, TBL_ENGAGEMENT_ITEMS, TBL_EXPERIMENT_PEOPLE,
						TBL_ACTOR_DAYS };
	struct sum_row row;

	shop_playf(&shop, "u1 show a,b @1s r=%s", id);
	for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
		cr_assert_eq(rows_of(views[i]), 0);
		cr_assert_eq(snap_sums(shop.snap, tables[i], 0, UINT64_MAX, keep_sum, &row), 1);
		fold_add(shop.fold, tables[i], row.group, row.member, 1, -5);
		shop_commit(&shop);
		cr_expect_eq(rows_of(views[i]), ERR_STORE_CORRUPT, "%s", views[i]);
		fold_add(shop.fold, tables[i], row.group, row.member, 1, 5);
		shop_commit(&shop);
		cr_assert_eq(rows_of(views[i]), 0);
	}
	cr_assert_eq(snap_each(shop.snap, TBL_LABELS, (struct str){ NULL, 0 }, damage_label, NULL), 0);
	shop_commit(&shop);
	cr_expect_eq(rows_of("engagement"), ERR_STORE_CORRUPT);
	cr_expect_eq(rows_of("engagement-items"), ERR_STORE_CORRUPT);
	cr_expect_eq(rows_of("experiment-people"), ERR_STORE_CORRUPT);
	free(id);
}

/* The page that says which young levels there are, and a number nobody reaches: base is the state, numbers go on. */
Test(damage, page_of_young_levels)
{
	struct store_options opt = { .map_size = (uint64_t)1 << 30, .writer = true, .young_bytes_max = 1 << 20 };
	static const uint64_t said[] = { 7, UINT64_C(1) << 40, UINT64_MAX - 1, UINT64_MAX };
	char page[128];
	uint64_t newest = 0, before = 0;
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct shop young = { 0 };

		shop_open_young(&young, opt.young_bytes_max);
		shop_play(&young, "u1 view a @0s");
		snprintf(page, sizeof(page), "%s/current/levels", young.dir);
		snap_close(young.snap);
		fold_free(young.fold);
		store_close(young.store);
		fd = open(page, O_RDWR);
		cr_assert_eq(pread(fd, &before, sizeof(before), 0), sizeof(before));
		cr_assert_eq(pwrite(fd, &said[i], sizeof(said[i]), 0), sizeof(said[i]));
		opt.path = young.dir;
		cr_assert_eq(store_open(&opt, &young.store, NULL), 0);
		cr_assert_eq(fold_new(young.store, &young.fold, NULL), 0);
		cr_assert_eq(snap_open(young.store, &young.snap), 0);
		shop_play(&young, "u1 view b @1s");
		cr_assert_eq(pread(fd, &newest, sizeof(newest), 0), sizeof(newest));
		cr_expect(newest > before && newest < 10, "%llu after %llu", (unsigned long long)newest,
			  (unsigned long long)before);
		close(fd);
		shop_close(&young);
	}
}
