#include "query/strategy.h"

static const enum rank_kind kinds[] = {
	[WINDOW_DEFAULT] = RANK_TRENDING_24H,
	[WINDOW_1H] = RANK_TRENDING_1H,
	[WINDOW_24H] = RANK_TRENDING_24H,
	[WINDOW_7D] = RANK_TRENDING_7D,
};

static int fill(struct asking *q)
{
	return ranked_fill(q, kinds[q->rq->window]);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	phrase_say(q, why->before > 0 ? PHRASE_TRENDING : PHRASE_TRENDING_NEW, why, ret);
}

const struct strategy strategy_trending = {
	.slug = "trending",
	.meaning = "what gets more attention than just before; use it on start and category pages",
	.formula =
		"recent x (recent + 10) / (before + 10): weighted views, cart-adds and orders of the window that ends "
		"at the watermark's hour, and of the window before it",
	.inputs = INPUT_CATEGORY | INPUT_WINDOW,
	.fill = fill,
	.reason = reason,
};
