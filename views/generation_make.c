/* Making generations, marking them, and dropping them. */
#include "views/generation_internal.h"

#include "schemas/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER GENERATION_FOLDER
#define DROPPED ".dropped-"
#define FRESH ".new-"
#define LAST "last"  /* a link to the largest number that was dropped */
#define OPEN_FILES 8 /* of one walk through a directory */

/* ---- the mark of one that is being built ---- */

static int write_mark(const char *folder, const char *plan, struct error *e)
{
	char file[GENERATION_PATH_MAX + 16];
	size_t len = strlen(plan);
	int fd, rc = 0;

	snprintf(file, sizeof(file), "%s/building", folder);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	errno = fd < 0 ? errno : ENOSPC; /* a write that is cut says nothing */
	if (fd < 0 || write(fd, plan, len) != (ssize_t)len || fsync(fd))
		rc = generation__failed(e, "write", file);
	if (fd >= 0)
		close(fd);
	return rc ? rc : generation__sync(folder, e);
}

int generation_mark(const char *store, unsigned n, const char *plan, struct error *e)
{
	char folder[GENERATION_PATH_MAX];

	generation_path(store, n, folder);
	return write_mark(folder, plan, e);
}

bool generation_marked(const char *store, unsigned n, char *ret)
{
	char folder[GENERATION_PATH_MAX], file[GENERATION_PATH_MAX + 16];
	ssize_t len = 0;
	int fd;

	generation_path(store, n, folder);
	snprintf(file, sizeof(file), "%s/building", folder);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (ret) {
		len = read(fd, ret, GENERATION_PLAN_MAX - 1);
		ret[len > 0 ? len : 0] = '\0';
	}
	close(fd);
	return true;
}

int generation_unmark(const char *store, unsigned n, struct error *e)
{
	char folder[GENERATION_PATH_MAX], file[GENERATION_PATH_MAX + 16];

	generation_path(store, n, folder);
	snprintf(file, sizeof(file), "%s/building", folder);
	if (unlink(file) && errno != ENOENT)
		return generation__failed(e, "remove", file);
	FAULT_POINT("generation:unmarked");
	return generation__sync(folder, e);
}

int generation_sync(const char *store, unsigned n, struct error *e)
{
	char folder[GENERATION_PATH_MAX], base[GENERATION_PATH_MAX + 8];
	int rc;

	generation_path(store, n, folder);
	snprintf(base, sizeof(base), "%s/base", folder);
	rc = generation__sync(base, e);
	return rc ? rc : generation__sync(folder, e);
}

/* ---- making and dropping ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int remove_tree(const char *path, struct error *e)
{
	return nftw(path, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS) ? generation__failed(e, "remove", path) : 0;
}

void generation_scratch(const char *store, unsigned n, char *ret)
{
	char folder[GENERATION_PATH_MAX];

	generation_path(store, n, folder);
	if (snprintf(ret, GENERATION_PATH_MAX, "%s/scratch", folder) >= GENERATION_PATH_MAX)
		*ret = '\0';
}

int generation_scratch_drop(const char *store, unsigned n, struct error *e)
{
	char path[GENERATION_PATH_MAX];

	generation_scratch(store, n, path);
	return access(path, F_OK) ? 0 : remove_tree(path, e);
}

static bool is_leftover(const char *name)
{
	return !strncmp(name, DROPPED, sizeof(DROPPED) - 1) || !strncmp(name, FRESH, sizeof(FRESH) - 1);
}

/* What is dropped, by this process or one that was killed, and what was killed before it had its name. */
static int remove_leftovers(const char *store, struct error *e)
{
	char folder[GENERATION_PATH_MAX], path[GENERATION_PATH_MAX];
	struct dirent *entry;
	int rc = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/" FOLDER, store);
	dir = opendir(folder);
	if (!dir)
		return errno == ENOENT ? 0 : generation__failed(e, "list", folder);
	while (!rc && (entry = readdir(dir))) {
		if (!is_leftover(entry->d_name) ||
		    (size_t)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= sizeof(path))
			continue;
		rc = remove_tree(path, e);
	}
	closedir(dir);
	return rc;
}

/* *taken: there was one of that number. */
static int make(const char *store, unsigned n, bool *taken, struct error *e)
{
	char folder[GENERATION_PATH_MAX], path[GENERATION_PATH_MAX];
	int rc;

	snprintf(folder, sizeof(folder), "%s/" FOLDER, store);
	if (mkdir(folder, 0700) && errno != EEXIST)
		return generation__failed(e, "make", folder);
	FAULT_POINT("generation:folder-made");
	rc = generation__sync(store, e);
	generation_path(store, n, path);
	*taken = !rc && mkdir(path, 0700);
	if (*taken && errno != EEXIST)
		return generation__failed(e, "make", path);
	FAULT_POINT("generation:made");
	return rc ? rc : generation__sync(folder, e);
}

/* The mark is in it before it has its name. */
static int make_marked(const char *store, unsigned n, const char *plan, struct error *e)
{
	char folder[GENERATION_PATH_MAX], fresh[GENERATION_PATH_MAX], path[GENERATION_PATH_MAX];
	int rc;

	snprintf(folder, sizeof(folder), "%s/" FOLDER, store);
	snprintf(fresh, sizeof(fresh), "%s/" FOLDER "/" FRESH "%u", store, n);
	generation_path(store, n, path);
	if ((mkdir(folder, 0700) && errno != EEXIST) || mkdir(fresh, 0700))
		return generation__failed(e, "make", fresh);
	rc = write_mark(fresh, plan, e);
	FAULT_POINT("generation:unnamed");
	if (!rc && rename(fresh, path))
		rc = generation__failed(e, "make", path);
	FAULT_POINT("generation:named");
	return rc ? rc : generation__sync(folder, e);
}

int generation_last(const char *store, unsigned *ret, struct error *e)
{
	unsigned all[GENERATIONS_MAX], dropped;
	char link[GENERATION_PATH_MAX];
	size_t n;
	int rc = generation_list(store, all, &n, e);

	if (rc)
		return rc;
	snprintf(link, sizeof(link), "%s/" FOLDER "/" LAST, store);
	dropped = generation__number_of_link(link);
	*ret = n && all[n - 1] > dropped ? all[n - 1] : dropped;
	return 0;
}

/* Without room it is not remembered: dropping makes room. */
static void remember(const char *store, unsigned n)
{
	char link[GENERATION_PATH_MAX], fresh[GENERATION_PATH_MAX], number[16];

	snprintf(link, sizeof(link), "%s/" FOLDER "/" LAST, store);
	snprintf(fresh, sizeof(fresh), "%s/" FOLDER "/" FRESH LAST, store);
	snprintf(number, sizeof(number), "%u", n);
	if (n > generation__number_of_link(link) && !symlink(number, fresh) && rename(fresh, link))
		unlink(fresh);
}

int generation_create(const char *store, const char *plan, unsigned *ret, struct error *e)
{
	unsigned n = 0;
	bool taken = true;
	int rc = generation_last(store, &n, e);

	if (!rc && plan)
		rc = remove_leftovers(store, e);
	if (rc)
		return rc;
	if (plan)
		rc = make_marked(store, ++n, plan, e);
	while (!plan && !rc && taken)
		rc = make(store, ++n, &taken, e);
	if (!rc)
		*ret = n;
	return rc;
}

int generation_first(const char *store, unsigned *ret, struct error *e)
{
	unsigned all[GENERATIONS_MAX];
	size_t count, whole = 0;
	bool taken;
	int rc = generation_list(store, all, &count, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++)
		if (!generation_marked(store, all[i], NULL))
			all[whole++] = all[i];
	if (whole > 1)
		return error_set(e, ERR_STORE_CORRUPT, "store.path",
				 "store '%s' has generations, but its link 'current' is gone: point it at one (ln -s)",
				 store);
	if (!whole && count)
		return generation_create(store, NULL, ret, e);
	*ret = whole ? all[0] : 1;
	return whole ? 0 : make(store, 1, &taken, e);
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
	rc = remove_leftovers(store, e); /* one of this number would be in the way */
	if (!rc)
		rc = generation_lock(store, n, &lock, e);
	if (rc)
		return rc;
	remember(store, n);
	generation_path(store, n, path);
	snprintf(dropped, sizeof(dropped), "%s/" FOLDER "/" DROPPED "%u", store, n);
	if (rename(path, dropped))
		rc = generation__failed(e, "rename", path);
	close(lock);
	FAULT_POINT("drop:renamed");
	return rc ? rc : remove_leftovers(store, e);
}
