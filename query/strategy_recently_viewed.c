#include "query/strategy.h"

static int fill(struct asking *q)
{
	const struct person *p = &q->a->person;
	int rc = person_load(q);

	if (rc)
		return rc;
	rc = 1;
	for (size_t i = 0; i < p->viewed_n && rc > 0; i++) {
		const struct person_item *it = &p->items[p->viewed[i]];
		struct explanation why = { .kind = EXPLAIN_PERSON, .last_ms = it->last_view_ms, .times = it->views };
		double hours = (double)(q->watermark_ms - it->last_view_ms) / (double)MS_PER_HOUR;

		if (i + SHELF_AHEAD < p->viewed_n)
			snap_expect_item(q->sn, p->items[p->viewed[i + SHELF_AHEAD]].item);
		rc = shelf_offer(q, it->item, 1 / (1 + hours), &why);
	}
	return rc < 0 ? rc : 0;
}

const struct strategy strategy_recently_viewed = {
	.slug = "recently-viewed",
	.meaning = "what the person looked at, newest first, each item once; a way back",
	.formula = "1 / (1 + hours from the last view to the watermark)",
	.inputs = INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_CATEGORY,
	.required = INPUT_USER_ID | INPUT_VISITOR_ID,
	.fill = fill,
	.phrase = PHRASE_VIEWED,
};
