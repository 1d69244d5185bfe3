#include "query/strategy.h"

static int fill(struct asking *q)
{
	return pairs_fill(q, PAIR_BOUGHT_TOGETHER, MARGINAL_ORDERS, MARGINAL_ORDERS);
}

const struct strategy strategy_frequently_bought_together = {
	.slug = "frequently-bought-together",
	.meaning = "items bought in the same order; use it on product pages and in the basket",
	.formula = "sum over itemIds of c / (a + b - c): c orders with both, a and b orders with either one; "
		   "newest 6 epochs, c >= answers.minSupport",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.fill = fill,
	.phrase = PHRASE_BOUGHT_TOGETHER,
};
