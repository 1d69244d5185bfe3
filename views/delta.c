#include "views/delta.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

#define ROOM_AT_FIRST 4096

static void clear_tables(struct delta *d, size_t rows_room, size_t sums_room)
{
	d->rows = xcalloc(rows_room, sizeof(*d->rows));
	d->sums = xmalloc(sums_room * sizeof(*d->sums));
	for (size_t i = 0; i < sums_room; i++)
		d->sums[i].table = TABLE_COUNT;
	d->rows_room = rows_room;
	d->sums_room = sums_room;
	d->rows_n = 0;
	d->sums_n = 0;
}

void delta_init(struct delta *d)
{
	*d = (struct delta){ 0 };
	clear_tables(d, ROOM_AT_FIRST, ROOM_AT_FIRST);
}

void delta_fini(struct delta *d)
{
	arena_fini(&d->arena);
	free(d->rows);
	free(d->sums);
	*d = (struct delta){ 0 };
}

void delta_reset(struct delta *d)
{
	free(d->rows);
	free(d->sums);
	arena_reset(&d->arena);
	clear_tables(d, ROOM_AT_FIRST, ROOM_AT_FIRST);
}

size_t delta_bytes(const struct delta *d)
{
	return d->arena.total + d->rows_room * sizeof(*d->rows) + d->sums_room * sizeof(*d->sums);
}

static void grow_rows(struct delta *d)
{
	struct delta_row **old = d->rows;
	size_t old_room = d->rows_room;

	d->rows_room *= 2;
	d->rows = xcalloc(d->rows_room, sizeof(*d->rows));
	for (size_t i = 0; i < old_room; i++) {
		size_t at;

		if (!old[i])
			continue;
		for (at = old[i]->hash & (d->rows_room - 1); d->rows[at]; at = (at + 1) & (d->rows_room - 1))
			;
		d->rows[at] = old[i];
	}
	free(old);
}

struct delta_row *delta_row(struct delta *d, enum table_id id, struct str key, bool *is_new)
{
	uint64_t hash = XXH3_64bits_withSeed(key.p, key.n, (uint64_t)id);
	struct delta_row *row;
	size_t at;

	assert(key.n > 0 && key.n <= STORE_KEY_MAX);
	for (at = hash & (d->rows_room - 1); (row = d->rows[at]) != NULL; at = (at + 1) & (d->rows_room - 1)) {
		if (row->hash == hash && row->table == id && row->key_len == key.n &&
		    memcmp(row->key, key.p, key.n) == 0) {
			*is_new = false;
			return row;
		}
	}
	row = arena_alloc(&d->arena, sizeof(*row) + key.n);
	*row = (struct delta_row){ .hash = hash, .key_len = (uint16_t)key.n, .table = (uint8_t)id };
	memcpy(row->key, key.p, key.n);
	d->rows[at] = row;
	*is_new = true;
	if (++d->rows_n * 2 > d->rows_room)
		grow_rows(d);
	return row;
}

void delta_row_reserve(struct delta *d, struct delta_row *row, size_t n)
{
	unsigned char *value;

	if (n <= row->room)
		return;
	n += n / 2 + 16;
	value = arena_alloc(&d->arena, n);
	if (row->n)
		memcpy(value, row->value, row->n);
	row->value = value;
	row->room = (uint32_t)n;
}

static size_t sum_slot(const struct delta *d, enum table_id id, uint64_t group, uint32_t member)
{
	uint64_t h = (group * UINT64_C(0x9e3779b97f4a7c15)) ^ ((uint64_t)member << 8 | (uint64_t)id);

	h *= UINT64_C(0xd6e8feb86659fd93);
	return (size_t)((h ^ (h >> 32)) & (d->sums_room - 1));
}

static void grow_sums(struct delta *d)
{
	struct delta_sum *old = d->sums;
	size_t old_room = d->sums_room;

	d->sums_room *= 2;
	d->sums = xmalloc(d->sums_room * sizeof(*d->sums));
	for (size_t i = 0; i < d->sums_room; i++)
		d->sums[i].table = TABLE_COUNT;
	for (size_t i = 0; i < old_room; i++) {
		size_t at;

		if (old[i].table == TABLE_COUNT)
			continue;
		at = sum_slot(d, old[i].table, old[i].group, old[i].member);
		while (d->sums[at].table != TABLE_COUNT)
			at = (at + 1) & (d->sums_room - 1);
		d->sums[at] = old[i];
	}
	free(old);
}

int64_t *delta_sum(struct delta *d, enum table_id id, uint64_t group, uint32_t member)
{
	size_t at = sum_slot(d, id, group, member);
	unsigned columns = table_get(id)->columns;
	int64_t *ret;

	for (; d->sums[at].table != TABLE_COUNT; at = (at + 1) & (d->sums_room - 1)) {
		const struct delta_sum *s = &d->sums[at];

		if (s->group == group && s->member == member && s->table == id)
			return s->columns;
	}
	ret = arena_alloc(&d->arena, columns * sizeof(*ret));
	memset(ret, 0, columns * sizeof(*ret));
	d->sums[at] = (struct delta_sum){ .group = group, .member = member, .table = id, .columns = ret };
	if (++d->sums_n * 2 > d->sums_room)
		grow_sums(d);
	return ret;
}

static int compare_rows(const void *pa, const void *pb)
{
	const struct delta_row *a = *(struct delta_row *const *)pa, *b = *(struct delta_row *const *)pb;

	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	return str_cmp((struct str){ (const char *)a->key, a->key_len }, (struct str){ (const char *)b->key, b->key_len });
}

struct delta_row **delta_sorted_rows(const struct delta *d, size_t *n)
{
	struct delta_row **ret = xmalloc(d->rows_n * sizeof(struct delta_row *));

	*n = 0;
	for (size_t i = 0; i < d->rows_room; i++)
		if (d->rows[i] && d->rows[i]->dirty)
			ret[(*n)++] = d->rows[i];
	qsort(ret, *n, sizeof(struct delta_row *), compare_rows);
	return ret;
}

static int compare_sums(const void *pa, const void *pb)
{
	const struct delta_sum *a = pa, *b = pb;

	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return a->member < b->member ? -1 : a->member > b->member;
}

struct delta_sum *delta_sorted_sums(const struct delta *d, size_t *n)
{
	struct delta_sum *ret = xmalloc(d->sums_n * sizeof(*ret));

	*n = 0;
	for (size_t i = 0; i < d->sums_room; i++)
		if (d->sums[i].table != TABLE_COUNT)
			ret[(*n)++] = d->sums[i];
	qsort(ret, *n, sizeof(*ret), compare_sums);
	return ret;
}
