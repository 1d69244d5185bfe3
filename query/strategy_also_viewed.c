#include "query/strategy.h"

static int fill(struct asking *q)
{
	return pairs_fill(q, PAIR_ALSO_VIEWED, MARGINAL_VIEW_SESSIONS, MARGINAL_VIEW_SESSIONS);
}

const struct strategy strategy_also_viewed = {
	.slug = "also-viewed",
	.meaning = "items looked at in the same visit: alternatives to compare; use it on product pages "
		   "before the choice is made",
	.formula = "sum over itemIds of c / (a + b - c): c visits that viewed both, a and b visits that "
		   "viewed either one; c >= answers.minSupport",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.fill = fill,
	.phrase = PHRASE_VIEWED_TOGETHER,
};
