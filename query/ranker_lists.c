/*
 * All items of a kind are put in order once; walking them best first and putting each at the end of its categories' lists
 * gives every list in order.
 */
#include "query/ranker_internal.h"
#include "views/ids.h"

#include <stdlib.h>

struct placed {
	uint32_t list, place; /* place: in `all` */
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

static void place(struct placing *p, uint32_t list, uint32_t at, bool held)
{
	if (p->shown[list] == (list == RANK_SHOP ? RANK_SHOP_MAX : RANK_LIST_MAX) ||
	    (held && p->held[list] == RANK_LIST_HELD))
		return;
	if (held)
		p->held[list]++;
	else
		p->shown[list]++;
	ARRAY_GROW(p->v, p->n, p->room, 4096);
	p->v[p->n++] = (struct placed){ list, at };
}

struct list_set *list_set_make(const struct categories *cats, const struct held *held, const uint32_t *order,
			       const struct ranked *all, uint32_t n)
{
	struct list_set *set = xcalloc(1, sizeof(*set));
	uint32_t lists = 1 + cats->n, *next, *best = ranked_order(all, n, order);
	struct placing p = { .shown = xcalloc(lists, sizeof(*p.shown)), .held = xcalloc(lists, sizeof(*p.held)) };

	atomic_init(&set->refs, 1);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t item = all[best[i]].item;
		bool is_not_shown = is_held(held, item);

		place(&p, RANK_SHOP, best[i], is_not_shown);
		if (item < cats->items)
			for (uint32_t k = cats->starts[item]; k < cats->starts[item + 1]; k++)
				place(&p, cats->lists[k], best[i], is_not_shown);
	}
	set->starts = xcalloc(lists + 1, sizeof(*set->starts));
	for (uint32_t l = 0; l < lists; l++)
		set->starts[l + 1] = set->starts[l] + p.shown[l] + p.held[l];
	set->ranked = xcalloc(p.n + 1, sizeof(*set->ranked));
	next = p.shown;
	memcpy(next, set->starts, lists * sizeof(*next));
	for (size_t i = 0; i < p.n; i++)
		set->ranked[next[p.v[i].list]++] = all[p.v[i].place];
	free(best);
	free(p.v);
	free(p.shown);
	free(p.held);
	return set;
}

struct list_set *list_set_ref(struct list_set *s)
{
	if (s)
		atomic_fetch_add(&s->refs, 1);
	return s;
}

void list_set_unref(struct list_set *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	free(s->starts);
	free(s->ranked);
	free(s);
}

struct rankings *rankings_make(const struct rank_parts *parts, const struct ranking_from *from)
{
	struct rankings *ra = xcalloc(1, sizeof(*ra));
	struct counts *c = from->counts;
	struct ranked *all = xcalloc((size_t)c->items + 1, sizeof(*all));

	atomic_init(&ra->refs, 1);
	ra->generation = snap_generation(from->sn);
	ra->watermark_ms = from->watermark_ms;
	ra->parts = rank_parts_ref(parts);
	ra->now = now_counts_make(c);
	ra->big_spend_micros = from->segments->big_spend_micros;
	counts_order(c);
	for (int kind = 0; kind < RANK_SLOW_FIRST; kind++) {
		uint32_t n = 0;

		for (uint32_t item = 0; item < c->items; item++)
			n += rank_item(c, item, (enum rank_kind)kind, from->weights, &all[n]);
		ra->lists[kind] = list_set_make(parts->categories, from->held, c->order, all, n);
	}
	for (int kind = RANK_SLOW_FIRST; kind < RANK_KIND_COUNT; kind++)
		ra->lists[kind] = list_set_ref(parts->slow[kind - RANK_SLOW_FIRST]);
	free(all);
	return ra;
}

unsigned rankings_generation(const struct rankings *ra)
{
	return ra->generation;
}

void rankings_release(const struct rankings *ra)
{
	struct rankings *own = (struct rankings *)ra;

	if (!own || atomic_fetch_sub(&own->refs, 1) > 1)
		return;
	for (int kind = 0; kind < RANK_KIND_COUNT; kind++)
		list_set_unref(own->lists[kind]);
	rank_parts_unref(&own->parts);
	free(own->now);
	free(own);
}

const struct similar *rankings_similar(const struct rankings *ra)
{
	return ra->parts.similar;
}

struct rank_prior rankings_prior(const struct rankings *ra)
{
	return ra->parts.prior;
}

struct rank_list rankings_list(const struct rankings *ra, enum rank_kind kind, uint32_t category)
{
	const struct list_set *set = ra->lists[kind];

	if (!set)
		return (struct rank_list){ 0, NULL };
	return (struct rank_list){ set->starts[category + 1] - set->starts[category],
				   set->ranked + set->starts[category] };
}

struct rank_list rankings_get(const struct rankings *ra, enum rank_kind kind, struct str category)
{
	uint32_t list = category.n ? categories_find(ra->parts.categories, category) : RANK_SHOP;

	if (category.n && !list)
		return (struct rank_list){ 0, NULL };
	return rankings_list(ra, kind, list);
}

/* Behind the category's last in the shop's list; where that is cut before it there are none. */
static size_t place_behind(const struct rank_walk *w)
{
	size_t i = 0;

	while (i < w->shop.n && w->shop.v[i].item != w->list.v[w->list.n - 1].item)
		i++;
	return i + 1;
}

void rankings_walk_begin(const struct rankings *ra, enum rank_kind kind, struct str category, struct rank_walk *ret)
{
	*ret = (struct rank_walk){ .ra = ra };
	ret->category = category.n ? categories_find(ra->parts.categories, category) : RANK_SHOP;
	if (category.n && !ret->category)
		return;
	ret->list = rankings_list(ra, kind, ret->category);
	if (ret->category && ret->list.n >= RANK_LIST_MAX)
		ret->shop = rankings_list(ra, kind, RANK_SHOP);
}

const struct ranked *rankings_walk_next(struct rank_walk *w)
{
	const struct ranked *ret;

	if (w->at < w->list.n)
		return &w->list.v[w->at++];
	if (!w->shop_at)
		w->shop_at = w->shop.n ? place_behind(w) : 0;
	while (w->shop_at < w->shop.n) {
		ret = &w->shop.v[w->shop_at++];
		if (categories_have(w->ra->parts.categories, ret->item, w->category))
			return ret;
	}
	return NULL;
}

unsigned rankings_categories(const struct rankings *ra, uint32_t item, const uint32_t **ret)
{
	const struct categories *c = ra->parts.categories;

	if (item >= c->items)
		return 0;
	*ret = c->lists + c->starts[item];
	return c->starts[item + 1] - c->starts[item];
}

struct str rankings_category_name(const struct rankings *ra, uint32_t list)
{
	return ra->parts.categories->names[list - 1];
}

const float *rankings_revisits(const struct rankings *ra)
{
	return ra->revisits;
}

int64_t rankings_watermark_ms(const struct rankings *ra)
{
	return ra->watermark_ms;
}
