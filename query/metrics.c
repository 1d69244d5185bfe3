#include "query/metrics.h"

#include "query/answered.h"
#include "views/view.h"

/* Statuses that are counted by name; all others share the last, "other". */
static const int statuses[METRICS_STATUSES - 1] = { 200, 202, 204, 207, 304, 400, 404, 405, 412,
						    413, 414, 415, 428, 500, 501, 502, 503, 504 };

static const uint64_t bucket_ns[METRICS_BUCKETS] = {
	50000,    100000,   250000,   500000,    1000000,   2500000,    5000000,
	10000000, 25000000, 50000000, 100000000, 250000000, 1000000000, 5000000000,
};

void metrics_add(_Atomic uint64_t *word, int64_t by)
{
	/* one writer: no locked instruction needed */
	atomic_store_explicit(word, atomic_load_explicit(word, memory_order_relaxed) + (uint64_t)by,
			      memory_order_relaxed);
}

void metrics_count(struct metrics *m, unsigned route, int status, uint64_t took_ns)
{
	struct route_metrics *r = &m->route[route < ROUTE_COUNT ? route : ROUTE_COUNT];
	unsigned s = 0, b = 0;

	while (s < METRICS_STATUSES - 1 && statuses[s] != status)
		s++;
	while (b < METRICS_BUCKETS && took_ns > bucket_ns[b])
		b++;
	metrics_add(&r->status[s], 1);
	metrics_add(&r->bucket[b], 1);
	metrics_add(&r->sum_ns, (int64_t)took_ns);
}

static const char *route_label(unsigned route)
{
	return route < ROUTE_COUNT ? route_table[route].pattern : "none";
}

static const char *method_label(unsigned route)
{
	static const char *const names[] = {
		[METHOD_GET] = "GET", [METHOD_POST] = "POST", [METHOD_PUT] = "PUT", [METHOD_DELETE] = "DELETE"
	};

	return route < ROUTE_COUNT ? names[route_table[route].method] : "none";
}

#define SUM(in, ret, member) \
	do { \
		*(ret) = 0; \
		for (unsigned sum_i = 0; sum_i < (in)->loop_count; sum_i++) \
			*(ret) += atomic_load_explicit(&(in)->loops[sum_i]->member, memory_order_relaxed); \
	} while (0)

static void write_requests(const struct metrics_input *in, FILE *out)
{
	fprintf(out, "# HELP aisle_http_requests_total requests answered\n"
		     "# TYPE aisle_http_requests_total counter\n");
	for (unsigned r = 0; r <= ROUTE_COUNT; r++) {
		for (unsigned s = 0; s < METRICS_STATUSES; s++) {
			char status[8] = "other";
			uint64_t n;

			SUM(in, &n, route[r].status[s]);
			if (!n)
				continue;
			if (s < METRICS_STATUSES - 1)
				snprintf(status, sizeof(status), "%d", statuses[s]);
			fprintf(out, "aisle_http_requests_total{method=\"%s\",route=\"%s\",status=\"%s\"} %llu\n",
				method_label(r), route_label(r), status, (unsigned long long)n);
		}
	}
}

static void write_latency_of(const struct metrics_input *in, unsigned r, FILE *out)
{
	uint64_t total = 0, n;

	for (unsigned b = 0; b <= METRICS_BUCKETS; b++) {
		SUM(in, &n, route[r].bucket[b]);
		total += n;
	}
	if (!total)
		return;
	total = 0;
	for (unsigned b = 0; b <= METRICS_BUCKETS; b++) {
		char le[24] = "+Inf";

		SUM(in, &n, route[r].bucket[b]);
		total += n;
		if (b < METRICS_BUCKETS)
			snprintf(le, sizeof(le), "%g", (double)bucket_ns[b] / 1e9);
		fprintf(out, "aisle_http_request_seconds_bucket{method=\"%s\",route=\"%s\",le=\"%s\"} %llu\n",
			method_label(r), route_label(r), le, (unsigned long long)total);
	}
	SUM(in, &n, route[r].sum_ns);
	fprintf(out, "aisle_http_request_seconds_sum{method=\"%s\",route=\"%s\"} %.9g\n", method_label(r),
		route_label(r), (double)n / 1e9);
	fprintf(out, "aisle_http_request_seconds_count{method=\"%s\",route=\"%s\"} %llu\n", method_label(r),
		route_label(r), (unsigned long long)total);
}

static void figure(FILE *out, const char *type, const char *name, const char *help, double v)
{
	fprintf(out, "# HELP aisle_%s %s\n# TYPE aisle_%s %s\naisle_%s %.15g\n", name, help, name, type, name, v);
}

static double lag_seconds(const struct status_page *p, const struct clock *clock)
{
	return STATUS_GET(p, fresh_ms) ? (double)status_lag_ms(p, clock) / 1e3 : -1;
}

static void write_waiting(const struct status_page *p, FILE *out)
{
	uint64_t waits_for = STATUS_GET(p, waits_for);

	fprintf(out, "# HELP aisle_processor_waiting 1: the log is read no further until that is well\n"
		     "# TYPE aisle_processor_waiting gauge\n");
	for (enum status_wait w = WAIT_LOG; w < WAIT_COUNT; w++)
		fprintf(out, "aisle_processor_waiting{for=\"%s\"} %d\n", status_wait_name(w), waits_for == w);
}

static void write_refused(const struct status_page *p, FILE *out)
{
	fprintf(out, "# HELP aisle_attribution_refused_total items of events with a recommendationId that count for no "
		     "answer, by reason\n# TYPE aisle_attribution_refused_total counter\n");
	for (int i = 0; i < CREDIT_REFUSAL_COUNT; i++)
		fprintf(out, "aisle_attribution_refused_total{reason=\"%s\"} %llu\n", credit_refusal_name(i),
			(unsigned long long)STATUS_GET(p, credit_refused[i]));
}

static void write_processor(const struct metrics_input *in, FILE *out)
{
	const struct status_page *p = in->page;
	int64_t watermark_ms;

	if (!p)
		return;
	watermark_ms = STATUS_GET(p, watermark_ms);
	figure(out, "counter", "records_total", "records of the log applied", (double)STATUS_GET(p, records));
	figure(out, "counter", "events_total", "events applied", (double)STATUS_GET(p, events));
	figure(out, "counter", "duplicates_total", "events dropped as duplicates", (double)STATUS_GET(p, duplicates));
	figure(out, "counter", "dead_letters_total", "records that could not be read",
	       (double)STATUS_GET(p, dead_letters));
	figure(out, "counter", "merges_total", "merges of the young level into base", (double)STATUS_GET(p, merges));
	figure(out, "counter", "merge_seconds_total", "time spent in them",
	       (double)STATUS_GET(p, merge_ns_total) / 1e9);
	figure(out, "gauge", "young_bytes", "size of the young level", (double)STATUS_GET(p, young_bytes));
	figure(out, "counter", "commits_total", "transactions committed", (double)STATUS_GET(p, commits));
	figure(out, "counter", "commit_seconds_total", "time spent committing",
	       (double)STATUS_GET(p, commit_ns_total) / 1e9);
	figure(out, "gauge", "commit_records", "records of the last transaction",
	       (double)STATUS_GET(p, batch_records_last));
	figure(out, "gauge", "lag_records", "records of the log that were not read yet, -1 unknown",
	       (double)STATUS_GET(p, lag_records));
	figure(out, "gauge", "lag_seconds", "time since everything in the log was in the views, -1: no log was read",
	       lag_seconds(p, in->clock));
	figure(out, "gauge", "stopped_partitions", "partitions refused and read no further",
	       (double)STATUS_GET(p, stopped_partitions));
	figure(out, "gauge", "processor_heartbeat_seconds", "when the processor was last seen at work, since 1970",
	       (double)STATUS_GET(p, heartbeat_ms) / 1e3);
	write_waiting(p, out);
	write_refused(p, out);
	if (watermark_ms != TIME_NONE)
		figure(out, "gauge", "watermark_seconds", "largest event time applied, since 1970",
		       (double)watermark_ms / 1e3);
}

static void write_store(const struct metrics_input *in, FILE *out)
{
	struct store_figures f;

	if (!in->store || store_figures(in->store, &f) != 0)
		return;
	figure(out, "gauge", "store_map_bytes", "most the store may grow to", (double)f.map_size);
	figure(out, "gauge", "store_used_bytes", "size of the store", (double)f.used_bytes);
	figure(out, "gauge", "store_readers", "snapshots held at this moment", f.readers);
	figure(out, "gauge", "store_oldest_reader_lag", "transactions the oldest reader is behind",
	       (double)(f.last_txn - f.oldest_reader_txn));
	if (!in->page)
		return;
	figure(out, "gauge", "store_free_bytes",
	       "of the size, pages to be used again, as the processor last counted them",
	       (double)STATUS_GET(in->page, store_free_bytes));
	figure(out, "gauge", "store_stuck_readers", "snapshots held longer than store.readerAgeMax",
	       (double)STATUS_GET(in->page, stuck_readers));
	figure(out, "gauge", "store_oldest_reader_seconds", "for how long the oldest of all old snapshots is held",
	       (double)STATUS_GET(in->page, oldest_reader_ms) / 1e3);
}

static void write_replay(const struct metrics_input *in, FILE *out)
{
	const struct replay_page *p = in->replay;

	if (in->store)
		figure(out, "gauge", "store_generation", "the generation that is answered from",
		       store_generation(in->store));
	if (!p || p->phase == REPLAY_IDLE)
		return;
	figure(out, "gauge", "replay_at_work", "1 while a replay builds a generation", in->replay_at_work);
	figure(out, "gauge", "replay_phase", "1 building, 2 checking, 3 catching up, 4 done, 5 failed, 6 interrupted",
	       (double)p->phase);
	figure(out, "gauge", "replay_generation", "the generation that is built, or was last", (double)p->generation);
	figure(out, "gauge", "replay_records", "records applied by this run of the replay", (double)p->records);
	figure(out, "gauge", "replay_done", "offsets or bytes of this phase that are read", (double)p->offsets_done);
	figure(out, "gauge", "replay_size", "offsets or bytes of this phase", (double)p->offsets_total);
	figure(out, "gauge", "replay_records_per_second", "its rate", (double)p->records_per_second);
	figure(out, "gauge", "replay_seconds_left", "estimated, -1 unknown", (double)p->seconds_left);
}

static void write_frozen(const struct metrics_input *in, FILE *out)
{
	if (!in->versions)
		return;
	fprintf(out, "# HELP aisle_view_frozen 1: the view's rows are of another version and wait for a replay\n"
		     "# TYPE aisle_view_frozen gauge\n");
	for (size_t i = 0; view_registry[i]; i++)
		fprintf(out, "aisle_view_frozen{view=\"%s\"} %d\n", view_registry[i]->name, in->versions->frozen[i]);
}

static void write_config(const struct metrics_input *in, FILE *out)
{
	if (!in->config)
		return;
	figure(out, "counter", "config_applied_total", "changes of documents that were applied, since the store began",
	       (double)in->config->applied);
	figure(out, "counter", "config_refused_total",
	       "changes that were refused because another one came before them, since the store began",
	       (double)in->config->refused);
}

void metrics_write(const struct metrics_input *in, FILE *out)
{
	uint64_t n;

	write_requests(in, out);
	fprintf(out, "# HELP aisle_http_request_seconds time to answer\n"
		     "# TYPE aisle_http_request_seconds histogram\n");
	for (unsigned r = 0; r <= ROUTE_COUNT; r++)
		write_latency_of(in, r, out);
	SUM(in, &n, connections);
	figure(out, "gauge", "http_connections", "open connections", (double)n);
	SUM(in, &n, connections_cut);
	figure(out, "counter", "http_connections_cut_total",
	       "connections closed because there were too many, or the client neither read nor sent in time",
	       (double)n);
	SUM(in, &n, events_published);
	figure(out, "counter", "published_total", "records the broker acknowledged", (double)n);
	SUM(in, &n, publish_failed);
	figure(out, "counter", "publish_failed_total", "records the broker did not acknowledge in time", (double)n);
	figure(out, "counter", "served_total", "answers told in topics.served", (double)in->served_told);
	figure(out, "counter", "served_lost_total", "answers that the broker did not take there",
	       (double)in->served_lost);
	n = 0;
	for (unsigned i = 0; i < in->loop_count; i++)
		n += answered_out_of_stock(in->loops[i]->answered);
	figure(out, "counter", "out_of_stock_avoided_total", "items that lists left out for their stock alone",
	       (double)n);
	figure(out, "counter", "feed_dropped_total", "feed messages a slow client missed", (double)in->feed_dropped);
	write_processor(in, out);
	write_store(in, out);
	write_replay(in, out);
	write_frozen(in, out);
	write_config(in, out);
}
