/* What reaches the shopper soonest. */
#include "tests/lib/query_shop.h"
#include "views/view.h"

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

TestSuite(fast_shipping, .init = open_shop, .fini = close_shop);

static void stock_three_warehouses(void)
{
	stall_stock_at(&s, "slow", "north", 5, 48, "DE|AT");
	stall_stock_at(&s, "a", "north", 5, 24, "DE|AT");
	stall_stock_at(&s, "b", "north", 5, 24, "DE|AT");
	stall_stock_at(&s, "far", "south", 5, 2, "FR");
	stall_stock_at(&s, "far", "north", 7, 72, "DE|AT");
	stall_stock_at(&s, "empty", "north", 0, 1, "DE|AT");
	stall_stock_at(&s, "empty", "south", 9, 1, "FR");
	stall_stock_at(&s, "all", "world", 5, 240, NULL);
	stall_stock_at(&s, "unknown", "north", 5, -1, "DE");
}

Test(fast_shipping, by_lead_time_of_what_ships_there)
{
	stock_three_warehouses();
	shop_play(&s.shop, "u1 buy b @0s q=3; u1 buy a @1s; u1 view c @1d; u1 buy a @1d q=9");
	stall_rank(&s);
	/* of equals the best seller of the days before today first */
	stall_expect(&s, "fast-shipping; country=DE", "b=0.04 a=0.04 slow=0.0204082 far=0.0136986 all=0.00414938");
	cr_assert_str_eq(s.answer.items[0].reason, "ready to be sent to DE within 1 day");
	cr_assert_str_eq(s.answer.items[3].reason, "ready to be sent to DE within 3 days");
	cr_assert(str_eq(s.answer.items[3].why.with, STR("north")));
	cr_assert_eq(s.answer.items[3].why.shipping.quantity, 7);
	stall_expect(&s, "fast-shipping; region=FR", "empty=0.5 far=0.333333 all=0.00414938");
	cr_assert_str_eq(s.answer.items[1].reason, "ready to be sent to FR within 2 hours");
	stall_expect(&s, "fast-shipping; region=bayern; country=DE", "b a slow far all");
	stall_expect(&s, "fast-shipping; country=US", "all");
	stall_expect(&s, "fast-shipping; country=fr", "empty far all");
	stall_refuses(&s, "fast-shipping", ERR_BAD_REQUEST, "context");
	stall_refuses(&s, "fast-shipping; by-query", ERR_BAD_REQUEST, "country");
}

Test(fast_shipping, stock_is_what_it_is_now)
{
	stock_three_warehouses();
	stall_rank(&s);
	stall_stock_at(&s, "a", "north", 0, 24, "DE|AT");
	stall_stock_at(&s, "b", "north", 5, 96, "DE|AT");
	stall_stock_at(&s, "late", "north", 5, 1, "DE");
	/* b tells its new time in its old place; what has come since waits for the next refresh */
	stall_expect(&s, "fast-shipping; country=AT", "b=0.0103093 slow=0.0204082 far=0.0136986 all=0.00414938");
	stall_rank(&s);
	stall_expect(&s, "fast-shipping; country=AT", "slow far b all");
	stall_expect(&s, "fast-shipping; country=DE; count=1", "late");
	cr_assert_eq(s.answer.as_of_ms, TIME_NONE);
}

Test(fast_shipping, a_category_and_what_is_not_sold_there)
{
	stock_three_warehouses();
	stall_records(&s,
		      "{'itemId':'a','categories':['X > Y'],'regions':['AT']}\n{'itemId':'slow','categories':['X']}\n");
	stall_rank(&s);
	stall_expect(&s, "fast-shipping; country=DE; category=X", "slow");
	stall_expect(&s, "fast-shipping; country=AT; category=X", "a slow");
	stall_expect(&s, "fast-shipping; country=AT; category=X > Y", "a");
	stall_expect(&s, "fast-shipping; country=AT; category=Z", "");
}

Test(fast_shipping, zones_are_bounded)
{
	char item[16], region[16];

	for (int i = 0; i < SHIP_ZONES_MAX + 10; i++) {
		snprintf(item, sizeof(item), "i%04d", i);
		snprintf(region, sizeof(region), "r%04d", i);
		stall_stock_at(&s, item, "north", 1, 1, region);
	}
	stall_rank(&s);
	stall_expect(&s, "fast-shipping; region=r0000", "i0000");
	snprintf(item, sizeof(item), "r%04d", SHIP_ZONES_MAX - 1);
	snprintf(region, sizeof(region), "i%04d", SHIP_ZONES_MAX - 1);
	char request[64];

	snprintf(request, sizeof(request), "fast-shipping; region=%s", item);
	stall_expect(&s, request, region);
	snprintf(request, sizeof(request), "fast-shipping; region=r%04d", SHIP_ZONES_MAX);
	stall_expect(&s, request, "");
}
