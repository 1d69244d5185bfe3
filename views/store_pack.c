/* The packed form of adding tables: members as varint gaps, columns as zigzag varints. */
#include "schemas/varint.h"
#include "views/store_internal.h"

const unsigned char *store__unpack(const unsigned char *p, const unsigned char *end, unsigned columns,
				   uint32_t previous, struct sum_entry *ret)
{
	uint64_t v;

	p = get_varint(p, end, &v);
	if (!p || v > UINT32_MAX - previous)
		return NULL;
	ret->member = previous + (uint32_t)v;
	for (unsigned i = 0; i < columns; i++) {
		p = get_varint(p, end, &v);
		if (!p)
			return NULL;
		ret->columns[i] = unzigzag(v);
	}
	return p;
}

size_t store__pack(unsigned char *p, unsigned columns, uint32_t previous, const struct sum_entry *e)
{
	size_t n = put_varint(p, e->member - previous);

	for (unsigned i = 0; i < columns; i++)
		n += put_varint(p + n, zigzag(e->columns[i]));
	return n;
}
