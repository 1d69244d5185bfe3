#include "query/strategy.h"

#define ORDER_WEIGHT 8 /* a click is 1 */

static int fill(struct asking *q)
{
	struct search_items *found = &q->a->found;
	struct votes *votes = &q->a->votes;
	struct vote v;
	int rc = search_items_get(q->sn, q->rq->query, found);

	if (rc)
		return rc;
	votes_clear(votes);
	for (uint32_t i = 0; i < found->n; i++)
		votes_add(votes, found->v[i].item, found->v[i].clicks + (double)ORDER_WEIGHT * found->v[i].orders, i,
			  0);
	votes_order(votes, q->sn);
	rc = 1;
	while (rc > 0 && votes_next(votes, q->sn, &v)) {
		struct explanation why = { .kind = EXPLAIN_SEARCH,
					   .searched = { found->v[v.seed].clicks, found->v[v.seed].orders } };

		if (v.score > 0)
			rc = shelf_offer(q, v.item, v.score, &why);
	}
	return rc < 0 ? rc : 0;
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
