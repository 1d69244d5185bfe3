#include "query/similar_internal.h"
#include "views/ids.h"

#include <stdlib.h>

void similar_search_fini(struct similar_search *s)
{
	idmap_fini(&s->places);
	free(s->v);
	*s = (struct similar_search){ 0 };
}

static double likeness(double shared, double a, double b)
{
	double either = a + b - shared;

	return either > 0 ? shared / either : 0;
}

/* The weight of the terms both have, from term number `first` on. */
static double shared_from(const struct similar *ix, uint32_t item, uint32_t other, uint32_t first)
{
	const uint32_t *a = ix->item_terms + ix->item_starts[item + 1], *a_end = ix->item_terms + ix->item_starts[item];
	const uint32_t *b = ix->item_terms + ix->item_starts[other + 1];
	const uint32_t *b_end = ix->item_terms + ix->item_starts[other];
	double sum = 0;

	while (a > a_end && b > b_end && a[-1] >= first && b[-1] >= first) {
		if (a[-1] == b[-1]) {
			sum += ix->weights[a[-1]];
			a--;
			b--;
		} else if (a[-1] > b[-1]) {
			a--;
		} else {
			b--;
		}
	}
	return sum;
}

static void reach(struct similar_search *s)
{
	ARRAY_GROW(s->v, s->n, s->room, 1024);
}

static void meet(struct similar_search *s, uint32_t item, double weight)
{
	uint32_t place = *idmap_put(&s->places, item, (uint32_t)s->n);

	if (place == s->n) {
		reach(s);
		s->v[s->n++] = (struct similar_candidate){ .found = { .item = item } };
	}
	s->v[place].shared += weight;
}

/* Walk its rarest terms' items, then add what the other terms say of those that were met. */
static void search_one(const struct similar *ix, uint32_t asked, size_t postings_max, struct similar_search *s)
{
	uint32_t i = ix->item_starts[asked], end = ix->item_starts[asked + 1], rest = ix->terms;
	size_t left = postings_max;

	for (; i < end; i++) {
		uint32_t t = ix->item_terms[i], first = ix->term_starts[t], n = ix->term_starts[t + 1] - first;

		if (n > left && left < postings_max)
			break;
		n = n > left ? (uint32_t)left : n;
		left -= n;
		for (uint32_t k = 0; k < n; k++)
			meet(s, ix->term_items[first + k], ix->weights[t]);
	}
	if (i < end)
		rest = ix->item_terms[i];
	for (size_t k = 0; k < s->n; k++) {
		struct similar_candidate *c = &s->v[k];
		double score;

		if (c->shared > 0) {
			c->shared += shared_from(ix, asked, c->found.item, rest);
			score = likeness(c->shared, ix->item_weights[asked], ix->item_weights[c->found.item]);
			c->found.score += score;
			if (score > c->found.seed_score) {
				c->found.seed = asked;
				c->found.seed_score = score;
			}
		}
		c->shared = 0;
	}
}

/* ---- a heap, the best on top ---- */

static bool is_better(const struct similar *ix, const struct similar_found *a, const struct similar_found *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	return ix->ranks[a->item] < ix->ranks[b->item];
}

static void sift_down(const struct similar *ix, struct similar_search *s, size_t i)
{
	struct similar_candidate moved = s->v[i];

	for (size_t child; (child = 2 * i + 1) < s->n; i = child) {
		if (child + 1 < s->n && is_better(ix, &s->v[child + 1].found, &s->v[child].found))
			child++;
		if (!is_better(ix, &s->v[child].found, &moved.found))
			break;
		s->v[i] = s->v[child];
	}
	s->v[i] = moved;
}

void similar_search(const struct similar *ix, const uint32_t *asked, unsigned asked_n, struct similar_search *s)
{
	size_t kept = 0;

	s->n = 0;
	idmap_clear(&s->places);
	for (unsigned i = 0; i < asked_n; i++)
		if (asked[i] < ix->items)
			search_one(ix, asked[i], SIMILAR_POSTINGS_MAX / asked_n, s);
	for (size_t i = 0; i < s->n; i++) {
		bool is_asked = false;

		for (unsigned k = 0; k < asked_n; k++)
			is_asked |= s->v[i].found.item == asked[k];
		if (!is_asked && s->v[i].found.score >= SIMILAR_SCORE_MIN)
			s->v[kept++] = s->v[i];
	}
	s->n = kept;
	for (size_t i = kept / 2; i-- > 0;)
		sift_down(ix, s, i);
}

bool similar_next(const struct similar *ix, struct similar_search *s, struct similar_found *ret)
{
	if (s->n == 0)
		return false;
	*ret = s->v[0].found;
	s->v[0] = s->v[--s->n];
	if (s->n)
		sift_down(ix, s, 0);
	return true;
}

/* ---- what two items have in common ---- */

void similar_facts(const struct similar *ix, uint32_t item, uint32_t other, struct similar_facts *ret)
{
	uint32_t a = ix->item_starts[item], b = ix->item_starts[other];

	*ret = (struct similar_facts){ .item_weight = ix->item_weights[item], .other_weight = ix->item_weights[other] };
	while (a < ix->item_starts[item + 1] && b < ix->item_starts[other + 1]) {
		uint32_t x = ix->item_terms[a], y = ix->item_terms[b];

		if (x == y) {
			ret->shared[ix->kinds[x]]++;
			ret->shared_weight += ix->weights[x];
		}
		a += x <= y;
		b += y <= x;
	}
}

double similar_score(const struct similar *ix, uint32_t item, uint32_t other)
{
	if (item >= ix->items || other >= ix->items)
		return 0;
	return likeness(shared_from(ix, item, other, 0), ix->item_weights[item], ix->item_weights[other]);
}

int similar_name_order(const struct similar *ix, struct snap *sn, uint32_t item, uint32_t other)
{
	uint32_t a, b;

	if (item >= ix->items || other >= ix->items)
		return str_cmp(snap_item_name(sn, item), snap_item_name(sn, other));
	a = ix->ranks[item];
	b = ix->ranks[other];
	return (a > b) - (a < b);
}

bool similar_same_group(const struct similar *ix, uint32_t item, uint32_t other)
{
	return item < ix->items && other < ix->items && ix->groups[item] && ix->groups[item] == ix->groups[other];
}
