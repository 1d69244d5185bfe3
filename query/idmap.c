#include "query/idmap.h"

#include <stdlib.h>

#define ROOM_MIN 256

void idmap_fini(struct idmap *m)
{
	free(m->slots);
	*m = (struct idmap){ 0 };
}

void idmap_clear(struct idmap *m)
{
	m->n = 0;
	if (++m->stamp == 0 && m->room) {
		memset(m->slots, 0, m->room * sizeof(*m->slots));
		m->stamp = 1;
	}
}

static struct idmap_slot *find(const struct idmap *m, uint32_t key)
{
	size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (m->room - 1);

	while (m->slots[i].stamp == m->stamp && m->slots[i].key != key)
		i = (i + 1) & (m->room - 1);
	return &m->slots[i];
}

static void grow(struct idmap *m)
{
	struct idmap bigger = { .room = m->room ? m->room * 2 : ROOM_MIN, .n = m->n, .stamp = 1 };

	bigger.slots = xcalloc(bigger.room, sizeof(*bigger.slots));
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i].stamp == m->stamp) {
			struct idmap_slot *slot = find(&bigger, m->slots[i].key);

			*slot = m->slots[i];
			slot->stamp = bigger.stamp;
		}
	free(m->slots);
	*m = bigger;
}

uint32_t *idmap_put(struct idmap *m, uint32_t key, uint32_t value)
{
	struct idmap_slot *slot;

	if (m->n * 2 >= m->room)
		grow(m);
	slot = find(m, key);
	if (slot->stamp != m->stamp) {
		*slot = (struct idmap_slot){ key, value, m->stamp };
		m->n++;
	}
	return &slot->value;
}

const uint32_t *idmap_get(const struct idmap *m, uint32_t key)
{
	const struct idmap_slot *slot;

	if (m->n == 0)
		return NULL;
	slot = find(m, key);
	return slot->stamp == m->stamp ? &slot->value : NULL;
}
