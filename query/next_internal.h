/* next_internal.h - between the parts of the formula (next*.c). */
#ifndef AISLE_QUERY_NEXT_INTERNAL_H
#define AISLE_QUERY_NEXT_INTERNAL_H

#include "query/next.h"

/* Each adds its part to the shares; in this order. 0 or an error of the store. */
int next__neighbours(struct next_work *w, const struct next_source *src, const struct next_options *opt) MUST_CHECK;
int next__bigram(struct next_work *w, const struct next_source *src, const struct next_options *opt) MUST_CHECK;
int next__step(struct next_work *w, const struct next_source *src) MUST_CHECK;
/* The rates of the items of the session. */
void next__revisits(struct next_work *w, const struct next_source *src);

/* The views of a session of the index (session_at); one that is forgotten has none. 0 or an error. */
int next__session(const struct next_source *src, uint32_t place, struct session *ret) MUST_CHECK;
/* The same of several, whose views are on their way to the processor then. */
int next__sessions(const struct next_source *src, const uint32_t *places, unsigned n, struct session *ret) MUST_CHECK;
struct next_candidate *next__new_candidate(struct next_work *w, const struct next_source *src, uint32_t item);
/* The item's candidate, made when it is new. Valid until the next call. */
static inline struct next_candidate *next__candidate(struct next_work *w, const struct next_source *src, uint32_t item)
{
	uint32_t at = *idmap_put(&w->places, item, (uint32_t)w->v_n);

	return at < w->v_n ? &w->v[at] : next__new_candidate(w, src, item);
}
/* Larger df, then the id. */
bool next__breaks_tie(const struct next_source *src, const struct next_candidate *a, const struct next_candidate *b);
/* share += weight * part / sum of the parts; the parts are 0 again. */
void next__add_parts(struct next_work *w, double weight);

/* ---- powers, looked up (next_powers.c) ---- */

struct next_powers {
	double place[NEXT_ITEMS_MAX];           /* (y + 1)^-0.5 */
	double anchor[NEXT_ITEMS_MAX];          /* exp(-y / 4) */
	double length[SESSION_VIEWS_MAX + 1];   /* len^-0.2 */
	double distance[SESSION_VIEWS_MAX + 1]; /* |j - a|^-0.8 */
};
const struct next_powers *next__powers(void);

/* (1 + age / 20000)^-0.4 */
double next__age(double age);

enum next_damping { NEXT_DF_NEIGHBOURS, NEXT_DF_STEP };
/* (df + 1)^-0.2 and ^-0.15 */
double next__damping(enum next_damping which, uint32_t df);

#endif
