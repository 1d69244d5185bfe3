/* What a person is interested in, and what goes with it. */
#include "query/strategy.h"
#include "views/ids.h"

static bool is_larger(struct asking *q, const struct person_item *a, const struct person_item *b)
{
	if (a->interest != b->interest)
		return a->interest > b->interest;
	return str_cmp(snap_item_name(q->sn, a->item), snap_item_name(q->sn, b->item)) < 0;
}

void interests_of(struct asking *q, struct interests *ret)
{
	const struct person *p = &q->a->person;
	double sum = 0;

	person_find_interests(q);
	ret->n = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct person_item *it = &p->items[i];
		unsigned at;

		if (it->interest <= 0 || it->disliked ||
		    (ret->n == INTERESTS_MAX && !is_larger(q, it, ret->v[INTERESTS_MAX - 1].of)))
			continue;
		if (ret->n < INTERESTS_MAX)
			ret->n++;
		for (at = ret->n - 1; at > 0 && is_larger(q, it, ret->v[at - 1].of); at--)
			ret->v[at] = ret->v[at - 1];
		ret->v[at].of = it;
	}
	for (unsigned i = 0; i < ret->n; i++)
		sum += ret->v[i].of->interest;
	for (unsigned i = 0; i < ret->n; i++)
		ret->v[i].share = ret->v[i].of->interest / sum;
}

int interests_vote(struct asking *q, const struct interests *in, struct votes *votes)
{
	int rc = session_index_begin(q->a->sessions, q->sn);

	for (unsigned i = 0; i < in->n && !rc; i++) {
		const struct person_item *it = in->v[i].of;

		if (it->buys)
			rc = ties_vote(q, PAIR_ALSO_BOUGHT, MARGINAL_BUYERS, it->item, in->v[i].share, votes);
		if (it->views && !rc)
			rc = ties_vote_sessions(q, it->item, in->v[i].share, votes);
	}
	return rc;
}
