/*
 * idmap.h - a map from ids and other numbers to small ones that is emptied and filled again, mostly for each answer.
 *
 * All-zero is an empty map. Emptying costs nothing, the memory stays; it grows to twice the largest number of keys.
 * Thread: the owner's.
 */
#ifndef AISLE_VIEWS_IDMAP_H
#define AISLE_VIEWS_IDMAP_H

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

void idmap__grow(struct idmap *m);

/* Its slot, or the free one where it belongs; there is room. */
static inline struct idmap_slot *idmap__find(const struct idmap *m, uint32_t key)
{
	size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (m->room - 1);

	while (m->slots[i].stamp == m->stamp && m->slots[i].key != key)
		i = (i + 1) & (m->room - 1);
	return &m->slots[i];
}

/* The key's value, put as `value` when the key is new. Valid until the next put. */
static inline uint32_t *idmap_put(struct idmap *m, uint32_t key, uint32_t value)
{
	struct idmap_slot *slot;

	if (m->n * 2 >= m->room)
		idmap__grow(m);
	slot = idmap__find(m, key);
	if (slot->stamp != m->stamp) {
		*slot = (struct idmap_slot){ key, value, m->stamp };
		m->n++;
	}
	return &slot->value;
}

/* NULL when the key is not there. */
static inline const uint32_t *idmap_get(const struct idmap *m, uint32_t key)
{
	const struct idmap_slot *slot;

	if (m->n == 0)
		return NULL;
	slot = idmap__find(m, key);
	return slot->stamp == m->stamp ? &slot->value : NULL;
}

#endif
