#include "views/idmap.h"

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

void idmap__grow(struct idmap *m)
{
	struct idmap bigger = { .room = m->room ? m->room * 2 : ROOM_MIN, .n = m->n, .stamp = 1 };

	bigger.slots = xcalloc(bigger.room, sizeof(*bigger.slots));
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i].stamp == m->stamp) {
			struct idmap_slot *slot = idmap__find(&bigger, m->slots[i].key);

			*slot = m->slots[i];
			slot->stamp = bigger.stamp;
		}
	free(m->slots);
	*m = bigger;
}
