/*
 * log_source.h - a log of files as Kafka would hand it out: partitions that interleave at random, polls that come back
 * short or empty, offsets with gaps. Everything random is drawn from a seed.
 *
 * DIR/TOPIC.PARTITION holds one partition: "OFFSET TIMESTAMP KEY_LEN VALUE_LEN\n", key, value, "\n" a record; a length
 * of -1: none. DIR/told keeps what the processor said is durable: a store that later stands behind it ends the run.
 */
#ifndef AISLE_TESTS_CRASH_LOG_SOURCE_H
#define AISLE_TESTS_CRASH_LOG_SOURCE_H

#include "config/settings.h"
#include "schemas/record.h"

struct log_source_options {
	const char *directory;
	const struct settings *settings; /* names of the topics */
	uint64_t seed;
	unsigned visible_percent; /* of each partition: the rest is not there yet */
	resume_lookup resume;
	void *resume_arg;
};

/* Ends with SOURCE_END when all that is visible was handed out. Ends the process when files or positions are not as they must be. */
struct source *log_source_open(const struct log_source_options *opt);

#endif
