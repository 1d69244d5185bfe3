#include "schemas/scan.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "schemas/json_scan.h"
#include "schemas/msgpack_scan.h"

static const uint64_t pow10_of[] = {
	1,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	UINT64_C(10000000000),
	UINT64_C(100000000000),
	UINT64_C(1000000000000),
	UINT64_C(10000000000000),
	UINT64_C(100000000000000),
	UINT64_C(1000000000000000),
	UINT64_C(10000000000000000),
	UINT64_C(100000000000000000),
	UINT64_C(1000000000000000000),
	UINT64_C(10000000000000000000),
};

void scan_init(struct scan *s, const void *bytes, size_t n, char *room, struct error *e)
{
	s->begin = s->p = bytes;
	s->end = s->p + n;
	s->is_msgpack = n && msgpack_starts_map(s->p[0]);
	s->depth = 0;
	s->room = room;
	s->room_n = 0;
	s->key_n = 0;
	s->e = e;
}

int scan_value(struct scan *s)
{
	return s->is_msgpack ? msgpack_scan_value(s) : json_scan_value(s);
}

int scan_key(struct scan *s)
{
	return s->is_msgpack ? msgpack_scan_key(s) : json_scan_key(s);
}

int scan_item(struct scan *s)
{
	return s->is_msgpack ? msgpack_scan_item(s) : json_scan_item(s);
}

int scan_end(struct scan *s)
{
	return s->is_msgpack ? msgpack_scan_end(s) : json_scan_end(s);
}

int scan_note_key(struct scan *s, size_t mark)
{
	struct scan_key key = { key_hash(s->text), s->text };

	for (size_t i = mark; i < s->key_n; i++) {
		if (s->keys[i].hash == key.hash && str_eq(s->keys[i].text, key.text))
			return error_set(s->e, ERR_DUPLICATE_KEY, NULL, "the key '%.*s' is there twice",
					 (int)utf8_whole(key.text.p, key.text.n > 64 ? 64 : key.text.n), key.text.p);
	}
	if (s->key_n == SCAN_KEYS_MAX)
		return error_set(s->e, ERR_TOO_MANY, NULL, "more than %d unknown keys in open objects", SCAN_KEYS_MAX);
	s->keys[s->key_n++] = key;
	return 0;
}

static int skip_next(struct scan *s)
{
	int token = scan_value(s);

	return token < 0 ? token : scan_skip(s, token);
}

/* Recursion ends at DECODE_DEPTH_MAX: the scanners open nothing deeper. */
int scan_skip(struct scan *s, int token)
{
	size_t mark = s->key_n;
	int rc = 0;

	if (token == TOKEN_ARRAY) {
		while ((rc = scan_item(s)) > 0) {
			rc = skip_next(s);
			if (rc)
				return rc;
		}
	} else if (token == TOKEN_OBJECT) {
		while ((rc = scan_key(s)) > 0) {
			rc = scan_note_key(s, mark);
			if (!rc)
				rc = skip_next(s);
			if (rc)
				return rc;
		}
		s->key_n = mark;
	}
	return rc;
}

uint32_t scan__long_key_hash(struct str s)
{
	return (uint32_t)XXH3_64bits(s.p, s.n);
}

bool number_integer(const struct number *n, int64_t *ret)
{
	uint64_t v = n->mantissa;

	if (n->more)
		return false;
	if (v && n->exponent > 0) {
		if (n->exponent > 18 || v > (uint64_t)INT64_MAX / pow10_of[n->exponent])
			return false;
		v *= pow10_of[n->exponent];
	} else if (v && n->exponent < 0) {
		if (n->exponent < -19 || v % pow10_of[-n->exponent])
			return false;
		v /= pow10_of[-n->exponent];
	}
	if (v > (uint64_t)INT64_MAX)
		return false;
	*ret = n->negative ? -(int64_t)v : (int64_t)v;
	return true;
}

bool number_micros(const struct number *n, int64_t max, int64_t *ret)
{
	int32_t exponent = n->exponent + 6;
	uint64_t v = n->mantissa, rest = 0;
	bool up = false;

	if (v && exponent >= 0) {
		if (exponent > 18 || v > (uint64_t)INT64_MAX / pow10_of[exponent])
			return false;
		v *= pow10_of[exponent];
	} else if (exponent < -19) {
		rest = v;
		v = 0;
	} else if (exponent < 0) {
		uint64_t unit = pow10_of[-exponent];

		rest = v % unit;
		v /= unit;
		up = rest >= unit / 2;
	}
	if (v > (uint64_t)max || (v == (uint64_t)max && (rest || n->more)))
		return false;
	v += up;
	*ret = n->negative ? -(int64_t)v : (int64_t)v;
	return true;
}

bool number_from_double(double v, struct number *ret)
{
	double magnitude = fabs(v);
	const unsigned char *p;
	char text[40];
	int n = 0;

	if (!isfinite(v))
		return false;
	if (magnitude < 1e9) { /* the usual case: a decimal of at most six places */
		double micros = (double)(uint64_t)(magnitude * 1e6 + 0.5);

		if (micros / 1e6 == magnitude) {
			*ret = (struct number){ (uint64_t)micros, -6, signbit(v), false };
			return true;
		}
	}
	for (int digits = 15; digits <= 17; digits++) {
		n = snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	p = (const unsigned char *)text;
	return json_parse_number(&p, p + n, ret);
}

double number_to_double(const struct number *n)
{
	char text[40];

	snprintf(text, sizeof(text), "%s%" PRIu64 "e%d", n->negative ? "-" : "", n->mantissa, n->exponent);
	return strtod(text, NULL);
}

/* Bytes of a sequence by its first byte, 0 when none begins so. */
static unsigned utf8_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* What the second byte may be: keeps out overlong forms, surrogates, and all above U+10FFFF. */
static bool utf8_second_fits(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second <= 0x9f;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second <= 0x8f;
	default:
		return true;
	}
}

unsigned utf8_sequence(const unsigned char *p, const unsigned char *end)
{
	unsigned n = p < end ? utf8_length(p[0]) : 0;

	if ((size_t)(end - p) < n)
		return 0;
	for (unsigned i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n < 2 || utf8_second_fits(p[0], p[1]) ? n : 0;
}

static bool is_ascii(const unsigned char *p, size_t n)
{
	const unsigned char *end = p + n;
	uint64_t all = 0;

	if (n < 8)
		return !n || !(load_short(p, n) & EIGHT(0x80));
	for (; end - p > 8; p += 8)
		all |= load64(p);
	all |= load64(end - 8);
	return !(all & EIGHT(0x80));
}

bool utf8_valid(const void *bytes, size_t n)
{
	const unsigned char *p = bytes, *end = p + n;

	if (is_ascii(p, n))
		return true;
	while (p < end) {
		unsigned length = utf8_sequence(p, end);

		if (!length)
			return false;
		p += length;
	}
	return true;
}

size_t utf8_whole(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	size_t lead = n;

	while (lead && n - lead < 3 && (p[lead - 1] & 0xc0) == 0x80)
		lead--;
	return lead && utf8_length(p[lead - 1]) > n - lead + 1 ? lead - 1 : n;
}

void utf8_vprint(char *ret, size_t size, const char *fmt, va_list ap)
{
	vsnprintf(ret, size, fmt, ap);
	ret[utf8_whole(ret, strlen(ret))] = '\0';
}

void utf8_print(char *ret, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	utf8_vprint(ret, size, fmt, ap);
	va_end(ap);
}
