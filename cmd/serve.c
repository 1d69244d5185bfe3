#include "cmd/command.h"
#include "cmd/ingest.h"
#include "config/log.h"
#include "processor/sources.h"
#include "query/server.h"

#define DRAIN_MS 5000

static int open_all(struct ingest *in, const struct settings *set, struct error *e)
{
	struct store_options opt = command_store_options(set);
	const char *name, *value;
	int rc = store_open(&opt, &in->store, e);

	if (!rc)
		rc = status_open(opt.path, false, &in->status, e);
	/* without a broker the answers are all there is */
	if (!rc && settings_kafka(set, 0, &name, &value))
		rc = publisher_kafka_open(set, &in->publisher, e);
	return rc;
}

static int serve_run(struct command_context *ctx)
{
	struct ingest in = { 0 };
	struct server *server = NULL;
	struct error e = { 0 };
	int rc;

	ingest_signals();
	rc = open_all(&in, ctx->settings, &e);
	if (!rc) {
		struct server_options opt = {
			.settings = ctx->settings, .store = in.store, .status = in.status, .publisher = in.publisher
		};

		rc = server_start(&opt, &server, &e);
	}
	if (!rc) {
		log_ready(server_url(server));
		ingest_wait(&in, ctx, false);
	}
	server_stop(server, DRAIN_MS);
	ingest_close(&in);
	return rc ? command_failed("%s", e.text[0] ? e.text : error_text(rc)) : 0;
}

const struct command command_serve = {
	.name = "serve",
	.summary = "Answer requests from a store that another process keeps",
	.description =
		"The answering half of aisle. The store is opened for reading: it must exist, and `aisle process' or `aisle run' on "
		"this machine keeps it up to date. Prints `ready: http://HOST:PORT' on standard error once it answers. Runs until "
		"SIGTERM or SIGINT, then lets requests under way end. SIGHUP rereads log.level.\n\n"
		"Without kafka.* settings nothing can be written: POST /v1/events and PUT /v1/items answer 503.\n\n"
		"Examples:\n"
		"  aisle serve --store /var/lib/aisle --set http.listen=0.0.0.0:8600\n"
		"  aisle serve --config /etc/aisle/aisle.conf\n",
	.run = serve_run,
};
