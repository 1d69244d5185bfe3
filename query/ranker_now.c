#include "query/ranker_internal.h"

#include <stdlib.h>

struct now_counts *now_counts_make(const struct counts *c)
{
	struct now_counts *now = xcalloc(1, sizeof(*now) + c->items * sizeof(now->v[0]));

	now->n = c->items;
	for (uint32_t item = 0; item < c->items; item++)
		now->v[item] = (struct rank_now){ .views = c->running[item].hour[TALLY_VIEWS],
						  .units = c->running[item].units };
	return now;
}

void rankings_expect_now(const struct rankings *ra, uint32_t item)
{
	if (item < ra->now->n)
		__builtin_prefetch(&ra->now->v[item]);
}

struct rank_now rankings_now(const struct rankings *ra, uint32_t item)
{
	return item < ra->now->n ? ra->now->v[item] : (struct rank_now){ 0 };
}
