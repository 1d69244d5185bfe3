/* Lists for a person from what it and others did. */
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
	stall_expect(&s, "because-you-viewed; user=u2", "");
	stall_expect(&s, "because-you-viewed; user=nobody", "");
	stall_refuses(&s, "because-you-viewed", ERR_BAD_REQUEST, "userId");
	stall_refuses(&s, "because-you-viewed; user=u1; items=a", ERR_BAD_REQUEST, "itemIds");
}
