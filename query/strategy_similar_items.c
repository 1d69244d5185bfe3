#include "query/strategy.h"

static bool is_variant(const struct asking *q, const struct similar *ix, const struct similar_found *found)
{
	for (unsigned i = 0; i < q->asked_n; i++)
		if (similar_same_group(ix, q->asked[i], found->item))
			return true;
	return false;
}

static int fill(struct asking *q)
{
	const struct similar *ix;
	struct similar_found found;
	int rc = similar_start(q, &ix);

	if (rc)
		return rc;
	rc = 1;
	while (rc > 0 && similar_next(ix, &q->a->similar, &found)) {
		struct explanation why;

		if (is_variant(q, ix, &found))
			continue;
		why = similar_explained(q, ix, &found);
		rc = shelf_offer(q, found.item, found.score, &why);
	}
	return rc < 0 ? rc : 0;
}

const struct strategy strategy_similar_items = {
	.slug = "similar-items",
	.meaning = "items that are alike by their catalogue records; for new items that nobody has looked at yet, and "
		   "next to any other list of alternatives",
	.formula =
		"sum over itemIds of W(shared) / (W(a) + W(b) - W(shared)), the sum at least 0.1 (weighted Jaccard): W sums ln(1 + N / n) "
		"over the terms of a record that another one has, n of N records having the term (inverse document "
		"frequency, Sparck Jones 1972): categories and those above, brand, attributes, tags, two price bands of the currency "
		"(1.5 wide, from a millionth on, half a band apart), words of the title of two bytes or more (these half); variants "
		"of one groupId are left out; each of itemIds adds to what its rarest terms find: 4096 records, divided evenly among itemIds",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.without_events = true,
	.fill = fill,
	.phrase = PHRASE_ALIKE,
};
