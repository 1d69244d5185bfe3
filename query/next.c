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
	free(w->rings);
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
	if (!w->rings) {
		w->rings = xcalloc(NEXT_ITEMS_MAX * NEXT_TOUCHED_MAX, sizeof(*w->rings));
		w->sides = xcalloc(NEXT_SIDES_SLOTS, sizeof(*w->sides));
	}
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
	idmap_clear(&w->places);
}

struct next_candidate *next__candidate(struct next_work *w, uint32_t item)
{
	uint32_t at = *idmap_put(&w->places, item, (uint32_t)w->v_n);

	if (at == w->v_n) {
		if (w->v_n == w->v_room) {
			w->v_room = w->v_room ? w->v_room * 2 : 256;
			w->v = xrealloc(w->v, w->v_room * sizeof(*w->v));
		}
		w->v[w->v_n++] = (struct next_candidate){ .item = item, .rate = -1 };
	}
	return &w->v[at];
}

int next__session(const struct next_source *src, uint32_t number, struct session *ret)
{
	int rc = session_get(src->index, number, ret);

	if (rc != ERR_NOT_FOUND)
		return rc;
	ret->n = 0;
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

static bool is_better(const struct next_source *src, const struct next_candidate *a, const struct next_candidate *b)
{
	uint32_t df_a, df_b;

	if (a->score != b->score)
		return a->score > b->score;
	df_a = next_df(src, a->item);
	df_b = next_df(src, b->item);
	if (df_a != df_b)
		return df_a > df_b;
	return str_cmp(snap_item_name(src->sn, a->item), snap_item_name(src->sn, b->item)) < 0;
}

static void sift_down(struct next_work *w, const struct next_source *src, size_t at)
{
	struct next_candidate moved = w->v[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= w->v_n)
			break;
		if (child + 1 < w->v_n && is_better(src, &w->v[child + 1], &w->v[child]))
			child++;
		if (!is_better(src, &w->v[child], &moved))
			break;
		w->v[at] = w->v[child];
		at = child;
	}
	w->v[at] = moved;
}

const struct next_candidate *next_take(struct next_work *w, const struct next_source *src)
{
	struct next_candidate best;

	if (w->v_n == 0)
		return NULL;
	best = w->v[0];
	w->v[0] = w->v[--w->v_n];
	w->v[w->v_n] = best;
	if (w->v_n > 0)
		sift_down(w, src, 0);
	return &w->v[w->v_n];
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
	for (size_t at = w->v_n / 2; at-- > 0;)
		sift_down(w, src, at);
	return 0;
}
