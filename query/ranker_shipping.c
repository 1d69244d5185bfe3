/* Stock that can be sent, fastest first: one list of all locations, each with the set of regions it ships to, a zone. */
#include "query/ranker_internal.h"
#include "views/ids.h"

#include <stdlib.h>
#include <xxhash.h>

struct gathering {
	struct shipping *s;
	struct idmap zones; /* hash of the regions, or one of the next -> zone */
	size_t room;
	const struct counts *counts;
	const struct similar *similar;
	struct snap *sn;
};

/* The zone of these regions; SHIP_ZONES_MAX when there are too many. */
static uint32_t zone_of(struct gathering *g, struct str regions)
{
	struct shipping *s = g->s;

	for (uint32_t key = (uint32_t)XXH3_64bits(regions.p, regions.n);; key++) {
		const uint32_t *zone = idmap_get(&g->zones, key);

		if (zone && str_eq(s->zones[*zone], regions))
			return *zone;
		if (zone)
			continue; /* another one of the same hash */
		if (s->zone_n == SHIP_ZONES_MAX)
			return SHIP_ZONES_MAX;
		s->zones[s->zone_n] = (struct str){ xstrndup(regions.n ? regions.p : "", regions.n), regions.n };
		return *idmap_put(&g->zones, key, s->zone_n++);
	}
}

static int gather(void *arg, const struct stock_row *row)
{
	struct gathering *g = arg;
	struct shipping *s = g->s;
	uint32_t zone;

	if (row->quantity <= 0 || row->lead_time_hours < 0)
		return 0;
	zone = zone_of(g, row->ships_to);
	if (zone == SHIP_ZONES_MAX)
		return 0;
	ARRAY_GROW(s->v, s->n, g->room, 1024);
	s->v[s->n++] = (struct ship_row){ row->item, (uint32_t)row->lead_time_hours, zone };
	return 0;
}

/* Without today's, which change with every event. */
static int64_t units_of(const struct counts *c, uint32_t item)
{
	return item < c->items ? c->closed[item].units : 0;
}

static int fastest_first(const void *pa, const void *pb, void *arg)
{
	const struct gathering *g = arg;
	const struct ship_row *a = pa, *b = pb;
	int64_t a_units, b_units;

	if (a->hours != b->hours)
		return a->hours < b->hours ? -1 : 1;
	a_units = units_of(g->counts, a->item);
	b_units = units_of(g->counts, b->item);
	if (a_units != b_units)
		return a_units > b_units ? -1 : 1;
	return similar_name_order(g->similar, g->sn, a->item, b->item);
}

int shipping_read(struct snap *sn, const struct counts *counts, const struct similar *similar, struct shipping **ret)
{
	struct gathering g = { .s = xcalloc(1, sizeof(*g.s)), .counts = counts, .similar = similar, .sn = sn };
	int rc;

	atomic_init(&g.s->refs, 1);
	rc = stock_each(sn, ID_NONE, gather, &g);
	idmap_fini(&g.zones);
	if (rc) {
		shipping_unref(g.s);
		return rc;
	}
	if (g.s->n)
		qsort_r(g.s->v, g.s->n, sizeof(*g.s->v), fastest_first, &g);
	*ret = g.s;
	return 0;
}

struct shipping *shipping_ref(struct shipping *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void shipping_unref(struct shipping *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	for (uint32_t i = 0; i < s->zone_n; i++)
		free((char *)(uintptr_t)s->zones[i].p);
	free(s->v);
	free(s);
}

/* ---- asking ---- */

void rankings_ship_begin(const struct rankings *ra, const struct str *places, unsigned place_n, struct str category,
			 struct ship_walk *ret)
{
	const struct shipping *s = ra->parts.shipping;

	*ret = (struct ship_walk){ .ra = ra };
	for (uint32_t zone = 0; zone < s->zone_n; zone++)
		for (unsigned i = 0; i < place_n; i++)
			ret->reaches[zone] |=
				stock_ships_to(&(struct stock_row){ .ships_to = s->zones[zone] }, places[i]);
	ret->any_category = category.n == 0;
	ret->list = category.n ? categories_find(ra->parts.categories, category) : 0;
}

bool rankings_ship_next(struct ship_walk *w, struct ship_row *ret)
{
	const struct rank_parts *p = &w->ra->parts;

	while (w->at < p->shipping->n) {
		const struct ship_row *row = &p->shipping->v[w->at++];

		if (w->reaches[row->zone] && (w->any_category || categories_have(p->categories, row->item, w->list))) {
			*ret = *row;
			return true;
		}
	}
	return false;
}
