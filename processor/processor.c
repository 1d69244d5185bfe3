/* The loop: poll, apply, commit. What happens to one record is in processor_apply.c. */
#include "processor/processor_internal.h"

#include "config/log.h"
#include "schemas/fault.h"
#include "views/merger.h"

#include <stdlib.h>

#define IDLE_POLL_MS 100
#define SLEPT_MS 100 /* a poll that took so much longer than asked for: the process, or the machine, was stopped */
#define WRITING_POLL_MS 10 /* a large batch is written, and the next one gathers */
#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS 30000
#define RETRY_SLICE_MS 100
#define ENDS_EVERY_NS UINT64_C(10000000000)

static uint64_t now_ns(const struct processor *p)
{
	return p->clock->monotonic_ns(p->clock);
}

static void on_letters_wait(void *arg, const char *why)
{
	struct processor *p = arg;

	if (why)
		status_set_wait(p->page, WAIT_DEAD_LETTERS, why);
	processor__beat(p);
}

/* The page has how fresh the views were with a young level that is gone; base has what was in the log at its last merge. */
static void tell_lost_young(struct processor *p)
{
	int64_t newest = fold_newest_ms(p->fold);

	if (store_young_was_lost(p->opt.store) && newest && newest < p->page->fresh_ms)
		status_set_fresh(p->page, newest, p->clock);
}

int processor_new(const struct processor_options *opt, struct processor **ret, struct error *e)
{
	struct processor *p = xcalloc(1, sizeof(*p));
	struct decode_options decode = {
		.record_max = (size_t)setting_int(opt->settings, SET_DECODE_RECORD_MAX),
		.vocabularies = setting_string(opt->settings, SET_DECODE_VOCABULARIES),
	};
	char frozen[256];
	int rc;

	p->opt = *opt;
	p->clock = opt->clock ? opt->clock : &clock_system;
	p->page = status_page(opt->status);
	p->poll_max = (size_t)setting_int(opt->settings, SET_POLL_RECORDS_MAX);
	p->records = xmalloc(p->poll_max * sizeof(*p->records));
	p->watch = store_watch_new(opt->settings, opt->store, p->page);
	batcher_init(&p->batcher, opt->settings);
	if (opt->bulk)
		p->batcher.linger_ns = p->batcher.time_max_ns;
	rc = decoder_new(&decode, &p->decoder, e);
	if (!rc)
		rc = fold_new(opt->store, &p->fold, e);
	if (!rc)
		rc = dead_letters_open(opt->dead_letters, setting_string(opt->settings, SET_TOPIC_DEAD_LETTERS),
				       opt->letters_dir ? opt->letters_dir : store_path(opt->store), &p->letters, e);
	if (rc) {
		processor_free(p);
		return rc;
	}
	dead_letters_on_wait(p->letters, on_letters_wait, p);
	if (!opt->bulk && fold_frozen(p->fold, frozen, sizeof(frozen)))
		log_warn("a view is not kept up to date", "why=\"%s\"", frozen);
	STATUS_SET(p->page, watermark_ms, fold_watermark(p->fold));
	tell_lost_young(p);
	*ret = p;
	return 0;
}

void processor_free(struct processor *p)
{
	if (!p)
		return;
	dead_letters_close(p->letters);
	store_watch_free(p->watch);
	fold_free(p->fold);
	decoder_free(p->decoder);
	positions_fini(&p->positions);
	free(p->records);
	free(p);
}

bool processor_resume(void *arg, const char *log_name, int32_t partition, struct position *ret)
{
	struct processor *p = arg;

	return fold_stored_position(p->fold, log_name, partition, ret);
}

void processor_stop(struct processor *p)
{
	atomic_store(&p->stop, true);
}

void processor_leave(struct processor *p)
{
	atomic_store(&p->leaving, true);
	processor_stop(p);
}

static int store_failed(const struct processor *p, int rc, struct error *e)
{
	bool full = rc == ERR_DISK_FULL;

	return error_set(e, rc, "store.path", "cannot write to '%s': %s%s%s", store_path(p->opt.store),
			 full ? store_no_room(p->opt.store) : "", full ? ": " : "", error_text(rc));
}

/* What the source heard before a sleep says nothing of the log as it is now. */
static int64_t lag_of(const struct processor *p, struct source *src)
{
	return p->slept ? -1 : src->ops->lag(src);
}

/* Dead letters first, then views and offsets in one transaction. */
static int commit(struct processor *p, struct source *src, struct error *e)
{
	struct commit_figures fig = { 0 };
	uint64_t began;
	int64_t lag;
	bool full;
	int rc;

	if (!p->pending)
		return 0;
	FAULT_POINT("letters:unsettled");
	rc = dead_letters_settle(p->letters, &p->stop, e);
	if (rc)
		return rc;
	FAULT_POINT("letters:settled");
	for (size_t i = 0; i < p->positions.n; i++) {
		const struct place *pl = &p->positions.v[i];

		if (pl->changed)
			fold_position(p->fold, src->ops->log_name(src, pl->log), pl->partition, &pl->at);
	}
	began = now_ns(p);
	full = batcher_full(&p->batcher, p->pending, fold_pending_bytes(p->fold)) || fold_is_large(p->fold);
	if (full)
		rc = fold_commit_bulk(p->fold, &fig);
	else
		rc = fold_commit(p->fold, &fig);
	if (rc)
		return store_failed(p, rc, e);
	batcher_committed(&p->batcher, now_ns(p) - began, full);
	lag = lag_of(p, src);
	FAULT_POINT("group:untold");
	processor__tell_commit(p, src, &fig, now_ns(p) - began, lag);
	positions_committed(&p->positions, fold_is_writing(p->fold));
	processor__tell_source(p, src);
	FAULT_POINT("group:told");
	p->pending = 0;
	if (p->opt.progress)
		p->opt.progress(p->opt.progress_arg, p->page->records, lag);
	return 0;
}

/*
 * Retention deletes the end of a transaction as well as its records: where the store does not know that it was passed,
 * that would look like records that were never read.
 */
static int commit_ends(struct processor *p, struct source *src, bool at_once, struct error *e)
{
	const char *log_name;
	int32_t partition;
	struct position at;
	bool any = false;
	int rc;

	if (p->pending || !src->ops->ended || (!at_once && now_ns(p) - p->ends_ns < ENDS_EVERY_NS))
		return 0;
	p->ends_ns = now_ns(p);
	while (src->ops->ended(src, &log_name, &partition, &at)) {
		fold_position(p->fold, log_name, partition, &at);
		any = true;
	}
	if (!any)
		return 0;
	rc = fold_commit(p->fold, NULL);
	if (rc)
		return store_failed(p, rc, e);
	processor__tell_writes(p);
	return 0;
}

static void tell_written(struct processor *p, struct source *src)
{
	positions_written(&p->positions);
	processor__tell_source(p, src);
}

static int tend(struct processor *p, struct source *src, struct error *e)
{
	uint64_t merges = fold_merges(p->fold)->merges;
	int rc = fold_tend(p->fold, setting_int(p->opt.settings, SET_YOUNG_AGE_MAX));

	if (!rc && fold_merges(p->fold)->merges != merges)
		processor__tell_writes(p);
	processor__tell_merges(p);
	if (rc)
		return store_failed(p, rc, e);
	if (!fold_is_writing(p->fold))
		tell_written(p, src);
	return 0;
}

/* One round: 0 go on, SOURCE_END, or what ends the run. */
static int round_trip(struct processor *p, struct source *src, struct error *e)
{
	struct error poll_error = { 0 };
	int timeout =
		fold_is_writing(p->fold) ? WRITING_POLL_MS : batcher_timeout_ms(&p->batcher, now_ns(p), IDLE_POLL_MS);
	uint64_t asked_ns = now_ns(p);
	int n = src->ops->poll(src, p->records, (int)p->poll_max, timeout, &poll_error);
	int64_t lag;
	int rc = 0;

	p->slept = now_ns(p) - asked_ns > (uint64_t)(timeout + SLEPT_MS) * 1000000u;
	if (n > 0) {
		batcher_began(&p->batcher, now_ns(p));
		rc = processor__apply(p, src, p->records, (size_t)n, e);
		if (!rc)
			positions_advance(&p->positions, p->records, (size_t)n);
		p->pending += (size_t)n;
		FAULT_POINT("poll:applied");
	}
	src->ops->release(src);
	if (rc)
		return rc;
	/* where no more comes nothing is fresh that is still on its way into base */
	if (n <= 0 && (rc = fold_wait(p->fold)))
		return store_failed(p, rc, e);
	lag = lag_of(p, src);
	processor__tell_round(p, src, n == 0, lag);
	status_set_wait(p->page, n == ERR_SOURCE_RETRY ? WAIT_LOG : WAIT_NONE, poll_error.text);
	if (batcher_due(&p->batcher, &(struct batch_state){
					     .now_ns = now_ns(p),
					     .records = p->pending,
					     .bytes = fold_pending_bytes(p->fold),
					     .poll_empty = n <= 0,
					     .writing = fold_is_writing(p->fold),
					     .lag = lag,
				     }))
		rc = commit(p, src, e);
	if (!rc)
		rc = commit_ends(p, src, false, e);
	if (!rc)
		rc = tend(p, src, e);
	if (rc || n >= 0 || n == ERR_SOURCE_RETRY)
		return rc;
	*e = poll_error;
	return n;
}

/* Room may be made while we wait: read again from where the store stands, for as long as it takes. */
static bool may_retry(const struct processor *p, struct source *src, int code)
{
	return (code == ERR_STORE_FULL || code == ERR_DISK_FULL || code == ERR_STORE_READERS || code == ERR_STORE_IO) &&
	       src->ops->rewind && !atomic_load(&p->stop);
}

static void retry(struct processor *p, struct source *src, const struct error *why)
{
	if (!p->retry_ms)
		log_error("store takes no commits, the log is read no further until it does", "code=%s why=\"%s\"",
			  error_slug(why->code), why->text);
	p->retry_ms = !p->retry_ms ? RETRY_FIRST_MS : p->retry_ms * 2 < RETRY_MOST_MS ? p->retry_ms * 2 : RETRY_MOST_MS;
	processor__tell_stopped(p, why);
	status_set_wait(p->page, WAIT_STORE, why->text);
	for (int ms = 0; ms < p->retry_ms && !atomic_load(&p->stop); ms += RETRY_SLICE_MS) {
		clock_rest_ms(RETRY_SLICE_MS);
		processor__beat(p);
	}
	positions_rewind(&p->positions);
	p->pending = 0;
	batcher_committed(&p->batcher, 0, false);
	src->ops->rewind(src);
}

/* The end of a run: everything that was applied into base, or at least into the store. */
static int commit_all(struct processor *p, struct source *src, struct error *e)
{
	int rc = commit(p, src, e);

	if (!rc)
		rc = commit_ends(p, src, true, e);
	if (!rc && (rc = atomic_load(&p->leaving) ? fold_wait(p->fold) : fold_settle(p->fold)))
		store_failed(p, rc, e);
	if (!rc)
		tell_written(p, src);
	processor__tell_merges(p);
	return rc;
}

/* What a processor that was asked to stop could not write is read again from the log: a good end. Returns the run's code. */
static int tell_unwritten(const struct processor *p, const struct source *src, int code, const struct error *why)
{
	bool full = code == ERR_STORE_FULL || code == ERR_DISK_FULL;

	if (code == ERR_SOURCE_RETRY || (full && src->ops->live && atomic_load(&p->stop))) {
		log_warn("stopped with records not committed, they are read again", "code=%s why=\"%s\"",
			 error_slug(code), why->text);
		return 0;
	}
	if (!code && p->retry_ms)
		log_warn("stopped while the store took no commits, the log is read on from there", "store=%s",
			 store_path(p->opt.store));
	return code;
}

int processor_run(struct processor *p, struct source *src, struct error *e)
{
	struct error why = { 0 };
	int rc = 0;

	while (!rc && !atomic_load(&p->stop)) {
		rc = round_trip(p, src, &why);
		if (rc && may_retry(p, src, rc)) {
			retry(p, src, &why);
			why = (struct error){ 0 };
			rc = 0;
		}
	}
	/* what was applied before the end, the stop or a broken source is whole */
	if (!rc || rc == ERR_SOURCE_END || rc == ERR_SOURCE_OPEN || rc == ERR_IO) {
		struct error last = { 0 };
		int committed = commit_all(p, src, &last);

		if (committed || rc == ERR_SOURCE_END) {
			rc = committed;
			why = last;
		}
	}
	processor__look_at_stopped(p, src);
	status_set_wait(p->page, WAIT_NONE, NULL);
	rc = tell_unwritten(p, src, rc, &why);
	if (rc) {
		processor__tell_stopped(p, &why);
		log_error("log is read no further", "code=%s why=\"%s\"", error_slug(why.code), why.text);
		*e = why;
	}
	return rc;
}
