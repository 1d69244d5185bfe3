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

#include "config/calendar.h"
#include "query/big_spend.h"
#include "query/person_facts.h"
#include "query/ranker.h"
#include "query/similar.h"
#include "views/stock.h"
#include "views/pairs.h"
#include "views/revisits.h"

#include <stdatomic.h>

enum { RANK_WINDOWS = RANK_BEST_SELLERS }; /* the kinds before it are trending windows */

/* v, of *room places by item, with one for this item too; the new ones are zero. */
void *rank_grown(void *v, uint32_t *room, uint32_t item, size_t size);

/* ---- categories with their ancestors, from the catalogue ---- */

/* What lists need of a record. */
struct item_facts {
	int64_t available_from_ms; /* TIME_ABSENT */
	int64_t rating_micros;
	uint32_t rating_count; /* 0: unrated; a rating without a count is one */
	uint32_t seasons;      /* of the calendar; 0: none, or none that it names */
};

struct categories {
	atomic_uint refs;
	uint32_t n; /* category names; list 0 is the shop, list 1 + i is name i */
	struct str *names;
	uint32_t *slots;  /* hash of a name -> 1 + i; 0 free */
	size_t slot_room; /* power of two */
	uint32_t *starts; /* items + 1 places: lists[starts[item]]..lists[starts[item + 1] - 1] are the item's */
	uint32_t items;   /* items from this one on have none */
	uint32_t *lists;
	uint8_t *state;           /* ITEM_ of each of the `items` */
	struct item_facts *facts; /* of each of them */
	int64_t until_ms; /* the first availableFrom or availableTo that is still to come: then a state changes */
};

int categories_read(struct snap *sn, int64_t now_ms, const struct calendar *calendar,
		    struct categories **ret) MUST_CHECK;
struct categories *categories_ref(struct categories *c);
void categories_unref(struct categories *c);
/* The list of a category: 1.., or 0 when it is not known. */
uint32_t categories_find(const struct categories *c, struct str name);
/* Is the item in the category with this number, which may be 0? */
bool categories_have(const struct categories *c, uint32_t item, uint32_t category);

enum {
	ITEM_UNRECORDED, /* 0: as memory comes */
	ITEM_AVAILABLE,
	ITEM_UNAVAILABLE
}; /* state[]: no record; deleted, or not on sale by availableFrom/To at now_ms */

/* ---- counts ---- */

enum { TALLY_VIEWS, TALLY_CARTS, TALLY_ORDERS, TALLY_TYPES };

/* Closed hours and days of one item: without the watermark's. */
struct closed {
	uint32_t recent[RANK_WINDOWS][TALLY_TYPES], before[RANK_WINDOWS][TALLY_TYPES];
	int64_t units;
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
	uint32_t *order;   /* by item: its name's place among all of them, after counts_order */
	uint32_t *by_name; /* items with a name, the first `ordered` of them in the order of their names */
	uint32_t named, ordered;
	uint32_t items, room;
	uint64_t units_signature; /* of the closed days' units */
};

void counts_fini(struct counts *c);
/* Everything but the watermark's hour and day. */
int counts_read_closed(struct counts *c, struct snap *sn, int64_t watermark_ms) MUST_CHECK;
/* The watermark's hour and day. */
int counts_read_running(struct counts *c, struct snap *sn, int64_t watermark_ms) MUST_CHECK;
/* The item's name is in names[] from now on. */
void counts_name(struct counts *c, struct snap *sn, uint32_t item);
/* Those of all items that have any counts. */
void counts_name_all(struct counts *c, struct snap *sn);
/* order[] knows all names that were looked up: sorting compares numbers. */
void counts_order(struct counts *c);

/* ---- what may not be shown (ranker_held.c) ---- */

struct held {
	uint8_t *v; /* by item: no stock, deleted, not on sale, no record when one is required */
	uint32_t n, room;
	uint64_t stock_signature; /* of what shipping_read would read */
};

void held_fini(struct held *h);
int held_read(struct held *h, struct snap *sn, const struct categories *cats, bool catalog_required) MUST_CHECK;

static inline bool is_held(const struct held *h, uint32_t item)
{
	return item < h->n && h->v[item];
}

/* ---- what can be sent where (ranker_shipping.c) ---- */

struct shipping {
	atomic_uint refs;
	struct ship_row *v;
	size_t n;
	struct str zones[SHIP_ZONES_MAX]; /* shipsTo as stock_ships_to reads it */
	uint32_t zone_n;
};

int shipping_read(struct snap *sn, const struct counts *counts, const struct similar *similar,
		  struct shipping **ret) MUST_CHECK;
struct shipping *shipping_ref(struct shipping *s);
void shipping_unref(struct shipping *s);

/* ---- this time of last year (ranker_year.c) ---- */

#define SEASON_YEAR_DAYS 365
#define SEASON_DAYS_BEFORE 7 /* the season begins so long before today's day of last year; people buy ahead */

struct year_units {
	int64_t season, year; /* sold less returned */
};

struct year {
	struct year_units *v; /* by item */
	uint32_t items, room;
	int64_t first_day; /* of the season and of the year */
	int64_t hour;      /* the watermark's when it was read */
	unsigned generation;
};

void year_fini(struct year *y);
/* Read again when the watermark has entered another hour. */
int year_read(struct year *y, struct snap *sn, int64_t watermark_ms) MUST_CHECK;

/* ---- what segments choose (ranker_segments.c) ---- */

struct segment_counts {
	struct segment_set *set; /* NULL: nothing was counted yet */
	uint32_t *v;             /* by item, then by place in the set: people of the segment who chose it */
	uint32_t items, room;    /* of `v`, in items */
	int64_t big_spend_micros;
	uint64_t hash;    /* of all that */
	uint64_t version; /* of the store when the round began */
};

struct segment_round {
	uint32_t actor;   /* the next one */
	uint32_t items;   /* that there are */
	bool is_counting; /* the second pass */
	struct big_spend spends;
	struct segment_counts counting, done; /* done: the last whole round's */
	struct segment_set *set;              /* as of config_version */
	uint64_t config_version;
	struct person_facts facts;
	struct history_row *rows;
	struct idmap seen; /* of one actor */
	unsigned generation;
};

void segment_round_fini(struct segment_round *r);
/* A bounded piece, unless the last whole round was of this version; a shop of few actors is done with one. */
int segment_round_step(struct segment_round *r, struct snap *sn, int64_t now_ms) MUST_CHECK;

/* ---- marginals (ranker_totals.c) ---- */

struct totals {
	atomic_uint refs;
	uint32_t room;
	struct rank_totals *v; /* by item */
};

int totals_read(struct snap *sn, struct totals **ret) MUST_CHECK;
struct totals *totals_ref(struct totals *t);
void totals_unref(struct totals *t);

/* ---- a list of the shop and one of each category (ranker_lists.c) ---- */

struct list_set {
	atomic_uint refs;
	uint32_t *starts; /* 2 + categories->n places: where each list begins and the last one ends */
	struct ranked *ranked;
};

/* `all`: n items; order: the place of an item's name among all names. */
struct list_set *list_set_make(const struct categories *cats, const struct held *held, const uint32_t *order,
			       const struct ranked *all, uint32_t n);
/* The places of n items in `all`, best first, ties by name (ranker_sort.c); freed by the caller. */
uint32_t *ranked_order(const struct ranked *all, uint32_t n, const uint32_t *order);
struct list_set *list_set_ref(struct list_set *s); /* NULL is fine */
void list_set_unref(struct list_set *s);           /* NULL is fine */

/* ---- what full refreshes read, shared by the rankings that follow (ranker_parts.c) ---- */

struct rank_parts {
	struct categories *categories;
	struct totals *totals;
	struct similar *similar;
	struct shipping *shipping;
	uint64_t shipping_key; /* of all that it was made of */
	struct list_set *slow[RANK_KIND_COUNT - RANK_SLOW_FIRST];
	struct segment_set *segments; /* whose lists are among them; NULL: none was counted yet */
	struct rank_prior prior;
	uint64_t slow_key;           /* of all that the slow lists were made of */
	uint64_t segment_key;        /* and of what those of segments were */
	uint64_t catalog_signature;  /* of the catalogue that categories and similar are of, */
	unsigned catalog_generation; /* in this generation's numbers */
};

/* Read what has changed, but for the slow lists. On error what was there stays. */
int rank_parts_read(struct rank_parts *p, struct snap *sn, int64_t now_ms, const struct calendar *calendar) MUST_CHECK;
/* What can be sent where, unless stock, catalogue and the units of closed days are as they were. */
int rank_parts_read_shipping(struct rank_parts *p, struct snap *sn, const struct counts *counts,
			     const struct held *held) MUST_CHECK;
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
	int64_t big_spend_micros;
	struct list_set *lists[RANK_KIND_COUNT];
	struct now_counts *now;
};

struct now_counts {
	uint32_t n;
	struct rank_now v[];
};
struct now_counts *now_counts_make(const struct counts *c); /* free() it */

/* What goes into lists besides the parts; names of new items are looked up in `sn`. */
struct ranking_from {
	struct snap *sn;
	struct counts *counts;
	const struct held *held;
	const struct year *year;
	const struct segment_counts *segments;
	const struct calendar *calendar;
	const struct rank_weights *weights;
	int64_t now_ms;       /* the watermark; the wall clock before the first event */
	int64_t watermark_ms; /* TIME_NONE: the quick lists are empty */
	int64_t new_days;
};

/* Make the lists that follow the catalogue, the stock and the day, unless nothing of it has changed. */
void rank_parts_make_slow(struct rank_parts *p, const struct ranking_from *from);
struct rankings *rankings_make(const struct rank_parts *parts, const struct ranking_from *from);

/* ---- ranker.c ---- */

/* As ranker_start, without the thread, and without lists until the first refresh. */
int ranker__open(struct store *s, const struct settings *set, struct ranker **ret, struct error *e) MUST_CHECK;
enum refresh { REFRESH_DUE, REFRESH_QUICK, REFRESH_FULL, REFRESH_WHOLE };
/* REFRESH_DUE: whatever is due, perhaps nothing. WHOLE: a full one, with the round over all people (segment_round) to its end. */
int ranker__refresh(struct ranker *r, enum refresh how) MUST_CHECK;

#endif
