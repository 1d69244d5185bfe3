#include "views/merger.h"

#include "config/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FULL_TIMES 2                /* young.bytesMax, while the level before it is being merged; then commits wait */
#define MERGE_NICE 19               /* commits and answers come first */
#define LOOK_NS UINT64_C(100000000) /* how often is looked whether the level's file is still there */

struct merger {
	struct store *store;
	int (*last)(struct store_txn *t);
	pthread_t thread;
	bool running; /* the thread is to be joined */
	atomic_bool ended;
	uint64_t number; /* of the level being merged */
	int code;
	uint64_t took_ns;
	uint64_t began_ns; /* the young level's first commit; 0: it is empty */
	uint64_t looked_ns;
	struct merger_figures figures;
};

struct merger *merger_new(struct store *s, int (*last)(struct store_txn *t))
{
	struct merger *m = xcalloc(1, sizeof(*m));

	m->store = s;
	m->last = last;
	return m;
}

static void merge(struct merger *m)
{
	uint64_t began = clock_now_ns();

	m->code = store_merge(m->store, m->number, m->last);
	m->took_ns = clock_now_ns() - began;
}

static void *run(void *arg)
{
	struct merger *m = arg;

	/* a thread has a priority of its own on Linux */
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), MERGE_NICE);
	merge(m);
	atomic_store(&m->ended, true);
	return NULL;
}

static int take_result(struct merger *m)
{
	if (m->code)
		return m->code;
	m->figures.merges++;
	m->figures.merge_ns_total += m->took_ns;
	return 0;
}

static int join(struct merger *m)
{
	if (!m->running)
		return 0;
	pthread_join(m->thread, NULL);
	m->running = false;
	return take_result(m);
}

void merger_free(struct merger *m)
{
	if (!m)
		return;
	(void)join(m); /* when it failed the level stays; it is merged after the next start */
	free(m);
}

/* Without a thread the merge is done here: late, not lost. */
static int start(struct merger *m, uint64_t number)
{
	m->number = number;
	atomic_store(&m->ended, false);
	m->running = pthread_create(&m->thread, NULL, run, m) == 0;
	if (m->running)
		return 0;
	merge(m);
	return take_result(m);
}

static bool is_due(struct merger *m, uint64_t bytes, uint64_t age_max_ns)
{
	uint64_t now = clock_now_ns();

	if (bytes > store_young_bytes_max(m->store) || now - m->began_ns > age_max_ns)
		return true;
	if (now - m->looked_ns < LOOK_NS)
		return false;
	m->looked_ns = now;
	return store_young_removed(m->store);
}

int merger_step(struct merger *m, uint64_t age_max_ns)
{
	uint64_t bytes = store_young_bytes(m->store), number;
	int rc = 0;

	if (m->running && (atomic_load(&m->ended) || bytes > FULL_TIMES * store_young_bytes_max(m->store)))
		rc = join(m);
	if (rc || m->running)
		return rc;
	if (bytes && !m->began_ns)
		m->began_ns = clock_now_ns();
	number = store_young_sealed(m->store);
	if (!number && bytes && is_due(m, bytes, age_max_ns)) {
		store_young_seal(m->store);
		number = store_young_sealed(m->store);
		m->began_ns = 0;
	}
	return number ? start(m, number) : 0;
}

int merger_finish(struct merger *m)
{
	int rc = join(m);

	while (!rc) {
		m->number = store_young_sealed(m->store);
		if (!m->number && store_young_bytes(m->store)) {
			store_young_seal(m->store);
			m->number = store_young_sealed(m->store);
		}
		m->began_ns = 0;
		if (!m->number)
			return 0;
		merge(m);
		rc = take_result(m);
	}
	return rc;
}

const struct merger_figures *merger_figures(const struct merger *m)
{
	return &m->figures;
}
