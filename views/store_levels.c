/* The levels of one generation, opened and closed together. */
#include "views/store_internal.h"

#include "schemas/fault.h"
#include "views/generation.h"
#include "views/sync.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNFINISHED_BYTES_MAX (1 << 20) /* of a data.mdb that holds no more than its tables */

/* Are the bytes under `name` in meta these? A new store gets them. Returns what LMDB says. */
static int check_meta(const struct levels *ls, MDB_txn *txn, bool read_only, const char *name, struct str bytes,
		      bool *same)
{
	MDB_val key = { strlen(name), (void *)name }, value;
	int rc = mdb_get(txn, ls->base.dbi[TBL_META], &key, &value);

	*same = true;
	if (rc == MDB_NOTFOUND && !read_only) {
		value = (MDB_val){ bytes.n, (void *)bytes.p };
		return mdb_put(txn, ls->base.dbi[TBL_META], &key, &value, 0);
	}
	*same = !rc && value.mv_size == bytes.n && memcmp(value.mv_data, bytes.p, bytes.n) == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Written by this format, and with this key. */
static int check_origin(const struct store *s, struct levels *ls, struct error *e)
{
	unsigned char key_print[16];
	uint32_t format = STORE_FORMAT;
	bool format_same = true, key_same = true, read_only = s->opt.read_only;
	MDB_txn *txn;
	int rc;

	crypto_generichash(key_print, sizeof(key_print), s->person_key, sizeof(s->person_key), NULL, 0);
	rc = mdb_txn_begin(ls->base.env, NULL, read_only ? MDB_RDONLY : 0, &txn);
	if (rc)
		return store__cannot_open(s, rc, e);
	rc = check_meta(ls, txn, read_only, "format", (struct str){ (char *)&format, sizeof(format) }, &format_same);
	if (!rc && format_same)
		rc = check_meta(ls, txn, read_only, "person-key", (struct str){ (char *)key_print, sizeof(key_print) },
				&key_same);
	if (rc || !format_same || !key_same)
		mdb_txn_abort(txn);
	else
		rc = level__commit(&ls->base, txn);
	if (rc)
		return store__cannot_open(s, rc, e);
	if (!format_same)
		return error_set(
			e, ERR_STORE_VERSION, "store.path",
			"store '%s' was written in another format than %u: rebuild it from the log with an empty "
			"store.path",
			s->path, STORE_FORMAT);
	if (!key_same)
		return error_set(
			e, ERR_STORE_CORRUPT, "person.key.file",
			"store '%s' was filled with another person key: restore that key, or rebuild from the log with "
			"an empty store.path",
			s->path);
	return 0;
}

static int open_base(const struct store *s, struct levels *ls, struct error *e)
{
	static const unsigned durability[] = { 0, MDB_NOMETASYNC, MDB_NOSYNC };
	unsigned flags = s->opt.read_only ? MDB_RDONLY : durability[s->opt.durability];
	char dir[GENERATION_PATH_MAX + 8], lock[GENERATION_PATH_MAX + 24];
	int rc;

	snprintf(dir, sizeof(dir), "%s/base", ls->home);
	snprintf(lock, sizeof(lock), "%s/lock.mdb", dir);
	if (!s->opt.read_only && mkdir(dir, 0700) && errno != EEXIST)
		return error_set(e, ERR_STORE_OPEN, "store.path", "cannot make '%s': %s", dir, strerror(errno));
	rc = store__check_environment(dir, !s->opt.read_only, e);
	if (rc)
		return rc;
	rc = s->opt.read_only ? 0 : store__reserve_lock(lock, s->opt.readers_max);
	if (rc)
		return store__cannot_open(s, rc, e);
	rc = level__open(&ls->base, dir, flags, s->opt.map_size, s->opt.readers_max, !s->opt.read_only);
	if (rc == MDB_NOTFOUND && level__was_written(&ls->base))
		rc = MDB_CORRUPTED; /* the first transaction makes all tables */
	if (!rc && !s->opt.read_only && (sync_directory(ls->home) || sync_directory(dir)))
		rc = errno; /* that there is a base, and data.mdb in it */
	FAULT_POINT("open:tables-made");
	return rc ? store__cannot_open(s, rc, e) : check_origin(s, ls, e);
}

/*
 * A first writer that was cut off leaves a data.mdb without whole pages. Nothing is lost with it: its generation was
 * never the current one. One that has grown is somebody's, whose `current' is gone.
 */
static bool drop_unfinished(const struct store *s, struct levels *ls)
{
	char file[GENERATION_PATH_MAX + 16];
	struct error none = { 0 };
	struct stat st;
	unsigned n;

	snprintf(file, sizeof(file), "%s/base/data.mdb", ls->home);
	if (s->opt.read_only || generation_current(s->path, &n, &none) != ERR_NOT_FOUND || stat(file, &st) ||
	    st.st_size > UNFINISHED_BYTES_MAX || unlink(file))
		return false;
	level__close(&ls->base);
	return true;
}

static void close_levels(struct levels *ls)
{
	young__close(ls);
	level__close(&ls->base);
	free(ls->home);
	free(ls);
}

int levels__open(struct store *s, unsigned generation, struct levels **ret, struct error *e)
{
	struct levels *ls = xcalloc(1, sizeof(*ls));
	int rc;

	*ls = (struct levels){
		.refs = 1, .generation = generation, .writer = s->opt.writer, .readers_max = s->opt.readers_max
	};
	ls->home = xmalloc(GENERATION_PATH_MAX);
	generation_path(s->path, generation, ls->home);
	rc = open_base(s, ls, e);
	if (rc == ERR_STORE_CORRUPT && drop_unfinished(s, ls)) {
		if (e)
			*e = (struct error){ 0 };
		rc = open_base(s, ls, e);
	}
	if (!rc)
		rc = young__open(ls, &s->opt, e);
	if (rc) {
		close_levels(ls);
		return rc;
	}
	*ret = ls;
	return 0;
}

struct levels *levels__get(struct store *s)
{
	struct levels *ret;

	pthread_mutex_lock(&s->lock);
	ret = s->levels;
	ret->refs++;
	pthread_mutex_unlock(&s->lock);
	return ret;
}

struct levels *levels__take_other(struct store *s, unsigned generation)
{
	struct levels **at, *ret;

	pthread_mutex_lock(&s->lock);
	for (at = &s->others; *at && (*at)->generation != generation; at = &(*at)->next)
		;
	ret = *at;
	if (ret) {
		*at = ret->next;
		ret->refs++;
	}
	pthread_mutex_unlock(&s->lock);
	return ret;
}

void levels__replace(struct store *s, struct levels *ls)
{
	struct levels *old = s->levels;

	pthread_mutex_lock(&s->lock);
	__atomic_store_n(&s->levels, ls, __ATOMIC_RELEASE);
	old->next = s->others;
	s->others = old;
	pthread_mutex_unlock(&s->lock);
	levels__put(s, old);
}

/* Closed under the lock: an environment must not be opened again before it is closed. */
void levels__put(struct store *s, struct levels *ls)
{
	struct levels **at;

	if (!ls)
		return;
	pthread_mutex_lock(&s->lock);
	if (--ls->refs == 0) {
		for (at = &s->others; *at && *at != ls; at = &(*at)->next)
			;
		if (*at)
			*at = ls->next;
		close_levels(ls);
	}
	pthread_mutex_unlock(&s->lock);
}
