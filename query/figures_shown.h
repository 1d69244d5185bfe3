/*
 * figures_shown.h - how many items of today's catalogue people saw, of each group and of all: `engagement-items`.
 * Thread: the owner's.
 */
#ifndef AISLE_QUERY_FIGURES_SHOWN_H
#define AISLE_QUERY_FIGURES_SHOWN_H

#include "query/figures_groups.h"
#include "query/figures_internal.h"

#define SHOWN_SETS_BYTES_MAX ((size_t)64 << 20) /* sets of items at once: 600 groups of 800,000 items */

/* Items of today's catalogue; how many of them people saw. */
struct shown_counts {
	int64_t items, all;
};

/* The group that a label at this time belongs to. */
typedef struct group *(*group_of_label)(void *arg, int64_t t_ms, const struct engagement_label *of);

/*
 * g->v[].shown and *ret. A group that `of` makes has no figures, and is gone at the end: `engagement` was made anew of
 * less than `engagement-items`. Above SHOWN_SETS_BYTES_MAX nothing is counted, and ret->items is 0.
 */
int figures_shown(struct making *m, struct groups *g, group_of_label of, void *arg,
		  struct shown_counts *ret) MUST_CHECK;

#endif
