/* Which items are found by words, and in which order. */
#include "query/find_items.h"
#include "query/route_answer.h"
#include "tests/lib/views_shop.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static struct shop shop;

static void put(const char *id, const char *title, const char *brand)
{
	struct catalog_item item;

	catalog_item_init(&item);
	item.item_id = str_of(id);
	item.title = str_of(title);
	item.brand = str_of(brand);
	cr_assert_eq(fold_catalog(shop.fold, &item, false), 0);
}

static void setup(void)
{
	shop_open(&shop);
	put("p1", "Red mug", "Acme");
	put("p2", "Mug, large (red)", "Zenith");
	put("p3", "MUGS rack", "Acme");
	put("p4", "Smug cat", "Acme");
	put("mug", "Teapot", "Zenith");
	put("p5",
	    "Gr\xc3\x9c"
	    "N T-shirt",
	    "");
	shop_play(&shop, "u1 buy p2 @0d q=5; u1 buy p3 @1d q=9; u1 buy p1 @40d q=2");
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(find_items, .init = setup, .fini = teardown);

/* "ID ID ...: FOUND" */
static const char *found(const char *query)
{
	static char text[1000];
	struct json_out out = { 0 };
	json_t *j, *item;
	size_t i, n = 0;

	cr_assert_eq(find_items(shop.snap, str_of(query), 0, &out), 0);
	j = json_loadb(out.p, out.n, 0, NULL);
	cr_assert(j);
	json_array_foreach(json_object_get(j, "items"), i, item) n +=
		(size_t)snprintf(text + n, sizeof(text) - n, "%s ", json_string_value(json_object_get(item, "itemId")));
	snprintf(text + n, sizeof(text) - n, "%lld", (long long)json_integer_value(json_object_get(j, "found")));
	json_decref(j);
	json_out_fini(&out);
	return text;
}

Test(find_items, every_word_begins_one_of_the_title_the_brand_or_the_id)
{
	cr_expect_str_eq(found("red MUG"), "p1 p2 2");
	cr_expect_str_eq(found("acme mu"), "p1 p3 2");
	cr_expect_str_eq(found("gr\xc3\xbcn shirt"), "p5 1");
	cr_expect_str_eq(found("ug"), "0");
	cr_expect_str_eq(found("mug blue"), "0");
	cr_expect_str_eq(found("p4"), "p4 1");
}

Test(find_items, ties_by_id)
{
	put("b", "A green cup", "");
	put("a", "A green bowl", "");
	shop_play(&shop, "u2 view p2 @40d");
	cr_expect_str_eq(found("green"), "a b 2");
}

/* p2 and p3 sold more, but more than 30 days ago. */
Test(find_items, its_own_id_then_what_sells)
{
	cr_expect_str_eq(found("mug"), "mug p1 p2 p3 4");
	shop_play(&shop, "u2 buy p3 @40d q=3; u3 buy p2 @9d q=99");
	cr_expect_str_eq(found("mug"), "mug p3 p1 p2 4");
}

static void put_stock(const char *id, const char *location, int64_t quantity)
{
	struct stock_record rec = {
		.item_id = str_of(id), .location = str_of(location), .quantity = quantity, .lead_time_hours = -1
	};

	cr_assert_eq(fold_stock(shop.fold, &rec, false, SHOP_START, NULL), 0);
}

/* The answer about p4; the caller's. */
static char *answer_about_p4(void)
{
	struct json_out out = { 0 };
	char *ret;

	shop_play(&shop, "u2 view p2 @40d");
	cr_assert_eq(find_items(shop.snap, STR("smug"), 0, &out), 0);
	ret = xstrndup(out.p, out.n);
	json_out_fini(&out);
	return ret;
}

/* What is said without a location replaces none of them. */
Test(find_items, stock_is_the_sum_of_its_locations)
{
	char *text;

	put_stock("p4", "north", 3);
	put_stock("p4", "east", 4);
	put_stock("p4", NULL, 0);
	text = answer_about_p4();
	cr_expect(strstr(text, "\"stock\":{\"level\":\"in-stock\",\"quantity\":7,\"lowStock\":false},"
			       "\"locations\":[{\"quantity\":0},{\"location\":\"east\",\"quantity\":4},"
			       "{\"location\":\"north\",\"quantity\":3}]}"),
		  "%s", text);
	free(text);
}

Test(find_items, locations_are_listed_up_to_a_bound)
{
	char name[16], *text;
	size_t n = 0;

	for (int i = 0; i <= STORED_LOCATIONS_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put_stock("p4", name, 1);
	}
	text = answer_about_p4();
	for (const char *p = text; (p = strstr(p, "\"location\":")); p++)
		n++;
	cr_expect_eq(n, STORED_LOCATIONS_MAX);
	cr_expect(strstr(text, "\"quantity\":101,"), "%s", text);
	free(text);
}

Test(find_items, not_what_was_deleted_and_at_most_so_many)
{
	char id[16];
	struct catalog_item item;

	catalog_item_init(&item);
	item.item_id = STR("p1");
	cr_assert_eq(fold_catalog(shop.fold, &item, true), 0);
	for (int i = 0; i < FIND_ITEMS_MAX + 5; i++) {
		snprintf(id, sizeof(id), "x%d", i);
		put(id, "Red mug again", "");
	}
	shop_play(&shop, "u2 view p2 @40d");
	cr_assert_str_eq(strrchr(found("red mug"), ' '), " 26");
	cr_expect(strncmp(found("red mug"), "p2 x0 x1 ", 9) == 0);
	cr_expect_eq(strstr(found("red mug"), "p1"), NULL);
	cr_expect_eq(strstr(found("red mug"), "x4"), NULL);
}
