/* The processor's rounds over a source of the test's own, which does what no broker does on demand. */
#include "processor/processor.h"
#include "tests/lib/processor_log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

struct bench {
	char dir[64];
	struct settings *settings;
	struct store *store;
	struct status *status;
	struct processor *processor;
};

static struct bench b;

static void setup(void)
{
	test_dir_make(b.dir);
	b.settings = test_settings(b.dir, NULL);
}

static void teardown(void)
{
	settings_free(b.settings);
	test_dir_remove(b.dir);
}

TestSuite(rounds, .init = setup, .fini = teardown, .timeout = 60);

struct fake_source {
	struct source base;
	const int *
		codes; /* one a poll; positive: that many events, SLEPT: nothing for a minute, LEAVE: nothing, and stop */
	size_t at;
	char values[10][128];
	struct clock_fake clock; /* 1 ms a poll */
	int64_t lags[10];        /* what readers of the status page are told at each poll */
};

#define SLEPT 100
#define LEAVE 101
#define MINUTE_MS 60000

static int fake_poll(struct source *s, struct record *ret, int max, int timeout_ms, struct error *e)
{
	struct fake_source *f = (struct fake_source *)s;
	int code = f->codes[f->at++];

	(void)max;
	(void)timeout_ms;
	f->lags[f->at - 1] = status_lag_ms(status_page(b.status), &f->clock.base);
	f->clock.now_ms += code == SLEPT ? MINUTE_MS : 1;
	if (code == LEAVE)
		processor_leave(b.processor);
	if (code >= SLEPT)
		return 0;
	if (code < 0)
		return error_set(e, code, "", "the fake says so");
	for (int i = 0; i < code; i++) {
		snprintf(f->values[i], sizeof(f->values[i]),
			 "{\"type\":\"view\",\"userId\":\"u1\",\"itemId\":\"p1\",\"eventTime\":%zu}",
			 f->at * 100 + (size_t)i);
		ret[i] = (struct record){ .offset = (int64_t)f->at * 10 + i,
					  .timestamp_ms = f->clock.now_ms,
					  .value = f->values[i],
					  .value_len = strlen(f->values[i]) };
	}
	return code;
}

static void fake_release(struct source *s)
{
	(void)s;
}

static int64_t fake_lag(struct source *s)
{
	(void)s;
	return 0;
}

static const char *fake_name(struct source *s, uint16_t log)
{
	(void)s;
	(void)log;
	return "fake";
}

static const struct source_ops fake_ops = {
	.poll = fake_poll, .release = fake_release, .lag = fake_lag, .log_name = fake_name, .live = true
};

static int run_fake_source(struct fake_source *f, struct position *at, struct error *e)
{
	struct store_options opt = {
		.path = b.dir,
		.map_size = 64 << 20,
		.young_bytes_max = 1 << 20,
		.durability = STORE_NOSYNC,
		.writer = true,
	};
	struct processor_options popt = { .settings = b.settings };
	struct error none = { 0 };
	int rc;

	f->at = 0;
	cr_assert_eq(store_open(&opt, &b.store, &none), 0);
	cr_assert_eq(status_open(b.dir, true, &b.status, &none), 0);
	if (!f->clock.now_ms)
		clock_fake_init(&f->clock, 1700000000000);
	popt.store = b.store;
	popt.status = b.status;
	popt.clock = &f->clock.base;
	cr_assert_eq(processor_new(&popt, &b.processor, &none), 0);
	rc = processor_run(b.processor, &f->base, e);
	if (!processor_resume(b.processor, "fake", 0, at))
		at->next = -1;
	processor_free(b.processor);
	status_close(b.status);
	store_close(b.store);
	return rc;
}

static int run_fake(const int *codes, struct position *at, struct error *e)
{
	struct fake_source f = { .base = { &fake_ops }, .codes = codes };

	return run_fake_source(&f, at, e);
}

Test(rounds, a_poll_that_slept_says_nothing_of_the_log)
{
	struct fake_source f = { .base = { &fake_ops }, .codes = (const int[]){ 0, SLEPT, 0, 0, ERR_SOURCE_END } };
	struct position at;
	struct error e = { 0 };

	cr_assert_eq(run_fake_source(&f, &at, &e), 0);
	cr_expect_eq(f.lags[1], 0);
	cr_expect_eq(f.lags[2], MINUTE_MS, "nobody was asked for a minute");
	cr_expect_eq(f.lags[3], 0, "the next poll has asked");
}

Test(rounds, a_young_level_that_is_gone_was_as_fresh_as_said)
{
	struct fake_source f = { .base = { &fake_ops }, .codes = (const int[]){ 1, ERR_SOURCE_END } };
	struct position at;
	struct error e = { 0 };
	char file[128];

	/* base has the first record, a young level the second, a minute later */
	cr_assert_eq(run_fake_source(&f, &at, &e), 0);
	f.codes = (const int[]){ SLEPT, 1, LEAVE };
	cr_assert_eq(run_fake_source(&f, &at, &e), 0);
	f.codes = (const int[]){ LEAVE };
	cr_assert_eq(run_fake_source(&f, &at, &e), 0);
	cr_expect_lt(f.lags[0], 100);
	snprintf(file, sizeof(file), "%s/current/young-2", b.dir);
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(run_fake_source(&f, &at, &e), 0);
	cr_expect_geq(f.lags[0], MINUTE_MS);
}

Test(rounds, the_end_of_the_source_commits_everything)
{
	struct position at;
	struct error e = { 0 };

	cr_assert_eq(run_fake((const int[]){ 3, 2, ERR_SOURCE_END }, &at, &e), 0);
	cr_assert_eq(at.next, 22);
}

Test(rounds, a_broker_that_is_away_is_no_end)
{
	struct position at;
	struct error e = { 0 };

	cr_assert_eq(run_fake((const int[]){ 3, ERR_SOURCE_RETRY, ERR_SOURCE_RETRY, 2, ERR_SOURCE_END }, &at, &e), 0);
	cr_assert_eq(at.next, 42);
}

Test(rounds, a_broken_source_ends_the_run_with_what_came_before)
{
	struct position at;
	struct error e = { 0 };

	cr_assert_eq(run_fake((const int[]){ 3, ERR_IO }, &at, &e), ERR_IO);
	cr_assert_str_eq(e.text, "the fake says so");
	cr_assert_eq(at.next, 13);
}
