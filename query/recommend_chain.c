/* Strategies take their turns until the list has a page; then, if the request says so, best sellers fill it up. */
#include "query/strategy.h"
#include "views/ids.h"
#include "views/view.h"

#define OVERFETCH_MIN 100 /* candidates of a turn when their order will change, */
#define OVERFETCH 5       /* and how many pages, */
#define OVERFETCH_RULES 2 /* or, when rules alone change it */

static bool reorders(const struct asking *q)
{
	const struct conditions *c = &q->a->conditions;

	return c->boost.n || c->own_boost.n || q->diversity > 0 || q->is_deep || q->rq->sort != SORT_RELEVANCE;
}

/* How many candidates a turn may bring. Sorted by price, say, every page must be cut from the same candidates. */
static unsigned turn_room(const struct asking *q, unsigned mixed)
{
	unsigned n = OVERFETCH * q->count, missing = page_missing(q);
	unsigned most = SHELF_MAX / (mixed > 1 ? mixed : 1);

	if (!reorders(q) && mixed > 1)
		n = q->count;
	else if (!reorders(q))
		n = q->a->rules.scores || q->a->rules.quota_n ? OVERFETCH_RULES * missing : missing;
	else if (q->rq->sort != SORT_RELEVANCE)
		n = most;
	else if (n < OVERFETCH_MIN)
		n = OVERFETCH_MIN;
	return n < most ? n : most;
}

static int take_turn(struct asking *q, const struct chain_link *link, unsigned mixed, bool is_fallback)
{
	struct turn *t = &q->a->turns[q->turn_n];
	unsigned room = turn_room(q, mixed);
	int rc;

	*t = (struct turn){ .first = q->shelf_n, .share = link->share, .is_fallback = is_fallback };
	q->strategy = link->strategy;
	q->shelf_limit = q->shelf_n + room < SHELF_MAX ? q->shelf_n + room : SHELF_MAX;
	if (shelf_full(q))
		return 0;
	rc = q->strategy->fill(q);
	if (rc)
		return rc;
	t->end = q->shelf_n;
	q->turn_n++;
	return turn_settle(q);
}

/* A strategy whose inputs were not given is no part of this request's chain. */
static bool has_say(const struct asking *q, const struct strategy *s)
{
	return inputs_given(q->rq, s->required) && (s->without_events || q->watermark_ms != TIME_NONE);
}

static unsigned count_mixed(const struct asking *q)
{
	unsigned n = 0;

	for (unsigned i = 0; i < q->scenario->chain_n; i++) {
		const struct chain_link *link = &q->scenario->chain[i];

		n += link->share && has_say(q, link->strategy);
	}
	return n;
}

unsigned page_missing(const struct asking *q)
{
	unsigned n = q->list_n;

	for (unsigned i = 0; i < q->pin_n && n > 0; i++)
		n -= q->a->pinned[i].pinned_at > q->rq->rank_before + q->count;
	return n < q->count ? q->count - n : 0;
}

/* The turns of those that share the page, wherever they stand in the chain. */
static int share_page(struct asking *q, unsigned mixed)
{
	int rc = 0;

	for (unsigned i = 0; i < q->scenario->chain_n && !rc; i++) {
		const struct chain_link *link = &q->scenario->chain[i];

		if (link->share && has_say(q, link->strategy))
			rc = take_turn(q, link, mixed, false);
	}
	return rc ? rc : list_arrange(q);
}

/* The others fill what is left. */
static int run_links(struct asking *q)
{
	unsigned mixed = count_mixed(q);
	bool asked = mixed > 0;
	int rc = asked ? share_page(q, mixed) : 0;

	for (unsigned i = 0; i < q->scenario->chain_n && !rc && !(asked && !page_missing(q)); i++) {
		const struct chain_link *link = &q->scenario->chain[i];

		if (link->share || !has_say(q, link->strategy))
			continue;
		rc = take_turn(q, link, mixed > 0, asked);
		asked = true;
		if (!rc)
			rc = list_arrange(q);
	}
	return rc || asked ? rc : list_arrange(q); /* pins alone */
}

int pin_take(struct asking *q, struct str item_id, unsigned rank, const char *by)
{
	uint32_t item = snap_item(q->sn, item_id);
	int rc = item == ID_NONE ? 0 : shelf_allows(q, item);

	if (rc <= 0)
		return rc;
	if (shelf_was_shown(q, item))
		return 0;
	idmap_put(&q->a->hidden, item, 0);
	q->a->pinned[q->pin_n++] = (struct candidate){ .item = item,
						       .pinned_by = by,
						       .pinned_at = rank,
						       .quotas = q->verdict.quotas,
						       .strategy = &pinned_strategy };
	return 0;
}

static int fill_with_best_sellers(struct asking *q)
{
	const struct chain_link best_sellers = { &strategy_best_sellers, 0 };
	enum fill_mode fill = q->fill;
	int rc;

	if (!page_missing(q) || fill < FILL_FILTERED || !has_say(q, &strategy_best_sellers))
		return 0;
	rc = take_turn(q, &best_sellers, 0, true);
	if (!rc)
		rc = list_arrange(q);
	if (rc || !page_missing(q) || fill != FILL_ANY)
		return rc;
	q->filter_lifted = true;
	q->category = (struct str){ NULL, 0 };
	rc = take_turn(q, &best_sellers, 0, true);
	return rc ? rc : list_arrange(q);
}

/* "Shoes > Running" to "Shoes"; false at the top. */
static bool to_parent(struct str *category)
{
	struct str last = *category;

	for (struct str at = { 0 }; category_next(*category, &at);)
		last = at;
	if (last.n == category->n)
		return false;
	*category = last;
	return true;
}

/* Pins are candidates of no strategy; they take their items first. */
static int run_all(struct asking *q)
{
	int rc;

	q->turn_n = q->shelf_n = 0;
	q->a->turns[0].share = 0;
	rc = rules_pin(q);
	return rc ? rc : run_links(q);
}

int chain_run(struct asking *q)
{
	bool may_widen = q->category.n && !q->scenario->is_strategy && q->rq->strict != STRICT_TRUE;
	int rc = run_all(q);

	while (!rc && may_widen && q->list_n == 0 && !q->category_shown && to_parent(&q->category)) {
		q->ret->widened_to = q->category;
		rc = run_all(q);
	}
	if (q->list_n == 0)
		q->ret->widened_to = (struct str){ NULL, 0 };
	return rc ? rc : fill_with_best_sellers(q);
}
