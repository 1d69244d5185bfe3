/*
 * view_diff.h - the rows of a view that only one of two stores has, in bounded memory.
 *
 * Rows come in the order in which each store keeps them, so they cannot be merged. Instead they are taken by hash in
 * shares of at most DIFF_SHARE_ROWS: a share's rows are counted up for one store and down for the other, and what is not
 * zero is looked up again. Each share reads both stores twice; rows_max of both sides end it. Views with keyed hashes
 * are compared without them. Thread: main.
 */
#ifndef AISLE_VIEWS_VIEW_DIFF_H
#define AISLE_VIEWS_VIEW_DIFF_H

#include "views/view.h"

#define DIFF_SHARE_ROWS 2000000

/* side: 0 the row is in the first only, 1 in the second only. */
typedef void (*view_diff_row)(void *arg, int side, struct str json);

/* At most rows_max of each side. Returns 0 or a store's error. */
int view_diff(const struct view *v, struct snap *snaps[2], unsigned rows_max, view_diff_row each, void *arg) MUST_CHECK;

#endif
