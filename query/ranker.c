#include "query/next.h"
#include "query/ranker_internal.h"
#include "config/clock.h"
#include "config/log.h"
#include "config/stopper.h"
#include "views/view.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define COST_SHARE 25 /* rest this many times what the last refresh cost */
#define FULL_SHARE 30
#define FULL_EVERY_NS UINT64_C(250000000)
#define RANKER_NICE 10 /* lists may be late, answers not */
#define NS_PER_MS UINT64_C(1000000)

struct ranker {
	struct rank_weights weights;
	bool catalog_required, revisits_by_distance;
	int64_t new_days;
	struct calendar calendar; /* names lie in the settings */
	uint64_t refresh_ns;

	pthread_mutex_t refresh_lock; /* everything up to `published_lock` */
	struct snap *snap;
	struct counts counts;
	struct rank_parts parts;
	struct held held;
	struct year year;
	struct segment_round segments;
	struct revisit_counts revisits[REVISIT_CELLS];
	int64_t full_hour;              /* the watermark's at the last full refresh */
	uint64_t full_version, version; /* the store's at the last full and at the last refresh of any kind */
	uint64_t full_done_ns, full_cost_ns;
	uint64_t full_segments; /* hash of what they choose */

	pthread_mutex_t published_lock;
	struct rankings *published;

	struct stopper stopper;
	bool has_thread;
	pthread_t thread;
};

static uint64_t thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void publish(struct ranker *r, struct rankings *ra)
{
	struct rankings *old;

	pthread_mutex_lock(&r->published_lock);
	old = r->published;
	r->published = ra;
	pthread_mutex_unlock(&r->published_lock);
	rankings_release(old);
}

static int read_counts(struct ranker *r, int64_t watermark_ms)
{
	int rc = counts_read_closed(&r->counts, r->snap, watermark_ms);

	if (!rc)
		rc = snap_renew(r->snap);
	if (!rc)
		rc = counts_read_running(&r->counts, r->snap, watermark_ms);
	return rc ? rc : year_read(&r->year, r->snap, watermark_ms);
}

/*
 * Each part of a snapshot of its own: pages that one holds are not written again, so that each commit meanwhile takes new
 * ones. What an event changes between two of them is in the next full refresh.
 */
static int read_full(struct ranker *r, int64_t watermark_ms)
{
	int rc = rank_parts_read(&r->parts, r->snap, clock_system.wall_ms(&clock_system), &r->calendar);

	if (!rc)
		rc = held_read(&r->held, r->snap, r->parts.categories, r->catalog_required);
	if (!rc && watermark_ms != TIME_NONE)
		rc = read_counts(r, watermark_ms);
	if (!rc)
		rc = snap_renew(r->snap);
	return rc ? rc : rank_parts_read_shipping(&r->parts, r->snap, &r->counts, &r->held);
}

/* What is due in this snapshot; REFRESH_DUE: nothing. */
static enum refresh due(const struct ranker *r, int64_t watermark_ms)
{
	uint64_t version = snap_version(r->snap), rest = FULL_SHARE * r->full_cost_ns;

	if (!r->published || r->published->generation != snap_generation(r->snap))
		return REFRESH_FULL;
	if (version != r->version && time_bucket(watermark_ms, MS_PER_HOUR) != r->full_hour)
		return REFRESH_FULL;
	if (version != r->full_version &&
	    clock_now_ns() - r->full_done_ns >= (rest > FULL_EVERY_NS ? rest : FULL_EVERY_NS))
		return REFRESH_FULL;
	if (version != r->version)
		return REFRESH_QUICK;
	return r->segments.done.hash != r->full_segments ? REFRESH_FULL : REFRESH_DUE;
}

static struct rankings *make_rankings(struct ranker *r, enum refresh how, int64_t watermark_ms)
{
	struct ranking_from from = { .sn = r->snap,
				     .counts = &r->counts,
				     .held = &r->held,
				     .year = &r->year,
				     .segments = &r->segments.done,
				     .calendar = &r->calendar,
				     .weights = &r->weights,
				     .now_ms = watermark_ms,
				     .watermark_ms = watermark_ms,
				     .new_days = r->new_days };

	if (watermark_ms == TIME_NONE)
		from.now_ms = clock_system.wall_ms(&clock_system);
	if (how == REFRESH_FULL)
		rank_parts_make_slow(&r->parts, &from);
	counts_name_all(&r->counts, r->snap);
	snap_park(r->snap); /* nothing is read from here on */
	return rankings_make(&r->parts, &from);
}

/* A piece of the round, or all of it. */
static int count_segments(struct ranker *r, int64_t watermark_ms, bool all)
{
	int rc = 0;

	if (watermark_ms == TIME_NONE)
		return 0;
	do
		rc = segment_round_step(&r->segments, r->snap, watermark_ms);
	while (!rc && all && r->segments.done.version != snap_version(r->snap));
	return rc;
}

static int refresh(struct ranker *r, enum refresh how)
{
	uint64_t start_ns = thread_cpu_ns(), version = snap_version(r->snap);
	unsigned generation = snap_generation(r->snap);
	struct rankings *ra;
	int64_t watermark_ms;
	int rc = snap_watermark(r->snap, &watermark_ms);

	if (rc)
		return rc;
	rc = count_segments(r, watermark_ms, how == REFRESH_WHOLE);
	if (rc)
		return rc;
	if (how == REFRESH_WHOLE)
		how = REFRESH_FULL;
	if (how == REFRESH_DUE)
		how = due(r, watermark_ms);
	if (how == REFRESH_DUE)
		return 0;
	/* names and counts are by the numbers of another generation */
	if (r->published && r->published->generation != snap_generation(r->snap))
		counts_fini(&r->counts);
	if (how == REFRESH_FULL)
		rc = read_full(r, watermark_ms);
	else if (watermark_ms != TIME_NONE)
		rc = counts_read_running(&r->counts, r->snap, watermark_ms);
	if (rc)
		return rc;
	if (snap_generation(r->snap) != generation) {
		counts_fini(&r->counts);
		return refresh(r, how);
	}
	rc = revisits_get(r->snap, r->revisits);
	if (rc)
		return rc;
	ra = make_rankings(r, how, watermark_ms);
	next_rates(r->revisits, r->revisits_by_distance, ra->revisits);
	rc = snap_failure(r->snap);
	if (rc) {
		rankings_release(ra);
		return rc;
	}
	publish(r, ra);
	r->version = version;
	if (how == REFRESH_FULL) {
		r->full_hour = time_bucket(watermark_ms, MS_PER_HOUR);
		r->full_version = r->version;
		r->full_segments = r->segments.done.hash;
		r->full_cost_ns = thread_cpu_ns() - start_ns;
		r->full_done_ns = clock_now_ns();
	}
	return 0;
}

int ranker__refresh(struct ranker *r, enum refresh how)
{
	int rc;

	pthread_mutex_lock(&r->refresh_lock);
	rc = snap_renew(r->snap);
	if (!rc) {
		rc = refresh(r, how);
		snap_park(r->snap);
	}
	/* half-read counts must not be added to: whatever failed, the next refresh is a full one */
	if (rc)
		r->full_hour = INT64_MIN;
	pthread_mutex_unlock(&r->refresh_lock);
	return rc;
}

int ranker_follow(struct ranker *r)
{
	return ranker__refresh(r, REFRESH_DUE);
}

int ranker_refresh(struct ranker *r)
{
	return ranker__refresh(r, REFRESH_WHOLE);
}

/* ---- the thread ---- */

static void *run(void *arg)
{
	struct ranker *r = arg;
	uint64_t cost_ns = 0;
	int failed = 0, rc;

	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), RANKER_NICE);
	do {
		uint64_t start_ns = thread_cpu_ns();

		/* a failing store keeps the old lists, whose watermark the answers carry; it is tried again */
		rc = ranker__refresh(r, REFRESH_DUE);
		if (rc && rc != failed)
			log_warn("ranking failed, the lists before it stay", "code=%s why=\"%s\"", error_slug(rc),
				 error_text(rc));
		failed = rc;
		cost_ns = thread_cpu_ns() - start_ns;
	} while (!stopper_rest(&r->stopper,
			       COST_SHARE * cost_ns > r->refresh_ns ? COST_SHARE * cost_ns : r->refresh_ns));
	return NULL;
}

int ranker__open(struct store *s, const struct settings *set, struct ranker **ret, struct error *e)
{
	struct ranker *r = xcalloc(1, sizeof(*r));
	struct next_options next;
	int rc;

	r->weights.of[TALLY_VIEWS] = setting_number(set, SET_TREND_VIEW_WEIGHT);
	r->weights.of[TALLY_CARTS] = setting_number(set, SET_TREND_CART_WEIGHT);
	r->weights.of[TALLY_ORDERS] = setting_number(set, SET_TREND_PURCHASE_WEIGHT);
	r->catalog_required = setting_bool(set, SET_ANSWER_CATALOG_REQUIRED);
	next_options_of(set, &next);
	r->revisits_by_distance = next.without & NEXT_NO_CONTEXT;
	r->refresh_ns = (uint64_t)setting_int(set, SET_RANK_REFRESH) * NS_PER_MS;
	r->new_days = setting_int(set, SET_ANSWER_NEW_DAYS);
	r->segments.done.big_spend_micros = SEGMENT_SPEND_UNKNOWN;
	pthread_mutex_init(&r->refresh_lock, NULL);
	pthread_mutex_init(&r->published_lock, NULL);
	stopper_init(&r->stopper);
	if (calendar_parse(setting_string(set, SET_ANSWER_SEASONS), &r->calendar))
		r->calendar.n = 0; /* settings are checked when they are read */
	rc = snap_open(s, &r->snap);
	if (rc) {
		ranker_stop(r);
		return error_set(e, rc, "", "cannot read the store: %s", error_text(rc));
	}
	snap_park(r->snap);
	*ret = r;
	return 0;
}

int ranker_start(struct store *s, const struct settings *set, struct ranker **ret, struct error *e)
{
	struct ranker *r;
	int rc = ranker__open(s, set, &r, e);

	if (rc)
		return rc;
	rc = pthread_create(&r->thread, NULL, run, r);
	if (rc) {
		ranker_stop(r);
		return error_set(e, ERR_IO, "", "cannot start a thread: %s", strerror(rc));
	}
	r->has_thread = true;
	*ret = r;
	return 0;
}

void ranker_stop(struct ranker *r)
{
	if (!r)
		return;
	stopper_pull(&r->stopper);
	if (r->has_thread)
		pthread_join(r->thread, NULL);
	snap_close(r->snap);
	rankings_release(r->published);
	rank_parts_unref(&r->parts);
	held_fini(&r->held);
	year_fini(&r->year);
	segment_round_fini(&r->segments);
	counts_fini(&r->counts);
	stopper_fini(&r->stopper);
	pthread_mutex_destroy(&r->published_lock);
	pthread_mutex_destroy(&r->refresh_lock);
	free(r);
}

const struct rankings *ranker_acquire(struct ranker *r)
{
	struct rankings *ra;

	pthread_mutex_lock(&r->published_lock);
	ra = r->published;
	if (ra)
		atomic_fetch_add(&ra->refs, 1);
	pthread_mutex_unlock(&r->published_lock);
	return ra;
}
