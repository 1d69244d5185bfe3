/*
 * simulate_sink.h - where simulated records go: NDJSON lines (plain or gzip) or Kafka topics.
 *
 * Errors: IO for a file; PRODUCE when the broker refused a record or took none for a minute. Thread: main.
 */
#ifndef AISLE_CMD_SIMULATE_SINK_H
#define AISLE_CMD_SIMULATE_SINK_H

#include "config/settings.h"
#include "processor/simulate.h"
#include "schemas/error.h"

struct simulate_sink;

/* `file` NULL: standard output. Borrows settings and file. */
int simulate_sink_open(const struct settings *set, bool to_kafka, const char *file, struct simulate_sink **ret,
		       struct error *e) MUST_CHECK;
int simulate_sink_put(struct simulate_sink *sink, const struct simulated *record, struct error *e) MUST_CHECK;

/* Write what is left and wait for every acknowledgement; the sink is gone whatever it returns. */
int simulate_sink_close(struct simulate_sink *sink, struct error *e) MUST_CHECK;

#endif
