/*
 * merger.h - the thread that merges a sealed young level into base while the next one takes commits.
 * Thread: processor; `last` is called on the merging thread, or on the caller's in merger_finish.
 */
#ifndef AISLE_VIEWS_MERGER_H
#define AISLE_VIEWS_MERGER_H

#include "views/store.h"

struct merger;

/* `last` as for store_merge. */
struct merger *merger_new(struct store *s, int (*last)(struct store_txn *t));
/* Waits for the merge under way. NULL is fine. */
void merger_free(struct merger *m);

/*
 * Each round: take note of a merge that has ended, and begin one when a sealed level is left or the young one is full or
 * its first commit is age_max_ns ago. Waits while the young level is twice as full as it may be and the one before it
 * is still being merged. Returns what a merge failed with; it is tried again at the next call.
 */
int merger_step(struct merger *m, uint64_t age_max_ns) MUST_CHECK;
/* All young levels into base, now. */
int merger_finish(struct merger *m) MUST_CHECK;

struct merger_figures {
	uint64_t merges, merge_ns_total;
};
const struct merger_figures *merger_figures(const struct merger *m);

#endif
