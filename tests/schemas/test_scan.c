/* The tokenizer alone: what is JSON, what is MessagePack, numbers exactly. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <inttypes.h>
#include <stdio.h>

#include "schemas/json_scan.h"
#include "schemas/scan.h"

/* The verdict on one whole value. */
static int scan_all(const void *bytes, size_t n)
{
	struct scan *s = xcalloc(1, sizeof(*s));
	char *room = xmalloc(n);
	int token, rc;

	scan_init(s, bytes, n, room, NULL);
	token = scan_value(s);
	rc = token < 0 ? token : scan_skip(s, token);
	if (!rc)
		rc = scan_end(s);
	cr_assert(rc || (!s->depth && !s->key_n));
	free(room);
	free(s);
	return rc;
}

struct text_case {
	char text[100];
	char slug[20];
};

ParameterizedTestParameters(scan, json)
{
	static struct text_case cases[] = {
		{ "{}", "ok" },
		{ " \t\r\n{ } \n", "ok" },
		{ "[]", "ok" },
		{ "[ ]", "ok" },
		{ "0", "ok" },
		{ "-0.0e-0", "ok" },
		{ "[1,2.5,-3e+7,true,false,null,\"\"]", "ok" },
		{ "{\"a\":{\"a\":{\"a\":[]}}}", "ok" },
		{ "{\"a\" : 1 , \"b\" : [ 1 , 2 ] }", "ok" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20aC\"", "ok" },
		{ "\"\\ud83d\\ude00\"", "ok" },
		{ "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"", "ok" },
		{ "\"\x7f\"", "ok" },
		{ "{\"a\":1,\"b\":1}", "ok" },
		{ "[{\"a\":1},{\"a\":1}]", "ok" },
		{ "", "bad-json" },
		{ " ", "bad-json" },
		{ "{", "bad-json" },
		{ "[", "bad-json" },
		{ "}", "bad-json" },
		{ "[1", "bad-json" },
		{ "[1,", "bad-json" },
		{ "[1,]", "bad-json" },
		{ "[,1]", "bad-json" },
		{ "[1 2]", "bad-json" },
		{ "[1}", "bad-json" },
		{ "{\"a\"}", "bad-json" },
		{ "{\"a\":}", "bad-json" },
		{ "{\"a\":1,}", "bad-json" },
		{ "{,}", "bad-json" },
		{ "{\"a\" 1}", "bad-json" },
		{ "{a:1}", "bad-json" },
		{ "{1:1}", "bad-json" },
		{ "{\"a\":1 \"b\":2}", "bad-json" },
		{ "{\"a\":1]", "bad-json" },
		{ "tru", "bad-json" },
		{ "True", "bad-json" },
		{ "nul", "bad-json" },
		{ "NaN", "bad-json" },
		{ "Infinity", "bad-json" },
		{ "-", "bad-json" },
		{ "+1", "bad-json" },
		{ "1.", "bad-json" },
		{ ".1", "bad-json" },
		{ "1e", "bad-json" },
		{ "1e+", "bad-json" },
		{ "-a", "bad-json" },
		{ "'a'", "bad-json" },
		{ "\"a", "bad-json" },
		{ "\"abcdefgh", "bad-json" },
		{ "\"\\", "bad-json" },
		{ "\"\\x\"", "bad-json" },
		{ "\"\\u12\"", "bad-json" },
		{ "\"\\u12g4\"", "bad-json" },
		{ "\"\t\"", "bad-json" },
		{ "\"abcdefg\n\"", "bad-json" },
		{ "\"\x1f\"", "bad-json" },
		{ "/**/1", "bad-json" },
		{ "01", "trailing-bytes" },
		{ "1 2", "trailing-bytes" },
		{ "{}{", "trailing-bytes" },
		{ "truex", "trailing-bytes" },
		{ "0x1", "trailing-bytes" },
		{ "{}//", "trailing-bytes" },
		{ "\"\\ud800\"", "bad-utf8" },
		{ "\"\\udc00\"", "bad-utf8" },
		{ "\"\\ud83dx\"", "bad-utf8" },
		{ "\"\\ud83d\\u0041\"", "bad-utf8" },
		{ "\"\\ud83d\\ud83d\"", "bad-utf8" },
		{ "\"\xff\"", "bad-utf8" },
		{ "\"\x80\"", "bad-utf8" },
		{ "\"\xc0\xaf\"", "bad-utf8" },
		{ "\"\xc3\"", "bad-utf8" },
		{ "\"\xe0\x9f\xbf\"", "bad-utf8" },
		{ "\"\xed\xa0\x80\"", "bad-utf8" },
		{ "\"\xf0\x8f\xbf\xbf\"", "bad-utf8" },
		{ "\"\xf4\x90\x80\x80\"", "bad-utf8" },
		{ "\"\xf5\x80\x80\x80\"", "bad-utf8" },
		{ "\"\xe2\x82\"", "bad-utf8" },
		{ "\"\xf0\x9f\x98\"", "bad-utf8" },
		{ "{\"a\":1,\"a\":2}", "duplicate-key" },
		{ "{\"a\":1,\"\\u0061\":2}", "duplicate-key" },
		{ "[{\"x\":{\"a\":1,\"b\":{},\"a\":2}}]", "duplicate-key" },
		{ "{\"\":1,\"\":1}", "duplicate-key" },
		{ "{\"aaaaaaaaaaaaaaaaaaaaa\":1,\"aaaaaaaaaaaaaaaaaaaaa\":2}", "duplicate-key" },
	};

	return cr_make_param_array(struct text_case, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct text_case *c, scan, json)
{
	cr_assert_str_eq(error_slug(scan_all(c->text, strlen(c->text))), c->slug, "%s", c->text);
}

struct bytes_case {
	unsigned char bytes[24];
	size_t n;
	char slug[20];
};

#define BYTES(slug, ...) \
	{ \
		{ __VA_ARGS__ }, sizeof((unsigned char[]){ __VA_ARGS__ }), slug \
	}

/* Each is the value of {"a": VALUE}. */
ParameterizedTestParameters(scan, msgpack)
{
	static struct bytes_case cases[] = {
		BYTES("ok", 0x00),
		BYTES("ok", 0x7f),
		BYTES("ok", 0xe0),
		BYTES("ok", 0xc0),
		BYTES("ok", 0xc2),
		BYTES("ok", 0xc3),
		BYTES("ok", 0xa0),
		BYTES("ok", 0xa1, 'x'),
		BYTES("ok", 0xd9, 1, 'x'),
		BYTES("ok", 0xda, 0, 1, 'x'),
		BYTES("ok", 0xdb, 0, 0, 0, 1, 'x'),
		BYTES("ok", 0xc4, 1, 0xff),
		BYTES("ok", 0xc5, 0, 1, 0),
		BYTES("ok", 0xc6, 0, 0, 0, 1, 0),
		BYTES("ok", 0xc7, 1, 5, 0),
		BYTES("ok", 0xc8, 0, 1, 5, 0),
		BYTES("ok", 0xc9, 0, 0, 0, 1, 5, 0),
		BYTES("ok", 0xd4, 1, 2),
		BYTES("ok", 0xd5, 1, 2, 3),
		BYTES("ok", 0xd6, 1, 2, 3, 4, 5),
		BYTES("ok", 0xd7, 1, 2, 3, 4, 5, 6, 7, 8, 9),
		BYTES("ok", 0xcc, 1),
		BYTES("ok", 0xcd, 1, 2),
		BYTES("ok", 0xce, 1, 2, 3, 4),
		BYTES("ok", 0xcf, 1, 2, 3, 4, 5, 6, 7, 8),
		BYTES("ok", 0xd0, 1),
		BYTES("ok", 0xd1, 1, 2),
		BYTES("ok", 0xd2, 1, 2, 3, 4),
		BYTES("ok", 0xd3, 1, 2, 3, 4, 5, 6, 7, 8),
		BYTES("ok", 0xca, 1, 2, 3, 4),
		BYTES("ok", 0xcb, 1, 2, 3, 4, 5, 6, 7, 8),
		BYTES("ok", 0x90),
		BYTES("ok", 0x92, 1, 2),
		BYTES("ok", 0xdc, 0, 1, 1),
		BYTES("ok", 0xdd, 0, 0, 0, 1, 1),
		BYTES("ok", 0x81, 0xa1, 'a', 1),
		BYTES("ok", 0xde, 0, 1, 0xa1, 'a', 1),
		BYTES("ok", 0xdf, 0, 0, 0, 1, 0xa1, 'a', 1),
		BYTES("ok", 0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0),
		BYTES("bad-msgpack", 0xc1),
		BYTES("bad-msgpack", 0xa2, 'x'),
		BYTES("bad-msgpack", 0xd9),
		BYTES("bad-msgpack", 0xd9, 2, 'x'),
		BYTES("bad-msgpack", 0xdb, 0xff, 0xff, 0xff, 0xff, 'x'),
		BYTES("bad-msgpack", 0xc4, 2, 0),
		BYTES("bad-msgpack", 0xd8, 0),
		BYTES("bad-msgpack", 0xcf, 1, 2, 3),
		BYTES("bad-msgpack", 0xcb, 1),
		BYTES("bad-msgpack", 0x91),
		BYTES("bad-msgpack", 0xdd, 0xff, 0xff, 0xff, 0xff),
		BYTES("bad-msgpack", 0xdf, 0xff, 0xff, 0xff, 0xff, 0),
		BYTES("bad-msgpack", 0x82, 0xa1, 'a', 1),
		BYTES("bad-msgpack", 0xc9, 0xff, 0xff, 0xff, 0xff, 0),
		BYTES("bad-utf8", 0xa1, 0xff),
		BYTES("bad-utf8", 0xa9, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 0x80),
		BYTES("bad-utf8", 0x81, 0xa1, 0xff, 1),
		BYTES("wrong-type", 0x81, 1, 1),
		BYTES("wrong-type", 0x81, 0xc0, 1),
		BYTES("duplicate-key", 0x82, 0xa1, 'a', 1, 0xa1, 'a', 1),
		BYTES("trailing-bytes", 1, 1),
	};

	return cr_make_param_array(struct bytes_case, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct bytes_case *c, scan, msgpack)
{
	unsigned char bytes[32] = { 0x81, 0xa1, 'a' };

	memcpy(bytes + 3, c->bytes, c->n);
	cr_assert_str_eq(error_slug(scan_all(bytes, 3 + c->n)), c->slug, "first byte 0x%02x", c->bytes[0]);
}

Test(scan, depth)
{
	char text[2 * DECODE_DEPTH_MAX + 3];

	for (int depth = DECODE_DEPTH_MAX; depth <= DECODE_DEPTH_MAX + 1; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		cr_expect_eq(scan_all(text, (size_t)depth * 2), depth > DECODE_DEPTH_MAX ? ERR_TOO_DEEP : 0);
	}
	memset(text, 0x91, sizeof(text));
	text[0] = (char)0x81;
	text[1] = (char)0xa0;
	cr_expect_eq(scan_all(text, sizeof(text)), ERR_TOO_DEEP);
}

Test(scan, unknown_keys_are_bounded)
{
	size_t room = SCAN_KEYS_MAX * 16 + 64, n = 0;
	char *text = xmalloc(room);

	n += (size_t)snprintf(text, room, "{");
	for (int i = 0; i < SCAN_KEYS_MAX; i++)
		n += (size_t)snprintf(text + n, room - n, "%s\"k%d\":0", i ? "," : "", i);
	text[n] = '}';
	cr_expect_eq(scan_all(text, n + 1), 0);
	n += (size_t)snprintf(text + n, room - n, ",\"more\":0}");
	cr_expect_eq(scan_all(text, n), ERR_TOO_MANY);
	free(text);
}

Test(scan, unescapes)
{
	static const char text[] = "\"a\\u00e9\\n\\ud83d\\ude00\\/z\"";
	struct scan *s = xcalloc(1, sizeof(*s));
	char room[sizeof(text)];

	scan_init(s, text, sizeof(text) - 1, room, NULL);
	cr_assert_eq(scan_value(s), TOKEN_STRING);
	cr_assert(str_eq(s->text, STR("a\xc3\xa9\n\xf0\x9f\x98\x80/z")));
	free(s);
}

struct number_case {
	char text[40];
	bool is_integer, fits;
	int64_t integer, micros;
};

/* `max` of micros is 1e14: a price of 100 million. */
ParameterizedTestParameters(scan, numbers)
{
	static struct number_case cases[] = {
		{ "0", true, true, 0, 0 },
		{ "-0", true, true, 0, 0 },
		{ "7", true, true, 7, 7000000 },
		{ "2.0", true, true, 2, 2000000 },
		{ "2.5e1", true, true, 25, 25000000 },
		{ "25e-1", false, true, 0, 2500000 },
		{ "1e2", true, true, 100, 100000000 },
		{ "-1.5", false, true, 0, -1500000 },
		{ "2.55", false, true, 0, 2550000 },
		{ "0.1", false, true, 0, 100000 },
		{ "0.0000004", false, true, 0, 0 },
		{ "0.0000005", false, true, 0, 1 },
		{ "0.00000049999999999999999999", false, true, 0, 0 },
		{ "-0.0000005", false, true, 0, -1 },
		{ "1.2345675", false, true, 0, 1234568 },
		{ "1.2345665", false, true, 0, 1234567 },
		{ "1e-19", false, true, 0, 0 },
		{ "9999999999999999999e-26", false, true, 0, 0 },
		{ "1e-400", false, true, 0, 0 },
		{ "100000000", true, true, 100000000, INT64_C(100000000000000) },
		{ "100000000.0000001", false, false, 0, 0 },
		{ "99999999.9999999", false, true, 0, INT64_C(100000000000000) },
		{ "100000001", true, false, 100000001, 0 },
		{ "253402300799999", true, false, INT64_C(253402300799999), 0 },
		{ "9223372036854775807", true, false, INT64_MAX, 0 },
		{ "9223372036854775808", false, false, 0, 0 },
		{ "1e400", false, false, 0, 0 },
		{ "1e999999999999", false, false, 0, 0 },
		{ "0e999999999999", true, true, 0, 0 },
		{ "12345678901234567890123e-20", false, true, 0, 123456789 },
		{ "1000000000000000000000e-20", true, true, 10, 10000000 },
		{ "1000000000000000000001e-20", false, true, 0, 10000000 },
	};

	return cr_make_param_array(struct number_case, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct number_case *c, scan, numbers)
{
	const unsigned char *p = (const unsigned char *)c->text, *end = p + strlen(c->text);
	int64_t integer = 0, micros = 0;
	struct number n;

	cr_assert(json_parse_number(&p, end, &n) && p == end);
	cr_expect_eq(number_integer(&n, &integer), c->is_integer, "%s", c->text);
	cr_expect_eq(number_micros(&n, INT64_C(100000000) * MICROS, &micros), c->fits, "%s", c->text);
	cr_expect_eq(integer, c->integer, "%s", c->text);
	cr_expect_eq(micros, c->micros, "%s: %" PRId64, c->text, micros);
}

Test(scan, doubles_are_their_shortest_text)
{
	static const struct {
		double v;
		int64_t micros;
	} cases[] = { { 2.55, 2550000 },
		      { 0.1 + 0.2, 300000 },
		      { 9.99, 9990000 },
		      { 1234567.891, INT64_C(1234567891000) },
		      { -0.25, -250000 },
		      { 1.0000005, 1000001 },
		      { 0.0, 0 },
		      { 5e-324, 0 },
		      { 1e7, INT64_C(10000000000000) } };
	struct number n;
	int64_t micros;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cr_assert(number_from_double(cases[i].v, &n));
		cr_assert(number_micros(&n, INT64_MAX / 2, &micros));
		cr_expect_eq(micros, cases[i].micros, "%g: %" PRId64, cases[i].v, micros);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect(number_from_double(cases[i].v, &n) && number_to_double(&n) == cases[i].v, "%g", cases[i].v);
	cr_expect_eq(number_to_double(&(struct number){ 1, 400, true, false }), -1.0 / 0.0);
	cr_expect(!number_from_double(1.0 / 0.0, &n));
	cr_expect(!number_from_double(0.0 / 0.0, &n));
}

Test(scan, texts_are_cut_between_characters)
{
	static const struct {
		const char *text;
		size_t whole;
	} rows[] = {
		{ "", 0 },
		{ "ab", 2 },
		{ "a\xc3\xa4", 3 },
		{ "a\xc3", 1 },
		{ "\xc3", 0 },
		{ "a\xe2\x82\xac", 4 },
		{ "a\xe2\x82", 1 },
		{ "a\xe2", 1 },
		{ "a\xf0\x9f\x98\x80", 5 },
		{ "a\xf0\x9f\x98", 1 },
		{ "a\xf0\x9f", 1 },
		{ "a\xf0", 1 },
		{ "a\x80", 2 }, /* what was no UTF-8 stays what it was */
		{ "\x80\x80\x80\x80", 4 },
	};
	char text[8];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		utf8_print(text, sizeof(text), "%s", rows[i].text);
		cr_assert(strlen(text) == rows[i].whole && !memcmp(text, rows[i].text, rows[i].whole), "row %zu", i);
	}
	utf8_print(text, sizeof(text), "%d: a\xe2\x82\xac\xe2\x82\xac", 7);
	cr_assert_str_eq(text, "7: a\xe2\x82\xac");
	utf8_print(text, sizeof(text), "%.*s", 2, "a\xe2\x82\xac");
	cr_assert_str_eq(text, "a", "by its precision");
}

Test(scan, errors_are_cut_between_characters)
{
	struct error e = { 0 };
	char name[300];

	for (unsigned i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa4", 3);
	error_set(&e, ERR_BAD_ID, name, "%s", name);
	cr_assert(strlen(e.field) == 62 && utf8_valid(e.field, 62));
	cr_assert(strlen(e.text) == 254 && utf8_valid(e.text, 254));
}
