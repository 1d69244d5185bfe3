#include "query/strategy.h"
#include "query/taste.h"
#include "views/ids.h"

#include <math.h>
#include <stdlib.h>

#define SALES_WEIGHT 0.05  /* of the best seller of a category that has all the interest */
#define TASTE_FLOOR 0.2    /* of what is not to the person's taste at all */
#define LIKED_CATEGORIES 3 /* whose best sellers are candidates, */
#define LIKED_SELLERS 20   /* so many of each, and of the shop */
#define RESCORED 100       /* candidates that are put in order by taste at a time */

struct choice {
	struct vote vote;
	double taste, score;
	size_t place; /* among the votes */
};

static void vote_sellers(struct asking *q, struct rank_list list, double share)
{
	for (size_t i = 0; i < list.n && i < LIKED_SELLERS; i++)
		votes_add(&q->a->votes, list.v[i].item, SALES_WEIGHT * share * list.v[i].score / list.v[0].score,
			  ID_NONE, (uint32_t)list.v[i].recent);
}

static bool is_named_before(void *arg, const struct vote *a, const struct vote *b)
{
	const struct rankings *ra = arg;

	return str_cmp(rankings_category_name(ra, a->item), rankings_category_name(ra, b->item)) < 0;
}

/* Best sellers of the categories with the largest shares of the interest, and of the shop or the category asked for. */
static void vote_liked_categories(struct asking *q, const struct interests *in)
{
	struct votes *liked = &q->a->tastes;
	const struct vote *best[LIKED_CATEGORIES];
	unsigned best_n;

	votes_clear(liked);
	for (unsigned i = 0; i < in->n; i++) {
		const uint32_t *lists;
		unsigned n = rankings_categories(q->rankings, in->v[i].of->item, &lists);

		for (unsigned k = 0; k < n; k++)
			votes_add(liked, lists[k], in->v[i].share, 0, 0);
	}
	best_n = votes_best(liked, LIKED_CATEGORIES, is_named_before, (void *)(uintptr_t)q->rankings, best);
	for (unsigned i = 0; i < best_n; i++)
		vote_sellers(q, rankings_list(q->rankings, RANK_BEST_SELLERS, best[i]->item), best[i]->score);
	vote_sellers(q, rankings_get(q->rankings, RANK_BEST_SELLERS, q->category), 1);
}

/* Not what the person has bought and kept, has in the cart or does not like. */
static bool is_wanted(const struct person *p, uint32_t item)
{
	const struct person_item *it = person_item_of(p, item);

	return !it || !(it->units > 0 || it->in_cart || it->disliked);
}

static int best_first(const void *pa, const void *pb)
{
	const struct choice *a = pa, *b = pb;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

/* The next best votes, in order by taste; equals stay in the order of the votes. */
static size_t take_choices(struct asking *q, struct choice ret[RESCORED])
{
	const struct similar *ix = rankings_similar(q->rankings);
	double total = taste_total(&q->a->tastes, ix);
	size_t n = 0;

	while (n < RESCORED && votes_next(&q->a->votes, q->sn, &ret[n].vote)) {
		struct choice *c = &ret[n];

		if (!is_wanted(&q->a->person, c->vote.item))
			continue;
		c->taste = total > 0 ? taste_for(&q->a->tastes, ix, c->vote.item) / total : 0;
		c->place = n;
		c->score = c->vote.score * (TASTE_FLOOR + c->taste);
		n++;
	}
	qsort(ret, n, sizeof(*ret), best_first);
	return n;
}

static struct explanation explained(struct asking *q, const struct choice *c)
{
	struct explanation why = { .kind = EXPLAIN_INTEREST, .taste = c->taste, .together = c->vote.count };
	const struct person_item *seed;

	if (c->vote.seed == ID_NONE) {
		why.units = c->vote.count;
		why.days = RANK_SALES_DAYS;
		return why;
	}
	seed = person_item_of(&q->a->person, c->vote.seed);
	why.with = snap_item_name(q->sn, c->vote.seed);
	why.times = seed ? seed->buys : 0;
	return why;
}

/* The list is in order of its scores: the next hundred votes, and what sells, may score more than what was given before. */
static int offer(struct asking *q, const struct choice *c, double *last)
{
	struct explanation why = explained(q, c);
	double score = c->score < *last ? c->score : *last;
	unsigned n = q->shelf_n;
	int rc = shelf_offer(q, c->vote.item, score, &why);

	if (q->shelf_n > n || shelf_was_shown(q, c->vote.item))
		*last = score;
	return rc;
}

static int offer_all(struct asking *q, double *last)
{
	struct choice choices[RESCORED];
	size_t n;
	int rc = 1;

	while (rc > 0 && (n = take_choices(q, choices)) > 0)
		for (size_t i = 0; i < n && rc > 0; i++)
			rc = offer(q, &choices[i], last);
	return rc < 0 ? rc : 0;
}

/* When all that is left is what sells: one who is not known has no other candidates. */
static int offer_sellers(struct asking *q, double *last)
{
	const struct ranked *r, *best;
	struct rank_walk walk;
	int rc = 1;

	rankings_walk_begin(q->rankings, RANK_BEST_SELLERS, q->category, &walk);
	best = walk.list.v;
	for (size_t i = 0; rc > 0 && (r = rankings_walk_next(&walk)); i++) {
		struct choice c = {
			.vote = { .item = r->item, .seed = ID_NONE, .count = (uint32_t)r->recent },
			.score = SALES_WEIGHT * TASTE_FLOOR * r->score / best->score,
		};

		if (i >= LIKED_SELLERS && is_wanted(&q->a->person, c.vote.item))
			rc = offer(q, &c, last);
	}
	return rc < 0 ? rc : 0;
}

static int fill(struct asking *q)
{
	struct answerer *a = q->a;
	struct interests in;
	double last = INFINITY;
	int rc = rankings_ready(q);

	if (!rc)
		rc = person_load(q);
	if (rc)
		return rc;
	q->ranked = true;
	interests_of(q, &in);
	votes_clear(&a->votes);
	rc = interests_vote(q, &in, &a->votes);
	if (rc)
		return rc;
	vote_liked_categories(q, &in);
	votes_order(&a->votes, q->sn);
	votes_clear(&a->tastes);
	for (unsigned i = 0; i < in.n; i++)
		taste_add(&a->tastes, rankings_similar(q->rankings), in.v[i].of->item, in.v[i].share);
	rc = offer_all(q, &last);
	return rc ? rc : offer_sellers(q, &last);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	enum phrase which = why->with.n == 0 ? why->taste > 0 ? PHRASE_LIKED_SELLER : PHRASE_SOLD
			    : why->times > 0 ? PHRASE_WITH_BOUGHT
					     : PHRASE_WITH_VIEWED;

	phrase_say(q, which, why, ret);
}

const struct strategy strategy_recommended_for_you = {
	.slug = "recommended-for-you",
	.meaning =
		"new things for one person, from all it did; one who is not known gets best sellers; use it on start "
		"pages and in mails",
	.formula =
		"(sum over the 8 items of most interest of w x T + 0.05 x L) x (0.2 + taste): w the item's share of the "
		"interest (view 1, cart-add 3, purchase 8, what is taken out of the cart -2, returned -8; halved every 30 days); T = J^2 / |J^2|^0.75, J as in also-bought "
		"for what was bought (the 512 as in cart-cross-sell), and over the item's newest 32 visits for what was viewed; L the 20 best "
		"sellers, sold out or not, of each of the 3 categories liked most and of the shop, the others follow in their order; put in order 100 "
		"at a time, those with the largest sum first, and no item scores more than the one before it; taste: the part of the categories, brands and price bands of interest, by "
		"inverse document frequency, that the item has; what is bought and kept, in the cart or disliked is left out",
	.inputs = INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_CATEGORY,
	.required = INPUT_USER_ID | INPUT_VISITOR_ID,
	.fill = fill,
	.reason = reason,
};
