/* Reading many rows: the levels of a snapshot side by side, in the order of their keys. */
#include "views/delta.h"
#include "views/store_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

#define LEVELS (YOUNG_MAX + 1)

/* ---- replacing tables ---- */

/* What is walked: the rows of a table whose keys, as LMDB has them, begin with the prefix. */
struct walk {
	enum table_id id;
	MDB_val prefix;
};

/* One level's place in it. */
struct place {
	struct snap_level *at;
	MDB_cursor *cur;
	MDB_val k, v;
	bool ended;
};

static int move_place(struct place *pl, const struct walk *w, MDB_cursor_op op)
{
	enum table_id of;
	int rc;

	do {
		rc = mdb_cursor_get(pl->cur, &pl->k, &pl->v, op);
		of = rc ? w->id : store__table_of(w->id, &pl->k);
		op = MDB_NEXT;
	} while (of != w->id && of != TABLE_COUNT);
	if (of == TABLE_COUNT)
		return MDB_CORRUPTED;
	pl->ended = rc || pl->k.mv_size < w->prefix.mv_size ||
		    (w->prefix.mv_size && memcmp(pl->k.mv_data, w->prefix.mv_data, w->prefix.mv_size) != 0);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int open_places(struct snap *sn, const struct walk *w, const MDB_val *first, struct place places[LEVELS])
{
	int rc = 0;

	for (unsigned i = 0; i < sn->n && !rc; i++) {
		struct place *pl = &places[i];

		*pl = (struct place){ .at = sn->at[i], .k = *first };
		/* cursors of their own: `each` may read the same table */
		rc = mdb_cursor_open(pl->at->txn, pl->at->level->dbi[w->id], &pl->cur);
		if (!rc)
			rc = move_place(pl, w, first->mv_size ? MDB_SET_RANGE : MDB_FIRST);
	}
	return rc;
}

static int compare_keys(const MDB_val *a, const MDB_val *b)
{
	return str_cmp((struct str){ a->mv_data, (uint32_t)a->mv_size },
		       (struct str){ b->mv_data, (uint32_t)b->mv_size });
}

/* The smallest key, of the newest level that has it; NULL at the end. */
static struct place *next_place(struct place *places, unsigned n)
{
	struct place *ret = NULL;

	for (unsigned i = 0; i < n; i++)
		if (!places[i].ended && (!ret || compare_keys(&places[i].k, &ret->k) < 0))
			ret = &places[i];
	return ret;
}

/* Past the row of `of`, in the older levels too. */
static int pass(struct place *places, unsigned n, const struct place *of, const struct walk *w)
{
	MDB_val k = of->k;
	int rc = 0;

	for (unsigned i = n; i-- > 0 && !rc;)
		if (!places[i].ended && compare_keys(&places[i].k, &k) == 0)
			rc = move_place(&places[i], w, MDB_NEXT);
	return rc;
}

static int visit(const struct place *pl, enum table_id id, unsigned char **buf, snap_row each, void *arg)
{
	struct row_key own;
	struct str key, value;
	int rc;

	if (row_is_deletion(&pl->v) && pl->at->level->number)
		return 0;
	store__own_key(id, &pl->k, &own, &key);
	rc = store__assemble(pl->at->level, pl->at->txn, id, key, pl->v, buf, &value);
	return rc ? rc : each(arg, key, value);
}

/* Each key from `first` on that begins with the prefix. */
static int each_row(struct snap *sn, enum table_id id, struct str first, struct str prefix, snap_row each, void *arg)
{
	struct row_key first_buf, prefix_buf;
	MDB_val from = store__row_key(id, first, &first_buf);
	struct walk w = { id, store__row_key(id, prefix, &prefix_buf) };
	struct place places[LEVELS] = { 0 }, *pl;
	unsigned char *assembled = NULL;
	int rc, ret = 0;

	assert(sn->n);
	rc = open_places(sn, &w, &from, places);
	while (!rc && !ret && (pl = next_place(places, sn->n))) {
		ret = visit(pl, id, &assembled, each, arg);
		if (!ret)
			rc = pass(places, sn->n, pl, &w);
	}
	for (unsigned i = 0; i < sn->n; i++)
		if (places[i].cur)
			mdb_cursor_close(places[i].cur);
	free(assembled);
	return ret ? ret : store__error(rc);
}

int snap_each(struct snap *sn, enum table_id id, struct str prefix, snap_row each, void *arg)
{
	return each_row(sn, id, prefix, prefix, each, arg);
}

int snap_each_from(struct snap *sn, enum table_id id, struct str first, snap_row each, void *arg)
{
	return each_row(sn, id, first, (struct str){ NULL, 0 }, each, arg);
}

/* ---- adding tables ---- */

/* One level's place in a walk over groups, one member at a time. */
struct sum_place {
	MDB_cursor *cur;
	const unsigned char *p, *end; /* what is left of the row */
	uint64_t group;
	struct sum_entry e;
	bool ended;
};

/* The next row within `last`. */
static int next_row(struct sum_place *pl, MDB_val *k, MDB_cursor_op op, uint64_t last)
{
	MDB_val v;
	int rc = mdb_cursor_get(pl->cur, k, &v, op);

	if (!rc && !store__group(k, &pl->group))
		return ERR_STORE_CORRUPT;
	pl->ended = rc || pl->group > last;
	if (!pl->ended) {
		pl->p = v.mv_data;
		pl->end = pl->p + v.mv_size;
		pl->e.member = 0;
	}
	return rc == MDB_NOTFOUND ? 0 : store__error(rc);
}

static int next_member(struct sum_place *pl, unsigned columns, uint64_t last)
{
	int rc = 0;

	while (!rc && !pl->ended && pl->p == pl->end) {
		MDB_val k;

		rc = next_row(pl, &k, MDB_NEXT, last);
	}
	if (rc || pl->ended)
		return rc;
	pl->p = store__unpack(pl->p, pl->end, columns, pl->e.member, &pl->e);
	return pl->p ? 0 : ERR_STORE_CORRUPT;
}

/* Of the levels from..to. */
static int open_sums(struct snap *sn, unsigned from, unsigned to, enum table_id id, uint64_t first, uint64_t last,
		     struct sum_place places[LEVELS])
{
	unsigned char key[SUM_KEY_BYTES] = { 0 };
	int rc = 0;

	put_be64(key, first);
	for (unsigned i = from; i < to && !rc; i++) {
		MDB_val k = { SUM_KEY_BYTES, key };

		rc = store__error(mdb_cursor_open(sn->at[i]->txn, sn->at[i]->level->dbi[id], &places[i].cur));
		if (!rc)
			rc = next_row(&places[i], &k, MDB_SET_RANGE, last);
		if (!rc)
			rc = next_member(&places[i], table_get(id)->columns, last);
	}
	return rc;
}

static int compare_members(const struct sum_place *a, const struct sum_place *b)
{
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return a->e.member < b->e.member ? -1 : a->e.member > b->e.member;
}

static struct sum_place *next_sum(struct sum_place *places, unsigned n)
{
	struct sum_place *ret = NULL;

	for (unsigned i = 0; i < n; i++)
		if (!places[i].ended && (!ret || compare_members(&places[i], ret) < 0))
			ret = &places[i];
	return ret;
}

/* The member of `first` over all levels, each moved past it. */
static int add_up(struct sum_place *places, unsigned n, const struct sum_place *first, unsigned columns, uint64_t last,
		  struct sum_place *ret)
{
	int rc = 0;

	*ret = *first;
	memset(ret->e.columns, 0, sizeof(ret->e.columns));
	for (unsigned i = 0; i < n && !rc; i++) {
		if (places[i].ended || compare_members(&places[i], ret) != 0)
			continue;
		for (unsigned c = 0; c < columns; c++)
			ret->e.columns[c] = saturating_add(ret->e.columns[c], places[i].e.columns[c]);
		rc = next_member(&places[i], columns, last);
	}
	return rc;
}

int snap_sums_in(struct snap *sn, enum snap_part part, enum table_id id, uint64_t first, uint64_t last, snap_sum each,
		 void *arg)
{
	/* base is the last of the levels */
	unsigned from = part == PART_BASE ? sn->n - 1 : 0, to = part == PART_YOUNG ? sn->n - 1 : sn->n;
	struct sum_place places[LEVELS] = { 0 }, sum, *pl;
	unsigned columns = table_get(id)->columns;
	int rc;

	assert(sn->n);
	rc = open_sums(sn, from, to, id, first, last, places);
	while (!rc && (pl = next_sum(places + from, to - from))) {
		rc = add_up(places + from, to - from, pl, columns, last, &sum);
		if (!rc)
			rc = each(arg, sum.group, sum.e.member, sum.e.columns);
	}
	for (unsigned i = from; i < to; i++)
		if (places[i].cur)
			mdb_cursor_close(places[i].cur);
	return rc;
}

int snap_sums(struct snap *sn, enum table_id id, uint64_t first, uint64_t last, snap_sum each, void *arg)
{
	return snap_sums_in(sn, PART_ALL, id, first, last, each, arg);
}

/* ---- one group of counts, fast ---- */

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
	return store__error(rc);
}

int snap_mark_group(struct snap *sn, enum table_id id, uint64_t group, uint64_t *mark)
{
	unsigned char key[SUM_KEY_BYTES] = { 0 };
	uint64_t found;

	for (unsigned i = 0; i < sn->n && sn->at[i]->level->number; i++) {
		MDB_val k = { SUM_KEY_BYTES, key }, v;
		MDB_cursor *cur;
		int rc = group_cursor(sn->at[i], id, &cur);

		if (rc)
			return rc;
		put_be64(key, group);
		for (rc = mdb_cursor_get(cur, &k, &v, MDB_SET_RANGE); !rc; rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT)) {
			if (!store__group(&k, &found))
				return ERR_STORE_CORRUPT;
			if (found != group)
				break;
			*mark = XXH3_64bits_withSeed(v.mv_data, v.mv_size, *mark + group + 1);
		}
		if (rc && rc != MDB_NOTFOUND)
			return store__error(rc);
	}
	return 0;
}

/* Until the list has `max`. */
static int group_of_level(struct snap_level *at, enum table_id id, uint64_t group, size_t max, struct snap_counts *ret)
{
	unsigned char key[SUM_KEY_BYTES] = { 0 };
	MDB_val k = { SUM_KEY_BYTES, key }, v;
	MDB_cursor *cur;
	int rc = group_cursor(at, id, &cur);

	put_be64(key, group);
	if (rc)
		return rc;
	for (rc = mdb_cursor_get(cur, &k, &v, MDB_SET_RANGE); !rc; rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT)) {
		uint64_t found;
		int damaged = store__group(&k, &found) ? 0 : ERR_STORE_CORRUPT;

		if (!damaged && found != group)
			break;
		if (!damaged)
			damaged = unpack_counts(&v, max, ret);
		if (damaged || ret->n == max)
			return damaged;
	}
	return rc == MDB_NOTFOUND ? 0 : store__error(rc);
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
	while (a < middle && b < end) {
		if (v[a].member < v[b].member) {
			to[n++] = v[a++];
		} else if (v[b].member < v[a].member) {
			to[n++] = v[b++];
		} else {
			to[n].member = v[a].member;
			to[n++].count = add_counts(v[a++].count, v[b++].count);
		}
	}
	while (a < middle)
		to[n++] = v[a++];
	while (b < end)
		to[n++] = v[b++];
	list->n = n;
	snap_counts_swap(list);
}

int snap_add_group(struct snap *sn, enum table_id id, uint64_t group, struct snap_counts *list)
{
	return snap_add_first(sn, id, group, SIZE_MAX, list);
}

int snap_add_first(struct snap *sn, enum table_id id, uint64_t group, size_t max, struct snap_counts *list)
{
	int rc = 0;

	assert(sn->n && table_get(id)->columns == 1);
	for (unsigned i = 0; i < sn->n && !rc; i++) {
		size_t middle = list->n;

		rc = group_of_level(sn->at[i], id, group, max < SIZE_MAX - middle ? middle + max : SIZE_MAX, list);
		merge_runs(list, middle);
	}
	return rc;
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
