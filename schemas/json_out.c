#include "schemas/json_out.h"
#include "schemas/scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void json_out_reset(struct json_out *j)
{
	j->n = 0;
	j->comma = false;
}

void json_out_fini(struct json_out *j)
{
	free(j->p);
	*j = (struct json_out){ 0 };
}

static char *reserve(struct json_out *j, size_t n)
{
	if (j->room - j->n < n) {
		size_t room = (j->room + n) * 2;

		if (room > 2 * JSON_OUT_MAX) {
			fputs("aisle: a JSON text outgrew its bound\n", stderr);
			abort();
		}
		j->p = xrealloc(j->p, room);
		j->room = room;
	}
	return j->p + j->n;
}

static void put(struct json_out *j, const char *p, size_t n)
{
	memcpy(reserve(j, n), p, n);
	j->n += n;
}

static void before_value(struct json_out *j)
{
	if (j->comma)
		put(j, ",", 1);
	j->comma = true;
}

static void open_with(struct json_out *j, const char *bracket)
{
	before_value(j);
	put(j, bracket, 1);
	j->comma = false;
}

static void close_with(struct json_out *j, const char *bracket)
{
	put(j, bracket, 1);
	j->comma = true;
}

void json_out_object(struct json_out *j)
{
	open_with(j, "{");
}

void json_out_end_object(struct json_out *j)
{
	close_with(j, "}");
}

void json_out_array(struct json_out *j)
{
	open_with(j, "[");
}

void json_out_end_array(struct json_out *j)
{
	close_with(j, "]");
}

void json_out_key_n(struct json_out *j, const char *name, size_t n)
{
	char *at = reserve(j, n + 4);

	if (j->comma)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, name, n);
	memcpy(at + n, "\":", 2);
	j->n += n + 3 + j->comma;
	j->comma = false;
}

static void put_escaped(struct json_out *j, unsigned char c)
{
	static const char short_form[][2] = {
		['\b'] = "b", ['\t'] = "t", ['\n'] = "n", ['\f'] = "f", ['\r'] = "r", ['"'] = "\"", ['\\'] = "\\"
	};
	char *at = reserve(j, 8);

	if (c < ARRAY_SIZE(short_form) && short_form[c][0]) {
		at[0] = '\\';
		at[1] = short_form[c][0];
		j->n += 2;
	} else {
		j->n += (size_t)snprintf(at, 8, "\\u%04x", c);
	}
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* ASCII from the start on that stands in a JSON string as it is, looked at in words of eight; after a borrow a byte at a time. */
static uint32_t plain_bytes(struct str s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint32_t i = 0;

	for (; s.n - i >= 8; i += 8) {
		uint64_t w = load64(s.p + i), quote = w ^ ones * '"', backslash = w ^ ones * '\\';

		if ((w | (w - ones * 0x20) | (quote - ones) | (backslash - ones)) & high)
			break;
	}
	while (i < s.n && is_plain((unsigned char)s.p[i]))
		i++;
	return i;
}

static void put_unusual(struct json_out *j, struct str s, uint32_t from)
{
	const unsigned char *p = (const unsigned char *)s.p;
	uint32_t step;

	for (uint32_t i = from; i < s.n; i += step) {
		unsigned char c = p[i];

		step = c < 0x80 ? 1 : utf8_sequence(p + i, p + s.n);
		if (step && c >= 0x20 && c != '"' && c != '\\')
			continue;
		if (i > from)
			put(j, s.p + from, i - from);
		if (step)
			put_escaped(j, c);
		else
			put(j, REPLACEMENT, sizeof(REPLACEMENT) - 1);
		step = 1;
		from = i + 1;
	}
	if (s.n > from)
		put(j, s.p + from, s.n - from);
}

void json_out_str(struct json_out *j, struct str s)
{
	uint32_t plain = plain_bytes(s);
	char *at = reserve(j, (size_t)plain + 3);

	if (j->comma)
		*at++ = ',';
	*at++ = '"';
	if (plain)
		memcpy(at, s.p, plain);
	j->n += (size_t)plain + 1 + j->comma;
	j->comma = true;
	if (plain < s.n)
		put_unusual(j, s, plain);
	put(j, "\"", 1);
}

/* Digits backwards from `end`; returns where the first one stands. */
static char *digits_before(char *end, uint64_t u)
{
	do
		*--end = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	return end;
}

void json_out_int(struct json_out *j, int64_t v)
{
	char text[24], *end = text + sizeof(text);
	char *at = digits_before(end, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);

	if (v < 0)
		*--at = '-';
	before_value(j);
	put(j, at, (size_t)(end - at));
}

/* u / 10^places, without trailing zeros. */
static void put_decimal(struct json_out *j, bool negative, uint64_t u, size_t places)
{
	char text[40], *end = text + sizeof(text), *point = end - places;
	char *at = digits_before(end, u);

	while (at >= point)
		*--at = '0';
	while (end > point && end[-1] == '0')
		end--;
	if (negative)
		*--at = '-';
	before_value(j);
	put(j, at, (size_t)(point - at));
	if (end > point) {
		put(j, ".", 1);
		put(j, point, (size_t)(end - point));
	}
}

void json_out_score(struct json_out *j, double v)
{
	static const double powers[] = {
		1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14
	};
	size_t places = 0; /* after the point */

	if (!(v >= 1e-6 && v < 1e8)) {
		json_out_number(j, v);
		return;
	}
	while (places + 1 < ARRAY_SIZE(powers) && v * powers[places] < 1e8)
		places++;
	put_decimal(j, false, (uint64_t)llround(v * powers[places]), places);
}

void json_out_number(struct json_out *j, double v)
{
	char text[32];
	int n = 0;

	if (!isfinite(v)) {
		json_out_null(j);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		n = snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	before_value(j);
	put(j, text, (size_t)n);
}

void json_out_micros(struct json_out *j, int64_t v)
{
	put_decimal(j, v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 6);
}

void json_out_bool(struct json_out *j, bool v)
{
	before_value(j);
	put(j, v ? "true" : "false", v ? 4 : 5);
}

void json_out_null(struct json_out *j)
{
	before_value(j);
	put(j, "null", 4);
}

void json_out_raw(struct json_out *j, struct str json)
{
	before_value(j);
	put(j, json.p, json.n);
}
