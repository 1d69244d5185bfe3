#include "query/taste.h"
#include "query/similar_internal.h"

static bool is_taste(uint8_t kind)
{
	return kind == TERM_CATEGORY || kind == TERM_BRAND || kind == TERM_PRICE;
}

void taste_add(struct votes *tastes, const struct similar *ix, uint32_t item, double share)
{
	if (item >= ix->items)
		return;
	for (uint32_t i = ix->item_starts[item]; i < ix->item_starts[item + 1]; i++)
		if (is_taste(ix->kinds[ix->item_terms[i]]))
			votes_add(tastes, ix->item_terms[i], share, item, 1);
}

double taste_total(const struct votes *tastes, const struct similar *ix)
{
	double sum = 0;

	for (size_t i = 0; i < tastes->n; i++)
		sum += ix->weights[tastes->v[i].item] * tastes->v[i].score;
	return sum;
}

double taste_for(const struct votes *tastes, const struct similar *ix, uint32_t item)
{
	double sum = 0;

	if (item >= ix->items)
		return 0;
	for (uint32_t i = ix->item_starts[item]; i < ix->item_starts[item + 1]; i++)
		if (is_taste(ix->kinds[ix->item_terms[i]]))
			sum += ix->weights[ix->item_terms[i]] * votes_for(tastes, ix->item_terms[i]);
	return sum;
}
