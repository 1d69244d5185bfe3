#include "views/generation.h"

#include "schemas/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "generations"
#define DROPPED ".dropped-"
#define NUMBER_MAX 999999999u
#define OPEN_FILES 8 /* of one walk through a directory */

static int failed(struct error *e, const char *what, const char *path)
{
	return error_set(e, errno == ENOSPC ? ERR_STORE_FULL : ERR_STORE_OPEN, "store.path", "cannot %s '%s': %s", what,
			 path, strerror(errno));
}

void generation_path(const char *store, unsigned n, char *ret)
{
	snprintf(ret, GENERATION_PATH_MAX, "%s/" FOLDER "/%u", store, n);
}

/* A number as generation_path writes it, or 0. */
static unsigned number_of(const char *text)
{
	char *end;
	unsigned long n = *text >= '1' && *text <= '9' ? strtoul(text, &end, 10) : 0;

	return n && n <= NUMBER_MAX && !*end ? (unsigned)n : 0;
}

static int sync_directory(const char *path, struct error *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) ? failed(e, "sync", path) : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

int generation_current(const char *store, unsigned *ret, struct error *e)
{
	char path[GENERATION_PATH_MAX], target[64] = "";
	unsigned n = 0;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/current", store);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0 && errno == ENOENT) {
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
		return failed(e, "read", path);
	if (strncmp(target, FOLDER "/", sizeof(FOLDER)) == 0)
		n = number_of(target + sizeof(FOLDER));
	if (!n)
		return error_set(e, ERR_STORE_CORRUPT, "store.path",
				 "'%s' is not a link to one of the store's generations: make it one (ln -sfn)", path);
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

	snprintf(path, sizeof(path), "%s/" FOLDER, store);
	dir = opendir(path);
	if (!dir && errno != ENOENT)
		return failed(e, "list", path);
	while (dir && found < GENERATIONS_MAX && (entry = readdir(dir))) {
		unsigned number = number_of(entry->d_name);

		if (number)
			ret[found++] = number;
	}
	if (dir)
		closedir(dir);
	if (found == GENERATIONS_MAX)
		return error_set(e, ERR_STORE_FULL, "store.path",
				 "'%s' has %d generations or more: remove those that are not needed", path,
				 GENERATIONS_MAX);
	qsort(ret, found, sizeof(*ret), ascending);
	*n = found;
	return 0;
}

/* *taken: there was one of that number. */
static int make(const char *store, unsigned n, bool *taken, struct error *e)
{
	char folder[GENERATION_PATH_MAX], path[GENERATION_PATH_MAX];
	int rc;

	snprintf(folder, sizeof(folder), "%s/" FOLDER, store);
	if (mkdir(folder, 0700) && errno != EEXIST)
		return failed(e, "make", folder);
	FAULT_POINT("generation:folder-made");
	rc = sync_directory(store, e);
	generation_path(store, n, path);
	*taken = !rc && mkdir(path, 0700);
	if (*taken && errno != EEXIST)
		return failed(e, "make", path);
	FAULT_POINT("generation:made");
	return rc ? rc : sync_directory(folder, e);
}

int generation_create(const char *store, unsigned *ret, struct error *e)
{
	unsigned all[GENERATIONS_MAX], n;
	size_t count;
	bool taken = true;
	int rc = generation_list(store, all, &count, e);

	if (rc)
		return rc;
	for (n = count ? all[count - 1] : 0; !rc && taken;)
		rc = make(store, ++n, &taken, e);
	if (!rc)
		*ret = n;
	return rc;
}

int generation_first(const char *store, unsigned *ret, struct error *e)
{
	unsigned all[GENERATIONS_MAX];
	size_t count;
	bool taken;
	int rc = generation_list(store, all, &count, e);

	if (rc)
		return rc;
	if (count > 1)
		return error_set(e, ERR_STORE_CORRUPT, "store.path",
				 "store '%s' has generations, but its link 'current' is gone: point it at one (ln -s)",
				 store);
	*ret = count ? all[0] : 1;
	return count ? 0 : make(store, 1, &taken, e);
}

int generation_swap(const char *store, unsigned n, struct error *e)
{
	char path[GENERATION_PATH_MAX], fresh[GENERATION_PATH_MAX], target[64];

	generation_path(store, n, path);
	if (access(path, F_OK))
		return failed(e, "find", path);
	snprintf(target, sizeof(target), FOLDER "/%u", n);
	snprintf(path, sizeof(path), "%s/current", store);
	snprintf(fresh, sizeof(fresh), "%s/current.new", store);
	if (unlink(fresh) && errno != ENOENT)
		return failed(e, "remove", fresh);
	FAULT_POINT("swap:begun");
	if (symlink(target, fresh))
		return failed(e, "make", fresh);
	FAULT_POINT("swap:linked");
	if (rename(fresh, path))
		return failed(e, "replace", path);
	FAULT_POINT("swap:replaced");
	return sync_directory(store, e);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

/* This one, and those that a killed drop left. */
static int remove_dropped(const char *store, struct error *e)
{
	char folder[GENERATION_PATH_MAX], path[GENERATION_PATH_MAX];
	struct dirent *entry;
	int rc = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/" FOLDER, store);
	dir = opendir(folder);
	if (!dir)
		return failed(e, "list", folder);
	while (!rc && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, DROPPED, sizeof(DROPPED) - 1) != 0 ||
		    (size_t)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= sizeof(path))
			continue;
		if (nftw(path, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS))
			rc = failed(e, "remove", path);
	}
	closedir(dir);
	return rc;
}

int generation_drop(const char *store, unsigned n, struct error *e)
{
	char path[GENERATION_PATH_MAX], dropped[GENERATION_PATH_MAX];
	unsigned current = 0;
	int lock = -1;
	int rc = generation_current(store, &current, e);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	if (n == current)
		return error_set(e, ERR_STORE_LOCKED, "store.path", "generation %u of '%s' is the current one", n,
				 store);
	rc = generation_lock(store, n, &lock, e);
	if (rc)
		return rc;
	generation_path(store, n, path);
	snprintf(dropped, sizeof(dropped), "%s/" FOLDER "/" DROPPED "%u", store, n);
	if (rename(path, dropped))
		rc = failed(e, "rename", path);
	close(lock);
	FAULT_POINT("drop:renamed");
	return rc ? rc : remove_dropped(store, e);
}

int generation_lock(const char *store, unsigned n, int *ret, struct error *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[GENERATION_PATH_MAX], file[GENERATION_PATH_MAX + 16];
	int fd;

	generation_path(store, n, path);
	snprintf(file, sizeof(file), "%s/processor.lock", path);
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(e, "open", file);
	if (fcntl(fd, F_SETLK, &lock) == 0) {
		*ret = fd;
		return 0;
	}
	if (fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		lock.l_pid = 0;
	close(fd);
	return error_set(e, ERR_STORE_LOCKED, "store.path",
			 "store '%s' is held by the processor with pid %ld; stop it first", store, (long)lock.l_pid);
}
