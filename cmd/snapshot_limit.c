#include "cmd/snapshot_limit.h"

#include "cmd/command.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_MS 500

struct snapshot_limit {
	int64_t age_max_ms;
	struct snap *newest; /* the thread's */
	uint64_t version;    /* of the snapshot that is held */
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool stopping;
	pthread_t thread;
};

/* True when it is time to stop. */
static bool rest(struct snapshot_limit *l, int64_t ms)
{
	struct timespec until;
	bool stopping;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&l->lock);
	while (!l->stopping && pthread_cond_timedwait(&l->stop, &l->lock, &until) == 0)
		;
	stopping = l->stopping;
	pthread_mutex_unlock(&l->lock);
	return stopping;
}

static void *run(void *arg)
{
	struct snapshot_limit *l = arg;

	for (int64_t ms = l->age_max_ms; !rest(l, ms); ms = LOOK_EVERY_MS) {
		bool same = snap_renew(l->newest) || snap_version(l->newest) == l->version;

		snap_park(l->newest);
		if (same)
			continue;
		command_failed(
			"gave up after %.0f s: the snapshot keeps the store from using old pages again; write to a "
			"file instead of a pager, or set store.readerAgeMax",
			(double)l->age_max_ms / 1e3);
		/* the main thread may hang in a write */
		_exit(1);
	}
	return NULL;
}

int snapshot_limit_start(const struct settings *set, struct store *s, const struct snap *held,
			 struct snapshot_limit **ret, struct error *e)
{
	struct snapshot_limit *l = xcalloc(1, sizeof(*l));
	pthread_condattr_t attr;
	int rc;

	l->age_max_ms = setting_int(set, SET_STORE_READER_AGE_MAX);
	l->version = snap_version(held);
	rc = snap_open(s, &l->newest);
	if (rc) {
		free(l);
		return rc;
	}
	snap_park(l->newest);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->stop, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&l->thread, NULL, run, l)) {
		snap_close(l->newest);
		free(l);
		return error_set(e, ERR_IO, "", "cannot start a thread");
	}
	*ret = l;
	return 0;
}

void snapshot_limit_stop(struct snapshot_limit *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->stopping = true;
	pthread_cond_signal(&l->stop);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	snap_close(l->newest);
	pthread_cond_destroy(&l->stop);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
