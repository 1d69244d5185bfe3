/* C: one view further. What lies beside the best candidates where they were viewed last. */
#include "query/next_internal.h"
#include "views/ids.h"

#define WEIGHT 0.6
#define ITEMS 25                                     /* from so many, */
#define VIEWS 20                                     /* over so many newest views of each */
#define SIDES_BYTES_MAX (12 << 20)                   /* of what is kept; beyond it all is made anew */
#define SIDES_A_LINE (64 / sizeof(struct next_side)) /* of the processor's cache */

struct best {
	uint32_t item;
	double share;
};

static bool is_before(const struct next_source *src, const struct next_candidate *a, const struct next_candidate *b)
{
	return a->share != b->share ? a->share > b->share : next__breaks_tie(src, a, b);
}

/* The best by share, best first. */
static unsigned choose(const struct next_work *w, const struct next_source *src, struct best ret[ITEMS])
{
	const struct next_candidate *best[ITEMS];
	unsigned n = 0, at;

	for (size_t i = 0; i < w->v_n; i++) {
		const struct next_candidate *c = &w->v[i];

		if (n == ITEMS && !is_before(src, c, best[n - 1]))
			continue;
		if (n < ITEMS)
			n++;
		for (at = n - 1; at > 0 && is_before(src, c, best[at - 1]); at--)
			best[at] = best[at - 1];
		best[at] = c;
	}
	for (unsigned i = 0; i < n; i++)
		ret[i] = (struct best){ best[i]->item, best[i]->share };
	return n;
}

/* ---- beside the newest views of an item ---- */

struct sides {
	unsigned views, n;
	struct next_side v[2 * VIEWS];
};

static void add_side(struct sides *s, uint32_t item)
{
	unsigned i = 0;

	while (i < s->n && s->v[i].item != item)
		i++;
	if (i == s->n)
		s->v[s->n++] = (struct next_side){ item, 0 };
	s->v[i].times++;
}

/* The items beside the last views of it, `room` views at most; how many those were. */
static unsigned add_sides(const struct session *s, uint32_t item, unsigned room, struct sides *ret)
{
	unsigned n = 0;

	for (uint32_t j = s->n; j-- > 0 && n < room;) {
		if (session_item(s, j) != item)
			continue;
		n++;
		if (j > 0)
			add_side(ret, session_item(s, j - 1));
		if (j + 1 < s->n)
			add_side(ret, session_item(s, j + 1));
	}
	return n;
}

static int look(const struct next_source *src, uint32_t item, struct sides *ret)
{
	struct session sessions[VIEWS + 1]; /* one more: it may be `self` */
	struct session_list ring;
	int rc = session_newest(src->index, item, VIEWS + 1, &ring);

	ret->views = ret->n = 0;
	for (uint32_t i = 0; !rc && i < ring.n; i++)
		session_prefetch(src->index, ring.places[i]);
	if (!rc)
		rc = next__sessions(src, ring.places, ring.n, sessions);
	for (uint32_t i = 0; !rc && i < ring.n && ret->views < VIEWS; i++)
		if (sessions[i].n && sessions[i].number != src->self)
			ret->views += add_sides(&sessions[i], item, VIEWS - ret->views, ret);
	return rc;
}

/* ---- kept from answer to answer ---- */

static struct next_sides *slot_of(const struct next_work *w, uint32_t item)
{
	return &w->sides[item % NEXT_SIDES_SLOTS];
}

static bool is_known(const struct next_work *w, const struct next_source *src, uint32_t item)
{
	const struct next_sides *slot = slot_of(w, item);

	return slot->item == item + 1 && slot->round == w->sides_round &&
	       slot->stamp == session_stamp(src->index, item);
}

static void keep(struct next_work *w, const struct next_source *src, uint32_t item, const struct sides *sides)
{
	struct next_sides *slot = slot_of(w, item);
	bool fits = slot->item && slot->round == w->sides_round && slot->room >= sides->n;

	*slot = (struct next_sides){ .stamp = session_stamp(src->index, item),
				     .item = item + 1,
				     .round = w->sides_round,
				     .views = (uint16_t)sides->views,
				     .n = (uint16_t)sides->n,
				     .room = fits ? slot->room : (uint16_t)sides->n,
				     .v = fits ? slot->v : arena_alloc(&w->sides_arena, sides->n * sizeof(*sides->v)) };
	memcpy(slot->v, sides->v, sides->n * sizeof(*sides->v));
}

static void add(struct next_work *w, const struct next_source *src, double share, const struct next_side *v, unsigned n,
		unsigned views)
{
	for (unsigned i = 0; i < n; i++)
		next__candidate(w, src, v[i].item)->part += share * v[i].times / views;
}

/* Then `self` is left out of what lies beside it, which is of no use to others. */
static bool is_own(const struct session *self, uint32_t item)
{
	for (uint32_t i = 0; i < self->n; i++)
		if (session_item(self, i) == item)
			return true;
	return false;
}

static int step_from(struct next_work *w, const struct next_source *src, const struct session *self,
		     const struct best *from)
{
	const struct next_sides *slot = slot_of(w, from->item);
	bool own = is_own(self, from->item);
	struct sides sides;
	int rc;

	if (!own && is_known(w, src, from->item)) {
		add(w, src, from->share, slot->v, slot->n, slot->views);
		return 0;
	}
	rc = look(src, from->item, &sides);
	if (rc)
		return rc;
	if (!own)
		keep(w, src, from->item, &sides);
	add(w, src, from->share, sides.v, sides.n, sides.views);
	return 0;
}

static void prefetch(const struct next_work *w, const struct best *best, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(slot_of(w, best[i].item));
	for (unsigned i = 0; i < n; i++) {
		const struct next_side *v = slot_of(w, best[i].item)->v;

		for (unsigned k = 0; k < slot_of(w, best[i].item)->n; k += SIDES_A_LINE)
			__builtin_prefetch(&v[k]);
	}
}

int next__step(struct next_work *w, const struct next_source *src)
{
	struct best best[ITEMS];
	unsigned n = choose(w, src, best);
	struct session self = { 0 };
	int rc = session_get(src->index, src->self, &self);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	rc = 0;

	if (w->sides_arena.total > SIDES_BYTES_MAX) {
		arena_reset(&w->sides_arena);
		w->sides_round++;
	}
	prefetch(w, best, n);
	for (unsigned i = 0; !rc && i < n; i++)
		rc = step_from(w, src, &self, &best[i]);
	if (rc)
		return rc;
	for (size_t i = 0; i < w->v_n; i++)
		w->v[i].part *= next__damping(NEXT_DF_STEP, next_df(src, w->v[i].item));
	next__add_parts(w, WEIGHT);
	return 0;
}
