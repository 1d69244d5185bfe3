/*
 * fuzz_text - the small parsers: times, numbers and their micros, UTF-8, percent-encoding, query strings, counts,
 * strings out as JSON and in again. The first byte picks one.
 */
#include "query/http_query.h"
#include "schemas/json_out.h"
#include "schemas/json_scan.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

static void try_time(struct str in)
{
	int64_t t = -1, again = -1;
	char text[32];

	if (!parse_rfc3339(in, &t)) {
		assert(t == -1);
		return;
	}
	format_rfc3339(t, text);
	assert(strlen(text) == 24);
	assert(parse_rfc3339(str_of(text), &again));
	/* an offset may lead out of the years that have a text; those show the nearest one */
	assert(again == t || t < again || t >= TIME_END_MS);
}

static void try_format(struct str in)
{
	int64_t t = 0, again;
	char text[32];

	memcpy(&t, in.p, in.n < sizeof(t) ? in.n : sizeof(t));
	format_rfc3339(t, text);
	assert(parse_rfc3339(str_of(text), &again));
	assert(again == t || t < -INT64_C(62167219200000) || t >= TIME_END_MS);
}

static void expect_micros(const struct number *n, int64_t max)
{
	int64_t micros = INT64_MIN;

	if (!number_micros(n, max, &micros)) {
		assert(micros == INT64_MIN);
		return;
	}
	assert(micros >= -max && micros <= max);
	assert(!n->negative || micros <= 0);
}

static void try_number(struct str in)
{
	const unsigned char *p = (const unsigned char *)in.p, *at = p;
	struct number n, again;
	int64_t v;
	char text[40];

	if (!json_parse_number(&at, p + in.n, &n))
		return;
	assert(at > p && at <= p + in.n);
	expect_micros(&n, 0);
	expect_micros(&n, INT64_C(100000000) * MICROS);
	expect_micros(&n, INT64_MAX);
	if (!number_integer(&n, &v))
		return;
	snprintf(text, sizeof(text), "%lld", (long long)v);
	p = at = (const unsigned char *)text;
	assert(json_parse_number(&at, p + strlen(text), &again));
	assert(number_integer(&again, &v) && v == strtoll(text, NULL, 10));
}

static void try_double(struct str in)
{
	struct json_out j = { 0 };
	struct number n, again;
	double v = 0;
	int64_t a = 0, b = 0;
	bool ok;

	memcpy(&v, in.p, in.n < sizeof(v) ? in.n : sizeof(v));
	json_out_number(&j, v);
	ok = number_from_double(v, &n);
	if (ok) {
		const unsigned char *p = (const unsigned char *)j.p;

		assert(json_parse_number(&p, p + j.n, &again) && (const char *)p == j.p + j.n);
		/* the two shortest texts may differ in form, never in value */
		assert(number_micros(&n, INT64_MAX, &a) == number_micros(&again, INT64_MAX, &b) && a == b);
	} else {
		assert(str_eq((struct str){ j.p, (uint32_t)j.n }, STR("null")));
	}
	json_out_fini(&j);
}

static void try_utf8(struct str in)
{
	const unsigned char *p = (const unsigned char *)in.p;

	for (uint32_t i = 0; i < in.n;) {
		unsigned n = utf8_sequence(p + i, p + in.n);

		assert(n <= 4 && n <= in.n - i);
		i += n ? n : 1;
	}
}

static void try_percent(struct str in)
{
	char *out = exact_copy(in.p, in.n), *again = xmalloc(3 * in.n + 1);
	int n = percent_decode(in, true, out), k = 0;

	if (n >= 0) {
		assert((uint32_t)n <= in.n && text_is_utf8((struct str){ out, (uint32_t)n }));
		/* all of it as escapes gives the same */
		for (int i = 0; i < n; i++) {
			again[k++] = '%';
			again[k++] = "0123456789abcdef"[(unsigned char)out[i] >> 4];
			again[k++] = "0123456789ABCDEF"[(unsigned char)out[i] & 15];
		}
		assert(percent_decode((struct str){ again, (uint32_t)k }, false, again) == n);
		assert(!memcmp(again, out, (size_t)n));
	}
	free(out);
	free(again);
}

static void try_query(struct str in)
{
	struct str rest = in, name, value;
	size_t pairs = 0;

	while (query_next(&rest, &name, &value)) {
		assert(name.n + value.n <= in.n && !(name.n && memchr(name.p, '&', name.n)));
		assert(!(name.n && memchr(name.p, '=', name.n)) && !(value.n && memchr(value.p, '&', value.n)));
		pairs++;
	}
	assert(pairs <= (size_t)in.n);
	assert(!query_next(&rest, &name, &value));
}

static void try_count(struct str in)
{
	int64_t v = -1;
	bool flag;
	char text[32];

	if (parse_count(in, INT64_MAX, &v)) {
		assert(v >= 0 && in.n <= 18);
		snprintf(text, sizeof(text), "%0*lld", (int)in.n, (long long)v);
		assert(str_eq(in, str_of(text)));
		assert(parse_count(in, v, &v) && (v == 0 || !parse_count(in, v - 1, &v)));
	} else {
		assert(v == -1);
	}
	if (parse_flag(in, &flag))
		assert(str_eq(in, flag ? STR("true") : STR("false")));
}

/* Whatever is written is JSON, and valid UTF-8 comes back as it was. */
static void try_json_string(struct str in)
{
	static struct scan s;
	struct json_out j = { 0 };
	struct error e = { 0 };
	char *room;
	int token;

	json_out_str(&j, in);
	room = xmalloc(j.n + 16);
	scan_init(&s, j.p, j.n, room, &e);
	token = scan_value(&s);
	assert(token == TOKEN_STRING && !scan_end(&s));
	assert(str_eq(s.text, in) == utf8_valid(in.p, in.n));
	free(room);
	json_out_fini(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static void (*const tries[])(struct str) = { try_time,    try_format, try_number, try_double,     try_utf8,
						     try_percent, try_query,  try_count,  try_json_string };
	char *copy;

	if (!n)
		return 0;
	copy = exact_copy(bytes + 1, n - 1);
	tries[bytes[0] % ARRAY_SIZE(tries)]((struct str){ copy, (uint32_t)n - 1 });
	free(copy);
	return 0;
}
