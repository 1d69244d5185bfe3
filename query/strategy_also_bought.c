#include "query/strategy.h"

static int fill(struct asking *q)
{
	return pairs_fill(q, PAIR_ALSO_BOUGHT, MARGINAL_BUYERS, MARGINAL_BUYERS);
}

const struct strategy strategy_also_bought = {
	.slug = "also-bought",
	.meaning = "what buyers of the item also bought, in any order of theirs; use it where baskets are "
		   "small",
	.formula = "sum over itemIds of c / (a + b - c): c people who bought both within 180 days, a and b "
		   "buyers of either one; c >= answers.minSupport",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.fill = fill,
	.phrase = PHRASE_BOUGHT_BY_THE_SAME,
};
