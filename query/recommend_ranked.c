/* Strategies that hand out a ready list of the ranker. */
#include "query/strategy.h"

int rankings_ready(struct asking *q)
{
	if (q->rankings && rankings_generation(q->rankings) == snap_generation(q->sn))
		return 0;
	q->lists_missing = true;
	return ERR_SOURCE_RETRY;
}

int ranked_fill(struct asking *q, enum rank_kind kind)
{
	struct rank_list list;
	int rc = rankings_ready(q);

	q->ranked = true;
	if (rc)
		return rc;
	rc = 1;
	list = rankings_get(q->rankings, kind, q->rq->category);
	for (size_t i = 0; i < list.n && rc > 0; i++) {
		const struct ranked *r = &list.v[i];
		struct explanation why = { .kind = EXPLAIN_TREND, .recent = r->recent, .before = r->before };

		if (kind == RANK_BEST_SELLERS)
			why = (struct explanation){ .kind = EXPLAIN_SALES,
						    .units = (int64_t)r->recent,
						    .days = RANK_SALES_DAYS };
		rc = shelf_offer(q, r->item, r->score, &why);
	}
	return rc < 0 ? rc : 0;
}
