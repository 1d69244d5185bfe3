#include "query/strategy.h"

static int fill(struct asking *q)
{
	return pairs_fill(q, PAIR_VIEWED_THEN_BOUGHT, MARGINAL_VIEW_SESSIONS, MARGINAL_ORDERS);
}

const struct strategy strategy_viewed_then_bought = {
	.slug = "viewed-then-bought",
	.meaning = "what was bought in the end by those who viewed the item; use it on product pages",
	.formula = "sum over itemIds of c / (a + b - c): c visits that bought it after viewing the item, a "
		   "visits that viewed the item, b orders with what was bought; c >= answers.minSupport",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.fill = fill,
	.phrase = PHRASE_BOUGHT_AFTER,
};
