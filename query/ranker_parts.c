#include "query/ranker_internal.h"
#include "views/catalog.h"

#include <xxhash.h>

void *rank_grown(void *v, uint32_t *room, uint32_t item, size_t size)
{
	uint32_t before = *room;

	for (*room = before ? before : 1024; item >= *room;)
		*room *= 2;
	v = xrealloc(v, *room * size);
	memset((char *)v + before * size, 0, (*room - before) * size);
	return v;
}

/* What is made of the catalogue, unless no record has changed since. */
static int read_catalog(struct rank_parts *p, struct snap *sn, int64_t now_ms, const struct calendar *calendar)
{
	struct categories *cats;
	struct similar *similar;
	uint64_t signature;
	int rc = catalog_signature(sn, &signature);
	bool same = p->similar && signature == p->catalog_signature && snap_generation(sn) == p->catalog_generation;

	if (rc || (same && now_ms < p->categories->until_ms))
		return rc;
	rc = categories_read(sn, now_ms, calendar, &cats);
	if (rc)
		return rc;
	if (same) {
		similar = similar_ref(p->similar);
	} else {
		rc = similar_read(sn, &similar);
		if (rc) {
			categories_unref(cats);
			return rc;
		}
	}
	categories_unref(p->categories);
	similar_unref(p->similar);
	p->categories = cats;
	p->similar = similar;
	p->catalog_signature = signature;
	p->catalog_generation = snap_generation(sn);
	return 0;
}

int rank_parts_read(struct rank_parts *p, struct snap *sn, int64_t now_ms, const struct calendar *calendar)
{
	struct totals *totals;
	int rc = read_catalog(p, sn, now_ms, calendar);

	if (!rc)
		rc = totals_read(sn, &totals);
	if (rc)
		return rc;
	totals_unref(p->totals);
	p->totals = totals;
	return 0;
}

int rank_parts_read_shipping(struct rank_parts *p, struct snap *sn, const struct counts *counts,
			     const struct held *held)
{
	const uint64_t of[] = { held->stock_signature, p->catalog_signature, snap_generation(sn),
				counts->units_signature };
	uint64_t key = XXH3_64bits(of, sizeof(of));
	struct shipping *shipping;
	int rc;

	if (p->shipping && key == p->shipping_key)
		return 0;
	rc = shipping_read(sn, counts, p->similar, &shipping);
	if (rc)
		return rc;
	shipping_unref(p->shipping);
	p->shipping = shipping;
	p->shipping_key = key;
	return 0;
}

struct rank_parts rank_parts_ref(const struct rank_parts *p)
{
	categories_ref(p->categories);
	totals_ref(p->totals);
	similar_ref(p->similar);
	shipping_ref(p->shipping);
	for (size_t i = 0; i < ARRAY_SIZE(p->slow); i++)
		list_set_ref(p->slow[i]);
	if (p->segments)
		segments_ref(p->segments);
	return *p;
}

void rank_parts_unref(struct rank_parts *p)
{
	categories_unref(p->categories);
	totals_unref(p->totals);
	similar_unref(p->similar);
	shipping_unref(p->shipping);
	for (size_t i = 0; i < ARRAY_SIZE(p->slow); i++)
		list_set_unref(p->slow[i]);
	segments_release(p->segments);
}
