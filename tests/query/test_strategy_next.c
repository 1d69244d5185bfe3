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

/* Three visits of the same kind, so that what comes after a is known. */
static void play_visits(void)
{
	shop_play(&s.shop,
		  "v1 view a @1s s=s; v1 view b @2s s=s; v2 view a @3s s=s; v2 view b @4s s=s; v2 view c @5s s=s;"
		  "v3 view d @6s s=s; v3 view a @7s s=s; v3 view b @8s s=s");
	stall_rank(&s);
}

static const struct recommended *listed(const char *item_id)
{
	for (unsigned i = 0; i < s.answer.item_count; i++)
		if (str_eq(s.answer.items[i].item_id, str_of(item_id)))
			return &s.answer.items[i];
	return NULL;
}

Test(next, tells_the_counts_behind_an_item)
{
	play_visits();
	stall_expect(&s, "next-in-session; seen=d,a", "b c d a");
	cr_assert_eq(listed("b")->why.kind, EXPLAIN_SESSION);
	cr_assert_eq(listed("b")->why.sessions, 3);
	cr_assert_eq(listed("b")->why.sessions_of, 3);
	cr_assert_eq(listed("b")->why.shared, 2, "v3 has d and a too");
	cr_assert_eq(listed("b")->why.followed, 3);
	cr_assert_lt(listed("b")->why.back, 0);
	cr_assert_str_eq(listed("b")->reason, "viewed in 3 of 3 sessions like yours");
	cr_assert_gt(listed("a")->why.back, 0);
	cr_assert(strstr(listed("a")->reason, "of 100 look at such an item again next"));
}

Test(next, views_of_the_running_session_count_at_once_and_it_is_no_neighbour_of_itself)
{
	play_visits();
	shop_play(&s.shop, "v9 view d @20s s=t; v9 view x @21s s=t");
	stall_expect(&s, "next-in-session; visitor=v9; session=t; count=1", "a");
	cr_assert_eq(listed("a")->why.sessions, 1);
	cr_assert_eq(listed("a")->why.sessions_of, 1, "the only other session with d or x");
	shop_play(&s.shop, "v9 view a @22s s=t");
	stall_expect(&s, "next-in-session; visitor=v9; session=t; count=1", "b");
	stall_expect(&s, "next-in-session; visitor=v9; count=1", "a"); /* none without an id */
	cr_assert_str_eq(s.answer.items[0].strategy, "trending");
}

Test(next, a_session_without_an_id_is_the_one_under_way)
{
	play_visits();
	shop_play(&s.shop, "u5 view a @20s");
	stall_expect(&s, "next-in-session; user=u5; count=1", "b");
	shop_play(&s.shop, "v1 view x @31m");
	stall_expect(&s, "next-in-session; user=u5; count=1", "a");
	cr_assert_str_eq(s.answer.items[0].strategy, "trending");
}

Test(next, what_was_viewed_is_left_out_when_asked_for)
{
	play_visits();
	shop_play(&s.shop, "v9 view a @20s s=t");
	stall_expect(&s, "next-in-session; seen=d,a; not-viewed", "b c");
	stall_expect(&s, "next-in-session; visitor=v9; session=t; not-viewed", "b c d");
	stall_stock(&s, "b", 0);
	stall_expect(&s, "next-in-session; seen=d,a; not-viewed", "c");
}

Test(next, an_item_in_the_cart_weighs_more)
{
	struct stall carts;

	stall_open(&carts, "next.cartWeight=100", "next.purchaseWeight=0", NULL);
	shop_play(&carts.shop, "v1 view a @1s s=s; v1 view a1 @2s s=s; v2 view b @3s s=s; v2 view b1 @4s s=s;"
			       "v9 view a @5s s=t; v9 view b @6s s=t");
	stall_rank(&carts);
	stall_expect(&carts, "next-in-session; visitor=v9; session=t; not-viewed", "b1 a1");
	shop_play(&carts.shop, "v9 add a @7s s=t");
	stall_expect(&carts, "next-in-session; visitor=v9; session=t; not-viewed", "a1 b1");
	shop_play(&carts.shop, "v9 buy a @8s s=t");
	stall_expect(&carts, "next-in-session; visitor=v9; session=t; not-viewed; count=1", "b1");
	stall_close(&carts);
}

Test(next, of_a_long_session_the_last_views_count)
{
	char request[4096] = "next-in-session; count=1; seen=d";
	size_t n = strlen(request);

	play_visits();
	for (int i = 1; i < RECOMMEND_SESSION_MAX; i++, n += 2)
		memcpy(request + n, ",a", 3);
	stall_expect(&s, request, "b");
	cr_assert_eq(s.answer.items[0].why.shared, 1, "d is too long ago");
}
