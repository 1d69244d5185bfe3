/* How much each table takes. */
#include "views/store_internal.h"

static uint64_t bytes_of(const MDB_stat *st)
{
	return (st->ms_branch_pages + st->ms_leaf_pages + st->ms_overflow_pages) * st->ms_psize;
}

static int size_of(MDB_txn *txn, MDB_dbi dbi, const char *name, struct store_size *ret)
{
	MDB_stat st;
	int rc = mdb_stat(txn, dbi, &st);

	if (!rc)
		*ret = (struct store_size){ name, st.ms_entries, bytes_of(&st) };
	return rc;
}

/* Of the pages of their tree each ACTOR table has the share that its rows have of the bytes. */
static int sizes_of_actors(MDB_txn *txn, const struct level *base, struct store_size sizes[TABLE_COUNT])
{
	uint64_t bytes[TABLE_COUNT] = { 0 }, all = 0;
	MDB_cursor *cur;
	MDB_val k, v;
	MDB_stat st;
	int rc = mdb_stat(txn, base->dbi[TBL_HISTORY], &st);

	if (!rc)
		rc = mdb_cursor_open(txn, base->dbi[TBL_HISTORY], &cur);
	if (rc)
		return rc;
	while (!(rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT))) {
		enum table_id id = store__table_of(TBL_HISTORY, &k);

		if (id == TABLE_COUNT)
			break;
		sizes[id].rows++;
		bytes[id] += k.mv_size + v.mv_size;
		all += k.mv_size + v.mv_size;
	}
	mdb_cursor_close(cur);
	for (int id = 0; id < TABLE_COUNT && all; id++)
		if (bytes[id])
			sizes[id].bytes = (uint64_t)((double)bytes_of(&st) * (double)bytes[id] / (double)all);
	return rc == 0 ? MDB_CORRUPTED : rc == MDB_NOTFOUND ? 0 : rc;
}

int store_sizes(struct store *s, void (*each)(void *arg, const struct store_size *size), void *arg)
{
	const struct level *base = &s->levels->base;
	struct store_size sizes[TABLE_COUNT + 1];
	MDB_txn *txn;
	int rc = mdb_txn_begin(base->env, NULL, MDB_RDONLY, &txn);

	if (rc)
		return store__error(rc);
	for (int id = 0; id < TABLE_COUNT && !rc; id++) {
		sizes[id] = (struct store_size){ .table = table_get(id)->name };
		if (table_get(id)->kind != TABLE_ACTOR)
			rc = size_of(txn, base->dbi[id], sizes[id].table, &sizes[id]);
	}
	if (!rc)
		rc = sizes_of_actors(txn, base, sizes);
	if (!rc)
		rc = size_of(txn, base->dbi_long, "long-values", &sizes[TABLE_COUNT]);
	mdb_txn_abort(txn);
	for (int i = 0; i <= TABLE_COUNT && !rc; i++)
		each(arg, &sizes[i]);
	return store__error(rc);
}
