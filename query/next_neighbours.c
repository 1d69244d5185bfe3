/* A: what sessions like the running one viewed, by how far from the item that both have. */
#include "query/next_internal.h"
#include "schemas/error.h"

#include <math.h>

#define AHEAD 8    /* sessions that memory is asked for before they are needed */
#define BEFORE 0.7 /* of a view before the anchor, against one after it */

/* The worst of the kept is on top: smaller v, then older. */
static bool is_worse(const struct next_neighbour *a, const struct next_neighbour *b)
{
	return a->v != b->v ? a->v < b->v : a->number < b->number;
}

static void sift_down(struct next_work *w, unsigned at, const struct next_neighbour *nb)
{
	for (;;) {
		unsigned child = 2 * at + 1;

		if (child >= w->heap_n)
			break;
		if (child + 1 < w->heap_n && is_worse(&w->heap[child + 1], &w->heap[child]))
			child++;
		if (!is_worse(&w->heap[child], nb))
			break;
		w->heap[at] = w->heap[child];
		at = child;
	}
	w->heap[at] = *nb;
}

static void keep(struct next_work *w, const struct next_neighbour *nb, unsigned most)
{
	unsigned at = w->heap_n;

	if (w->heap_n == most) {
		if (is_worse(&w->heap[0], nb))
			sift_down(w, 0, nb);
		return;
	}
	for (w->heap_n++; at > 0 && is_worse(nb, &w->heap[(at - 1) / 2]); at = (at - 1) / 2)
		w->heap[at] = w->heap[(at - 1) / 2];
	w->heap[at] = *nb;
}

/* The rings, side by side, newest sessions first. */
struct rings {
	const uint32_t *at[NEXT_ITEMS_MAX], *end[NEXT_ITEMS_MAX];
	double adds[NEXT_ITEMS_MAX]; /* to sim, of a session that contains d[y] */
	unsigned n;
	const struct session_index *index;
};

static int open_rings(struct next_work *w, const struct next_source *src, const struct next_options *opt,
		      struct rings *ret)
{
	for (unsigned y = 0; y < w->d_n; y++) {
		uint32_t *ring = w->rings + (size_t)y * NEXT_TOUCHED_MAX;
		double rarity = log(1 + src->sessions / (next_df(src, w->d[y]) + 1.0));
		const uint32_t *newest;
		int rc = session_newest(src->index, w->d[y], opt->ring_max, &newest, &w->ring_n[y]);

		if (rc)
			return rc;
		if (w->ring_n[y])
			memcpy(ring, newest, w->ring_n[y] * sizeof(*ring));
		ret->at[y] = ring;
		ret->end[y] = ring + w->ring_n[y];
		ret->adds[y] = w->weight[y] * next__powers()->place[y] * rarity * sqrt(rarity);
	}
	ret->n = w->d_n;
	ret->index = src->index;
	return 0;
}

/* The newest session of all rings, with its sim in v; false at their end. */
static bool take_newest(struct rings *r, struct next_neighbour *ret)
{
	bool is_any = false;

	ret->number = 0;
	for (unsigned y = 0; y < r->n; y++) {
		if (r->at[y] == r->end[y])
			continue;
		is_any = true;
		if (*r->at[y] > ret->number)
			ret->number = *r->at[y];
	}
	ret->v = 0;
	ret->shared = 0;
	for (unsigned y = 0; y < r->n && is_any; y++) {
		if (r->at[y] == r->end[y] || *r->at[y] != ret->number)
			continue;
		if (r->end[y] - r->at[y] > AHEAD)
			session_prefetch(r->index, r->at[y][AHEAD]);
		r->at[y]++;
		if (!ret->shared++)
			ret->anchor = y;
		ret->v += r->adds[y];
	}
	return is_any;
}

static int choose(struct next_work *w, const struct next_source *src, const struct next_options *opt)
{
	struct rings rings;
	struct next_neighbour nb;
	unsigned touched = 0;
	int rc = open_rings(w, src, opt, &rings);

	while (!rc && touched < opt->touched_max && take_newest(&rings, &nb)) {
		uint32_t length = 0;

		if (nb.number == src->self)
			continue;
		touched++;
		rc = session_length(src->index, nb.number, &length);
		if (rc == ERR_NOT_FOUND)
			rc = 0; /* it is forgotten */
		if (rc || length == 0)
			continue;
		nb.v *= next__powers()->length[length] * next__age(session_age(src->index, nb.number));
		keep(w, &nb, opt->neighbours_max);
	}
	return rc;
}

/* What one neighbour's views say, by their distance from its newest view on the anchor. */
static void add_views(struct next_work *w, const struct next_neighbour *nb, const struct session *s, double before)
{
	const struct next_powers *p = next__powers();
	double u = nb->v * sqrt(nb->v) * p->anchor[nb->anchor];
	uint32_t a = s->n;

	while (a > 0 && session_item(s, a - 1) != w->d[nb->anchor])
		a--;
	if (a == 0)
		return; /* the view is not among those that are kept */
	a--;
	for (uint32_t j = 0; j < s->n; j++) {
		struct next_candidate *c;

		if (j == a || (j < a && before == 0))
			continue;
		c = next__candidate(w, session_item(s, j));
		c->part += j < a ? u * p->distance[a - j] * before : u * p->distance[j - a];
		if (c->neighbours && c->counted == nb->number)
			continue;
		c->counted = nb->number;
		c->neighbours++;
		if (nb->shared > c->shared)
			c->shared = nb->shared;
	}
}

int next__neighbours(struct next_work *w, const struct next_source *src, const struct next_options *opt)
{
	int rc = choose(w, src, opt);

	for (unsigned i = 0; !rc && i < w->heap_n; i++) {
		struct session s;

		if (i + AHEAD < w->heap_n)
			session_prefetch_row(src->index, w->heap[i + AHEAD].number);
		rc = next__session(src, w->heap[i].number, &s);
		if (!rc)
			add_views(w, &w->heap[i], &s, opt->without & NEXT_NO_BEFORE ? 0 : BEFORE);
	}
	for (size_t i = 0; i < w->v_n; i++)
		w->v[i].part *= next__damping(NEXT_DF_NEIGHBOURS, next_df(src, w->v[i].item));
	next__add_parts(w, 1);
	return rc;
}
