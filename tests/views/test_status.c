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
	cr_assert_eq(status_lag_ms(status_page(st), 1000), 0);
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

Test(status, freshness_outlives_the_processor_but_counters_do_not)
{
	struct status *st = opened(true);

	status_page(st)->fresh_ms = 5000;
	status_page(st)->events = 7;
	status_close(st);
	st = opened(true);
	cr_assert_eq(status_page(st)->fresh_ms, 5000);
	cr_assert_eq(status_page(st)->events, 0);
	cr_assert_eq(status_lag_ms(status_page(st), 5030), 30);
	cr_assert_eq(status_lag_ms(status_page(st), 4000), 0);
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
