/* Walking a table inside a write transaction: what has ended is dropped a piece at a time. */
#include "views/store_internal.h"

#include <assert.h>
#include <stdio.h>

_Static_assert(STORE_HEAD_MIN <= ROW_MAX, "the first part of a long value has it");

size_t store_written(const struct store_txn *t, uint64_t tables)
{
	size_t ret = 0;

	for (int id = 0; id < TABLE_COUNT; id++)
		if (tables & TABLE_BIT(id))
			ret += t->written[id];
	return ret;
}

/* Without the byte that counts the parts. */
static int value_of(const MDB_val *row, struct str *ret)
{
	if (row->mv_size < 1)
		return ERR_STORE_CORRUPT;
	*ret = (struct str){ (const char *)row->mv_data + 1, (uint32_t)(row->mv_size - 1) };
	return 0;
}

int store_each(struct store_txn *t, enum table_id id, store_row each, void *arg)
{
	MDB_cursor *cur;
	MDB_val k, v;
	int ret = 0, rc = mdb_cursor_open(t->txn, t->level->dbi[id], &cur);

	if (rc)
		return store__error(rc);
	while (!ret && !(rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT))) {
		enum table_id of = store__table_of(id, &k);
		struct row_key own;
		struct str key, value;

		ret = of == TABLE_COUNT ? ERR_STORE_CORRUPT : value_of(&v, &value);
		if (!ret && store__own_key(id, &k, &own, &key))
			ret = each(arg, key, value);
	}
	mdb_cursor_close(cur);
	return rc && rc != MDB_NOTFOUND ? store__error(rc) : ret;
}

/* ---- the hand: in meta, "hand TREE" -> the key of the first row to look at next ---- */

struct hand {
	char name[64];
	unsigned char key[ROW_KEY_MAX];
	size_t n; /* 0: the table's first row */
};

static int load_hand(struct store_txn *t, enum table_id id, struct hand *h)
{
	MDB_val k, v;
	int rc;

	k = (MDB_val){ (size_t)snprintf(h->name, sizeof(h->name), "hand %s", store__tree_name(id)), h->name };
	h->n = 0;
	rc = mdb_get(t->txn, t->level->dbi[TBL_META], &k, &v);
	if (rc)
		return rc == MDB_NOTFOUND ? 0 : store__error(rc);
	if (v.mv_size < 1 || v.mv_size > sizeof(h->key) + 1)
		return ERR_STORE_CORRUPT;
	h->n = v.mv_size - 1;
	memcpy(h->key, (char *)v.mv_data + 1, h->n);
	return 0;
}

static int save_hand(struct store_txn *t, const struct hand *h)
{
	return store_put(t, TBL_META, str_of(h->name), h->key, h->n);
}

struct sweep {
	struct store_txn *t;
	MDB_cursor *cur;
	enum table_id tree;
	uint64_t tables;
	store_row ended;
	void *arg;
};

/* Drop the row under the cursor with its parts when it has ended. */
static int look_at(struct sweep *s, const MDB_val *k, const MDB_val *v)
{
	enum table_id id = store__table_of(s->tree, k);
	unsigned char bytes[ROW_KEY_MAX];
	struct row_key own;
	unsigned parts = store__parts_of(v);
	struct str key, value;
	int rc;

	if (id == TABLE_COUNT)
		return MDB_CORRUPTED;
	if (!(s->tables & TABLE_BIT(id)))
		return 0;
	store__own_key(id, k, &own, &key);
	if (value_of(v, &value))
		return MDB_CORRUPTED;
	if (!s->ended(s->arg, key, value))
		return 0;
	memcpy(bytes, key.p, key.n);
	rc = mdb_cursor_del(s->cur, 0);
	return rc || !parts ? rc : store__drop_parts(s->t, id, (struct str){ (char *)bytes, key.n }, 1, parts);
}

/* 0: rows_max were looked at, *k is the next one; NOTFOUND: the end. */
static int sweep(struct sweep *s, MDB_val *k, size_t rows_max)
{
	MDB_val v;
	int rc = mdb_cursor_get(s->cur, k, &v, k->mv_size ? MDB_SET_RANGE : MDB_FIRST);

	while (!rc && rows_max-- > 0) {
		rc = look_at(s, k, &v);
		if (!rc) /* after a deletion MDB_NEXT stays on the row that moved up */
			rc = mdb_cursor_get(s->cur, k, &v, MDB_NEXT);
	}
	return rc;
}

int store_sweep(struct store_txn *t, uint64_t tables, size_t rows_max, store_row ended, void *arg)
{
	enum table_id id = (enum table_id)__builtin_ctzll(tables);
	struct sweep s = { .t = t, .tree = id, .tables = tables, .ended = ended, .arg = arg };
	struct hand h;
	MDB_val k;
	int rc = load_hand(t, id, &h);

	assert(table_get(id)->kind != TABLE_ADDING && !(tables & ~table_neighbours(id)));
	if (rc)
		return rc;
	rc = mdb_cursor_open(t->txn, t->level->dbi[id], &s.cur);
	if (rc)
		return store__error(rc);
	k = (MDB_val){ h.n, h.key };
	rc = sweep(&s, &k, rows_max);
	h.n = 0;
	if (!rc && k.mv_size > sizeof(h.key))
		rc = MDB_CORRUPTED;
	if (!rc) {
		h.n = k.mv_size;
		memcpy(h.key, k.mv_data, h.n);
	}
	mdb_cursor_close(s.cur);
	return rc && rc != MDB_NOTFOUND ? store__error(rc) : save_hand(t, &h);
}
