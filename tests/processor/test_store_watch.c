#include "processor/store_watch.h"
#include "tests/lib/processor_log.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

struct watched {
	char dir[64];
	struct settings *set;
	struct store *store;
	struct status *status;
	struct store_watch *watch;
	struct status_page *page;
};

static struct watched w;

static void setup(void)
{
	struct store_options opt = { .path = w.dir, .map_size = 16 << 20, .durability = STORE_NOSYNC, .writer = true };
	struct error e = { 0 };

	test_dir_make(w.dir);
	w.set = test_settings(w.dir, (const char *[]){ "store.readerAgeMax=10s", NULL });
	cr_assert_eq(store_open(&opt, &w.store, &e), 0, "%s", e.text);
	cr_assert_eq(status_open(w.dir, true, &w.status, &e), 0, "%s", e.text);
	w.page = status_page(w.status);
	w.watch = store_watch_new(w.set, w.store, w.page);
}

static void teardown(void)
{
	store_watch_free(w.watch);
	status_close(w.status);
	store_close(w.store);
	settings_free(w.set);
	test_dir_remove(w.dir);
}

TestSuite(store_watch, .init = setup, .fini = teardown, .timeout = 30);

static void write_row(unsigned n)
{
	char value[1000] = { 0 };
	struct store_txn *t;
	struct str key = { (const char *)&n, sizeof(n) };

	cr_assert_eq(store_begin(w.store, &t), 0);
	cr_assert_eq(store_put(t, TBL_CATALOG, key, value, sizeof(value)), 0);
	cr_assert_eq(store_commit(t), 0);
}

/* Another process that holds a snapshot until it is killed. */
static pid_t hold_snapshot(void)
{
	struct store_options opt = { .path = w.dir, .map_size = 16 << 20, .read_only = true };
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct store *s;
		struct snap *sn;

		if (store_open(&opt, &s, NULL) || snap_open(s, &sn) || snap_renew(sn) || write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1, "the reader did not start");
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(store_watch, a_snapshot_that_pins_pages_for_long_is_counted)
{
	struct store_reader readers[4];
	pid_t pid = hold_snapshot();

	cr_assert_eq(store_readers(w.store, readers, 4), 1);
	cr_assert_eq(readers[0].pid, pid);
	store_watch_look(w.watch, 100 * SECOND);
	store_watch_look(w.watch, 200 * SECOND);
	cr_assert_eq(w.page->stuck_readers, 0, "the newest snapshot pins nothing");
	write_row(1);
	store_watch_look(w.watch, 300 * SECOND);
	store_watch_look(w.watch, 309 * SECOND);
	cr_assert_eq(w.page->stuck_readers, 0);
	cr_assert_eq(w.page->oldest_reader_ms, 9000);
	store_watch_look(w.watch, 310 * SECOND);
	cr_assert_eq(w.page->stuck_readers, 1);
	end(pid);
	store_watch_look(w.watch, 311 * SECOND);
	cr_assert_eq(w.page->stuck_readers, 0, "its slot was freed");
	cr_assert_eq(w.page->oldest_reader_ms, 0);
	cr_assert_eq(store_readers(w.store, readers, 4), 0);
}

Test(store_watch, free_pages_are_counted)
{
	uint64_t free_bytes = 0;

	for (unsigned i = 0; i < 100; i++)
		write_row(i);
	cr_assert_eq(store_free_bytes(w.store, &free_bytes), 0);
	cr_assert_gt(free_bytes, 0);
	store_watch_look(w.watch, 100 * SECOND);
	cr_assert_eq(w.page->store_free_bytes, free_bytes);
}
