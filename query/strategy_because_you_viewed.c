#include "query/strategy.h"

#define LISTS 5      /* so many lists share the page */
#define SEEDS_MAX 20 /* items whose neighbours are looked at */

/* One list an item: what is viewed with it. */
static int fill(struct asking *q)
{
	static const struct pair_measure viewed_with = { PAIR_ALSO_VIEWED, MARGINAL_VIEW_SESSIONS,
							 MARGINAL_VIEW_SESSIONS };
	const struct person *p = &q->a->person;
	unsigned limit = q->shelf_limit, lists, share;
	int rc = person_load(q);

	if (rc || p->viewed_n == 0)
		return rc;
	lists = p->viewed_n < LISTS ? (unsigned)p->viewed_n : LISTS;
	share = (shelf_room(q) + lists - 1) / lists;
	for (size_t i = 0; i < p->viewed_n && i < SEEDS_MAX && q->shelf_n < limit && !rc; i++) {
		q->shelf_limit = q->shelf_n + share < limit ? q->shelf_n + share : limit;
		rc = pairs_fill_with(q, &p->items[p->viewed[i]].item, 1, viewed_with);
	}
	q->shelf_limit = limit;
	return rc;
}

const struct strategy strategy_because_you_viewed = {
	.slug = "because-you-viewed",
	.meaning = "one list for each of the last items that the person viewed, newest first, titled by "
		   "their reason; use it on start pages",
	.formula =
		"as also-viewed with one viewed item alone; the last 5 viewed items that have such a list share the page "
		"in equal parts",
	.inputs = INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_CATEGORY,
	.required = INPUT_USER_ID | INPUT_VISITOR_ID,
	.fill = fill,
	.phrase = PHRASE_BECAUSE_VIEWED,
};
