/* RFC 3339 in and out. */
#include <criterion/criterion.h>
#include <time.h>

#include "schemas/decode.h"

Test(time_text, what_is_a_time)
{
	static const struct {
		const char *text;
		int64_t t_ms;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2011-12-09T12:50:00Z", INT64_C(1323435000000) },
		{ "2011-12-09t12:50:00z", INT64_C(1323435000000) },
		{ "2011-12-09T12:50:00.1Z", INT64_C(1323435000100) },
		{ "2011-12-09T12:50:00.0129999Z", INT64_C(1323435000012) },
		{ "2011-12-09T14:50:00+02:00", INT64_C(1323435000000) },
		{ "2011-12-09T07:20:00-05:30", INT64_C(1323435000000) },
		{ "2011-12-09T12:50:00-00:00", INT64_C(1323435000000) },
		{ "2000-02-29T00:00:00Z", INT64_C(951782400000) },
		{ "2000-03-01T00:00:00Z", INT64_C(951868800000) },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "0000-01-01T00:00:00Z", INT64_C(-62167219200000) },
		{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999) },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000) },
		{ "2017-01-01T00:59:60+01:00", INT64_C(1483228800000) },
	};
	int64_t t;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cr_assert(parse_rfc3339(str_of(cases[i].text), &t), "%s", cases[i].text);
		cr_expect_eq(t, cases[i].t_ms, "%s: %lld", cases[i].text, (long long)t);
	}
}

Test(time_text, what_is_none)
{
	static const char *const cases[] = {
		"",
		"2011",
		"2011-12-09",
		"2011-12-09T12:50:00",
		"2011-12-09T12:50Z",
		"2011-12-09 12:50:00Z",
		"2011-12-09T12:50:00ZZ",
		"2011-13-09T12:50:00Z",
		"2011-00-09T12:50:00Z",
		"2011-12-32T12:50:00Z",
		"2011-12-00T12:50:00Z",
		"2011-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2011-12-09T24:00:00Z",
		"2011-12-09T12:60:00Z",
		"2011-12-09T12:50:61Z",
		"2011-12-09T12:50:60Z",
		"2011-12-09T12:50:00.Z",
		"2011-12-09T12:50:00+1:00",
		"2011-12-09T12:50:00+24:00",
		"2011-12-09T12:50:00+01:60",
		"2011-12-09T12:50:00+0100",
		"+2011-12-09T12:50:00Z",
		"11-12-09T12:50:00Z",
		"2011-12-09T12:50:00Z ",
		" 2011-12-09T12:50:00Z",
		"2011-1a-09T12:50:00Z",
	};
	int64_t t = 42;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect(!parse_rfc3339(str_of(cases[i]), &t), "%s", cases[i]);
	cr_expect_eq(t, 42);
}

/* Every 1,234,567th second of ten thousand years reads back, and is what the C library says. */
Test(time_text, round_trip)
{
	char buf[32], theirs[32];
	int64_t t, back;

	for (t = INT64_C(-62167219200000); t < INT64_C(253402300800000); t += INT64_C(1234567891)) {
		time_t s = (time_t)time_bucket(t, 1000);
		struct tm tm;

		format_rfc3339(t, buf);
		cr_assert(parse_rfc3339(str_of(buf), &back) && back == t, "%lld: %s", (long long)t, buf);
		gmtime_r(&s, &tm);
		if (tm.tm_year + 1900 < 1000)
			continue;
		strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S", &tm);
		cr_assert(!strncmp(buf, theirs, strlen(theirs)), "%s, not %s", buf, theirs);
	}
	format_rfc3339(INT64_C(1323435000007), buf);
	cr_expect_str_eq(buf, "2011-12-09T12:50:00.007Z");
	format_rfc3339(INT64_MAX, buf);
	cr_expect_str_eq(buf, "9999-12-31T23:59:59.999Z");
	format_rfc3339(INT64_MIN, buf);
	cr_expect_str_eq(buf, "0000-01-01T00:00:00.000Z");
}
