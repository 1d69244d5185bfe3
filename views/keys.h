/*
 * keys.h - integers in keys are big-endian, so that LMDB's byte order is their order. Thread: any.
 */
#ifndef AISLE_VIEWS_KEYS_H
#define AISLE_VIEWS_KEYS_H

#include "schemas/base.h"

static inline void put_be32(unsigned char *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, 4);
}

static inline void put_be64(unsigned char *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, 8);
}

static inline uint32_t get_be32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return __builtin_bswap32(v);
}

static inline uint64_t get_be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return __builtin_bswap64(v);
}

/* The key of an interned id; borrows `buf`. */
static inline struct str id_key(uint32_t id, unsigned char buf[4])
{
	put_be32(buf, id);
	return (struct str){ (char *)buf, 4 };
}

static inline struct str id_key64(uint64_t id, unsigned char buf[8])
{
	put_be64(buf, id);
	return (struct str){ (char *)buf, 8 };
}

#endif
