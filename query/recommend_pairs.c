/*
 * Neighbours of the asked items by Jaccard, exactly, without looking at all of them.
 *
 * With c, a and b the counts of the pair, the asked item and the other, a score is c / max(c, a + b - c). b costs a
 * look-up, c and a are at hand, and b >= 0: c / max(c, a - c) is never below the score. Candidates are taken by that
 * bound, largest first; once it is below the worst item kept, no later candidate can enter. What is remembered of b makes a
 * closer bound, with which some are passed without a look-up. For one asked item the
 * order by count, in which the view gives its neighbours, is the order by bound; for several a heap makes it. Sums are
 * added in the same order as their bounds, and IEEE division and addition are monotone, so that the bound holds for
 * the rounded numbers too.
 */
#include "query/strategy.h"
#include "views/ids.h"

#include <assert.h>
#include <stdlib.h>

#define NO_ENTRY UINT32_MAX

void pairing_fini(struct pairing *p)
{
	neighbours_free(p->kept);
	free(p->entries);
	free(p->heap);
	idmap_fini(&p->places);
}

static int64_t marginal_of(const struct item_totals *t, enum marginal which)
{
	switch (which) {
	case MARGINAL_VIEW_SESSIONS:
		return t->view_sessions;
	case MARGINAL_ORDERS:
		return t->orders;
	case MARGINAL_BUYERS:
		return t->buyers;
	}
	return 0;
}

static double jaccard(int64_t together, int64_t item_total, int64_t other_total)
{
	int64_t either = item_total + other_total - together;

	return (double)together / (double)(either > together ? either : together);
}

/* ---- gathering ---- */

static struct pair_candidate *candidate_of(struct pairing *p, uint32_t item)
{
	uint32_t place = *idmap_put(&p->places, item, (uint32_t)p->heap_n);

	if (place == p->heap_n) {
		ARRAY_GROW(p->heap, p->heap_n, p->heap_room, 1024);
		p->heap[p->heap_n++] = (struct pair_candidate){ 0, item, NO_ENTRY, NO_ENTRY };
	}
	return &p->heap[place];
}

static void reach_entry(struct pairing *p, size_t i)
{
	if (i >= p->entry_room) {
		p->entry_room = p->entry_room ? p->entry_room * 2 : 1024;
		p->entries = xrealloc(p->entries, p->entry_room * sizeof(*p->entries));
	}
}

static void gather(struct pairing *p, struct snap_count n, uint32_t seed, int64_t seed_total)
{
	struct pair_candidate *c = candidate_of(p, n.member);

	reach_entry(p, p->entry_n);
	p->entries[p->entry_n] = (struct pair_entry){ .count = n.count, .seed = seed, .next = NO_ENTRY };
	if (c->last == NO_ENTRY)
		c->first = (uint32_t)p->entry_n;
	else
		p->entries[c->last].next = (uint32_t)p->entry_n;
	c->last = (uint32_t)p->entry_n++;
	c->bound += jaccard(n.count, seed_total, 0);
}

static int find_seeds(struct asking *q, const uint32_t *items, unsigned n, enum marginal of_item, struct seed *ret)
{
	for (unsigned i = 0; i < n; i++) {
		struct item_totals totals;
		int rc = item_totals_get(q->sn, items[i], &totals);

		if (rc)
			return rc;
		ret[i] = (struct seed){ items[i], marginal_of(&totals, of_item) };
	}
	return 0;
}

int pairs_list(struct asking *q, enum pair_view view, uint32_t item, bool all)
{
	struct pairing *p = &q->a->pairing;
	uint32_t count_min = (uint32_t)q->a->min_support;
	int rc = neighbours_get(p->kept, q->sn, view, item, count_min, &p->list);

	if (!rc && all && !p->list.whole)
		rc = neighbours_all(p->kept, q->sn, view, item, count_min, &p->list);
	if (!rc && p->list.watermark_ms < q->ret->as_of_ms)
		q->ret->as_of_ms = p->list.watermark_ms;
	return rc;
}

static int gather_all(struct asking *q, enum pair_view view, const struct seed *seeds, unsigned seed_n)
{
	struct pairing *p = &q->a->pairing;

	p->heap_n = p->entry_n = 0;
	idmap_clear(&p->places);
	for (unsigned k = 0; k < seed_n; k++) {
		int rc = pairs_list(q, view, seeds[k].item, true);

		if (rc)
			return rc;
		for (size_t i = 0; i < p->list.n; i++)
			gather(p, p->list.v[i], k, seeds[k].total);
	}
	return 0;
}

/* ---- a heap by bound, largest on top ---- */

static void sift_down(struct pairing *p, size_t i)
{
	struct pair_candidate moved = p->heap[i];

	for (size_t child; (child = 2 * i + 1) < p->heap_n; i = child) {
		if (child + 1 < p->heap_n && p->heap[child + 1].bound > p->heap[child].bound)
			child++;
		if (p->heap[child].bound <= moved.bound)
			break;
		p->heap[i] = p->heap[child];
	}
	p->heap[i] = moved;
}

static void heapify(struct pairing *p)
{
	for (size_t i = p->heap_n / 2; i-- > 0;)
		sift_down(p, i);
}

static bool pop(struct pairing *p, struct pair_candidate *ret)
{
	if (p->heap_n == 0)
		return false;
	*ret = p->heap[0];
	p->heap[0] = p->heap[--p->heap_n];
	if (p->heap_n)
		sift_down(p, 0);
	return true;
}

/* The i-th neighbour of the only asked item. */
static bool take(struct pairing *p, const struct snap *sn, size_t i, int64_t seed_total, struct pair_candidate *ret)
{
	if (i == p->list.n)
		return false;
	if (i + SHELF_AHEAD < p->list.n)
		snap_expect_item(sn, p->list.v[i + SHELF_AHEAD].member);
	p->entries[0] = (struct pair_entry){ .count = p->list.v[i].count, .next = NO_ENTRY };
	*ret = (struct pair_candidate){ jaccard(p->entries[0].count, seed_total, 0), p->list.v[i].member, 0, 0 };
	return true;
}

/* ---- exact scores ---- */

static void score_by(const struct pair_entry *entries, const struct pair_candidate *c, const struct seed *seeds,
		     int64_t other_total, struct pair_best *ret)
{
	*ret = (struct pair_best){ .item = c->item };
	ret->why = (struct explanation){ .kind = EXPLAIN_PAIR, .measure = "jaccard" };
	ret->why.other_total = other_total;
	for (uint32_t i = c->first; i != NO_ENTRY; i = entries[i].next) {
		const struct pair_entry *e = &entries[i];
		double term = jaccard(e->count, seeds[e->seed].total, ret->why.other_total);

		ret->score += term;
		if (term > ret->why.pair_score) {
			ret->seed = e->seed;
			ret->why.pair_score = term;
			ret->why.together = e->count;
			ret->why.item_total = seeds[e->seed].total;
		}
	}
}

/* 0: below `least`, which is often seen from what is remembered of the other's total. */
static int score(struct asking *q, const struct pair_candidate *c, const struct seed *seeds, enum marginal of_other,
		 double least, struct pair_best *ret)
{
	const struct pair_entry *entries = q->a->pairing.entries;
	struct item_totals totals = item_totals_at_least(q->sn, c->item);
	int rc;

	score_by(entries, c, seeds, marginal_of(&totals, of_other), ret);
	if (ret->score < least)
		return 0;
	rc = item_totals_get(q->sn, c->item, &totals);
	if (rc)
		return rc;
	score_by(entries, c, seeds, marginal_of(&totals, of_other), ret);
	return ret->score >= least;
}

static bool is_better(const struct pair_best *a, const struct pair_best *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	return str_cmp(a->item_id, b->item_id) < 0;
}

static void keep_best(struct pairing *p, const struct pair_best *b, unsigned room)
{
	unsigned i;

	if (p->best_n == room) {
		if (!is_better(b, &p->best[room - 1]))
			return;
		p->best_n--;
	}
	for (i = p->best_n++; i > 0 && is_better(b, &p->best[i - 1]); i--)
		p->best[i] = p->best[i - 1];
	p->best[i] = *b;
}

/* 1: the list of the only asked item ended before it was sure that no later one is better. */
static int choose(struct asking *q, const struct seed *seeds, unsigned seed_n, enum marginal of_other)
{
	struct pairing *p = &q->a->pairing;
	unsigned room = shelf_room(q);
	struct pair_candidate c;
	struct pair_best b;
	size_t i = 0;

	while (seed_n == 1 ? take(p, q->sn, i++, seeds[0].total, &c) : pop(p, &c)) {
		double least = p->best_n == room ? p->best[room - 1].score : 0;
		int rc;

		if (c.bound < least)
			return 0;
		if (shelf_hides(q, c.item))
			continue;
		rc = score(q, &c, seeds, of_other, least, &b);
		if (rc > 0)
			rc = shelf_allows(q, c.item);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		b.item_id = snap_item_name(q->sn, c.item);
		keep_best(p, &b, room);
	}
	return seed_n == 1 && !p->list.whole;
}

/* Of the only asked item: from the list that is kept, or when that is too short from all of them. */
static int choose_of_one(struct asking *q, const struct seed *seed, struct pair_measure measure)
{
	int rc = 1;

	for (int all = 0; all < 2 && rc == 1; all++) {
		q->a->pairing.best_n = 0;
		rc = pairs_list(q, measure.view, seed->item, all);
		if (!rc)
			rc = choose(q, seed, 1, measure.of_other);
	}
	return rc;
}

int pairs_fill_with(struct asking *q, const uint32_t *items, unsigned n, struct pair_measure measure)
{
	struct pairing *p = &q->a->pairing;
	struct seed seeds[RECOMMEND_ITEMS_MAX];
	int rc;

	assert(n <= RECOMMEND_ITEMS_MAX);
	if (n == 0)
		return 0;
	rc = find_seeds(q, items, n, measure.of_item, seeds);
	if (rc)
		return rc;
	p->best_n = 0;
	reach_entry(p, 0);
	if (n == 1) {
		rc = choose_of_one(q, &seeds[0], measure);
	} else {
		rc = gather_all(q, measure.view, seeds, n);
		heapify(p);
		if (!rc)
			rc = choose(q, seeds, n, measure.of_other);
	}
	for (unsigned i = 0; i < p->best_n && !rc; i++) {
		struct explanation why = p->best[i].why;

		why.with = snap_item_name(q->sn, items[p->best[i].seed]);
		rc = shelf_put(q, p->best[i].item, p->best[i].score, &why);
	}
	return rc;
}

int pairs_fill(struct asking *q, enum pair_view view, enum marginal of_item, enum marginal of_other)
{
	return pairs_fill_with(q, q->asked, q->asked_n, (struct pair_measure){ view, of_item, of_other });
}
