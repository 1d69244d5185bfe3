/* What is said to hasten a shopper is true. */
#include "tests/lib/query_shop.h"
#include "views/view.h"

#include <criterion/criterion.h>

static struct stall s;

static void open_shop(void)
{
	stall_open(&s, "answers.lowStock=3", NULL);
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(urgency, .init = open_shop, .fini = close_shop);

static void expect(const char *request, int64_t units_left, int64_t sold_today, int64_t views_this_hour)
{
	cr_assert_eq(stall_ask(&s, request), 0, "%s", s.e.text);
	cr_assert_eq(s.answer.item_count, 1);
	cr_assert_eq(s.answer.items[0].urgency.units_left, units_left);
	cr_assert_eq(s.answer.items[0].urgency.sold_today, sold_today);
	cr_assert_eq(s.answer.items[0].urgency.views_this_hour, views_this_hour);
}

Test(urgency, units_left_are_those_of_low_stock)
{
	shop_play(&s.shop, "u1 view a @0s");
	expect("recently-viewed; user=u1", 0, 0, 0);
	stall_stock(&s, "a", 4);
	expect("recently-viewed; user=u1", 0, 0, 0);
	stall_stock(&s, "a", 3);
	expect("recently-viewed; user=u1", 3, 0, 0);
}

Test(urgency, counts_are_of_this_day_and_hour)
{
	shop_play(
		&s.shop,
		"u9 buy a @-1h q=9; u9 buy a @1h q=5; u9 return a @2h q=2; u1 view a @2.9h; u1 view a @3h; u2 view a @3.1h");
	s.clock.now_ms = SHOP_START + 3 * MS_PER_HOUR + MS_PER_HOUR / 2;
	expect("recently-viewed; user=u1", 0, 0, 0); /* nothing was ranked yet */
	stall_rank(&s);
	expect("recently-viewed; user=u1", 0, 3, 2);
	s.clock.now_ms = SHOP_START + 4 * MS_PER_HOUR;
	expect("recently-viewed; user=u1", 0, 3, 0);
	s.clock.now_ms = SHOP_START + MS_PER_DAY;
	expect("recently-viewed; user=u1", 0, 0, 0);
}

Test(urgency, one_view_and_more_returns_than_sales_are_nothing)
{
	shop_play(&s.shop, "u9 buy a @0s q=2; u9 return a @1s q=2; u1 view a @3s");
	s.clock.now_ms = SHOP_START + 5000;
	stall_rank(&s);
	expect("recently-viewed; user=u1", 0, 0, 0);
}
