#include "query/server.h"

#include "query/answered.h"
#include "query/control_set.h"
#include "query/figures_cache.h"
#include "query/http_feed.h"
#include "query/http_internal.h"
#include "query/http_later.h"
#include "query/ranker.h"
#include "query/served.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#define GZIP_QUALITY 1            /* 1 to 9 */
#define LOOK_NS UINT64_C(1000000) /* how old a snapshot may be that answers of one round of a loop share */

struct server {
	struct http_shared shared;
	h2o_globalconf_t conf;
	struct ranker *ranker;
	struct later_thread *laters;
	struct ssl_ctx_st *tls; /* NULL: plain HTTP */
	unsigned made, running; /* workers; loops */
	struct http_loop *loops;
	char url[300];
};

static const struct answer_ops real_answers = {
	answerer_new,         answerer_free,     answerer_rest,  recommend, scenario_info, recommendation_scenario,
	recommendation_given, answerer_segments, answerer_offers
};

#ifdef __SANITIZE_ADDRESS__
/* h2o keeps a few freed chunks a thread and has no call to let them go when the thread ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:h2o_mem_alloc_recycle\n";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}
#endif

static void configure(struct server *s)
{
	const struct settings *set = s->shared.opt.settings;
	uint64_t timeout_ms = (uint64_t)setting_int(set, SET_HTTP_TIMEOUT);
	h2o_compress_args_t compress = { .min_size = (size_t)setting_int(set, SET_HTTP_GZIP_MIN),
					 .gzip = { .quality = GZIP_QUALITY },
					 .brotli = { .quality = -1 } };
	h2o_hostconf_t *host;
	h2o_pathconf_t *root;

	h2o_config_init(&s->conf);
	s->conf.server_name = h2o_iovec_init("aisle", 5);
	s->conf.max_request_entity_size = (size_t)setting_int(set, SET_HTTP_BODY_MAX);
	s->conf.http1.req_timeout = timeout_ms;
	s->conf.http2.idle_timeout = timeout_ms;
	s->conf.handshake_timeout = timeout_ms;
	host = h2o_config_register_host(&s->conf, h2o_iovec_init("default", 7), 65535);
	root = h2o_config_register_path(host, "/", 0);
	h2o_create_handler(root, sizeof(h2o_handler_t))->on_req = http_on_req;
	if (compress.min_size)
		h2o_compress_register(root, &compress);
	http_errors_register(&host->fallback_path);
}

static int new_answerer(struct server *s, uint64_t look_ns, struct answerer **ret, struct error *e)
{
	const struct server_options *opt = &s->shared.opt;
	struct answerer_options answers = { .store = opt->store,
					    .status = opt->status,
					    .ranker = s->ranker,
					    .settings = opt->settings,
					    .clock = s->shared.clock,
					    .control = s->shared.control,
					    .look_ns = look_ns };

	return opt->answers->open(&answers, ret, e);
}

int server_answerer(struct server *s, struct answerer **ret, struct error *e)
{
	return new_answerer(s, 0, ret, e);
}

static int worker_init(struct server *s, unsigned i, struct error *e)
{
	const struct server_options *opt = &s->shared.opt;
	struct decode_options decode = {
		.record_max = (size_t)setting_int(opt->settings, SET_DECODE_RECORD_MAX),
		.vocabularies = setting_string(opt->settings, SET_DECODE_VOCABULARIES),
		.closed_rows = true,
	};
	struct http_worker *w = &s->loops[i].worker;
	int rc;

	w->index = i;
	w->shared = &s->shared;
	w->laters = later_box(s->laters, i);
	w->metrics = s->shared.metrics[i] = xcalloc(1, sizeof(struct metrics));
	w->metrics->answered = answered_new();
	s->made = i + 1;
	rc = new_answerer(s, LOOK_NS, &w->answerer, e);
	if (rc == 0)
		rc = snap_open(opt->store, &w->snap);
	if (rc == 0) {
		snap_park(w->snap); /* a thread that is never asked must not hold pages */
		rc = decoder_new(&decode, &w->decoder, e);
	}
	return rc ? error_set(e, rc, NULL, "cannot set up an answering thread: %s", error_text(rc)) : 0;
}

static void worker_fini(struct http_worker *w)
{
	if (w->answerer)
		w->shared->opt.answers->close(w->answerer);
	snap_close(w->snap);
	decoder_free(w->decoder);
	json_out_fini(&w->out);
	shown_fini(&w->shown);
	answered_free(w->metrics->answered);
	free(w->metrics);
}

static void server_free(struct server *s)
{
	for (unsigned i = 0; i < s->running; i++)
		http_loop_join(&s->loops[i]);
	later_stop(s->laters); /* it reads what loops have counted */
	for (unsigned i = 0; i < s->made; i++)
		worker_fini(&s->loops[i].worker);
	figures_cache_free(s->shared.figures);
	served_close(s->shared.served);
	ranker_stop(s->ranker);
	control_watch_stop(s->shared.control);
	feed_free(s->shared.feed);
	h2o_config_dispose(&s->conf);
	http_tls_close(s->tls);
	free(s->loops);
	free(s->shared.metrics);
	free(s);
}

int server_listen_check(const struct settings *set, struct error *e)
{
	char host[256];
	int port = 0, fd, rc;

	rc = http_listen_fd(setting_string(set, SET_HTTP_LISTEN), true, &port, host, sizeof(host), &fd, e);
	if (rc == 0)
		close(fd);
	return rc;
}

int server_listen_resolve(const struct settings *set, struct error *e)
{
	struct addrinfo *ai;
	char host[256];
	int port, rc = http_listen_resolve(setting_string(set, SET_HTTP_LISTEN), -1, host, sizeof(host), &ai, &port, e);

	if (rc == 0)
		freeaddrinfo(ai);
	return rc;
}

static int start_loops(struct server *s, struct error *e)
{
	const char *listen = setting_string(s->shared.opt.settings, SET_HTTP_LISTEN);
	char host[256] = "";
	unsigned connections_max = http_conns_max(s->shared.opt.settings);
	int port = 0, rc;

	for (unsigned i = 0; i < s->shared.loop_count; i++) {
		int fd;

		rc = http_listen_fd(listen, i == 0, &port, host, sizeof(host), &fd, e);
		if (rc == 0)
			rc = http_loop_start(&s->loops[i], &s->conf, fd, connections_max, s->tls, e);
		if (rc != 0)
			return rc;
		s->running = i + 1;
	}
	snprintf(s->url, sizeof(s->url), strchr(host, ':') ? "%s://[%s]:%d" : "%s://%s:%d", s->tls ? "https" : "http",
		 host[0] ? host : "0.0.0.0", port);
	return 0;
}

int server_start(const struct server_options *opt, struct server **ret, struct error *e)
{
	struct server *s = xcalloc(1, sizeof(*s));
	int rc = 0;

	s->shared.opt = *opt;
	s->shared.clock = &clock_system;
	s->shared.started_ms = clock_system.wall_ms(&clock_system);
	s->shared.loop_count = (unsigned)setting_int(opt->settings, SET_HTTP_THREADS);
	s->loops = xcalloc(s->shared.loop_count, sizeof(s->loops[0]));
	s->shared.metrics = xcalloc(s->shared.loop_count, sizeof(s->shared.metrics[0]));
	if (opt->trusted_feed)
		s->shared.feed = feed_new(s->shared.loop_count);
	configure(s);
	http_hush();
	rc = http_tls_open(opt->settings, &s->tls, e);
	if (rc == 0)
		rc = control_watch_start(opt->store, &s->shared.control, e);
	if (rc == 0 && opt->publisher)
		control_watch_settle(s->shared.control, opt->publisher,
				     setting_string(opt->settings, SET_TOPIC_CONFIG));
	if (rc == 0 && !opt->answers) {
		s->shared.opt.answers = &real_answers;
		rc = ranker_start(opt->store, opt->settings, &s->ranker, e);
	}
	s->shared.figures = figures_cache_new(s->shared.clock);
	s->shared.served = served_new(opt->settings, opt->publisher);
	s->laters = later_start(opt->store, s->shared.loop_count);
	for (unsigned i = 0; rc == 0 && i < s->shared.loop_count; i++)
		rc = worker_init(s, i, e);
	if (rc == 0)
		rc = start_loops(s, e);
	if (rc != 0) {
		server_stop(s, 0);
		return rc;
	}
	*ret = s;
	return 0;
}

const char *server_url(const struct server *s)
{
	return s->url;
}

void server_feed(struct server *s, struct str json)
{
	feed_publish(s->shared.feed, json);
}

void server_stop(struct server *s, int grace_ms)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->running; i++)
		http_loop_ask_stop(&s->loops[i], grace_ms);
	server_free(s);
}
