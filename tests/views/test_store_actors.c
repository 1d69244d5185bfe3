/* Tables of actors share a tree and do not meet. */
#include "tests/lib/views_shop.h"
#include "views/keys.h"
#include "views/store.h"

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

TestSuite(store_actors, .init = setup, .fini = teardown);

struct seen_rows {
	char text[512];
	size_t n;
};

static int note_seen(void *arg, struct str key, struct str value)
{
	struct seen_rows *s = arg;

	s->n += (size_t)snprintf(s->text + s->n, sizeof(s->text) - s->n, "%u%.*s=%.*s ", get_be32(key.p),
				 (int)key.n - 4, key.p + 4, STR_FMT(value));
	return 0;
}

static struct str actor_key(uint32_t actor, const char *rest, unsigned char buf[16])
{
	put_be32(buf, actor);
	memcpy(buf + 4, rest, strlen(rest));
	return (struct str){ (char *)buf, 4 + (uint32_t)strlen(rest) };
}

static void put_of_actor(struct store_txn *t, enum table_id id, uint32_t actor, const char *rest, const char *value)
{
	unsigned char buf[16];

	cr_assert_eq(store_put(t, id, actor_key(actor, rest, buf), value, strlen(value)), 0);
}

static void expect_rows(enum table_id id, struct str prefix, const char *want)
{
	struct seen_rows s = { .n = 0 };

	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_assert_eq(snap_each(shop.snap, id, prefix, note_seen, &s), 0);
	cr_expect_str_eq(s.text, want, "'%s'", s.text);
}

static int is_named(void *arg, struct str key, struct str value)
{
	(void)arg;
	(void)value;
	return key.n > 4;
}

Test(store_actors, rows_of_one_table_are_all_that_it_shows_and_sweeps)
{
	const struct str all = { NULL, 0 };
	struct store_txn *t;
	unsigned char buf[16];

	cr_assert_eq(store_begin(shop.store, &t), 0);
	for (uint32_t actor = 1; actor <= 2; actor++) {
		put_of_actor(t, TBL_HISTORY, actor, "", "h");
		put_of_actor(t, TBL_SESSION_STATE, actor, "", "s");
		put_of_actor(t, TBL_SESSION_STATE, actor, "id", "n");
		put_of_actor(t, TBL_ORDER_STATE, actor, "id", "o");
	}
	cr_expect_eq(store_written(t, table_neighbours(TBL_ORDER_STATE)), 8);
	cr_assert_eq(store_commit(t), 0);
	expect_rows(TBL_HISTORY, all, "1=h 2=h ");
	expect_rows(TBL_SESSION_STATE, all, "1=s 1id=n 2=s 2id=n ");
	expect_rows(TBL_SESSION_STATE, actor_key(2, "", buf), "2=s 2id=n ");
	expect_rows(TBL_SESSION_STATE, actor_key(1, "i", buf), "1id=n ");
	expect_rows(TBL_PURCHASES, all, "");
	cr_assert_eq(store_begin(shop.store, &t), 0);
	cr_assert_eq(store_delete(t, TBL_SESSION_STATE, actor_key(1, "", buf)), 0);
	cr_assert_eq(store_delete(t, TBL_PURCHASES, actor_key(1, "", buf)), 0, "never there");
	cr_assert_eq(store_sweep(t, TABLE_BIT(TBL_ORDER_STATE), 5, is_named, NULL), 0);
	cr_assert_eq(store_commit(t), 0);
	expect_rows(TBL_ORDER_STATE, all, "2id=o ");
	cr_assert_eq(store_begin(shop.store, &t), 0);
	cr_assert_eq(store_sweep(t, TABLE_BIT(TBL_ORDER_STATE) | TABLE_BIT(TBL_SESSION_STATE), 5, is_named, NULL), 0);
	cr_assert_eq(store_commit(t), 0);
	expect_rows(TBL_ORDER_STATE, all, "");
	expect_rows(TBL_SESSION_STATE, all, "1id=n 2=s ");
	expect_rows(TBL_HISTORY, all, "1=h 2=h ");
}
