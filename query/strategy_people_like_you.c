#include "query/strategy.h"
#include "views/ids.h"

#include <math.h>

#define PEOPLE_MAX 20 /* whose histories are read */

/*
 * A person is like this one by the items that both viewed, a rare one more than a common one. They are found in the newest
 * sessions of the items of most interest.
 */
static int find_people(struct asking *q, const struct interests *in, uint32_t sessions, struct votes *ret)
{
	struct votes *met = &q->a->tastes; /* actors that this item has voted for */
	int rc = 0;

	votes_clear(ret);
	for (unsigned i = 0; i < in->n && !rc; i++) {
		uint32_t item = in->v[i].of->item;
		double df = rankings_totals(q->rankings, item).view_sessions;
		double weight = in->v[i].share * log(1 + sessions / fmax(df, 1));
		struct session_list list;

		votes_clear(met);
		rc = session_newest(q->a->sessions, item, TIE_SESSIONS, &list);
		for (uint32_t k = 0; k < list.n && !rc; k++) {
			struct session s;

			rc = session_get(q->a->sessions, list.numbers[k], &s);
			if (!rc && !person_is(&q->a->person, s.actor) && votes_for(met, s.actor) == 0) {
				votes_add(met, s.actor, 1, item, 1);
				votes_add(ret, s.actor, weight, item, 1);
			}
			rc = rc == ERR_NOT_FOUND ? 0 : rc;
		}
	}
	return rc;
}

/* Two who are equally like this one: by the hashes of their ids, which are the same in every store. */
struct who_first {
	struct snap *sn;
	const struct vote *first;                     /* of all */
	uint64_t known[INTERESTS_MAX * TIE_SESSIONS]; /* 0: not looked up yet */
};

static uint64_t hash_of(struct who_first *w, const struct vote *v)
{
	uint64_t *known = &w->known[v - w->first];
	struct str hash;

	if (!*known && snap_actor_hash(w->sn, v->item, &hash) == 0)
		memcpy(known, hash.p, sizeof(*known));
	return *known;
}

static bool is_before(void *arg, const struct vote *a, const struct vote *b)
{
	return hash_of(arg, a) < hash_of(arg, b);
}

/* The interest of one of them, as far as it is in items that are new to this person. */
static int vote(struct asking *q, const struct vote *who, double weight)
{
	struct history_row rows[HISTORY_MAX];
	struct votes *interests = &q->a->tastes;
	int n = history_get(q->sn, who->item, rows);
	double sum = 0;

	votes_clear(interests);
	for (int i = 0; i < n; i++)
		votes_add(interests, rows[i].item, person_interest(q, rows[i].type, rows[i].t_ms), 0, 0);
	for (size_t i = 0; i < interests->n; i++)
		sum += fmax(interests->v[i].score, 0);
	for (size_t i = 0; i < interests->n; i++) {
		const struct vote *of = &interests->v[i];

		if (of->score > 0 && !person_item_of(&q->a->person, of->item))
			votes_add(&q->a->votes, of->item, weight * of->score / sum, 0, who->voters);
	}
	return n < 0 ? n : 0;
}

static int vote_all(struct asking *q, const struct votes *people)
{
	struct who_first first = { .sn = q->sn, .first = people->v };
	const struct vote *who[PEOPLE_MAX];
	unsigned n = votes_best(people, PEOPLE_MAX, is_before, &first, who);
	double sum = 0;
	int rc = 0;

	for (unsigned i = 0; i < n; i++)
		sum += who[i]->score;
	votes_clear(&q->a->votes);
	for (unsigned i = 0; i < n && !rc; i++)
		rc = vote(q, who[i], who[i]->score / sum);
	return rc;
}

static struct explanation explained(struct asking *q, const struct vote *v)
{
	size_t people = q->a->counted.n < PEOPLE_MAX ? q->a->counted.n : PEOPLE_MAX;

	return (struct explanation){ .kind = EXPLAIN_PEOPLE, .people = { v->voters, (unsigned)people, v->count } };
}

static int fill(struct asking *q)
{
	struct votes *people = &q->a->counted;
	struct interests in;
	uint32_t sessions = 0;
	int rc = rankings_ready(q);

	if (!rc)
		rc = person_load(q);
	if (!rc)
		rc = session_index_begin(q->a->sessions, q->sn);
	if (!rc)
		rc = sessions_total(q->sn, &sessions);
	if (rc)
		return rc;
	interests_of(q, &in);
	rc = find_people(q, &in, sessions, people);
	if (!rc)
		rc = vote_all(q, people);
	return rc ? rc : shelf_offer_votes(q, explained);
}

const struct strategy strategy_people_like_you = {
	.slug = "people-like-you",
	.meaning =
		"what people did who viewed the same rare items, as far as it is new to this one; use it on start pages, to "
		"discover",
	.formula =
		"sum over the 20 people most like this one of s x p: s by the items in common among the newest 32 visits of "
		"each of its 8 items of most interest, each by w x ln(1 + N / n) (w its share of the interest, N all visits there "
		"were, n those of the newest 6 epochs with it), s summing to 1; p the item's share of that person's interest, as in recommended-for-you",
	.inputs = INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_CATEGORY,
	.required = INPUT_USER_ID | INPUT_VISITOR_ID,
	.fill = fill,
	.phrase = PHRASE_PEOPLE_LIKE_YOU,
};
