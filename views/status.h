/*
 * status.h - a page of memory in the store's directory that the processor writes and any process reads:
 * who is folding, how far, how fresh. It is no part of the state: losing it loses nothing.
 *
 * Fields are single aligned words, written with STATUS_SET and read with STATUS_GET while a writer may be at work; a
 * reader may see two fields of different moments. Thread: any; one writer.
 */
#ifndef AISLE_VIEWS_STATUS_H
#define AISLE_VIEWS_STATUS_H

#include "schemas/base.h"
#include "schemas/error.h"

#define STATUS_SET(page, field, value) __atomic_store_n(&(page)->field, (value), __ATOMIC_RELEASE)
#define STATUS_GET(page, field) __atomic_load_n(&(page)->field, __ATOMIC_ACQUIRE)

struct status_page {
	uint64_t format;       /* STATUS_FORMAT */
	int64_t processor_pid; /* 0: none */
	int64_t heartbeat_ms;  /* wall clock of the processor's last loop */
	int64_t fresh_ms;      /* wall clock up to which everything in the log is in the views */
	int64_t lag_records;   /* -1 unknown */
	int64_t watermark_ms;  /* event time */
	uint64_t records, events, duplicates, dead_letters, commits;
	uint64_t commit_ns_total, commit_ns_last, batch_records_last;
	uint64_t stopped_partitions; /* refused ones: answers are stale */
	char stopped_why[512];       /* the first one's sentence, NUL-terminated; written before the count above */
};

struct status;

/* `writer` makes the file when it is missing. A reader of a missing file gets a page of zeros. */
int status_open(const char *store_path, bool writer, struct status **ret, struct error *e) MUST_CHECK;
void status_close(struct status *st);
struct status_page *status_page(struct status *st);

/* ms since everything in the log was in the views, at wall clock now_ms; never negative. */
int64_t status_lag_ms(const struct status_page *p, int64_t now_ms);

#endif
