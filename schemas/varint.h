/*
 * varint.h - integers of 1 to 10 bytes, seven bits a byte, the lowest first; signed ones as zigzag. Thread: any.
 */
#ifndef AISLE_SCHEMAS_VARINT_H
#define AISLE_SCHEMAS_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX 10 /* bytes */

/* Returns the bytes written. */
static inline size_t put_varint(unsigned char *p, uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (unsigned char)v;
	return n;
}

/* Returns the end, or NULL when the bytes are damaged. */
static inline const unsigned char *get_varint(const unsigned char *p, const unsigned char *end, uint64_t *ret)
{
	uint64_t v = 0;

	if (p < end && *p < 0x80) {
		*ret = *p;
		return p + 1;
	}
	for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
		v |= (uint64_t)(*p & 0x7f) << shift;
		if (*p++ < 0x80) {
			*ret = v;
			return p;
		}
	}
	return NULL;
}

static inline uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static inline int64_t unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

#endif
