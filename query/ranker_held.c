#include "query/ranker_internal.h"
#include "views/ids.h"
#include "views/stock.h"

#include <stdlib.h>
#include <xxhash.h>

enum { STOCK_UNKNOWN, STOCK_NONE, STOCK_SOME };

void held_fini(struct held *h)
{
	free(h->v);
	*h = (struct held){ 0 };
}

static uint64_t sign(const struct stock_row *row)
{
	const int64_t facts[] = { row->item, row->quantity > 0, row->lead_time_hours,
				  (int64_t)XXH3_64bits(row->location.p, row->location.n) };

	return XXH3_64bits_withSeed(row->ships_to.p, row->ships_to.n, XXH3_64bits(facts, sizeof(facts)));
}

static int note_stock(void *arg, const struct stock_row *row)
{
	struct held *h = arg;

	if (row->item >= h->n)
		return ERR_STORE_CORRUPT;
	h->stock_signature += sign(row);
	if (row->quantity > 0)
		h->v[row->item] = STOCK_SOME;
	else if (h->v[row->item] == STOCK_UNKNOWN)
		h->v[row->item] = STOCK_NONE;
	return 0;
}

int held_read(struct held *h, struct snap *sn, const struct categories *cats, bool catalog_required)
{
	uint32_t items;
	int rc = snap_items(sn, &items);

	if (rc)
		return rc;
	if (items > h->room) {
		h->room = items * 2;
		h->v = xrealloc(h->v, h->room);
	}
	if (items)
		memset(h->v, STOCK_UNKNOWN, items);
	h->n = items;
	h->stock_signature = 0;
	rc = stock_each(sn, ID_NONE, note_stock, h);
	if (rc)
		return rc;
	for (uint32_t item = 0; item < items; item++) {
		uint8_t state = item < cats->items ? cats->state[item] : ITEM_UNRECORDED;

		h->v[item] = h->v[item] == STOCK_NONE || state == ITEM_UNAVAILABLE ||
			     (state == ITEM_UNRECORDED && catalog_required);
	}
	return 0;
}
