/* Reading one group of sums, by cursors that a snapshot keeps: what answers ask for most. */
#include "views/store_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

static int unpack_counts(const MDB_val *v, size_t max, struct snap_counts *ret)
{
	const unsigned char *p = v->mv_data, *end = p + v->mv_size;
	struct sum_entry e = { 0 };

	/* no member has fewer than two bytes */
	if (ret->n + v->mv_size / 2 + 1 > ret->room) {
		ret->room = (ret->n + v->mv_size / 2 + 1) * 2;
		ret->v = xrealloc(ret->v, ret->room * sizeof(*ret->v));
	}
	while (p < end && ret->n < max) {
		int64_t n;

		p = store__unpack(p, end, 1, e.member, &e);
		if (!p)
			return ERR_STORE_CORRUPT;
		n = e.columns[0] < 0 ? 0 : e.columns[0];
		ret->v[ret->n++] = (struct snap_count){ e.member, n < UINT32_MAX ? (uint32_t)n : UINT32_MAX };
	}
	return 0;
}

/* A cursor for groups of the table, opened once. */
static int group_cursor(struct snap_level *at, enum table_id id, MDB_cursor **ret)
{
	int rc = 0;

	if (!at->cursors[id])
		rc = mdb_cursor_open(at->txn, at->level->dbi[id], &at->cursors[id]);
	*ret = at->cursors[id];
	return snap__error(rc);
}

/* The group's first row (MDB_SET_RANGE), or the one after the cursor's (MDB_NEXT); NOT_FOUND: it has no more. */
static int group_row(MDB_cursor *cur, uint64_t group, MDB_cursor_op op, MDB_val *ret)
{
	unsigned char key[SUM_KEY_BYTES] = { 0 };
	MDB_val k = { SUM_KEY_BYTES, key };
	uint64_t found;
	int rc;

	put_be64(key, group);
	rc = mdb_cursor_get(cur, &k, ret, op);
	if (rc)
		return snap__error(rc);
	if (!store__group(&k, &found))
		return ERR_STORE_CORRUPT;
	return found == group ? 0 : ERR_NOT_FOUND;
}

static int each_member(const MDB_val *v, enum table_id id, uint64_t group, snap_sum each, void *arg)
{
	const unsigned char *p = v->mv_data, *end = p + v->mv_size;
	unsigned columns = table_get(id)->columns;
	struct sum_entry e = { 0 };
	int rc = 0;

	while (p < end && !rc) {
		p = store__unpack(p, end, columns, e.member, &e);
		rc = p ? each(arg, group, e.member, e.columns) : ERR_STORE_CORRUPT;
	}
	return rc;
}

/* base is the last of the levels */
static unsigned first_of(const struct snap *sn, enum snap_part part)
{
	return part == PART_BASE ? sn->n - 1 : 0;
}

static unsigned end_of(const struct snap *sn, enum snap_part part)
{
	return part == PART_YOUNG ? sn->n - 1 : sn->n;
}

int snap_group_parts(struct snap *sn, enum snap_part part, enum table_id id, uint64_t group, snap_sum each, void *arg)
{
	int rc = 0;

	assert(sn->n);
	for (unsigned i = first_of(sn, part); i < end_of(sn, part) && !rc; i++) {
		MDB_cursor *cur;
		MDB_val v;

		rc = group_cursor(sn->at[i], id, &cur);
		if (!rc)
			rc = group_row(cur, group, MDB_SET_RANGE, &v);
		while (!rc) {
			rc = each_member(&v, id, group, each, arg);
			if (!rc)
				rc = group_row(cur, group, MDB_NEXT, &v);
		}
		if (rc == ERR_NOT_FOUND)
			rc = 0;
	}
	return rc;
}

int snap_mark_group(struct snap *sn, enum table_id id, uint64_t group, uint64_t *mark)
{
	for (unsigned i = 0; i < sn->n && sn->at[i]->level->number; i++) {
		MDB_cursor *cur;
		MDB_val v;
		int rc = group_cursor(sn->at[i], id, &cur);

		if (rc)
			return rc;
		for (rc = group_row(cur, group, MDB_SET_RANGE, &v); !rc; rc = group_row(cur, group, MDB_NEXT, &v))
			*mark = XXH3_64bits_withSeed(v.mv_data, v.mv_size, *mark + group + 1);
		if (rc != ERR_NOT_FOUND)
			return rc;
	}
	return 0;
}

/* Until the list has `max`. */
static int group_of_level(struct snap_level *at, enum table_id id, uint64_t group, size_t max, struct snap_counts *ret)
{
	MDB_cursor *cur;
	MDB_val v;
	int rc = group_cursor(at, id, &cur);

	if (rc)
		return rc;
	for (rc = group_row(cur, group, MDB_SET_RANGE, &v); !rc; rc = group_row(cur, group, MDB_NEXT, &v)) {
		rc = unpack_counts(&v, max, ret);
		if (rc || ret->n == max)
			return rc;
	}
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static uint32_t add_counts(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* v[0..middle) and v[middle..n) are sorted by member: merge them, counts of one member added. */
static void merge_runs(struct snap_counts *list, size_t middle)
{
	const struct snap_count *v = list->v;
	struct snap_count *to;
	size_t a = 0, b = middle, n = 0, end = list->n;

	if (middle == 0 || middle == end)
		return;
	to = snap_counts_spare(list);
	while (a < middle && b < end) { /* without a jump that depends on which comes next, which nobody can foretell */
		struct snap_count x = v[a], y = v[b];
		bool in_a = x.member <= y.member, in_b = y.member <= x.member;

		to[n++] = (struct snap_count){ in_a ? x.member : y.member,
					       add_counts(in_a ? x.count : 0, in_b ? y.count : 0) };
		a += in_a;
		b += in_b;
	}
	while (a < middle)
		to[n++] = v[a++];
	while (b < end)
		to[n++] = v[b++];
	list->n = n;
	snap_counts_swap(list);
}

/* Of each level about `max`. */
static int add(struct snap *sn, enum snap_part part, enum table_id id, uint64_t group, size_t max,
	       struct snap_counts *list)
{
	int rc = 0;

	assert(sn->n && table_get(id)->columns == 1);
	for (unsigned i = first_of(sn, part); i < end_of(sn, part) && !rc; i++) {
		size_t middle = list->n;

		rc = group_of_level(sn->at[i], id, group, max < SIZE_MAX - middle ? middle + max : SIZE_MAX, list);
		merge_runs(list, middle);
	}
	return rc;
}

int snap_add_group(struct snap *sn, enum snap_part part, enum table_id id, uint64_t group, struct snap_counts *list)
{
	return add(sn, part, id, group, SIZE_MAX, list);
}

int snap_add_first(struct snap *sn, enum table_id id, uint64_t group, size_t max, struct snap_counts *list)
{
	return add(sn, PART_ALL, id, group, max, list);
}

struct snap_count *snap_counts_spare(struct snap_counts *list)
{
	if (list->spare_room < list->room) {
		list->spare_room = list->room;
		list->spare = xrealloc(list->spare, list->spare_room * sizeof(*list->spare));
	}
	return list->spare;
}

void snap_counts_swap(struct snap_counts *list)
{
	struct snap_count *v = list->v;
	size_t room = list->room;

	list->v = list->spare;
	list->room = list->spare_room;
	list->spare = v;
	list->spare_room = room;
}

void snap_counts_fini(struct snap_counts *list)
{
	free(list->v);
	free(list->spare);
	*list = (struct snap_counts){ 0 };
}
