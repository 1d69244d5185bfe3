#include "query/votes.h"
#include "views/ids.h"

#include <stdlib.h>

void votes_fini(struct votes *votes)
{
	free(votes->v);
	idmap_fini(&votes->places);
	*votes = (struct votes){ 0 };
}

void votes_clear(struct votes *votes)
{
	votes->n = 0;
	idmap_clear(&votes->places);
}

void votes_add(struct votes *votes, uint32_t item, double weight, uint32_t seed, uint32_t count)
{
	uint32_t place = *idmap_put(&votes->places, item, (uint32_t)votes->n);
	struct vote *v;

	if (place == votes->n) {
		ARRAY_GROW(votes->v, votes->n, votes->room, 1024);
		votes->v[votes->n++] = (struct vote){ .item = item };
	}
	v = &votes->v[place];
	v->voters++;
	v->score += weight;
	if (weight > v->strongest) {
		v->strongest = weight;
		v->seed = seed;
		v->count = count;
	}
}

double votes_for(const struct votes *votes, uint32_t item)
{
	const uint32_t *place = idmap_get(&votes->places, item);

	return place ? votes->v[*place].score : 0;
}

/* ---- a heap, the best on top; names are looked up for ties alone ---- */

static bool is_better(struct snap *sn, const struct vote *a, const struct vote *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	return str_cmp(snap_item_name(sn, a->item), snap_item_name(sn, b->item)) < 0;
}

static void sift_down(struct votes *votes, struct snap *sn, size_t i)
{
	struct vote moved = votes->v[i], *v = votes->v;

	for (size_t child; (child = 2 * i + 1) < votes->n; i = child) {
		if (child + 1 < votes->n && is_better(sn, &v[child + 1], &v[child]))
			child++;
		if (!is_better(sn, &v[child], &moved))
			break;
		v[i] = v[child];
	}
	v[i] = moved;
}

void votes_order(struct votes *votes, struct snap *sn)
{
	for (size_t i = votes->n / 2; i-- > 0;)
		sift_down(votes, sn, i);
}

bool votes_next(struct votes *votes, struct snap *sn, struct vote *ret)
{
	if (votes->n == 0)
		return false;
	*ret = votes->v[0];
	votes->v[0] = votes->v[--votes->n];
	if (votes->n)
		sift_down(votes, sn, 0);
	return true;
}

unsigned votes_best(const struct votes *votes, unsigned most, votes_tie is_before, void *arg, const struct vote **ret)
{
	unsigned n = 0;

	for (size_t i = 0; i < votes->n && most > 0; i++) {
		const struct vote *v = &votes->v[i];
		unsigned at = n;

		while (at > 0 && (v->score > ret[at - 1]->score ||
				  (v->score == ret[at - 1]->score && is_before(arg, v, ret[at - 1]))))
			at--;
		if (at == most)
			continue;
		n += n < most;
		memmove(&ret[at + 1], &ret[at], (n - at - 1) * sizeof(*ret));
		ret[at] = v;
	}
	return n;
}
