#include "query/strategy.h"
#include "views/ids.h"

static struct explanation explained(struct asking *q, const struct vote *v)
{
	return (struct explanation){
		.kind = EXPLAIN_PAIR,
		.measure = "jaccard",
		.together = v->count,
		.item_total = rankings_totals(q->rankings, v->seed).orders,
		.other_total = rankings_totals(q->rankings, v->item).orders,
		.pair_score = tie_jaccard(q, v->seed, v->item, v->count, MARGINAL_ORDERS),
		.with = snap_item_name(q->sn, v->seed),
	};
}

static int fill(struct asking *q)
{
	struct votes *votes = &q->a->votes;
	int rc = rankings_ready(q);

	votes_clear(votes);
	for (unsigned i = 0; i < q->asked_n && !rc; i++)
		rc = ties_vote(q, PAIR_BOUGHT_TOGETHER, MARGINAL_ORDERS, q->asked[i], 1, votes);
	return rc ? rc : shelf_offer_votes(q, explained);
}

const struct strategy strategy_cart_cross_sell = {
	.slug = "cart-cross-sell",
	.meaning =
		"what completes a basket: complements of all its items at once; use it in the cart and at the checkout",
	.formula =
		"sum over itemIds of J^2 / |J^2|^0.75: J = c / (a + b - c) as in frequently-bought-together, |J^2| the "
		"length of the item's vector of J^2 over all that is bought with it; of more than 512 those of the largest c, and none "
		"of the c at which that cuts",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.fill = fill,
	.phrase = PHRASE_COMPLETES_BASKET,
};
