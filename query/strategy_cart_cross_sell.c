#include "query/strategy.h"
#include "views/ids.h"

#include <math.h>

static double jaccard(struct asking *q, uint32_t item, struct snap_count with)
{
	double either = (double)rankings_totals(q->rankings, item).orders +
			rankings_totals(q->rankings, with.member).orders - with.count;

	return with.count / (either > with.count ? either : with.count);
}

/*
 * Every item of the basket votes for what is bought with it, by the square of the Jaccard measure: one strong tie says more
 * than many weak ones. An item that goes with everything has many, so its votes are divided by their length, but for a
 * quarter of its power: an item whose ties are strong has more to say.
 */
static int vote(struct asking *q, uint32_t item)
{
	struct snap_counts *with = &q->a->pairing.neighbours;
	double squares = 0, share;
	int rc = pairs_get(q->sn, PAIR_BOUGHT_TOGETHER, item, (uint32_t)q->a->min_support, with);

	if (rc)
		return rc;
	for (size_t i = 0; i < with->n; i++)
		squares += pow(jaccard(q, item, with->v[i]), 4);
	share = pow(squares, -0.375);
	for (size_t i = 0; i < with->n; i++) {
		double j = jaccard(q, item, with->v[i]);

		votes_add(&q->a->votes, with->v[i].member, j * j * share, item, with->v[i].count);
	}
	return 0;
}

static struct explanation explained(struct asking *q, const struct vote *v)
{
	return (struct explanation){
		.kind = EXPLAIN_PAIR,
		.measure = "jaccard",
		.together = v->count,
		.item_total = rankings_totals(q->rankings, v->seed).orders,
		.other_total = rankings_totals(q->rankings, v->item).orders,
		.pair_score = jaccard(q, v->seed, (struct snap_count){ v->item, v->count }),
		.with = snap_item_name(q->sn, v->seed),
	};
}

static int fill(struct asking *q)
{
	struct votes *votes = &q->a->votes;
	struct vote v;
	int rc = rankings_ready(q);

	votes_clear(votes);
	for (unsigned i = 0; i < q->asked_n && !rc; i++)
		rc = vote(q, q->asked[i]);
	if (rc)
		return rc;
	votes_order(votes, q->sn);
	rc = 1;
	while (rc > 0 && votes_next(votes, q->sn, &v)) {
		struct explanation why = explained(q, &v);

		rc = shelf_offer(q, v.item, v.score, &why);
	}
	return rc < 0 ? rc : 0;
}

const struct strategy strategy_cart_cross_sell = {
	.slug = "cart-cross-sell",
	.meaning =
		"what completes a basket: complements of all its items at once; use it in the cart and at the checkout",
	.formula =
		"sum over itemIds of J^2 / |J^2|^0.75: J = c / (a + b - c) as in frequently-bought-together, |J^2| the "
		"length of the item's vector of J^2 over all that is bought with it",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.fill = fill,
	.phrase = PHRASE_COMPLETES_BASKET,
};
