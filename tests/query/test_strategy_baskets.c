/* What completes a basket, with counts worked out by hand. */
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

TestSuite(baskets, .init = open_shop, .fini = close_shop);

/* orders: a 4, b 3, c 3, d 3, e 2; a+b 2, a+c 2, b+c 2, a+d 2, d+e 2; J: a-b .4, a-c .4, b-c .5, a-d .4, d-e 2/3 */
static const char orders[] = "u1 buy a,b,c @0s; u2 buy a,b,c @1s; u3 buy a,d @2s; u4 buy a,d @3s; "
			     "u5 buy d,e @4s; u6 buy e,d @5s; u7 buy b @6s; u8 buy c @7s";

Test(baskets, ties_are_squared_and_divided_by_the_length_of_all)
{
	/* totals: a 4, b 3, c 3, d 4, e 2. a: b .4, c .4, d 1/3: squares .16, .16, .111; length .252086 */
	shop_play(&s.shop, orders);
	stall_rank(&s);
	stall_expect(&s, "cart-cross-sell; items=a", "b=0.449741 c=0.449741 d=0.31232");
	cr_assert_eq(s.answer.items[0].why.together, 2);
	cr_assert_eq(s.answer.items[0].why.item_total, 4);
	cr_assert_eq(s.answer.items[0].why.other_total, 3);
	cr_assert_eq(s.answer.items[0].why.pair_score, 0.4);
	cr_assert(str_eq(s.answer.items[0].why.with, STR("a")));
	cr_assert_str_eq(s.answer.items[0].reason, "completes the basket: bought with an item of it in 2 orders");
}

Test(baskets, items_of_the_basket_add_up_and_are_not_offered)
{
	shop_play(&s.shop, orders);
	stall_rank(&s);
	/* c from a as above; from b (a .16, c .25: length .296816) .25 / .296816^.75 */
	stall_expect(&s, "cart-cross-sell; items=a,b", "c=1.07143 d=0.31232");
	cr_assert(str_eq(s.answer.items[0].why.with, STR("b")), "the strongest one explains");
	stall_expect(&s, "cart-cross-sell; items=a,a,b,nobody-knows", "c=1.07143 d=0.31232");
	stall_expect(&s, "cart-cross-sell; items=a,b; not=c", "d=0.31232");
	stall_stock(&s, "c", 0);
	stall_expect(&s, "cart-cross-sell; items=a,b", "d=0.31232");
}

Test(baskets, nothing_is_known_of_a_cold_basket)
{
	stall_expect(&s, "cart-cross-sell; items=a", "");
	shop_play(&s.shop, "u1 buy a,b @0s; u2 buy x @1s");
	stall_expect(&s, "cart-cross-sell; items=a", ""); /* once is below the support floor */
	stall_expect(&s, "cart-cross-sell; items=x,nobody-knows", "");
	stall_refuses(&s, "cart-cross-sell", ERR_BAD_REQUEST, "itemIds");
	stall_refuses(&s, "cart-cross-sell; items=a; window=1h", ERR_BAD_REQUEST, "window");
}

Test(baskets, totals_that_are_behind_give_no_wrong_shares)
{
	shop_play(&s.shop, "u1 buy a,b @0s; u2 buy a,b @1s");
	stall_expect(&s, "cart-cross-sell; items=a", "b=1");
	shop_play(&s.shop, "u3 buy a,c @2s; u4 buy a,c @3s; u5 buy a,c @4s");
	cr_assert_eq(stall_ask(&s, "cart-cross-sell; items=a"), 0);
	cr_assert_eq(s.answer.item_count, 2);
	for (unsigned i = 0; i < 2; i++)
		cr_assert(s.answer.items[i].score > 0 && s.answer.items[i].score <= 1);
}

/* ---- bundle ---- */

Test(baskets, sets_share_nothing_but_the_asked_item)
{
	const struct bundle *b;

	shop_play(&s.shop, orders);
	stall_records(&s, "{'itemId':'a','title':'A','price':10,'listPrice':12.5,'currency':'EUR'}\n"
			  "{'itemId':'b','title':'B','price':5,'currency':'EUR'}\n"
			  "{'itemId':'c','title':'C','price':2,'listPrice':3,'currency':'EUR'}\n"
			  "{'itemId':'d','title':'D','price':2,'currency':'USD'}");
	stall_rank(&s);
	/* a, b, c: (.4 x .4 x .5)^(1/3); a, d: 2 / (4 + 4 - 2) */
	stall_expect(&s, "bundle; items=a", "b=0.430887 c=0.430887 d=0.333333");
	b = s.answer.items[1].why.bundle;
	cr_assert_eq(b->number, 1);
	cr_assert_eq(b->n, 3);
	cr_assert(str_eq(b->item_ids[0], STR("a")) && str_eq(b->item_ids[1], STR("b")) &&
		  str_eq(b->item_ids[2], STR("c")));
	cr_assert_eq(b->price_micros, 17 * MICROS);
	cr_assert_eq(b->list_price_micros, 20 * MICROS + MICROS / 2);
	cr_assert(str_eq(b->currency, STR("EUR")));
	cr_assert_eq(s.answer.items[1].why.together, 2);
	cr_assert_str_eq(s.answer.items[1].reason, "a set with A: each two bought together in at least 2 orders");
	b = s.answer.items[2].why.bundle;
	cr_assert_eq(b->number, 2);
	cr_assert_eq(b->n, 2);
	cr_assert_eq(b->price_micros, PRICE_ABSENT, "no sum of two currencies");
}

Test(baskets, a_set_has_no_item_that_cannot_be_bought)
{
	shop_play(&s.shop, orders);
	stall_rank(&s);
	stall_stock(&s, "c", 0);
	stall_expect(&s, "bundle; items=a", "b=0.4 d=0.333333");
	cr_assert_eq(s.answer.items[0].why.bundle->price_micros, PRICE_ABSENT);
	stall_stock(&s, "c", 1);
	stall_expect(&s, "bundle; items=a; count=1", "b"); /* a set of three would not be whole */
	cr_assert_eq(s.answer.items[0].why.bundle->n, 2);
	stall_stock(&s, "a", 0);
	stall_expect(&s, "bundle; items=a", "");
	stall_expect(&s, "bundle; items=nobody-knows", "");
	stall_refuses(&s, "bundle", ERR_BAD_REQUEST, "itemIds");
}

Test(baskets, no_set_is_offered_where_the_asked_item_is_not_sold)
{
	shop_play(&s.shop, orders);
	stall_records(&s, "{'itemId':'a','regions':['DE']}");
	stall_rank(&s);
	stall_expect(&s, "bundle; items=a; country=de; count=2", "b c");
	stall_expect(&s, "bundle; items=a; country=US", "");
}

/* ---- hostile ---- */

Test(baskets, a_hundred_items_most_of_them_unknown_and_repeated)
{
	static const char *const slugs[] = { "cart-cross-sell", "bundle", "frequently-bought-together" };
	char request[2048];

	shop_play(&s.shop, orders);
	stall_rank(&s);
	for (size_t k = 0; k < ARRAY_SIZE(slugs); k++) {
		int n = snprintf(request, sizeof(request), "%s; items=a", slugs[k]);

		for (int i = 1; i < RECOMMEND_ITEMS_MAX; i++)
			n += snprintf(request + n, sizeof(request) - (size_t)n, ",%s%d", i % 3 ? "none" : "a",
				      i % 3 ? i : 0);
		cr_assert_eq(stall_ask(&s, request), 0, "%s: %s", slugs[k], s.e.text);
		cr_assert_eq(s.answer.item_count, 3, "%s: %u", slugs[k], s.answer.item_count);
	}
}
