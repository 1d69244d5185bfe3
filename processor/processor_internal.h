/* processor_internal.h - the processor's own state, for the loop and for what is done to each record. */
#ifndef AISLE_PROCESSOR_PROCESSOR_INTERNAL_H
#define AISLE_PROCESSOR_PROCESSOR_INTERNAL_H

#include "processor/batcher.h"
#include "processor/dead_letters.h"
#include "processor/positions.h"
#include "processor/processor.h"
#include "schemas/decode.h"

#include <stdatomic.h>

struct processor {
	struct processor_options opt;
	const struct clock *clock;
	struct status_page *page;
	struct decoder *decoder;
	struct fold *fold;
	struct dead_letters *letters;
	struct positions positions;
	struct batcher batcher;
	struct record *records; /* of one poll */
	size_t poll_max;
	uint64_t pending; /* records applied and not committed */
	uint64_t busy_ns; /* the source last had something */
	atomic_bool stop;
};

/* Decode and fold each; bad ones become dead letters. An error is FATAL, or SOURCE_RETRY when asked to stop. */
int processor__apply(struct processor *p, struct source *src, const struct record *records, size_t n,
		     struct error *e) MUST_CHECK;

#endif
