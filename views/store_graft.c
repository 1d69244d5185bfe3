/* Whole tables of one store's base into another's. */
#include "views/store_internal.h"

#include "schemas/fault.h"

#define BYTES_A_TXN (64 << 20) /* far below the changed pages that LMDB keeps a list of */

struct graft {
	struct store *to;
	struct store_txn *t; /* of `to` */
	const struct level *from;
	MDB_txn *from_txn; /* one for all tables */
	size_t bytes;      /* written in t */
	bool (*stopped)(void);
};

/* Begin the next transaction when this one is large. */
static int pace(struct graft *g, size_t bytes)
{
	struct store_txn *t = g->t;
	int rc;

	g->bytes += bytes;
	if (g->bytes < BYTES_A_TXN)
		return 0;
	g->bytes = 0;
	g->t = NULL;
	rc = store_commit(t);
	FAULT_POINT("graft:committed");
	if (!rc && g->stopped && g->stopped())
		rc = ERR_SOURCE_RETRY;
	return rc ? rc : store_begin(g->to, &g->t);
}

/* The rows of one database: all of them, or those whose key begins with the number of a table. */
static int copy(struct graft *g, MDB_dbi from, MDB_dbi to, const unsigned char *prefix)
{
	MDB_cursor *cur;
	MDB_val k = { 1, (void *)prefix }, v;
	int ret = 0, rc = mdb_cursor_open(g->from_txn, from, &cur);

	if (rc)
		return store__error(rc);
	rc = mdb_cursor_get(cur, &k, &v, prefix ? MDB_SET_RANGE : MDB_FIRST);
	while (!ret && !rc && (!prefix || *(unsigned char *)k.mv_data == *prefix)) {
		ret = store__error(mdb_put(g->t->txn, to, &k, &v, prefix ? 0 : MDB_APPEND));
		if (!ret)
			ret = pace(g, k.mv_size + v.mv_size);
		if (!ret)
			rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
	}
	mdb_cursor_close(cur);
	return rc && rc != MDB_NOTFOUND ? store__error(rc) : ret;
}

/* Of the rows of a tree those of one table. */
static int copy_own(struct graft *g, enum table_id id)
{
	MDB_cursor *cur;
	MDB_val k, v;
	int ret = 0, rc = mdb_cursor_open(g->from_txn, g->from->dbi[id], &cur);

	if (rc)
		return store__error(rc);
	while (!ret && !(rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT)))
		if (store__table_of(id, &k) == id) {
			ret = store__error(mdb_put(g->t->txn, g->t->level->dbi[id], &k, &v, 0));
			if (!ret)
				ret = pace(g, k.mv_size + v.mv_size);
		}
	mdb_cursor_close(cur);
	return rc && rc != MDB_NOTFOUND ? store__error(rc) : ret;
}

/* As much as one transaction may; *at is where the next one goes on, empty at the end. */
static int drop_some(struct graft *g, enum table_id id, struct row_key *at, size_t *at_n)
{
	size_t bytes = 0;
	MDB_cursor *cur;
	MDB_val k = { *at_n, at->bytes }, v;
	int rc = mdb_cursor_open(g->t->txn, g->t->level->dbi[id], &cur);

	if (rc)
		return store__error(rc);
	rc = mdb_cursor_get(cur, &k, &v, *at_n ? MDB_SET_RANGE : MDB_FIRST);
	while (!rc && bytes < BYTES_A_TXN) {
		if (store__table_of(id, &k) == id) {
			bytes += k.mv_size + v.mv_size;
			rc = mdb_cursor_del(cur, 0);
		}
		if (!rc)
			rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
	}
	*at_n = rc ? 0 : k.mv_size;
	if (!rc && k.mv_size > sizeof(at->bytes))
		rc = MDB_CORRUPTED;
	if (!rc)
		memcpy(at->bytes, k.mv_data, k.mv_size);
	mdb_cursor_close(cur);
	return rc && rc != MDB_NOTFOUND ? store__error(rc) : pace(g, bytes);
}

static int drop_own(struct graft *g, enum table_id id)
{
	struct row_key at;
	size_t at_n = 0;
	int rc;

	do
		rc = drop_some(g, id, &at, &at_n);
	while (!rc && at_n);
	return rc;
}

/* The parts of long values that are in the way are of the same rows, or nobody's. */
static int graft_table(struct graft *g, enum table_id id)
{
	bool alone = table_get(id)->kind != TABLE_ACTOR;
	const struct level *to = g->t->level;
	unsigned char prefix = (unsigned char)id;
	int rc = alone ? store__error(mdb_drop(g->t->txn, to->dbi[id], 0)) : drop_own(g, id);

	if (!rc)
		rc = alone ? copy(g, g->from->dbi[id], to->dbi[id], NULL) : copy_own(g, id);
	return rc ? rc : copy(g, g->from->dbi_long, to->dbi_long, &prefix);
}

int store_graft(struct store *to, struct store *from, uint64_t tables, bool (*stopped)(void))
{
	struct graft g = { .to = to, .from = &from->levels->base, .stopped = stopped };
	int rc = store__error(mdb_txn_begin(g.from->env, NULL, MDB_RDONLY, &g.from_txn));

	if (rc)
		return rc;
	rc = store_begin(to, &g.t);
	for (unsigned id = 0; id < TABLE_COUNT && !rc; id++)
		if (tables & TABLE_BIT(id))
			rc = graft_table(&g, id);
	mdb_txn_abort(g.from_txn);
	if (!rc)
		return store_commit(g.t);
	store_abort(g.t);
	return rc;
}
