#include "query/strategy.h"

#include <stdio.h>

static int fill(struct asking *q)
{
	return pairs_fill(q, PAIR_VIEWED_THEN_BOUGHT, MARGINAL_VIEW_SESSIONS, MARGINAL_ORDERS);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	(void)q;
	snprintf(ret, RECOMMEND_REASON_MAX, "bought after viewing it in %lld %s", (long long)why->together,
		 why->together == 1 ? "visit" : "visits");
}

const struct strategy strategy_viewed_then_bought = {
	.slug = "viewed-then-bought",
	.meaning = "what was bought in the end by those who viewed the item; use it on product pages",
	.formula = "sum over itemIds of c / (a + b - c): c visits that bought it after viewing the item, a "
		   "visits that viewed the item, b orders with what was bought; c >= answers.minSupport",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.fill = fill,
	.reason = reason,
};
