/* From the shelf to the page: all that is said about an item that stands on it. */
#include "query/strategy.h"
#include "views/catalog.h"
#include "views/ids.h"
#include "views/view.h"

/*
 * Counts of the ranker's last refresh: since then it can only have become more, but for returns. Nothing is said of a day or
 * an hour that the log has not reached.
 */
static struct urgency urgency_of(const struct asking *q, const struct recommended *r)
{
	struct urgency u = { .units_left = r->low_stock ? r->stock.quantity : 0 };
	int64_t seen_ms;
	struct rank_now now;

	if (!q->rankings || rankings_generation(q->rankings) != snap_generation(q->sn))
		return u;
	seen_ms = rankings_watermark_ms(q->rankings);
	if (seen_ms == TIME_NONE)
		return u;
	now = rankings_now(q->rankings, r->item);
	if (time_bucket(seen_ms, MS_PER_DAY) == time_bucket(q->now_ms, MS_PER_DAY) && now.units > 0)
		u.sold_today = now.units;
	if (time_bucket(seen_ms, MS_PER_HOUR) == time_bucket(q->now_ms, MS_PER_HOUR) && now.views >= URGENCY_VIEWS_MIN)
		u.views_this_hour = now.views;
	return u;
}

static int describe(struct asking *q, const struct candidate *c, struct recommended *r)
{
	struct arena *arena = &q->a->arena;
	const struct offer *promotion;
	struct str packed;
	int rc;

	r->item = c->item;
	r->item_id = arena_str(arena, snap_item_name(q->sn, c->item));
	if (!r->item_id.n)
		return ERR_STORE_CORRUPT;
	r->score = c->score;
	r->strategy = c->strategy->slug;
	r->why = c->why;
	rc = catalog_get_packed(q->sn, c->item, &packed);
	if (rc < 0)
		return rc;
	r->has_record = rc == CATALOG_LIVE;
	r->packed = (struct str){ NULL, 0 };
	if (r->has_record && (q->rq->property_count || q->promotion_n))
		r->packed = arena_str(arena, packed);
	rc = stock_get(q->sn, c->item, &r->stock);
	if (rc)
		return rc;
	r->low_stock = r->stock.known && r->stock.quantity <= q->a->low_stock;
	promotion = promotion_of(q, r);
	r->promoted = c->pinned_by || promotion;
	r->promotion = promotion ? str_of(promotion->id) : (struct str){ NULL, 0 };
	r->urgency = urgency_of(q, r);
	r->effect_n = 0;
	if (q->rq->explain || q->rq->trace) {
		rc = rules_explain(q, c, r);
		if (rc)
			return rc;
	}
	if (c->strategy->reason)
		c->strategy->reason(q, &r->why, r->reason);
	else
		phrase_say(q, c->strategy->phrase, &r->why, r->reason);
	return 0;
}

int page_fill(struct asking *q)
{
	struct answer *ret = q->ret;
	int rc = promotions_find(q);

	for (unsigned i = 0; i < q->list_n && i < q->count && !rc; i++) {
		const struct candidate *c = q->a->list[i];
		struct recommended *r = &ret->items[i];

		rc = describe(q, c, r);
		if (rc)
			return rc;
		r->rank = q->rq->rank_before + i + 1;
		ret->item_count = i + 1;
		if (!c->pinned_by && q->a->turns[c->turn].is_fallback)
			ret->fallback = true;
	}
	return rc;
}
