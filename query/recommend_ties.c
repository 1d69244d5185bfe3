/*
 * Votes of an item for what goes with it, by the square of the Jaccard measure: one strong tie says more than many weak
 * ones. An item that goes with everything has many, so its votes are divided by their length, but for a quarter of its
 * power: an item whose ties are strong has more to say.
 */
#include "query/strategy.h"

#include <math.h>

static uint32_t marginal_of(const struct asking *q, uint32_t item, enum marginal which)
{
	struct rank_totals t = rankings_totals(q->rankings, item);

	return which == MARGINAL_VIEW_SESSIONS ? t.view_sessions : which == MARGINAL_ORDERS ? t.orders : t.buyers;
}

double tie_jaccard(const struct asking *q, uint32_t item, uint32_t other, uint32_t together, enum marginal which)
{
	double either = (double)marginal_of(q, item, which) + marginal_of(q, other, which) - together;

	return together / (either > together ? either : together);
}

/*
 * A sum of numbers from 0 to 1, 8,000 at most, that is the same in whatever order they are added: theirs is that of the
 * items' numbers. In units of 2^-50, and of 2^-100 for what is left.
 */
struct exact {
	int64_t high, low;
};

static void exact_add(struct exact *sum, double v)
{
	double scaled = v * 0x1p50;
	int64_t high = (int64_t)scaled;

	sum->high += high;
	sum->low += (int64_t)((scaled - (double)high) * 0x1p50);
}

static double exact_get(const struct exact *sum)
{
	return (double)sum->high * 0x1p-50 + (double)sum->low * 0x1p-100;
}

static double share_of(const struct exact *squares)
{
	return pow(exact_get(squares), -0.375);
}

static double squared(double v)
{
	return v * v;
}

int ties_vote(struct asking *q, enum pair_view view, enum marginal which, uint32_t item, double weight,
	      struct votes *votes)
{
	const struct neighbour_list *with = &q->a->pairing.list;
	struct exact squares = { 0 };
	int rc = pairs_list(q, view, item, false);

	if (rc)
		return rc;
	for (size_t i = 0; i < with->sure; i++)
		exact_add(&squares, squared(squared(tie_jaccard(q, item, with->v[i].member, with->v[i].count, which))));
	if (exact_get(&squares) == 0)
		return 0;
	weight *= share_of(&squares);
	for (size_t i = 0; i < with->sure; i++) {
		double j = tie_jaccard(q, item, with->v[i].member, with->v[i].count, which);

		votes_add(votes, with->v[i].member, j * j * weight, item, with->v[i].count);
	}
	return 0;
}

/* ---- from the newest sessions alone ---- */

static bool seen_before(const struct session *s, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++)
		if (session_item(s, i) == session_item(s, at))
			return true;
	return false;
}

/* How many of the newest sessions with the item, other people's, viewed each other item. */
static int count_sessions(struct asking *q, uint32_t item, struct votes *counted, uint32_t *ret_sessions)
{
	struct session_list list;
	int rc = session_newest(q->a->sessions, item, TIE_SESSIONS, &list);

	votes_clear(counted);
	*ret_sessions = 0;
	for (uint32_t i = 0; i < list.n && !rc; i++) {
		struct session s;

		rc = session_get(q->a->sessions, list.numbers[i], &s);
		if (rc == ERR_NOT_FOUND || (!rc && person_is(&q->a->person, s.actor))) {
			rc = 0;
			continue;
		}
		++*ret_sessions;
		for (uint32_t k = 0; k < s.n; k++)
			if (!rc && session_item(&s, k) != item && !seen_before(&s, k))
				votes_add(counted, session_item(&s, k), 1, item, 1);
	}
	return rc;
}

int ties_vote_sessions(struct asking *q, uint32_t item, double weight, struct votes *votes)
{
	struct votes *counted = &q->a->counted;
	struct exact squares = { 0 };
	double of_all;
	uint32_t sessions;
	int rc = count_sessions(q, item, counted, &sessions);

	if (rc || sessions == 0)
		return rc;
	/* the others' totals, cut to the share of the item's sessions that was looked at */
	of_all = sessions / fmax(marginal_of(q, item, MARGINAL_VIEW_SESSIONS), sessions);
	for (size_t i = 0; i < counted->n; i++) {
		struct vote *c = &counted->v[i];
		double other = fmax(of_all * marginal_of(q, c->item, MARGINAL_VIEW_SESSIONS), c->voters);

		c->score = c->voters < q->a->min_support ? 0 : c->voters / (sessions + other - c->voters);
		exact_add(&squares, squared(squared(c->score)));
	}
	if (exact_get(&squares) == 0)
		return 0;
	weight *= share_of(&squares);
	for (size_t i = 0; i < counted->n; i++)
		if (counted->v[i].score > 0)
			votes_add(votes, counted->v[i].item, counted->v[i].score * counted->v[i].score * weight, item,
				  counted->v[i].voters);
	return 0;
}
