/* What the processor tells the outside: the status page, the source, the log. */
#include "processor/processor_internal.h"

#include "config/log.h"
#include "schemas/fault.h"
#include "views/merger.h"

#include <stdio.h>

#define LETTERS_EVERY_NS UINT64_C(60000000000)

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

/* Slower, since the disk is written to for each batch. */
static void tell_displaced(struct processor *p)
{
	const char *path = setting_string(p->opt.settings, SET_YOUNG_PATH);
	bool displaced = store_young_displaced(p->opt.store);

	if (displaced && !p->displaced)
		log_warn("no room in young.path, the young level lies in the store until there is", "path=%s", path);
	else if (!displaced && p->displaced && store_young_bytes(p->opt.store))
		log_info("young level lies in young.path again", "path=%s", path);
	else
		return;
	p->displaced = displaced;
}

void processor__tell_writes(struct processor *p)
{
	if (p->retry_ms)
		log_info("store takes commits again", "store=%s", store_path(p->opt.store));
	p->retry_ms = 0;
}

void processor__tell_merges(struct processor *p)
{
	const struct merger_figures *m = fold_merges(p->fold);

	STATUS_SET(p->page, merges, m->merges);
	STATUS_SET(p->page, merge_ns_total, m->merge_ns_total);
	STATUS_SET(p->page, young_bytes, store_young_bytes(p->opt.store));
	tell_displaced(p);
}

/* No text of the record: whoever sends one does not write in this log. */
void processor__tell_letter(struct processor *p, struct source *src, const struct record *r, int code)
{
	uint64_t now = p->clock->monotonic_ns(p->clock);

	if (p->opt.bulk && !p->opt.letters_dir)
		return; /* the store goes, and its letters with it: they were told when the records were first read */
	p->letters_untold++;
	if (p->letters_told_ns && now - p->letters_told_ns < LETTERS_EVERY_NS)
		return;
	log_warn("records cannot be read, all of them are kept for `aisle dlq list'",
		 "count=%llu code=%s topic=%s partition=%d offset=%lld", (unsigned long long)p->letters_untold,
		 error_slug(code), src->ops->log_name(src, r->log), r->partition, (long long)r->offset);
	p->letters_untold = 0;
	p->letters_told_ns = now;
}

void processor__tell_source(struct processor *p, struct source *src)
{
	for (size_t i = 0; i < p->positions.n; i++) {
		struct place *pl = &p->positions.v[i];

		if (pl->written == pl->told)
			continue;
		FAULT_POINT("group:telling");
		if (src->ops->committed)
			src->ops->committed(src, pl->log, pl->partition, pl->written);
		pl->told = pl->written;
	}
}

void processor__tell_commit(struct processor *p, struct source *src, const struct commit_figures *fig, uint64_t took_ns,
			    int64_t lag)
{
	struct status_page *pg = p->page;

	STATUS_SET(pg, commits, pg->commits + 1);
	STATUS_SET(pg, commit_ns_total, pg->commit_ns_total + took_ns);
	STATUS_SET(pg, batch_records_last, fig->records);
	STATUS_SET(pg, watermark_ms, fold_watermark(p->fold));
	for (int i = 0; i < CREDIT_REFUSAL_COUNT; i++)
		STATUS_SET(pg, credit_refused[i], fold_credit_refused(p->fold)[i]);
	if (src->ops->live)
		status_set_fresh(pg, fresh_after_commit(p, lag), p->clock);
	processor__tell_writes(p);
}

void processor__look_at_stopped(struct processor *p, struct source *src)
{
	const char *log_name;
	int32_t partition;
	struct error why;
	uint64_t n = 0;

	while (src->ops->stopped && src->ops->stopped(src, n, &log_name, &partition, &why)) {
		/* while commits are tried again their reason stands there */
		if (!n && !p->retry_ms && p->page->stopped_code != why.code) {
			snprintf(p->page->stopped_why, sizeof(p->page->stopped_why), "%s", why.text);
			STATUS_SET(p->page, stopped_code, why.code);
		}
		n++;
	}
	if (!p->retry_ms)
		STATUS_SET(p->page, stopped_partitions, n);
}

void processor__beat(struct processor *p)
{
	STATUS_SET(p->page, heartbeat_ms, p->clock->wall_ms(p->clock));
	store_watch_look(p->watch, p->clock->monotonic_ns(p->clock));
}

void processor__tell_round(struct processor *p, struct source *src, bool empty, int64_t lag)
{
	bool at_end = lag == 0 || (lag > 0 && src->ops->at_end && src->ops->at_end(src));

	STATUS_SET(p->page, lag_records, lag);
	if (src->ops->live && empty && !p->pending && at_end)
		status_set_fresh(p->page, p->clock->wall_ms(p->clock), p->clock);
	processor__look_at_stopped(p, src);
	processor__beat(p);
}

void processor__tell_stopped(struct processor *p, const struct error *e)
{
	snprintf(p->page->stopped_why, sizeof(p->page->stopped_why), "%s", e->text);
	STATUS_SET(p->page, stopped_code, e->code);
	/* readers of the page take any stopped partition for stale answers; now all of them are stopped */
	if (!p->page->stopped_partitions)
		STATUS_SET(p->page, stopped_partitions, 1);
}
