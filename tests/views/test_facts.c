/* A snapshot that remembers items says what one that does not remember says, whatever is written and merged. */
#include "tests/lib/views_shop.h"
#include "views/catalog.h"
#include "views/ids.h"
#include "views/pairs.h"
#include "views/stock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEMS 20

static struct shop shop;
static struct snap *plain;

static void setup(void)
{
	shop_open_young(&shop, UINT64_C(64) << 20);
	cr_assert_eq(snap_open(shop.store, &plain), 0);
	snap_remember_items(shop.snap);
}

static void teardown(void)
{
	snap_close(plain);
	shop_close(&shop);
}

TestSuite(facts, .init = setup, .fini = teardown, .timeout = 60);

static void expect_same(void)
{
	cr_assert_eq(snap_renew(plain), 0);
	cr_assert_eq(snap_renew(shop.snap), 0);
	for (uint32_t item = 0; item < ITEMS + 2; item++) {
		for (int again = 0; again < 2; again++) {
			struct str a = { NULL, 0 }, b = { NULL, 0 };
			struct item_totals u, v;
			struct stock_level s, t;

			cr_assert_eq(catalog_get_packed(shop.snap, item, &a), catalog_get_packed(plain, item, &b), "%u",
				     item);
			cr_assert(a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0), "%u", item);
			cr_assert_eq(stock_get(shop.snap, item, &s), 0);
			cr_assert_eq(stock_get(plain, item, &t), 0);
			cr_assert(s.known == t.known && s.quantity == t.quantity, "%u", item);
			cr_assert_eq(item_totals_get(shop.snap, item, &u), 0);
			cr_assert_eq(item_totals_get(plain, item, &v), 0);
			cr_assert(memcmp(&u, &v, sizeof(u)) == 0, "%u", item);
			cr_assert(str_eq(snap_item_name(shop.snap, item), snap_item_name(plain, item)), "%u", item);
		}
	}
}

static void write_some(int round)
{
	char id[16], title[3000];
	struct catalog_item record;
	struct stock_record stock = {
		.quantity = rand() % 5, .lead_time_hours = -1, .has_as_of = true, .as_of_ms = round
	};

	snprintf(id, sizeof(id), "i%d", rand() % ITEMS);
	/* some records are longer than a row */
	memset(title, 'a' + round % 26, sizeof(title));
	catalog_item_init(&record);
	record.item_id = stock.item_id = str_of(id);
	record.title = (struct str){ title, rand() % 4 ? 10 : CATALOG_TITLE_MAX };
	for (int i = 0; i < 12; i++)
		record.tags.v[record.tags.n++] = (struct str){ title + i, rand() % 4 ? 3 : 200 };
	if (rand() % 2)
		cr_assert_eq(fold_catalog(shop.fold, &record, rand() % 6 == 0), 0);
	if (rand() % 2)
		cr_assert_eq(fold_stock(shop.fold, &stock, rand() % 8 == 0, round, NULL), 0);
	cr_assert_eq(fold_commit(shop.fold, NULL), 0);
}

Test(facts, are_those_of_the_snapshot)
{
	srand(3);
	for (int round = 1; round < 500; round++) {
		if (rand() % 3)
			write_some(round);
		if (rand() % 2)
			shop_playf(&shop, "u%d %s i%d,i%d @%dh", rand() % 9, rand() % 2 ? "view" : "buy",
				   rand() % ITEMS, rand() % ITEMS, round * 15);
		if (rand() % 12 == 0) {
			store_young_seal(shop.store);
			if (store_young_sealed(shop.store))
				cr_assert_eq(store_merge(shop.store, store_young_sealed(shop.store), NULL), 0);
		}
		expect_same();
	}
}
