/* A: what sessions like the running one viewed, by how far from the item that both have. */
#include "query/next_internal.h"
#include "schemas/error.h"

#include <math.h>

#define AHEAD 8 /* sessions that memory is asked for before they are needed */
#define FLOOR_ROUNDING 1e-9
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
	uint32_t head[NEXT_ITEMS_MAX]; /* SESSION_NONE, which is below all: at its end */
	const struct session_list *of; /* n of them, */
	uint32_t at[NEXT_ITEMS_MAX];   /* read so far */
	double adds[NEXT_ITEMS_MAX];   /* to sim, of a session that contains d[y] */
	unsigned n;
};

_Static_assert(SESSION_NONE == 0, "the least number");
_Static_assert(SESSION_VIEWS_MAX <= UINT8_MAX, "next_neighbour.n");

static int open_rings(struct next_work *w, const struct next_source *src, const struct next_options *opt,
		      struct rings *ret)
{
	for (unsigned y = 0; y < w->d_n; y++) {
		double rarity = log(1 + src->sessions / (next_df(src, w->d[y]) + 1.0));
		int rc = session_newest(src->index, w->d[y], opt->ring_max, &w->rings[y]);

		if (rc)
			return rc;
		ret->at[y] = 0;
		ret->head[y] = w->rings[y].n ? w->rings[y].numbers[0] : SESSION_NONE;
		ret->adds[y] = w->weight[y] * next__powers()->place[y] * rarity * sqrt(rarity);
	}
	ret->of = w->rings;
	ret->n = w->d_n;
	return 0;
}

/* The newest session of all rings, with its sim in v, and its place; false at their end. */
static bool take_newest(struct rings *r, const struct session_index *index, double floor, struct next_neighbour *ret,
			uint32_t *ret_place)
{
	uint32_t newest = SESSION_NONE;

	for (unsigned y = 0; y < r->n; y++)
		newest = r->head[y] > newest ? r->head[y] : newest;
	*ret = (struct next_neighbour){ .number = newest };
	for (unsigned y = 0; y < r->n && newest != SESSION_NONE; y++) {
		const struct session_list *ring = &r->of[y];
		uint32_t at = r->at[y];

		if (r->head[y] != newest)
			continue;
		*ret_place = ring->places[at];
		if (r->adds[y] > floor && ring->n - at > AHEAD)
			session_prefetch(index, ring->places[at + AHEAD]);
		r->at[y] = ++at;
		r->head[y] = at == ring->n ? SESSION_NONE : ring->numbers[at];
		if (!ret->shared++)
			ret->anchor = (uint8_t)y;
		ret->v += r->adds[y];
	}
	return newest != SESSION_NONE;
}

/*
 * Sessions come with falling age factors, and none is shorter than one view: once all places are taken, one whose sim is
 * not above this cannot get into the heap and need not be looked at.
 */
static double floor_of(const struct next_work *w, const struct next_options *opt, double age)
{
	return w->heap_n < opt->neighbours_max ? -1 : w->heap[0].v / age * (1 - FLOOR_ROUNDING);
}

static int choose(struct next_work *w, const struct next_source *src, const struct next_options *opt)
{
	const struct next_powers *p = next__powers();
	struct rings rings;
	struct next_neighbour nb;
	unsigned touched = 0;
	uint32_t place = 0;
	double floor = -1;
	int rc = open_rings(w, src, opt, &rings);

	while (!rc && touched < opt->touched_max && take_newest(&rings, src->index, floor, &nb, &place)) {
		struct session s;
		double age;

		if (nb.number == src->self)
			continue;
		touched++;
		if (nb.v <= floor)
			continue;
		rc = next__session(src, place, &s);
		if (rc || s.n == 0)
			continue;
		age = next__age(session_age(src->index, nb.number));
		nb.v *= p->length[s.n] * age;
		nb.n = (uint8_t)s.n;
		nb.items = s.items;
		keep(w, &nb, opt->neighbours_max);
		floor = floor_of(w, opt, age);
	}
	return rc;
}

/* What one neighbour's views say, by their distance from its newest view on the anchor. */
static void add_views(struct next_work *w, const struct next_source *src, const struct next_neighbour *nb,
		      double before)
{
	const struct session s = { .n = nb->n, .items = nb->items };
	const struct next_powers *p = next__powers();
	double u = nb->v * sqrt(nb->v) * p->anchor[nb->anchor];
	uint32_t a = s.n;

	while (a > 0 && session_item(&s, a - 1) != w->d[nb->anchor])
		a--;
	if (a == 0)
		return; /* the view is not among those that are kept */
	a--;
	for (uint32_t j = 0; j < s.n; j++) {
		struct next_candidate *c;

		if (j == a || (j < a && before == 0))
			continue;
		c = next__candidate(w, src, session_item(&s, j));
		c->part += j < a ? u * p->distance[a - j] * before : u * p->distance[j - a];
		if (c->neighbours && c->counted == nb->number)
			continue;
		c->counted = nb->number;
		c->neighbours++;
		if (nb->shared > c->shared)
			c->shared = nb->shared;
	}
}

static void prefetch(const struct next_neighbour *nb)
{
	session_prefetch_views(&(struct session){ .n = nb->n, .items = nb->items });
}

int next__neighbours(struct next_work *w, const struct next_source *src, const struct next_options *opt)
{
	int rc = choose(w, src, opt);

	if (rc)
		return rc;
	for (unsigned i = 0; i < w->heap_n && i < AHEAD; i++)
		prefetch(&w->heap[i]);
	for (unsigned i = 0; i < w->heap_n; i++) {
		if (i + AHEAD < w->heap_n)
			prefetch(&w->heap[i + AHEAD]);
		add_views(w, src, &w->heap[i], opt->without & NEXT_NO_BEFORE ? 0 : BEFORE);
	}
	for (size_t i = 0; i < w->v_n; i++)
		w->v[i].part *= next__damping(NEXT_DF_NEIGHBOURS, next_df(src, w->v[i].item));
	next__add_parts(w, 1);
	return 0;
}
