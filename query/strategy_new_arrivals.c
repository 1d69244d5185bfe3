#include "query/strategy.h"

static int fill(struct asking *q)
{
	return ranked_fill(q, RANK_NEW_ARRIVALS);
}

const struct strategy strategy_new_arrivals = {
	.slug = "new-arrivals",
	.meaning = "what has come into the shop lately, newest first; for people who come back",
	.formula =
		"1 / (1 + days from availableFrom to the watermark), at most answers.newDays days, counted anew each "
		"hour and when the catalogue or what may be shown changes; an item without availableFrom is none",
	.inputs = INPUT_CATEGORY,
	.without_events = true,
	.fill = fill,
	.phrase = PHRASE_ARRIVED,
};
