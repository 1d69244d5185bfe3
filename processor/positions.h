/*
 * positions.h - where each partition stands within the batch under way. Thread: processor.
 */
#ifndef AISLE_PROCESSOR_POSITIONS_H
#define AISLE_PROCESSOR_POSITIONS_H

#include "schemas/record.h"

struct place {
	uint16_t log;
	int32_t partition;
	bool changed; /* since the last commit */
	struct position at;
	int64_t committed; /* `next` as of the last commit, which may still be under way */
	int64_t written;   /* the same of the last one that is known to be in the store */
	int64_t told;      /* what the source knows of it */
};

struct positions {
	struct place *v;
	size_t n, room;
};

void positions_fini(struct positions *ps);
/* The records of one poll, all dealt with: each partition stands after its last one. */
void positions_advance(struct positions *ps, const struct record *records, size_t n);
/* A commit was made; `writing`: it is under way, and what was committed before is in the store. */
void positions_committed(struct positions *ps, bool writing);
/* Every commit is in the store. */
void positions_written(struct positions *ps);
/* The log is read again from where the store stands. */
void positions_rewind(struct positions *ps);

#endif
