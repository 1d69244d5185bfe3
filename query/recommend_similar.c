/* What strategies share that look for items like the asked ones. */
#include "query/strategy.h"
#include "views/ids.h"

int similar_start(struct asking *q, const struct similar **ret)
{
	int rc = rankings_ready(q);

	if (rc)
		return rc;
	*ret = rankings_similar(q->rankings);
	similar_search(*ret, q->asked, q->asked_n, &q->a->similar);
	return 0;
}

struct explanation similar_explained(struct asking *q, const struct similar *ix, const struct similar_found *found)
{
	struct explanation why = { .kind = EXPLAIN_SIMILAR, .measure = "weighted jaccard" };

	why.with = snap_item_name(q->sn, found->seed);
	why.pair_score = found->seed_score;
	similar_facts(ix, found->seed, found->item, &why.similar);
	return why;
}
