#include "query/strategy.h"
#include "views/ids.h"
#include "views/view.h"

static void vote_alike(struct asking *q, const struct similar *ix)
{
	struct similar_found found;

	while (similar_next(ix, &q->a->similar, &found))
		votes_add(&q->a->votes, found.item, found.score, found.seed, 0);
}

/* Jaccard of the visits that viewed either one. */
static int vote_viewed(struct asking *q, uint32_t asked)
{
	const struct neighbour_list *list = &q->a->pairing.list;
	int rc = pairs_list(q, PAIR_ALSO_VIEWED, asked, false);

	for (size_t i = 0; !rc && i < list->sure; i++) {
		struct snap_count with = list->v[i];

		votes_add(&q->a->votes, with.member,
			  tie_jaccard(q, asked, with.member, with.count, MARGINAL_VIEW_SESSIONS), asked, with.count);
	}
	return rc;
}

/* By what adds most. */
static struct explanation explained(struct asking *q, const struct vote *v)
{
	struct explanation why = { .kind = EXPLAIN_PAIR, .measure = "jaccard" };
	const struct similar *ix = rankings_similar(q->rankings);

	if (!v->count)
		return similar_explained(q, ix,
					 &(struct similar_found){ v->item, v->seed, v->score,
								  similar_score(ix, v->seed, v->item) });
	why.with = snap_item_name(q->sn, v->seed);
	why.together = v->count;
	why.item_total = rankings_totals(q->rankings, v->seed).view_sessions;
	why.other_total = rankings_totals(q->rankings, v->item).view_sessions;
	why.pair_score = v->strongest;
	return why;
}

static int fill(struct asking *q)
{
	const struct similar *ix;
	int rc = similar_start(q, &ix);

	if (rc)
		return rc;
	votes_clear(&q->a->votes);
	vote_alike(q, ix);
	for (unsigned i = 0; i < q->asked_n && !rc && q->watermark_ms != TIME_NONE; i++)
		rc = vote_viewed(q, q->asked[i]);
	return rc ? rc : shelf_offer_votes(q, explained);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	phrase_say(q, why->kind == EXPLAIN_PAIR ? PHRASE_VIEWED_TOGETHER : PHRASE_ALIKE, why, ret);
}

const struct strategy strategy_alternatives = {
	.slug = "alternatives",
	.meaning =
		"what can be bought instead of an item that is out of stock: alike by its record or looked at in the "
		"same visits, variants of the product too",
	.formula =
		"the score of similar-items + that of also-viewed, both between 0 and 1 for one asked item; of more than 512 viewed "
		"with it those of the largest c, and none of the c at which that cuts",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.without_events = true,
	.fill = fill,
	.reason = reason,
};
