/* processor_internal.h - the processor's own state, for the loop, what is done to each record, and what is told of it. */
#ifndef AISLE_PROCESSOR_PROCESSOR_INTERNAL_H
#define AISLE_PROCESSOR_PROCESSOR_INTERNAL_H

#include "processor/batcher.h"
#include "processor/dead_letters.h"
#include "processor/positions.h"
#include "processor/processor.h"
#include "processor/store_watch.h"
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
	struct store_watch *watch;
	struct record *records; /* of one poll */
	size_t poll_max;
	uint64_t pending; /* records applied and not committed */
	uint64_t ends_ns; /* when ends of the log were last written */
	bool slept;       /* the last poll took far longer than asked for */
	bool displaced;   /* the young level is in the store, as there is no room in young.path */
	uint64_t letters_untold, letters_told_ns; /* dead letters since the log's last line about them; when that was */
	int retry_ms;                             /* pause after the last commit that failed; 0: it did not */
	atomic_bool stop, leaving;
};

/* ---- processor_tell.c ---- */

/* After each poll; `empty`: the source was asked and had nothing. */
void processor__tell_round(struct processor *p, struct source *src, bool empty, int64_t lag);
void processor__tell_commit(struct processor *p, struct source *src, const struct commit_figures *fig, uint64_t took_ns,
			    int64_t lag);
void processor__tell_merges(struct processor *p);
void processor__tell_writes(struct processor *p); /* the store has just taken one */
void processor__tell_source(struct processor *p, struct source *src);
/* A record that cannot be read: one line a minute, the counter has all. */
void processor__tell_letter(struct processor *p, struct source *src, const struct record *r, int code);
void processor__look_at_stopped(struct processor *p, struct source *src);
/* Everything stands still, for this reason. */
void processor__tell_stopped(struct processor *p, const struct error *e);
/* While it waits, too: it is alive, and so are the readers of the store. */
void processor__beat(struct processor *p);

/* ---- processor_apply.c ---- */

/* Decode and fold each; bad ones become dead letters. An error is FATAL, or SOURCE_RETRY when asked to stop. */
int processor__apply(struct processor *p, struct source *src, const struct record *records, size_t n,
		     struct error *e) MUST_CHECK;

#endif
