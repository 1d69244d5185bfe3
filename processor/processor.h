/*
 * processor.h - log to views: poll a source, decode, fold, commit; dead letters out.
 *
 * The order that loses nothing: dead letters of a batch are acknowledged before the transaction that carries its
 * offsets commits; offsets and views are one transaction. A crash between the two sends a dead letter twice,
 * never an event.
 *
 * Thread: one processor runs on the thread that calls processor_run; stop and figures from any thread.
 */
#ifndef AISLE_PROCESSOR_PROCESSOR_H
#define AISLE_PROCESSOR_PROCESSOR_H

#include "config/clock.h"
#include "config/settings.h"
#include "schemas/error.h"
#include "schemas/record.h"
#include "views/fold.h"
#include "views/status.h"
#include "views/store.h"

struct processor;

struct processor_options {
	const struct settings *settings;
	struct store *store;            /* opened as writer */
	struct status *status;          /* opened as writer */
	struct publisher *dead_letters; /* NULL: they go to a file (dead_letters.h) */
	const char *letters_dir;        /* where that file is; NULL: the store's directory */
	bool bulk; /* a rebuild: no batch is cut short so that its rows are seen sooner, and what is frozen is known */
	const struct clock *clock; /* NULL: clock_system */
	/* called after each commit, on the processor's thread; may be NULL */
	void (*progress)(void *arg, uint64_t records_done, int64_t records_left);
	void *progress_arg;
};

int processor_new(const struct processor_options *opt, struct processor **ret, struct error *e) MUST_CHECK;
void processor_free(struct processor *p);

/* For the source's resume: the stored position. `arg` is the processor. */
bool processor_resume(void *arg, const char *log_name, int32_t partition, struct position *ret);

/*
 * Run until the source ends (0), processor_stop (0), or a FATAL error. After a stop everything applied is committed; or,
 * when dead letters are not acknowledged or a live log's store has no room, nothing since the last commit: it is read again.
 */
int processor_run(struct processor *p, struct source *src, struct error *e) MUST_CHECK;

/* Ask processor_run to drain and return. Safe in a signal handler. */
void processor_stop(struct processor *p);
/* The same in a hurry: what is young is not merged, since another generation waits to be read on. */
void processor_leave(struct processor *p);

#endif
