/*
 * Young levels: environments in memory (tmpfs) that take live commits. Losing one loses no event: base has offsets of
 * its own, from which the log is read again.
 *
 * What processes share is one page, HOME/levels: the newest number, in which run of the machine that was, and where the
 * files lie, so that readers need no setting. A number is published after its environment was made, and never used again.
 */
#include "views/generation_internal.h"
#include "views/store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAP_TIMES 8 /* times bytes_max, address space only */
#define MAP_LEAST (UINT64_C(64) << 20)

uint64_t young__newest(const struct levels *ls)
{
	const struct young_set *y = &ls->young;
	uint64_t ret;

	if (!y->page)
		return 0;
	ret = PAGE_GET(y->page, newest);
	return ret && y->page->home == y->home && memcmp(y->page->boot, y->boot, sizeof(y->boot)) == 0 ? ret : 0;
}

static void file_of_page(const struct levels *ls, char ret[4200])
{
	snprintf(ret, 4200, "%s/levels", ls->home);
}

void store_look(struct store *s)
{
	struct levels *ls = levels__get(s);
	char file[4200];

	if (!PAGE_GET(ls->young.page, home)) {
		file_of_page(ls, file);
		page_file_look(file, ls->young.page);
	}
	levels__put(s, ls);
}

/* ---- open levels ---- */

static int open_level(struct levels *ls, uint64_t number, bool create, struct level **ret)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOSYNC | (ls->writer ? MDB_WRITEMAP : MDB_RDONLY);
	uint64_t map_size = MAP_TIMES * ls->young.bytes_max;
	struct level *l;
	char file[4240];
	int rc;

	if (!create && !young__exists(ls, number))
		return ERR_NOT_FOUND;
	rc = create ? young__make(ls, number) : 0;
	if (rc)
		return store__error(rc);
	l = xcalloc(1, sizeof(*l));
	l->number = number;
	young__file(ls, number, file);
	if (map_size < MAP_LEAST)
		map_size = MAP_LEAST;
	rc = level__open(l, file, flags, ls->writer ? map_size : 0, ls->readers_max, create);
	if (!create && !young__exists(ls, number)) {
		/* its writer removed it meanwhile, and LMDB may have made its lock file anew */
		young__drop(ls, number);
		rc = ENOENT;
	}
	if (rc) {
		level__close(l);
		free(l);
		return rc == ENOENT ? ERR_NOT_FOUND : rc == EACCES ? ERR_STORE_OPEN : store__error(rc);
	}
	*ret = l;
	return 0;
}

static void unref(struct level *l)
{
	if (--l->refs)
		return;
	level__close(l);
	free(l);
}

/* Keep it open for the next snapshot, instead of the oldest. */
static void keep(struct young_set *y, struct level *l)
{
	unsigned at = 0;

	for (unsigned i = 1; i < YOUNG_MAX; i++)
		if (!y->open[i] || (y->open[at] && y->open[i]->number < y->open[at]->number))
			at = i;
	if (y->open[at])
		unref(y->open[at]);
	y->open[at] = l;
	l->refs++;
}

static struct level *find_open(const struct young_set *y, uint64_t number)
{
	for (unsigned i = 0; i < YOUNG_MAX; i++)
		if (y->open[i] && y->open[i]->number == number)
			return y->open[i];
	return NULL;
}

static int acquire(struct levels *ls, uint64_t number, bool create, struct level **ret)
{
	struct young_set *y = &ls->young;
	struct level *l;
	int rc = 0;

	pthread_mutex_lock(&y->lock);
	l = find_open(y, number);
	if (!l) {
		rc = open_level(ls, number, create, &l);
		if (!rc)
			keep(y, l);
	}
	if (!rc) {
		l->refs++;
		*ret = l;
	}
	pthread_mutex_unlock(&y->lock);
	return rc;
}

int young__acquire(struct levels *ls, uint64_t number, struct level **ret)
{
	return acquire(ls, number, false, ret);
}

void young__release(struct levels *ls, struct level *l)
{
	pthread_mutex_lock(&ls->young.lock);
	unref(l);
	pthread_mutex_unlock(&ls->young.lock);
}

uint64_t young__merged_so_far(struct levels *ls)
{
	struct young_set *y = &ls->young;
	uint64_t ret;

	pthread_mutex_lock(&y->lock);
	ret = y->merged;
	pthread_mutex_unlock(&y->lock);
	return ret;
}

void young__merged(struct levels *ls, uint64_t merged)
{
	struct young_set *y = &ls->young;

	pthread_mutex_lock(&y->lock);
	if (merged > y->merged) /* not back: other threads may have seen more */
		y->merged = merged;
	for (unsigned i = 0; i < YOUNG_MAX; i++) {
		if (y->open[i] && y->open[i]->number <= merged) {
			unref(y->open[i]);
			y->open[i] = NULL;
		}
	}
	pthread_mutex_unlock(&y->lock);
}

/* ---- the writer ---- */

int young__active(struct levels *ls, struct level **ret)
{
	struct young_set *y = &ls->young;
	uint64_t number = y->active;
	int rc;

	if (!number) {
		uint64_t newest = young__newest(ls), merged = young__merged_so_far(ls);

		number = (newest > merged ? newest : merged) + 1;
	}
	rc = acquire(ls, number, !y->active, ret);
	if (!rc && !y->active) {
		y->active = number;
		PAGE_SET(y->page, newest, number);
	}
	if (!rc && (rc = store__error(young__keep_room(*ret, level__used_bytes(*ret)))))
		young__release(ls, *ret);
	return rc;
}

void store_young_seal(struct store *s)
{
	s->levels->young.active = 0;
}

bool store_young_removed(struct store *s)
{
	const struct young_set *y = &s->levels->young;

	return y->active && !young__exists(s->levels, y->active);
}

bool store_young_was_lost(const struct store *s)
{
	return s->levels->young.lost;
}

uint64_t store_young_sealed(struct store *s)
{
	struct young_set *y = &s->levels->young;
	uint64_t oldest;

	oldest = young__merged_so_far(s->levels) + 1;
	return oldest <= young__newest(s->levels) && oldest != y->active ? oldest : 0;
}

uint64_t store_young_bytes(struct store *s)
{
	struct levels *ls = s->levels;
	struct level *l;
	uint64_t ret;

	if (!ls->young.active || young__acquire(ls, ls->young.active, &l))
		return 0;
	ret = level__used_bytes(l);
	young__release(ls, l);
	return ret;
}

uint64_t store_young_bytes_above(struct store *s)
{
	struct levels *ls = levels__get(s);
	uint64_t ret = 0, newest = young__newest(ls);

	for (uint64_t n = young__merged_so_far(ls) + 1; n <= newest; n++) {
		struct level *l;

		if (young__acquire(ls, n, &l)) /* merged meanwhile */
			continue;
		ret += level__used_bytes(l);
		young__release(ls, l);
	}
	levels__put(s, ls);
	return ret;
}

uint64_t store_young_bytes_max(const struct store *s)
{
	return s->levels->young.bytes_max;
}

/* All of them are there, or what is there is of no use: base is then the whole state, and passes their numbers by. */
static int settle(struct levels *ls)
{
	struct young_set *y = &ls->young;
	uint64_t said = y->page->newest, most = y->merged + YOUNG_MAX;
	uint64_t newest = said < most ? said : most; /* there are never more: the page, or base, lost its memory */
	bool lost = said > most || (newest > y->merged && !young__newest(ls));
	int rc;

	/* a crash may have come between a merge and the end of its level */
	young__drop(ls, y->merged);
	for (uint64_t n = y->merged + 1; n <= newest && !lost; n++)
		lost = !young__exists(ls, n);
	if (newest > y->merged && !lost) {
		y->active = newest;
		return 0;
	}
	y->lost = lost;
	rc = lost ? level__set_merged(&ls->base, newest) : 0;
	if (rc || !lost)
		return rc;
	for (uint64_t n = 0; n < YOUNG_MAX; n++) {
		young__drop(ls, newest - n);
		young__drop(ls, said - n);
	}
	PAGE_SET(y->page, newest, newest);
	young__merged(ls, newest);
	return 0;
}

/* The newest one is of whoever folds, with the rights of a new file whatever those of base are. */
static int check_reader(const struct levels *ls, struct error *e)
{
	uint64_t newest = young__newest(ls);
	char file[4240];

	if (ls->writer || newest <= ls->young.merged)
		return 0;
	young__file(ls, newest, file);
	return store__check_access(file, R_OK, e);
}

int young__open(struct levels *ls, const struct store_options *opt, struct error *e)
{
	struct young_set *y = &ls->young;
	char file[4200];
	void *page = NULL;
	MDB_txn *txn;
	int rc;

	pthread_mutex_init(&y->lock, NULL);
	y->bytes_max = opt->young_bytes_max;
	clock_boot(y->boot);
	y->home = young__home_of(ls->home);
	file_of_page(ls, file);
	rc = page_file_map(file, ls->writer, &page, e);
	y->page = page;
	if (rc)
		return rc;
	rc = mdb_txn_begin(ls->base.env, NULL, MDB_RDONLY, &txn);
	if (!rc) {
		rc = level__merged(&ls->base, txn, &y->merged);
		mdb_txn_abort(txn);
	}
	if (!rc && ls->writer)
		rc = settle(ls);
	if (!rc && ls->writer && !y->active)
		young__begin_page(y, opt);
	if (rc)
		return error_set(e, store__error(rc), "store.path", "cannot read the levels of '%s': %s", ls->home,
				 mdb_strerror(rc));
	return check_reader(ls, e);
}

void young__close(struct levels *ls)
{
	struct young_set *y = &ls->young;

	for (unsigned i = 0; i < YOUNG_MAX; i++)
		if (y->open[i])
			unref(y->open[i]);
	page_file_unmap(y->page);
	if (y->home)
		pthread_mutex_destroy(&y->lock);
}

void store_forget_young(const struct store_options *opt)
{
	char home[GENERATION_PATH_MAX], file[4200];
	struct levels ls = { .home = home };
	struct young_page *page;
	struct error e = { 0 };
	void *p;

	generation_path(opt->path, opt->generation, home);
	file_of_page(&ls, file);
	if (page_file_map(file, false, &p, &e))
		return;
	page = ls.young.page = p;
	ls.young.home = young__home_of(home);
	for (uint64_t n = page->newest; n && page->newest - n <= YOUNG_MAX; n--)
		young__drop(&ls, n);
	if (page->tmpfs[0] && page->home == ls.young.home)
		young__drop_link(page);
	page_file_unmap(p);
}
