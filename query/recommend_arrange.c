/* The list out of what the strategies brought: mixed by shares, diverse, within quotas, with pins, sorted. */
#include "query/strategy.h"

#include <limits.h>

/* ---- mixing ---- */

struct mixing {
	unsigned next[TURNS_MAX]; /* candidate of each turn */
	int credit[TURNS_MAX];
};

/* Several strategies may have brought an item, and a sorted list is cut behind what was shown. */
static void skip_listed(const struct asking *q, struct mixing *m, unsigned i)
{
	bool is_sorted = q->rq->sort != SORT_RELEVANCE;

	for (; m->next[i] < q->a->turns[i].end; m->next[i]++) {
		uint32_t item = q->a->shelf[m->next[i]].item;

		if (!idmap_get(&q->a->listed, item) && !(is_sorted && shelf_was_shown(q, item)))
			return;
	}
}

static void list_next(struct asking *q, struct mixing *m, unsigned i)
{
	struct candidate *c = &q->a->shelf[m->next[i]++];

	idmap_put(&q->a->listed, c->item, 0);
	q->a->list[q->list_n++] = c;
}

/*
 * Smooth weighted round-robin, as nginx chooses its upstreams: in each round a turn gains its share, the richest one
 * gives an item and pays what all gained; turns that have nothing left take no part. False: none has.
 */
static bool mix_next(struct asking *q, struct mixing *m)
{
	int best = -1, total = 0;

	for (unsigned i = 0; i < q->turn_n; i++) {
		const struct turn *t = &q->a->turns[i];

		skip_listed(q, m, i);
		if (!t->share || m->next[i] == t->end)
			continue;
		m->credit[i] += (int)t->share;
		total += (int)t->share;
		if (best < 0 || m->credit[i] > m->credit[best])
			best = (int)i;
	}
	if (best < 0)
		return false;
	m->credit[best] -= total;
	list_next(q, m, (unsigned)best);
	return true;
}

/* Those without a share come after. */
static void mix(struct asking *q)
{
	struct mixing m = { 0 };

	q->list_n = 0;
	idmap_clear(&q->a->listed);
	for (unsigned i = 0; i < q->turn_n; i++)
		m.next[i] = q->a->turns[i].first;
	while (mix_next(q, &m))
		;
	for (unsigned i = 0; i < q->turn_n; i++)
		while (skip_listed(q, &m, i), m.next[i] < q->a->turns[i].end)
			list_next(q, &m, i);
}

/* ---- quotas and pins ---- */

/* On this page: ranks go on from page to page. */
static unsigned place_of_pin(const struct asking *q, unsigned i)
{
	unsigned rank = q->a->pinned[i].pinned_at, before = q->rq->rank_before;

	return rank > before ? rank - before - 1 : 0;
}

/* Pins count first, they are never dropped. Returns how many stand on the page or behind it. */
static unsigned keep_within_quotas(struct asking *q, unsigned pin_places)
{
	unsigned n = 0, pins = 0;

	rules_count_begin(q);
	for (unsigned i = 0; i < q->pin_n; i++)
		if (place_of_pin(q, i) < pin_places) {
			rules_count(q, &q->a->pinned[i]);
			pins++;
		}
	for (unsigned i = 0; i < q->list_n; i++)
		if (rules_count(q, q->a->list[i]))
			q->a->list[n++] = q->a->list[i];
	q->list_n = n;
	return n + pins;
}

/* Pins of later pages stand on this one only when there is too little for it. */
static void apply_quotas(struct asking *q)
{
	if (q->a->rules.quota_n && keep_within_quotas(q, q->count) < q->count)
		keep_within_quotas(q, UINT_MAX);
}

/* In the order of their places, so that one does not push another. */
static void place_pins(struct asking *q)
{
	struct candidate **list = q->a->list;

	for (unsigned placed = 0, place = 0; placed < q->pin_n; place++)
		for (unsigned i = 0; i < q->pin_n; i++) {
			unsigned at = place < q->list_n ? place : q->list_n;

			if (place_of_pin(q, i) != place)
				continue;
			while (at < q->list_n && list[at]->pinned_by)
				at++;
			memmove(list + at + 1, list + at, (q->list_n - at) * sizeof(*list));
			list[at] = &q->a->pinned[i];
			q->list_n++;
			placed++;
		}
}

int list_arrange(struct asking *q)
{
	int rc;

	mix(q);
	rc = list_diversify(q);
	if (rc)
		return rc;
	apply_quotas(q);
	place_pins(q);
	return list_sort(q);
}

/* What is said of a pinned item; it never fills a shelf. */
const struct strategy pinned_strategy = { .slug = "pinned", .phrase = PHRASE_PINNED };
