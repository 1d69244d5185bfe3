/* Opening, closing and describing the store. */
#include "views/generation_internal.h"
#include "views/store_internal.h"

#include "schemas/fault.h"
#include "views/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct table tables[] = {
#define TABLE(name, text, kind, columns) { text, TABLE_##kind, columns, TBL_##name },
#include "views/tables.def"
#undef TABLE
};

const struct table *table_get(enum table_id id)
{
	return &tables[id];
}

uint64_t table_neighbours(enum table_id id)
{
	uint64_t ret = TABLE_BIT(id);

	for (int i = 0; i < TABLE_COUNT && tables[id].kind == TABLE_ACTOR; i++)
		if (tables[i].kind == TABLE_ACTOR)
			ret |= TABLE_BIT(i);
	return ret;
}

static int make_directory(const char *path, bool read_only, struct error *e)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return 0;
	if (read_only)
		return error_set(e, ERR_STORE_OPEN, "store.path",
				 "cannot open store '%s': it does not exist; run `aisle run' or `aisle replay' first",
				 path);
	if ((mkdir(path, 0700) && errno != EEXIST) || sync_parent(path))
		return error_set(e, ERR_STORE_OPEN, "store.path", "cannot make store '%s': %s", path, strerror(errno));
	return 0;
}

static int cannot_make_key(const char *file, struct error *e)
{
	return error_set(e, ERR_STORE_OPEN, "person.key.file", "cannot make the key '%s': %s", file, strerror(errno));
}

static int cannot_read_key(const char *file, struct error *e)
{
	return error_set(e, ERR_STORE_OPEN, "person.key.file", "cannot read the key '%s': %s", file, strerror(errno));
}

/* Write the new key beside its place and link it there, so that a crash leaves a whole key or none. */
static int make_key(const char *file, unsigned char key[32], struct error *e)
{
	char temporary[4160];
	int fd, ret = 0;

	snprintf(temporary, sizeof(temporary), "%s.%ld", file, (long)getpid());
	FAULT_POINT("key:missing");
	randombytes_buf(key, 32);
	/* left by a process of the same number that was killed: in a container all have the same */
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FAULT_POINT("key:file-empty");
	if (fd < 0 || write(fd, key, 32) != 32 || fsync(fd) || (link(temporary, file) && errno != EEXIST))
		ret = cannot_make_key(file, e);
	if (fd >= 0)
		close(fd);
	FAULT_POINT("key:linked");
	unlink(temporary);
	FAULT_POINT("key:made");
	return ret;
}

/* Is there a data.mdb, which was written with a key? */
static bool was_filled(const char *path, unsigned generation)
{
	char dir[GENERATION_PATH_MAX], file[GENERATION_PATH_MAX + 16];
	bool own, current;

	generation_path(path, generation, dir);
	snprintf(file, sizeof(file), "%s/base/data.mdb", dir);
	own = access(file, F_OK) == 0;
	snprintf(file, sizeof(file), "%s/current/base/data.mdb", path);
	current = access(file, F_OK) == 0;
	return own || current;
}

static void key_place(const char *path, const char *key_file, char ret[4128])
{
	if (key_file && *key_file)
		snprintf(ret, 4128, "%s", key_file);
	else
		snprintf(ret, 4128, "%s/person.key", path);
}

/* NOT_FOUND, without words: there is none, and the store has nothing that was written with one. */
static int read_key(const char *file, const char *path, unsigned generation, unsigned char ret[32], struct error *e)
{
	unsigned char key[33] = { 0 }; /* one more than there may be */
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 && errno == ENOENT && was_filled(path, generation))
		return error_set(e, ERR_STORE_CORRUPT, "person.key.file",
				 "the key '%s' is missing and the store was filled with one: restore it or set "
				 "person.key.file; else rebuild from the log with an empty store.path",
				 file);
	if (fd < 0 && errno == ENOENT)
		return ERR_NOT_FOUND;
	if (fd < 0)
		return cannot_read_key(file, e);
	n = read(fd, key, sizeof(key));
	if (n < 0)
		cannot_read_key(file, e);
	close(fd);
	memcpy(ret, key, 32);
	sodium_memzero(key, sizeof(key));
	if (n < 0)
		return ERR_STORE_OPEN;
	if (n != 32)
		return error_set(
			e, ERR_STORE_CORRUPT, "person.key.file",
			"the key '%s' is damaged, it must have 32 bytes: restore it from a copy, or rebuild from the "
			"log with an empty store.path",
			file);
	return 0;
}

static int load_key(struct store *s, const char *key_file, unsigned generation, struct error *e)
{
	char file[4128];
	int rc;

	key_place(s->path, key_file, file);
	rc = read_key(file, s->path, generation, s->person_key, e);
	if (rc != ERR_NOT_FOUND)
		return rc;
	errno = ENOENT;
	if (s->opt.read_only)
		return cannot_read_key(file, e);
	if (make_key(file, s->person_key, e))
		return ERR_STORE_OPEN;
	/* another process may have made it first */
	rc = read_key(file, s->path, generation, s->person_key, e);
	return rc == ERR_NOT_FOUND ? cannot_read_key(file, e) : rc;
}

int store_check_key(const struct store_options *opt, struct error *e)
{
	unsigned char key[32] = { 0 };
	char file[4128], *slash;
	int rc;

	key_place(opt->path, opt->key_file, file);
	rc = read_key(file, opt->path, opt->generation, key, e);
	sodium_memzero(key, sizeof(key));
	if (rc != ERR_NOT_FOUND)
		return rc;
	if (!opt->key_file || !*opt->key_file)
		return 0;
	slash = strrchr(file, '/');
	if (slash)
		slash[slash == file] = '\0';
	return access(slash ? file : ".", W_OK | X_OK) ? cannot_make_key(opt->key_file, e) : 0;
}

/* One that is asked for by its number, as `--swap N' and `STORE@N' do. */
static int check_generation(const char *store, unsigned n, struct error *e)
{
	char path[GENERATION_PATH_MAX], numbers[GENERATIONS_MAX * 11 + 1] = "";
	unsigned all[GENERATIONS_MAX];
	size_t count, end = 0;
	int rc;

	generation_path(store, n, path);
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return 0;
	rc = generation_list(store, all, &count, e);
	for (size_t i = 0; i < count && !rc; i++)
		end += (size_t)snprintf(numbers + end, sizeof(numbers) - end, "%s%u", i ? ", " : "", all[i]);
	return rc ? rc
		  : error_set(e, ERR_STORE_OPEN, "store.path", "store '%s' has no generation %u: it has %s", store, n,
			      end ? numbers : "none");
}

/* Which one to open, and its lock. A swap may come between the two. */
static int choose_generation(struct store *s, unsigned *ret, struct error *e)
{
	const struct store_options *opt = &s->opt;
	unsigned n;
	int rc;

	for (;;) {
		n = opt->generation;
		rc = n ? check_generation(s->path, n, e) : generation_current(s->path, &n, e);
		if (rc == ERR_NOT_FOUND && opt->read_only)
			return error_set(
				e, ERR_STORE_OPEN, "store.path",
				"cannot open store '%s': nothing was written to it yet; run `aisle run' or `aisle "
				"replay' first",
				s->path);
		if (rc == ERR_NOT_FOUND)
			rc = generation_first(s->path, &n, e);
		if (!rc && n == *ret)
			return 0;
		if (s->lock_fd >= 0)
			close(s->lock_fd);
		s->lock_fd = -1;
		*ret = n;
		if (!rc && opt->writer)
			rc = generation_lock(s->path, n, &s->lock_fd, e);
		if (rc || !opt->writer)
			return rc;
	}
}

/* A new store's first generation becomes the current one when it can be read, with a weaker durability too. */
static int make_current(struct store *s, struct error *e)
{
	unsigned n;
	int rc = generation_current(s->path, &n, e);

	if (rc != ERR_NOT_FOUND)
		return rc;
	if (store_sync(s))
		return error_set(e, ERR_STORE_IO, "store.path", "cannot sync store '%s': %s", s->path, strerror(errno));
	return generation_swap(s->path, s->levels->generation, e);
}

/* Before rows are written with the key: a writer that was killed may have left names that are not durable. */
static int sync_names(const struct store *s, unsigned n, const char *key_file, struct error *e)
{
	char generation[GENERATION_PATH_MAX];

	generation_path(s->path, n, generation);
	if (sync_directory(s->path) || sync_parent(generation) || (key_file && *key_file && sync_parent(key_file)))
		return error_set(e, ERR_STORE_IO, "store.path", "cannot sync the directories of store '%s': %s",
				 s->path, strerror(errno));
	return 0;
}

static void copy_options(struct store *s, const struct store_options *opt)
{
	const char *young = opt->young_path ? opt->young_path : "";

	s->path = xstrndup(opt->path, strlen(opt->path));
	s->opt = *opt;
	s->opt.path = s->path;
	s->opt.key_file = NULL;
	s->opt.young_path = xstrndup(young, strlen(young));
	if (!opt->readers_max)
		s->opt.readers_max = STORE_READERS_MAX;
	if (!opt->item_sessions_max)
		s->opt.item_sessions_max = 1000;
	if (!opt->map_size)
		s->opt.map_size = UINT64_C(64) << 30;
	if (opt->read_only)
		s->opt.writer = false;
}

int store_open(const struct store_options *opt, struct store **ret, struct error *e)
{
	struct store *s = xcalloc(1, sizeof(*s));
	unsigned generation = 0;
	int rc;

	s->lock_fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	copy_options(s, opt);
	rc = sodium_init() < 0 ? ERR_STORE_OPEN : make_directory(s->path, opt->read_only, e);
	if (!rc)
		rc = store__check_place(s->path, !opt->read_only, e);
	FAULT_POINT("open:directory-made");
	if (!rc)
		rc = choose_generation(s, &generation, e);
	FAULT_POINT("open:locked");
	if (!rc)
		rc = load_key(s, opt->key_file, generation, e);
	if (!rc && !opt->read_only)
		rc = sync_names(s, generation, opt->key_file, e);
	if (!rc)
		rc = levels__open(s, generation, &s->levels, e);
	if (!rc && !opt->read_only && !opt->generation)
		rc = make_current(s, e);
	if (rc) {
		store_close(s);
		return rc;
	}
	*ret = s;
	return 0;
}

int store_follow(struct store *s, struct error *e)
{
	struct levels *old = s->levels, *new = NULL;
	unsigned generation = old->generation;
	int rc, lock_fd = s->lock_fd;

	rc = s->opt.generation ? 0 : generation_current(s->path, &generation, e);
	if (rc || generation == old->generation)
		return rc;
	if (s->opt.writer)
		rc = generation_lock(s->path, generation, &lock_fd, e);
	if (!rc)
		new = levels__take_other(s, generation);
	if (!rc && !new)
		rc = levels__open(s, generation, &new, e);
	if (rc) {
		if (lock_fd != s->lock_fd)
			close(lock_fd);
		return rc;
	}
	if (lock_fd != s->lock_fd)
		close(s->lock_fd);
	s->lock_fd = lock_fd;
	levels__replace(s, new);
	return 1;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	levels__put(s, s->levels);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	sodium_memzero(s->person_key, sizeof(s->person_key));
	pthread_mutex_destroy(&s->lock);
	free((char *)s->opt.young_path);
	free(s->path);
	free(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

unsigned store_generation(struct store *s)
{
	struct levels *ls = levels__get(s);
	unsigned ret = ls->generation;

	levels__put(s, ls);
	return ret;
}

int store_sync(struct store *s)
{
	return store__error(mdb_env_sync(s->levels->base.env, 1));
}

const unsigned char *store_person_key(const struct store *s)
{
	return s->person_key;
}
