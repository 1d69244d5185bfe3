/* The packed form of adding tables: members as varint gaps, columns as zigzag varints. */
#include "views/store_internal.h"

static size_t put_varint(unsigned char *p, uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (unsigned char)v;
	return n;
}

static const unsigned char *get_varint(const unsigned char *p, const unsigned char *end, uint64_t *ret)
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

const unsigned char *store__unpack(const unsigned char *p, const unsigned char *end, unsigned columns,
				   uint32_t previous, struct sum_entry *ret)
{
	uint64_t v;

	p = get_varint(p, end, &v);
	if (!p)
		return NULL;
	ret->member = previous + (uint32_t)v;
	for (unsigned i = 0; i < columns; i++) {
		p = get_varint(p, end, &v);
		if (!p)
			return NULL;
		ret->columns[i] = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
	}
	return p;
}

size_t store__pack(unsigned char *p, unsigned columns, uint32_t previous, const struct sum_entry *e)
{
	size_t n = put_varint(p, e->member - previous);

	for (unsigned i = 0; i < columns; i++) {
		int64_t v = e->columns[i];

		n += put_varint(p + n, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
	}
	return n;
}
