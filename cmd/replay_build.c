/* Building a generation: the log once through the ordinary processor, checked, and caught up with what is served. */
#include "cmd/replay.h"

#include "config/clock.h"
#include "config/log.h"
#include "processor/replay_source.h"
#include "schemas/fault.h"
#include "views/generation.h"
#include "views/offsets.h"
#include "views/view.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICE 10
#define IOPRIO_IDLE (3 << 13)
#define CATCH_UP_ROUNDS 50
#define BEHIND_MAX 10000 /* offsets that live traffic may be ahead when the generations are swapped */

struct store_options rebuild_store_options(const struct rebuild *rb)
{
	struct store_options ret = command_store_options(rb->set);

	ret.generation = rb->generation;
	ret.read_only = false;
	ret.writer = true;
	/* all commits to base, and none durable before the sync at the end: until it is swapped in nobody needs it */
	ret.young_bytes_max = 0;
	ret.durability = STORE_NOSYNC;
	return ret;
}

static int open_generation(struct rebuild *rb, bool bulk, struct error *e)
{
	struct store_options opt = rebuild_store_options(rb);
	struct processor_options more = { .bulk = bulk };
	char dir[GENERATION_PATH_MAX];
	int rc;

	generation_path(rb->path, rb->generation, dir);
	more.letters_dir = dir;
	rc = store_open(&opt, &rb->in.store, e);
	if (!rc)
		rc = status_open(dir, true, &rb->in.status, e);
	return rc ? rc : ingest_processor(&rb->in, rb->set, &more, e);
}

void rebuild_close(struct rebuild *rb)
{
	if (rb->in.status) {
		const struct status_page *pg = status_page(rb->in.status);

		rb->events += pg->events;
		rb->duplicates += pg->duplicates;
		rb->dead_letters += pg->dead_letters;
	}
	ingest_close(&rb->in);
	rb->in = (struct ingest){ 0 };
}

static void tick(void *arg)
{
	struct rebuild *rb = arg;
	uint64_t done, total;

	replay_source_progress(rb->in.source, &done, &total);
	replay_progress_show(&rb->progress, rb->records + replay_source_records(rb->in.source), done, total);
}

/* Every record that the source handed out was applied, found to be a duplicate, or is a dead letter. */
static int check_counts(struct rebuild *rb, uint64_t before, struct error *e)
{
	uint64_t applied = status_page(rb->in.status)->records - before;
	uint64_t read = replay_source_records(rb->in.source);

	if (applied == read)
		return 0;
	return error_set(e, ERR_STORE_CORRUPT, "store.path",
			 "%llu records were read and %llu applied: the generation is not used",
			 (unsigned long long)read, (unsigned long long)applied);
}

uint64_t rebuild_rate(const struct rebuild *rb)
{
	struct error e = { 0 };
	bool at_work = false;

	if (rb->opt->rate_given)
		return rb->opt->rate;
	/* one that cannot be asked counts as none */
	if (rebuild_processor(rb, &at_work, &e))
		log_debug("cannot look for a processor", "why=\"%s\"", e.text);
	return at_work ? (uint64_t)setting_int(rb->set, SET_REPLAY_RATE_MAX) : 0;
}

/* Files or log, at most `rate` records a second. */
static int open_source(struct rebuild *rb, bool files, bool cut, uint64_t rate, struct error *e)
{
	struct replay_source_options opt = {
		.settings = rb->set,
		.processor = rb->in.processor,
		.plan = &rb->plan,
		.cut = cut,
		.files = files ? rb->opt->files : NULL,
		.file_count = rb->opt->n,
		.rate = rate,
		.tick = tick,
		.tick_arg = rb,
	};

	return replay_source_open(&opt, &rb->in.source, e);
}

static void close_source(struct rebuild *rb)
{
	rb->records += replay_source_records(rb->in.source);
	rb->in.source->ops->close(rb->in.source);
	rb->in.source = NULL;
}

int rebuild_stopped(struct error *e)
{
	return error_set(e, ERR_SOURCE_RETRY, "", "stopped; the same command goes on from there");
}

/* To the source's end. */
static int run(struct rebuild *rb, struct error *e)
{
	int rc;

	replay_interruptible(rb->in.processor);
	rc = replay_interrupted() ? 0 : processor_run(rb->in.processor, rb->in.source, e);
	replay_interruptible(NULL);
	if (!rc && replay_interrupted())
		rc = rebuild_stopped(e);
	return rc;
}

static int read_all_of(struct rebuild *rb, bool files, struct error *e)
{
	uint64_t before = status_page(rb->in.status)->records, rate = rebuild_rate(rb);
	int rc;

	if (rate && !rb->opt->rate_given)
		log_info("slowed down for the processor at work on this store",
			 "recordsPerSecond=%llu setting=replay.rateMax", (unsigned long long)rate);
	rc = open_source(rb, files, rb->opt->to.kind != POINT_NONE || rb->opt->view, rate, e);

	if (rc)
		return rc;
	rc = run(rb, e);
	tick(rb);
	if (!rc)
		rc = check_counts(rb, before, e);
	for (size_t i = 0; i < rb->plan.n && !files; i++)
		rb->gaps += (uint64_t)rb->plan.v[i].gaps;
	close_source(rb);
	return rc;
}

int rebuild_read(struct rebuild *rb, struct error *e)
{
	int rc = rb->opt->n ? read_all_of(rb, true, e) : 0;

	if (!rc && rb->from.kind != POINT_NONE)
		rc = read_all_of(rb, false, e);
	return rc;
}

static int build_all(struct rebuild *rb, struct error *e)
{
	int rc = open_generation(rb, true, e);

	if (!rc)
		rc = rebuild_read(rb, e);
	FAULT_POINT("replay:built");
	if (!rc)
		rc = store_sync(rb->in.store);
	rebuild_close(rb);
	return rc;
}

static int build(struct rebuild *rb, struct error *e)
{
	int rc;

	replay_progress_begin(&rb->progress, REPLAY_BUILDING, rb->opt->json);
	rc = rb->opt->view ? replay_view_build(rb, e) : build_all(rb, e);
	if (!rc)
		rc = generation_sync(rb->path, rb->generation, e);
	FAULT_POINT("replay:synced");
	replay_progress_end();
	return rc ? error_set(e, rc, "store.path", "cannot write generation %u: %s", rb->generation, error_text(rc))
		  : 0;
}

/* ---- checking ---- */

struct stored {
	struct rebuild *rb;
	int64_t behind; /* offsets of the plan that are not in the store */
};

static int check_position(void *arg, struct str log_name, int32_t partition, const struct position *pos)
{
	struct rebuild *rb = ((struct stored *)arg)->rb;

	for (size_t i = 0; i < rb->plan.n; i++) {
		struct replay_part *p = &rb->plan.v[i];

		if (p->id != partition || !offsets_is_of(log_name, setting_topic(rb->set, (enum topic)p->log)))
			continue;
		if (pos->next < p->next) /* behind the last record it has what holds none */
			((struct stored *)arg)->behind += p->next - pos->next;
	}
	return 0;
}

/* The stored positions are those after the last records; every row of every view can be read. */
static int check(struct rebuild *rb, struct error *e)
{
	struct stored stored = { .rb = rb };
	struct store_options opt = command_store_options(rb->set);
	struct store *s = NULL;
	struct snap *sn = NULL;
	int rc;

	replay_progress_begin(&rb->progress, REPLAY_CHECKING, rb->opt->json);
	opt.generation = rb->generation;
	rc = store_open(&opt, &s, e);
	if (!rc)
		rc = snap_open(s, &sn);
	if (!rc)
		rc = offsets_each(sn, check_position, &stored);
	if (!rc && stored.behind)
		rc = error_set(e, ERR_STORE_CORRUPT, "store.path",
			       "generation %u is %lld offsets from what was read: it is not used", rb->generation,
			       (long long)stored.behind);
	for (size_t i = 0; view_registry[i] && !rc; i++) {
		rc = view_digest(view_registry[i], sn, rb->digests[i], &rb->rows[i]);
		if (!rc && !rb->opt->json)
			printf("%-22s %s %llu\n", view_registry[i]->name, rb->digests[i],
			       (unsigned long long)rb->rows[i]);
		if (replay_interrupted())
			rc = rebuild_stopped(e);
	}
	fflush(stdout);
	snap_close(sn);
	store_close(s);
	FAULT_POINT("replay:checked");
	return rc ? error_set(e, rc, "store.path", "generation %u cannot be read: %s", rb->generation, error_text(rc))
		  : 0;
}

/* ---- catching up with what is served ---- */

static int catch_up(struct rebuild *rb, struct error *e)
{
	int64_t behind = 0;
	uint64_t before;
	int rc = rebuild_renew_plan(rb, e);

	replay_progress_begin(&rb->progress, REPLAY_CATCHING_UP, rb->opt->json);
	if (rc)
		return rc;
	rc = open_generation(rb, false, e);
	if (!rc)
		rc = open_source(rb, false, false, 0, e);
	if (rc)
		goto out;
	before = status_page(rb->in.status)->records;
	for (int round = 0; round < CATCH_UP_ROUNDS && !rc; round++) {
		rc = run(rb, e);
		if (!rc)
			rc = rebuild_aim_at_current(rb, &behind, e);
		if (!behind)
			break;
	}
	if (!rc && behind > BEHIND_MAX)
		rc = error_set(
			e, ERR_SOURCE_RETRY, "",
			"generation %u stays %lld records behind the one that is served: run the command again when "
			"less comes in",
			rb->generation, (long long)behind);
	if (!rc)
		rc = check_counts(rb, before, e);
	if (!rc)
		rc = store_sync(rb->in.store);
	close_source(rb);
	FAULT_POINT("replay:caught-up");
out:
	replay_progress_end();
	rebuild_close(rb);
	return rc;
}

/* Answers go first: the processor beside us, and the disk. */
static void step_back(void)
{
	if (setpriority(PRIO_PROCESS, 0, NICE))
		log_debug("cannot lower the priority", NULL);
	syscall(SYS_ioprio_set, 1, 0, IOPRIO_IDLE);
}

static int swap(struct rebuild *rb, struct error *e)
{
	unsigned dropped = 0;
	int rc = generation_sync(rb->path, rb->generation, e);

	if (!rc)
		rc = generation_swap(rb->path, rb->generation, e);
	FAULT_POINT("replay:swapped");
	if (!rc)
		rc = generation_unmark(rb->path, rb->generation, e);
	if (!rc)
		rc = replay_drop_others(rb->set, rb->opt->drop_old ? 0 : rb->before, &dropped, e);
	return rc;
}

static int take_over(struct rebuild *rb, struct error *e)
{
	int files, rc = generation_files_lock(rb->path, &files, e);

	if (rc)
		return rc;
	rc = rebuild_check_lines(rb, e);
	if (!rc && rb->opt->no_swap)
		rc = generation_mark(rb->path, rb->generation, REPLAY_KEPT, e);
	else if (!rc)
		rc = swap(rb, e);
	close(files);
	return rc;
}

bool replay_is_another_log(int rc)
{
	return rc == ERR_LOG_RECREATED || rc == ERR_LOG_TRUNCATED || rc == ERR_LOG_GAP;
}

/*
 * What was built of a log that is not there any more would be refused for ever by the command that goes on with it; what filled the
 * disk has taken the room of the generation in use.
 */
static int drop_what_is_of_no_use(struct rebuild *rb, int rc, struct error *e)
{
	struct error why = *e, none = { 0 };
	unsigned current;

	if (!replay_is_another_log(rc) && rc != ERR_DISK_FULL)
		return rc;
	if (!generation_current(rb->path, &current, &none) && current == rb->generation)
		return rc; /* the disk was full after the swap */
	if (replay_drop(rb->set, rb->generation, &none))
		log_warn("cannot drop what was built", "why=\"%s\"", none.text);
	*e = (struct error){ 0 };
	if (rc == ERR_DISK_FULL)
		return error_set(
			e, rc, "store.path",
			"the disk is too small for generation %u, which is dropped: make room, --dry-run says how "
			"much, and run the command again (%s)",
			rb->generation, why.text);
	return error_set(e, rc, "topics",
			 "the log changed under generation %u, which is dropped: run the command again (%s)",
			 rb->generation, why.text);
}

/* Of all phases, for the next dry run. */
static void tell_rate(const struct rebuild *rb)
{
	struct replay_page *page = rb->progress.page;
	int64_t took_ms = clock_system.wall_ms(&clock_system) - page->started_ms;

	PAGE_SET(page, records_per_second, rb->records * 1000 / (uint64_t)(took_ms > 0 ? took_ms : 1));
}

int rebuild_run(struct rebuild *rb, struct error *e)
{
	int rc;

	rb->progress.page->generation = rb->generation;
	rb->progress.page->started_ms = clock_system.wall_ms(&clock_system);
	step_back();
	rc = build(rb, e);
	if (!rc)
		rc = check(rb, e);
	if (!rc && rb->from.kind != POINT_NONE && rb->opt->to.kind == POINT_NONE)
		rc = catch_up(rb, e);
	if (!rc)
		rc = take_over(rb, e);
	rc = drop_what_is_of_no_use(rb, rc, e);
	tell_rate(rb);
	if (rc)
		snprintf(rb->progress.page->why, sizeof(rb->progress.page->why), "%s", e->text);
	PAGE_SET(rb->progress.page, seconds_left, (int64_t)(rc ? -1 : 0));
	PAGE_SET(rb->progress.page, phase, rc ? REPLAY_FAILED : REPLAY_DONE);
	return rc;
}
