#include "query/strategy.h"

/* Of each segment the person is in, its list; what several of them choose adds up. */
static void vote(struct asking *q, unsigned in)
{
	for (int s = 0; s < SEGMENT_COUNT; s++) {
		struct rank_list list = rankings_get(q->rankings, (enum rank_kind)(RANK_SEGMENT + s), q->category);

		for (size_t i = 0; i < list.n && (in >> s & 1); i++)
			votes_add(&q->a->votes, list.v[i].item, list.v[i].score / list.v[0].score, (uint32_t)s,
				  (uint32_t)list.v[i].recent);
	}
}

static struct explanation explained(struct asking *q, const struct vote *v)
{
	(void)q;
	return (struct explanation){ .kind = EXPLAIN_SEGMENT, .segment = { (enum segment)v->seed, v->count } };
}

static int fill(struct asking *q)
{
	struct person *p = &q->a->person;
	struct profile profile;
	int rc = rankings_ready(q);

	if (!rc)
		rc = person_load(q);
	if (!rc)
		rc = profile_of(q->sn, p->actors, (unsigned)p->actor_n, &profile);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	q->ranked = true;
	votes_clear(&q->a->votes);
	vote(q, segments_of(&profile, q->watermark_ms, rankings_big_spend(q->rankings)));
	return shelf_offer_votes(q, explained);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	static const enum phrase phrases[SEGMENT_COUNT] = {
		[SEGMENT_NEW] = PHRASE_SEGMENT_NEW,
		[SEGMENT_FIRST_TIME_BUYER] = PHRASE_SEGMENT_FIRST,
		[SEGMENT_FREQUENT] = PHRASE_SEGMENT_FREQUENT,
		[SEGMENT_LAPSING] = PHRASE_SEGMENT_LAPSING,
		[SEGMENT_BIG_SPENDER] = PHRASE_SEGMENT_SPENDER,
	};

	phrase_say(q, phrases[why->segment.which], why, ret);
}

const struct strategy strategy_segment_picks = {
	.slug = "segment-picks",
	.meaning =
		"best sellers among customers of the person's kind (GET /v1/users/{userId}/segments); use it in mails and on "
		"start pages, when little is known of the person",
	.formula =
		"sum over the person's segments of n / most: n people of the segment who bought it (new ones: viewed it), most "
		"that of the segment's best item",
	.inputs = INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_CATEGORY,
	.required = INPUT_USER_ID | INPUT_VISITOR_ID,
	.fill = fill,
	.reason = reason,
};
