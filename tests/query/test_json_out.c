#include "schemas/json_out.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void expect(const struct json_out *j, const char *text)
{
	cr_assert(str_eq((struct str){ j->p, (uint32_t)j->n }, str_of(text)), "%.*s", (int)j->n, j->p);
}

Test(json_out, commas_and_escapes)
{
	struct json_out j = { 0 };

	for (int again = 0; again < 2; again++) {
		json_out_reset(&j);
		json_out_object(&j);
		json_out_key(&j, "a");
		json_out_array(&j);
		json_out_int(&j, INT64_MIN);
		json_out_str(&j, (struct str){ "\"\\\n\x01/\xc3\xa9", 7 });
		json_out_object(&j);
		json_out_end_object(&j);
		json_out_null(&j);
		json_out_end_array(&j);
		json_out_key(&j, "b");
		json_out_bool(&j, true);
		json_out_end_object(&j);
		expect(&j, "{\"a\":[-9223372036854775808,\"\\\"\\\\\\n\\u0001/\xc3\xa9\",{},null],\"b\":true}");
	}
	json_out_fini(&j);
}

/* Words of eight are passed at once: every length and place of what is not plain, against one byte at a time. */
Test(json_out, each_byte_at_each_place)
{
	for (unsigned n = 1; n <= 20; n++)
		for (unsigned at = 0; at < n; at++)
			for (unsigned c = 0; c < 0x80; c++) {
				struct json_out whole = { 0 }, parts = { 0 };
				char text[20], one = (char)c;

				memset(text, '~', sizeof(text));
				text[at] = one;
				json_out_str(&whole, (struct str){ text, n });
				json_out_str(&parts, (struct str){ &one, 1 });
				cr_assert_eq(whole.n, n - 1 + parts.n);
				cr_assert_eq(memcmp(whole.p + 1, text, at), 0);
				cr_assert_eq(memcmp(whole.p + 1 + at, parts.p + 1, parts.n - 2), 0);
				cr_assert_eq(memcmp(whole.p + at + parts.n - 1, text + at + 1, n - at - 1), 0);
				cr_assert_eq(whole.p[whole.n - 1], '"');
				json_out_fini(&whole);
				json_out_fini(&parts);
			}
}

Test(json_out, bytes_that_are_no_utf8)
{
	struct json_out j = { 0 };

	json_out_array(&j);
	json_out_str(&j, STR("a\xff\xc3"
			     "b\xc3\xa9"));
	json_out_str(&j, STR("\xed\xa0\x80"));
	json_out_end_array(&j);
	expect(&j, "[\"a\xef\xbf\xbd\xef\xbf\xbd"
		   "b\xc3\xa9\",\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]");
	json_out_fini(&j);
}

Test(json_out, numbers)
{
	struct json_out j = { 0 };

	json_out_array(&j);
	json_out_micros(&j, 1250000);
	json_out_micros(&j, -1);
	json_out_micros(&j, 3000000);
	json_out_number(&j, 0.25);
	json_out_number(&j, 1.0 / 0.0);
	json_out_int(&j, INT64_MAX);
	json_out_int(&j, 0);
	json_out_int(&j, -10);
	json_out_end_array(&j);
	expect(&j, "[1.25,-0.000001,3,0.25,null,9223372036854775807,0,-10]");
	json_out_fini(&j);
}

Test(json_out, scores_have_nine_digits)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ 0.25, "0.25" },
		{ 1.0 / 3, "0.333333333" },
		{ 200.0 / 3, "66.6666667" },
		{ 0.0000123456789012, "0.0000123456789" },
		{ 0.999999999999, "1" },
		{ 9999999.99999, "10000000" },
		{ 12345678.9, "12345678.9" },
		{ 1e-6, "0.000001" },
		{ 5e-7, "5e-07" },
		{ 1e8, "100000000" },
		{ -0.5, "-0.5" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json_out j = { 0 };

		json_out_score(&j, cases[i].v);
		expect(&j, cases[i].text);
		json_out_fini(&j);
	}
}
