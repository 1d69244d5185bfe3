/*
 * mark.h - the head of what an actor does in several events: a session, an order. Thread: any.
 *
 * It has ended when its partition's watermark has moved on by more than MARK_KEEP_MS since its last event: the actor's
 * next event begins another, whether the row was dropped in between or not. By the watermark over all partitions it
 * would depend on which of them was read first.
 */
#ifndef AISLE_VIEWS_MARK_H
#define AISLE_VIEWS_MARK_H

#include "views/fold.h"
#include "views/offsets.h"
#include "views/view.h"

#define MARK_KEEP_MS (90 * MS_PER_DAY)

struct mark {
	int64_t last_ms; /* t of its last event in log order */
	int64_t seen_ms; /* the partition's watermark then */
	uint32_t lane;   /* that partition */
	uint32_t items_n;
};

static inline bool mark_is_good(const struct mark *m)
{
	return m->last_ms >= 0 && m->last_ms < TIME_END_MS && m->seen_ms >= 0 && m->seen_ms < TIME_END_MS;
}

/* `watermark_ms`: of its partition. */
static inline bool mark_has_ended(const struct mark *m, int64_t watermark_ms)
{
	return watermark_ms != TIME_NONE && watermark_ms - m->seen_ms > MARK_KEEP_MS;
}

/* An event at t_ms goes on with it. */
static inline void mark_set(struct mark *m, const struct fold *f, int64_t t_ms)
{
	int64_t watermark = fold_lane_watermark(f);

	m->last_ms = t_ms;
	m->seen_ms = t_ms > watermark ? t_ms : watermark; /* TIME_NONE is below all */
	m->lane = fold_lane(f);
}

/* Has that of this row ended, which begins with its mark? One that makes no sense has not. */
static inline bool mark_of_row_has_ended(struct str row, const struct lanes *lanes)
{
	struct mark m;

	if (row.n < sizeof(m))
		return false;
	memcpy(&m, row.p, sizeof(m));
	return mark_is_good(&m) && mark_has_ended(&m, lanes_watermark(lanes, m.lane));
}

#endif
