#include "query/strategy.h"

#include <stdio.h>

static int fill(struct asking *q)
{
	return pairs_fill(q, PAIR_ALSO_VIEWED, MARGINAL_VIEW_SESSIONS, MARGINAL_VIEW_SESSIONS);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	(void)q;
	snprintf(ret, RECOMMEND_REASON_MAX, "viewed together in %lld %s", (long long)why->together,
		 why->together == 1 ? "visit" : "visits");
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
	.reason = reason,
};
