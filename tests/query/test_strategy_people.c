/* Lists for a person from what it and others did. */
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct stall s;

static void open_shop(void)
{
	stall_open(&s, NULL);
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(people, .init = open_shop, .fini = close_shop);

/* ---- because-you-viewed ---- */

/* a with b and c, x with y: each pair in two visits */
static const char visits[] =
	"v1 view a @0s s=1; v1 view b @1s s=1; v1 view c @2s s=1; v2 view a @3s s=2; v2 view b @4s s=2; "
	"v2 view c @5s s=2; v3 view x @6s s=3; v3 view y @7s s=3; v4 view x @8s s=4; v4 view y @9s s=4";

Test(people, because_you_viewed_is_one_list_an_item)
{
	shop_play(&s.shop, visits);
	shop_play(&s.shop, "u1 view a @1m s=5; u1 view x @2m s=6");
	/* two lists share the page: of x, viewed last, y; of a, in all three visits of each, b and c */
	stall_expect(&s, "because-you-viewed; user=u1; count=4", "y=0.666667 b=0.666667 c=0.666667");
	cr_assert_str_eq(s.answer.items[0].reason, "because you viewed x");
	cr_assert(str_eq(s.answer.items[0].why.with, STR("x")));
	cr_assert_str_eq(s.answer.items[1].reason, "because you viewed a");
	stall_expect(&s, "because-you-viewed; user=u1; count=2", "y b");
	stall_expect(&s, "because-you-viewed; user=u1; count=2; not=b", "y c");
	stall_item(&s, "a", NULL, TIME_ABSENT, TIME_ABSENT);
	stall_expect(&s, "because-you-viewed; user=u1; language=de; not=y; count=1", "b");
	cr_assert_str_eq(s.answer.items[0].reason, "weil Sie A title angesehen haben");
}

Test(people, because_you_viewed_passes_over_items_without_a_list)
{
	shop_play(&s.shop, visits);
	shop_play(&s.shop, "u1 view a @1m s=5; u1 view lonely @2m s=6; u2 view lonely @3m s=7");
	stall_expect(&s, "because-you-viewed; user=u1; count=4", "b c");
	stall_expect(&s, "because-you-viewed; user=u1; count=2", "b c"); /* what the other item leaves */
	stall_expect(&s, "because-you-viewed; user=u2", "");
	stall_expect(&s, "because-you-viewed; user=nobody", "");
	stall_refuses(&s, "because-you-viewed", ERR_BAD_REQUEST, "userId");
	stall_refuses(&s, "because-you-viewed; user=u1; items=a", ERR_BAD_REQUEST, "itemIds");
}

/* ---- recommended-for-you ---- */

Test(people, what_goes_with_interests)
{
	/* b and c in both visits of others that viewed a: J 1, 2 squares, 2^-.375 = .771105, and a fifth without a taste */
	shop_play(&s.shop, visits);
	shop_play(&s.shop, "u1 view a @1m s=5");
	stall_rank(&s);
	stall_expect(&s, "recommended-for-you; user=u1", "b=0.154221 c=0.154221");
	cr_assert_str_eq(s.answer.items[0].reason, "goes with a, which you viewed");
	cr_assert_eq(s.answer.items[0].why.together, 2);
	cr_assert_eq(s.answer.items[0].why.taste, 0);
	stall_expect(&s, "recommended-for-you; user=u1; not=b", "c");
	/* three times the weight of a view: x has three quarters of the interest */
	shop_play(&s.shop, "u1 add x @1m");
	shop_play(&s.shop, "u1 view x @1m s=6");
	stall_expect(&s, "recommended-for-you; user=u1; count=1", "y");
}

Test(people, what_is_bought_kept_in_the_cart_or_disliked_is_no_news)
{
	shop_play(&s.shop, "u1 buy a,b,c,d @0s; u2 buy a,b,c,d @1s; u3 buy a @2s");
	stall_rank(&s);
	stall_expect(&s, "recommended-for-you; user=u3", "b c d");
	cr_assert_str_eq(s.answer.items[0].reason, "goes with a, which you bought");
	shop_play(&s.shop, "u3 buy b @3s; u3 add c @4s; u3 dislike d @5s");
	stall_expect(&s, "recommended-for-you; user=u3", "");
	cr_assert_eq(s.answer.as_of_ms, SHOP_START + 2000, "that of the lists of what sells");
	shop_play(&s.shop, "u3 return b @6s; u3 remove c @7s");
	stall_expect(&s, "recommended-for-you; user=u3", "b c");
}

Test(people, taste_is_of_categories_brands_and_prices)
{
	stall_records(&s, "{'itemId':'a','title':'A','categories':['Shoes > Running'],'brand':'Fox','price':50}\n"
			  "{'itemId':'b','title':'B','categories':['Shoes > Running'],'brand':'Fox','price':52}\n"
			  "{'itemId':'c','title':'C','categories':['Shoes'],'brand':'Owl','price':900}\n"
			  "{'itemId':'d','title':'D','categories':['Hats'],'brand':'Elk','price':9}\n"
			  "{'itemId':'e','title':'E','categories':['Hats'],'brand':'Elk','price':9}");
	shop_play(&s.shop, "u8 buy b,c,d @0s; u9 buy d @1s; v1 view a @2s");
	stall_rank(&s);
	/* d sells best in the shop, b and c in what the visitor of one view likes; b is of the brand and price of a, too */
	stall_expect(&s, "recommended-for-you; visitor=v1", "b c d");
	cr_assert_str_eq(s.answer.items[0].reason, "to your taste, and 1 sold in the last 30 days");
	cr_assert_float_eq(s.answer.items[0].why.taste, 1, 1e-9, "%g", s.answer.items[0].why.taste);
	cr_assert(s.answer.items[1].why.taste > 0 && s.answer.items[1].why.taste < 1);
	cr_assert_eq(s.answer.items[2].why.taste, 0);
	cr_assert_str_eq(s.answer.items[2].reason, "2 sold in the last 30 days");
	stall_expect(&s, "recommended-for-you; visitor=v1; category=Shoes > Running", "b");
	/* and somebody who is not known gets what sells */
	stall_expect(&s, "recommended-for-you; visitor=v2", "d b c");
	stall_expect(&s, "recommended-for-you; visitor=v2; category=Hats", "d");
}

static void expect_in_order(const char *request, unsigned n)
{
	cr_assert_eq(stall_ask(&s, request), 0);
	cr_assert_eq(s.answer.item_count, n, "%s: %u", request, s.answer.item_count);
	for (unsigned i = 1; i < n; i++)
		cr_assert(s.answer.items[i].score <= s.answer.items[i - 1].score, "%s: %u", request, i);
}

Test(people, what_sells_scores_no_more_than_what_goes_with_interests)
{
	double last;

	shop_play(&s.shop, visits);
	for (int i = 0; i < 60; i++)
		shop_playf(&s.shop, "w%d view c @1h; w%d buy i%d @2h q=%d", i, i, i, 100 - i);
	shop_play(&s.shop, "u1 view a @3h");
	stall_rank(&s);
	expect_in_order("recommended-for-you; user=u1; count=100", 62);
	cr_assert(str_eq(s.answer.items[21].item_id, STR("c")), "the weakest of its candidates");
	cr_assert(str_eq(s.answer.items[22].item_id, STR("i20")));
	cr_assert_str_eq(s.answer.items[22].reason, "80 sold in the last 30 days");
	last = s.answer.items[21].score;
	expect_in_order("recommended-for-you; user=u1; count=100; before=b,c", 60);
	cr_assert_eq(s.answer.items[20].score, last, "as without pages");
}

Test(people, a_hundred_votes_after_a_hundred_score_no_more)
{
	stall_records(&s, "{'itemId':'a','title':'A','categories':['Shoes'],'brand':'Fox','price':50}\n"
			  "{'itemId':'z','title':'Z','categories':['Shoes'],'brand':'Fox','price':50}");
	for (int i = 0; i < 4; i++) {
		shop_playf(&s.shop, "v%d view a @0h s=1", i);
		for (int k = 0; k < 55; k++)
			shop_playf(&s.shop, "v%d view i%d @1s s=1", i, k + i / 2 * 55);
	}
	shop_play(&s.shop, "v0 view z @1s s=1; v1 view z @1s s=1; w0 view z @1s s=2; w1 view z @1s s=2");
	shop_play(&s.shop, "u1 view a @3h");
	for (int k = 0; k < 30; k++) {
		char id[16];

		snprintf(id, sizeof(id), "i%d", k);
		stall_stock(&s, id, 0);
	}
	stall_rank(&s);
	expect_in_order("recommended-for-you; user=u1; count=100", 81);
	cr_assert(str_eq(s.answer.items[70].item_id, STR("z")), "the best of the next hundred");
}

Test(people, all_that_sells_is_there_for_a_stranger)
{
	for (int i = 0; i < 60; i++)
		shop_playf(&s.shop, "u%d buy i%d @%ds q=%d", i, i, i, 100 - i);
	stall_rank(&s);
	cr_assert_eq(stall_ask(&s, "recommended-for-you; user=nobody; count=100"), 0);
	cr_assert_eq(s.answer.item_count, 60);
	for (unsigned i = 1; i < 60; i++)
		cr_assert(s.answer.items[i].score <= s.answer.items[i - 1].score);
	cr_assert_str_eq(s.answer.items[59].reason, "41 sold in the last 30 days");
	cr_assert_eq(stall_ask(&s, "recommended-for-you; user=u59; count=100"), 0);
	cr_assert_eq(s.answer.item_count, 59, "what it bought is no news");
}

Test(people, an_empty_shop_recommends_nothing)
{
	stall_expect(&s, "recommended-for-you; user=u1", "");
	shop_play(&s.shop, "u1 view a @0s");
	stall_expect(&s, "recommended-for-you; user=u1", "");
	stall_refuses(&s, "recommended-for-you", ERR_BAD_REQUEST, "userId");
	stall_refuses(&s, "recommended-for-you; user=u1; window=1h", ERR_BAD_REQUEST, "window");
}

Test(people, interest_fades)
{
	shop_play(&s.shop, "v1 view a @0s s=1; v1 view b @1s s=1; v2 view a @2s s=2; v2 view b @3s s=2; "
			   "v3 view x @4s s=3; v3 view y @5s s=3; v4 view x @6s s=4; v4 view y @7s s=4");
	shop_play(&s.shop, "u1 view a @1d s=5; u1 view a @1d s=6; u1 view x @30d s=7");
	stall_rank(&s);
	/* two views 29 days ago are a little more than one today, */
	stall_expect(&s, "recommended-for-you; user=u1; count=2", "b y");
	/* and one is half of one */
	shop_play(&s.shop, "u3 view a @0d s=8; u3 view x @30d s=9; u3 view z @40d s=10");
	stall_expect(&s, "recommended-for-you; user=u3; count=2", "y b");
}

/* ---- people-like-you ---- */

Test(people, people_are_alike_by_rare_items_in_common)
{
	shop_play(&s.shop,
		  "v1 view a @0s s=1; v1 buy k @0s s=1; v2 view a @0s s=2; v2 view b @0s s=2; v2 view m @0s s=2; "
		  "u1 view a @0s s=3; u1 view b @0s s=3");
	stall_rank(&s);
	/* 3 visits: s of v1 .5 ln 2, of v2 that and .5 ln 2.5: .30103 and .69897; k is 8/9 of v1's interest, m 1/3 of v2's */
	stall_expect(&s, "people-like-you; user=u1", "k=0.267582 m=0.23299");
	cr_assert_str_eq(s.answer.items[0].reason, "1 of 2 people with your interests chose it");
	cr_assert_eq(s.answer.items[0].why.people.shared, 1);
	cr_assert_eq(s.answer.items[1].why.people.shared, 2);
	stall_expect(&s, "people-like-you; user=u1; not=k", "m");
	/* what the person knows is no news */
	shop_play(&s.shop, "u1 view m @1s s=3");
	stall_expect(&s, "people-like-you; user=u1", "k");
	/* nor what was sent back at once */
	shop_play(&s.shop, "v1 return k @0s");
	stall_expect(&s, "people-like-you; user=u1", "");
}

Test(people, nobody_is_like_a_stranger)
{
	stall_expect(&s, "people-like-you; user=u1", "");
	shop_play(&s.shop, "v1 view a @0s; v1 buy b @1s; u1 view lonely @2s; u2 buy c @3s");
	stall_rank(&s);
	stall_expect(&s, "people-like-you; user=nobody", "");
	stall_expect(&s, "people-like-you; user=u1", "");
	stall_expect(&s, "people-like-you; user=u2", "");
	stall_expect(&s, "people-like-you; visitor=v1", "");
	stall_refuses(&s, "people-like-you", ERR_BAD_REQUEST, "userId");
}

/* ---- searched-then-bought ---- */

Test(people, orders_after_a_search_weigh_more_than_clicks)
{
	/* a: 3 clicks; b: a click and an order; c: an order */
	shop_play(&s.shop,
		  "u1 search red_cup @0s; u2 search Red_Cup @0s; u3 search red__cup @0s; u4 search red_cup @0s; "
		  "u1 view a,b @1s; u2 view a @1s; u3 view a @1s; u1 buy b @2s; u2 buy c @2s");
	stall_expect(&s, "searched-then-bought; query=red cup", ""); /* of four people */
	shop_play(&s.shop, "u5 search red_cup @3s");
	stall_expect(&s, "searched-then-bought; query=red cup", "b=9 c=8 a=3");
	cr_assert_str_eq(s.answer.items[0].reason, "bought 1 time after this search");
	cr_assert_str_eq(s.answer.items[2].reason, "viewed 3 times after this search");
	cr_assert_eq(s.answer.items[0].why.searched.clicks, 1);
	stall_stock(&s, "b", 0);
	stall_expect(&s, "searched-then-bought; query= RED  cup ", "c a");
	stall_expect(&s, "searched-then-bought; query=red", "");
}

Test(people, a_search_needs_a_query)
{
	char long_query[EVENT_QUERY_MAX + 64] = "searched-then-bought; query=";
	size_t n = strlen(long_query);

	stall_expect(&s, "searched-then-bought; query=boots", "");
	stall_refuses(&s, "searched-then-bought", ERR_BAD_REQUEST, "query");
	stall_refuses(&s, "searched-then-bought; query=boots; user=u1", ERR_BAD_REQUEST, "userId");
	memset(long_query + n, 'x', EVENT_QUERY_MAX);
	stall_expect(&s, long_query, "");
	stall_expect(&s, "searched-then-bought; query=\xff\x01 ", "");
}
