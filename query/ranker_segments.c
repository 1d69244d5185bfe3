/*
 * What segments choose, counted in rounds over all actors, a piece whenever the ranker looks at the store. A round goes over them twice: first
 * for the spend that a tenth of the buyers reach, then for who is in which segment and what they chose. An actor counts by
 * itself: the visitors of a user are not looked up.
 */
#include "query/ranker_internal.h"
#include "views/history.h"
#include "views/ids.h"

#include <math.h>
#include <stdlib.h>
#include <xxhash.h>

#define STEP_ACTORS 1000     /* of a piece */
#define BUCKETS_PER_DOUBLE 8 /* of a spend; the limit is exact to a twelfth */
#define BIG_SPENDERS 0.1     /* of all buyers */

void segment_counts_fini(struct segment_counts *c)
{
	free(c->v);
	*c = (struct segment_counts){ .big_spend_micros = SEGMENT_SPEND_UNKNOWN };
}

void segment_round_fini(struct segment_round *r)
{
	segment_counts_fini(&r->counting);
	segment_counts_fini(&r->done);
	free(r->rows);
	idmap_fini(&r->seen);
	*r = (struct segment_round){ .done.big_spend_micros = SEGMENT_SPEND_UNKNOWN };
}

static void begin(struct segment_round *r, uint64_t version)
{
	r->actor = 0;
	r->is_counting = false;
	r->buyers = 0;
	memset(r->spends, 0, sizeof(r->spends));
	r->counting.items = 0;
	r->counting.version = version;
}

/* ---- first: how much is much ---- */

static int bucket_of(int64_t spend_micros)
{
	int bucket = (int)(log2((double)spend_micros) * BUCKETS_PER_DOUBLE);

	return bucket < SEGMENT_SPENDS ? bucket : SEGMENT_SPENDS - 1;
}

static void note_spend(struct segment_round *r, const struct profile *p)
{
	if (p->orders > 0 && p->spend_micros > 0) {
		r->buyers++;
		r->spends[bucket_of(p->spend_micros)]++;
	}
}

static int64_t limit_of(const struct segment_round *r)
{
	uint32_t wanted = (uint32_t)ceil(r->buyers * BIG_SPENDERS), n = 0;
	int bucket = SEGMENT_SPENDS;

	if (wanted == 0)
		return SEGMENT_SPEND_UNKNOWN;
	while (n < wanted)
		n += r->spends[--bucket];
	return (int64_t)ceil(exp2((double)bucket / BUCKETS_PER_DOUBLE));
}

/* ---- then: who chose what ---- */

static uint32_t *count_of(struct segment_counts *c, uint32_t item)
{
	if (item >= c->room) {
		uint32_t room = c->room ? c->room : 1024;

		while (item >= room)
			room *= 2;
		c->v = xrealloc(c->v, room * sizeof(*c->v));
		c->room = room;
	}
	for (; c->items <= item; c->items++)
		memset(c->v[c->items], 0, sizeof(c->v[c->items]));
	return c->v[item];
}

/* Those who are new have bought nothing yet: what they look at. */
static void choose(struct segment_counts *c, const struct history_row *row, unsigned in)
{
	unsigned is_new = 1u << SEGMENT_NEW, by = row->type == EVENT_PURCHASE ? in & ~is_new : in & is_new;
	uint32_t *counts;

	if (!by)
		return;
	counts = count_of(c, row->item);
	for (int s = 0; s < SEGMENT_COUNT; s++)
		counts[s] += by >> s & 1;
}

static bool is_first(struct segment_round *r, const struct history_row *row)
{
	size_t before = r->seen.n;

	idmap_put(&r->seen, row->item * 2 + (row->type == EVENT_PURCHASE), 0);
	return r->seen.n > before;
}

static int count_actor(struct segment_round *r, struct snap *sn, uint32_t actor, const struct profile *p,
		       int64_t now_ms)
{
	unsigned in = segments_of(p, now_ms, r->counting.big_spend_micros);
	int n = in ? history_get(sn, actor, r->rows) : 0;

	idmap_clear(&r->seen);
	for (int i = 0; i < n; i++)
		if ((r->rows[i].type == EVENT_PURCHASE || r->rows[i].type == EVENT_VIEW) && is_first(r, &r->rows[i]))
			choose(&r->counting, &r->rows[i], in);
	return n < 0 ? n : 0;
}

/* ---- a round ---- */

static void end_pass(struct segment_round *r, uint64_t version)
{
	struct segment_counts done;

	r->actor = 0;
	if (!r->is_counting) {
		r->is_counting = true;
		r->counting.big_spend_micros = limit_of(r);
		return;
	}
	done = r->counting;
	done.hash = XXH3_64bits_withSeed(done.v, done.items * sizeof(*done.v), (uint64_t)done.big_spend_micros);
	r->counting = r->done;
	r->done = done;
	begin(r, version);
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
		begin(r, snap_version(sn));
	}
	if (r->done.version == snap_version(sn))
		return 0;
	for (unsigned i = 0; i < STEP_ACTORS && passes < 2 && !rc; i++) {
		struct profile p;

		if (r->actor >= actors) {
			end_pass(r, snap_version(sn));
			passes++;
			continue;
		}
		rc = profile_get(sn, r->actor, &p);
		if (rc == ERR_NOT_FOUND)
			rc = 0;
		else if (!rc && !r->is_counting)
			note_spend(r, &p);
		else if (!rc)
			rc = count_actor(r, sn, r->actor, &p, now_ms);
		r->actor++;
	}
	return rc;
}

int64_t rankings_big_spend(const struct rankings *ra)
{
	return ra->big_spend_micros;
}
