#include "query/control_map.h"

#include <stdlib.h>

void control_map_add(struct control_map *m, uint64_t key, uint32_t value)
{
	ARRAY_GROW(m->entries, m->n, m->room, 64);
	m->entries[m->n++] = (struct control_entry){ key, value };
}

static int in_order(const void *pa, const void *pb)
{
	const struct control_entry *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->value < b->value ? -1 : a->value > b->value;
}

static uint32_t *slot_of(const struct control_map *m, uint64_t key)
{
	uint32_t i = (uint32_t)key & (m->slot_n - 1);

	while (m->slots[i] && m->entries[m->slots[i] - 1].key != key)
		i = (i + 1) & (m->slot_n - 1);
	return &m->slots[i];
}

void control_map_settle(struct control_map *m)
{
	if (!m->n)
		return;
	qsort(m->entries, m->n, sizeof(*m->entries), in_order);
	for (m->slot_n = 16; m->slot_n < 2 * m->n;)
		m->slot_n *= 2;
	m->slots = xcalloc(m->slot_n, sizeof(*m->slots));
	for (uint32_t i = 0; i < m->n; i++)
		if (i == 0 || m->entries[i].key != m->entries[i - 1].key)
			*slot_of(m, m->entries[i].key) = i + 1;
}

void control_map_fini(struct control_map *m)
{
	free(m->entries);
	free(m->slots);
	*m = (struct control_map){ 0 };
}

uint32_t control_map_get(const struct control_map *m, uint64_t key, const struct control_entry **ret)
{
	uint32_t first, n = 0;

	if (!m->n)
		return 0;
	first = *slot_of(m, key);
	if (!first)
		return 0;
	*ret = &m->entries[first - 1];
	while (first - 1 + n < m->n && (*ret)[n].key == key)
		n++;
	return n;
}
