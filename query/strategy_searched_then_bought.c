#include "query/strategy.h"

#define ORDER_WEIGHT 8 /* a click is 1 */

static struct explanation explained(struct asking *q, const struct vote *v)
{
	const struct search_item *found = &q->a->found.v[v->seed];

	return (struct explanation){ .kind = EXPLAIN_SEARCH, .searched = { found->clicks, found->orders } };
}

static int fill(struct asking *q)
{
	struct search_items *found = &q->a->found;
	int rc = search_items_get(q->sn, q->rq->query, found);

	if (rc)
		return rc;
	votes_clear(&q->a->votes);
	for (uint32_t i = 0; i < found->n; i++) {
		double weight = found->v[i].clicks + (double)ORDER_WEIGHT * found->v[i].orders;

		if (weight > 0)
			votes_add(&q->a->votes, found->v[i].item, weight, i, 0);
	}
	return shelf_offer_votes(q, explained);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	phrase_say(q, why->searched.orders ? PHRASE_SEARCHED_BOUGHT : PHRASE_SEARCHED_VIEWED, why, ret);
}

const struct strategy strategy_searched_then_bought = {
	.slug = "searched-then-bought",
	.meaning =
		"what people viewed and bought after the same search; use it on result pages and when a search finds "
		"nothing",
	.formula =
		"clicks + 8 x orders that followed the query, lower-cased and with white space folded, in the session until "
		"the next search; newest 6 epochs, queries of at least 5 people",
	.inputs = INPUT_QUERY | INPUT_CATEGORY,
	.required = INPUT_QUERY,
	.fill = fill,
	.reason = reason,
};
