/* The loop: poll, apply, commit. What happens to one record is in processor_apply.c. */
#include "processor/processor_internal.h"

#include "config/log.h"
#include "schemas/fault.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define IDLE_POLL_MS 100
#define OPEN_TRANSACTION_NS UINT64_C(2000000000)

static uint64_t now_ns(const struct processor *p)
{
	return p->clock->monotonic_ns(p->clock);
}

int processor_new(const struct processor_options *opt, struct processor **ret, struct error *e)
{
	struct processor *p = xcalloc(1, sizeof(*p));
	struct decode_options decode = {
		.record_max = (size_t)setting_int(opt->settings, SET_DECODE_RECORD_MAX),
		.vocabularies = setting_string(opt->settings, SET_DECODE_VOCABULARIES),
	};
	int rc;

	p->opt = *opt;
	p->clock = opt->clock ? opt->clock : &clock_system;
	p->page = status_page(opt->status);
	p->poll_max = (size_t)setting_int(opt->settings, SET_POLL_RECORDS_MAX);
	p->records = xmalloc(p->poll_max * sizeof(*p->records));
	batcher_init(&p->batcher, opt->settings);
	rc = decoder_new(&decode, &p->decoder, e);
	if (!rc)
		rc = fold_new(opt->store, &p->fold, e);
	if (!rc)
		rc = dead_letters_open(opt->dead_letters, setting_string(opt->settings, SET_TOPIC_DEAD_LETTERS),
				       store_path(opt->store), &p->letters, e);
	if (rc) {
		processor_free(p);
		return rc;
	}
	STATUS_SET(p->page, watermark_ms, fold_watermark(p->fold));
	*ret = p;
	return 0;
}

void processor_free(struct processor *p)
{
	if (!p)
		return;
	dead_letters_close(p->letters);
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

/* At the end of the log the views are as fresh as can be; before it, as the oldest of the batch's last records. */
static int64_t fresh_after_commit(struct processor *p, int64_t lag)
{
	int64_t now = p->clock->wall_ms(p->clock), fresh = now;

	for (size_t i = 0; lag && i < p->positions.n; i++) {
		const struct place *pl = &p->positions.v[i];

		if (pl->changed && pl->at.last_timestamp_ms > 0 && pl->at.last_timestamp_ms < fresh)
			fresh = pl->at.last_timestamp_ms;
	}
	return fresh;
}

static void tell_source(struct processor *p, struct source *src)
{
	for (size_t i = 0; i < p->positions.n; i++) {
		const struct place *pl = &p->positions.v[i];

		FAULT_POINT("group:telling");
		if (pl->changed && src->ops->committed)
			src->ops->committed(src, pl->log, pl->partition, pl->at.next);
	}
}

static void tell_status(struct processor *p, const struct commit_figures *fig, uint64_t took_ns, int64_t lag)
{
	struct status_page *pg = p->page;

	STATUS_SET(pg, commits, pg->commits + 1);
	STATUS_SET(pg, commit_ns_total, pg->commit_ns_total + took_ns);
	STATUS_SET(pg, commit_ns_last, took_ns);
	STATUS_SET(pg, batch_records_last, fig->records);
	STATUS_SET(pg, watermark_ms, fold_watermark(p->fold));
	STATUS_SET(pg, fresh_ms, fresh_after_commit(p, lag));
}

/* Dead letters first, then views and offsets in one transaction. */
static int commit(struct processor *p, struct source *src, struct error *e)
{
	struct commit_figures fig = { 0 };
	uint64_t began;
	int64_t lag;
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
	rc = fold_commit(p->fold, &fig);
	if (rc)
		return error_set(e, rc, "store.path", "cannot commit to '%s': %s", store_path(p->opt.store),
				 error_text(rc));
	batcher_committed(&p->batcher, now_ns(p) - began);
	lag = src->ops->lag(src);
	FAULT_POINT("group:untold");
	tell_status(p, &fig, now_ns(p) - began, lag);
	tell_source(p, src);
	FAULT_POINT("group:told");
	positions_clear(&p->positions);
	p->pending = 0;
	if (p->opt.progress)
		p->opt.progress(p->opt.progress_arg, p->page->records, lag);
	return 0;
}

static void look_at_stopped(struct processor *p, struct source *src)
{
	const char *log_name;
	int32_t partition;
	struct error why;
	uint64_t n = 0;

	while (src->ops->stopped && src->ops->stopped(src, n, &log_name, &partition, &why)) {
		if (!n && !p->page->stopped_partitions)
			snprintf(p->page->stopped_why, sizeof(p->page->stopped_why), "%s", why.text);
		n++;
	}
	STATUS_SET(p->page, stopped_partitions, n);
}

/* `empty`: the source was asked and had nothing. */
static void heartbeat(struct processor *p, struct source *src, bool empty, int64_t lag)
{
	int64_t wall_ms = p->clock->wall_ms(p->clock);
	uint64_t now = now_ns(p);

	STATUS_SET(p->page, heartbeat_ms, wall_ms);
	STATUS_SET(p->page, lag_records, lag);
	if (!empty)
		p->busy_ns = now;
	/* records of a transaction that is still open count as lag but cannot be read */
	if (empty && !p->pending && (!lag || (lag > 0 && now - p->busy_ns > OPEN_TRANSACTION_NS)))
		STATUS_SET(p->page, fresh_ms, wall_ms);
	look_at_stopped(p, src);
}

/* One round: 0 go on, SOURCE_END, or what ends the run. */
static int round_trip(struct processor *p, struct source *src, struct error *e)
{
	struct error poll_error = { 0 };
	int timeout = batcher_timeout_ms(&p->batcher, now_ns(p), IDLE_POLL_MS);
	int n = src->ops->poll(src, p->records, (int)p->poll_max, timeout, &poll_error);
	int64_t lag;
	int rc = 0;

	if (n > 0) {
		rc = processor__apply(p, src, p->records, (size_t)n, e);
		if (!rc)
			positions_advance(&p->positions, p->records, (size_t)n);
		p->pending += (size_t)n;
		FAULT_POINT("poll:applied");
	}
	src->ops->release(src);
	if (rc)
		return rc;
	lag = src->ops->lag(src);
	heartbeat(p, src, n == 0, lag);
	if (batcher_due(&p->batcher, &(struct batch_state){
					     .now_ns = now_ns(p),
					     .records = p->pending,
					     .bytes = fold_pending_bytes(p->fold),
					     .poll_empty = n <= 0,
					     .poll_full = n == (int)p->poll_max,
					     .lag = lag,
				     }))
		rc = commit(p, src, e);
	if (rc || n >= 0 || n == ERR_SOURCE_RETRY)
		return rc;
	*e = poll_error;
	return n;
}

static void note_fatal(struct processor *p, const struct error *e)
{
	snprintf(p->page->stopped_why, sizeof(p->page->stopped_why), "%s", e->text);
	/* readers of the page take any stopped partition for stale answers; now all of them are stopped */
	if (!p->page->stopped_partitions)
		STATUS_SET(p->page, stopped_partitions, 1);
	log_error("log is read no further", "code=%s why=\"%s\"", error_slug(e->code), e->text);
}

int processor_run(struct processor *p, struct source *src, struct error *e)
{
	struct error why = { 0 };
	int rc = 0;

	p->busy_ns = now_ns(p);
	while (!rc && !atomic_load(&p->stop))
		rc = round_trip(p, src, &why);
	/* what was applied before the end, the stop or a broken source is whole */
	if (!rc || rc == ERR_SOURCE_END || rc == ERR_SOURCE_OPEN || rc == ERR_IO) {
		struct error last = { 0 };
		int committed = commit(p, src, &last);

		if (committed || rc == ERR_SOURCE_END) {
			rc = committed;
			why = last;
		}
	}
	look_at_stopped(p, src);
	if (rc == ERR_SOURCE_RETRY) {
		log_warn("stopped with records not committed, they are read again", "why=\"%s\"", why.text);
		rc = 0;
	}
	if (rc) {
		note_fatal(p, &why);
		*e = why;
	}
	return rc;
}
