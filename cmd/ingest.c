#include "cmd/ingest.h"

#include "cmd/command.h"
#include "config/log.h"
#include "processor/sources.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

int ingest_open(struct ingest *in, const struct settings *set, struct error *e)
{
	struct store_options opt = command_store_options(set);
	int rc;

	opt.read_only = false;
	opt.writer = true;
	rc = store_open(&opt, &in->store, e);
	return rc ? rc : status_open(opt.path, true, &in->status, e);
}

int ingest_processor(struct ingest *in, const struct settings *set, const struct processor_options *more,
		     struct error *e)
{
	struct processor_options opt = more ? *more : (struct processor_options){ 0 };

	opt.settings = set;
	opt.store = in->store;
	opt.status = in->status;
	opt.dead_letters = in->publisher;
	return processor_new(&opt, &in->processor, e);
}

int ingest_kafka(struct ingest *in, const struct settings *set, struct error *e)
{
	int rc = publisher_kafka_open(set, &in->publisher, e);

	if (!rc)
		rc = ingest_processor(in, set, NULL, e);
	return rc ? rc : source_kafka_open(set, processor_resume, in->processor, &in->source, e);
}

static void *run(void *arg)
{
	struct ingest *in = arg;

	in->code = processor_run(in->processor, in->source, &in->why);
	atomic_store(&in->ended, true);
	return NULL;
}

int ingest_start(struct ingest *in, struct error *e)
{
	if (pthread_create(&in->thread, NULL, run, in))
		return error_set(e, ERR_IO, "", "cannot start the processor's thread");
	in->started = true;
	return 0;
}

void ingest_stop(struct ingest *in)
{
	if (!in->started)
		return;
	processor_stop(in->processor);
	pthread_join(in->thread, NULL);
	in->started = false;
}

void ingest_close(struct ingest *in)
{
	ingest_stop(in);
	if (in->source)
		in->source->ops->close(in->source);
	processor_free(in->processor);
	if (in->publisher)
		in->publisher->ops->close(in->publisher);
	status_close(in->status);
	store_close(in->store);
}

static void waited_for(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGHUP);
}

void ingest_signals(void)
{
	sigset_t set;

	waited_for(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write beyond `ulimit -f' is an error like a full disk */
}

void ingest_wait(struct ingest *in, const struct command_context *ctx, bool until_ended)
{
	struct timespec look = { 0, 200000000L };
	sigset_t set;
	int sig = 0;

	waited_for(&set);
	while (sig != SIGTERM && sig != SIGINT && !(until_ended && atomic_load(&in->ended))) {
		sig = sigtimedwait(&set, NULL, &look);
		if (sig == SIGHUP)
			command_reload_log_level(ctx);
	}
	if (sig == SIGTERM || sig == SIGINT)
		log_info("stopping", "signal=%s", sig == SIGTERM ? "SIGTERM" : "SIGINT");
}
