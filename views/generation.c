#include "views/generation_internal.h"

#include "schemas/fault.h"
#include "views/sync.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NUMBER_MAX 999999999u

int generation__failed(struct error *e, const char *what, const char *path)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	return error_set(e, full ? ERR_DISK_FULL : ERR_STORE_OPEN, "store.path", "cannot %s '%s': %s%s", what, path,
			 strerror(errno), full ? ": make room, and run the command again" : "");
}

void generation_path(const char *store, unsigned n, char *ret)
{
	snprintf(ret, GENERATION_PATH_MAX, "%s/" GENERATION_FOLDER "/%u", store, n);
}

/* A number as generation_path writes it, or 0. */
static unsigned number_of(const char *text)
{
	char *end;
	unsigned long n = *text >= '1' && *text <= '9' ? strtoul(text, &end, 10) : 0;

	return n && n <= NUMBER_MAX && !*end ? (unsigned)n : 0;
}

unsigned generation__number_of_link(const char *path)
{
	char target[16] = "";

	return readlink(path, target, sizeof(target) - 1) < 0 ? 0 : number_of(target);
}

int generation__sync(const char *path, struct error *e)
{
	return sync_directory(path) ? generation__failed(e, "sync", path) : 0;
}

int generation_current(const char *store, unsigned *ret, struct error *e)
{
	char path[GENERATION_PATH_MAX], target[64] = "";
	unsigned n = 0;
	ssize_t len;
	int rc = generation_may_read(store, e);

	if (rc)
		return rc;
	snprintf(path, sizeof(path), "%s/current", store);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0 && errno == ENOENT) {
		snprintf(path, sizeof(path), "%s/../../current", store);
		if (access(path, F_OK) == 0)
			return error_set(
				e, ERR_STORE_OPEN, "store.path",
				"'%s' lies in a store: name that, `aisle inspect' and `aisle diff' take STORE@N",
				store);
		snprintf(path, sizeof(path), "%s/base", store);
		if (access(path, F_OK) == 0)
			return error_set(
				e, ERR_STORE_VERSION, "store.path",
				"store '%s' was written by an older version: remove its 'base', and it is filled "
				"from the log again",
				store);
		return ERR_NOT_FOUND;
	}
	if (len < 0 && errno != EINVAL)
		return generation__failed(e, "read", path);
	if (strncmp(target, GENERATION_FOLDER "/", sizeof(GENERATION_FOLDER)) == 0)
		n = number_of(target + sizeof(GENERATION_FOLDER));
	if (!n)
		return error_set(e, ERR_STORE_CORRUPT, "store.path",
				 "'%s' is not a link to one of the store's generations: make it one (ln -sfn)", path);
	if (access(path, F_OK) && errno == ENOENT)
		return error_set(
			e, ERR_STORE_CORRUPT, "store.path",
			"generation %u is gone, and '%s' is a link to it: make it one to another (ln -sfn), or "
			"remove it and read the log again",
			n, path);
	*ret = n;
	return 0;
}

static int ascending(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

int generation_list(const char *store, unsigned *ret, size_t *n, struct error *e)
{
	char path[GENERATION_PATH_MAX];
	struct dirent *entry;
	size_t found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/" GENERATION_FOLDER, store);
	dir = opendir(path);
	if (!dir && errno != ENOENT)
		return generation__failed(e, "list", path);
	while (dir && found < GENERATIONS_MAX && (entry = readdir(dir))) {
		unsigned number = number_of(entry->d_name);

		if (number)
			ret[found++] = number;
	}
	if (dir)
		closedir(dir);
	if (found == GENERATIONS_MAX)
		return error_set(e, ERR_STORE_OPEN, "store.path",
				 "'%s' has %d generations or more: remove those that are not needed", path,
				 GENERATIONS_MAX);
	qsort(ret, found, sizeof(*ret), ascending);
	*n = found;
	return 0;
}

int generation_swap(const char *store, unsigned n, struct error *e)
{
	char path[GENERATION_PATH_MAX], fresh[GENERATION_PATH_MAX], target[64];

	generation_path(store, n, path);
	if (access(path, F_OK))
		return generation__failed(e, "find", path);
	snprintf(target, sizeof(target), GENERATION_FOLDER "/%u", n);
	snprintf(path, sizeof(path), "%s/current", store);
	snprintf(fresh, sizeof(fresh), "%s/current.new", store);
	if (unlink(fresh) && errno != ENOENT)
		return generation__failed(e, "remove", fresh);
	FAULT_POINT("swap:begun");
	if (symlink(target, fresh))
		return generation__failed(e, "make", fresh);
	FAULT_POINT("swap:linked");
	if (rename(fresh, path))
		return generation__failed(e, "replace", path);
	FAULT_POINT("swap:replaced");
	return generation__sync(store, e);
}

/* *holder: who has it when this process does not get it; 0 when nobody did. */
static int lock_file(const char *file, int *ret, long *holder, struct error *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd, rc = store__check_access(file, R_OK | W_OK, e);

	*holder = 0;
	if (rc)
		return rc;
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return generation__failed(e, "open", file);
	if (fcntl(fd, F_SETLK, &lock) == 0) {
		*ret = fd;
		return 0;
	}
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		*holder = lock.l_pid;
	close(fd);
	return ERR_STORE_LOCKED;
}

int generation_lock(const char *store, unsigned n, int *ret, struct error *e)
{
	char path[GENERATION_PATH_MAX], file[GENERATION_PATH_MAX + 16];
	long holder;
	int rc;

	generation_path(store, n, path);
	snprintf(file, sizeof(file), "%s/processor.lock", path);
	rc = lock_file(file, ret, &holder, e);
	if (rc == ERR_STORE_LOCKED)
		return error_set(e, rc, "store.path", "store '%s' is held by the processor with pid %ld; stop it first",
				 store, holder);
	return rc;
}

int generation_replay_lock(const char *store, int *ret, struct error *e)
{
	char file[GENERATION_PATH_MAX];
	long holder;
	int rc;

	if (access(store, F_OK) && errno == ENOENT)
		return error_set(e, ERR_STORE_OPEN, "store.path",
				 "cannot open store '%s': it does not exist; run `aisle run' or `aisle replay' first",
				 store);
	rc = store__check_place(store, true, e);
	if (rc)
		return rc;
	snprintf(file, sizeof(file), "%s/replay.lock", store);
	rc = lock_file(file, ret, &holder, e);
	if (rc == ERR_STORE_LOCKED)
		return error_set(e, rc, "store.path",
				 "store '%s' is being replayed by pid %ld; wait for it, or stop it first", store,
				 holder);
	return rc;
}

int generation_files_lock(const char *store, int *ret, struct error *e)
{
	char file[GENERATION_PATH_MAX];
	long holder;
	int rc;

	snprintf(file, sizeof(file), "%s/files.lock", store);
	rc = lock_file(file, ret, &holder, e);
	if (rc == ERR_STORE_LOCKED)
		return error_set(e, rc, "store.path",
				 "pid %ld reads files into store '%s', or makes another generation its current one; "
				 "run the command again when it has ended",
				 holder, store);
	return rc;
}

static long holder_of(const char *file)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	long ret = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		ret = lock.l_pid;
	close(fd);
	return ret;
}

bool generation_held(const char *store, unsigned n)
{
	char path[GENERATION_PATH_MAX], file[GENERATION_PATH_MAX + 16];

	generation_path(store, n, path);
	snprintf(file, sizeof(file), "%s/processor.lock", path);
	return holder_of(file) != 0;
}

long generation_replay_holder(const char *store)
{
	char file[GENERATION_PATH_MAX];

	snprintf(file, sizeof(file), "%s/replay.lock", store);
	return holder_of(file);
}
