/* How large base is. */
#include "views/store_internal.h"

int store_figures(struct store *s, struct store_figures *ret)
{
	struct store_reader readers[STORE_READERS_MAX];
	struct levels *ls = levels__get(s);
	MDB_envinfo info;
	MDB_stat st;
	int rc;

	rc = mdb_env_info(ls->base.env, &info);
	if (!rc)
		rc = mdb_env_stat(ls->base.env, &st);
	levels__put(s, ls);
	if (rc)
		return store__error(rc);
	*ret = (struct store_figures){ .map_size = info.me_mapsize,
				       .used_bytes = (info.me_last_pgno + 1) * st.ms_psize,
				       .last_txn = info.me_last_txnid,
				       .oldest_reader_txn = info.me_last_txnid,
				       .readers = store_readers(s, readers, STORE_READERS_MAX) };
	for (unsigned i = 0; i < ret->readers; i++)
		if (!readers[i].level && readers[i].txn < ret->oldest_reader_txn)
			ret->oldest_reader_txn = readers[i].txn;
	return 0;
}
