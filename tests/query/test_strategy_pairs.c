/* The four pair strategies, with counts worked out by hand. */
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

TestSuite(pairs, .init = open_shop, .fini = close_shop);

Test(pairs, frequently_bought_together_is_jaccard_of_orders)
{
	/* orders: p1 4, p2 3, p3 3; p1+p2 3, p1+p3 2, p2+p3 1 */
	shop_play(&s.shop, "u1 buy p1,p2,p3 @0s; u2 buy p1,p2 @1s; u3 buy p1,p2 @2s; u4 buy p1,p3 @3s; u5 buy p3 @4s");
	stall_expect(&s, "frequently-bought-together; items=p1", "p2=0.75 p3=0.4");
	cr_assert_str_eq(s.answer.items[0].reason, "bought together in 3 orders");
	cr_assert_str_eq(s.answer.items[0].strategy, "frequently-bought-together");
	cr_assert_eq(s.answer.items[0].why.together, 3);
	cr_assert_eq(s.answer.items[0].why.item_total, 4);
	cr_assert_eq(s.answer.items[0].why.other_total, 3);
	cr_assert(str_eq(s.answer.items[0].why.with, STR("p1")));
	cr_assert_not(s.answer.fallback);
	cr_assert_eq(s.answer.as_of_ms, SHOP_START + 4000);
	stall_expect(&s, "frequently-bought-together; items=p2", "p1=0.75"); /* p3: once is below the support floor */
}

Test(pairs, also_bought_counts_people_not_orders)
{
	shop_play(&s.shop,
		  "u1 buy p1 @0s; u1 buy p2 @1h; u2 buy p2 @0s; u2 buy p1 @2h; u2 buy p1,p2 @3h; u3 buy p1 @4h");
	stall_expect(&s, "also-bought; items=p1", "p2=0.666667"); /* 2 of 3 + 2 - 2 */
	cr_assert_str_eq(s.answer.items[0].reason, "2 customers bought both");
	stall_expect(&s, "frequently-bought-together; items=p1", "");
	cr_assert_not(s.answer.fallback, "there is no other strategy to fall back to");
}

Test(pairs, also_viewed_counts_visits)
{
	shop_play(&s.shop,
		  "v1 view p1 @0s s=a; v1 view p2 @1s s=a; v1 view p1 @2s s=b; v1 view p2 @3s s=b; v2 view p2 @4s s=c");
	stall_expect(&s, "also-viewed; items=p1", "p2=0.666667");
	cr_assert_str_eq(s.answer.items[0].reason, "viewed together in 2 visits");
}

Test(pairs, viewed_then_bought_has_a_direction)
{
	shop_play(&s.shop,
		  "v1 view p1 @0s s=a; v1 buy p2 @1s s=a; v2 view p1 @2s s=b; v2 buy p2 @3s s=b; v3 view p1 @4s s=c");
	stall_expect(&s, "viewed-then-bought; items=p1", "p2=0.666667"); /* 2 of 3 views + 2 orders - 2 */
	cr_assert_str_eq(s.answer.items[0].reason, "bought after viewing it in 2 visits");
	stall_expect(&s, "viewed-then-bought; items=p2", "");
}

Test(pairs, several_items_add_up_and_are_not_shown_themselves)
{
	shop_play(&s.shop, "u1 buy p1,p2,p3 @0s; u2 buy p1,p2,p3 @1s; u3 buy p1,p4 @2s; u4 buy p1,p4 @3s");
	/* p3: 2/4 with p1 and 2/2 with p2; p4: 2/4 with p1 */
	stall_expect(&s, "frequently-bought-together; items=p1,p2", "p3=1.5 p4=0.5");
	cr_assert(str_eq(s.answer.items[0].why.with, STR("p2")), "the strongest one explains");
	cr_assert_eq(s.answer.items[0].why.item_total, 2);
	cr_assert_eq(s.answer.items[0].why.pair_score, 1.0);
	stall_expect(&s, "frequently-bought-together; items=p1,p1,p2", "p3=1.5 p4=0.5");
	stall_expect(&s, "frequently-bought-together; items=p1,nobody-knows", "p2=0.5 p3=0.5 p4=0.5");
	stall_expect(&s, "frequently-bought-together; items=nobody-knows", "");
}

Test(pairs, ties_are_ordered_by_id_bytes_and_cut_there)
{
	shop_play(&s.shop, "u1 buy p,b,a,B,aa @0s; u2 buy p,aa,B,b,a @1s");
	stall_expect(&s, "frequently-bought-together; items=p; count=3", "B=1 a=1 aa=1");
}

Test(pairs, what_may_not_be_shown_makes_room_for_the_next)
{
	shop_play(&s.shop, "u1 buy p0,p1,p2,p3,p4,p5,p6 @0s; u2 buy p0,p1,p2,p3,p4,p5,p6 @1s");
	stall_stock(&s, "p1", 0);
	stall_delete(&s, "p2");
	stall_item(&s, "p3", NULL, SHOP_START + 1, TIME_ABSENT);
	stall_item(&s, "p4", NULL, TIME_ABSENT, SHOP_START);
	stall_expect(&s, "frequently-bought-together; items=p0; count=2", "p5 p6");
	s.clock.now_ms = SHOP_START + 1;
	stall_expect(&s, "frequently-bought-together; items=p0; count=2", "p3 p5");
	s.clock.now_ms = SHOP_START - 1;
	stall_expect(&s, "frequently-bought-together; items=p0; count=2", "p4 p5");
	stall_stock(&s, "p1", 3);
	stall_expect(&s, "frequently-bought-together; items=p0; count=2", "p1 p4");
	cr_assert(s.answer.items[0].low_stock);
	cr_assert_eq(s.answer.items[0].stock.quantity, 3);
	stall_expect(&s, "frequently-bought-together; items=p0; not=p1,p4,unknown; count=2", "p5 p6");
}

Test(pairs, a_category_means_it_and_what_is_under_it)
{
	shop_play(&s.shop, "u1 buy p0,p1,p2,p3,p4 @0s; u2 buy p0,p1,p2,p3,p4 @1s");
	stall_item(&s, "p1", "Shoes", TIME_ABSENT, TIME_ABSENT);
	stall_item(&s, "p2", "Hats|Shoes > Running", TIME_ABSENT, TIME_ABSENT);
	stall_item(&s, "p3", "Shoestrings", TIME_ABSENT, TIME_ABSENT);
	stall_expect(&s, "frequently-bought-together; items=p0; category=Shoes", "p1 p2");
	stall_expect(&s, "frequently-bought-together; items=p0; category=Shoes > Running", "p2");
	stall_expect(&s, "frequently-bought-together; items=p0; category=Socks", "");
}

Test(pairs, a_denominator_is_never_below_the_count)
{
	/* p1 was bought in an epoch that is no longer counted, the pairs with it in one that is */
	shop_play(&s.shop, "u1 buy p1 @0s; u2 buy p1 @1s; u1 buy p2 @179d; u2 buy p2 @179d; u3 buy p3 @190d");
	stall_expect(&s, "also-bought; items=p1", "p2=1");
	cr_assert_eq(s.answer.items[0].why.item_total, 0);
	stall_expect(&s, "also-bought; items=p2", "p1=1");
}

Test(pairs, support_is_a_setting)
{
	struct stall one;

	stall_open(&one, "answers.minSupport=1", NULL);
	shop_play(&one.shop, "u1 buy p1,p2 @0s");
	stall_expect(&one, "frequently-bought-together; items=p1", "p2=1");
	cr_assert_str_eq(one.answer.items[0].reason, "bought together in 1 order");
	stall_close(&one);
}
