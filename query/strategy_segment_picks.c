#include "query/strategy.h"

#include <math.h>

#define VOTES_MAX RANK_LIST_MAX /* of a segment, also where the list of the whole shop is longer */
#define STEP 0x1p-40 /* of a sum: those that differ by how they were rounded alone are the same, and go by id */

/* Of each segment the person is in, its list; what several of them choose adds up. */
static void vote(struct asking *q, uint64_t in)
{
	for (unsigned s = 0; s < segments_count(rankings_segments(q->rankings)); s++) {
		struct rank_list list = rankings_get(q->rankings, (enum rank_kind)(RANK_SEGMENT + (int)s), q->category);

		for (size_t i = 0; i < list.n && i < VOTES_MAX && (in >> s & 1); i++)
			votes_add(&q->a->votes, list.v[i].item, list.v[i].score / list.v[0].score, s,
				  (uint32_t)list.v[i].recent);
	}
	for (size_t i = 0; i < q->a->votes.n; i++)
		q->a->votes.v[i].score = rint(q->a->votes.v[i].score / STEP) * STEP;
}

static struct explanation explained(struct asking *q, const struct vote *v)
{
	return (struct explanation){ .kind = EXPLAIN_SEGMENT,
				     .with = arena_str(&q->a->arena,
						       str_of(segment_at(rankings_segments(q->rankings), v->seed)->id)),
				     .segment_people = v->count };
}

static int fill(struct asking *q)
{
	struct person *p = &q->a->person;
	struct person_facts *facts = &q->a->facts;
	const struct segment_set *set;
	int rc = rankings_ready(q);

	if (rc)
		return rc;
	set = rankings_segments(q->rankings);
	rc = person_load(q);
	if (!rc && set)
		rc = person_facts_read(facts, q->sn, p->actors, (unsigned)p->actor_n, q->rq->user_id,
				       segments_read_of(set), q->watermark_ms, rankings_big_spend(q->rankings));
	if (rc || !set)
		return rc;
	q->ranked = true;
	votes_clear(&q->a->votes);
	vote(q, segments_of(set, facts->is_known ? &facts->is : NULL, facts->hashes, facts->hash_n));
	return shelf_offer_votes(q, explained);
}

static void reason(const struct asking *q, const struct explanation *why, char ret[RECOMMEND_REASON_MAX])
{
	static const enum phrase phrases[] = {
#define SEGMENT(name, id, meaning, filter) PHRASE_SEGMENT_##name,
#include "query/segments.def"
#undef SEGMENT
	};
	const struct segment_set *set = rankings_segments(q->rankings);
	int place = segment_find(set, why->with), shipped = place < 0 ? -1 : segment_at(set, (unsigned)place)->shipped;

	phrase_say(q, shipped < 0 ? PHRASE_SEGMENT_OTHER : phrases[shipped], why, ret);
}

const struct strategy strategy_segment_picks = {
	.slug = "segment-picks",
	.meaning =
		"best sellers among customers of the person's kind, their segments; use it in mails and on start pages, when "
		"little is known of the person",
	.formula =
		"sum over the person's segments of n / most: n people of the segment who bought it (those without an order: "
		"viewed it), each user and visitor by itself, most that of the segment's best item, sold out or not, of the category if one "
		"is asked for",
	.inputs = INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_CATEGORY,
	.required = INPUT_USER_ID | INPUT_VISITOR_ID,
	.fill = fill,
	.reason = reason,
};
