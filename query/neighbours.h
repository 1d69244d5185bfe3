/*
 * neighbours.h - lists of neighbours, kept by an answerer: the list of a popular item has tens of thousands of entries and
 * takes a millisecond to gather, most lists have not changed since they were asked for last.
 *
 * A kept list is used when pairs_mark says that it is the same; and without asking, though an event may have changed it, for
 * NEIGHBOURS_REST times as long as it took to gather: so gathering never takes more than a small share of the time, and a
 * list that takes 20 us is at most 0.3 ms old.
 *
 * Thread: the answerer's.
 */
#ifndef AISLE_QUERY_NEIGHBOURS_H
#define AISLE_QUERY_NEIGHBOURS_H

#include "config/clock.h"
#include "views/pairs.h"

#define NEIGHBOURS_REST 16
#define NEIGHBOURS_SLOTS 8192 /* lists kept at most */
#define NEIGHBOURS_KEPT 512   /* entries of a list that are kept, those of the largest counts */
#define NEIGHBOURS_HELD 2048  /* entries of a longer one of which base's counts are held, and those on their way up */
#define NEIGHBOURS_BYTES_MAX (16 << 20) /* of all lists */

struct neighbours;

struct neighbours *neighbours_new(const struct clock *clock);
void neighbours_free(struct neighbours *n);

/* Of a snapshot. */
struct neighbour_list {
	const struct snap_count *v; /* largest count first, as pairs_get says; valid until the next call */
	size_t n;
	size_t sure; /* the same ones in every store of this log: of the count at which a list is cut, some may be missing */
	bool whole;           /* false: there are more, none of a larger count */
	int64_t watermark_ms; /* of the snapshot it is from; that of `sn`, or a little older */
};

/* count_min: the same in all calls. */
int neighbours_get(struct neighbours *n, struct snap *sn, enum pair_view view, uint32_t item, uint32_t count_min,
		   struct neighbour_list *ret) MUST_CHECK;
/* All of them, of this snapshot. */
int neighbours_all(struct neighbours *n, struct snap *sn, enum pair_view view, uint32_t item, uint32_t count_min,
		   struct neighbour_list *ret) MUST_CHECK;

#endif
