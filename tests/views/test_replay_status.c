#include "tests/lib/views_shop.h"
#include "views/generation.h"
#include "views/replay_status.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/aisle-replay-status-XXXXXX";

static void setup(void)
{
	cr_assert(mkdtemp(dir));
}

static void teardown(void)
{
	remove_tree(dir);
}

TestSuite(replay_status, .init = setup, .fini = teardown);

static void expect_text(const char *part)
{
	struct json_out j = { 0 };
	struct replay_page page;
	bool at_work;

	cr_assert_eq(replay_status_read(dir, &page, &at_work, NULL), 0);
	json_out_object(&j);
	replay_status_write(&page, &j);
	json_out_end_object(&j);
	cr_assert(memmem(j.p, j.n, part, strlen(part)), "no '%s' in %.*s", part, (int)j.n, j.p);
	json_out_fini(&j);
}

Test(replay_status, a_store_without_a_replay_is_idle)
{
	expect_text("\"phase\":\"idle\"");
	expect_text("\"secondsLeft\":null,\"startedAt\":null");
}

/* What a killed replay left looks like one at work; whether it holds its lock tells the two apart. */
Test(replay_status, a_killed_replay_is_told_from_one_at_work)
{
	struct replay_page *page;
	int ready[2], status;
	char byte;
	pid_t child;

	cr_assert_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		int fd;

		if (generation_replay_lock(dir, &fd, NULL) || replay_status_begin(dir, &page, NULL))
			_exit(1);
		PAGE_SET(page, records, (uint64_t)17);
		PAGE_SET(page, records_per_second, (uint64_t)1200);
		PAGE_SET(page, seconds_left, (int64_t)25);
		PAGE_SET(page, phase, (uint64_t)REPLAY_BUILDING);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_expect_eq(generation_replay_holder(dir), child);
	expect_text("\"phase\":\"building\"");
	expect_text("\"records\":17");
	expect_text("\"recordsPerSecond\":1200,\"secondsLeft\":25");
	kill(child, SIGKILL);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect_eq(generation_replay_holder(dir), 0);
	expect_text("\"phase\":\"interrupted\"");
	expect_text("\"recordsPerSecond\":0,\"secondsLeft\":null");
}
