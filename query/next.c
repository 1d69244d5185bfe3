#include "query/next_internal.h"

#include "schemas/error.h"
#include "views/ids.h"

#include <assert.h>
#include <stdlib.h>

#define RATE_WEIGHT 0.85
#define CURRENT_WEIGHT 0.1 /* of its share, for the current item */
#define EARLIER_WEIGHT 0.4 /* for the others of the session */

void next_work_fini(struct next_work *w)
{
	free(w->sides);
	arena_fini(&w->sides_arena);
	free(w->v);
	idmap_fini(&w->places);
	*w = (struct next_work){ 0 };
}

void next_begin(struct next_work *w, const uint32_t *views, size_t n)
{
	uint32_t from;

	assert(n > 0);
	if (n > SESSION_VIEWS_MAX) {
		views += n - SESSION_VIEWS_MAX;
		n = SESSION_VIEWS_MAX;
	}
	if (!w->sides)
		w->sides = xcalloc(NEXT_SIDES_SLOTS, sizeof(*w->sides));
	memcpy(w->views, views, n * sizeof(*views));
	w->n = (uint32_t)n;
	w->d_n = 0;
	from = n > NEXT_ITEMS_MAX ? w->n - NEXT_ITEMS_MAX : 0;
	for (uint32_t i = w->n; i-- > from;) {
		unsigned y = 0;

		while (y < w->d_n && w->d[y] != w->views[i])
			y++;
		if (y < w->d_n)
			continue;
		w->d[y] = w->views[i];
		w->weight[y] = 1;
		w->d_n++;
	}
	w->heap_n = 0;
	w->v_n = 0;
	w->best_n = w->taken = 0;
	idmap_clear(&w->places);
}

struct next_candidate *next__new_candidate(struct next_work *w, const struct next_source *src, uint32_t item)
{
	ARRAY_GROW(w->v, w->v_n, w->v_room, 256);
	w->v[w->v_n] = (struct next_candidate){ .item = item, .rate = -1 };
	if (item < src->totals_n)
		__builtin_prefetch(&src->totals[item]);
	return &w->v[w->v_n++];
}

int next__session(const struct next_source *src, uint32_t place, struct session *ret)
{
	int rc = session_at(src->index, place, ret);

	if (rc != ERR_NOT_FOUND)
		return rc;
	ret->n = 0;
	return 0;
}

int next__sessions(const struct next_source *src, const uint32_t *places, unsigned n, struct session *ret)
{
	for (unsigned i = 0; i < n; i++) {
		int rc = next__session(src, places[i], &ret[i]);

		if (rc)
			return rc;
		if (ret[i].n)
			session_prefetch_views(&ret[i]);
	}
	return 0;
}

void next__add_parts(struct next_work *w, double weight)
{
	double sum = 0;

	for (size_t i = 0; i < w->v_n; i++)
		sum += w->v[i].part;
	for (size_t i = 0; i < w->v_n && sum > 0; i++) {
		w->v[i].share += weight * w->v[i].part / sum;
		w->v[i].part = 0;
	}
}

/* Shares and rates on one scale. */
static void score(struct next_work *w, double kappa)
{
	uint32_t current = w->views[w->n - 1];
	double sum = 0;

	for (size_t i = 0; i < w->v_n; i++)
		sum += w->v[i].share;
	for (size_t i = 0; i < w->v_n; i++) {
		struct next_candidate *c = &w->v[i];

		c->share = sum > 0 ? c->share / sum : 0;
		c->score = kappa * c->share;
		if (c->rate >= 0)
			c->score = c->score * (c->item == current ? CURRENT_WEIGHT : EARLIER_WEIGHT) +
				   RATE_WEIGHT * c->rate;
	}
}

/* ---- best first ---- */

bool next__breaks_tie(const struct next_source *src, const struct next_candidate *a, const struct next_candidate *b)
{
	uint32_t df_a = next_df(src, a->item), df_b = next_df(src, b->item);

	if (df_a != df_b)
		return df_a > df_b;
	return str_cmp(snap_item_name(src->sn, a->item), snap_item_name(src->sn, b->item)) < 0;
}

static bool is_better(const struct next_work *w, const struct next_source *src, const struct next_best *a,
		      const struct next_best *b)
{
	return a->score != b->score ? a->score > b->score : next__breaks_tie(src, &w->v[a->at], &w->v[b->at]);
}

/* The best of those that come after `last`, NULL: of all. */
static void choose(struct next_work *w, const struct next_source *src, const struct next_best *last)
{
	unsigned n = 0, at;

	for (size_t i = 0; i < w->v_n; i++) {
		struct next_best b = { w->v[i].score, (uint32_t)i };

		if (n == NEXT_BEST && !is_better(w, src, &b, &w->best[n - 1]))
			continue;
		if (last && !is_better(w, src, last, &b))
			continue;
		if (n < NEXT_BEST)
			n++;
		for (at = n - 1; at > 0 && is_better(w, src, &b, &w->best[at - 1]); at--)
			w->best[at] = w->best[at - 1];
		w->best[at] = b;
	}
	w->best_n = n;
	w->taken = 0;
}

const struct next_candidate *next_take(struct next_work *w, const struct next_source *src)
{
	if (w->taken == w->best_n && w->best_n == NEXT_BEST) {
		struct next_best last = w->best[NEXT_BEST - 1];

		choose(w, src, &last);
	}
	return w->taken < w->best_n ? &w->v[w->best[w->taken++].at] : NULL;
}

int next_score(struct next_work *w, const struct next_source *src, const struct next_options *opt)
{
	int rc;

	assert(opt->ring_max <= NEXT_TOUCHED_MAX && opt->neighbours_max <= NEXT_NEIGHBOURS_MAX);
	rc = next__neighbours(w, src, opt);
	if (!rc && !(opt->without & NEXT_NO_BIGRAM))
		rc = next__bigram(w, src, opt);
	if (!rc && !(opt->without & NEXT_NO_STEP))
		rc = next__step(w, src);
	if (rc)
		return rc;
	if (src->rates && !(opt->without & NEXT_NO_REVISITS))
		next__revisits(w, src);
	score(w, opt->kappa);
	choose(w, src, NULL);
	return 0;
}
