#include "views/delta.h"
#include "views/keys.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

#define ROOM_AT_FIRST 256
#define ROOM_KEPT 65536

void delta_init(struct delta *d)
{
	*d = (struct delta){ 0 };
	d->rows_room = ROOM_AT_FIRST;
	d->rows = xcalloc(d->rows_room, sizeof(*d->rows));
}

void delta_fini(struct delta *d)
{
	free(d->rows);
	for (int i = 0; i < TABLE_COUNT; i++) {
		free(d->sums[i].v);
		free(d->tallies[i]);
	}
	arena_fini(&d->arena);
	*d = (struct delta){ 0 };
}

/*
 * Small tables are used again: a live log has a batch every few milliseconds. What is larger than the batch needed is halved, since all of a
 * table is cleared here and walked at commit.
 */
void delta_reset(struct delta *d)
{
	arena_reset(&d->arena);
	if (d->rows_room <= ROOM_KEPT) {
		if (d->rows_room > ROOM_AT_FIRST && d->rows_n * 8 < d->rows_room)
			d->rows_room /= 2;
		memset(d->rows, 0, d->rows_room * sizeof(*d->rows));
	} else {
		free(d->rows);
		d->rows_room = ROOM_AT_FIRST;
		d->rows = xcalloc(d->rows_room, sizeof(*d->rows));
	}
	d->rows_n = 0;
	for (int i = 0; i < TABLE_COUNT; i++) {
		struct sum_log *log = &d->sums[i];

		free(d->tallies[i]);
		d->tallies[i] = NULL;
		log->n = 0;
		if (log->room > ROOM_KEPT) {
			free(log->v);
			*log = (struct sum_log){ 0 };
		}
	}
}

size_t delta_bytes(const struct delta *d)
{
	size_t ret = d->arena.total + d->rows_room * sizeof(*d->rows);

	for (int i = 0; i < TABLE_COUNT; i++)
		ret += d->sums[i].n * sizeof(struct sum_add);
	return ret;
}

static void grow_rows(struct delta *d)
{
	struct delta_place *old = d->rows;
	size_t old_room = d->rows_room;

	d->rows_room *= 2;
	d->rows = xcalloc(d->rows_room, sizeof(*d->rows));
	for (size_t i = 0; i < old_room; i++) {
		size_t at;

		if (!old[i].row)
			continue;
		for (at = old[i].hash & (d->rows_room - 1); d->rows[at].row; at = (at + 1) & (d->rows_room - 1))
			;
		d->rows[at] = old[i];
	}
	free(old);
}

static uint64_t hash_of(enum table_id id, struct str key)
{
	return XXH3_64bits_withSeed(key.p, key.n, (uint64_t)id);
}

/* Where the row is, or the free place where it would be. */
static struct delta_place *place_of(const struct delta *d, uint64_t hash, enum table_id id, struct str key)
{
	const struct delta_row *row;
	size_t at;

	for (at = hash & (d->rows_room - 1); (row = d->rows[at].row) != NULL; at = (at + 1) & (d->rows_room - 1))
		if (d->rows[at].hash == hash && row->table == id && row->key_len == key.n &&
		    memcmp(row->key, key.p, key.n) == 0)
			break;
	return &d->rows[at];
}

const struct delta_row *delta_find(const struct delta *d, enum table_id id, struct str key)
{
	return place_of(d, hash_of(id, key), id, key)->row;
}

struct delta_row *delta_row(struct delta *d, enum table_id id, struct str key, bool *is_new)
{
	uint64_t hash = hash_of(id, key);
	struct delta_place *place = place_of(d, hash, id, key);
	struct delta_row *row = place->row;

	assert(key.n > 0 && key.n <= STORE_KEY_MAX);
	*is_new = !row;
	if (row)
		return row;
	row = arena_alloc(&d->arena, sizeof(*row) + key.n);
	*row = (struct delta_row){ .key_len = (uint16_t)key.n,
				   .table = (uint8_t)id,
				   .tree = table_get(id)->kind == TABLE_ACTOR ? 0 : (uint8_t)(id + 1) };
	memcpy(row->key, key.p, key.n);
	*place = (struct delta_place){ hash, row };
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

/* A row and the beginning of its place in LMDB's trees (store.h): most are put in order without a look at them. */
struct ranked {
	uint64_t
		rank; /* tree u8, then of ACTOR tables: actor, table, two bytes of the rest; of others: seven bytes of the key */
	struct delta_row *row;
};

static uint64_t rank_of(const struct delta_row *row)
{
	unsigned char bytes[8] = { row->tree };
	size_t n = row->key_len < 7 ? row->key_len : 7;

	memcpy(bytes + 1, row->key, n);
	if (row->tree == 0) {
		bytes[1 + ACTOR_KEY_MIN] = row->table;
		n -= ACTOR_KEY_MIN;
		memset(bytes + 2 + ACTOR_KEY_MIN, 0, 2);
		memcpy(bytes + 2 + ACTOR_KEY_MIN, row->key + ACTOR_KEY_MIN, n < 2 ? n : 2);
	}
	return get_be64(bytes);
}

static int compare_ranked(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return str_cmp((struct str){ (const char *)a->row->key, a->row->key_len },
		       (struct str){ (const char *)b->row->key, b->row->key_len });
}

struct delta_row **delta_sorted_rows(const struct delta *d, size_t *n)
{
	struct ranked *ranked = xmalloc(d->rows_n * sizeof(*ranked));
	struct delta_row **ret = xmalloc(d->rows_n * sizeof(struct delta_row *));

	*n = 0;
	for (size_t i = 0; i < d->rows_room; i++)
		if (d->rows[i].row && d->rows[i].row->dirty)
			ranked[(*n)++] = (struct ranked){ rank_of(d->rows[i].row), d->rows[i].row };
	qsort(ranked, *n, sizeof(*ranked), compare_ranked);
	for (size_t i = 0; i < *n; i++)
		ret[i] = ranked[i].row;
	free(ranked);
	return ret;
}
