/* What the next view of a session may go back to, by hand; and what is counted of it. */
#include "tests/lib/views_shop.h"
#include "views/revisits.h"

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

TestSuite(revisits, .init = setup, .fini = teardown);

static uint32_t cell(uint32_t distance, uint32_t seen, uint32_t items, enum revisit_last last)
{
	return ((distance * REVISIT_SEEN + seen) * REVISIT_ITEMS + items) * REVISIT_LAST + last;
}

static void expect_chance(const struct revisit_chance *got, uint32_t item, uint32_t at)
{
	cr_expect(got->item == item && got->cell == at, "item %u cell %u, not %u and %u", got->item, got->cell, item,
		  at);
}

Test(revisits, chances_are_the_distinct_items_newest_first)
{
	const uint32_t views[] = { 1, 2, 3, 1, 2, 1, 1 };
	struct revisit_chance got[REVISIT_VIEWS];

	cr_assert_eq(revisit_chances(views, 1, got), 1);
	expect_chance(&got[0], 1, cell(0, 0, 0, REVISIT_NEW));
	cr_assert_eq(revisit_chances(views, 3, got), 3);
	expect_chance(&got[0], 3, cell(0, 0, 2, REVISIT_NEW));
	expect_chance(&got[2], 1, cell(2, 0, 2, REVISIT_NEW));
	cr_assert_eq(revisit_chances(views, 6, got), 3);
	expect_chance(&got[0], 1, cell(0, 2, 2, REVISIT_EARLIER));
	expect_chance(&got[1], 2, cell(1, 1, 2, REVISIT_EARLIER));
	expect_chance(&got[2], 3, cell(2, 0, 2, REVISIT_EARLIER));
	cr_assert_eq(revisit_chances(views, 7, got), 3);
	expect_chance(&got[0], 1, cell(0, 2, 2, REVISIT_SAME));
}

Test(revisits, the_classes_of_sizes)
{
	static const uint32_t least[] = { 1, 2, 3, 5, 9, 17 };
	struct revisit_chance got[REVISIT_VIEWS];
	uint32_t views[REVISIT_VIEWS];

	for (uint32_t i = 0; i < REVISIT_VIEWS; i++)
		views[i] = i;
	for (uint32_t n = 1; n <= REVISIT_VIEWS; n++) {
		uint32_t class = 0;

		while (class + 1 < ARRAY_SIZE(least) && n >= least[class + 1])
			class ++;
		cr_assert_eq(revisit_chances(views, n, got), n);
		expect_chance(&got[n - 1], 0, cell(n - 1, 0, class, REVISIT_NEW));
	}
}

Test(revisits, only_the_last_40_views_matter)
{
	uint32_t views[100] = { 0 };
	struct revisit_chance got[REVISIT_VIEWS];

	for (uint32_t i = 0; i < 60; i++)
		views[i] = 7;
	for (uint32_t i = 60; i < 100; i++)
		views[i] = i;
	cr_assert_eq(revisit_chances(views, 100, got), REVISIT_VIEWS);
	expect_chance(&got[39], 60, cell(39, 0, 5, REVISIT_NEW));
	views[99] = 60;
	cr_assert_eq(revisit_chances(views, 100, got), 39);
	expect_chance(&got[0], 60, cell(0, 1, 5, REVISIT_EARLIER));
	/* the 7 before the 40 is not seen */
	cr_assert_eq(revisit_chances(views, 99, got), REVISIT_VIEWS);
	expect_chance(&got[39], 7, cell(39, 0, 5, REVISIT_NEW));
}

Test(revisits, are_counted_before_each_view)
{
	char *rows;

	shop_play(&shop, "u1 view a @0s; u1 view b,a @1s; u1 buy b @2s; u1 view a @3s");
	shop_play(&shop, "u2 view a @4s; u2 view a @5s");
	rows = shop_rows(&shop, "revisits", NULL);
	cr_expect_str_eq(rows,
			 /* u1: a | b: no hit; u2: a | a: a hit */
			 "{\"distance\":0,\"seen\":1,\"items\":1,\"last\":\"new\",\"chances\":2,\"hits\":1}\n"
			 /* a b | a */
			 "{\"distance\":0,\"seen\":1,\"items\":2,\"last\":\"new\",\"chances\":1,\"hits\":0}\n"
			 /* a b a | a */
			 "{\"distance\":0,\"seen\":2,\"items\":2,\"last\":\"earlier\",\"chances\":1,\"hits\":1}\n"
			 "{\"distance\":1,\"seen\":1,\"items\":2,\"last\":\"earlier\",\"chances\":1,\"hits\":0}\n"
			 "{\"distance\":1,\"seen\":1,\"items\":2,\"last\":\"new\",\"chances\":1,\"hits\":1}");
	free(rows);
}

Test(revisits, add_up_over_commits)
{
	struct revisit_counts counts[REVISIT_CELLS];

	cr_assert_eq(revisits_get(shop.snap, counts), 0);
	cr_expect_eq(counts[cell(0, 0, 0, REVISIT_NEW)].chances, 0);
	for (int i = 0; i < 5; i++)
		shop_playf(&shop, "u%d view a @%ds; u%d view a @%ds", i, i, i, i);
	cr_assert_eq(revisits_get(shop.snap, counts), 0);
	cr_expect_eq(counts[cell(0, 0, 0, REVISIT_NEW)].chances, 5);
	cr_expect_eq(counts[cell(0, 0, 0, REVISIT_NEW)].hits, 5);
}
