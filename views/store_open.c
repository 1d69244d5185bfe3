/* Opening, closing and describing the store. */
#include "views/store_internal.h"

#include "schemas/fault.h"
#include "views/generation.h"
#include "views/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNFINISHED_BYTES_MAX (1 << 20) /* of a data.mdb that holds no more than its tables */

static const struct table tables[] = {
#define TABLE(name, text, kind, columns) { text, TABLE_##kind, columns, TBL_##name },
#include "views/tables.def"
#undef TABLE
};

const struct table *table_get(enum table_id id)
{
	return &tables[id];
}

int store__error(int rc)
{
	switch (rc) {
	case 0:
		return 0;
	case MDB_NOTFOUND:
		return ERR_NOT_FOUND;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
		return ERR_STORE_FULL;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERR_DISK_FULL;
	case MDB_VERSION_MISMATCH:
		return ERR_STORE_VERSION;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
		return ERR_STORE_CORRUPT;
	case MDB_PANIC:
		return ERR_STORE_BROKEN;
	default:
		return ERR_STORE_IO;
	}
}

static int make_directory(const char *path, bool read_only, struct error *e)
{
	struct stat st;

	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		return error_set(e, ERR_STORE_OPEN, "store.path", "cannot open store '%s': not a directory", path);
	}
	if (read_only)
		return error_set(e, ERR_STORE_OPEN, "store.path",
				 "cannot open store '%s': it does not exist; run `aisle run' or `aisle replay' first",
				 path);
	if ((mkdir(path, 0700) && errno != EEXIST) || sync_parent(path))
		return error_set(e, ERR_STORE_OPEN, "store.path", "cannot make store '%s': %s", path, strerror(errno));
	return 0;
}

/* Write the new key beside its place and link it there, so that a crash leaves a whole key or none. */
static int make_key(const char *file, unsigned char key[32], struct error *e)
{
	char temporary[4160];
	int fd, ret = 0;

	snprintf(temporary, sizeof(temporary), "%s.%ld", file, (long)getpid());
	FAULT_POINT("key:missing");
	randombytes_buf(key, 32);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FAULT_POINT("key:file-empty");
	if (fd < 0 || write(fd, key, 32) != 32 || fsync(fd) || (link(temporary, file) && errno != EEXIST))
		ret = error_set(e, ERR_STORE_OPEN, "person.key.file", "cannot make the key '%s': %s", file,
				strerror(errno));
	if (fd >= 0)
		close(fd);
	FAULT_POINT("key:linked");
	unlink(temporary);
	FAULT_POINT("key:made");
	return ret;
}

/* Is there anything that was written with a key? */
static bool has_rows(const struct store *s)
{
	char generation[GENERATION_PATH_MAX], file[GENERATION_PATH_MAX + 16];
	bool own, current;

	generation_path(s->path, s->generation, generation);
	snprintf(file, sizeof(file), "%s/base/data.mdb", generation);
	own = access(file, F_OK) == 0;
	snprintf(file, sizeof(file), "%s/current/base/data.mdb", s->path);
	current = access(file, F_OK) == 0;
	return own || current;
}

static int load_key(struct store *s, const char *key_file, struct error *e)
{
	unsigned char key[33] = { 0 }; /* one more than there may be */
	char file[4128];
	ssize_t n;
	int fd;

	if (key_file && *key_file)
		snprintf(file, sizeof(file), "%s", key_file);
	else
		snprintf(file, sizeof(file), "%s/person.key", s->path);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && has_rows(s))
		return error_set(e, ERR_STORE_CORRUPT, "person.key.file",
				 "the key '%s' is missing and the store was filled with one: restore it or set "
				 "person.key.file; else rebuild from the log with an empty store.path",
				 file);
	if (fd < 0 && errno == ENOENT && !s->read_only) {
		if (make_key(file, s->person_key, e))
			return ERR_STORE_OPEN;
		fd = open(file, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_set(e, ERR_STORE_OPEN, "person.key.file", "cannot read the key '%s': %s", file,
				 strerror(errno));
	n = read(fd, key, sizeof(key));
	close(fd);
	memcpy(s->person_key, key, 32);
	sodium_memzero(key, sizeof(key));
	if (n != 32)
		return error_set(
			e, ERR_STORE_CORRUPT, "person.key.file",
			"the key '%s' is damaged, it must have 32 bytes: restore it from a copy, or rebuild from the "
			"log with an empty store.path",
			file);
	return 0;
}

/* Which one to open, and its lock. A swap may come between the two. */
static int choose_generation(struct store *s, const struct store_options *opt, struct error *e)
{
	unsigned n;
	int rc;

	for (;;) {
		n = opt->generation;
		rc = n ? 0 : generation_current(s->path, &n, e);
		if (rc == ERR_NOT_FOUND && opt->read_only)
			return error_set(e, ERR_STORE_OPEN, "store.path",
					 "cannot open store '%s': nothing was written to it yet; run `aisle run' or "
					 "`aisle replay' first",
					 s->path);
		if (rc == ERR_NOT_FOUND)
			rc = generation_first(s->path, &n, e);
		if (!rc && n == s->generation)
			return 0;
		if (s->lock_fd >= 0)
			close(s->lock_fd);
		s->lock_fd = -1;
		s->generation = n;
		if (!rc && opt->writer)
			rc = generation_lock(s->path, n, &s->lock_fd, e);
		if (rc || !opt->writer)
			return rc;
	}
}

/* A new store's first generation becomes the current one when it can be read. */
static int make_current(struct store *s, struct error *e)
{
	unsigned n;
	int rc = generation_current(s->path, &n, e);

	return rc == ERR_NOT_FOUND ? generation_swap(s->path, s->generation, e) : rc;
}

static int open_databases(struct store *s)
{
	unsigned create = s->read_only ? 0 : MDB_CREATE;
	MDB_txn *txn;
	int rc;

	rc = mdb_txn_begin(s->env, NULL, s->read_only ? MDB_RDONLY : 0, &txn);
	if (rc)
		return rc;
	for (int i = 0; i < TABLE_COUNT && !rc; i++)
		rc = mdb_dbi_open(txn, tables[i].name, create, &s->dbi[i]);
	if (!rc)
		rc = mdb_dbi_open(txn, "long-values", create, &s->dbi_long);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

/* Are the bytes under `name` in meta these? A new store gets them. Returns what LMDB says. */
static int check_meta(MDB_txn *txn, const struct store *s, const char *name, const void *bytes, size_t n, bool *same)
{
	MDB_val key = { strlen(name), (void *)name }, value;
	int rc = mdb_get(txn, s->dbi[TBL_META], &key, &value);

	*same = true;
	if (rc == MDB_NOTFOUND && !s->read_only) {
		value = (MDB_val){ n, (void *)bytes };
		return mdb_put(txn, s->dbi[TBL_META], &key, &value, 0);
	}
	*same = !rc && value.mv_size == n && memcmp(value.mv_data, bytes, n) == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Written by this format, and with this key. */
static int check_origin(struct store *s, struct error *e)
{
	unsigned char key_print[16];
	uint32_t format = STORE_FORMAT;
	bool format_same = true, key_same = true;
	MDB_txn *txn;
	int rc;

	crypto_generichash(key_print, sizeof(key_print), s->person_key, sizeof(s->person_key), NULL, 0);
	rc = mdb_txn_begin(s->env, NULL, s->read_only ? MDB_RDONLY : 0, &txn);
	if (rc)
		return store__cannot_open(s, rc, e);
	rc = check_meta(txn, s, "format", &format, sizeof(format), &format_same);
	if (!rc && format_same)
		rc = check_meta(txn, s, "person-key", key_print, sizeof(key_print), &key_same);
	if (rc || !format_same || !key_same)
		mdb_txn_abort(txn);
	else
		rc = mdb_txn_commit(txn);
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

/* Before rows are written with the key: a writer that was killed may have left names that are not durable. */
static int sync_names(const struct store *s, const char *key_file, struct error *e)
{
	char generation[GENERATION_PATH_MAX];

	generation_path(s->path, s->generation, generation);
	if (sync_directory(s->path) || sync_parent(generation) || (key_file && *key_file && sync_parent(key_file)))
		return error_set(e, ERR_STORE_IO, "store.path", "cannot sync the directories of store '%s': %s",
				 s->path, strerror(errno));
	return 0;
}

/* That there is a base, and data.mdb in it. */
static int sync_base(const char *generation, const char *base)
{
	return sync_directory(generation) || sync_directory(base) ? errno : 0;
}

static int open_environment(struct store *s, const struct store_options *opt, struct error *e)
{
	static const unsigned durability[] = { 0, MDB_NOMETASYNC, MDB_NOSYNC };
	unsigned flags = MDB_NOTLS | (opt->read_only ? MDB_RDONLY : durability[opt->durability]);
	char generation[GENERATION_PATH_MAX], dir[GENERATION_PATH_MAX + 8];
	int rc;

	generation_path(s->path, s->generation, generation);
	snprintf(dir, sizeof(dir), "%s/base", generation);
	rc = make_directory(dir, opt->read_only, e);
	if (!rc)
		rc = store__check_environment(dir, !opt->read_only, e);
	if (rc)
		return rc;
	rc = mdb_env_create(&s->env);
	if (!rc)
		rc = mdb_env_set_maxdbs(s->env, TABLE_COUNT + 8);
	if (!rc)
		rc = mdb_env_set_maxreaders(s->env, opt->readers_max ? opt->readers_max : STORE_READERS_MAX);
	if (!rc)
		rc = mdb_env_set_mapsize(s->env, opt->map_size ? opt->map_size : UINT64_C(64) << 30);
	if (!rc)
		rc = mdb_env_open(s->env, dir, flags, 0600);
	if (!rc && !opt->read_only)
		rc = sync_base(generation, dir);
	FAULT_POINT("open:no-tables");
	if (!rc)
		rc = open_databases(s);
	FAULT_POINT("open:tables-made");
	return rc ? store__cannot_open(s, rc, e) : check_origin(s, e);
}

/*
 * A first writer that was cut off leaves a data.mdb without whole pages. Nothing is lost with it: its generation was
 * never the current one. One that has grown is somebody's, whose `current' is gone.
 */
static int open_or_begin_again(struct store *s, const struct store_options *opt, struct error *e)
{
	int rc = open_environment(s, opt, e);
	char generation[GENERATION_PATH_MAX], file[GENERATION_PATH_MAX + 16];
	struct error none = { 0 };
	struct stat st;
	unsigned n;

	generation_path(s->path, s->generation, generation);
	snprintf(file, sizeof(file), "%s/base/data.mdb", generation);
	if (rc != ERR_STORE_CORRUPT || opt->read_only || generation_current(s->path, &n, &none) != ERR_NOT_FOUND ||
	    stat(file, &st) || st.st_size > UNFINISHED_BYTES_MAX || unlink(file))
		return rc;
	if (s->env)
		mdb_env_close(s->env);
	s->env = NULL;
	if (e)
		*e = none;
	return open_environment(s, opt, e);
}

int store_open(const struct store_options *opt, struct store **ret, struct error *e)
{
	struct store *s = xcalloc(1, sizeof(*s));
	int rc;

	s->lock_fd = -1;
	s->read_only = opt->read_only;
	s->path = xstrndup(opt->path, strlen(opt->path));
	rc = sodium_init() < 0 ? ERR_STORE_OPEN : make_directory(s->path, opt->read_only, e);
	if (!rc)
		rc = store__check_place(s->path, !opt->read_only, e);
	FAULT_POINT("open:directory-made");
	if (!rc)
		rc = choose_generation(s, opt, e);
	FAULT_POINT("open:locked");
	if (!rc)
		rc = load_key(s, opt->key_file, e);
	if (!rc && !opt->read_only)
		rc = sync_names(s, opt->key_file, e);
	if (!rc)
		rc = open_or_begin_again(s, opt, e);
	if (!rc && !opt->read_only && !opt->generation)
		rc = make_current(s, e);
	if (rc) {
		store_close(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->env)
		mdb_env_close(s->env);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	sodium_memzero(s->person_key, sizeof(s->person_key));
	free(s->path);
	free(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

unsigned store_generation(const struct store *s)
{
	return s->generation;
}

const unsigned char *store_person_key(const struct store *s)
{
	return s->person_key;
}

int store_sync(struct store *s)
{
	return store__error(mdb_env_sync(s->env, 1));
}

int store_figures(struct store *s, struct store_figures *ret)
{
	struct store_reader readers[STORE_READERS_MAX];
	MDB_envinfo info;
	MDB_stat st;
	int rc;

	rc = mdb_env_info(s->env, &info);
	if (!rc)
		rc = mdb_env_stat(s->env, &st);
	if (rc)
		return store__error(rc);
	*ret = (struct store_figures){ .map_size = info.me_mapsize,
				       .used_bytes = (info.me_last_pgno + 1) * st.ms_psize,
				       .last_txn = info.me_last_txnid,
				       .oldest_reader_txn = info.me_last_txnid,
				       .readers = store_readers(s, readers, STORE_READERS_MAX) };
	for (unsigned i = 0; i < ret->readers; i++)
		if (readers[i].txn < ret->oldest_reader_txn)
			ret->oldest_reader_txn = readers[i].txn;
	return 0;
}
