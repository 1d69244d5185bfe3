/* An id or a name that cannot be read is not one that is unknown. */
#include "tests/lib/views_shop.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/view_diff.h"

#include <criterion/criterion.h>

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
	shop_play(&shop, "u1 buy a,b @0s; u2 buy a,b @1s");
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(ids, .init = setup, .fini = teardown);

static int ignore_row(void *arg, struct str json)
{
	(void)arg, (void)json;
	return 0;
}

static void ignore_difference(void *arg, int side, struct str json)
{
	(void)arg, (void)side, (void)json;
}

Test(ids, of_an_item)
{
	const struct view_filter only = { .item = STR("a") };

	shop_damage(&shop, TBL_ITEM_IDS, STR("a"), "\0\1\2", 3);
	cr_expect_eq(snap_item(shop.snap, STR("unknown")), ID_NONE);
	cr_expect_eq(snap_failure(shop.snap), 0);
	cr_expect_eq(snap_item(shop.snap, STR("a")), ID_NONE);
	cr_expect_eq(snap_failure(shop.snap), ERR_STORE_CORRUPT);
	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_expect_eq(snap_failure(shop.snap), 0);
	cr_expect_eq(view_rows(view_find("popularity"), shop.snap, &only, ignore_row, NULL), ERR_STORE_CORRUPT);
}

Test(ids, of_a_person)
{
	uint32_t actors[PERSON_ACTORS_MAX];
	unsigned char hash[ACTOR_HASH_BYTES];

	cr_expect_eq(person_actors(shop.snap, STR("u2"), STR(""), actors), 1);
	actor_hash(snap_person_key(shop.snap), ACTOR_USER, STR("u2"), hash);
	shop_damage(&shop, TBL_ACTOR_IDS, (struct str){ (char *)hash, sizeof(hash) }, "\0\1", 2);
	cr_expect_eq(person_actors(shop.snap, STR("u2"), STR(""), actors), ERR_STORE_CORRUPT);
}

/* A first part that says others follow, and is too short for that. */
Test(ids, names)
{
	char hex[VIEW_DIGEST_HEX];
	uint64_t rows;

	shop_damage(&shop, TBL_ITEM_NAMES, (struct str){ "\0\0\0\0", 4 }, "\5a", 2);
	cr_expect_eq(snap_item_name(shop.snap, 0).n, 0);
	cr_expect_eq(snap_failure(shop.snap), ERR_STORE_CORRUPT);
	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_expect_eq(view_digest(view_find("bought-together"), shop.snap, hex, &rows), ERR_STORE_CORRUPT);
	cr_expect_eq(view_diff(view_find("bought-together"), (struct snap *[]){ shop.snap, shop.snap }, 1,
			       ignore_difference, NULL),
		     ERR_STORE_CORRUPT);
}
