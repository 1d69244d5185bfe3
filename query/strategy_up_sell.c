#include "query/strategy.h"
#include "views/catalog.h"
#include "views/ids.h"

#define LOOKED_AT_MAX 1000 /* similar items; the formula names it */

/* What an asked item is compared by; its strings are the arena's. */
struct base {
	uint32_t item;
	int64_t price_micros;
	double rating, own_rating; /* with the shop's mean counted in, and without */
	struct str currency;
	uint32_t category_n;
	struct str categories[CATALOG_LIST_MAX];
};

static double own_rating_of(const struct catalog_item *record)
{
	return record->rating_micros == PRICE_ABSENT ? 0 : (double)record->rating_micros / (double)MICROS;
}

static double rating_of(const struct asking *q, const struct catalog_item *record)
{
	double count = record->rating_count < 0 ? 1 : (double)record->rating_count;

	if (record->rating_micros == PRICE_ABSENT)
		count = 0;
	return rank_prior_rating(rankings_prior(q->rankings), own_rating_of(record), count);
}

/* 1, 0 when it has no price or no category, or an error. */
static int read_base(struct asking *q, uint32_t item, struct base *ret)
{
	struct catalog_item *record = &q->a->record;
	int rc = catalog_get(q->sn, item, record);

	if (rc < 0)
		return rc;
	if (rc != CATALOG_LIVE || record->price_micros == PRICE_ABSENT || record->price_micros <= 0)
		return 0;
	ret->item = item;
	ret->price_micros = record->price_micros;
	ret->rating = rating_of(q, record);
	ret->own_rating = own_rating_of(record);
	ret->currency = arena_str(&q->a->arena, record->currency);
	ret->category_n = record->categories.n;
	for (uint32_t i = 0; i < ret->category_n; i++)
		ret->categories[i] = arena_str(&q->a->arena, record->categories.v[i]);
	return ret->category_n > 0;
}

static bool serves_the_same_need(const struct base *base, const struct catalog_item *record)
{
	for (uint32_t i = 0; i < base->category_n; i++)
		for (uint32_t k = 0; k < record->categories.n; k++)
			if (category_is_under(record->categories.v[k], base->categories[i]))
				return true;
	return false;
}

static bool is_step_up(const struct asking *q, const struct base *base, const struct catalog_item *record)
{
	double ratio = (double)record->price_micros / (double)base->price_micros;

	return record->price_micros > base->price_micros && ratio <= q->a->up_sell_ratio &&
	       str_eq(record->currency, base->currency) && serves_the_same_need(base, record) &&
	       rating_of(q, record) >= base->rating;
}

/* The votes of the asked items, by their places, that it is a step up from. */
static void vote(struct asking *q, const struct similar *ix, const struct base *bases, unsigned n, uint32_t item)
{
	const struct catalog_item *record = &q->a->record;

	for (unsigned i = 0; i < n; i++) {
		double gain = bases[i].rating > 0 ? rating_of(q, record) / bases[i].rating : 1;
		double like = is_step_up(q, &bases[i], record) ? similar_score(ix, bases[i].item, item) : 0;

		if (like > 0)
			votes_add(&q->a->votes, item, like * gain, i, 0);
	}
}

static int choose(struct asking *q, const struct similar *ix, const struct base *bases, unsigned n)
{
	struct similar_found found;

	for (int i = 0; i < LOOKED_AT_MAX && similar_next(ix, &q->a->similar, &found); i++) {
		int rc = catalog_get(q->sn, found.item, &q->a->record);

		if (rc < 0)
			return rc;
		if (rc == CATALOG_LIVE)
			vote(q, ix, bases, n, found.item);
	}
	return 0;
}

static int explain(struct asking *q, const struct base *base, const struct vote *v, struct explanation *ret)
{
	struct catalog_item *record = &q->a->record;
	int rc = catalog_get(q->sn, v->item, record);

	if (rc < 0)
		return rc;
	*ret = (struct explanation){ .kind = EXPLAIN_STEP_UP, .with = snap_item_name(q->sn, base->item) };
	ret->step_up.price_ratio = (double)record->price_micros / (double)base->price_micros;
	ret->step_up.rating = own_rating_of(record);
	ret->step_up.with_rating = base->own_rating;
	ret->pair_score = base->rating > 0 ? v->strongest * base->rating / rating_of(q, record) : v->strongest;
	return 0;
}

static int offer(struct asking *q, const struct base *bases)
{
	struct vote v;
	int rc = 1;

	votes_order(&q->a->votes, q->sn);
	while (rc > 0 && votes_next(&q->a->votes, q->sn, &v)) {
		struct explanation why;

		rc = explain(q, &bases[v.seed], &v, &why);
		if (!rc)
			rc = shelf_offer(q, v.item, v.score, &why);
	}
	return rc < 0 ? rc : 0;
}

static int fill(struct asking *q)
{
	const struct similar *ix;
	struct base *bases;
	unsigned n = 0;
	int rc = similar_start(q, &ix);

	if (rc || !q->asked_n)
		return rc;
	bases = arena_alloc(&q->a->arena, q->asked_n * sizeof(*bases));
	for (unsigned i = 0; i < q->asked_n; i++) {
		rc = read_base(q, q->asked[i], &bases[n]);
		if (rc < 0)
			return rc;
		n += rc > 0;
	}
	votes_clear(&q->a->votes);
	rc = choose(q, ix, bases, n);
	return rc ? rc : offer(q, bases);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	bool is_rated = why->step_up.with_rating > 0 && why->step_up.rating > why->step_up.with_rating;

	phrase_say(q, is_rated ? PHRASE_STEP_UP_RATED : PHRASE_STEP_UP, why, ret);
}

const struct strategy strategy_up_sell = {
	.slug = "up-sell",
	.meaning = "a better one for the same need: alike, somewhat dearer, not rated lower; use it on product pages",
	.formula =
		"sum over itemIds of the score of similar-items x R(b) / R(a), R the rating as in top-rated (the shop's mean without ratings); b lies in "
		"a category of a or under it, a's price < b's <= a's x answers.upSellRatio in one currency, R(b) >= R(a); variants of one groupId too; "
		"0.1 or more is asked of the sum in similar-items, with all of itemIds; the 1000 with the largest one are looked at",
	.inputs = INPUT_ITEM_IDS | INPUT_CATEGORY,
	.required = INPUT_ITEM_IDS,
	.without_events = true,
	.fill = fill,
	.reason = reason,
};
