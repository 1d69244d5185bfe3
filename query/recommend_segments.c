/* Who asks: its segments, its offers, and the promotions that hold for it. */
#include "query/control_internal.h"
#include "views/view.h"

#define READ_ALL (FILTER_READS_COUNTRY | FILTER_READS_CATEGORIES)

/* Of any of these ids; a->facts are the person's then. `set` NULL: no documents. */
static int find_person(struct answerer *a, const struct rankings *ra, const struct segment_set *segments,
		       struct str user_id, struct str visitor_id, unsigned reads, int64_t now_ms, struct person_in *ret)
{
	bool is_of_store = ra && rankings_generation(ra) == snap_generation(a->snap);
	int rc, n = person_actors(a->snap, user_id, visitor_id, ret->actors);

	if (n < 0)
		return n;
	ret->actor_n = (unsigned)n;
	rc = person_facts_read(&a->facts, a->snap, ret->actors, ret->actor_n, user_id,
			       reads | segments_read_of(segments), now_ms,
			       is_of_store ? rankings_big_spend(ra) : SEGMENT_SPEND_UNKNOWN);
	ret->segments =
		segments_of(segments, a->facts.is_known ? &a->facts.is : NULL, a->facts.hashes, a->facts.hash_n);
	return rc;
}

/* Once a request. */
static int find_asking(struct asking *q)
{
	int rc = 0;

	if (!q->person_is_found)
		rc = find_person(q->a, q->rankings, q->set->segments, q->rq->user_id, q->rq->visitor_id, 0,
				 q->watermark_ms, &q->who);
	q->person_is_found = !rc;
	return rc;
}

int segments_hold(struct asking *q, const struct control_texts *names)
{
	int rc = find_asking(q);

	for (uint32_t i = 0; i < names->n && !rc; i++) {
		int place = segment_find(q->set->segments, names->v[i]);

		if (place >= 0 && q->who.segments >> place & 1)
			return 1;
	}
	return rc;
}

int segments_of_asking(struct asking *q)
{
	int rc = 0;

	if (q->rq->trace && q->set && (q->rq->user_id.n || q->rq->visitor_id.n)) {
		rc = find_asking(q);
		q->ret->segments = rc ? 0 : q->who.segments;
	}
	return rc;
}

/* ---- promotions ---- */

int promotions_find(struct asking *q)
{
	const struct offer_set *offers = q->set ? q->set->offers : NULL;
	int rc = 0;

	q->promotion_n = 0;
	if (!offers || !offers->promotion_n)
		return 0;
	rc = find_asking(q);
	for (unsigned i = offers->n - offers->promotion_n; i < offers->n && rc >= 0; i++) {
		const struct offer *o = &offers->v[i];
		int64_t left;

		if (!offer_is_for(o, q->now_ms, q->who.segments))
			continue;
		rc = offer_is_left(o, q->sn, q->who.actors, q->who.actor_n, &left);
		if (rc > 0)
			q->a->promotions[q->promotion_n++] = o;
	}
	return rc < 0 ? rc : 0;
}

const struct offer *promotion_of(struct asking *q, const struct recommended *r)
{
	struct filter_item about = { .item_id = r->item_id, .stock = r->stock, .low_stock = q->a->low_stock };

	if (q->promotion_n && r->has_record && catalog_item_unpack(r->packed.p, r->packed.n, &q->a->record) == 0)
		about.record = &q->a->record;
	for (unsigned i = 0; i < q->promotion_n; i++)
		if (offer_covers(q->a->promotions[i], &about))
			return q->a->promotions[i];
	return NULL;
}

/* ---- a user's segments and offers ---- */

/* In the snapshot as it is now, which the caller parks. */
static int find_user(struct answerer *a, const struct segment_set *segments, struct str user_id, unsigned reads,
		     int64_t *ret_as_of_ms, struct person_in *ret)
{
	const struct rankings *ra = ranker_acquire(a->opt.ranker);
	int rc = snap_watermark(a->snap, ret_as_of_ms);

	if (!rc)
		rc = find_person(a, ra, segments, user_id, (struct str){ NULL, 0 }, reads, *ret_as_of_ms, ret);
	rankings_release(ra);
	return rc;
}

static int failed(int rc, struct error *e)
{
	return rc ? error_set(e, rc, "", "cannot read the store: %s", error_text(rc)) : 0;
}

int answerer_segments(struct answerer *a, struct str user_id, struct person_segments *ret, struct error *e)
{
	const struct control_set *set = control_set_acquire(a->opt.control);
	struct segment_set *segments = set ? segments_ref(set->segments) : segments_shipped();
	struct person_in who;
	int rc;

	answerer_rest(a);
	rc = snap_renew(a->snap);
	control_set_release(set);
	*ret = (struct person_segments){ .as_of_ms = TIME_NONE };
	if (!rc) {
		rc = find_user(a, segments, user_id, READ_ALL, &ret->as_of_ms, &who);
		snap_park(a->snap);
	}
	if (rc) {
		segments_release(segments);
		return failed(rc, e);
	}
	ret->set = segments;
	ret->in = who.segments;
	ret->is_known = a->facts.is_known;
	ret->facts = a->facts.is;
	return 0;
}

static int find_offers(struct answerer *a, const struct person_in *who, struct person_offers *ret)
{
	int64_t now_ms = a->clock->wall_ms(a->clock), left;

	for (unsigned i = 0; i < ret->set->offers->n; i++) {
		const struct offer *o = &ret->set->offers->v[i];
		int rc = 0;

		if (offer_is_for(o, now_ms, who->segments))
			rc = offer_is_left(o, a->snap, who->actors, who->actor_n, &left);
		if (rc < 0)
			return rc;
		if (rc > 0) {
			ret->v[ret->n].is = o;
			ret->v[ret->n++].left = left;
		}
	}
	return 0;
}

int answerer_offers(struct answerer *a, struct str user_id, struct person_offers *ret, struct error *e)
{
	struct person_in who;
	int rc;

	answerer_rest(a);
	rc = snap_renew(a->snap);
	ret->n = 0;
	ret->set = rc ? NULL : control_set_acquire(a->opt.control);
	ret->as_of_ms = TIME_NONE;
	if (!rc && ret->set) {
		rc = find_user(a, ret->set->segments, user_id, 0, &ret->as_of_ms, &who);
		if (!rc)
			rc = find_offers(a, &who, ret);
	}
	snap_park(a->snap);
	if (rc) {
		control_set_release(ret->set);
		ret->set = NULL;
	}
	return failed(rc, e);
}
