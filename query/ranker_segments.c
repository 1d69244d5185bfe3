/*
 * What segments choose, counted in rounds over all actors, a piece whenever the ranker looks at the store. A round goes over them twice: first
 * for the spend that a tenth of the buyers reach, then for who is in which segment and what they chose. An actor counts by
 * itself: the visitors of a user are not looked up.
 */
#include "query/ranker_internal.h"
#include "views/config.h"
#include "views/history.h"
#include "views/ids.h"
#include "views/profile.h"

#include <stdlib.h>
#include <xxhash.h>

#define STEP_ACTORS 1000 /* of a piece */

static void segment_counts_fini(struct segment_counts *c)
{
	segments_release(c->set);
	free(c->v);
	*c = (struct segment_counts){ .big_spend_micros = SEGMENT_SPEND_UNKNOWN };
}

void segment_round_fini(struct segment_round *r)
{
	segment_counts_fini(&r->counting);
	segment_counts_fini(&r->done);
	segments_release(r->set);
	person_facts_fini(&r->facts);
	free(r->rows);
	idmap_fini(&r->seen);
	*r = (struct segment_round){ .done.big_spend_micros = SEGMENT_SPEND_UNKNOWN };
}

static void begin(struct segment_round *r, uint64_t version)
{
	r->actor = 0;
	r->is_counting = false;
	r->spends = (struct big_spend){ 0 };
	r->counting.items = 0;
	r->counting.version = version;
	segments_release(r->counting.set);
	r->counting.set = segments_ref(r->set);
}

/* ---- first: how much is much ---- */

static int note_spend(struct segment_round *r, struct snap *sn, uint32_t actor)
{
	struct profile p;
	int rc = profile_get(sn, actor, &p);

	if (!rc)
		big_spend_note(&r->spends, &p);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

/* ---- then: who chose what ---- */

static uint32_t *counts_of(struct segment_counts *c, uint32_t item)
{
	size_t of = segments_count(c->set);

	if (item >= c->room)
		c->v = rank_grown(c->v, &c->room, item, of * sizeof(*c->v));
	if (item >= c->items) {
		memset(c->v + c->items * of, 0, (item + 1 - c->items) * of * sizeof(*c->v));
		c->items = item + 1;
	}
	return c->v + item * of;
}

static void choose(struct segment_counts *c, uint32_t item, uint64_t in)
{
	uint32_t *counts = counts_of(c, item);

	for (unsigned s = 0; s < segments_count(c->set); s++)
		counts[s] += in >> s & 1;
}

static bool is_first(struct segment_round *r, const struct history_row *row)
{
	size_t before = r->seen.n;

	idmap_put(&r->seen, row->item, 0);
	return r->seen.n > before;
}

/* Those who have bought nothing yet: what they look at. */
static int count_actor(struct segment_round *r, struct snap *sn, uint32_t actor, int64_t now_ms)
{
	const struct person_facts *facts = &r->facts;
	int n = 0, rc = person_facts_read(&r->facts, sn, &actor, 1, STR(""), segments_read_of(r->counting.set), now_ms,
					  r->counting.big_spend_micros);
	enum event_type by = facts->is.orders > 0 ? EVENT_PURCHASE : EVENT_VIEW;
	uint64_t in = 0;

	if (!rc && facts->is_known)
		in = segments_of(r->counting.set, &facts->is, facts->hashes, facts->hash_n);
	if (in)
		n = history_get(sn, actor, r->rows);
	idmap_clear(&r->seen);
	for (int i = 0; i < n; i++) {
		if (r->rows[i].item >= r->items)
			return ERR_STORE_CORRUPT;
		if (r->rows[i].type == by && is_first(r, &r->rows[i]))
			choose(&r->counting, r->rows[i].item, in);
	}
	return n < 0 ? n : rc;
}

/* ---- a round ---- */

static void end_pass(struct segment_round *r, uint64_t version)
{
	struct segment_counts done;

	r->actor = 0;
	if (!r->is_counting) {
		r->is_counting = true;
		r->counting.big_spend_micros = big_spend_limit(&r->spends);
		return;
	}
	done = r->counting;
	done.hash = XXH3_64bits_withSeed(done.v, done.items * segments_count(done.set) * sizeof(*done.v),
					 (uint64_t)done.big_spend_micros + segments_sign(done.set));
	r->counting = r->done;
	if (r->counting.set != r->set) { /* its rows are of another length */
		free(r->counting.v);
		r->counting.v = NULL;
		r->counting.room = 0;
	}
	r->done = done;
	begin(r, version);
}

/* Of other segments a round begins anew; other documents do not disturb it. */
static int follow_config(struct segment_round *r, struct snap *sn)
{
	struct segment_set *set;
	uint64_t version;
	bool is_same;
	int rc = config_version(sn, &version);

	if (rc || (r->set && version == r->config_version))
		return rc;
	rc = segments_read(sn, &set);
	if (rc)
		return rc;
	r->config_version = version;
	is_same = r->set && segments_sign(r->set) == segments_sign(set);
	segments_release(is_same ? set : r->set);
	if (is_same)
		return 0;
	r->set = set;
	segment_counts_fini(&r->counting);
	begin(r, snap_version(sn));
	return 0;
}

int segment_round_step(struct segment_round *r, struct snap *sn, int64_t now_ms)
{
	uint32_t actors;
	int rc = snap_actors(sn, &actors), passes = 0;

	if (rc)
		return rc;
	if (!r->rows || r->generation != snap_generation(sn)) {
		segment_round_fini(r);
		r->rows = xcalloc(HISTORY_MAX, sizeof(*r->rows));
		r->generation = snap_generation(sn);
	}
	rc = follow_config(r, sn);
	if (rc || r->done.version == snap_version(sn))
		return rc;
	rc = snap_items(sn, &r->items);
	for (unsigned i = 0; i < STEP_ACTORS && passes < 2 && !rc; i++) {
		if (r->actor >= actors) {
			end_pass(r, snap_version(sn));
			passes++;
			continue;
		}
		rc = r->is_counting ? count_actor(r, sn, r->actor, now_ms) : note_spend(r, sn, r->actor);
		r->actor++;
	}
	if (rc) /* or somebody would be left out of it */
		begin(r, snap_version(sn));
	return rc;
}

const struct segment_set *rankings_segments(const struct rankings *ra)
{
	return ra->parts.segments;
}

int64_t rankings_big_spend(const struct rankings *ra)
{
	return ra->big_spend_micros;
}
