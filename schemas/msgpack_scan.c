#include "schemas/msgpack_scan.h"

#include <endian.h>

static int cut(struct scan *s)
{
	return error_set(s->e, ERR_BAD_MSGPACK, NULL, "MessagePack ends inside a value");
}

/* A big-endian number of 1, 2, 4 or 8 bytes. */
static bool take_be(struct scan *s, unsigned width, uint64_t *ret)
{
	uint64_t v = 0;

	if ((size_t)(s->end - s->p) < width)
		return false;
	if (width == 8) {
		*ret = be64toh(load64(s->p));
		s->p += 8;
		return true;
	}
	for (unsigned i = 0; i < width; i++)
		v = v << 8 | s->p[i];
	s->p += width;
	*ret = v;
	return true;
}

static int integer(struct scan *s, uint64_t magnitude, bool negative)
{
	s->number = (struct number){ .mantissa = magnitude, .negative = negative };
	s->text = (struct str){ 0 };
	return TOKEN_NUMBER;
}

static int signed_integer(struct scan *s, int64_t v)
{
	return integer(s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
}

static int floating(struct scan *s, unsigned width)
{
	uint64_t bits;
	double v;

	if (!take_be(s, width, &bits))
		return cut(s);
	if (width == 4) {
		uint32_t bits32 = (uint32_t)bits;
		float f;

		memcpy(&f, &bits32, sizeof(f));
		v = f;
	} else {
		memcpy(&v, &bits, sizeof(v));
	}
	s->text = (struct str){ 0 };
	if (!number_from_double(v, &s->number))
		return TOKEN_OTHER;
	return TOKEN_NUMBER;
}

static int string(struct scan *s, uint64_t n)
{
	if (n > (uint64_t)(s->end - s->p))
		return cut(s);
	if (!utf8_valid(s->p, n))
		return error_set(s->e, ERR_BAD_UTF8, NULL, "a string of %zu bytes is not UTF-8", (size_t)n);
	s->text = (struct str){ (const char *)s->p, (uint32_t)n };
	s->p += n;
	return TOKEN_STRING;
}

static int opaque(struct scan *s, uint64_t n)
{
	if (n > (uint64_t)(s->end - s->p))
		return cut(s);
	s->p += n;
	return TOKEN_OTHER;
}

/* A count beyond the bytes left is refused at once, not element by element. */
static int container(struct scan *s, uint64_t count, int token)
{
	if (s->depth == DECODE_DEPTH_MAX)
		return error_set(s->e, ERR_TOO_DEEP, NULL, "nested more than %d deep", DECODE_DEPTH_MAX);
	if (count > (uint64_t)(s->end - s->p))
		return cut(s);
	s->left[++s->depth] = (uint32_t)count;
	return token;
}

/* The types 0xc4..0xdf whose head is a size of 1, 2 or 4 bytes. */
static int sized(struct scan *s, unsigned char c)
{
	static const uint8_t widths[0x20] = {
		[0x04] = 1, [0x05] = 2, [0x06] = 4, [0x07] = 1, [0x08] = 2, [0x09] = 4, [0x19] = 1,
		[0x1a] = 2, [0x1b] = 4, [0x1c] = 2, [0x1d] = 4, [0x1e] = 2, [0x1f] = 4,
	};
	uint64_t n;

	if (!take_be(s, widths[c & 0x1f], &n))
		return cut(s);
	if (c <= 0xc6)
		return opaque(s, n);
	if (c <= 0xc9)
		return opaque(s, n + 1); /* ext: the type byte too */
	if (c <= 0xdb)
		return string(s, n);
	return container(s, n, c <= 0xdd ? TOKEN_ARRAY : TOKEN_OBJECT);
}

static int number(struct scan *s, unsigned char c)
{
	unsigned width = 1u << (c & 3);
	uint64_t v;

	if (c == 0xca || c == 0xcb)
		return floating(s, c == 0xca ? 4 : 8);
	if (!take_be(s, width, &v))
		return cut(s);
	if (c <= 0xcf)
		return integer(s, v, false);
	return signed_integer(s, (int64_t)(v << (64 - 8 * width)) >> (64 - 8 * width));
}

int msgpack_scan_value(struct scan *s)
{
	unsigned char c;

	if (s->p >= s->end)
		return cut(s);
	c = *s->p++;
	if (c < 0x80)
		return integer(s, c, false);
	if (c < 0x90)
		return container(s, c & 0x0f, TOKEN_OBJECT);
	if (c < 0xa0)
		return container(s, c & 0x0f, TOKEN_ARRAY);
	if (c < 0xc0)
		return string(s, c & 0x1f);
	if (c >= 0xe0)
		return signed_integer(s, (int8_t)c);
	if (c == 0xc0)
		return TOKEN_NULL;
	if (c == 0xc1)
		return error_set(s->e, ERR_BAD_MSGPACK, NULL, "byte 0xc1 begins no MessagePack value");
	if (c <= 0xc3)
		return c == 0xc2 ? TOKEN_FALSE : TOKEN_TRUE;
	if (c >= 0xca && c <= 0xd3)
		return number(s, c);
	if (c >= 0xd4 && c <= 0xd8) /* fixext: 1, 2, 4, 8, 16 bytes behind the type */
		return opaque(s, 1 + (UINT64_C(1) << (c - 0xd4)));
	return sized(s, c);
}

int msgpack_scan_item(struct scan *s)
{
	if (!s->left[s->depth]) {
		s->depth--;
		return 0;
	}
	s->left[s->depth]--;
	return 1;
}

int msgpack_scan_key(struct scan *s)
{
	int token;

	if (!msgpack_scan_item(s))
		return 0;
	token = msgpack_scan_value(s);
	if (token >= 0 && token != TOKEN_STRING)
		return error_set(s->e, ERR_WRONG_TYPE, NULL, "a key of a map is not a string");
	return token < 0 ? token : 1;
}

int msgpack_scan_end(struct scan *s)
{
	if (s->p < s->end)
		return error_set(s->e, ERR_TRAILING_BYTES, NULL, "%td bytes after the end of the MessagePack value",
				 s->end - s->p);
	return 0;
}
