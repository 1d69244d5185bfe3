/* The candidates while they are gathered: what may be shown. */
#include "query/strategy.h"
#include "views/catalog.h"
#include "views/ids.h"

#include <assert.h>
#include <xxhash.h>

uint32_t shown_key(struct str item_id)
{
	return (uint32_t)XXH3_64bits(item_id.p, item_id.n);
}

bool shelf_was_shown(const struct asking *q, uint32_t item)
{
	return q->rq->shown && idmap_get(q->rq->shown, shown_key(snap_item_name(q->sn, item)));
}

static void hide(struct asking *q, const struct str *item_ids, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t item = snap_item(q->sn, item_ids[i]);

		if (item != ID_NONE)
			idmap_put(&q->a->hidden, item, 0);
	}
}

static void find_asked(struct asking *q)
{
	q->asked_n = 0;
	for (unsigned i = 0; i < q->rq->item_count; i++) {
		uint32_t item = snap_item(q->sn, q->rq->item_ids[i]);

		if (item == ID_NONE || idmap_get(&q->a->hidden, item))
			continue;
		idmap_put(&q->a->hidden, item, 0);
		q->asked[q->asked_n++] = item;
	}
}

int shelf_open(struct asking *q)
{
	const struct recommend_request *rq = q->rq;
	struct person *p = &q->a->person;
	int rc;

	arena_reset(&q->a->arena);
	idmap_clear(&q->a->hidden);
	find_asked(q);
	hide(q, rq->exclude_ids, rq->exclude_count);
	if (rq->exclude_viewed)
		hide(q, rq->session_items, rq->session_item_count);
	if (!rq->exclude_purchased && !rq->exclude_in_cart && !rq->exclude_viewed)
		return 0;
	rc = person_load(q);
	if (rc)
		return rc;
	for (size_t i = 0; i < p->n; i++) {
		const struct person_item *it = &p->items[i];

		if ((rq->exclude_purchased && it->buys) || (rq->exclude_in_cart && it->in_cart) ||
		    (rq->exclude_viewed && it->views))
			idmap_put(&q->a->hidden, it->item, 0);
	}
	return 0;
}

static bool in_category(const struct catalog_item *record, struct str category)
{
	for (uint32_t i = 0; i < record->categories.n; i++)
		if (category_is_under(record->categories.v[i], category))
			return true;
	return false;
}

int shelf_look(struct asking *q, uint32_t item, struct filter_item *ret)
{
	struct catalog_item *record = &q->a->record;
	int rc = stock_get(q->sn, item, &ret->stock);

	if (rc)
		return rc;
	rc = catalog_get(q->sn, item, record);
	if (rc < 0)
		return rc;
	ret->record = rc == CATALOG_LIVE ? record : NULL;
	ret->low_stock = q->a->low_stock;
	ret->item_id = (struct str){ NULL, 0 };
	if (q->a->conditions.space.pool.step_n || rules_look(q))
		ret->item_id = snap_item_name(q->sn, item);
	if (rc == CATALOG_DELETED || (rc == CATALOG_UNKNOWN && q->a->catalog_required))
		return 0;
	if (ret->stock.known && ret->stock.quantity <= 0)
		return 0;
	return !ret->record || catalog_item_available(record, q->now_ms);
}

/* Without a place in the request it is sold there. */
bool shelf_is_sold(const struct asking *q, const struct catalog_item *record)
{
	const struct recommend_request *rq = q->rq;

	if (!record || (!rq->country.n && !rq->region.n))
		return true;
	return (rq->region.n && region_sells(&record->regions, rq->region)) ||
	       (rq->country.n && region_sells(&record->regions, rq->country));
}

static bool passes(struct asking *q, const struct filter_item *item)
{
	struct conditions *c = &q->a->conditions;

	if (q->category.n && !(item->record && in_category(item->record, q->category)))
		return false;
	return filter_matches(&c->space.pool, c->own, item) &&
	       (q->filter_lifted || filter_matches(&c->space.pool, c->asked, item));
}

/* Strategies that share a page do not take items from each other: which of them gives it is seen when they are mixed. */
bool shelf_hides(const struct asking *q, uint32_t item)
{
	const uint32_t *turn = idmap_get(&q->a->hidden, item);

	return turn && *turn != TURN_NONE && (*turn == 0 || !q->a->turns[q->turn_n].share || *turn == q->turn_n + 1);
}

static bool rules_pass(struct asking *q, uint32_t item, const struct filter_item *about)
{
	if (!rules_look(q))
		return true;
	rules_judge(q, item, about);
	return q->verdict.passes;
}

/* Of an item that was let through, perhaps some others ago. */
static int verdict_on(struct asking *q, uint32_t item)
{
	struct filter_item about;
	int rc = 0;

	if (rules_look(q) && q->verdict.item != item) {
		rc = shelf_look(q, item, &about);
		if (rc >= 0)
			rules_judge(q, item, &about);
	}
	return rc < 0 ? rc : 0;
}

/* Of an item that may not be shown: is it for its stock alone? Told once an answer. */
static void note_stock(struct asking *q, uint32_t item, const struct filter_item *about)
{
	if (!about->stock.known || about->stock.quantity > 0 || !about->record ||
	    !catalog_item_available(about->record, q->now_ms) || !shelf_is_sold(q, about->record) ||
	    !passes(q, about) || !rules_pass(q, item, about))
		return;
	*idmap_put(&q->a->hidden, item, 0) = 0;
	q->ret->out_of_stock++;
}

/* Nothing but stock and dates decides, as in most requests: the record need not be taken apart. */
static bool is_plain(const struct asking *q)
{
	const struct recommend_request *rq = q->rq;

	return !q->category.n && !q->a->conditions.space.pool.step_n && !rules_look(q) && !rq->country.n &&
	       !rq->region.n;
}

static int is_on_sale(struct asking *q, uint32_t item)
{
	struct stock_level stock;
	int64_t from_ms, to_ms;
	int rc = stock_get(q->sn, item, &stock);

	if (rc)
		return rc;
	if (stock.known && stock.quantity <= 0)
		return 0;
	rc = catalog_get_window(q->sn, item, &from_ms, &to_ms);
	if (rc == CATALOG_LIVE)
		return from_ms <= q->now_ms && q->now_ms < to_ms;
	return rc < 0 ? rc : rc == CATALOG_UNKNOWN && !q->a->catalog_required;
}

/* A category that has nothing else is still none to be widened. */
static int note_shown(struct asking *q, uint32_t item)
{
	struct catalog_item *record = &q->a->record;
	int rc = 0;

	if (q->category.n && !q->category_shown) {
		rc = catalog_get(q->sn, item, record);
		q->category_shown = rc == CATALOG_LIVE && in_category(record, q->category);
	}
	return rc < 0 ? rc : 0;
}

int shelf_allows(struct asking *q, uint32_t item)
{
	struct filter_item about;
	int rc;

	if (shelf_hides(q, item))
		return 0;
	if (shelf_was_shown(q, item)) {
		rc = note_shown(q, item);
		if (rc || q->rq->sort == SORT_RELEVANCE)
			return rc;
	}
	if (rules_exclude(q, item))
		return 0;
	rc = is_plain(q) ? is_on_sale(q, item) : 0;
	if (rc)
		return rc;
	rc = shelf_look(q, item, &about);
	if (rc == 0)
		note_stock(q, item, &about);
	if (rc <= 0)
		return rc;
	return shelf_is_sold(q, about.record) && passes(q, &about) && rules_pass(q, item, &about);
}

int shelf_put(struct asking *q, uint32_t item, double score, const struct explanation *why)
{
	struct candidate *c = &q->a->shelf[q->shelf_n];
	int rc = verdict_on(q, item);

	assert(!shelf_full(q));
	if (rc)
		return rc;
	snap_expect_name(q->sn, item);
	if (q->rankings)
		rankings_expect_now(q->rankings, item);
	*c = (struct candidate){ .item = item,
				 .strategy = q->strategy,
				 .score = score,
				 .factor = q->verdict.factor,
				 .quotas = q->verdict.quotas,
				 .why = *why };
	c->why.with = arena_str(&q->a->arena, why->with);
	*idmap_put(&q->a->hidden, item, 0) = q->turn_n + 1;
	q->shelf_n++;
	return 0;
}

int shelf_offer(struct asking *q, uint32_t item, double score, const struct explanation *why)
{
	int rc;

	if (shelf_full(q))
		return 0;
	rc = shelf_allows(q, item);
	if (rc > 0)
		rc = shelf_put(q, item, score, why);
	return rc < 0 ? rc : !shelf_full(q);
}

int shelf_offer_votes(struct asking *q, struct explanation (*explained)(struct asking *q, const struct vote *v))
{
	struct vote v;
	int rc = 1;

	votes_order(&q->a->votes, q->sn);
	while (rc > 0 && votes_next(&q->a->votes, q->sn, &v)) {
		struct explanation why = explained(q, &v);

		rc = shelf_offer(q, v.item, v.score, &why);
	}
	return rc < 0 ? rc : 0;
}
