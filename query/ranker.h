/*
 * ranker.h - what needs a look at every item: lists for the whole shop and for each category, ancestors included
 * (trending per window, best sellers, top rated, new arrivals, seasonal), which items are alike, what ships where, totals.
 *
 * One background thread reads the popularity, catalog and stock views and publishes it immutable; answers take the
 * newest by reference.
 *
 * Freshness. A quick refresh reads the watermark's hour and day alone and adds them to the closed ones it holds in
 * memory: it follows a change of the store after rank.refresh, or after 25 times what the last refresh cost when that
 * is longer, so that the ranker takes at most about a twentieth of a core at any size of shop. A full refresh reads all
 * the hours and days, the catalogue and the stock again: at the start, when the watermark enters another hour, and
 * every 250 ms, or every 30 times its own cost when that is longer; the totals of all items are read with it, and what comes
 * from the catalogue alone when a record has changed. Late events of closed hours and days, new categories
 * and new items in categories show with the next full refresh. Nothing is refreshed while the store does not change.
 *
 * Thread: ranker_acquire and rankings_* any; start/stop main.
 */
#ifndef AISLE_QUERY_RANKER_H
#define AISLE_QUERY_RANKER_H

#include "config/settings.h"
#include "query/recommend.h"
#include "query/segments.h"

#define RANK_LIST_MAX 500         /* items of a category's list that may be shown, */
#define RANK_SHOP_MAX 5000        /* and of the whole shop's, */
#define RANK_LIST_HELD 250        /* and that could not at the last full refresh: they may be in stock again */
#define RANK_SHOP 0               /* in place of a category's number */
#define RANK_CATEGORIES_MAX 65536 /* categories with lists; further ones have none */
#define SHIP_ZONES_MAX 4096       /* different sets of regions that locations ship to; further ones are passed over */
#define SEASON_DAYS 28            /* days of last year that seasonal looks at */
#define SEASON_NAMED 10           /* units that a season of today in the record counts as */
#define RANK_SALES_DAYS 30        /* days of best sellers, the watermark's among them */

enum rank_kind {
	RANK_TRENDING_1H,
	RANK_TRENDING_24H,
	RANK_TRENDING_7D,
	RANK_BEST_SELLERS,
	RANK_TOP_RATED, /* from here on lists are made anew at full refreshes only, when what they are made of has changed */
	RANK_NEW_ARRIVALS,
	RANK_SEASONAL,
	RANK_SEGMENT, /* + place in rankings_segments: what the segment chooses */
	RANK_KIND_COUNT = RANK_SEGMENT + SEGMENTS_MAX
};
#define RANK_SLOW_FIRST RANK_TOP_RATED

struct ranked {
	uint32_t item;
	double score;
	/*
	 * trending: weighted counts; best sellers: units in `recent`; top rated: rating and how many; new arrivals:
	 * availableFrom in `recent`; seasonal: units of last year's season, and of an average one
	 */
	double recent, before;
	bool named; /* seasonal: by the record */
};

struct rank_list {
	size_t n;
	const struct ranked *v; /* best first; ties: item id bytes ascending */
};

/* Of the newest epochs (pairs.h), as of the last full refresh. */
struct rank_totals {
	uint32_t view_sessions, orders, buyers;
};

struct rankings; /* one immutable set of lists, reference counted */

/* Some of an item at one location. */
struct ship_row {
	uint32_t item, hours, zone;
};

/* Valid as long as the rankings. */
struct ship_walk {
	const struct rankings *ra;
	size_t at;
	uint32_t list;
	bool any_category;
	bool reaches[SHIP_ZONES_MAX];
};

/* The first lists are made by its thread: an answer that needs none does not wait for them. */
int ranker_start(struct store *s, const struct settings *set, struct ranker **ret, struct error *e) MUST_CHECK;
/* NULL is fine. All rankings must have been released. */
void ranker_stop(struct ranker *r);

/* The newest lists, NULL before the first; they stay as they are until they are released. */
const struct rankings *ranker_acquire(struct ranker *r);
void rankings_release(const struct rankings *ra);
/* category n = 0: the whole shop. An unknown category is an empty list. */
struct rank_list rankings_get(const struct rankings *ra, enum rank_kind kind, struct str category);
/* The numbers of an item's categories, ancestors included; returns how many. They mean something in these lists only. */
unsigned rankings_categories(const struct rankings *ra, uint32_t item, const uint32_t **ret);
/* The category with this number; valid as long as the rankings. */
struct str rankings_category_name(const struct rankings *ra, uint32_t list);
/* Of a category by its number, or RANK_SHOP. */
struct rank_list rankings_list(const struct rankings *ra, enum rank_kind kind, uint32_t category);
/*
 * One by one: those of a category's list, and behind them what the whole shop's has of the category further down. NULL
 * when there are no more. category as in rankings_get.
 */
struct rank_walk {
	const struct rankings *ra;
	struct rank_list list, shop;
	uint32_t category;
	size_t at, shop_at;
};
void rankings_walk_begin(const struct rankings *ra, enum rank_kind kind, struct str category, struct rank_walk *ret);
const struct ranked *rankings_walk_next(struct rank_walk *w);
/* Zeros for an item without any. */
struct rank_totals rankings_totals(const struct rankings *ra, uint32_t item);
/* Which items are alike, by the catalogue of the last full refresh. */
const struct similar *rankings_similar(const struct rankings *ra);
/* All of them, by item. */
const struct rank_totals *rankings_all_totals(const struct rankings *ra, uint32_t *ret_n);
/* REVISIT_CELLS rates of going back to an item of the session (next_rates). */
const float *rankings_revisits(const struct rankings *ra);
/* As of the last full refresh. */
struct rank_prior rankings_prior(const struct rankings *ra);
double rank_prior_rating(struct rank_prior prior, double rating, double count);
/*
 * Stock that can be sent to one of these places, fastest first, then best sellers first; an item once for each location
 * that has it. As of the last full refresh. category as in rankings_get.
 */
void rankings_ship_begin(const struct rankings *ra, const struct str *places, unsigned place_n, struct str category,
			 struct ship_walk *ret);
bool rankings_ship_next(struct ship_walk *w, struct ship_row *ret);
/* What went on in the watermark's hour and day (UTC), as of the last refresh. */
struct rank_now {
	uint32_t views; /* in the hour */
	int64_t units;  /* sold less returned, in the day */
};
struct rank_now rankings_now(const struct rankings *ra, uint32_t item);
void rankings_expect_now(const struct rankings *ra, uint32_t item); /* memory is asked for it now */
/* The segments that the lists are of; NULL before the first whole round over all people. Valid as long as the rankings. */
const struct segment_set *rankings_segments(const struct rankings *ra);
/* What a tenth of all buyers reach, as of the last whole round over them; SEGMENT_SPEND_UNKNOWN. */
int64_t rankings_big_spend(const struct rankings *ra);
int64_t rankings_watermark_ms(const struct rankings *ra);
unsigned rankings_generation(const struct rankings *ra);

/* Whatever is due now, on the caller's thread: the first lists, or those of the generation that the store went over to. */
int ranker_follow(struct ranker *r) MUST_CHECK;
/* A full refresh now, on the caller's thread, with what segments choose counted to the end. */
int ranker_refresh(struct ranker *r) MUST_CHECK;

#endif
