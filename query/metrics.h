/*
 * metrics.h - what the HTTP half counts, and the Prometheus text of everything.
 *
 * Each loop counts into its own struct metrics; whoever renders sums them. Words are single and atomic, so a reader
 * may see two of different moments, never half of one.
 */
#ifndef AISLE_QUERY_METRICS_H
#define AISLE_QUERY_METRICS_H

#include "query/routes.h"
#include "views/config.h"
#include "views/replay_status.h"
#include "views/status.h"
#include "views/store.h"
#include "views/versions.h"

#include <stdatomic.h>
#include <stdio.h>

#define METRICS_STATUSES 19
#define METRICS_BUCKETS 14 /* finite ones; +Inf follows */

struct route_metrics {
	_Atomic uint64_t status[METRICS_STATUSES];
	_Atomic uint64_t bucket[METRICS_BUCKETS + 1];
	_Atomic uint64_t sum_ns;
};

struct answered;

struct metrics {
	struct route_metrics route[ROUTE_COUNT + 1]; /* the last: no route */
	_Atomic uint64_t connections;                /* open now */
	_Atomic uint64_t connections_cut;            /* too many, or a client that does not read or send */
	_Atomic uint64_t events_published, publish_failed;
	struct answered *answered; /* answered.h; the loop's */
};

/* ---- loop: the one that owns `m` ---- */
void metrics_count(struct metrics *m, unsigned route, int status, uint64_t took_ns);
void metrics_add(_Atomic uint64_t *word, int64_t by);

/* ---- any ---- */
struct metrics_input {
	struct metrics *const *loops;
	unsigned loop_count;
	struct store *store;
	const struct status_page *page;
	const struct replay_page *replay; /* NULL: not known */
	bool replay_at_work;
	const struct versions *versions;    /* NULL: not known */
	const struct config_counts *config; /* the same */
	const struct clock *clock;
	uint64_t feed_dropped;
	uint64_t served_told, served_lost;
};
/* Text exposition format 0.0.4, written to `out`. */
void metrics_write(const struct metrics_input *in, FILE *out);

#endif
