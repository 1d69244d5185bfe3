/* How much each table takes. */
#include "views/store_internal.h"

static int size_of(MDB_txn *txn, MDB_dbi dbi, const char *name, struct store_size *ret)
{
	MDB_stat st;
	int rc = mdb_stat(txn, dbi, &st);

	if (!rc)
		*ret = (struct store_size){ name, st.ms_entries,
					    (st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages) *
						    st.ms_psize };
	return rc;
}

int store_sizes(struct store *s, void (*each)(void *arg, const struct store_size *size), void *arg)
{
	const struct level *base = &s->levels->base;
	struct store_size sizes[TABLE_COUNT + 1];
	MDB_txn *txn;
	int rc = mdb_txn_begin(base->env, NULL, MDB_RDONLY, &txn);

	if (rc)
		return store__error(rc);
	for (int id = 0; id < TABLE_COUNT && !rc; id++)
		rc = size_of(txn, base->dbi[id], table_get(id)->name, &sizes[id]);
	if (!rc)
		rc = size_of(txn, base->dbi_long, "long-values", &sizes[TABLE_COUNT]);
	mdb_txn_abort(txn);
	for (int i = 0; i <= TABLE_COUNT && !rc; i++)
		each(arg, &sizes[i]);
	return store__error(rc);
}
