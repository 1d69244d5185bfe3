/*
 * replay_source.h - a source that reads a plan: Kafka from the plan's beginnings, or files, counted, at most so fast,
 * and at its end when the plan is.
 *
 * It resumes where the processor's store stands, tells no consumer group, and ends with the reason when a partition is
 * refused: half a replay is none. Thread: processor.
 */
#ifndef AISLE_PROCESSOR_REPLAY_SOURCE_H
#define AISLE_PROCESSOR_REPLAY_SOURCE_H

#include "processor/processor.h"
#include "processor/replay_plan.h"

struct replay_source_options {
	const struct settings *settings;
	struct processor *processor;
	struct replay_plan *plan; /* of Kafka; its ends may be moved between two runs. Borrowed */
	bool cut;                 /* hand out nothing from `end` on, even if it was fetched */
	const char *const *files; /* these instead of Kafka */
	size_t file_count;
	uint64_t rate;           /* records a second; 0: as fast as it goes */
	void (*tick)(void *arg); /* a few times a second; may be NULL */
	void *tick_arg;
};

int replay_source_open(const struct replay_source_options *opt, struct source **ret, struct error *e) MUST_CHECK;

/* Records handed out so far. */
uint64_t replay_source_records(const struct source *src);
/* How far it is: offsets of the plan, or bytes of the files; *total 0 when unknown. */
void replay_source_progress(struct source *src, uint64_t *done, uint64_t *total);

#endif
