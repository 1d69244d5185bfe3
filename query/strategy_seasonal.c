#include "query/strategy.h"

static int fill(struct asking *q)
{
	return ranked_fill(q, RANK_SEASONAL);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	phrase_say(q, (double)why->units > why->before ? PHRASE_SEASON_SOLD : PHRASE_SEASON_NAMED, why, ret);
}

const struct strategy strategy_seasonal = {
	.slug = "seasonal",
	.meaning = "what sells at this time of the year more than at others; use it on start pages and in newsletters",
	.formula =
		"s (s + 10) / (a + 10) where s > a: s the units of the 28 days that began 7 days before this day of last year, "
		"10 more when the record's seasons[] name one of today (answers.seasons), a the average "
		"28 days of the 365 from then on, at least 0 (seasonal index, ratio to average); an item whose seasons are all others is "
		"none, names that answers.seasons has not left aside",
	.inputs = INPUT_CATEGORY,
	.without_events = true,
	.fill = fill,
	.reason = reason,
};
