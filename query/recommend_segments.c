/* Which segments a person is in. */
#include "query/control_internal.h"
#include "views/view.h"

#define READ_ALL (FILTER_READS_COUNTRY | FILTER_READS_CATEGORIES)

static int find_segments(struct answerer *a, struct str user_id, const struct rankings *ra, struct person_segments *ret)
{
	bool is_of_store = ra && rankings_generation(ra) == snap_generation(a->snap);
	uint32_t actors[PERSON_ACTORS_MAX];
	struct segment_set *set;
	int n, rc = snap_watermark(a->snap, &ret->as_of_ms);

	if (rc)
		return rc;
	n = person_actors(a->snap, user_id, (struct str){ NULL, 0 }, actors);
	if (n < 0)
		return n;
	rc = person_facts_read(&a->facts, a->snap, actors, (unsigned)n, READ_ALL, ret->as_of_ms,
			       is_of_store ? rankings_big_spend(ra) : SEGMENT_SPEND_UNKNOWN);
	if (!rc)
		rc = segments_read(a->snap, &set);
	if (rc)
		return rc;
	ret->set = set;
	ret->is_known = a->facts.is_known;
	ret->facts = a->facts.is;
	ret->in = segments_of(set, &ret->facts);
	return 0;
}

static int load_segments(struct asking *q)
{
	const struct segment_set *set = q->set->segments;
	bool is_of_store = q->rankings && rankings_generation(q->rankings) == snap_generation(q->sn);
	struct person_facts *facts = &q->a->facts;
	uint32_t actors[PERSON_ACTORS_MAX];
	int rc, n = person_actors(q->sn, q->rq->user_id, q->rq->visitor_id, actors);

	if (n < 0)
		return n;
	rc = person_facts_read(facts, q->sn, actors, (unsigned)n, segments_read_of(set), q->watermark_ms,
			       is_of_store ? rankings_big_spend(q->rankings) : SEGMENT_SPEND_UNKNOWN);
	if (rc)
		return rc;
	q->segments = facts->is_known ? segments_of(set, &facts->is) : 0;
	q->segments_known = true;
	return 0;
}

int segments_hold(struct asking *q, const struct control_texts *names)
{
	int rc = q->segments_known ? 0 : load_segments(q);

	for (uint32_t i = 0; i < names->n && !rc; i++) {
		int place = segment_find(q->set->segments, names->v[i]);

		if (place >= 0 && q->segments >> place & 1)
			return 1;
	}
	return rc;
}

int answerer_segments(struct answerer *a, struct str user_id, struct person_segments *ret, struct error *e)
{
	const struct rankings *ra = ranker_acquire(a->opt.ranker);
	int rc;

	*ret = (struct person_segments){ .as_of_ms = TIME_NONE };
	rc = snap_renew(a->snap);
	if (!rc) {
		rc = find_segments(a, user_id, ra, ret);
		snap_park(a->snap);
	}
	rankings_release(ra);
	return rc ? error_set(e, rc, "", "cannot read the store: %s", error_text(rc)) : 0;
}
