#include "views/status.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[64];

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/aisle-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void teardown(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/status", dir);
	unlink(path);
	rmdir(dir);
}

TestSuite(status, .init = setup, .fini = teardown);

static struct status *opened(bool writer)
{
	struct status *ret = NULL;
	struct error e = { 0 };

	cr_assert_eq(status_open(dir, writer, &ret, &e), 0, "%s", e.text);
	return ret;
}

Test(status, a_reader_before_any_writer_sees_zeros)
{
	struct status *st = opened(false);

	cr_assert_eq(status_page(st)->processor_pid, 0);
	cr_assert_eq(status_lag_ms(status_page(st), &clock_system), 0);
	status_close(st);
}

Test(status, readers_see_what_the_writer_writes)
{
	struct status *writer = opened(true), *reader = opened(false);

	cr_assert_eq(status_page(reader)->processor_pid, getpid());
	status_page(writer)->events = 7;
	cr_assert_eq(status_page(reader)->events, 7);
	status_close(writer);
	cr_assert_eq(status_page(reader)->processor_pid, 0);
	status_close(reader);
}

Test(status, a_reader_that_was_there_first_finds_the_writer)
{
	struct status *reader = opened(false), *writer;

	status_look(reader, dir);
	cr_assert_eq(status_page(reader)->processor_pid, 0);
	writer = opened(true);
	status_page(writer)->events = 7;
	status_look(reader, dir);
	cr_assert_eq(status_page(reader)->events, 7);
	status_close(writer);
	status_close(reader);
}

Test(status, a_reader_of_a_file_that_was_removed_finds_the_next_one)
{
	struct status *first = opened(true), *reader = opened(false), *second;
	char path[128];

	status_page(first)->events = 7;
	snprintf(path, sizeof(path), "%s/status", dir);
	cr_assert_eq(unlink(path), 0);
	status_look(reader, dir);
	cr_expect_eq(status_page(reader)->events, 7, "there is no other yet");
	status_close(first);
	second = opened(true);
	status_page(second)->events = 8;
	status_look(reader, dir);
	cr_expect_eq(status_page(reader)->events, 8);
	status_close(second);
	status_close(reader);
}

Test(status, freshness_outlives_the_processor_but_counters_do_not)
{
	struct status *st = opened(true);
	struct clock_fake clock;

	clock_fake_init(&clock, 5000);
	status_set_fresh(status_page(st), 5000, &clock.base);
	status_page(st)->events = 7;
	status_close(st);
	st = opened(true);
	cr_assert_eq(status_page(st)->fresh_ms, 5000);
	cr_assert_eq(status_page(st)->events, 0);
	clock.now_ms = 5030;
	cr_assert_eq(status_lag_ms(status_page(st), &clock.base), 30);
	status_close(st);
}

Test(status, setting_the_clock_does_not_change_the_lag)
{
	struct status *st = opened(true);
	struct status_page *page = status_page(st);
	struct clock_fake clock;

	clock_fake_init(&clock, INT64_C(1700000000000));
	status_set_fresh(page, clock.now_ms, &clock.base);
	clock.now_ms += 70;
	for (int64_t set = -MS_PER_DAY; set <= MS_PER_DAY; set += MS_PER_DAY) {
		clock.wall_set_ms = set;
		cr_assert_eq(status_lag_ms(page, &clock.base), 70, "set by %lld ms", (long long)set);
	}
	/* set ahead, told, and set back: the next word of the processor is right again */
	status_set_fresh(page, clock.base.wall_ms(&clock.base), &clock.base);
	clock.wall_set_ms = 0;
	clock.now_ms += 30;
	cr_assert_eq(status_lag_ms(page, &clock.base), 30);
	/* what is fresh up to a while ago, by records' own timestamps */
	status_set_fresh(page, clock.base.wall_ms(&clock.base) - 500, &clock.base);
	cr_assert_eq(status_lag_ms(page, &clock.base), 500);
	status_set_fresh(page, clock.base.wall_ms(&clock.base) + 500, &clock.base);
	cr_assert_eq(status_lag_ms(page, &clock.base), 0);
	status_close(st);
}

Test(status, after_a_restart_of_the_machine_the_wall_clock_is_all_there_is)
{
	struct status *st = opened(true);
	struct status_page *page = status_page(st);
	struct clock_fake clock;

	clock_fake_init(&clock, INT64_C(1700000000000));
	status_set_fresh(page, clock.now_ms, &clock.base);
	page->boot++;
	page->fresh_mono_ms = INT64_C(1) << 60;
	clock.wall_set_ms = 4000;
	cr_assert_eq(status_lag_ms(page, &clock.base), 4000);
	clock.wall_set_ms = -4000;
	cr_assert_eq(status_lag_ms(page, &clock.base), 0);
	status_close(st);
}

Test(status, what_is_waited_for_has_a_name_and_a_reason)
{
	struct status *st = opened(true);
	struct status_page *page = status_page(st);

	cr_assert_null(status_wait_name((enum status_wait)page->waits_for));
	status_set_wait(page, WAIT_DEAD_LETTERS, "topic 'x' takes nothing");
	cr_assert_str_eq(status_wait_name((enum status_wait)page->waits_for), "dead-letters");
	cr_assert_str_eq(page->waits_why, "topic 'x' takes nothing");
	status_set_wait(page, WAIT_NONE, NULL);
	cr_assert_eq(page->waits_for, WAIT_NONE);
	cr_assert_null(status_wait_name((enum status_wait)1000));
	status_close(st);
}

Test(status, a_page_of_another_version_is_refused)
{
	struct status *st = opened(true), *other = NULL;
	struct error e = { 0 };

	status_page(st)->format++;
	cr_assert_eq(status_open(dir, false, &other, &e), ERR_STORE_VERSION);
	cr_assert_null(other);
	status_close(st);
}
