/* Free pages of a level: how many there are, and in which order a large transaction takes them. */
#include "views/store_internal.h"

#include <stdlib.h>

#define RUN_SHARE 128  /* of the level, */
#define RUN_CHANGES 16 /* or of what is changed, whichever is less */
#define RUN_PAGES_LEAST 8
#define RUN_PAGES_MOST 1024
#define RUN_TIMES 16 /* the room that there must be in the map, in runs: it may be the last */

#define LIST_RUNS_LEAST 16 /* a list of fewer pages costs little when it is read late */
#define RUN_SLACK 16       /* pages that the first row itself may take of a run, and more */
#define ROWS_MOST 64
#define ROW_PAGES_MOST (8 * RUN_PAGES_MOST)

/* Pages that the transaction `txn` left, falling. Stops on non-zero, which is returned. */
typedef int (*free_list)(void *arg, uint64_t txn, const size_t *pages, size_t n);

/* The lists are the environment's database 0, with the number of pages in front; only a reader may open it. */
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

static int add_count(void *arg, uint64_t txn, const size_t *pages, size_t n)
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
	int rc = each_list(ls->base.env, add_count, &pages);

	*ret = pages * ls->base.page_bytes;
	levels__put(s, ls);
	return store__error(rc);
}

/* ---- the order ---- */

/* What a transaction may read: the last long list, and the pages of the others. */
struct lists {
	uint64_t end; /* lists of this transaction and later ones are of no use yet */
	size_t run;   /* pages side by side that are looked for */
	const size_t *last;
	size_t last_n;
	bool last_has_run;
	size_t pages_end;
	unsigned char *others; /* a bit a page */
};

static void add_others(struct lists *ls, const size_t *pages, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pages[i] < ls->pages_end)
			ls->others[pages[i] / 8] |= (unsigned char)(1u << pages[i] % 8);
}

static bool has_run(const size_t *pages, size_t n, size_t least)
{
	size_t run = 0;

	for (size_t i = 0; i < n && run < least; i++)
		run = i && pages[i] + 1 == pages[i - 1] ? run + 1 : 1;
	return run >= least;
}

static int add_list(void *arg, uint64_t txn, const size_t *pages, size_t n)
{
	struct lists *ls = arg;

	if (txn >= ls->end)
		return MDB_NOTFOUND;
	if (n < ls->run * LIST_RUNS_LEAST) {
		add_others(ls, pages, n);
		return 0;
	}
	add_others(ls, ls->last, ls->last_n);
	ls->last = pages;
	ls->last_n = n;
	ls->last_has_run = has_run(pages, n, ls->run);
	return 0;
}

/* Pages of rows that take all runs of the others, longest first. */
struct rows {
	size_t pages[ROWS_MOST];
	unsigned n;
	bool too_many;
};

static void add_row(struct rows *rows, size_t pages)
{
	unsigned at = rows->n;

	rows->too_many |= at == ROWS_MOST;
	if (rows->too_many)
		return;
	for (; at && rows->pages[at - 1] < pages; at--)
		rows->pages[at] = rows->pages[at - 1];
	rows->pages[at] = pages;
	rows->n++;
}

static void find_runs(const struct lists *ls, struct rows *ret)
{
	size_t run = 0;

	for (size_t page = 0; page <= ls->pages_end && !ret->too_many; page++) {
		if (page < ls->pages_end && ls->others[page / 8] >> page % 8 & 1) {
			run++;
			continue;
		}
		for (run -= run < RUN_SLACK ? run : RUN_SLACK; run > ROW_PAGES_MOST; run -= ROW_PAGES_MOST)
			add_row(ret, ROW_PAGES_MOST);
		if (run >= ls->run - RUN_SLACK)
			add_row(ret, run);
		run = 0;
	}
}

/* The rows that are to be there for a run to be found in the last list only; none when it has no such run. */
static int rows_before(const struct level *l, const MDB_envinfo *info, size_t run, struct rows *ret)
{
	struct lists ls = { .run = run, .pages_end = info->me_last_pgno + 1 };
	int rc;

	*ret = (struct rows){ .n = 0 };
	if (run <= 2 * RUN_SLACK)
		return 0;
	ls.end = level__oldest_read(l, info->me_last_txnid);
	ls.others = xcalloc(ls.pages_end / 8 + 1, 1);
	rc = each_list(l->env, add_list, &ls);
	if (!rc && ls.last_has_run)
		find_runs(&ls, ret);
	if (ret->too_many)
		ret->n = 0;
	free(ls.others);
	return rc;
}

/* The run is row 0, those before it 1 and on. */
static MDB_val run_key(unsigned number, unsigned char text[2])
{
	text[0] = *(const unsigned char *)RUN_KEY;
	text[1] = (unsigned char)number;
	return (MDB_val){ number ? 2 : 1, text };
}

static int put_run(const struct level *l, MDB_txn *txn, unsigned number, size_t pages, MDB_val *ret)
{
	unsigned char text[2];
	MDB_val key = run_key(number, text);

	*ret = (MDB_val){ (pages - 1) * l->page_bytes, NULL };
	return mdb_put(txn, l->dbi_long, &key, ret, MDB_RESERVE);
}

static int drop_run(const struct level *l, MDB_txn *txn, unsigned number)
{
	unsigned char text[2];
	MDB_val key = run_key(number, text);

	return mdb_del(txn, l->dbi_long, &key, NULL);
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int level__order_free(const struct level *l, MDB_txn *txn, uint64_t bytes)
{
	MDB_envinfo info;
	struct rows rows;
	uint64_t pages;
	MDB_val run;
	int rc = mdb_env_info(l->env, &info);

	if (rc)
		return rc;
	pages = least_of(info.me_last_pgno / RUN_SHARE, bytes / l->page_bytes / RUN_CHANGES);
	pages = least_of(pages, RUN_PAGES_MOST);
	if (pages < RUN_PAGES_LEAST || (info.me_last_pgno + pages * RUN_TIMES) * l->page_bytes > info.me_mapsize)
		return 0;
	rc = rows_before(l, &info, pages, &rows);
	for (unsigned i = 0; i < rows.n && !rc; i++)
		rc = put_run(l, txn, i + 1, rows.pages[i], &run);
	if (!rc)
		rc = put_run(l, txn, 0, pages, &run);
	if (!rc)
		memset(run.mv_data, 0, run.mv_size);
	for (unsigned i = 0; i < rows.n && !rc; i++)
		rc = drop_run(l, txn, i + 1);
	return rc;
}
