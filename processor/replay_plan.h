/*
 * replay_plan.h - which records of the log a replay reads: of each partition those from `begin` up to `end`.
 *
 * `from` is about events: the other topics hold the newest record of each key, so they are read from their beginning.
 * `to` as a time ends every topic there, as offsets only that of events.
 *
 * Errors: BAD_REQUEST for points that make no sense or lie outside the log, SOURCE_RETRY when the broker does not
 * answer. Thread: main.
 */
#ifndef AISLE_PROCESSOR_REPLAY_PLAN_H
#define AISLE_PROCESSOR_REPLAY_PLAN_H

#include "config/settings.h"
#include "schemas/error.h"
#include "schemas/record.h"

enum replay_point_kind { POINT_NONE, POINT_EARLIEST, POINT_TIME, POINT_OFFSET, POINT_OFFSETS };

struct replay_point {
	enum replay_point_kind kind;
	int64_t value;    /* TIME: ms since 1970; OFFSET: of every partition */
	const char *text; /* as given, borrowed; OFFSETS: "PARTITION:OFFSET,..." */
};

/* earliest, an RFC 3339 time, OFFSET, or PARTITION:OFFSET with commas between. */
int replay_point_parse(const char *text, struct replay_point *ret, struct error *e) MUST_CHECK;
/* Where a log has no such offset: is it a time in milliseconds or seconds since 1970? *ret is it as RFC 3339. */
bool replay_time_meant(int64_t offset, char ret[32]);

struct replay_part {
	uint16_t log; /* = enum topic */
	int32_t id;
	int64_t low, high;  /* the log's when the plan was made */
	int64_t begin, end; /* first offset read, first one not read any more */
	bool whole;         /* begin is the log's beginning, wherever that is by then */
	bool lost;          /* what was read of it before is not in the log any more */
	/* of this run, kept by replay_source.c */
	bool resumed;  /* the store has a position */
	int64_t start; /* which it went on from, or begin */
	int64_t next;  /* after the last record handed out; start when there is none */
	int64_t gaps;  /* offsets passed that hold no record: compacted away, or a transaction's end */
};

struct replay_plan {
	struct replay_part *v;
	size_t n;
};

/* Asks the broker. `from` and `to` may be of kind NONE: from the beginning, to the ends of now. */
int replay_plan_make(const struct settings *set, const struct replay_point *from, const struct replay_point *to,
		     struct replay_plan *ret, struct error *e) MUST_CHECK;
/* BAD_REQUEST when events are there, and none of them within the times of `from` and `to`: nothing would be read of them. */
int replay_plan_check_times(const struct replay_plan *plan, const struct settings *set, const struct replay_point *from,
			    const struct replay_point *to, struct error *e) MUST_CHECK;
/* BAD_REQUEST when one of these (bits) is not there: nothing would be read of it, and a swap would lose what was. */
int replay_plan_check_topics(const struct replay_plan *plan, const struct settings *set, unsigned topics,
			     struct error *e) MUST_CHECK;
void replay_plan_fini(struct replay_plan *plan);

struct replay_part *replay_plan_find(const struct replay_plan *plan, uint16_t log, int32_t id);
/* The sum of end - begin: an upper bound of the records. */
int64_t replay_plan_offsets(const struct replay_plan *plan);

#endif
