/* What follows a search, by hand; and queries as they are counted. */
#include "tests/lib/views_shop.h"
#include "views/ids.h"
#include "views/searches.h"

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

TestSuite(searches, .init = setup, .fini = teardown);

/* Four more actors use it, so that it may be told. */
static void others_search(const char *query)
{
	for (int i = 6; i < 10; i++)
		shop_playf(&shop, "u%d search %s @0s", i, query);
}

/* "item:clicks/orders" by item. */
static const char *items_of(const char *query)
{
	static char text[1024];
	struct search_items list = { 0 };
	size_t n = 0;

	text[0] = '\0';
	cr_assert_eq(search_items_get(shop.snap, str_of(query), &list), 0);
	for (size_t i = 0; i < list.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s:%u/%u", i ? " " : "",
				      STR_FMT(snap_item_name(shop.snap, list.v[i].item)), list.v[i].clicks,
				      list.v[i].orders);
	search_items_fini(&list);
	return text;
}

Test(searches, count_until_the_next_search_of_the_session)
{
	others_search("red_cup");
	others_search("mug");
	shop_play(&shop, "u1 view z @0s s=x; u1 search Red__CUP @1s s=x; u1 view a,b @2s s=x; u1 view c @3s s=y; "
			 "u1 buy b,d @4s s=x; u1 search mug @5s s=x; u1 view a @6s s=x; u1 view a @7s s=x");
	cr_expect_str_eq(items_of("red cup"), "a:1/0 b:1/1 d:0/1");
	cr_expect_str_eq(items_of("  MUG "), "a:1/0");
	cr_expect_str_eq(items_of("unknown"), "");
	cr_expect_str_eq(items_of(""), "");
}

Test(searches, an_item_is_clicked_once_a_search_and_bought_once_an_order)
{
	others_search("mug");
	shop_play(&shop, "u1 view a @0s; u1 search mug @1s; u1 view a,a @2s; u1 view a @3s; u1 search mug @4s; "
			 "u1 view a @5s; u1 buy a,a @6s o=1; u1 buy a @7s o=1; u1 buy a @8s o=2");
	cr_expect_str_eq(items_of("mug"), "a:2/2");
}

Test(searches, are_forgotten_with_the_session)
{
	others_search("mug");
	shop_play(&shop, "u1 search mug @0s; u1 add q @29m; u1 view a @50m; u1 view b @81m");
	shop_play(&shop, "u1 search mug @0d s=x; u1 view c @89d s=x");
	cr_expect_str_eq(items_of("mug"), "a:1/0 c:1/0");
	shop_play(&shop, "u2 view z @180d; u1 view d @180d s=x");
	cr_expect_str_eq(items_of("mug"), "c:1/0", "a was clicked in an older epoch, d in another session");
}

Test(searches, keep_a_named_session_alive)
{
	others_search("mug");
	shop_play(&shop, "u1 view a @0d s=x; u1 search mug @80d s=x; u2 view z @160d");
	shop_play(&shop, "u1 view b @160d s=x");
	cr_expect_str_eq(items_of("mug"), "b:1/0");
	shop_expect(&shop, "also-viewed", "a", "b:1");
}

Test(searches, are_told_once_5_actors_have_used_the_query)
{
	char *rows;

	shop_play(&shop, "u1 search mug @0s; u1 view a @1s; u1 search mug @2s");
	for (int i = 2; i < 5; i++)
		shop_playf(&shop, "u%d search mug @%ds; v%d show a @0s", i, i, i);
	cr_expect_str_eq(items_of("mug"), "");
	rows = shop_rows(&shop, "searched-then-bought", NULL);
	cr_expect_str_eq(rows, "");
	free(rows);
	shop_play(&shop, "v1 search MUG @9s");
	cr_expect_str_eq(items_of("mug"), "a:1/0", "what was counted before is there");
	rows = shop_rows(&shop, "searched-then-bought", "a");
	cr_expect_str_eq(rows, "{\"query\":\"mug\",\"itemId\":\"a\",\"epoch\":1000,\"clicks\":1,\"orders\":0}");
	free(rows);
}

Test(searches, add_up_over_six_epochs)
{
	others_search("mug");
	for (int epoch = 0; epoch < 7; epoch++)
		shop_playf(&shop, "u1 search mug @%dd; u1 view a @%dd", epoch * 30, epoch * 30);
	cr_expect_str_eq(items_of("mug"), "a:6/0");
}

static const char *normalised(const char *query)
{
	static char text[SEARCH_QUERY_MAX + 1];

	text[search_normalise(str_of(query), text)] = '\0';
	return text;
}

Test(searches, a_query_is_counted_in_lower_case_with_single_spaces)
{
	cr_expect_str_eq(normalised(" \t Red \n\r CUP  "), "red cup");
	cr_expect_str_eq(normalised("\xc2\xa0"
				    "A\xe3\x80\x80\xe2\x80\x89"
				    "B\xc2\x85"),
			 "a b", "no-break, ideographic and thin space, next line");
	cr_expect_str_eq(normalised("ÄÖÜ ß ÉÐÞ × Ÿ ĂŁŽ İ ŒŇĶ"), "äöü ß éðþ × ÿ ăłž İ œňķ");
	cr_expect_str_eq(normalised("ΆΈΏ ΑΣΫ КАФЕ ЁЙ ẠỸ"), "άέώ ασϋ кафе ёй ạỹ");
	cr_expect_str_eq(normalised("日本 \xf0\x9f\x98\x80"), "日本 \xf0\x9f\x98\x80");
	cr_expect_str_eq(normalised(" \xe3\x80\x80 "), "");
	cr_expect_str_eq(normalised("A\xff"
				    "B"),
			 "a\xff"
			 "b",
			 "a byte that is no text stays");
}

Test(searches, a_query_ends_before_what_is_beyond_128_bytes)
{
	char text[200];

	memset(text, 'X', sizeof(text));
	text[199] = '\0';
	cr_expect_eq(strlen(normalised(text)), 128);
	memcpy(text + 127, "\xc3\xa9", 2);
	cr_expect_eq(strlen(normalised(text)), 127, "no half letter");
	memcpy(text + 127, "  Y", 3);
	cr_expect_eq(strlen(normalised(text)), 127, "and no space at the end");
}
