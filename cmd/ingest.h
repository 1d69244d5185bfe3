/*
 * ingest.h - the writing half of the program, wired: store, status page, processor, and the thread it runs on.
 * Shared by run, process, replay and the demo. Thread: main; `ended` any.
 */
#ifndef AISLE_CMD_INGEST_H
#define AISLE_CMD_INGEST_H

#include "processor/processor.h"

#include <pthread.h>
#include <stdatomic.h>

struct command_context;

struct ingest {
	struct store *store;
	struct status *status;
	struct source *source;       /* the caller makes it, ingest_close closes it */
	struct publisher *publisher; /* as source; NULL: dead letters go to a file */
	struct processor *processor;
	const struct settings *settings; /* of ingest_kafka: the log is gone on with after a swap of generations */
	uint64_t next_try_ns;            /* a swap that could not be followed is tried again */
	pthread_t thread;
	bool started;
	atomic_bool ended;
	int code; /* once ended: processor_run's */
	struct error why;
};

/* Open store and status as writer. On failure ingest_close is still due. */
int ingest_open(struct ingest *in, const struct settings *set, struct error *e) MUST_CHECK;
/* The processor, once in->publisher is what it shall be. */
int ingest_processor(struct ingest *in, const struct settings *set, const struct processor_options *more,
		     struct error *e) MUST_CHECK;
/*
 * publisher_kafka, processor and source_kafka. A view that others need and that is of another version (VIEW_CHANGED) is
 * no error here: there is no processor then, the status page says why, and the answers go on.
 */
int ingest_kafka(struct ingest *in, const struct settings *set, struct error *e) MUST_CHECK;
/* processor_run on a thread of its own; nothing without a processor. */
int ingest_start(struct ingest *in, struct error *e) MUST_CHECK;
/* Drain, commit, join. */
void ingest_stop(struct ingest *in);
void ingest_close(struct ingest *in);

/* Call before any thread is made: SIGTERM, SIGINT and SIGHUP wait for ingest_wait. */
void ingest_signals(void);
/*
 * Until SIGTERM or SIGINT (rereading the log level on SIGHUP), or until the processor ended when `until_ended`, or with
 * STORE_BROKEN, after which this process can read nothing from the store either. When
 * another generation of the store became the current one, the store goes over to it: snapshots follow as they are
 * renewed, and the processor drains and goes on from the positions of that generation.
 */
void ingest_wait(struct ingest *in, const struct command_context *ctx, bool until_ended);

#endif
