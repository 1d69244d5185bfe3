/* Strategies that hand out a ready list of the ranker. */
#include "query/strategy.h"

int rankings_ready(struct asking *q)
{
	if (q->rankings && rankings_generation(q->rankings) == snap_generation(q->sn))
		return 0;
	q->lists_missing = true;
	return ERR_SOURCE_RETRY;
}

static struct explanation explained(const struct asking *q, enum rank_kind kind, const struct ranked *r)
{
	struct explanation why = { .kind = EXPLAIN_TREND, .recent = r->recent, .before = r->before };

	switch (kind) {
	case RANK_BEST_SELLERS:
		return (struct explanation){ .kind = EXPLAIN_SALES,
					     .units = (int64_t)r->recent,
					     .days = RANK_SALES_DAYS };
	case RANK_TOP_RATED:
		why = (struct explanation){ .kind = EXPLAIN_RATING };
		why.rated.rating = r->recent;
		why.rated.count = (int64_t)r->before;
		why.rated.prior = rankings_prior(q->rankings);
		return why;
	case RANK_NEW_ARRIVALS:
		return (struct explanation){ .kind = EXPLAIN_ARRIVAL, .available_from_ms = (int64_t)r->recent };
	case RANK_SEASONAL:
		return (struct explanation){ .kind = EXPLAIN_SEASON,
					     .units = (int64_t)r->recent,
					     .before = r->before,
					     .days = SEASON_DAYS,
					     .season_named = r->named };
	default:
		return why;
	}
}

int ranked_fill(struct asking *q, enum rank_kind kind)
{
	const struct ranked *r;
	struct rank_walk walk;
	int rc = rankings_ready(q);

	q->ranked = true;
	if (rc)
		return rc;
	rc = 1;
	rankings_walk_begin(q->rankings, kind, q->category, &walk);
	while (rc > 0 && (r = rankings_walk_next(&walk))) {
		struct explanation why = explained(q, kind, r);

		if (walk.at + SHELF_AHEAD <= walk.list.n)
			snap_expect_item(q->sn, walk.list.v[walk.at + SHELF_AHEAD - 1].item);
		rc = shelf_offer(q, r->item, r->score, &why);
	}
	return rc < 0 ? rc : 0;
}
