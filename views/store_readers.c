/* Who reads, what that pins, and how large base is. */
#include "views/store_internal.h"

#include <stdio.h>

struct reader_list {
	struct store_reader *v;
	unsigned n, room;
	uint64_t level, last_txn;
};

/* A line of mdb_reader_list: "PID THREAD TXN", TXN "-" when it is parked. */
static bool is_reader(const char *line, unsigned long *ret_pid, unsigned long *ret_thread, unsigned long *ret_txn)
{
	return sscanf(line, "%lu %lx %lu", ret_pid, ret_thread, ret_txn) == 3;
}

static int note_oldest(const char *line, void *arg)
{
	unsigned long pid, thread, txn;
	uint64_t *oldest = arg;

	if (is_reader(line, &pid, &thread, &txn) && txn < *oldest)
		*oldest = txn;
	return 0;
}

uint64_t level__oldest_read(const struct level *l, uint64_t last_txn)
{
	mdb_reader_list(l->env, note_oldest, &last_txn);
	return last_txn;
}

static int add_reader(const char *line, void *arg)
{
	struct reader_list *list = arg;
	unsigned long pid, thread, txn;

	if (list->n < list->room && is_reader(line, &pid, &thread, &txn))
		list->v[list->n++] = (struct store_reader){ .pid = (long)pid,
							    .thread = thread,
							    .level = list->level,
							    .txn = txn,
							    .behind = list->last_txn > txn ? list->last_txn - txn : 0 };
	return 0;
}

static void list_level(const struct level *l, struct reader_list *list)
{
	MDB_envinfo info;

	if (mdb_env_info(l->env, &info))
		return;
	list->level = l->number;
	list->last_txn = info.me_last_txnid;
	mdb_reader_list(l->env, add_reader, list);
}

unsigned store_readers(struct store *s, struct store_reader *ret, unsigned room)
{
	struct reader_list list = { .v = ret, .room = room };
	struct levels *ls = levels__get(s);
	struct level *young;

	list_level(&ls->base, &list);
	if (young__newest(ls) && young__acquire(ls, young__newest(ls), &young) == 0) {
		list_level(young, &list);
		young__release(ls, young);
	}
	levels__put(s, ls);
	return list.n;
}

unsigned store_drop_dead_readers(struct store *s)
{
	struct levels *ls = levels__get(s);
	struct level *young;
	int dead = 0, more = 0;

	if (mdb_reader_check(ls->base.env, &dead))
		dead = 0;
	if (young__newest(ls) && young__acquire(ls, young__newest(ls), &young) == 0) {
		if (mdb_reader_check(young->env, &more) == 0)
			dead += more;
		young__release(ls, young);
	}
	levels__put(s, ls);
	return (unsigned)dead;
}

int store_figures(struct store *s, struct store_figures *ret)
{
	struct store_reader readers[STORE_READERS_MAX];
	struct levels *ls = levels__get(s);
	MDB_envinfo info;
	MDB_stat st;
	uint64_t oldest;
	int rc;

	rc = mdb_env_info(ls->base.env, &info);
	if (!rc)
		rc = mdb_env_stat(ls->base.env, &st);
	oldest = rc ? 0 : level__oldest_read(&ls->base, info.me_last_txnid);
	levels__put(s, ls);
	if (rc)
		return store__error(rc);
	*ret = (struct store_figures){ .map_size = s->opt.read_only ? s->opt.map_size : info.me_mapsize,
				       .used_bytes = (info.me_last_pgno + 1) * st.ms_psize,
				       .last_txn = info.me_last_txnid,
				       .oldest_reader_txn = oldest,
				       .readers = store_readers(s, readers, STORE_READERS_MAX) };
	return 0;
}
