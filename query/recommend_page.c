/* From the shelf to the page: all that is said about an item that stands on it. */
#include "query/strategy.h"
#include "views/catalog.h"
#include "views/ids.h"

static int describe(struct asking *q, const struct candidate *c, struct recommended *r)
{
	struct arena *arena = &q->a->arena;
	struct str packed;
	int rc;

	r->item = c->item;
	r->item_id = arena_str(arena, snap_item_name(q->sn, c->item));
	if (!r->item_id.n)
		return ERR_STORE_CORRUPT;
	r->score = c->score;
	r->strategy = c->strategy->slug;
	r->promoted = c->promoted;
	r->why = c->why;
	rc = catalog_get_packed(q->sn, c->item, &packed);
	if (rc < 0)
		return rc;
	r->has_record = rc == CATALOG_LIVE;
	r->packed = r->has_record ? arena_str(arena, packed) : (struct str){ NULL, 0 };
	rc = stock_get(q->sn, c->item, &r->stock);
	if (rc)
		return rc;
	r->low_stock = r->stock.known && r->stock.quantity <= q->a->low_stock;
	if (c->strategy->reason)
		c->strategy->reason(q, &r->why, r->reason);
	else
		phrase_say(q, c->strategy->phrase, &r->why, r->reason);
	return 0;
}

int page_fill(struct asking *q)
{
	struct answer *ret = q->ret;

	for (unsigned i = 0; i < q->list_n && i < q->count; i++) {
		const struct candidate *c = q->a->list[i];
		struct recommended *r = &ret->items[i];
		int rc = describe(q, c, r);

		if (rc)
			return rc;
		r->rank = q->rq->rank_before + i + 1;
		ret->item_count = i + 1;
		if (!c->promoted && q->a->turns[c->turn].is_fallback)
			ret->fallback = true;
	}
	return 0;
}
