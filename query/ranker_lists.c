/*
 * All items of a kind are sorted once; walking them best first and putting each at the end of its categories' lists
 * gives every list in order.
 */
#include "query/ranker_internal.h"
#include "views/ids.h"

#include <stdlib.h>

struct placed {
	uint32_t list, place; /* place: in the sorted items */
};

struct placing {
	struct placed *v;
	size_t n, room;
	uint32_t *shown, *held; /* items of each list so far */
};

static double weighted(const uint32_t a[TALLY_TYPES], const uint32_t b[TALLY_TYPES], const struct rank_weights *w)
{
	double sum = 0;

	for (int t = 0; t < TALLY_TYPES; t++)
		sum += w->of[t] * ((double)a[t] + b[t]);
	return sum;
}

/* The item's place in a ranking of this kind; false when it has none. */
static bool rank_item(const struct counts *c, uint32_t item, enum rank_kind kind, const struct rank_weights *w,
		      struct ranked *ret)
{
	static const uint32_t none[TALLY_TYPES];
	const struct closed *closed = &c->closed[item];
	const struct running *running = &c->running[item];

	*ret = (struct ranked){ .item = item };
	if (kind == RANK_BEST_SELLERS) {
		ret->score = ret->recent = (double)(closed->units + running->units);
		return ret->score > 0;
	}
	ret->recent = weighted(closed->recent[kind], running->hour, w);
	ret->before = weighted(closed->before[kind], none, w);
	ret->score = ret->recent * (ret->recent + 10) / (ret->before + 10);
	return ret->recent > 0;
}

static int best_first(const void *pa, const void *pb, void *arg)
{
	const struct ranked *a = pa, *b = pb;
	const struct str *names = arg;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return str_cmp(names[a->item], names[b->item]);
}

static void know_name(struct counts *c, struct snap *sn, uint32_t item)
{
	struct str name;

	if (c->names[item].n)
		return;
	name = snap_item_name(sn, item);
	if (name.n)
		c->names[item] = (struct str){ xstrndup(name.p, name.n), name.n };
}

static void place(struct placing *p, uint32_t list, uint32_t at, bool held)
{
	if (p->shown[list] == RANK_LIST_MAX || (held && p->held[list] == RANK_LIST_HELD))
		return;
	if (held)
		p->held[list]++;
	else
		p->shown[list]++;
	if (p->n == p->room) {
		p->room = p->room ? p->room * 2 : 4096;
		p->v = xrealloc(p->v, p->room * sizeof(*p->v));
	}
	p->v[p->n++] = (struct placed){ list, at };
}

/* Sorted items to lists: the order within a list is that of the items. */
static void fill_lists(struct rankings *ra, enum rank_kind kind, const struct counts *c, const struct ranked *all,
		       uint32_t n)
{
	const struct categories *cats = ra->parts.categories;
	uint32_t lists = 1 + cats->n, *starts = xcalloc(lists + 1, sizeof(*starts)), *next;
	struct placing p = { .shown = xcalloc(lists, sizeof(*p.shown)), .held = xcalloc(lists, sizeof(*p.held)) };

	for (uint32_t i = 0; i < n; i++) {
		bool held = c->closed[all[i].item].held;

		place(&p, 0, i, held);
		if (all[i].item < cats->items)
			for (uint32_t k = cats->starts[all[i].item]; k < cats->starts[all[i].item + 1]; k++)
				place(&p, cats->lists[k], i, held);
	}
	for (uint32_t l = 0; l < lists; l++)
		starts[l + 1] = starts[l] + p.shown[l] + p.held[l];
	ra->starts[kind] = starts;
	ra->ranked[kind] = xcalloc(p.n + 1, sizeof(*ra->ranked[kind]));
	next = p.shown;
	memcpy(next, starts, lists * sizeof(*next));
	for (size_t i = 0; i < p.n; i++)
		ra->ranked[kind][next[p.v[i].list]++] = all[p.v[i].place];
	free(p.v);
	free(p.shown);
	free(p.held);
}

struct rankings *rankings_make(struct counts *c, struct snap *sn, const struct rank_parts *parts,
			       const struct rank_weights *weights, int64_t watermark_ms)
{
	struct rankings *ra = xcalloc(1, sizeof(*ra));
	struct ranked *all = xcalloc((size_t)c->items + 1, sizeof(*all));

	atomic_init(&ra->refs, 1);
	ra->generation = snap_generation(sn);
	ra->watermark_ms = watermark_ms;
	ra->parts = rank_parts_ref(parts);
	for (int kind = 0; kind < RANK_KIND_COUNT; kind++) {
		uint32_t n = 0;

		for (uint32_t item = 0; item < c->items; item++)
			if (rank_item(c, item, (enum rank_kind)kind, weights, &all[n])) {
				know_name(c, sn, item);
				n++;
			}
		qsort_r(all, n, sizeof(*all), best_first, c->names);
		fill_lists(ra, (enum rank_kind)kind, c, all, n);
	}
	free(all);
	return ra;
}

unsigned rankings_generation(const struct rankings *ra)
{
	return ra->generation;
}

void rankings_unref(struct rankings *ra)
{
	if (!ra || atomic_fetch_sub(&ra->refs, 1) > 1)
		return;
	for (int kind = 0; kind < RANK_KIND_COUNT; kind++) {
		free(ra->starts[kind]);
		free(ra->ranked[kind]);
	}
	rank_parts_unref(&ra->parts);
	free(ra);
}

const struct similar *rankings_similar(const struct rankings *ra)
{
	return ra->parts.similar;
}

struct rank_list rankings_get(const struct rankings *ra, enum rank_kind kind, struct str category)
{
	uint32_t list = category.n ? categories_find(ra->parts.categories, category) : 0;
	const uint32_t *starts = ra->starts[kind];

	if (category.n && !list)
		return (struct rank_list){ 0, NULL };
	return (struct rank_list){ starts[list + 1] - starts[list], ra->ranked[kind] + starts[list] };
}

const float *rankings_revisits(const struct rankings *ra)
{
	return ra->revisits;
}

int64_t rankings_watermark_ms(const struct rankings *ra)
{
	return ra->watermark_ms;
}
