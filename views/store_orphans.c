/*
 * Young levels in tmpfs whose store was deleted. Beside a store's levels lies aisle-HASH-home, a link to the generation's
 * directory: when that is gone, or another one, and nobody has one of the levels open, nobody will ever need them.
 */
#include "views/generation.h"
#include "views/store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX_LEN 23 /* aisle-HASH- */

static void link_of(const char *tmpfs, uint64_t home, char ret[4240])
{
	snprintf(ret, 4240, "%.*s/aisle-%016llx-home", YOUNG_PLACE_MAX - 1, tmpfs, (unsigned long long)home);
}

int young__put_link(const struct levels *ls)
{
	const struct young_page *page = ls->young.page;
	char *whole = realpath(ls->home, NULL), link[4240], target[GENERATION_PATH_MAX] = "";
	int rc = whole ? 0 : errno;

	link_of(page->tmpfs, page->home, link);
	/* one that is there may be of a store that had the same inode */
	if (!rc && (readlink(link, target, sizeof(target) - 1) < 0 || strcmp(target, whole))) {
		unlink(link);
		rc = symlink(whole, link) ? errno : 0;
	}
	free(whole);
	return rc;
}

void young__drop_link(const struct young_page *page)
{
	char link[4240];

	link_of(page->tmpfs, page->home, link);
	unlink(link);
}

/* Another user's are not ours to judge, nor what cannot be looked at. */
static bool is_orphan(DIR *dir, const char *name)
{
	char target[GENERATION_PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISLNK(st.st_mode) || st.st_uid != geteuid())
		return false;
	n = readlinkat(dirfd(dir), name, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	if (stat(target, &st))
		return errno == ENOENT || errno == ENOTDIR;
	return young__home_of(target) != strtoull(name + sizeof("aisle-") - 1, NULL, 16);
}

/* Whoever has an environment open holds a lock on its lock file. */
static bool is_held(DIR *dir, const char *file)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	size_t n = strlen(file);
	int fd;
	bool ret;

	if (n < 5 || strcmp(file + n - 5, "-lock"))
		return false;
	fd = openat(dirfd(dir), file, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	ret = fd < 0 || fcntl(fd, F_GETLK, &lock) || lock.l_type != F_UNLCK;
	if (fd >= 0)
		close(fd);
	return ret;
}

static bool is_level_of(const char *file, const char *link)
{
	return strncmp(file, link, PREFIX_LEN) == 0 && file[PREFIX_LEN] >= '0' && file[PREFIX_LEN] <= '9';
}

static unsigned drop_levels(DIR *dir, const char *link)
{
	struct dirent *entry;
	unsigned ret = 0;

	rewinddir(dir);
	while ((entry = readdir(dir)))
		if (is_level_of(entry->d_name, link) && is_held(dir, entry->d_name))
			return 0;
	rewinddir(dir);
	while ((entry = readdir(dir)))
		if (is_level_of(entry->d_name, link) && unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			ret++;
	unlinkat(dirfd(dir), link, 0);
	return ret;
}

static bool is_link(const char *name)
{
	return strlen(name) == PREFIX_LEN + 4 && strncmp(name, "aisle-", 6) == 0 &&
	       strspn(name + 6, "0123456789abcdef") == 16 && strcmp(name + PREFIX_LEN - 1, "-home") == 0;
}

unsigned store_drop_orphans(const char *young_path)
{
	DIR *links = young_path && *young_path ? opendir(young_path) : NULL, *levels;
	struct dirent *entry;
	unsigned ret = 0;

	while (links && (entry = readdir(links))) {
		if (!is_link(entry->d_name) || !is_orphan(links, entry->d_name))
			continue;
		levels = opendir(young_path);
		if (levels) {
			ret += drop_levels(levels, entry->d_name);
			closedir(levels);
		}
	}
	if (links)
		closedir(links);
	return ret;
}
