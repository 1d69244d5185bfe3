/* Reading: snapshots. */
#include "views/store_internal.h"

#include <assert.h>
#include <stdlib.h>

struct snap {
	struct store *store;
	MDB_txn *txn;
	bool live; /* renewed and not parked */
	MDB_cursor *cursors[TABLE_COUNT];
	unsigned char *assembled;
};

int snap_open(struct store *s, struct snap **ret)
{
	struct snap *sn = xcalloc(1, sizeof(*sn));
	int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &sn->txn);

	if (rc) {
		free(sn);
		return store__error(rc);
	}
	sn->store = s;
	sn->live = true;
	*ret = sn;
	return 0;
}

void snap_close(struct snap *sn)
{
	if (!sn)
		return;
	for (int i = 0; i < TABLE_COUNT; i++)
		if (sn->cursors[i])
			mdb_cursor_close(sn->cursors[i]);
	mdb_txn_abort(sn->txn);
	free(sn->assembled);
	free(sn);
}

void snap_park(struct snap *sn)
{
	if (sn->live)
		mdb_txn_reset(sn->txn);
	sn->live = false;
}

int snap_renew(struct snap *sn)
{
	int rc;

	snap_park(sn);
	rc = mdb_txn_renew(sn->txn);
	for (int i = 0; i < TABLE_COUNT && !rc; i++)
		if (sn->cursors[i])
			rc = mdb_cursor_renew(sn->txn, sn->cursors[i]);
	sn->live = rc == 0;
	return store__error(rc);
}

uint64_t snap_version(const struct snap *sn)
{
	return mdb_txn_id(sn->txn);
}

const unsigned char *snap_person_key(const struct snap *sn)
{
	return sn->store->person_key;
}

int snap_get(struct snap *sn, enum table_id id, struct str key, struct str *ret)
{
	MDB_val k = { key.n, (void *)key.p }, v;
	int rc;

	assert(sn->live);
	if (key.n == 0 || key.n > STORE_KEY_MAX)
		return ERR_NOT_FOUND;
	rc = mdb_get(sn->txn, sn->store->dbi[id], &k, &v);
	if (rc)
		return store__error(rc);
	return store__assemble(sn->store, sn->txn, id, key, v, &sn->assembled, ret);
}

static int cursor_of(struct snap *sn, enum table_id id, MDB_cursor **ret)
{
	int rc = 0;

	assert(sn->live);
	if (!sn->cursors[id])
		rc = mdb_cursor_open(sn->txn, sn->store->dbi[id], &sn->cursors[id]);
	*ret = sn->cursors[id];
	return rc;
}

int snap_each(struct snap *sn, enum table_id id, struct str prefix, snap_row each, void *arg)
{
	MDB_val k = { prefix.n, (void *)prefix.p }, v;
	unsigned char *assembled = NULL;
	MDB_cursor *cur;
	int rc;

	/* a cursor of its own: `each` may read the same table */
	rc = mdb_cursor_open(sn->txn, sn->store->dbi[id], &cur);
	if (rc)
		return store__error(rc);
	rc = mdb_cursor_get(cur, &k, &v, prefix.n ? MDB_SET_RANGE : MDB_FIRST);
	while (!rc) {
		struct str key = { k.mv_data, (uint32_t)k.mv_size }, value;

		if (key.n < prefix.n || (prefix.n && memcmp(key.p, prefix.p, prefix.n) != 0))
			break;
		rc = store__assemble(sn->store, sn->txn, id, key, v, &assembled, &value);
		if (!rc)
			rc = each(arg, key, value);
		if (rc)
			goto out;
		rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
	}
	rc = rc == MDB_NOTFOUND ? 0 : store__error(rc);
out:
	mdb_cursor_close(cur);
	free(assembled);
	return rc;
}

static int unpack_row(const MDB_val *v, uint64_t group, unsigned columns, snap_sum each, void *arg)
{
	const unsigned char *p = v->mv_data, *end = p + v->mv_size;
	struct sum_entry e;
	uint32_t previous = 0;

	while (p < end) {
		int rc;

		p = store__unpack(p, end, columns, previous, &e);
		if (!p)
			return ERR_STORE_CORRUPT;
		previous = e.member;
		rc = each(arg, group, e.member, e.columns);
		if (rc)
			return rc;
	}
	return 0;
}

int snap_sums(struct snap *sn, enum table_id id, uint64_t first, uint64_t last, snap_sum each, void *arg)
{
	unsigned char key[SUM_KEY_BYTES] = { 0 };
	MDB_val k = { SUM_KEY_BYTES, key }, v;
	MDB_cursor *cur;
	int rc, ret = 0;

	put_be64(key, first);
	rc = mdb_cursor_open(sn->txn, sn->store->dbi[id], &cur);
	if (rc)
		return store__error(rc);
	rc = mdb_cursor_get(cur, &k, &v, MDB_SET_RANGE);
	while (!rc && get_be64(k.mv_data) <= last) {
		ret = unpack_row(&v, get_be64(k.mv_data), table_get(id)->columns, each, arg);
		if (ret)
			break;
		rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
	}
	mdb_cursor_close(cur);
	return ret ? ret : rc == MDB_NOTFOUND ? 0 : store__error(rc);
}

static int unpack_counts(const MDB_val *v, struct snap_counts *ret)
{
	const unsigned char *p = v->mv_data, *end = p + v->mv_size;
	struct sum_entry e = { 0 };

	/* an entry has at least two bytes */
	if (ret->room - ret->n < v->mv_size / 2) {
		ret->room = (ret->room + v->mv_size) * 2;
		ret->v = xrealloc(ret->v, ret->room * sizeof(*ret->v));
	}
	while (p < end) {
		p = store__unpack(p, end, 1, e.member, &e);
		if (!p)
			return ERR_STORE_CORRUPT;
		ret->v[ret->n++] = (struct snap_count){ e.member, e.columns[0] > UINT32_MAX ? UINT32_MAX
											    : (uint32_t)e.columns[0] };
	}
	return 0;
}

int snap_group(struct snap *sn, enum table_id id, uint64_t group, struct snap_counts *ret)
{
	unsigned char key[SUM_KEY_BYTES] = { 0 };
	MDB_val k = { SUM_KEY_BYTES, key }, v;
	MDB_cursor *cur;
	int rc;

	assert(table_get(id)->columns == 1);
	put_be64(key, group);
	rc = cursor_of(sn, id, &cur);
	if (rc)
		return store__error(rc);
	for (rc = mdb_cursor_get(cur, &k, &v, MDB_SET_RANGE); !rc && get_be64(k.mv_data) == group;
	     rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT)) {
		int damaged = unpack_counts(&v, ret);

		if (damaged)
			return damaged;
	}
	return rc == MDB_NOTFOUND ? 0 : store__error(rc);
}
