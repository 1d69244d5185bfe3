/* What strategies share that look for items like the asked ones. */
#include "query/strategy.h"
#include "views/ids.h"

void similarity_fini(struct similarity *s)
{
	similar_search_fini(&s->search);
}

static void find_asked(struct asking *q, struct similar_asked *ret)
{
	ret->n = 0;
	for (unsigned i = 0; i < q->rq->item_count; i++) {
		uint32_t item = snap_item(q->sn, q->rq->item_ids[i]);
		unsigned k = 0;

		while (k < ret->n && ret->v[k] != item)
			k++;
		if (item != ID_NONE && k == ret->n)
			ret->v[ret->n++] = item;
	}
}

int similar_start(struct asking *q, const struct similar **ret)
{
	struct similarity *s = &q->a->similar;
	int rc = rankings_ready(q);

	if (rc)
		return rc;
	*ret = rankings_similar(q->rankings);
	find_asked(q, &s->asked);
	similar_search(*ret, s->asked.v, s->asked.n, &s->search);
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
