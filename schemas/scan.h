/*
 * scan.h - one pull interface over a JSON text or a MessagePack value, so that
 * field handling is written once. One pass, no allocation.
 *
 *     token = scan_value(s)             what starts here; a string's or number's value is in s->text, s->number
 *     while ((rc = scan_key(s)) > 0)    after TOKEN_OBJECT: s->text is the key, its value comes next
 *     while ((rc = scan_item(s)) > 0)   after TOKEN_ARRAY: an element comes next
 *
 * Strict: what is read is well-formed JSON (RFC 8259) or MessagePack whose keys are strings, in UTF-8, at most
 * DECODE_DEPTH_MAX deep. MessagePack's bin and ext values are TOKEN_OTHER: no field takes them.
 *
 * Errors: every function returns a negative ERR_ value of class SKIP with s->e filled, and the scan ends there.
 * Ownership: strings point into the record, or into s->room when they had escapes; both outlive the scan.
 */
#ifndef AISLE_SCHEMAS_SCAN_H
#define AISLE_SCHEMAS_SCAN_H

#include "schemas/decode.h"

#include <stdarg.h>

/* The same byte eight times: to look at eight bytes at once. */
#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

#define SCAN_KEYS_MAX 2048 /* unknown keys of all objects that are open at once */

enum token {
	TOKEN_NULL,
	TOKEN_FALSE,
	TOKEN_TRUE,
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_OBJECT,
	TOKEN_ARRAY,
	TOKEN_OTHER,
};

/* +-mantissa x 10^exponent, exactly as written up to 19 digits; `more`: further digits that are not zero followed. */
struct number {
	uint64_t mantissa;
	int32_t exponent;
	bool negative;
	bool more;
};

struct scan_key {
	uint32_t hash;
	struct str text;
};

struct scan {
	const unsigned char *begin, *p, *end;
	bool is_msgpack;
	unsigned depth;
	uint32_t left[DECODE_DEPTH_MAX +
		      1]; /* per open container; MessagePack: what is to come, JSON: 1 before the first */
	struct str text;  /* of the last key, string or (JSON) number */
	struct number number;
	char *room; /* unescaped strings */
	size_t room_n;
	size_t key_n;
	struct scan_key keys[SCAN_KEYS_MAX];
	struct error *e;
};

/* Begin at the first byte, which tells the format; `room` holds n bytes or more. */
void scan_init(struct scan *s, const void *bytes, size_t n, char *room, struct error *e);

/* A token, or an error. */
int scan_value(struct scan *s) MUST_CHECK;

/* 1, 0 at the end of the container, or an error. */
int scan_key(struct scan *s) MUST_CHECK;
int scan_item(struct scan *s) MUST_CHECK;

/* Nothing but white space (JSON) may be left. */
int scan_end(struct scan *s) MUST_CHECK;

/* Read on to the end of the value that `token` began. */
int scan_skip(struct scan *s, int token) MUST_CHECK;

/* Note s->text as a key of the object whose first noted key is keys[mark]; ERR_DUPLICATE_KEY when it has it already. */
int scan_note_key(struct scan *s, size_t mark) MUST_CHECK;

/* The number is a whole one that fits: true. 2.0 and 2e0 are whole. */
bool number_integer(const struct number *n, int64_t *ret);

/* n x 1e6 rounded half away from zero; false when |n| x 1e6 is above `max`, exactly compared. */
bool number_micros(const struct number *n, int64_t max, int64_t *ret);

/* The shortest decimal text that reads back as v, as a number; false for inf and nan. */
bool number_from_double(double v, struct number *ret);
/* The double next to it; inf beyond their range. */
double number_to_double(const struct number *n);

/* Bytes of the UTF-8 sequence at p (RFC 3629: no surrogates, nothing overlong); 0 when it is none. */
unsigned utf8_sequence(const unsigned char *p, const unsigned char *end);
bool utf8_valid(const void *bytes, size_t n);
/* Of n bytes those before a sequence that their end cuts. */
size_t utf8_whole(const void *bytes, size_t n);
/* snprintf that cuts a text, to its room or to a precision at its end, before such a sequence. */
void utf8_print(char *ret, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
void utf8_vprint(char *ret, size_t size, const char *fmt, va_list ap);

static inline uint64_t load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* 1 to 7 bytes in no order, some of them twice, or filled up with spaces; its branches are those that lengths seldom change. */
static inline uint64_t load_short(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint32_t first, last;

	if (n < 4)
		return (EIGHT(' ') << 24) | (uint64_t)p[n - 1] << 16 | (uint64_t)p[n / 2] << 8 | p[0];
	memcpy(&first, p, 4);
	memcpy(&last, p + n - 4, 4);
	return (uint64_t)last << 32 | first;
}

uint32_t scan__long_key_hash(struct str s);

/* For the table of field names and to tell a record's keys apart; up to 16 bytes it costs a multiplication. */
static inline uint32_t key_hash(struct str s)
{
	uint64_t a = 0, b = 0;

	if (s.n > 16)
		return scan__long_key_hash(s);
	if (s.n >= 8) {
		a = load64(s.p);
		b = load64(s.p + s.n - 8);
	} else {
		for (uint32_t i = 0; i < s.n; i++)
			a = a << 8 | (unsigned char)s.p[i];
	}
	a = (a ^ (b << 29 | b >> 35) ^ s.n) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(a >> 32);
}

#endif
