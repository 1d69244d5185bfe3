#include "processor/batcher.h"

#define NS_PER_MS UINT64_C(1000000)
#define LIVE_LAG_MOST 500000 /* records that young levels take in a few seconds */

void batcher_init(struct batcher *b, const struct settings *set)
{
	*b = (struct batcher){
		.records_max = (uint64_t)setting_int(set, SET_BATCH_RECORDS_MAX),
		.bytes_max = (uint64_t)setting_int(set, SET_BATCH_BYTES_MAX),
		.time_max_ns = (uint64_t)setting_int(set, SET_BATCH_TIME_MAX) * NS_PER_MS,
		.linger_ns = (uint64_t)setting_int(set, SET_BATCH_LINGER) * NS_PER_MS,
		.near = (uint64_t)setting_int(set, SET_POLL_RECORDS_MAX),
	};
	b->near_behind = b->near;
	/* the young level takes small commits as fast as a log comes: less than that is not worth a wait */
	if (setting_int(set, SET_YOUNG_BYTES_MAX) && b->records_max > b->near)
		b->near = b->records_max < LIVE_LAG_MOST ? b->records_max : LIVE_LAG_MOST;
}

static uint64_t linger(const struct batcher *b)
{
	uint64_t ns = b->commit_ns / 2 > b->linger_ns ? b->commit_ns / 2 : b->linger_ns;

	return ns < b->time_max_ns ? ns : b->time_max_ns;
}

static bool live(const struct batcher *b, const struct batch_state *st)
{
	if (st->poll_empty)
		return true;
	return st->lag >= 0 && (uint64_t)st->lag <= (b->behind ? b->near_behind : b->near);
}

bool batcher_full(const struct batcher *b, uint64_t records, uint64_t bytes)
{
	return records >= b->records_max || bytes >= b->bytes_max;
}

void batcher_began(struct batcher *b, uint64_t now_ns)
{
	if (!b->began_ns)
		b->began_ns = now_ns;
}

bool batcher_due(const struct batcher *b, const struct batch_state *st)
{
	uint64_t age = st->now_ns - b->began_ns;

	if (!st->records)
		return false;
	if (batcher_full(b, st->records, st->bytes) || age >= b->time_max_ns)
		return true;
	return !st->writing && live(b, st) && age >= linger(b);
}

int batcher_timeout_ms(const struct batcher *b, uint64_t now_ns, int idle_ms)
{
	uint64_t due, left;

	if (!b->began_ns)
		return idle_ms;
	due = b->began_ns + linger(b);
	left = due > now_ns ? (due - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0;
	return left < (uint64_t)idle_ms ? (int)left : idle_ms;
}

void batcher_committed(struct batcher *b, uint64_t took_ns, bool full)
{
	b->behind = full;
	b->began_ns = 0;
	b->commit_ns = took_ns;
}
