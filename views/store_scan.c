/* Reading many rows: the levels of a snapshot side by side, in the order of their keys. */
#include "views/store_internal.h"

#include <assert.h>
#include <stdlib.h>

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

/* The smallest key, of the newest level that has it; NULL at the end. */
static struct place *next_place(struct place *places, unsigned n)
{
	struct place *ret = NULL;

	for (unsigned i = 0; i < n; i++)
		if (!places[i].ended && (!ret || level__compare(&places[i].k, &ret->k) < 0))
			ret = &places[i];
	return ret;
}

/* Past the row of `of`, in the older levels too. */
static int pass(struct place *places, unsigned n, const struct place *of, const struct walk *w)
{
	MDB_val k = of->k;
	int rc = 0;

	for (unsigned i = n; i-- > 0 && !rc;)
		if (!places[i].ended && level__compare(&places[i].k, &k) == 0)
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
	return ret ? ret : snap__error(rc);
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
	return rc == MDB_NOTFOUND ? 0 : snap__error(rc);
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

static int open_sums(struct snap *sn, enum table_id id, uint64_t first, uint64_t last, struct sum_place places[LEVELS])
{
	unsigned char key[SUM_KEY_BYTES] = { 0 };
	int rc = 0;

	put_be64(key, first);
	for (unsigned i = 0; i < sn->n && !rc; i++) {
		MDB_val k = { SUM_KEY_BYTES, key };

		rc = snap__error(mdb_cursor_open(sn->at[i]->txn, sn->at[i]->level->dbi[id], &places[i].cur));
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
			ret->e.columns[c] = wrapping_add(ret->e.columns[c], places[i].e.columns[c]);
		rc = next_member(&places[i], columns, last);
	}
	return rc;
}

int snap_sums(struct snap *sn, enum table_id id, uint64_t first, uint64_t last, snap_sum each, void *arg)
{
	struct sum_place places[LEVELS] = { 0 }, sum, *pl;
	unsigned columns = table_get(id)->columns;
	int rc;

	assert(sn->n);
	rc = open_sums(sn, id, first, last, places);
	while (!rc && (pl = next_sum(places, sn->n))) {
		rc = add_up(places, sn->n, pl, columns, last, &sum);
		if (!rc)
			rc = each(arg, sum.group, sum.e.member, sum.e.columns);
	}
	for (unsigned i = 0; i < sn->n; i++)
		if (places[i].cur)
			mdb_cursor_close(places[i].cur);
	return rc;
}
