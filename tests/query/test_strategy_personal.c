/* Lists of one person. */
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

TestSuite(personal, .init = open_shop, .fini = close_shop);

Test(personal, recently_viewed_is_newest_first_and_distinct)
{
	shop_play(&s.shop,
		  "u1 view p1 @0h; u1 view p2 @1h; u1 view p3 @2h; u1 view p1 @3h; u1 add p9 @4h; u2 view p4 @5h");
	stall_expect(&s, "recently-viewed; user=u1", "p1=0.333333 p3=0.25 p2=0.2"); /* 2, 3, 4 h before the watermark */
	cr_assert_str_eq(s.answer.items[0].reason, "viewed 2 times");
	cr_assert_str_eq(s.answer.items[1].reason, "viewed once");
	cr_assert_eq(s.answer.items[0].why.last_ms, SHOP_START + 3 * MS_PER_HOUR);
	stall_expect(&s, "recently-viewed; user=u1; count=1", "p1");
	stall_expect(&s, "recently-viewed; user=nobody", "");
	stall_expect(&s, "recently-viewed; visitor=u1", "");
	stall_stock(&s, "p3", 0);
	stall_expect(&s, "recently-viewed; user=u1", "p1 p2");
}

Test(personal, a_person_is_all_its_visitors)
{
	shop_play(&s.shop, "v1 view p1 @0h; v2 view p2 @1h; u1+v1 view p3 @2h; u1+v2 view p4 @3h; v1 view p5 @4h");
	stall_expect(&s, "recently-viewed; user=u1", "p5 p4 p3 p2 p1");
	stall_expect(&s, "recently-viewed; visitor=v2", "p5 p4 p3 p2 p1");
}

Test(personal, buy_it_again_when_it_is_due)
{
	/* at day 40: p1 every 10 days, last 20 ago; p2 every 20, last 10 ago; p3 once, 30 ago; p4 returned; p5 partly */
	shop_play(&s.shop, "u1 buy p1 @0d; u1 buy p3,p4 @10d; u1 buy p5 @10d q=2; u1 buy p1 @10d; u1 buy p2 @10d;"
			   "u1 buy p1 @20d; u1 return p4 @20d; u1 return p5 @21d; u1 buy p2 @30d; u2 view p9 @40d");
	stall_expect(&s, "buy-it-again; user=u1", "p1=1.5 p2=1.5 p3=0.5 p5=0.5");
	cr_assert_str_eq(s.answer.items[0].reason, "bought 3 times, every 10 days; last 20 days ago");
	cr_assert_str_eq(s.answer.items[2].reason, "bought once, 30 days ago");
	cr_assert_eq(s.answer.items[0].why.times, 3);
	stall_expect(&s, "buy-it-again; user=u2", "");
	shop_play(&s.shop, "u2 view p9 @50d"); /* p2 is due today, p1 has been for twice its time */
	stall_expect(&s, "buy-it-again; user=u1; count=2", "p2=2 p1=1.33333");
}

Test(personal, buy_it_again_every_day)
{
	shop_play(&s.shop, "u1 buy p1 @0d; u1 buy p1 @1d; u2 view p9 @3d");
	stall_expect(&s, "buy-it-again; user=u1", "p1=1.5");
	cr_assert_str_eq(s.answer.items[0].reason, "bought 2 times, every day; last 2 days ago");
}

Test(personal, purchases_of_one_day_are_one)
{
	shop_play(&s.shop, "u1 buy p1 @0d o=a; u1 buy p1 @0d o=b; u1 buy p1 @23h; u2 view p9 @30d");
	stall_expect(&s, "buy-it-again; user=u1", "p1=0.491884"); /* 29 days and an hour ago */
}

Test(personal, exclude_leaves_out_what_the_person_did)
{
	shop_play(&s.shop, "u8 buy q,a,b,c,d,e @0s; u9 buy q,a,b,c,d,e @1s");
	shop_play(&s.shop, "u1 view a @2s; u1 buy b @3s; u1 add c @4s; u1 add d @5s; u1 remove d @6s; u1 add b @1s");
	stall_expect(&s, "frequently-bought-together; items=q", "a c d e b"); /* b has an order more */
	stall_expect(&s, "frequently-bought-together; items=q; user=u1; not-viewed", "c d e b");
	stall_expect(&s, "frequently-bought-together; items=q; user=u1; not-purchased", "a c d e");
	stall_expect(&s, "frequently-bought-together; items=q; user=u1; not-in-cart", "a d e b");
	stall_expect(&s, "frequently-bought-together; items=q; user=u1; not-in-cart; not-viewed; not-purchased", "d e");
	stall_expect(&s, "frequently-bought-together; items=q; user=nobody; not-viewed", "a c d e b");
}
