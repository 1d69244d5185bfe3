#include "query/strategy.h"

static int fill(struct asking *q)
{
	return ranked_fill(q, RANK_TOP_RATED);
}

const struct strategy strategy_top_rated = {
	.slug = "top-rated",
	.meaning = "what those who bought it rate best; use it on category pages and for careful shoppers",
	.formula =
		"(C m + n r) / (C + n): the item's mean rating r of n (1 without ratingCount, 0: not rated), the shop's mean "
		"rating m counted C times, C the (upper) median number of ratings of a rated item (Bayesian mean, as in IMDb's "
		"Top 250)",
	.inputs = INPUT_CATEGORY,
	.without_events = true,
	.fill = fill,
	.phrase = PHRASE_RATED,
};
