/*
 * ranker_internal.h - inside the ranker (ranker*.c): what is counted, the categories, and the making of lists.
 *
 *     counts (ranker_counts.c)  ─┐
 *     categories (ranker_categories.c) ─┴─> lists (ranker_lists.c) ─┬─> published (ranker.c)
 *     totals (ranker_totals.c) ─────────────────────────────────────┘
 *
 * Thread: all under the ranker's refresh lock; `struct categories`, `totals`, `similar` and `rankings` are immutable once made.
 */
#ifndef AISLE_QUERY_RANKER_INTERNAL_H
#define AISLE_QUERY_RANKER_INTERNAL_H

#include "query/ranker.h"
#include "query/similar.h"
#include "views/pairs.h"
#include "views/revisits.h"

#include <stdatomic.h>

enum { RANK_WINDOWS = RANK_BEST_SELLERS }; /* the kinds before it are trending windows */

/* ---- categories with their ancestors, from the catalogue ---- */

struct categories {
	atomic_uint refs;
	uint32_t n; /* category names; list 0 is the shop, list 1 + i is name i */
	struct str *names;
	uint32_t *slots;  /* hash of a name -> 1 + i; 0 free */
	size_t slot_room; /* power of two */
	uint32_t *starts; /* items + 1 places: lists[starts[item]]..lists[starts[item + 1] - 1] are the item's */
	uint32_t items;   /* items from this one on have none */
	uint32_t *lists;
	uint8_t *state;   /* ITEM_ of each of the `items` */
	int64_t until_ms; /* the first availableFrom or availableTo that is still to come: then a state changes */
};

int categories_read(struct snap *sn, int64_t now_ms, struct categories **ret) MUST_CHECK;
struct categories *categories_ref(struct categories *c);
void categories_unref(struct categories *c);
/* The list of a category: 1.., or 0 when it is not known. */
uint32_t categories_find(const struct categories *c, struct str name);

enum { ITEM_UNRECORDED, ITEM_AVAILABLE, ITEM_UNAVAILABLE }; /* state[]: no live record; by availableFrom/To at now_ms */

/* ---- counts ---- */

enum { TALLY_VIEWS, TALLY_CARTS, TALLY_ORDERS, TALLY_TYPES };

/* Closed hours and days of one item: without the watermark's. */
struct closed {
	uint32_t recent[RANK_WINDOWS][TALLY_TYPES], before[RANK_WINDOWS][TALLY_TYPES];
	int64_t units;
	bool active; /* it has a row in one of them */
	bool held;   /* may not be shown, as far as known */
};

/* The watermark's hour and day. */
struct running {
	uint32_t hour[TALLY_TYPES];
	int64_t units;
};

struct counts {
	struct closed *closed;
	struct running *running;
	struct str *names; /* by item; looked up when first needed; n = 0: not yet */
	uint32_t items, room;
};

void counts_fini(struct counts *c);
/* Everything but the watermark's hour and day. */
int counts_read_closed(struct counts *c, struct snap *sn, int64_t watermark_ms) MUST_CHECK;
/* The watermark's hour and day. */
int counts_read_running(struct counts *c, struct snap *sn, int64_t watermark_ms) MUST_CHECK;
/* Which items may not be shown now: no stock, deleted, not available, no record when one is required. */
int counts_mark_held(struct counts *c, struct snap *sn, const struct categories *cats,
		     bool catalog_required) MUST_CHECK;

/* ---- marginals (ranker_totals.c) ---- */

struct totals {
	atomic_uint refs;
	uint32_t room;
	struct rank_totals *v; /* by item */
};

int totals_read(struct snap *sn, struct totals **ret) MUST_CHECK;
struct totals *totals_ref(struct totals *t);
void totals_unref(struct totals *t);

/* ---- what full refreshes read, shared by the rankings that follow (ranker_parts.c) ---- */

struct rank_parts {
	struct categories *categories;
	struct totals *totals;
	struct similar *similar;
	uint64_t catalog_signature;  /* of the catalogue that categories and similar are of, */
	unsigned catalog_generation; /* in this generation's numbers */
};

/* Read what has changed. On error what was there stays. */
int rank_parts_read(struct rank_parts *p, struct snap *sn, int64_t now_ms) MUST_CHECK;
struct rank_parts rank_parts_ref(const struct rank_parts *p);
void rank_parts_unref(struct rank_parts *p);

/* ---- lists ---- */

struct rank_weights {
	double of[TALLY_TYPES];
};

struct rankings {
	atomic_uint refs;
	unsigned generation; /* of the store: its items' numbers */
	int64_t watermark_ms;
	struct rank_parts parts;
	float revisits[REVISIT_CELLS];
	uint32_t *starts[RANK_KIND_COUNT]; /* 2 + categories->n places: where each list begins and the last one ends */
	struct ranked *ranked[RANK_KIND_COUNT];
};

/* Names of new items are looked up in `sn`. */
struct rankings *rankings_make(struct counts *c, struct snap *sn, const struct rank_parts *parts,
			       const struct rank_weights *weights, int64_t watermark_ms);
void rankings_unref(struct rankings *ra);

/* ---- ranker.c ---- */

enum refresh { REFRESH_DUE, REFRESH_QUICK, REFRESH_FULL };
/* REFRESH_DUE: whatever is due, perhaps nothing. */
int ranker__refresh(struct ranker *r, enum refresh how) MUST_CHECK;

#endif
