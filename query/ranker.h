/*
 * ranker.h - the lists that need a look at every item: trending per window and best sellers, for the whole shop and
 * for each category, ancestors included.
 *
 * One background thread reads the popularity and catalog views and publishes immutable lists; answers take the
 * newest by reference. Counts of the watermark's hour are read at every refresh, closed hours less often, so the
 * ranker costs at most about a tenth of a core at any size of shop.
 *
 * Thread: ranker_acquire/release any; start/stop main.
 */
#ifndef AISLE_QUERY_RANKER_H
#define AISLE_QUERY_RANKER_H

#include "config/settings.h"
#include "query/recommend.h"

#define RANK_LIST_MAX 500      /* items a list */

enum rank_kind { RANK_TRENDING_1H, RANK_TRENDING_24H, RANK_TRENDING_7D, RANK_BEST_SELLERS, RANK_KIND_COUNT };

struct ranked {
	uint32_t item;
	double score;
	double recent, before;   /* trending: weighted counts; best sellers: units in `recent` */
};

struct rank_list {
	size_t n;
	const struct ranked *v;  /* best first; ties: item id bytes ascending */
};

struct rankings;                 /* one immutable set of lists, reference counted */

int ranker_start(struct store *s, const struct settings *set, struct ranker **ret, struct error *e) MUST_CHECK;
void ranker_stop(struct ranker *r);

const struct rankings *ranker_acquire(struct ranker *r);
void rankings_release(struct ranker *r, const struct rankings *ra);
/* category n = 0: the whole shop. An unknown category is an empty list. */
struct rank_list rankings_get(const struct rankings *ra, enum rank_kind kind, struct str category);
int64_t rankings_watermark_ms(const struct rankings *ra);

/* Compute now, on the caller's thread (tests, and the first answer after start). */
int ranker_refresh(struct ranker *r) MUST_CHECK;

#endif
