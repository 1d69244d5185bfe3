#include "query/http_feed.h"
#include "query/http_req.h"
#include "query/json_keys.h"
#include "query/openapi.h"
#include "query/served.h"
#include "schemas/decode.h"
#include "views/view.h"

#include <stdio.h>
#include <stdlib.h>

void route_healthz(struct http_req *rq)
{
	http_reply(rq, 200, "application/json", STR("{\"status\":\"ok\"}"));
}

struct readiness {
	int64_t lag_ms, watermark_ms;
	uint64_t stopped;
	enum status_wait waits_for;
	const char *waits_why;
	const char *code; /* of the reason, for programs */
	char reason[512]; /* "": ready */
};

static void judge(struct readiness *r, const struct status_page *page, int store_code, int64_t lag_max)
{
	const char *waits_why = r->waits_for ? r->waits_why : "", *then = r->waits_for ? "; " : "";
	size_t n = sizeof(r->reason);

	if (store_code) {
		r->code = error_slug(store_code);
		snprintf(r->reason, n, "the store cannot be read: %s", error_text(store_code));
	} else if (r->stopped) {
		r->code = error_slug((int)STATUS_GET(page, stopped_code));
		snprintf(r->reason, n, "partitions stopped: %llu; %.400s", (unsigned long long)r->stopped,
			 page->stopped_why);
	} else if (lag_max && r->lag_ms > lag_max) {
		r->code = "lag";
		snprintf(r->reason, n, "the views are %lld ms behind the log, http.readyLagMax is %lld%s%.200s",
			 (long long)r->lag_ms, (long long)lag_max, then, waits_why);
	} else if (lag_max && r->watermark_ms == TIME_NONE && !STATUS_GET(page, fresh_ms)) {
		r->code = "empty";
		snprintf(r->reason, n, "nothing of the log was read yet%s%.200s", then, waits_why);
	}
}

static void look(struct http_worker *w, struct readiness *ret)
{
	const struct server_options *opt = &w->shared->opt;
	const struct status_page *page = status_page(opt->status);
	int rc = snap_renew(w->snap);

	*ret = (struct readiness){ .watermark_ms = TIME_NONE,
				   .stopped = STATUS_GET(page, stopped_partitions),
				   .waits_for = (enum status_wait)STATUS_GET(page, waits_for),
				   .waits_why = page->waits_why,
				   .lag_ms = status_lag_ms(page, w->shared->clock) };
	if (rc == 0) {
		rc = snap_watermark(w->snap, &ret->watermark_ms);
		snap_park(w->snap);
	}
	judge(ret, page, rc, setting_int(opt->settings, SET_HTTP_LAG_MAX));
}

static void write_waiting(struct json_out *j, const struct readiness *r)
{
	const char *what = status_wait_name(r->waits_for);

	json_out_key(j, "waitingFor");
	if (!what) {
		json_out_null(j);
		return;
	}
	json_out_text(j, what);
	key_text(j, "waitingBecause", r->waits_why);
}

void route_readyz(struct http_req *rq)
{
	struct json_out *j = &rq->w->out;
	struct readiness r;
	struct problem p;

	look(rq->w, &r);
	if (r.reason[0]) {
		problem_set(&p, PROBLEM_NOT_READY, NULL, "%s", r.reason);
		http_problem_open(rq, &p);
		key_text(j, "code", r.code);
	} else {
		json_out_reset(j);
		json_out_object(j);
		key_text(j, "status", "ready");
	}
	key_int(j, "lagMs", r.lag_ms);
	key_int(j, "stoppedPartitions", (int64_t)r.stopped);
	write_waiting(j, &r);
	key_time(j, "asOf", r.watermark_ms);
	if (r.reason[0]) {
		http_problem_end(rq, &p);
	} else {
		json_out_end_object(j);
		http_reply_json(rq, 200, j);
	}
}

void route_metrics(struct http_req *rq)
{
	const struct http_shared *shared = rq->w->shared;
	struct metrics_input in = {
		.loops = shared->metrics,
		.loop_count = shared->loop_count,
		.store = shared->opt.store,
		.page = status_page(shared->opt.status),
		.clock = shared->clock,
		.feed_dropped = feed_dropped(shared->feed),
	};
	struct versions versions;
	struct config_counts config;
	struct replay_page replay;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out) {
		http_refuse(rq, PROBLEM_INTERNAL, NULL, "cannot write the metrics");
		return;
	}
	if (replay_status_read(store_path(in.store), &replay, &in.replay_at_work, NULL) == 0)
		in.replay = &replay;
	if (snap_renew(rq->w->snap) == 0) {
		in.versions = versions_of_snap(rq->w->snap, &versions) == 0 ? &versions : NULL;
		in.config = config_counts(rq->w->snap, &config) == 0 ? &config : NULL;
		snap_park(rq->w->snap);
	}
	served_counts(shared->served, &in.served_told, &in.served_lost);
	metrics_write(&in, out);
	fclose(out);
	http_reply(rq, 200, "text/plain; version=0.0.4; charset=utf-8", (struct str){ text, (uint32_t)n });
	free(text);
}

void route_openapi(struct http_req *rq)
{
	if (!http_refuses_query(rq))
		http_reply_file(rq, "application/json", openapi_json(), NULL);
}

void route_feed(struct http_req *rq)
{
	if (!rq->w->shared->feed)
		http_refuse(rq, PROBLEM_UNKNOWN_ROUTE, NULL, "only the demo has a feed");
	else if (http_refuses_query(rq))
		return;
	else if (rq->head)
		http_reply(rq, 200, "text/event-stream", STR(""));
	else
		feed_join(rq);
}
