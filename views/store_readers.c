/* Who reads, what that pins, and what is free. */
#include "views/store_internal.h"

#include <stdio.h>

struct reader_list {
	struct store_reader *v;
	unsigned n, room;
};

/* A line of mdb_reader_list: "PID THREAD TXN", TXN "-" when it is parked. */
static int add_reader(const char *line, void *arg)
{
	struct reader_list *list = arg;
	unsigned long pid, thread, txn;

	if (list->n < list->room && sscanf(line, "%lu %lx %lu", &pid, &thread, &txn) == 3)
		list->v[list->n++] = (struct store_reader){ (long)pid, thread, txn };
	return 0;
}

unsigned store_readers(struct store *s, struct store_reader *ret, unsigned room)
{
	struct reader_list list = { ret, 0, room };
	struct levels *ls = levels__get(s);

	mdb_reader_list(ls->base.env, add_reader, &list);
	levels__put(s, ls);
	return list.n;
}

unsigned store_drop_dead_readers(struct store *s)
{
	int dead = 0;

	return mdb_reader_check(s->levels->base.env, &dead) ? 0 : (unsigned)dead;
}

int store_free_bytes(struct store *s, uint64_t *ret)
{
	MDB_cursor *cur;
	MDB_val key, value;
	MDB_stat st;
	MDB_txn *txn;
	uint64_t pages = 0;
	int rc = mdb_env_stat(s->levels->base.env, &st);

	if (!rc)
		rc = mdb_txn_begin(s->levels->base.env, NULL, MDB_RDONLY, &txn);
	if (rc)
		return store__error(rc);
	/* the free list is the environment's database 0: lists of pages, each with its length in front */
	rc = mdb_cursor_open(txn, 0, &cur);
	if (!rc) {
		while (mdb_cursor_get(cur, &key, &value, MDB_NEXT) == 0)
			pages += *(size_t *)value.mv_data;
		mdb_cursor_close(cur);
		*ret = pages * st.ms_psize;
	}
	mdb_txn_abort(txn);
	return store__error(rc);
}
