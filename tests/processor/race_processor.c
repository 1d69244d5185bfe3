/*
 * race_processor: one thread folds a log, commits into a young level that is full all the time and is merged on a
 * thread of its own; others renew snapshots, read rows, and look at the status page. Built with TSan it finds unordered
 * accesses; the readers find a snapshot that is not one moment of the log: each event counts one view and is one event
 * of one user, so that a snapshot's views and positions agree. Prints "ok".
 */
#include "processor/processor.h"
#include "views/offsets.h"
#include "views/view.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define READERS 2
#define EVENTS 3000
#define POLL_MAX 7

static struct store *store;
static struct status *status;
static atomic_bool done;
static atomic_uint looks;

static void check(int rc, const struct error *e, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "race_processor: %s: %s %s\n", what, error_text(rc), e ? e->text : "");
	exit(1);
}

/* ---- a log that is made while it is read ---- */

struct made_source {
	struct source base; /* first */
	int64_t next;
	char values[POLL_MAX][128];
};

static int made_poll(struct source *s, struct record *ret, int max, int timeout_ms, struct error *e)
{
	struct made_source *m = (struct made_source *)s;
	int n = 0;

	(void)timeout_ms;
	if (m->next == EVENTS)
		return error_set(e, ERR_SOURCE_END, "", "all events are made");
	for (; n < max && n < POLL_MAX && m->next < EVENTS; n++, m->next++) {
		int len = snprintf(m->values[n], sizeof(m->values[n]),
				   "{\"type\":\"view\",\"userId\":\"u%d\",\"itemId\":\"p%d\",\"eventTime\":%lld}",
				   (int)(m->next % 50), (int)(m->next % 7), (long long)(MS_PER_EPOCH + m->next));

		ret[n] = (struct record){ .offset = m->next,
					  .timestamp_ms = MS_PER_EPOCH + m->next,
					  .value = m->values[n],
					  .value_len = (size_t)len };
	}
	return n;
}

static void made_release(struct source *s)
{
	(void)s;
}

static int64_t made_lag(struct source *s)
{
	int64_t next = ((struct made_source *)s)->next;

	return next < EVENTS * 2 / 3 ? 0 : EVENTS - next; /* live at first, then large batches for base */
}

static const char *made_name(struct source *s, uint16_t log)
{
	(void)s;
	(void)log;
	return "made";
}

static const struct source_ops made_ops = {
	.poll = made_poll, .release = made_release, .lag = made_lag, .log_name = made_name
};

/* ---- readers ---- */

static int count_views(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	(void)group;
	(void)member;
	*(int64_t *)arg += columns[0];
	return 0;
}

static void look(struct snap *sn)
{
	struct position at = { .next = 0 };
	int64_t views = 0;
	int rc = snap_renew(sn);

	check(rc, NULL, "renew");
	rc = offsets_get(sn, "made", 0, &at);
	if (rc != ERR_NOT_FOUND)
		check(rc, NULL, "offsets");
	check(snap_sums(sn, TBL_POPULARITY, 0, UINT64_MAX, count_views, &views), NULL, "popularity");
	/* an hour and a day for each */
	if (views != 2 * at.next) {
		fprintf(stderr, "race_processor: a snapshot with %lld views at offset %lld\n", (long long)views,
			(long long)at.next);
		exit(1);
	}
	snap_park(sn);
}

static void *read_all(void *arg)
{
	const struct status_page *pg = status_page(status);
	uint64_t records = 0;
	struct snap *sn;

	(void)arg;
	check(snap_open(store, &sn), NULL, "snapshot");
	while (!atomic_load(&done)) {
		uint64_t now = STATUS_GET(pg, records);

		if (now < records) {
			fprintf(stderr, "race_processor: the count of records went back\n");
			exit(1);
		}
		records = now;
		look(sn);
		atomic_fetch_add(&looks, 1);
	}
	look(sn);
	snap_close(sn);
	return NULL;
}

static void process(const struct settings *set)
{
	struct made_source source = { .base = { &made_ops } };
	struct processor_options opt = { .settings = set, .store = store, .status = status };
	struct processor *p;
	struct error e = { 0 };

	check(processor_new(&opt, &p, &e), &e, "processor");
	check(processor_run(p, &source.base, &e), &e, "run");
	while (atomic_load(&looks) < 100)
		usleep(1000);
	processor_free(p);
}

int main(void)
{
	const char *const sets[] = { "young.ageMax=10ms", "batch.linger=0ms", "batch.recordsMax=40",
				     "poll.recordsMax=7", "log.level=error" };
	char dir[] = "/tmp/aisle-race-XXXXXX", command[64];
	struct store_options opt = {
		.path = dir, .map_size = 1 << 28, .durability = STORE_NOSYNC, .writer = true, .young_bytes_max = 200000
	};
	struct settings_sources from = { .sets = sets, .sets_n = ARRAY_SIZE(sets) };
	pthread_t threads[READERS];
	struct settings *set;
	struct error e = { 0 };

	if (!mkdtemp(dir))
		return 1;
	check(store_open(&opt, &store, &e), &e, "store");
	check(settings_load(&from, &set, &e), &e, "settings");
	check(status_open(dir, true, &status, &e), &e, "status");
	for (int i = 0; i < READERS; i++)
		check(-pthread_create(&threads[i], NULL, read_all, NULL), NULL, "thread");
	process(set);
	atomic_store(&done, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	if (!status_page(status)->merges) {
		fprintf(stderr, "race_processor: nothing was merged\n");
		return 1;
	}
	status_close(status);
	settings_free(set);
	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command))
		return 1;
	puts("ok");
	return 0;
}
