#include "cmd/snapshot_limit.h"

#include "cmd/command.h"
#include "config/stopper.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_EVERY_MS 500
#define NS_PER_MS UINT64_C(1000000)

struct snapshot_limit {
	int64_t age_max_ms;
	struct snap *newest; /* the thread's */
	uint64_t version;    /* of the snapshot that is held */
	struct stopper stopper;
	pthread_t thread;
};

static void *run(void *arg)
{
	struct snapshot_limit *l = arg;

	for (int64_t ms = l->age_max_ms; !stopper_rest(&l->stopper, (uint64_t)ms * NS_PER_MS); ms = LOOK_EVERY_MS) {
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
	int rc;

	l->age_max_ms = setting_int(set, SET_STORE_READER_AGE_MAX);
	l->version = snap_version(held);
	rc = snap_open(s, &l->newest);
	if (rc) {
		free(l);
		return rc;
	}
	snap_park(l->newest);
	stopper_init(&l->stopper);
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
	stopper_pull(&l->stopper);
	pthread_join(l->thread, NULL);
	snap_close(l->newest);
	stopper_fini(&l->stopper);
	free(l);
}
