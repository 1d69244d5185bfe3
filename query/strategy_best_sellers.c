#include "query/strategy.h"

static int fill(struct asking *q)
{
	return ranked_fill(q, RANK_BEST_SELLERS);
}

const struct strategy strategy_best_sellers = {
	.slug = "best-sellers",
	.meaning = "what sells most; the safe list when nothing is known about visitor or item",
	.formula = "units sold less returned in the 30 days that end at the watermark's day, only above 0",
	.inputs = INPUT_CATEGORY,
	.fill = fill,
	.phrase = PHRASE_SOLD,
};
