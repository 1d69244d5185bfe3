/*
 * figures_cache.h - the last answers of figures.h: whoever asks the same again gets the same for a second (or
 * FIGURES_KEPT_COSTS times as long as it took to make), and for as long as the store does not change; not when a document was
 * changed. What many dashboards ask costs as much as one does.
 * Thread: one.
 */
#ifndef AISLE_QUERY_FIGURES_CACHE_H
#define AISLE_QUERY_FIGURES_CACHE_H

#include "config/clock.h"
#include "query/figures.h"

#define FIGURES_KEPT 16                  /* answers */
#define FIGURES_KEPT_BYTES_MAX (1 << 20) /* of one */
#define FIGURES_KEPT_NS UINT64_C(1000000000)
#define FIGURES_KEPT_COSTS 16

struct figures_cache;

struct figures_cache *figures_cache_new(const struct clock *clock);
/* NULL is fine. */
void figures_cache_free(struct figures_cache *c);
/* As figures_make. */
int figures_cache_make(struct figures_cache *c, struct snap *sn, const struct figures_ask *ask, struct json_out *ret,
		       struct error *e) MUST_CHECK;

#endif
