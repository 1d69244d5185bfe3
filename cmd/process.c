#include "cmd/command.h"
#include "cmd/ingest.h"
#include "config/log.h"
#include "processor/sources.h"

static int process_run(struct command_context *ctx)
{
	struct ingest in = { 0 };
	struct error e = { 0 };
	int rc;

	ingest_signals();
	rc = kafka_settings_usable(ctx->settings, &e);
	if (!rc)
		rc = ingest_open(&in, ctx->settings, &e);
	if (!rc)
		rc = ingest_kafka(&in, ctx->settings, &e);
	if (!rc)
		rc = ingest_start(&in, &e);
	if (!rc) {
		log_info("processing", "store=%s", store_path(in.store));
		ingest_wait(&in, ctx, true);
		ingest_stop(&in);
		rc = in.code;
		e = in.why;
	}
	ingest_close(&in);
	return rc ? command_failed("%s", e.text) : 0;
}

const struct command command_process = {
	.name = "process",
	.summary = "Read the log and keep the views, without answering requests",
	.description =
		"Reads the topics of the settings from where the store stands, folds them into the views and commits both in one "
		"transaction. Records that cannot be read go to topics.deadLetters. Runs until SIGTERM or SIGINT, then commits what "
		"was read. SIGHUP rereads log.level.\n\n"
		"`aisle serve' on the same store answers meanwhile.\n\n"
		"Examples:\n"
		"  aisle process --set kafka.bootstrap.servers=localhost:9092\n"
		"  aisle process --config /etc/aisle/aisle.conf --store /var/lib/aisle\n",
	.run = process_run,
};
