/*
 * pairs.h - the four pair views, seen from a snapshot: which items go with an item, how often.
 *
 * Counts are sums over the PAIR_EPOCHS newest epochs (30 days each) up to the watermark's. Exact integers.
 */
#ifndef AISLE_VIEWS_PAIRS_H
#define AISLE_VIEWS_PAIRS_H

#include "views/store.h"

#define PAIR_EPOCHS 6

enum pair_view { PAIR_BOUGHT_TOGETHER, PAIR_ALSO_BOUGHT, PAIR_ALSO_VIEWED, PAIR_VIEWED_THEN_BOUGHT, PAIR_VIEW_COUNT };

/*
 * The neighbours of `item` with at least count_min, largest count first, ties by ascending interned id. Replaces what
 * the list held. member: the other item. count: orders, actors or sessions with both; for viewed-then-bought: viewed ->
 * bought. The caller keeps the list between calls (all-zero at first) and frees it with snap_counts_fini.
 */
int pairs_get(struct snap *sn, enum pair_view which, uint32_t item, uint32_t count_min, struct snap_counts *ret);

/* In two steps, whose counts are those of some levels only: the neighbours by ascending member, then in that order. */
int pairs_part(struct snap *sn, enum snap_part part, enum pair_view which, uint32_t item,
	       struct snap_counts *ret) MUST_CHECK;
void pairs_order(struct snap_counts *list, uint32_t count_min);
/* Only the first `most` of them, in a fraction of the time. */
void pairs_best(struct snap_counts *list, uint32_t count_min, size_t most);
/* The list in any order: the count of the one at this place in order, 0 the first; 2,047 when it is more. 0: there are fewer. */
uint32_t pairs_count_at(const struct snap_counts *list, size_t place);

/*
 * Numbers that the neighbours decide: while they are the same in one generation of the store, so are the parts that lie in
 * base and in young levels. Cheaper than the list while few of its rows are young.
 */
struct pairs_mark {
	uint64_t base, young;
};
int pairs_mark(struct snap *sn, enum pair_view which, uint32_t item, struct pairs_mark *ret) MUST_CHECK;

/* The marginals over the same epochs, zeros for an item without rows. */
struct item_totals {
	int64_t view_sessions, orders, buyers;
};
int item_totals_get(struct snap *sn, uint32_t item, struct item_totals *ret);
/* At most that, without a look-up: what is remembered of base (snap_remember_items), zeros where nothing is. */
struct item_totals item_totals_at_least(struct snap *sn, uint32_t item);

/* One epoch of one item; several of an item, in no order. Non-zero stops and is returned. */
typedef int (*item_totals_row)(void *arg, uint32_t item, const struct item_totals *epoch);
int item_totals_each(struct snap *sn, item_totals_row each, void *arg) MUST_CHECK;

#endif
