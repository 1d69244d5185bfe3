/*
 * figures_groups.h - sums of engagement by a text. All-zero is an empty set of groups. Thread: the owner's.
 */
#ifndef AISLE_QUERY_FIGURES_GROUPS_H
#define AISLE_QUERY_FIGURES_GROUPS_H

#include "views/engagement.h"

struct group {
	struct str key; /* the set's copy */
	uint64_t hash;
	uint64_t stamp; /* the caller's; 0 at first */
	struct engagement sum;
	/* the caller's */
	int64_t sales_micros, compared_micros, before_micros; /* of the shop */
	int64_t items, shown;                                 /* of today's catalogue */
};

struct groups {
	struct group *v;
	uint32_t n, room;
	uint32_t *slots; /* place in v plus 1, 0: free; open addressing over slot_n, a power of two */
	uint32_t slot_n;
};

void groups_fini(struct groups *g);
/* Find or make; valid until the next call. */
struct group *groups_get(struct groups *g, struct str key);
/* All but the first n that were made go; no groups_get after it. */
void groups_cut(struct groups *g, uint32_t n);
/* By key, bytes ascending; no groups_get after it. */
void groups_sort(struct groups *g);

void engagement_sum(struct engagement *sum, const struct engagement *e);

#endif
