/* Writing: replacing rows, cut into parts when they are long, and sums merged into packed rows. */
#include "views/store_internal.h"

#include "schemas/fault.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define LONG_KEY_MAX (1 + STORE_KEY_MAX + 2)

static int begin(struct levels *ls, struct level *l, struct store_txn **ret)
{
	struct store_txn *t = xcalloc(1, sizeof(*t));
	int rc = mdb_txn_begin(l->env, NULL, 0, &t->txn);

	if (rc) {
		free(t);
		return store__error(rc);
	}
	LEVEL_ENTER(l);
	t->levels = ls;
	t->level = l;
	*ret = t;
	return 0;
}

int store_begin(struct store *s, struct store_txn **ret)
{
	return begin(s->levels, &s->levels->base, ret);
}

int store_begin_large(struct store *s, uint64_t bytes, struct store_txn **ret)
{
	struct store_txn *t;
	int rc = store_begin(s, &t);

	if (rc)
		return rc;
	rc = level__order_free(t->level, t->txn, bytes);
	if (rc) {
		store_abort(t);
		return store__error(rc);
	}
	*ret = t;
	return 0;
}

int store_begin_young(struct store *s, struct store_txn **ret)
{
	struct level *l;
	int rc = young__active(s->levels, &l);

	if (rc)
		return rc;
	rc = begin(s->levels, l, ret);
	if (rc)
		young__release(s->levels, l);
	return rc;
}

static void end(struct store_txn *t)
{
	if (t->level->number)
		young__release(t->levels, t->level);
	free(t);
}

int store_commit(struct store_txn *t)
{
	int rc;

	FAULT_POINT("commit:before-sync");
	LEVEL_LEAVE(t->level);
	rc = level__commit(t->level, t->txn);
	FAULT_POINT("commit:durable");
	end(t);
	return store__error(rc);
}

void store_abort(struct store_txn *t)
{
	if (!t)
		return;
	mdb_txn_abort(t->txn);
	end(t);
}

/* "table key part" of a part of a long value; returns the key's length. */
static size_t make_long_key(enum table_id id, struct str key, unsigned part, unsigned char *buf)
{
	buf[0] = (unsigned char)id;
	memcpy(buf + 1, key.p, key.n);
	buf[1 + key.n] = (unsigned char)(part >> 8);
	buf[2 + key.n] = (unsigned char)part;
	return key.n + 3;
}

int store__assemble(const struct level *l, MDB_txn *txn, enum table_id id, struct str key, MDB_val row,
		    unsigned char **buf, struct str *ret)
{
	unsigned char long_key[LONG_KEY_MAX];
	const unsigned char *bytes = row.mv_data;
	unsigned parts;
	size_t n;

	if (!row.mv_size || key.n > STORE_KEY_MAX)
		return ERR_STORE_CORRUPT;
	parts = bytes[0];
	if (parts ? row.mv_size != 1 + ROW_MAX : row.mv_size > 1 + ROW_MAX)
		return ERR_STORE_CORRUPT;
	*ret = (struct str){ (const char *)bytes + 1, (uint32_t)(row.mv_size - 1) };
	if (parts == 0)
		return 0;
	if (!*buf)
		*buf = xmalloc(STORE_VALUE_MAX);
	memcpy(*buf, bytes + 1, row.mv_size - 1);
	n = row.mv_size - 1;
	for (unsigned part = 1; part <= parts; part++) {
		MDB_val k = { make_long_key(id, key, part, long_key), long_key }, v;
		int rc = mdb_get(txn, l->dbi_long, &k, &v);

		if (rc)
			return rc == MDB_NOTFOUND ? ERR_STORE_CORRUPT : store__error(rc);
		if ((part < parts ? v.mv_size != ROW_MAX : v.mv_size > ROW_MAX) || n + v.mv_size > STORE_VALUE_MAX)
			return ERR_STORE_CORRUPT;
		memcpy(*buf + n, v.mv_data, v.mv_size);
		n += v.mv_size;
	}
	*ret = (struct str){ (const char *)*buf, (uint32_t)n };
	return 0;
}

unsigned store__parts_of(const MDB_val *row)
{
	return row->mv_size ? *(const unsigned char *)row->mv_data : 0;
}

int store__cursor(struct store_txn *t, enum table_id id, MDB_cursor **ret)
{
	MDB_cursor **cur = &t->cursors[store__tree(id)];
	int rc = *cur ? 0 : mdb_cursor_open(t->txn, t->level->dbi[id], cur);

	*ret = *cur;
	return rc;
}

static bool same_bytes(const MDB_val *a, const MDB_val *b)
{
	return a->mv_size == b->mv_size && memcmp(a->mv_data, b->mv_data, a->mv_size) == 0;
}

int store__write(struct store_txn *t, MDB_cursor *cur, MDB_val *key, const MDB_val *value)
{
	MDB_val room = { value->mv_size, NULL };
	int rc;

	rc = cur ? mdb_cursor_put(cur, key, &room, MDB_RESERVE)
		 : mdb_put(t->txn, t->level->dbi_long, key, &room, MDB_RESERVE);
	if (rc)
		return rc;
	if (value->mv_size)
		memcpy(room.mv_data, value->mv_data, value->mv_size);
	return t->level->number ? young__keep_room_behind(t->level, room.mv_data) : 0;
}

/* Write the main row unless the same bytes are there already; *old_parts: of the row before. */
static int put_row(struct store_txn *t, enum table_id id, MDB_val *key, MDB_val *value, unsigned *old_parts)
{
	MDB_cursor *cur;
	MDB_val old;
	int rc = store__cursor(t, id, &cur);

	if (!rc)
		rc = mdb_cursor_get(cur, key, &old, MDB_SET);
	if (rc == MDB_NOTFOUND)
		return store__write(t, cur, key, value);
	if (rc)
		return rc;
	*old_parts = store__parts_of(&old);
	return same_bytes(&old, value) ? 0 : store__write(t, cur, key, value);
}

/* Only parts that changed are written. */
static int put_part(struct store_txn *t, MDB_val *key, MDB_val *value)
{
	MDB_val old;
	int rc = mdb_get(t->txn, t->level->dbi_long, key, &old);

	if (rc && rc != MDB_NOTFOUND)
		return rc;
	return !rc && same_bytes(&old, value) ? 0 : store__write(t, NULL, key, value);
}

int store__drop_parts(struct store_txn *t, enum table_id id, struct str key, unsigned first, unsigned last)
{
	unsigned char long_key[LONG_KEY_MAX];
	int rc = 0;

	for (unsigned part = first; part <= last && !rc; part++) {
		MDB_val k = { make_long_key(id, key, part, long_key), long_key };

		rc = mdb_del(t->txn, t->level->dbi_long, &k, NULL);
		if (rc == MDB_NOTFOUND)
			rc = 0;
	}
	return rc;
}

static int put_parts(struct store_txn *t, enum table_id id, struct str key, const unsigned char *value, size_t n)
{
	unsigned char long_key[LONG_KEY_MAX];
	int rc = 0;

	for (unsigned part = 1; n > ROW_MAX && !rc; part++) {
		MDB_val k = { make_long_key(id, key, part, long_key), long_key };
		MDB_val v;

		value += ROW_MAX;
		n -= ROW_MAX;
		v = (MDB_val){ n < ROW_MAX ? n : ROW_MAX, (void *)value };
		rc = put_part(t, &k, &v);
	}
	return rc;
}

int store_put(struct store_txn *t, enum table_id id, struct str key, const void *value, size_t n)
{
	unsigned char row[ROW_MAX + 1];
	size_t head = n < ROW_MAX ? n : ROW_MAX;
	unsigned parts = n > ROW_MAX ? (unsigned)((n - 1) / ROW_MAX) : 0;
	struct row_key buf;
	MDB_val k = store__row_key(id, key, &buf), v = { head + 1, row };
	unsigned old_parts = 0;
	int rc;

	assert(key.n > 0 && key.n <= STORE_KEY_MAX && n <= STORE_VALUE_MAX);
	t->written[id]++;
	row[0] = (unsigned char)parts;
	if (head)
		memcpy(row + 1, value, head);
	rc = put_row(t, id, &k, &v, &old_parts);
	if (!rc && parts)
		rc = put_parts(t, id, key, value, n);
	if (!rc && old_parts > parts)
		rc = store__drop_parts(t, id, key, parts + 1, old_parts);
	return store__error(rc);
}

int store_delete(struct store_txn *t, enum table_id id, struct str key)
{
	struct row_key buf;
	MDB_val k = store__row_key(id, key, &buf), old, none = { 0, NULL };
	unsigned parts = 0;
	MDB_cursor *cur;
	int rc;

	rc = store__cursor(t, id, &cur);
	if (!rc)
		rc = mdb_cursor_get(cur, &k, &old, MDB_SET);
	if (rc && rc != MDB_NOTFOUND)
		return store__error(rc);
	if (!rc)
		parts = store__parts_of(&old);
	/* an older level may have the row */
	if (t->level->number)
		rc = store__write(t, cur, &k, &none);
	else
		rc = rc ? 0 : mdb_cursor_del(cur, 0);
	if (!rc)
		rc = store__drop_parts(t, id, key, 1, parts);
	return store__error(rc);
}

int store_read(struct store_txn *t, enum table_id id, struct str key, void *ret, size_t n)
{
	struct row_key buf;
	MDB_val k = store__row_key(id, key, &buf), v;
	int rc = mdb_get(t->txn, t->level->dbi[id], &k, &v);

	if (rc)
		return store__error(rc);
	if (v.mv_size != n + 1)
		return ERR_STORE_CORRUPT;
	memcpy(ret, (char *)v.mv_data + 1, n);
	return 0;
}
