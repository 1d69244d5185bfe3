/* C: one view further. What lies beside the best candidates where they were viewed last. */
#include "query/next_internal.h"

#define WEIGHT 0.6

struct best {
	uint32_t item;
	double share;
};

static bool is_before(const struct next_source *src, const struct next_candidate *a, const struct next_candidate *b)
{
	uint32_t df_a, df_b;

	if (a->share != b->share)
		return a->share > b->share;
	df_a = next_df(src, a->item);
	df_b = next_df(src, b->item);
	return df_a != df_b ? df_a > df_b : a->item < b->item;
}

/* The `room` best by share, best first. */
static unsigned choose(const struct next_work *w, const struct next_source *src, unsigned room,
		       struct best ret[NEXT_STEP_ITEMS_MAX])
{
	const struct next_candidate *best[NEXT_STEP_ITEMS_MAX];
	unsigned n = 0, at;

	for (size_t i = 0; i < w->v_n; i++) {
		const struct next_candidate *c = &w->v[i];

		if (n == room && !is_before(src, c, best[n - 1]))
			continue;
		if (n < room)
			n++;
		for (at = n - 1; at > 0 && is_before(src, c, best[at - 1]); at--)
			best[at] = best[at - 1];
		best[at] = c;
	}
	for (unsigned i = 0; i < n; i++)
		ret[i] = (struct best){ best[i]->item, best[i]->share };
	return n;
}

/* The items beside the last views of it, `room` views at most; how many those were. */
static unsigned add_sides(const struct session *s, uint32_t item, unsigned room, uint32_t *sides, unsigned *side_n)
{
	unsigned n = 0;

	for (uint32_t j = s->n; j-- > 0 && n < room;) {
		if (session_item(s, j) != item)
			continue;
		n++;
		if (j > 0)
			sides[(*side_n)++] = session_item(s, j - 1);
		if (j + 1 < s->n)
			sides[(*side_n)++] = session_item(s, j + 1);
	}
	return n;
}

static int step_from(struct next_work *w, const struct next_source *src, const struct best *from, unsigned most)
{
	uint32_t sides[2 * NEXT_STEP_VIEWS_MAX], ring_n;
	const uint32_t *ring;
	unsigned n = 0, side_n = 0;
	int rc = session_newest(src->index, from->item, most + 1, &ring, &ring_n); /* one more: it may be `self` */

	if (rc)
		return rc;
	for (uint32_t i = 0; i < ring_n && n < most; i++) {
		struct session s;

		if (ring[i] == src->self)
			continue;
		rc = next__session(src, ring[i], &s);
		if (rc)
			return rc;
		n += add_sides(&s, from->item, most - n, sides, &side_n);
	}
	for (unsigned i = 0; i < side_n; i++)
		next__candidate(w, sides[i])->part += from->share / n;
	return 0;
}

int next__step(struct next_work *w, const struct next_source *src, const struct next_options *opt)
{
	struct best best[NEXT_STEP_ITEMS_MAX];
	unsigned n = choose(w, src, opt->step_items, best);

	for (unsigned i = 0; i < n; i++) {
		int rc = step_from(w, src, &best[i], opt->step_views);

		if (rc)
			return rc;
	}
	for (size_t i = 0; i < w->v_n; i++)
		w->v[i].part *= next__damping(NEXT_DF_STEP, next_df(src, w->v[i].item));
	next__add_parts(w, WEIGHT);
	return 0;
}
