/*
 * positions.h - where each partition stands within the batch under way. Thread: processor.
 */
#ifndef AISLE_PROCESSOR_POSITIONS_H
#define AISLE_PROCESSOR_POSITIONS_H

#include "schemas/record.h"

struct place {
	uint16_t log;
	int32_t partition;
	bool changed; /* since positions_clear */
	struct position at;
};

struct positions {
	struct place *v;
	size_t n, room, latest; /* latest: index found last; records come in runs of one partition */
};

void positions_fini(struct positions *ps);
/* The records of one poll, all dealt with: each partition stands after its last one. */
void positions_advance(struct positions *ps, const struct record *records, size_t n);
void positions_clear(struct positions *ps);

#endif
