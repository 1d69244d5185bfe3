/* Kept lists are what pairs_get says at every moment, but for the little while that the header allows. */
#include "query/neighbours.h"
#include "tests/lib/query_shop.h"
#include "views/ids.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEMS 12

static struct stall stall;
static struct neighbours *kept;

static void setup(void)
{
	stall_open(&stall, "answers.minSupport=1", "young.bytesMax=64m", NULL);
	kept = neighbours_new(&stall.clock.base);
}

static void teardown(void)
{
	neighbours_free(kept);
	stall_close(&stall);
}

TestSuite(neighbours, .init = setup, .fini = teardown, .timeout = 120);

static void expect_same(enum pair_view view, const char *item_id)
{
	struct snap *sn = stall.shop.snap;
	struct snap_counts truth = { 0 };
	struct neighbour_list list;
	uint32_t item;

	cr_assert_eq(snap_renew(sn), 0);
	item = snap_item(sn, str_of(item_id));
	if (item == ID_NONE)
		return;
	cr_assert_eq(pairs_get(sn, view, item, 1, &truth), 0);
	cr_assert_eq(neighbours_get(kept, sn, view, item, 1, &list), 0);
	cr_assert_eq(list.n, truth.n, "%s: %zu of %zu", item_id, list.n, truth.n);
	cr_assert(truth.n == 0 || memcmp(list.v, truth.v, truth.n * sizeof(truth.v[0])) == 0, "%s", item_id);
	snap_counts_fini(&truth);
}

static void merge(void)
{
	uint64_t sealed;

	store_young_seal(stall.shop.store);
	sealed = store_young_sealed(stall.shop.store);
	if (sealed)
		cr_assert_eq(store_merge(stall.shop.store, sealed, NULL), 0);
}

Test(neighbours, follow_each_commit_and_merge)
{
	char item[8];

	srand(7);
	for (int round = 0; round < 400; round++) {
		shop_playf(&stall.shop, "u%d %s i%d,i%d @%dm", rand() % 30, rand() % 3 ? "view" : "buy", rand() % ITEMS,
			   rand() % ITEMS, round * 5);
		if (rand() % 40 == 0)
			merge();
		for (int i = 0; i < 4; i++) {
			snprintf(item, sizeof(item), "i%d", rand() % ITEMS);
			expect_same((enum pair_view)(rand() % PAIR_VIEW_COUNT), item);
		}
	}
}

Test(neighbours, epochs_that_end_are_seen)
{
	shop_play(&stall.shop, "u1 buy a,b @0s; u2 buy a,c @1s");
	expect_same(PAIR_BOUGHT_TOGETHER, "a");
	shop_play(&stall.shop, "u9 view z @200d");
	expect_same(PAIR_BOUGHT_TOGETHER, "a");
	shop_play(&stall.shop, "u8 view z @400d");
	expect_same(PAIR_BOUGHT_TOGETHER, "a");
}

/* `count` orders of 100 items, each with `a` and 99 others of its own. */
static void many_neighbours(int count)
{
	static char text[2000];

	for (int order = 0; order < count; order++) {
		int n = snprintf(text, sizeof(text), "u%d buy a", order);

		for (int i = 0; i < 99; i++)
			n += snprintf(text + n, sizeof(text) - (size_t)n, ",x%d", order * 99 + i);
		snprintf(text + n, sizeof(text) - (size_t)n, " @%ds", order);
		shop_play(&stall.shop, text);
	}
}

Test(neighbours, a_long_list_is_kept_in_part_and_answered_whole)
{
	struct snap *sn = stall.shop.snap;
	struct neighbour_list list;
	uint32_t a;

	many_neighbours(45);
	cr_assert_eq(snap_renew(sn), 0);
	a = snap_item(sn, STR("a"));
	cr_assert_eq(neighbours_get(kept, sn, PAIR_BOUGHT_TOGETHER, a, 1, &list), 0);
	cr_assert(!list.whole && list.n == NEIGHBOURS_KEPT);
	cr_assert_eq(neighbours_all(kept, sn, PAIR_BOUGHT_TOGETHER, a, 1, &list), 0);
	cr_assert(list.whole && list.n == 45 * 99);
	/* the last in the order of numbers, beyond those that are kept */
	stall_item(&stall, "x4454", "Far", TIME_ABSENT, TIME_ABSENT);
	stall_ask(&stall, "frequently-bought-together; items=a; category=Far");
	cr_assert_eq(stall.answer.item_count, 1);
	cr_assert(str_eq(stall.answer.items[0].item_id, STR("x4454")));
}

/* A clock that goes on by a millisecond each time it is looked at: gathering takes one. */
static uint64_t ticks;

static uint64_t tick(const struct clock *clock)
{
	(void)clock;
	return ++ticks * UINT64_C(1000000);
}

Test(neighbours, a_list_is_taken_for_a_while_as_it_is)
{
	struct clock clock = { .monotonic_ns = tick };
	struct neighbours *n = neighbours_new(&clock);
	struct snap *sn = stall.shop.snap;
	struct neighbour_list list;
	uint32_t a;

	shop_play(&stall.shop, "u1 buy a,b @0s");
	cr_assert_eq(snap_renew(sn), 0);
	a = snap_item(sn, STR("a"));
	cr_assert_eq(neighbours_get(n, sn, PAIR_BOUGHT_TOGETHER, a, 1, &list), 0);
	cr_assert_eq(list.n, 1);
	shop_play(&stall.shop, "u2 buy a,c @60s");
	cr_assert_eq(snap_renew(sn), 0);
	for (int i = 0; i < NEIGHBOURS_REST - 1; i++) {
		cr_assert_eq(neighbours_get(n, sn, PAIR_BOUGHT_TOGETHER, a, 1, &list), 0);
		cr_assert(list.n == 1 && list.watermark_ms == SHOP_START, "call %d", i);
	}
	cr_assert_eq(neighbours_get(n, sn, PAIR_BOUGHT_TOGETHER, a, 1, &list), 0);
	cr_assert(list.n == 2 && list.watermark_ms == SHOP_START + 60000);
	neighbours_free(n);
}

/* An order of `a` and 60 others of 6,000, some far more often than others. */
static void some_neighbours(int user)
{
	static char text[1200];
	int n = snprintf(text, sizeof(text), "v%d buy a", user);

	for (int i = 0; i < 60; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ",x%d", rand() % (1 + rand() % 6000));
	snprintf(text + n, sizeof(text) - (size_t)n, " @%ds", user);
	shop_play(&stall.shop, text);
}

static void expect_kept(uint32_t a)
{
	struct snap *sn = stall.shop.snap;
	struct snap_counts truth = { 0 };
	struct neighbour_list list;
	size_t sure = NEIGHBOURS_KEPT;

	cr_assert_eq(snap_renew(sn), 0);
	cr_assert_eq(pairs_get(sn, PAIR_BOUGHT_TOGETHER, a, 2, &truth), 0);
	cr_assert_eq(neighbours_get(kept, sn, PAIR_BOUGHT_TOGETHER, a, 2, &list), 0);
	cr_assert(!list.whole && list.n == NEIGHBOURS_KEPT && truth.n > NEIGHBOURS_KEPT);
	cr_assert_eq(memcmp(list.v, truth.v, NEIGHBOURS_KEPT * sizeof(truth.v[0])), 0);
	while (truth.v[sure - 1].count == truth.v[NEIGHBOURS_KEPT].count)
		sure--;
	cr_assert_eq(list.sure, sure);
	snap_counts_fini(&truth);
}

Test(neighbours, a_long_list_is_renewed_from_what_young_levels_have)
{
	uint32_t a;

	srand(11);
	for (int user = 0; user < 900; user++)
		some_neighbours(user);
	merge();
	cr_assert_eq(snap_renew(stall.shop.snap), 0);
	a = snap_item(stall.shop.snap, STR("a"));
	for (int round = 0; round < 280; round++) {
		/* seldom bought until now, one after the other rises past what is kept */
		int rising = 4000 + round / 40 * 31;

		shop_playf(&stall.shop, "w%d buy a,x%d,x%d @%ds", round, rand() % 6000, rising, 1000 + round);
		if (round % 150 == 149)
			merge();
		expect_kept(a);
	}
}
