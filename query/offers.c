#include "query/offers.h"
#include "query/control_internal.h"
#include "views/redemptions.h"

#include <stdlib.h>

static int by_id(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* ---- making ---- */

static uint64_t bits_of(const struct control_texts *names, const struct segment_set *segments)
{
	uint64_t ret = 0;

	for (uint32_t i = 0; i < names->n; i++) {
		int place = segment_find(segments, names->v[i]);

		ret |= place < 0 ? 0 : UINT64_C(1) << place;
	}
	return ret;
}

static struct str *sorted(const struct control_texts *ids)
{
	struct str *ret;

	if (!ids->n)
		return NULL;
	ret = xmalloc(ids->n * sizeof(*ret));
	memcpy(ret, ids->v, ids->n * sizeof(*ret));
	qsort(ret, ids->n, sizeof(*ret), by_id);
	return ret;
}

static void add_all(struct offer_set *set, const struct control_docs *docs, const struct segment_set *segments)
{
	for (unsigned i = 0; i < docs->n && set->n < OFFERS_MAX; i++) {
		const struct control_doc *d = docs->v[i];

		if (!control_doc_counts(d))
			continue;
		set->v[set->n++] = (struct offer){ .doc = d,
						   .id = d->id,
						   .is = d->is,
						   .segments = bits_of(&d->is->offer.segments, segments),
						   .item_ids = sorted(&d->is->offer.item_ids) };
		set->promotion_n += d->kind == CONTROL_PROMOTION;
	}
}

struct offer_set *offers_make(const struct control_docs *offers, const struct control_docs *promotions,
			      const struct segment_set *segments)
{
	struct offer_set *set = xcalloc(1, sizeof(*set));

	add_all(set, offers, segments);
	add_all(set, promotions, segments);
	return set;
}

void offers_free(struct offer_set *set)
{
	for (unsigned i = 0; set && i < set->n; i++)
		free(set->v[i].item_ids);
	free(set);
}

/* ---- asking ---- */

bool offer_is_for(const struct offer *o, int64_t now_ms, uint64_t in)
{
	const struct control_offer *is = &o->is->offer;

	if (is->from_ms != CONTROL_TIME_NONE && now_ms < is->from_ms)
		return false;
	if (is->to_ms != CONTROL_TIME_NONE && now_ms >= is->to_ms)
		return false;
	return !is->segments.n || (o->segments & in);
}

/* By its id and by its code, unless they are the same text. */
static int orders_of(struct snap *sn, const struct offer *o, int64_t *ret)
{
	struct str id = str_of(o->id), code = o->is->offer.code;
	struct redemptions by_name = { 0 }, by_code = { 0 };
	int rc = redemptions_get(sn, id, &by_name);

	if (!rc && !str_eq(id, code))
		rc = redemptions_get(sn, code, &by_code);
	*ret = by_name.orders + by_code.orders;
	return rc;
}

static int orders_of_person(struct snap *sn, const struct offer *o, const uint32_t *actors, unsigned n, int64_t *ret)
{
	struct str id = str_of(o->id), code = o->is->offer.code;
	int64_t by_name = 0, by_code = 0;
	int rc = redemptions_of(sn, id, actors, n, &by_name);

	if (!rc && !str_eq(id, code))
		rc = redemptions_of(sn, code, actors, n, &by_code);
	*ret = by_name + by_code;
	return rc;
}

int offer_is_left(const struct offer *o, struct snap *sn, const uint32_t *actors, unsigned n, int64_t *ret_left)
{
	const struct control_offer *is = &o->is->offer;
	int64_t orders = 0;
	int rc;

	*ret_left = -1;
	if (is->budget) {
		rc = orders_of(sn, o, &orders);
		if (rc)
			return rc;
		*ret_left = is->budget > orders ? is->budget - orders : 0;
	}
	if (!is->once_per_person)
		return *ret_left != 0;
	rc = orders_of_person(sn, o, actors, n, &orders);
	return rc ? rc : *ret_left != 0 && orders == 0;
}

bool offer_covers(const struct offer *o, const struct filter_item *item)
{
	const struct control_texts *ids = &o->is->offer.item_ids;

	if (ids->n && !bsearch(&item->item_id, o->item_ids, ids->n, sizeof(*o->item_ids), by_id))
		return false;
	return !o->doc->has_filter || filter_matches(o->doc->pool, o->doc->filter, item);
}
