/*
 * demo_stream.h - the shop's year through the embedded broker, without loss.
 *
 * The broker keeps 5 MiB a partition and forgets older records, read or not. So a partition never holds more than
 * unapplied_max bytes that the views have not: what was acknowledged is compared with the offsets stored with the
 * views. At the end every partition's stored offset must equal what was acknowledged, and the processor's counters
 * the number of records; anything else is an error, never a shop with holes.
 * Thread: main.
 */
#ifndef AISLE_CMD_DEMO_STREAM_H
#define AISLE_CMD_DEMO_STREAM_H

#include "cmd/demo_events.h"
#include "config/settings.h"
#include "views/status.h"
#include "views/store.h"

#define DEMO_PARTITIONS 4

struct demo_stream_options {
	const struct settings *settings;
	struct demo_log *log;
	struct publisher *publisher;
	struct store *store;
	struct status *status;
	size_t unapplied_max; /* bytes a partition; 0: 1 MiB */
	bool progress;        /* a bar on stderr */
	/* Asked before the first record of what is shown is sent, when all before it is applied: it may add to the log from there on. */
	int (*show)(void *arg, struct error *e);
	void *show_arg;
	/* asked now and then: true ends the stream */
	bool (*stopped)(void *arg);
	void *stopped_arg;
};

struct demo_stream_figures {
	uint64_t records, bytes;
	uint64_t bytes_of_fullest; /* partition */
	double seconds;
};

/* 0 when everything is applied, 1 when `stopped` said so, an error otherwise. */
int demo_stream(const struct demo_stream_options *opt, struct demo_stream_figures *ret, struct error *e) MUST_CHECK;

#endif
