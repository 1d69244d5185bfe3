#include "cmd/command.h"
#include "cmd/ingest.h"
#include "config/log.h"
#include "processor/sources.h"
#include "query/server.h"

#define DRAIN_MS 5000

static int serve(struct ingest *in, struct command_context *ctx, struct error *e)
{
	struct server_options opt = {
		.settings = ctx->settings,
		.store = in->store,
		.status = in->status,
		.publisher = in->publisher,
	};
	struct server *server = NULL;
	int rc = server_start(&opt, &server, e);

	if (rc)
		return rc;
	rc = ingest_start(in, e);
	if (!rc) {
		log_ready(server_url(server));
		/* a log that cannot be read any more does not end the answers */
		ingest_wait(in, ctx, false);
	}
	server_stop(server, DRAIN_MS);
	ingest_stop(in);
	if (!rc && in->code) {
		rc = in->code;
		*e = in->why;
	}
	return rc;
}

static int run_run(struct command_context *ctx)
{
	struct ingest in = { 0 };
	struct error e = { 0 };
	int rc;

	ingest_signals();
	rc = kafka_settings_usable(ctx->settings, &e);
	if (!rc)
		rc = server_listen_check(ctx->settings, &e); /* before there is a store */
	if (!rc)
		rc = ingest_open(&in, ctx->settings, &e);
	if (!rc)
		rc = ingest_kafka(&in, ctx->settings, &e);
	if (!rc)
		rc = serve(&in, ctx, &e);
	ingest_close(&in);
	return rc ? command_failed("%s", e.text) : 0;
}

const struct command command_run = {
	.name = "run",
	.summary = "Read the log, keep the views and answer requests, in one process",
	.description =
		"Both halves of aisle: `process' and `serve'. Prints `ready: http://HOST:PORT' on standard error once it answers, "
		"with log.format=json as the message of a line. Runs until SIGTERM or SIGINT, then lets requests end and commits what was read. SIGHUP rereads log.level.\n\n"
		"When the log cannot be read on (the store is full, a topic was made anew), the answers go on and say how old they "
		"are; the reason is in the log and in /readyz.\n\n"
		"Examples:\n"
		"  aisle run --set kafka.bootstrap.servers=localhost:9092\n"
		"  aisle run --config aisle.conf --set http.listen=0.0.0.0:8600\n"
		"  AISLE_STORE_PATH=/var/lib/aisle aisle run --config aisle.conf\n",
	.run = run_run,
};
