#include "processor/envelope.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

static struct envelope en;

Test(envelope, an_event_is_no_envelope)
{
	static const char *const events[] = {
		"{\"type\":\"view\",\"userId\":\"u1\"}",
		"{\"type\":\"search\",\"query\":\"\\\"topic\\\" and \\\"value\\\"\"}",
		"{\"type\":\"view\",\"topic\":\"x\",\"value\":1}",
		"{\"context\":{\"topic\":\"shop.catalog\",\"value\":{}}}",
		"{\"topic\":\"shop.catalog\"}",
		"{\"value\":{},\"key\":\"topic\"}",
		"{\"topic\":\"a\",\"topic\":\"b\",\"value\":1}",
		"{\"topic\":5,\"value\":1}",
		"{\"topic\":\"a\",\"value\":1,\"timestamp\":\"late\"}",
		"{\"topic\":\"a\",\"value\":1} x",
		"{\"topic\":\"a\",\"value\":",
		"{\"topic\":\"a\",\"value\":}",
		"\"topic\" \"value\"",
		"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		cr_expect_not(envelope_of_json(str_of(events[i]), &en), "%s", events[i]);
}

Test(envelope, value_bytes_are_handed_on_as_they_are)
{
	cr_assert(envelope_of_json(STR("{ \"topic\" : \"shop.catalog\",\"key\":\"p\\u00e9\\\"1\", \"timestamp\": -5,"
				       "\"value\": {\"a\" : [1, {\"b\":\"}\\\"\"}] }  }\r"),
				   &en));
	cr_expect(str_eq(en.topic, STR("shop.catalog")));
	cr_expect(str_eq(en.value, STR("{\"a\" : [1, {\"b\":\"}\\\"\"}] }")));
	cr_expect(str_eq((struct str){ en.key, (uint32_t)en.key_len }, STR("p\xc3\xa9\"1")));
	cr_expect_eq(en.timestamp_ms, -5);
}

Test(envelope, null_is_a_tombstone_and_key_may_be_absent)
{
	cr_assert(envelope_of_json(STR("{\"value\":null,\"topic\":\"t\"}"), &en));
	cr_expect_null(en.value.p);
	cr_expect_not(en.has_key);
	cr_expect_eq(en.timestamp_ms, -1);
	cr_assert(envelope_of_json(STR("{\"value\":null,\"topic\":\"t\",\"key\":null,\"timestamp\":null}"), &en));
	cr_expect_not(en.has_key);
	cr_expect_eq(en.timestamp_ms, -1);
}

Test(envelope, bad_json_inside_is_the_decoders_business)
{
	cr_assert(envelope_of_json(STR("{\"topic\":\"t\",\"value\":{\"a\" 1 2}}"), &en));
	cr_expect(str_eq(en.value, STR("{\"a\" 1 2}")));
}

/* {"topic":"t","key":"k","value":{"a":-1},"timestamp":1000} */
static const char packed[] = "\x84\xa5topic\xa1t\xa3key\xc4\x01k\xa5value\x81\xa1"
			     "a\xff\xa9timestamp\xcd\x03\xe8";

Test(envelope, messagepack)
{
	struct str map = { packed, sizeof(packed) - 1 };

	cr_assert(envelope_of_msgpack(map, &en));
	cr_expect(str_eq(en.topic, STR("t")));
	cr_expect(str_eq(en.value, STR("\x81\xa1"
				       "a\xff")));
	cr_expect_eq(en.key_len, 1);
	cr_expect_eq(en.timestamp_ms, 1000);
	cr_expect_eq(msgpack_length(packed, sizeof(packed) - 1), (int64_t)sizeof(packed) - 1);
	/* every cut is a need for more, never a length */
	for (size_t n = 0; n < sizeof(packed) - 1; n++) {
		cr_expect_eq(msgpack_length(packed, n), 0);
		cr_expect_not(envelope_of_msgpack((struct str){ packed, (uint32_t)n }, &en));
	}
}

Test(envelope, messagepack_with_what_exports_add)
{
	static const char map[] =
		"\x86\xa5topic\xa1t\xa6offset\x07\xa9partition\x01\xa5value\xc0\xa7headers\x80\xa9timestamp\xc0";
	static const char event[] = "\x83\xa5topic\xa1t\xa4type\xa4view\xa5value\x01";

	cr_assert(envelope_of_msgpack((struct str){ map, sizeof(map) - 1 }, &en));
	cr_expect(str_eq(en.topic, STR("t")));
	cr_expect_null(en.value.p);
	cr_expect_eq(en.timestamp_ms, -1);
	cr_expect_not(envelope_of_msgpack((struct str){ event, sizeof(event) - 1 }, &en), "with a type it is an event");
}

/* As in JSON: it is not taken for "no timestamp". */
Test(envelope, a_timestamp_that_is_too_large_is_none)
{
	static const char most[] = "\x83\xa5topic\xa1t\xa5value\xc0\xa9timestamp\xcf\x7f\xff\xff\xff\xff\xff\xff\xff";
	static const char more[] = "\x83\xa5topic\xa1t\xa5value\xc0\xa9timestamp\xcf\x80\x00\x00\x00\x00\x00\x00\x00";

	cr_assert(envelope_of_msgpack((struct str){ most, sizeof(most) - 1 }, &en));
	cr_expect_eq(en.timestamp_ms, INT64_MAX);
	cr_expect_not(envelope_of_msgpack((struct str){ more, sizeof(more) - 1 }, &en));
	cr_assert(envelope_of_json(STR("{\"topic\":\"t\",\"value\":1,\"timestamp\":9223372036854775807}"), &en));
	cr_expect_not(envelope_of_json(STR("{\"topic\":\"t\",\"value\":1,\"timestamp\":9223372036854775808}"), &en));
}

Test(envelope, messagepack_lengths)
{
	static const struct {
		struct str bytes;
		int64_t length;
	} cases[] = {
		{ STR("\xc0"), 1 },
		{ STR("\xc1"), -1 },
		{ STR("\x7f"), 1 },
		{ STR("\xcb"
		      "12345678"),
		  9 },
		{ STR("\xd8"
		      "t1234567890123456"),
		  18 },
		{ STR("\xc7\x02t12"), 5 },
		{ STR("\x92\x01\x91\xc3"), 4 },
		{ STR("\xdc\x00\x02\xc2\xc3rest"), 5 },
		{ STR("\xde\x00\x01\xa1k\xd9\x03xyz"), 10 },
		{ STR("\xdd\xff\xff\xff\xff\x01"), 0 },
		{ STR("\xc6\xff\xff\xff\xff"), 0 },
		{ STR("\x81\xa1k\xc1"), -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect_eq(msgpack_length(cases[i].bytes.p, cases[i].bytes.n), cases[i].length, "case %zu", i);
}
