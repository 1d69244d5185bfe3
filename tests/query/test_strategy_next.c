/* next-in-session: what it reads, what it hides, what it says. The scores themselves: flow_next compares them. */
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>

static struct stall s;

static void open_shop(void)
{
	stall_open(&s, "next.cartWeight=1", NULL);
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(next, .init = open_shop, .fini = close_shop);

Test(next, needs_a_session_or_somebody)
{
	stall_refuses(&s, "next-in-session", ERR_BAD_REQUEST, "sessionItems");
	stall_refuses(&s, "next-in-session; session=s1", ERR_BAD_REQUEST, "sessionItems");
	stall_refuses(&s, "next-in-session; seen=a; items=b", ERR_BAD_REQUEST, "itemIds");
	stall_refuses(&s, "trending; seen=a", ERR_BAD_REQUEST, "sessionItems");
	stall_refuses(&s, "next-in-session; seen=a; not-purchased", ERR_BAD_REQUEST, "exclude.purchased");
	stall_expect(&s, "next-in-session; seen=a", "");
	stall_expect(&s, "next-in-session; visitor=v1; session=s1", "");
}

Test(next, a_session_that_says_nothing_gets_what_trends)
{
	shop_play(&s.shop, "v1 view a @1m");
	stall_rank(&s);
	stall_expect(&s, "next-in-session; seen=unknown", "a");
	cr_assert_str_eq(s.answer.items[0].strategy, "trending");
	cr_assert(s.answer.fallback);
	stall_expect(&s, "next-in-session; visitor=nobody", "a");
}
