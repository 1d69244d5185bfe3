/* How counts of going back become rates. */
#include "query/next.h"

#include <criterion/criterion.h>
#include <math.h>

static struct revisit_counts counts[REVISIT_CELLS];
static float rates[REVISIT_CELLS];

static unsigned cell(unsigned distance, unsigned seen, unsigned items, unsigned last)
{
	return ((distance * REVISIT_SEEN + seen) * REVISIT_ITEMS + items) * REVISIT_LAST + last;
}

static void expect(unsigned at, double rate)
{
	cr_assert(fabs(rates[at] - rate) < 1e-6, "cell %u: %f, not %f", at, rates[at], rate);
}

Test(next_rates, begin_with_the_prior)
{
	next_rates(counts, false, rates);
	expect(cell(0, 0, 0, 0), 0.01);
	expect(cell(39, 2, 5, 2), 0.01);
}

/* 10 of 80 once, in one cell */
Test(next_rates, each_key_narrows_the_one_before_it)
{
	counts[cell(3, 1, 4, 2)] = (struct revisit_counts){ 80, 10 };
	next_rates(counts, false, rates);
	expect(cell(2, 1, 4, 2), 0.01);
	expect(cell(3, 0, 4, 2), 0.102);    /* 10.2 / 100 */
	expect(cell(3, 1, 0, 2), 0.1204);   /* (10 + 20 x 0.102) / 100 */
	expect(cell(3, 1, 4, 0), 0.12408);  /* (10 + 20 x 0.1204) / 100 */
	expect(cell(3, 1, 4, 2), 0.124816); /* (10 + 20 x 0.12408) / 100 */
}

Test(next_rates, by_distance_look_at_nothing_else)
{
	counts[cell(3, 1, 4, 2)] = (struct revisit_counts){ 60, 10 };
	counts[cell(3, 0, 1, 0)] = (struct revisit_counts){ 20, 0 };
	next_rates(counts, true, rates);
	expect(cell(3, 1, 4, 2), 0.102);
	expect(cell(3, 0, 1, 0), 0.102);
	expect(cell(4, 0, 1, 0), 0.01);
}
