/* A store that takes no commits: stopped meanwhile, and after a write that failed half-way. */
#include "processor/processor.h"
#include "tests/lib/processor_log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUND 2000 /* events of one poll */

static char dir[64];
static struct settings *set;
static struct store *store;
static struct status *status;
static struct processor *processor;
static uint64_t young_bytes_max;

/* A live log: a poll with events, one without, and so on; before some polls something happens. */
static struct fault_source {
	struct source base;
	void (*before)(unsigned poll);
	unsigned polls, rewound;
	bool refused, silent; /* silent: no events after the first ones */
	int64_t next;
	char values[ROUND][96];
} log_of;

static int poll_events(struct source *s, struct record *ret, int max, int timeout_ms, struct error *e)
{
	struct fault_source *f = (struct fault_source *)s;
	int n = f->polls % 2 || (f->silent && f->polls) ? 0 : max < ROUND ? max : ROUND;

	(void)timeout_ms;
	(void)e;
	f->before(f->polls++);
	for (int i = 0; i < n; i++, f->next++) {
		snprintf(f->values[i], sizeof(f->values[i]),
			 "{\"type\":\"view\",\"userId\":\"u%d\",\"itemId\":\"p%d\",\"eventTime\":%lld}", (int)f->next,
			 (int)f->next, (long long)f->next);
		ret[i] = (struct record){ .offset = f->next,
					  .timestamp_ms = 1000,
					  .value = f->values[i],
					  .value_len = strlen(f->values[i]) };
	}
	return n;
}

static void release(struct source *s)
{
	(void)s;
}

static int64_t no_lag(struct source *s)
{
	(void)s;
	return 0;
}

static const char *name_of(struct source *s, uint16_t log)
{
	(void)s;
	(void)log;
	return "log";
}

static void rewind_log(struct source *s)
{
	struct position at = { 0 };

	(void)s;
	log_of.rewound++;
	log_of.next = processor_resume(processor, "log", 0, &at) ? at.next : 0;
}

static bool stopped_part(struct source *s, size_t index, const char **log_name, int32_t *partition, struct error *why)
{
	*log_name = name_of(s, 0);
	*partition = 1;
	*why = (struct error){ .code = ERR_LOG_GAP, .text = "records are gone" };
	return log_of.refused && index == 0;
}

static const struct source_ops ops = { .poll = poll_events,
				       .release = release,
				       .lag = no_lag,
				       .log_name = name_of,
				       .stopped = stopped_part,
				       .rewind = rewind_log,
				       .live = true };

static void open_all(void)
{
	struct store_options opt = {
		.path = dir, .map_size = 64 << 20, .writer = true, .young_bytes_max = young_bytes_max
	};
	struct processor_options more = { .settings = set };
	struct error e = { 0 };

	cr_assert_eq(store_open(&opt, &store, &e), 0, "%s", e.text);
	cr_assert_eq(status_open(dir, true, &status, &e), 0, "%s", e.text);
	more.store = store;
	more.status = status;
	cr_assert_eq(processor_new(&more, &processor, &e), 0, "%s", e.text);
}

static void close_all(void)
{
	processor_free(processor);
	status_close(status);
	store_close(store);
}

static void setup(void)
{
	signal(SIGXFSZ, SIG_IGN);
	test_dir_make(dir);
	set = test_settings(dir, (const char *[]){ "batch.linger=0ms", NULL });
	open_all();
}

static void teardown(void)
{
	close_all();
	settings_free(set);
	test_dir_remove(dir);
}

TestSuite(store_faults, .init = setup, .fini = teardown, .timeout = 60);

static int run(void (*before)(unsigned poll), struct error *e)
{
	log_of.base.ops = &ops;
	log_of.before = before;
	log_of.polls = 0;
	rewind_log(&log_of.base);
	log_of.rewound = 0;
	return processor_run(processor, &log_of.base, e);
}

static int64_t committed(void)
{
	struct position at = { 0 };

	return processor_resume(processor, "log", 0, &at) ? at.next : 0;
}

static void stop_after_two(unsigned poll)
{
	if (poll == 3)
		processor_stop(processor);
}

/* The file of base may not grow any more. */
static void limit_base(void)
{
	char file[160];
	struct stat st;

	snprintf(file, sizeof(file), "%s/current/base/data.mdb", dir);
	if (stat(file, &st) == 0)
		test_limit_files((rlim_t)st.st_size);
}

/* Told to stop while the next commit is being tried. */
static void full_then_stop(unsigned poll)
{
	if (poll == 2)
		limit_base();
	if (poll == 3)
		processor_stop(processor);
}

Test(store_faults, stopped_while_the_disk_is_full_is_a_good_end)
{
	struct error e = { 0 };

	cr_assert_eq(run(full_then_stop, &e), 0, "%s", e.text);
	cr_expect_eq(log_of.polls, 4);
	cr_expect_eq(committed(), ROUND, "the first batch is there, the second is not");
	test_limit_files(RLIM_INFINITY);
	close_all();
	open_all();
	cr_assert_eq(run(stop_after_two, &e), 0);
	cr_expect_eq(committed(), 3 * ROUND);
}

static void full_and_refused(unsigned poll)
{
	if (poll == 2) {
		log_of.refused = true;
		limit_base();
	}
	if (log_of.rewound)
		test_limit_files(RLIM_INFINITY);
	if (poll >= 7 && committed() > ROUND)
		processor_stop(processor);
}

Test(store_faults, a_partition_refused_meanwhile_is_the_reason_once_there_is_room)
{
	struct error e = { 0 };

	cr_assert_eq(run(full_and_refused, &e), 0, "%s", e.text);
	cr_expect_eq(log_of.rewound, 1);
	cr_expect_eq(status_page(status)->stopped_partitions, 1);
	cr_expect_eq(status_page(status)->stopped_code, ERR_LOG_GAP);
	cr_expect_str_eq(status_page(status)->stopped_why, "records are gone");
}

/* Room comes after the first merge that found none; then there is time for another one. */
static void full_for_a_merge(unsigned poll)
{
	if (poll == 1)
		limit_base();
	if (log_of.rewound)
		test_limit_files(RLIM_INFINITY);
	if (status_page(status)->merges || poll == 1000)
		processor_stop(processor);
	usleep(10000);
}

Test(store_faults, a_merge_that_found_room_is_the_end_of_waiting_though_no_event_comes)
{
	struct error e = { 0 };

	close_all();
	settings_free(set);
	set = test_settings(dir, (const char *[]){ "batch.linger=0ms", "young.ageMax=1s", NULL });
	young_bytes_max = 16 << 20;
	open_all();
	log_of.silent = true;
	cr_assert_eq(run(full_for_a_merge, &e), 0, "%s", e.text);
	cr_expect_geq(log_of.rewound, 1);
	cr_expect_eq(status_page(status)->merges, 1);
	cr_expect_eq(status_page(status)->stopped_partitions, 0);
}

/* LMDB's second descriptor of data.mdb, for its meta pages, takes nothing any more. */
static void break_meta_pages(unsigned poll)
{
	char link[64], target[256];
	int full;

	if (poll != 2)
		return;
	full = open("/dev/full", O_RDWR | O_CLOEXEC);
	cr_assert_geq(full, 0);
	for (int fd = 3; fd < 256; fd++) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		if (n < 9 || strncmp(target + n - 9, "/data.mdb", 9) || !(fcntl(fd, F_GETFL) & O_DSYNC))
			continue;
		cr_assert_eq(dup3(full, fd, O_CLOEXEC), fd);
		close(full);
		return;
	}
	cr_assert_fail("no such descriptor");
}

Test(store_faults, a_write_that_failed_half_way_ends_the_run)
{
	struct error e = { 0 };
	struct snap *sn;

	cr_assert_eq(run(break_meta_pages, &e), ERR_STORE_BROKEN, "%s", e.text);
	cr_expect(strstr(e.text, dir) && strstr(e.text, "restart"), "%s", e.text);
	cr_expect_eq(log_of.rewound, 0, "nothing to be tried again");
	cr_expect_eq(status_page(status)->stopped_code, ERR_STORE_BROKEN);
	cr_expect_eq(snap_open(store, &sn), ERR_STORE_BROKEN, "which answers do not outlive");
	close_all();
	open_all();
	cr_expect_eq(committed(), ROUND, "as before the commit that failed");
	cr_assert_eq(run(stop_after_two, &e), 0);
	cr_expect_eq(committed(), 3 * ROUND);
}
