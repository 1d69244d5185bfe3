#include "processor/replay_plan.h"
#include "tests/lib/processor_log.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static enum replay_point_kind kind_of(const char *text)
{
	struct replay_point point;
	struct error e = { 0 };

	if (replay_point_parse(text, &point, &e)) {
		cr_assert(strstr(e.text, "is no place in the log"), "%s", e.text);
		return POINT_NONE;
	}
	return point.kind;
}

Test(replay_point, places_are_told_apart)
{
	struct replay_point point;

	cr_expect_eq(kind_of("earliest"), POINT_EARLIEST);
	cr_expect_eq(kind_of("2026-11-01T00:00:00Z"), POINT_TIME);
	cr_expect_eq(kind_of("2026-11-01T00:00:00.250+01:00"), POINT_TIME);
	cr_expect_eq(kind_of("0"), POINT_OFFSET);
	cr_expect_eq(kind_of("0:17"), POINT_OFFSETS);
	cr_expect_eq(kind_of("0:17,3:0"), POINT_OFFSETS);
	cr_expect_eq(kind_of("0:17,0:17"), POINT_OFFSETS);
	cr_assert_eq(replay_point_parse("123456", &point, NULL), 0);
	cr_expect_eq(point.value, 123456);
	cr_assert_eq(replay_point_parse("1970-01-01T00:00:01Z", &point, NULL), 0);
	cr_expect_eq(point.value, 1000);
}

Test(replay_point, what_is_no_place_is_refused)
{
	static const char *const wrong[] = { "",
					     "latest",
					     "-1",
					     "1.5",
					     "12a",
					     "0:",
					     ":1",
					     "0:1,",
					     "0:1,2",
					     "0:1;1:2",
					     "99999999999999999999",
					     "2026-11-01",
					     "5000000000:1" };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char *copy = xstrndup(wrong[i], strlen(wrong[i])); /* so that a read behind its end is seen */

		cr_expect_eq(kind_of(copy), POINT_NONE, "'%s' was taken", wrong[i]);
		free(copy);
	}
}

Test(replay_point, an_offset_that_is_a_time_is_known_as_one)
{
	char time[32];

	cr_assert(replay_time_meant(1764000000123, time));
	cr_expect_str_eq(time, "2025-11-24T16:00:00.123Z");
	cr_assert(replay_time_meant(1764000000, time));
	cr_expect_str_eq(time, "2025-11-24T16:00:00.000Z");
	cr_expect(replay_time_meant(946684800, time));
	cr_expect_not(replay_time_meant(946684799, time));
	cr_expect_not(replay_time_meant(4102444800, time));
	cr_expect_not(replay_time_meant(946684799999, time));
	cr_expect_not(replay_time_meant(4102444800000, time));
	cr_expect_not(replay_time_meant(INT64_MAX, time));
}

Test(replay_point, a_partition_with_two_offsets_is_refused)
{
	struct replay_point point;
	struct error e = { 0 };

	cr_expect_eq(replay_point_parse("3:5,0:1,3:6", &point, &e), ERR_BAD_REQUEST);
	cr_expect_str_eq(e.text, "'3:5,0:1,3:6' gives partition 3 two offsets");
}

/* The embedded broker knows of no record by its time, as a real one of none that is later than all. */
Test(replay_plan, a_time_behind_the_last_event_is_refused, .timeout = 60)
{
	struct replay_point from = { 0 }, none = { 0 };
	struct replay_plan plan = { 0 };
	struct error e = { 0 };
	struct test_log l;

	test_log_init(&l, 2, NULL);
	cr_assert_eq(replay_point_parse("2099-01-01T00:00:00Z", &from, &e), 0);
	cr_assert_eq(replay_plan_make(l.settings, &from, &none, &plan, &e), 0, "%s", e.text);
	cr_expect_eq(replay_plan_check_times(&plan, l.settings, &from, &none, &e), 0, "a log without events");
	replay_plan_fini(&plan);
	test_log_send(&l, setting_topic(l.settings, TOPIC_EVENTS), 1, "k", "v", 1);
	cr_assert_eq(replay_plan_make(l.settings, &from, &none, &plan, &e), 0, "%s", e.text);
	cr_expect_eq(replay_plan_check_times(&plan, l.settings, &from, &none, &e), ERR_BAD_REQUEST);
	cr_expect(strstr(e.text, "no record of 2099-01-01T00:00:00Z or later"), "%s", e.text);
	plan.v[1].begin = plan.v[1].low; /* as if one were found */
	cr_expect_eq(replay_plan_check_times(&plan, l.settings, &from, &none, &e), 0);
	plan.v[1].end = plan.v[1].low; /* as if all came after --to */
	cr_expect_eq(replay_plan_check_times(&plan, l.settings, &none, &from, &e), ERR_BAD_REQUEST);
	replay_plan_fini(&plan);
	test_log_fini(&l);
}
