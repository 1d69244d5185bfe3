/* Which segments a person is in. */
#include "query/strategy.h"
#include "views/view.h"

#include <assert.h>

static int find_segments(struct answerer *a, struct str user_id, const struct rankings *ra, struct person_segments *ret)
{
	uint32_t actors[PERSON_ACTORS_MAX];
	int64_t limit = SEGMENT_SPEND_UNKNOWN;
	struct profile profile;
	int n, rc = snap_watermark(a->snap, &ret->as_of_ms);

	if (rc)
		return rc;
	n = person_actors(a->snap, user_id, (struct str){ NULL, 0 }, actors);
	if (n < 0)
		return n;
	rc = profile_of(a->snap, actors, (unsigned)n, &profile);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	if (ra && rankings_generation(ra) == snap_generation(a->snap))
		limit = rankings_big_spend(ra);
	ret->in = segments_of(&profile, ret->as_of_ms, limit);
	return 0;
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
