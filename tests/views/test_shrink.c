#include "tests/lib/views_stream.h"

#include <criterion/criterion.h>

#define THINGS 500

/* Fails as long as these are all there. */
struct culprits {
	size_t v[4];
	size_t n, calls;
};

static bool all_there(void *arg, const bool *kept)
{
	struct culprits *c = arg;

	c->calls++;
	for (size_t i = 0; i < c->n; i++)
		if (!kept[c->v[i]])
			return false;
	return true;
}

static void expect_only(struct culprits c)
{
	bool kept[THINGS];
	size_t left;

	memset(kept, true, sizeof(kept));
	left = shrink(THINGS, kept, all_there, &c, 10000);
	cr_expect_eq(left, c.n);
	cr_expect(all_there(&c, kept));
	for (size_t i = 0; i < THINGS; i++)
		left -= kept[i];
	cr_expect_eq(left, 0, "as many are kept as it says");
	cr_expect_leq(c.calls, 400, "%zu calls", c.calls);
}

Test(shrink, only_what_is_needed_is_left)
{
	expect_only((struct culprits){ { 0 }, 1, 0 });
	expect_only((struct culprits){ { THINGS - 1 }, 1, 0 });
	expect_only((struct culprits){ { 3, 77, 300 }, 3, 0 });
	expect_only((struct culprits){ { 0, 1, 250, 499 }, 4, 0 });
}

/* A thing that may only go after a later one. */
static bool in_order(void *arg, const bool *kept)
{
	(void)arg;
	return !kept[10] || kept[5];
}

Test(shrink, single_ones_are_tried_until_none_can_go)
{
	bool kept[THINGS];

	memset(kept, true, sizeof(kept));
	cr_expect_leq(shrink(THINGS, kept, in_order, NULL, 10000), 1);
}

Test(shrink, it_stops_early_with_something_that_fails)
{
	struct culprits c = { { 3, 77, 300 }, 3, 0 };
	bool kept[THINGS];

	memset(kept, true, sizeof(kept));
	cr_expect_gt(shrink(THINGS, kept, all_there, &c, 20), 3);
	cr_expect_eq(c.calls, 20);
	cr_expect(all_there(&c, kept));
}
