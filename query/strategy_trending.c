#include "query/strategy.h"

#include <stdio.h>

static const struct {
	enum rank_kind kind;
	const char *name;
} windows[] = {
	[WINDOW_DEFAULT] = { RANK_TRENDING_24H, "24 hours" },
	[WINDOW_1H] = { RANK_TRENDING_1H, "hour" },
	[WINDOW_24H] = { RANK_TRENDING_24H, "24 hours" },
	[WINDOW_7D] = { RANK_TRENDING_7D, "7 days" },
};

static int fill(struct asking *q)
{
	return ranked_fill(q, windows[q->rq->window].kind);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	const char *window = windows[q->rq->window].name;

	if (why->before <= 0)
		snprintf(ret, RECOMMEND_REASON_MAX, "new interest in the last %s: activity %.6g, none before", window,
			 why->recent);
	else
		snprintf(ret, RECOMMEND_REASON_MAX, "activity %.6g in the last %s, %.6g in the %s before", why->recent,
			 window, why->before, window);
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
