/*
 * idmap.h - a map from interned ids to small numbers that is emptied and filled again for each answer.
 *
 * All-zero is an empty map. Emptying costs nothing, the memory stays; it grows to twice the largest number of keys.
 * Thread: the owner's.
 */
#ifndef AISLE_QUERY_IDMAP_H
#define AISLE_QUERY_IDMAP_H

#include "schemas/base.h"

struct idmap_slot {
	uint32_t key, value;
	uint32_t stamp; /* taken when it is the map's */
};

struct idmap {
	struct idmap_slot *slots;
	size_t room; /* a power of two, or 0 */
	size_t n;
	uint32_t stamp;
};

void idmap_fini(struct idmap *m);
void idmap_clear(struct idmap *m);

/* The key's value, put as `value` when the key is new. Valid until the next put. */
uint32_t *idmap_put(struct idmap *m, uint32_t key, uint32_t value);
/* NULL when the key is not there. */
const uint32_t *idmap_get(const struct idmap *m, uint32_t key);

#endif
