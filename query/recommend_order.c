/* Scores and sort orders: what is multiplied, what is dropped, and by what a list is ordered. */
#include "query/strategy.h"

#include <math.h>
#include <stdlib.h>

/* ---- one turn ---- */

static int boost_turn(struct asking *q, const struct turn *t)
{
	struct conditions *c = &q->a->conditions;

	for (unsigned i = t->first; i < t->end; i++) {
		struct candidate *of = &q->a->shelf[i];
		struct filter_item item;
		int rc;

		of->score *= of->factor;
		if (!c->own_boost.n && !c->boost.n)
			continue;
		rc = shelf_look(q, of->item, &item);
		if (rc < 0)
			return rc;
		of->score *=
			boost_of(&c->space.pool, &c->own_boost, &item) * boost_of(&c->space.pool, &c->boost, &item);
	}
	return 0;
}

/* What it drops another strategy may bring: its scores are on another scale. */
static void drop_low(struct asking *q, struct turn *t)
{
	struct candidate *shelf = q->a->shelf;
	unsigned n = t->first;

	for (unsigned i = t->first; i < t->end; i++)
		if (shelf[i].score >= q->min_score)
			shelf[n++] = shelf[i];
		else
			*idmap_put(&q->a->hidden, shelf[i].item, 0) = TURN_NONE;
	for (unsigned i = 0; i < t->first && n < t->end; i++)
		*idmap_put(&q->a->hidden, shelf[i].item, 0) = shelf[i].turn + 1u;
	t->end = q->shelf_n = n;
}

/* Insertion keeps the order of equal scores. */
static void sort_turn(struct candidate *v, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		struct candidate c = v[i];
		unsigned k = i;

		for (; k > 0 && v[k - 1].score < c.score; k--)
			v[k] = v[k - 1];
		v[k] = c;
	}
}

int turn_settle(struct asking *q)
{
	struct turn *t = &q->a->turns[q->turn_n - 1];
	int rc = 0;

	for (unsigned i = t->first; i < t->end; i++)
		q->a->shelf[i].turn = (uint16_t)(q->turn_n - 1);
	if (q->a->rules.scores || q->a->conditions.own_boost.n || q->a->conditions.boost.n) {
		rc = boost_turn(q, t);
		sort_turn(q->a->shelf + t->first, t->end - t->first);
	}
	if (q->has_min_score)
		drop_low(q, t);
	return rc;
}

/* ---- the list ---- */

struct sorting {
	struct candidate *c;
	unsigned place;
	double key, second; /* ascending; what does not have it: infinity */
};

static double micros(int64_t v, double sign)
{
	return v == PRICE_ABSENT ? INFINITY : sign * (double)v;
}

static double record_key(const struct catalog_item *record, enum sort_order order)
{
	if (!record)
		return INFINITY;
	switch (order) {
	case SORT_RATING:
		return micros(record->rating_micros, -1);
	case SORT_PRICE:
		return micros(record->price_micros, 1);
	case SORT_PRICE_DOWN:
		return micros(record->price_micros, -1);
	case SORT_NEWEST:
		return record->available_from_ms == TIME_ABSENT ? INFINITY : -(double)record->available_from_ms;
	default:
		return INFINITY;
	}
}

static int key_of(struct asking *q, struct sorting *s)
{
	struct filter_item item;
	int rc;

	if (q->rq->sort == SORT_POPULARITY) {
		struct rank_totals totals = rankings_totals(q->rankings, s->c->item);

		s->key = -(double)totals.orders;
		s->second = -(double)totals.view_sessions;
		return 0;
	}
	rc = shelf_look(q, s->c->item, &item);
	if (rc < 0)
		return rc;
	s->key = record_key(item.record, q->rq->sort);
	if (q->rq->sort == SORT_RATING && s->key < INFINITY) /* a rating without a count is one rating */
		s->second = item.record->rating_count < 0 ? -1 : -(double)item.record->rating_count;
	return 0;
}

static int in_order(const void *pa, const void *pb)
{
	const struct sorting *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->second != b->second)
		return a->second < b->second ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

int list_sort(struct asking *q)
{
	struct candidate **list = q->a->list;
	struct sorting v[SHELF_MAX];
	unsigned n = 0;
	int rc = 0;

	if (q->rq->sort == SORT_RELEVANCE)
		return 0;
	if (q->rq->sort == SORT_POPULARITY) {
		q->ranked = true;
		rc = rankings_ready(q);
	}
	for (unsigned i = 0; i < q->list_n && !rc; i++) {
		if (list[i]->pinned_by)
			continue;
		v[n] = (struct sorting){ .c = list[i], .place = i };
		rc = key_of(q, &v[n++]);
	}
	if (rc)
		return rc;
	qsort(v, n, sizeof(*v), in_order);
	for (unsigned i = 0, k = 0; i < q->list_n; i++)
		if (!list[i]->pinned_by)
			list[i] = v[k++].c;
	return 0;
}
