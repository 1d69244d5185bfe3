#include "query/neighbours.h"

#include "views/view.h"

#include <stdlib.h>
#include <string.h>

/*
 * What base says of the neighbours that a long list is made of, ascending member. Those that are left out have at most `rest`
 * in base.
 */
struct held {
	size_t n;
	uint32_t rest;
	struct snap_count *v;
};

struct kept {
	uint32_t item;
	uint8_t view;
	bool used, whole;
	unsigned generation;
	struct pairs_mark mark;
	uint64_t fresh_until_ns;
	uint64_t took_ns;
	int64_t watermark_ms;
	size_t n, sure;
	struct snap_count *v;
	struct held held; /* none: the list is gathered anew */
};

struct neighbours {
	const struct clock *clock;
	struct snap_counts scratch, base, young;
	size_t bytes, hand; /* of all lists; the slot to be emptied next */
	struct kept slots[NEIGHBOURS_SLOTS];
};

struct neighbours *neighbours_new(const struct clock *clock)
{
	struct neighbours *n = xcalloc(1, sizeof(*n));

	n->clock = clock;
	return n;
}

static void drop_list(struct neighbours *n, struct kept *k)
{
	n->bytes -= k->n * sizeof(k->v[0]);
	free(k->v);
	k->v = NULL;
	k->n = 0;
}

static void empty(struct neighbours *n, struct kept *k)
{
	drop_list(n, k);
	n->bytes -= k->held.n * sizeof(k->held.v[0]);
	free(k->held.v);
	*k = (struct kept){ 0 };
}

void neighbours_free(struct neighbours *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < NEIGHBOURS_SLOTS; i++)
		empty(n, &n->slots[i]);
	snap_counts_fini(&n->scratch);
	snap_counts_fini(&n->base);
	snap_counts_fini(&n->young);
	free(n);
}

static struct kept *slot_of(struct neighbours *n, enum pair_view view, uint32_t item)
{
	return &n->slots[(item * UINT32_C(2654435761) >> 16 ^ (uint32_t)view * 977u) % NEIGHBOURS_SLOTS];
}

int neighbours_all(struct neighbours *n, struct snap *sn, enum pair_view view, uint32_t item, uint32_t count_min,
		   struct neighbour_list *ret)
{
	int rc = pairs_get(sn, view, item, count_min, &n->scratch);

	*ret = (struct neighbour_list){ n->scratch.v, n->scratch.n, n->scratch.n, true, 0 };
	return rc ? rc : snap_watermark(sn, &ret->watermark_ms);
}

/* ---- two lists by ascending member, side by side ---- */

struct sides {
	const struct snap_count *a, *a_end, *b, *b_end;
};

/* A list without an entry may be NULL, to which not even 0 may be added. */
static struct sides sides_of(const struct snap_count *a, size_t a_n, const struct snap_counts *list)
{
	static const struct snap_count none;
	const struct snap_count *b = list->n ? list->v : &none;

	a = a_n ? a : &none;
	return (struct sides){ a, a + a_n, b, b + list->n };
}

struct side_counts {
	uint32_t member, a, b;
	bool in_a, in_b;
};

/* Without a jump that depends on which side comes next, which nobody can foretell. */
static inline bool next_of(struct sides *s, struct side_counts *ret)
{
	bool more_a = s->a < s->a_end, more_b = s->b < s->b_end;
	struct snap_count a = more_a ? *s->a : (struct snap_count){ 0 }, b = more_b ? *s->b : (struct snap_count){ 0 };

	if (!more_a && !more_b)
		return false;
	ret->in_a = more_a & (!more_b | (a.member <= b.member));
	ret->in_b = more_b & (!more_a | (b.member <= a.member));
	ret->member = ret->in_a ? a.member : b.member;
	ret->a = ret->in_a ? a.count : 0;
	ret->b = ret->in_b ? b.count : 0;
	s->a += ret->in_a;
	s->b += ret->in_b;
	return true;
}

static uint32_t sum_of(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static void make_room(struct snap_counts *list, size_t n)
{
	list->n = 0;
	if (list->room >= n)
		return;
	list->room = n;
	list->v = xrealloc(list->v, n * sizeof(list->v[0]));
}

/* n->base and n->young to n->scratch. */
static void add_sides(struct neighbours *n)
{
	struct sides s = sides_of(n->base.v, n->base.n, &n->young);
	struct snap_counts *to = &n->scratch;
	struct side_counts c;

	make_room(to, n->base.n + n->young.n);
	while (next_of(&s, &c))
		to->v[to->n++] = (struct snap_count){ c.member, sum_of(c.a, c.b) };
}

/* ---- long lists ---- */

/*
 * Hold what base says (n->base, and n->young beside it) of the members that have more than `least`, and of those that young
 * levels name more than once: these are on their way up.
 */
static void hold(struct neighbours *n, struct kept *k, uint32_t least)
{
	struct held *h = &k->held;
	struct side_counts c;
	struct sides s;

	h->v = xmalloc((n->base.n + n->young.n) * sizeof(h->v[0]));
	s = sides_of(n->base.v, n->base.n, &n->young);
	while (next_of(&s, &c)) {
		if (sum_of(c.a, c.b) > least || c.b > 1)
			h->v[h->n++] = (struct snap_count){ c.member, c.a };
		else if (c.a > h->rest)
			h->rest = c.a;
	}
	h->v = xrealloc(h->v, h->n * sizeof(h->v[0]));
	n->bytes += h->n * sizeof(h->v[0]);
}

/*
 * The list out of what is held and what is young now, in n->scratch: as far as it is kept the same as if it were gathered
 * anew. 0: one that is not held may have come among those.
 */
static int renew(struct neighbours *n, const struct kept *k, struct snap *sn, uint32_t count_min)
{
	const struct held *h = &k->held;
	struct snap_counts *to = &n->scratch;
	uint32_t unsure = h->rest;
	struct side_counts c;
	struct sides s;
	int rc = pairs_part(sn, PART_YOUNG, k->view, k->item, &n->young);

	if (rc)
		return rc;
	make_room(to, h->n);
	s = sides_of(h->v, h->n, &n->young);
	while (next_of(&s, &c)) {
		if (c.in_a)
			to->v[to->n++] = (struct snap_count){ c.member, sum_of(c.a, c.b) };
		else if (sum_of(h->rest, c.b) > unsure)
			unsure = sum_of(h->rest, c.b);
	}
	pairs_best(to, count_min, NEIGHBOURS_KEPT + 1);
	return to->n > NEIGHBOURS_KEPT && to->v[NEIGHBOURS_KEPT].count > unsure;
}

/* ---- keeping ---- */

/* The beginning of n->scratch, which has one more if there are more. */
static void keep(struct neighbours *n, struct kept *k)
{
	const struct snap_counts *list = &n->scratch;
	size_t count = list->n < NEIGHBOURS_KEPT ? list->n : NEIGHBOURS_KEPT;

	k->whole = count == list->n;
	k->n = k->sure = count;
	while (!k->whole && k->sure > 0 && list->v[k->sure - 1].count == list->v[count].count)
		k->sure--;
	k->v = count ? xmalloc(count * sizeof(k->v[0])) : NULL;
	if (count)
		memcpy(k->v, list->v, count * sizeof(k->v[0]));
	n->bytes += count * sizeof(k->v[0]);
	for (; n->bytes > NEIGHBOURS_BYTES_MAX; n->hand = (n->hand + 1) % NEIGHBOURS_SLOTS)
		if (&n->slots[n->hand] != k)
			empty(n, &n->slots[n->hand]);
}

static bool is_of(const struct kept *k, const struct snap *sn, enum pair_view view, uint32_t item)
{
	return k->used && k->item == item && k->view == view && k->generation == snap_generation(sn);
}

/* Whether the kept list is still good; *ret_mark is the one of `sn` when it had to be looked at. */
static int is_good(struct snap *sn, struct kept *k, enum pair_view view, uint32_t item, uint64_t now_ns,
		   struct pairs_mark *ret_mark)
{
	bool same = is_of(k, sn, view, item);
	int rc;

	if (same && now_ns < k->fresh_until_ns)
		return 1;
	rc = pairs_mark(sn, view, item, ret_mark);
	if (rc || !same || ret_mark->base != k->mark.base || ret_mark->young != k->mark.young)
		return rc;
	k->fresh_until_ns = now_ns + k->took_ns * NEIGHBOURS_REST;
	rc = snap_watermark(sn, &k->watermark_ms);
	return rc ? rc : 1;
}

static int gather(struct neighbours *n, struct kept *k, struct snap *sn, enum pair_view view, uint32_t item,
		  uint32_t count_min)
{
	uint32_t least;
	int rc = pairs_part(sn, PART_BASE, view, item, &n->base);

	if (!rc)
		rc = pairs_part(sn, PART_YOUNG, view, item, &n->young);
	if (rc)
		return rc;
	add_sides(n);
	least = n->scratch.n > NEIGHBOURS_HELD ? pairs_count_at(&n->scratch, NEIGHBOURS_HELD) : 0;
	if (least < count_min)
		least = count_min - 1;
	pairs_best(&n->scratch, count_min, NEIGHBOURS_KEPT + 1);
	empty(n, k);
	k->item = item;
	k->view = (uint8_t)view;
	k->generation = snap_generation(sn);
	keep(n, k);
	if (!k->whole)
		hold(n, k, least);
	return 0;
}

int neighbours_get(struct neighbours *n, struct snap *sn, enum pair_view view, uint32_t item, uint32_t count_min,
		   struct neighbour_list *ret)
{
	struct kept *k = slot_of(n, view, item);
	uint64_t start_ns = n->clock->monotonic_ns(n->clock), end_ns;
	struct pairs_mark mark = { 0 };
	int rc = is_good(sn, k, view, item, start_ns, &mark);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		if (is_of(k, sn, view, item) && k->held.v && mark.base == k->mark.base)
			rc = renew(n, k, sn, count_min);
		if (rc > 0) {
			drop_list(n, k);
			keep(n, k);
		} else if (rc == 0) {
			rc = gather(n, k, sn, view, item, count_min);
		}
		if (rc >= 0)
			rc = snap_watermark(sn, &k->watermark_ms);
		if (rc) {
			empty(n, k);
			return rc;
		}
		k->used = true;
		k->mark = mark;
		end_ns = n->clock->monotonic_ns(n->clock);
		k->took_ns = end_ns - start_ns;
		k->fresh_until_ns = end_ns + k->took_ns * NEIGHBOURS_REST;
	}
	*ret = (struct neighbour_list){ k->v, k->n, k->sure, k->whole, k->watermark_ms };
	return 0;
}
