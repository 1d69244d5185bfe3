#include "query/figures_groups.h"

#include <stdlib.h>
#include <xxhash.h>

#define SLOTS_AT_FIRST 256

void groups_cut(struct groups *g, uint32_t n)
{
	while (g->n > n)
		free((char *)g->v[--g->n].key.p);
}

void groups_fini(struct groups *g)
{
	groups_cut(g, 0);
	free(g->v);
	free(g->slots);
	*g = (struct groups){ 0 };
}

/* Where the key is, or would be. */
static uint32_t *slot_of(struct groups *g, struct str key, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & (g->slot_n - 1);

	for (; g->slots[at]; at = (at + 1) & (g->slot_n - 1)) {
		const struct group *one = &g->v[g->slots[at] - 1];

		if (one->hash == hash && str_eq(one->key, key))
			break;
	}
	return &g->slots[at];
}

static void grow(struct groups *g)
{
	g->slot_n = g->slot_n ? g->slot_n * 2 : SLOTS_AT_FIRST;
	g->room = g->slot_n / 2;
	g->v = xrealloc(g->v, g->room * sizeof(*g->v));
	free(g->slots);
	g->slots = xcalloc(g->slot_n, sizeof(*g->slots));
	for (uint32_t i = 0; i < g->n; i++)
		*slot_of(g, g->v[i].key, g->v[i].hash) = i + 1;
}

struct group *groups_get(struct groups *g, struct str key)
{
	uint64_t hash = XXH3_64bits(key.p, key.n);
	uint32_t *slot;

	if (g->n == g->room)
		grow(g);
	slot = slot_of(g, key, hash);
	if (!*slot) {
		g->v[g->n++] = (struct group){ .key = { xstrndup(key.p, key.n), key.n }, .hash = hash };
		*slot = g->n;
	}
	return &g->v[*slot - 1];
}

static int compare(const void *pa, const void *pb)
{
	const struct group *a = pa, *b = pb;

	return str_cmp(a->key, b->key);
}

void groups_sort(struct groups *g)
{
	if (g->n)
		qsort(g->v, g->n, sizeof(*g->v), compare);
}

void engagement_sum(struct engagement *sum, const struct engagement *e)
{
	for (unsigned i = 0; i < CREDIT_KINDS; i++)
		sum->counts[i] += e->counts[i];
	sum->units += e->units;
	sum->revenue_micros = saturating_add(sum->revenue_micros, e->revenue_micros);
}
