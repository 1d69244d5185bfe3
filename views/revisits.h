/*
 * revisits.h - how often people go back: before each view of a session, every item that it has already seen is a chance,
 * and the one that is viewed is a hit, counted by what was so
 *
 *     distance     y: how many other distinct items were viewed after it, 0..39
 *     seen         how often it was viewed: 1, 2, 3 and more
 *     items        distinct items: 1, 2, 3-4, 5-8, 9-16, 17 and more
 *     last         the kind of the last view: a new item, one viewed earlier, the same as before it
 *
 * All of it over the session's last REVISIT_VIEWS views. Source: docs/next-in-session.md, D.
 * Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_REVISITS_H
#define AISLE_VIEWS_REVISITS_H

#include "views/store.h"

#define REVISIT_VIEWS 40
#define REVISIT_DISTANCES REVISIT_VIEWS
#define REVISIT_SEEN 3
#define REVISIT_ITEMS 6
#define REVISIT_LAST 3
#define REVISIT_CELLS (REVISIT_DISTANCES * REVISIT_SEEN * REVISIT_ITEMS * REVISIT_LAST)

enum revisit_last { REVISIT_NEW, REVISIT_EARLIER, REVISIT_SAME };

/* cell = ((distance * REVISIT_SEEN + seen) * REVISIT_ITEMS + items) * REVISIT_LAST + last, each counted from 0 */
struct revisit_chance {
	uint32_t item;
	uint32_t cell;
};

/* What the next view may go back to: the distinct items, newest first, so [y] is at distance y. Views oldest first. */
uint32_t revisit_chances(const uint32_t *views, uint32_t n, struct revisit_chance ret[REVISIT_VIEWS]);

struct revisit_counts {
	int64_t chances, hits;
};
int revisits_get(struct snap *sn, struct revisit_counts ret[REVISIT_CELLS]) MUST_CHECK;

#endif
