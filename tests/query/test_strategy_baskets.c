/* What completes a basket, with counts worked out by hand. */
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>

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
