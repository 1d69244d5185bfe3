/*
 * status.h - a page of memory in the store's directory that the processor writes and any process reads:
 * who is folding, how far, how fresh. It is no part of the state: losing it loses nothing.
 *
 * Fields are single aligned words, written with STATUS_SET and read with STATUS_GET while a writer may be at work; a
 * reader may see two fields of different moments. Thread: any; one writer.
 */
#ifndef AISLE_VIEWS_STATUS_H
#define AISLE_VIEWS_STATUS_H

#include "config/clock.h"
#include "views/credit.h"
#include "views/page_file.h"

#define STATUS_SET PAGE_SET
#define STATUS_GET PAGE_GET

/* What keeps the processor from reading on, for the time being. */
enum status_wait { WAIT_NONE, WAIT_LOG, WAIT_DEAD_LETTERS, WAIT_STORE, WAIT_COUNT };

struct status_page {
	uint64_t format;       /* STATUS_FORMAT */
	int64_t processor_pid; /* 0: none */
	int64_t heartbeat_ms;  /* wall clock of the processor's last loop */
	int64_t fresh_ms;      /* wall clock up to which everything in the log is in the views; 0: no log was read */
	int64_t fresh_mono_ms; /* the same moment by the monotonic clock of this run of the machine, */
	uint64_t boot;         /* which this tells from others */
	int64_t lag_records;   /* -1 unknown */
	int64_t watermark_ms;  /* event time */
	uint64_t records, events, duplicates, dead_letters, commits;
	uint64_t commit_ns_total, batch_records_last;
	uint64_t merges, merge_ns_total; /* of the young level into base */
	uint64_t young_bytes;
	uint64_t stopped_partitions; /* refused ones: answers are stale */
	int64_t stopped_code;        /* ERR_ of the first one */
	char stopped_why[512];       /* its sentence, NUL-terminated; written before the count above */
	uint64_t waits_for;          /* enum status_wait */
	char waits_why[256];
	/* of the store, looked at by the processor (store_watch.h) */
	uint64_t store_free_bytes; /* pages to be used again */
	uint64_t stuck_readers;    /* that hold an old snapshot for longer than store.readerAgeMax */
	int64_t oldest_reader_ms;  /* for how long the oldest of all old snapshots was seen */
	uint64_t credit_refused[CREDIT_REFUSAL_COUNT]; /* items of events that count for no answer */
};

struct status;

/* `writer` makes the file when it is missing. A reader of a missing file gets a page of zeros, see status_look. */
int status_open(const char *store_path, bool writer, struct status **ret, struct error *e) MUST_CHECK;
void status_close(struct status *st);
struct status_page *status_page(struct status *st);
/* A reader that was there before the file, or whose file somebody has removed: take the one that is there now. */
void status_look(struct status *st, const char *store_path);

/* ---- writer ---- */

/* Everything in the log up to this moment of the wall clock is in the views. */
void status_set_fresh(struct status_page *p, int64_t fresh_ms, const struct clock *clock);
/* `why` is a sentence without a full stop; NULL with WAIT_NONE. */
void status_set_wait(struct status_page *p, enum status_wait what, const char *why);

/* ---- any ---- */

/*
 * ms since everything in the log was in the views; never negative, 0 when no log was read. As long as the machine runs
 * it is measured by the monotonic clock: setting the wall clock changes nothing.
 */
int64_t status_lag_ms(const struct status_page *p, const struct clock *clock);

/* "log", "dead-letters", "store"; NULL when it does not wait. */
const char *status_wait_name(enum status_wait what);

#endif
