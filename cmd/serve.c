#include "cmd/command.h"

#include "config/log.h"
#include "processor/sources.h"
#include "query/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#define GRACE_MS 10000
#define FLUSH_MS 5000

/* Until SIGINT or SIGTERM; SIGHUP rereads nothing here: log.level came from settings that do not change. */
static void wait_for_signal(const sigset_t *set)
{
	siginfo_t info;

	while (sigwaitinfo(set, &info) < 0 && errno == EINTR)
		;
}

static int open_all(struct settings *set, struct store **st, struct status **status, struct publisher **publisher,
		    struct error *e)
{
	struct store_options opt = { .path = setting_string(set, SET_STORE_PATH),
				     .map_size = (uint64_t)setting_int(set, SET_STORE_MAP_SIZE),
				     .read_only = true };
	int rc = store_open(&opt, st, e);

	if (rc == 0)
		rc = status_open(opt.path, false, status, e);
	if (rc == 0 && settings_kafka(set, 0, &(const char *){ NULL }, &(const char *){ NULL }))
		rc = publisher_kafka_open(set, publisher, e);
	return rc;
}

static int run(struct command_context *ctx)
{
	struct store *st = NULL;
	struct status *status = NULL;
	struct publisher *publisher = NULL;
	struct server *server = NULL;
	struct error e = { 0 };
	sigset_t signals;
	int rc;

	/* before any thread starts, so that all of them leave the signals to us */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	rc = open_all(ctx->settings, &st, &status, &publisher, &e);
	if (rc == 0) {
		struct server_options opt = { .settings = ctx->settings, .store = st, .status = status,
					      .publisher = publisher };

		rc = server_start(&opt, &server, &e);
	}
	if (rc == 0) {
		fprintf(stderr, "ready: %s\n", server_url(server));
		wait_for_signal(&signals);
		log_info("stopping", NULL);
	}
	server_stop(server, GRACE_MS);
	if (publisher) {
		publisher->ops->flush(publisher, FLUSH_MS);
		publisher->ops->close(publisher);
	}
	if (status)
		status_close(status);
	store_close(st);
	return rc ? command_failed("%s", e.text[0] ? e.text : error_text(rc)) : 0;
}

const struct command command_serve = {
	.name = "serve",
	.summary = "answer over HTTP from a store that `aisle process' keeps",
	.description = "Answers recommendations, events and catalogue writes over HTTP. The store is opened for reading: it must\n"
		       "exist, and `aisle process' (or `aisle run', which does both) keeps it up to date. Without\n"
		       "kafka.bootstrap.servers nothing can be written: POST /v1/events answers 503.\n"
		       "\n"
		       "When it listens it prints one line on stderr: ready: http://HOST:PORT. SIGTERM and SIGINT let requests\n"
		       "under way end, then it exits.\n"
		       "\n"
		       "Examples:\n"
		       "  aisle serve --store ./aisle-store --set http.listen=0.0.0.0:8600\n"
		       "  aisle serve --set http.listen=127.0.0.1:0 --set kafka.bootstrap.servers=localhost:9092\n",
	.run = run,
};
