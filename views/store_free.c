/* Free pages of a level: how many there are, and in which order a transaction takes them. */
#include "views/store_internal.h"

#include <stdlib.h>

#define RUN_SHARE 128  /* of the level, */
#define RUN_CHANGES 16 /* or of what is changed, whichever is less */
#define RUN_PAGES_LEAST 8
#define RUN_PAGES_MOST 1024
#define RUN_PAGES_LONGEST 4096 /* where lists have runs of RUN_PAGES_MOST themselves */
#define RUN_TIMES 16           /* the room that there must be in the map, in runs: it may be the last */

/* A list of pages, each a size_t, falling, that a transaction left. Stops on non-zero and returns that. */
typedef int (*free_list)(void *arg, uint64_t txn, const size_t *pages, size_t n);

/* The lists are the environment's database 0, which only a reading transaction may open: key the transaction, value n and n pages. */
static int each_list(MDB_env *env, free_list each, void *arg)
{
	MDB_cursor *cur;
	MDB_val key, value;
	MDB_txn *txn;
	int rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);

	if (rc)
		return rc;
	rc = mdb_cursor_open(txn, 0, &cur);
	if (rc)
		goto out;
	while (!rc && !(rc = mdb_cursor_get(cur, &key, &value, MDB_NEXT))) {
		const size_t *list = value.mv_data;

		if (key.mv_size != sizeof(size_t) || value.mv_size < sizeof(size_t) ||
		    list[0] > value.mv_size / sizeof(size_t) - 1)
			rc = MDB_CORRUPTED;
		else
			rc = each(arg, *(const size_t *)key.mv_data, list + 1, list[0]);
	}
	mdb_cursor_close(cur);
out:
	mdb_txn_abort(txn);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* ---- how many ---- */

static int count_pages(void *arg, uint64_t txn, const size_t *pages, size_t n)
{
	(void)txn;
	(void)pages;
	*(uint64_t *)arg += n;
	return 0;
}

int store_free_bytes(struct store *s, uint64_t *ret)
{
	struct levels *ls = levels__get(s);
	uint64_t pages = 0;
	int rc = each_list(ls->base.env, count_pages, &pages);

	*ret = pages * ls->base.page_bytes;
	levels__put(s, ls);
	return store__error(rc);
}

/* ---- in which order ---- */

/* The pages of all lists but the last one that the next transaction may read. */
struct gathering {
	uint64_t end; /* lists of transactions before this one: the last that ended is still a way back */
	uint64_t pages_end;
	unsigned char *is_free; /* a bit a page */
	const size_t *last;
	size_t last_n;
};

static int gather(void *arg, uint64_t txn, const size_t *pages, size_t n)
{
	struct gathering *g = arg;

	if (txn >= g->end)
		return MDB_NOTFOUND;
	for (size_t i = 0; i < g->last_n; i++)
		if (g->last[i] < g->pages_end)
			g->is_free[g->last[i] / 8] |= (unsigned char)(1u << g->last[i] % 8);
	g->last = pages;
	g->last_n = n;
	return 0;
}

/* The most of them that lie side by side. */
static int longest_run(const struct level *l, const MDB_envinfo *info, uint64_t *ret)
{
	struct gathering g = { .end = info->me_last_txnid, .pages_end = info->me_last_pgno + 1 };
	uint64_t run = 0;
	int rc;

	g.is_free = xcalloc(g.pages_end / 8 + 1, 1);
	rc = each_list(l->env, gather, &g);
	*ret = 0;
	for (uint64_t page = 0; page < g.pages_end; page++) {
		run = g.is_free[page / 8] >> page % 8 & 1 ? run + 1 : 0;
		*ret = run > *ret ? run : *ret;
	}
	free(g.is_free);
	return rc;
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int level__order_free(const struct level *l, MDB_txn *txn, uint64_t bytes)
{
	MDB_val key = { sizeof(RUN_KEY) - 1, (void *)RUN_KEY }, run = { 0, NULL };
	uint64_t pages, longest;
	MDB_envinfo info;
	int rc = mdb_env_info(l->env, &info);

	if (rc)
		return rc;
	pages = least_of(info.me_last_pgno / RUN_SHARE, bytes / l->page_bytes / RUN_CHANGES);
	pages = least_of(pages, RUN_PAGES_MOST);
	if (pages < RUN_PAGES_LEAST)
		return 0;
	rc = longest_run(l, &info, &longest);
	if (rc)
		return rc;
	if (pages <= longest)
		pages = longest + 1;
	if (pages > RUN_PAGES_LONGEST || (info.me_last_pgno + pages * RUN_TIMES) * l->page_bytes > info.me_mapsize)
		return 0;
	run.mv_size = (pages - 1) * l->page_bytes;
	rc = mdb_put(txn, l->dbi_long, &key, &run, MDB_RESERVE);
	if (!rc)
		memset(run.mv_data, 0, run.mv_size);
	return rc;
}
