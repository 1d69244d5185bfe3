/* D: people go back. What that is worth is counted, by how far back and in what kind of session. */
#include "query/next_internal.h"

#define PRIOR_HITS 0.2
#define PRIOR_CHANCES 20

/* The rate of n cells together; with few chances it is the prior's. */
static double rate(const struct revisit_counts *cells, unsigned n, double prior_hits)
{
	double chances = PRIOR_CHANCES, hits = prior_hits;

	for (unsigned i = 0; i < n; i++) {
		chances += (double)cells[i].chances;
		hits += (double)cells[i].hits;
	}
	return hits / chances;
}

/* By distance alone, then each key narrows the rate before it. */
void next_rates(const struct revisit_counts cells[REVISIT_CELLS], bool by_distance, float ret[REVISIT_CELLS])
{
	enum { ITEMS = REVISIT_LAST, SEEN = REVISIT_ITEMS * ITEMS, DISTANCE = REVISIT_SEEN * SEEN };
	double distance = 0, seen = 0, items = 0;

	for (unsigned i = 0; i < REVISIT_CELLS; i++) {
		if (i % DISTANCE == 0)
			distance = rate(cells + i, DISTANCE, PRIOR_HITS);
		if (i % SEEN == 0)
			seen = rate(cells + i, SEEN, PRIOR_CHANCES * distance);
		if (i % ITEMS == 0)
			items = rate(cells + i, ITEMS, PRIOR_CHANCES * seen);
		ret[i] = (float)(by_distance ? distance : rate(cells + i, 1, PRIOR_CHANCES * items));
	}
}

void next__revisits(struct next_work *w, const struct next_source *src)
{
	struct revisit_chance chances[REVISIT_VIEWS];
	uint32_t n = revisit_chances(w->views, w->n, chances);

	for (uint32_t y = 0; y < n; y++)
		next__candidate(w, src, chances[y].item)->rate = src->rates[chances[y].cell];
}
