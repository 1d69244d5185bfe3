#include "query/strategy.h"

#define LISTS 5      /* so many lists share the page */
#define SEEDS_MAX 20 /* items whose neighbours are looked at */

/* What is viewed with each item that may have more: `share` at most, and whether it may have more still. */
static int offer_lists(struct asking *q, unsigned share, bool may_have_more[SEEDS_MAX])
{
	static const struct pair_measure viewed_with = { PAIR_ALSO_VIEWED, MARGINAL_VIEW_SESSIONS,
							 MARGINAL_VIEW_SESSIONS };
	const struct person *p = &q->a->person;
	unsigned limit = q->shelf_limit;
	int rc = 0;

	for (size_t i = 0; i < p->viewed_n && i < SEEDS_MAX && q->shelf_n < limit && !rc; i++) {
		if (!may_have_more[i])
			continue;
		q->shelf_limit = q->shelf_n + share < limit ? q->shelf_n + share : limit;
		rc = pairs_fill_with(q, &p->items[p->viewed[i]].item, 1, viewed_with);
		may_have_more[i] = shelf_room(q) == 0;
	}
	q->shelf_limit = limit;
	return rc;
}

/* One list an item; what some lists leave of the page goes to those that have more. */
static int fill(struct asking *q)
{
	const struct person *p = &q->a->person;
	bool may_have_more[SEEDS_MAX];
	unsigned lists, share, before;
	int rc = person_load(q);

	if (rc || p->viewed_n == 0)
		return rc;
	lists = p->viewed_n < LISTS ? (unsigned)p->viewed_n : LISTS;
	share = (shelf_room(q) + lists - 1) / lists;
	memset(may_have_more, true, sizeof(may_have_more));
	do {
		before = q->shelf_n;
		rc = offer_lists(q, share, may_have_more);
	} while (!rc && q->shelf_n > before && q->shelf_n < q->shelf_limit);
	return rc;
}

const struct strategy strategy_because_you_viewed = {
	.slug = "because-you-viewed",
	.meaning = "one list for each of the last items that the person viewed, newest first, titled by "
		   "their reason; use it on start pages",
	.formula =
		"as also-viewed with one viewed item alone; each of the last 20 viewed items in turn gives its part of the page, "
		"a fifth, or that of all when fewer are viewed; what is left goes to those that have more, in the same way",
	.inputs = INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_CATEGORY,
	.required = INPUT_USER_ID | INPUT_VISITOR_ID,
	.fill = fill,
	.phrase = PHRASE_BECAUSE_VIEWED,
};
