/* A sealed young level into base, in one transaction. */
#include "views/store_internal.h"

#include "schemas/fault.h"

#include <stdlib.h>

#define SUMS_A_STEP 8192

struct merging {
	struct store_txn *t;      /* of base */
	const struct level *from; /* nothing writes to it any more */
	MDB_txn *from_txn;
	unsigned char *assembled;
	struct sum_delta *deltas; /* SUMS_A_STEP, of one table, with their columns */
	int64_t *columns;
	size_t n;
};

static int merge_row(struct merging *m, enum table_id tree, const MDB_val *k, const MDB_val *v)
{
	enum table_id id = store__table_of(tree, k);
	struct row_key own;
	struct str key, value;
	int rc;

	if (id == TABLE_COUNT)
		return ERR_STORE_CORRUPT;
	store__own_key(id, k, &own, &key);
	if (row_is_deletion(v))
		return store_delete(m->t, id, key);
	rc = store__assemble(m->from, m->from_txn, id, key, *v, &m->assembled, &value);
	return rc ? rc : store_put(m->t, id, key, value.p, value.n);
}

static int flush_sums(struct merging *m, enum table_id id)
{
	int rc = store_add(m->t, id, m->deltas, m->n);

	m->n = 0;
	return rc;
}

static int merge_sums(struct merging *m, enum table_id id, const MDB_val *k, const MDB_val *v)
{
	const unsigned char *p = v->mv_data, *end = p + v->mv_size;
	unsigned columns = table_get(id)->columns;
	struct sum_entry e = { 0 };
	uint64_t group;
	int rc = store__group(k, &group) ? 0 : ERR_STORE_CORRUPT;

	while (p < end && !rc) {
		int64_t *to = m->columns + m->n * STORE_COLUMNS_MAX;

		p = store__unpack(p, end, columns, e.member, &e);
		if (!p)
			return ERR_STORE_CORRUPT;
		memcpy(to, e.columns, columns * sizeof(*to));
		m->deltas[m->n++] = (struct sum_delta){ .group = group, .member = e.member, .columns = to };
		if (m->n == SUMS_A_STEP)
			rc = flush_sums(m, id);
	}
	return rc;
}

/* Or of all in its tree. */
static int merge_table(struct merging *m, enum table_id id)
{
	bool adding = table_get(id)->kind == TABLE_ADDING;
	MDB_cursor *cur;
	MDB_val k, v;
	int rc = mdb_cursor_open(m->from_txn, m->from->dbi[id], &cur), ret = 0;

	if (rc)
		return store__error(rc);
	while (!ret && (rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT)) == 0)
		ret = adding ? merge_sums(m, id, &k, &v) : merge_row(m, id, &k, &v);
	mdb_cursor_close(cur);
	if (!ret && rc != MDB_NOTFOUND)
		ret = store__error(rc);
	if (!ret && adding)
		ret = flush_sums(m, id);
	return ret;
}

static int merge_all(struct merging *m)
{
	int rc = store__error(mdb_txn_begin(m->from->env, NULL, MDB_RDONLY, &m->from_txn));

	if (rc)
		return rc;
	m->deltas = xmalloc(SUMS_A_STEP * sizeof(*m->deltas));
	m->columns = xmalloc(SUMS_A_STEP * STORE_COLUMNS_MAX * sizeof(*m->columns));
	for (int id = 0; id < TABLE_COUNT && !rc; id++)
		if (table_get(id)->kind != TABLE_YOUNG && store__tree(id) == (enum table_id)id)
			rc = merge_table(m, id);
	mdb_txn_abort(m->from_txn);
	free(m->assembled);
	free(m->deltas);
	free(m->columns);
	return rc;
}

int store_merge(struct store *s, uint64_t number, int (*last)(struct store_txn *t))
{
	struct levels *ls = s->levels;
	struct merging m = { 0 };
	struct level *from;
	int rc = young__acquire(ls, number, &from);

	if (rc)
		return rc == ERR_NOT_FOUND ? ERR_STORE_CORRUPT : rc;
	FAULT_POINT("merge:begin");
	m.from = from;
	rc = store_begin_large(s, level__used_bytes(from), &m.t);
	if (!rc) {
		rc = merge_all(&m);
		FAULT_POINT("merge:rows");
		if (!rc && last)
			rc = last(m.t);
		FAULT_POINT("merge:expired");
		if (!rc)
			rc = store__error(level__put_merged(&ls->base, m.t->txn, number));
		FAULT_POINT("merge:before-commit");
		if (rc)
			store_abort(m.t);
		else
			rc = store_commit(m.t);
		FAULT_POINT("merge:after-commit");
	}
	young__release(ls, from);
	if (!rc) {
		young__drop(ls, number);
		young__merged(ls, number);
	}
	FAULT_POINT("merge:dropped");
	return rc;
}
