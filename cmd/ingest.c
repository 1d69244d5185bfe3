#include "cmd/ingest.h"

#include "cmd/command.h"
#include "config/clock.h"
#include "config/log.h"
#include "processor/sources.h"
#include "views/generation.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

#define FOLLOW_RETRY_NS UINT64_C(5000000000)
#define LOOK_NS 50000000 /* for a swap: until it is seen nothing new is visible */

int ingest_open(struct ingest *in, const struct settings *set, struct error *e)
{
	struct store_options opt = command_store_options(set);
	unsigned orphans;
	int rc;

	opt.read_only = false;
	opt.writer = true;
	rc = store_open(&opt, &in->store, e);
	if (!rc && (orphans = store_drop_orphans(opt.young_path)))
		log_info("young levels of stores that are gone are removed", "files=%u place=%s", orphans,
			 opt.young_path);
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

/* Processor and source from where the store stands. */
static int begin_reading(struct ingest *in, struct error *e)
{
	int rc = ingest_processor(in, in->settings, NULL, e);

	return rc ? rc : source_kafka_open(in->settings, processor_resume, in->processor, &in->source, e);
}

static void end_reading(struct ingest *in)
{
	ingest_stop(in);
	if (in->source)
		in->source->ops->close(in->source);
	in->source = NULL;
	processor_free(in->processor);
	in->processor = NULL;
}

/* The answers go on, and /readyz says why the log does not. */
static void tell_not_reading(struct ingest *in, const struct error *e)
{
	struct status_page *page = status_page(in->status);

	snprintf(page->stopped_why, sizeof(page->stopped_why), "%s", e->text);
	STATUS_SET(page, stopped_code, (int64_t)e->code);
	STATUS_SET(page, stopped_partitions, (uint64_t)1);
	log_error("log is read no further", "code=%s why=\"%s\"", error_slug(e->code), e->text);
}

int ingest_kafka(struct ingest *in, const struct settings *set, struct error *e)
{
	struct error why = { 0 };
	int rc = publisher_kafka_open(set, &in->publisher, e);

	if (rc)
		return rc;
	in->settings = set;
	rc = begin_reading(in, &why);
	if (rc == ERR_VIEW_CHANGED) {
		tell_not_reading(in, &why);
		return 0;
	}
	return rc ? error_set(e, rc, why.field, "%s", why.text) : 0;
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
	if (!in->processor)
		return 0;
	in->code = 0;
	in->why = (struct error){ 0 };
	atomic_store(&in->ended, false);
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
	end_reading(in);
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

static bool swapped(const struct ingest *in)
{
	unsigned n;

	return clock_now_ns() >= in->next_try_ns && generation_current(store_path(in->store), &n, NULL) == 0 &&
	       n != store_generation(in->store);
}

/* Go over to the generation that is current now, and read on where it stands. */
static void follow(struct ingest *in)
{
	struct error e = { 0 };
	int rc;

	if (in->started)
		processor_leave(in->processor);
	end_reading(in);
	rc = store_follow(in->store, &e);
	if (rc < 0)
		log_error("cannot go over to the current generation, it is tried again", "code=%s why=\"%s\"",
			  error_slug(rc), e.text);
	else
		log_info("generation", "current=%u", store_generation(in->store));
	in->next_try_ns = rc < 0 ? clock_now_ns() + FOLLOW_RETRY_NS : 0;
	if (!in->settings)
		return;
	e = (struct error){ 0 };
	rc = begin_reading(in, &e);
	if (!rc)
		rc = ingest_start(in, &e);
	if (rc) {
		end_reading(in);
		tell_not_reading(in, &e);
		in->code = rc;
		in->why = e;
		atomic_store(&in->ended, true);
	}
}

/* From a broken store there are no answers either. */
static bool is_over(const struct ingest *in, bool until_ended)
{
	return atomic_load(&in->ended) && (until_ended || in->code == ERR_STORE_BROKEN);
}

void ingest_wait(struct ingest *in, const struct command_context *ctx, bool until_ended)
{
	struct timespec look = { 0, LOOK_NS };
	sigset_t set;
	int sig = 0;

	waited_for(&set);
	while (sig != SIGTERM && sig != SIGINT && !is_over(in, until_ended)) {
		sig = sigtimedwait(&set, NULL, &look);
		if (swapped(in))
			follow(in);
		store_look(in->store);
		status_look(in->status, store_path(in->store));
		if (sig == SIGHUP)
			command_reload_log_level(ctx);
	}
	if (sig == SIGTERM || sig == SIGINT)
		log_info("stopping", "signal=%s", sig == SIGTERM ? "SIGTERM" : "SIGINT");
}
