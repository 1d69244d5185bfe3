/*
 * control_map.h - many small lists of numbers by a 64-bit key, made once and read often: which rules may hold for a
 * placement and category, which rules are about an item.
 *
 * Keys are hashes: two texts in 2^64 are taken for each other.
 * Thread: any, once it is made.
 */
#ifndef AISLE_QUERY_CONTROL_MAP_H
#define AISLE_QUERY_CONTROL_MAP_H

#include "schemas/base.h"

struct control_entry {
	uint64_t key;
	uint32_t value;
};

struct control_map {
	struct control_entry *entries; /* by key, then value */
	uint32_t n, room;
	uint32_t *slots; /* place of a key's first entry, plus one; 0: empty */
	uint32_t slot_n; /* a power of two, or 0 */
};

void control_map_add(struct control_map *m, uint64_t key, uint32_t value);
/* After the last one was added. */
void control_map_settle(struct control_map *m);
void control_map_fini(struct control_map *m);

/* The key's entries, ascending; returns how many. */
uint32_t control_map_get(const struct control_map *m, uint64_t key, const struct control_entry **ret);

#endif
