/* Walking a table inside a write transaction: what has ended is dropped a piece at a time. */
#include "views/store_internal.h"

#include <assert.h>
#include <stdio.h>

_Static_assert(STORE_HEAD_MIN <= ROW_MAX, "the first part of a long value has it");

size_t store_written(const struct store_txn *t, enum table_id id)
{
	return t->written[id];
}

static struct str bytes_of(const MDB_val *v)
{
	return (struct str){ v->mv_data, (uint32_t)v->mv_size };
}

/* Without the byte that counts the parts. */
static int value_of(const MDB_val *key, const MDB_val *row, struct str *ret)
{
	if (row->mv_size < 1 || key->mv_size > STORE_KEY_MAX)
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
		struct str value;

		ret = value_of(&k, &v, &value);
		if (!ret)
			ret = each(arg, bytes_of(&k), value);
	}
	mdb_cursor_close(cur);
	return rc && rc != MDB_NOTFOUND ? store__error(rc) : ret;
}

/* ---- the hand: in meta, "hand TABLE" -> the key of the first row to look at next ---- */

struct hand {
	char name[64];
	unsigned char key[STORE_KEY_MAX];
	size_t n; /* 0: the table's first row */
};

static int load_hand(struct store_txn *t, enum table_id id, struct hand *h)
{
	MDB_val k, v;
	int rc;

	k = (MDB_val){ (size_t)snprintf(h->name, sizeof(h->name), "hand %s", table_get(id)->name), h->name };
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

/* Drop the row under the cursor with its parts. */
static int drop(struct store_txn *t, MDB_cursor *cur, enum table_id id, const MDB_val *k, const MDB_val *v)
{
	unsigned char key[STORE_KEY_MAX];
	unsigned parts = store__parts_of(v);
	int rc;

	memcpy(key, k->mv_data, k->mv_size);
	rc = mdb_cursor_del(cur, 0);
	return rc || !parts ? rc
			    : store__drop_parts(t, id, (struct str){ (char *)key, (uint32_t)k->mv_size }, 1, parts);
}

/* 0: rows_max were looked at, *k is the next one; NOTFOUND: the end. */
static int sweep(struct store_txn *t, MDB_cursor *cur, enum table_id id, MDB_val *k, size_t rows_max, store_row ended,
		 void *arg)
{
	MDB_val v;
	int rc = mdb_cursor_get(cur, k, &v, k->mv_size ? MDB_SET_RANGE : MDB_FIRST);

	while (!rc && rows_max-- > 0) {
		struct str value;

		if (value_of(k, &v, &value))
			return MDB_CORRUPTED;
		if (ended(arg, bytes_of(k), value))
			rc = drop(t, cur, id, k, &v);
		if (!rc) /* after a deletion MDB_NEXT stays on the row that moved up */
			rc = mdb_cursor_get(cur, k, &v, MDB_NEXT);
	}
	return rc;
}

int store_sweep(struct store_txn *t, enum table_id id, size_t rows_max, store_row ended, void *arg)
{
	struct hand h;
	MDB_cursor *cur;
	MDB_val k;
	int rc = load_hand(t, id, &h);

	assert(table_get(id)->kind == TABLE_REPLACING);
	if (rc)
		return rc;
	rc = mdb_cursor_open(t->txn, t->level->dbi[id], &cur);
	if (rc)
		return store__error(rc);
	k = (MDB_val){ h.n, h.key };
	rc = sweep(t, cur, id, &k, rows_max, ended, arg);
	h.n = 0;
	if (!rc && k.mv_size > sizeof(h.key))
		rc = MDB_CORRUPTED;
	if (!rc) {
		h.n = k.mv_size;
		memcpy(h.key, k.mv_data, h.n);
	}
	mdb_cursor_close(cur);
	return rc && rc != MDB_NOTFOUND ? store__error(rc) : save_hand(t, &h);
}
