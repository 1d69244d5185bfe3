/* The rules of the pair views, one by one, by hand; and their lists in order. */
#include "tests/lib/views_shop.h"
#include "views/pairs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(pairs, .init = setup, .fini = teardown);

Test(pairs, bought_together_counts_each_pair_of_an_order_both_ways)
{
	shop_play(&shop, "u1 buy p1,p2,p3 @0s; u2 buy p2,p3 @1s");
	shop_expect(&shop, "bought-together", "p2", "p3:2 p1:1");
	shop_expect(&shop, "bought-together", "p3", "p2:2 p1:1");
	shop_expect(&shop, "bought-together", "p1", "p2:1 p3:1");
}

Test(pairs, bought_together_counts_an_item_once_an_order)
{
	shop_play(&shop, "u1 buy p1,p2,p1,p2 @0s o=7");
	shop_play(&shop, "u1 buy p2,p1 @5s o=7; u2 buy p1 @6s o=7");
	shop_expect(&shop, "bought-together", "p1", "p2:1");
}

Test(pairs, an_order_may_come_in_parts)
{
	shop_play(&shop, "u1 buy p1 @0s o=7");
	shop_play(&shop, "u1 buy p2 @1h o=7");
	shop_play(&shop, "u1 buy p3 @1h o=8");
	shop_expect(&shop, "bought-together", "p2", "p1:1");
	shop_expect(&shop, "bought-together", "p3", "");
}

Test(pairs, only_the_first_hundred_items_of_an_order_make_pairs)
{
	char list[2000] = "i000";
	size_t n = 4;

	for (int i = 1; i < 105; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, ",i%03d", i);
	shop_playf(&shop, "u1 buy %s @0s o=big", list);
	shop_expect(&shop, "bought-together", "i100", "");
	shop_expect(&shop, "bought-together", "i104", "");
	char *rows = shop_rows(&shop, "item-totals", "i104");
	cr_assert(strstr(rows, "\"orders\":1"), "%s", rows);
	free(rows);
	rows = shop_rows(&shop, "bought-together", "i099");
	int lines = 1;
	for (char *c = rows; *c; c++)
		lines += *c == '\n';
	cr_assert_eq(lines, 99);
	free(rows);
}

Test(pairs, also_bought_counts_a_buyer_once_a_pair)
{
	shop_play(&shop, "u1 buy p1 @0s; u1 buy p2 @1d; u1 buy p1 @2d; u1 buy p2 @3d; u2 buy p2,p1 @3d");
	shop_expect(&shop, "also-bought", "p1", "p2:2");
	shop_expect(&shop, "also-bought", "p2", "p1:2");
}

Test(pairs, also_bought_looks_back_180_days)
{
	shop_play(&shop, "u1 buy old @0s; u1 buy edge @1s; u1 buy new @180.00001157407407d");
	shop_expect(&shop, "also-bought", "new", "edge:1");
}

Test(pairs, also_bought_takes_the_last_fifty)
{
	for (int i = 0; i < 60; i++)
		shop_playf(&shop, "u1 buy i%02d @%dm", i, i);
	shop_play(&shop, "u1 buy i00 @2h; u1 buy last @3h");
	/* i00 was bought again, so it is among the last 50; i10 is the 51st */
	char *rows = shop_rows(&shop, "also-bought", "last");
	cr_assert(strstr(rows, "\"i00\""));
	cr_assert(strstr(rows, "\"i11\""));
	cr_assert(!strstr(rows, "\"i10\""));
	free(rows);
}

Test(pairs, also_viewed_pairs_first_views_with_the_five_before)
{
	shop_play(&shop, "v1 view a @0s; v1 view b @1s; v1 view a @2s; v1 view c @3s; v1 view b @4s");
	shop_expect(&shop, "also-viewed", "a", "b:1 c:1");
	shop_expect(&shop, "also-viewed", "b", "a:1 c:1");
	shop_play(&shop, "v1 view d @5s; v1 view e @6s; v1 view f @7s; v1 view g @8s");
	shop_expect(&shop, "also-viewed", "g", "b:1 c:1 d:1 e:1 f:1");
}

Test(pairs, a_session_without_id_ends_after_thirty_minutes_of_silence)
{
	shop_play(&shop, "v1 view a @0s; v1 view b @30m; v1 view c @60.01m");
	shop_expect(&shop, "also-viewed", "a", "b:1");
	shop_expect(&shop, "also-viewed", "c", "");
}

Test(pairs, any_event_keeps_a_session_alive)
{
	shop_play(&shop, "v1 view a @0s; v1 search - @20m; v1 view b @45m");
	shop_expect(&shop, "also-viewed", "a", "b:1");
}

Test(pairs, a_session_id_is_one_session_however_long)
{
	shop_play(&shop, "v1 view a @0s s=x; v1 view b @2d s=x; v1 view c @2d s=y; v2 view d @2d s=x");
	shop_expect(&shop, "also-viewed", "b", "a:1");
	shop_expect(&shop, "also-viewed", "c", "");
	shop_expect(&shop, "also-viewed", "d", "");
}

Test(pairs, viewed_then_bought_is_one_way_and_once_a_session)
{
	shop_play(&shop, "v1 view a @0s; v1 view b @1s; v1 buy c @2s; v1 buy c @3s; v1 buy a @4s");
	shop_expect(&shop, "viewed-then-bought", "a", "c:1");
	shop_expect(&shop, "viewed-then-bought", "b", "a:1 c:1");
	shop_expect(&shop, "viewed-then-bought", "c", "");
}

Test(pairs, viewed_then_bought_takes_the_last_twenty)
{
	for (int i = 0; i < 22; i++)
		shop_playf(&shop, "v1 view i%02d @%ds", i, i);
	shop_play(&shop, "v1 view i00 @30s; v1 buy z @31s");
	shop_expect(&shop, "viewed-then-bought", "i00", "z:1");
	shop_expect(&shop, "viewed-then-bought", "i01", "");
	shop_expect(&shop, "viewed-then-bought", "i02", "");
	shop_expect(&shop, "viewed-then-bought", "i03", "z:1");
}

Test(pairs, epochs_leave_as_the_watermark_passes)
{
	shop_play(&shop, "u1 buy a,b @0s");
	shop_play(&shop, "u2 buy a,c @179d");
	shop_expect(&shop, "bought-together", "a", "b:1 c:1");
	shop_play(&shop, "u3 buy x @180d");
	shop_expect(&shop, "bought-together", "a", "c:1");
	char *rows = shop_rows(&shop, "item-totals", "b");
	cr_assert_str_eq(rows, "");
	free(rows);
}

Test(pairs, a_late_event_counts_in_its_own_epoch)
{
	shop_play(&shop, "u1 buy a,b @100d; u2 buy a,b @0s; u3 buy a,b @-50d");
	shop_expect(&shop, "bought-together", "a", "b:3");
	shop_play(&shop, "u4 buy z @150d");
	shop_expect(&shop, "bought-together", "a", "b:2");
}

Test(pairs, duplicates_change_nothing)
{
	shop_play(&shop, "u1 buy a,b @0s e=1; u1 view c @1s e=2");
	char *before = shop_digests(&shop);
	cr_assert_eq(shop_play(&shop, "u1 buy a,b @0s e=1; u1 view c @1s e=2; u1 buy z @9s e=1"), 3);
	char *after = shop_digests(&shop);
	cr_assert_str_eq(before, after);
	free(before);
	free(after);
}

Test(pairs, the_window_of_duplicates_is_256_events)
{
	shop_play(&shop, "u1 view a @0s e=first");
	for (int i = 1; i <= 255; i++)
		shop_playf(&shop, "u1 search - @%ds e=e%d", i, i);
	cr_assert_eq(shop_play(&shop, "u1 view a @0s e=first"), 1);
	shop_play(&shop, "u1 search - @300s e=e300");
	cr_assert_eq(shop_play(&shop, "u1 view a @0s e=first"), 0);
	cr_assert_eq(shop_play(&shop, "u1 search - @300s e=e300; u1 search - @1s e=e1"), 2);
}

Test(pairs, a_session_ends_when_its_partition_is_ninety_days_on)
{
	shop_play(&shop, "v1 view a @0s s=x; v2 view z @90d; v1 view b @90d s=x");
	shop_expect(&shop, "also-viewed", "a", "b:1");
	shop_play(&shop, "v2 view z @180.1d; v1 view c @180.1d s=x");
	shop_expect(&shop, "also-viewed", "c", "");
	/* the watermark before the event at hand counts: v3's own jump does not end its session */
	shop_play(&shop, "v3 view d @181d s=x l=1; v3 view e @300d s=x l=1; v3 view f @301d s=x l=1");
	shop_expect(&shop, "also-viewed", "e", "d:1 f:1");
}

Test(pairs, late_events_find_their_session_however_late)
{
	shop_play(&shop, "v2 view z @95d; v1 view a @0s s=x; v1 view b @1m s=x; v2 view z @150d; v1 view c @2m s=x");
	shop_expect(&shop, "also-viewed", "a", "b:1 c:1");
}

Test(pairs, another_partition_ends_no_session_and_no_order)
{
	shop_play(&shop, "v1 view a @0s s=x l=1; v1 buy a @1s o=1 l=1; v2 view z @170d");
	shop_play(&shop, "v1 view b @1h s=x l=1; v1 buy b @1h o=1 l=1");
	shop_expect(&shop, "also-viewed", "a", "b:1");
	shop_expect(&shop, "bought-together", "a", "b:1");
}

Test(pairs, an_order_ends_when_its_partition_is_ninety_days_on)
{
	shop_play(&shop,
		  "u1 buy a @0s o=1; u2 view z @90d; u1 buy b @90d o=1; u2 view z @180.1d; u1 buy c @180.1d o=1");
	shop_expect(&shop, "bought-together", "b", "a:1");
	shop_expect(&shop, "bought-together", "c", "");
}

Test(pairs, what_has_ended_is_dropped)
{
	for (int i = 0; i < 500; i++)
		shop_playf(&shop, "v%d view a @%dm; v%d view a @%dm s=x; v%d buy a @%dm o=1", i, i, i, i, i, i);
	cr_assert_eq(shop_stored(&shop, TBL_SESSION_STATE), 1000);
	cr_assert_eq(shop_stored(&shop, TBL_ORDER_STATE), 500);
	/* a piece of what actors have, a commit; rows of another partition stay */
	shop_play(&shop, "u1 view a @0s s=x l=1; u1 buy a @0s o=1 l=1; u2 view b @100d");
	cr_assert_gt(shop_stored(&shop, TBL_SESSION_STATE), 900);
	for (int i = 0; i < 50; i++)
		shop_playf(&shop, "u2 view b @100d; u2 buy b @100d o=1");
	cr_assert_eq(shop_stored(&shop, TBL_SESSION_STATE), 3);
	cr_assert_eq(shop_stored(&shop, TBL_ORDER_STATE), 2);
}

/* ---- lists in order ---- */

static void fill_list(struct snap_counts *list, size_t n, uint32_t counts, uint64_t *random)
{
	list->n = n;
	list->room = n > list->room ? n : list->room;
	list->v = xrealloc(list->v, list->room * sizeof(*list->v));
	for (size_t i = 0; i < n; i++) {
		*random = *random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		list->v[i] = (struct snap_count){ (uint32_t)(3 * i), (uint32_t)((*random >> 33) % counts) };
		if (i % 7 == 0) /* few are large */
			list->v[i].count /= 5;
	}
}

/* The best are the beginning of all in order, wherever the cut falls; where counts are large too. */
Test(pairs, the_best_are_the_beginning_of_all)
{
	static const uint32_t counts[] = { 1, 3, 40, 300, 3000, 5000000 };
	struct snap_counts all = { 0 }, best = { 0 };
	uint64_t random = 1;

	for (unsigned round = 0; round < 600; round++) {
		uint32_t most_count = counts[round % ARRAY_SIZE(counts)], least = round % 4;
		size_t n = round * 5, most = round % 3 ? n / 3 + 1 : 256;
		uint64_t same = random;

		fill_list(&all, n, most_count, &random);
		fill_list(&best, n, most_count, &same);
		for (size_t place = 0; place < n + 3; place += 1 + n / 5) {
			uint32_t told = pairs_count_at(&best, place), above = 0, reach = 0;

			for (size_t i = 0; i < n; i++) {
				above += best.v[i].count > told;
				reach += best.v[i].count >= told;
			}
			cr_assert(told == 0 || reach > place, "round %u: %u reach %u", round, reach, told);
			cr_assert(most_count > 2000 || above <= place, "round %u: %u above %u", round, above, told);
		}
		pairs_order(&all, least);
		pairs_best(&best, least, most);
		cr_assert_eq(best.n, all.n < most ? all.n : most, "round %u: %zu of %zu", round, best.n, all.n);
		cr_assert(best.n == 0 || memcmp(all.v, best.v, best.n * sizeof(*best.v)) == 0, "round %u", round);
	}
	snap_counts_fini(&all);
	snap_counts_fini(&best);
}
