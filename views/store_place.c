/*
 * Where young levels lie: in tmpfs while it has room, else beside base, which is slower, since the kernel writes them to
 * the disk, but as good. Files are made with room, so that writing them through memory is no signal when others fill the
 * file system.
 */
#include "views/reserve.h"
#include "views/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <xxhash.h>

#define ROOM_NEEDED 4 /* times bytes_max in tmpfs: one being merged, one that fills meanwhile */
/*
 * Between two looks LMDB takes the pages of one row, and at a commit those of its free list. A look is at the row that was
 * written last: a page that is taken has a number beyond those taken before, unless it is an old one that was free.
 */
#define ROOM_AHEAD (UINT64_C(4) << 20)
#define ROOM_STEP (UINT64_C(8) << 20)
#define LOCK_HEADER 4096
#define LOCK_READER 64

uint64_t young__home_of(const char *path)
{
	uint64_t id[2] = { 0 };
	struct stat st;

	if (stat(path, &st) == 0) {
		id[0] = st.st_dev;
		id[1] = st.st_ino;
	}
	return XXH3_64bits(id, sizeof(id)) | 1;
}

void young__begin_page(struct young_set *y, const struct store_options *opt)
{
	const char *dir = opt->young_path && *opt->young_path ? opt->young_path : NULL;
	char *whole = dir ? realpath(dir, NULL) : NULL;
	struct statvfs fs;
	struct stat st;

	if (whole && strlen(whole) < YOUNG_PLACE_MAX && stat(whole, &st) == 0 && S_ISDIR(st.st_mode) &&
	    statvfs(whole, &fs) == 0 && access(whole, W_OK | X_OK) == 0 &&
	    (uint64_t)fs.f_blocks * fs.f_frsize >= ROOM_NEEDED * opt->young_bytes_max)
		snprintf(y->page->tmpfs, YOUNG_PLACE_MAX, "%s", whole);
	else
		y->page->tmpfs[0] = '\0';
	free(whole);
	y->page->home = y->home;
	memcpy(y->page->boot, y->boot, sizeof(y->boot));
}

/* ---- files ---- */

static void file_in_tmpfs(const struct young_page *page, uint64_t number, char ret[4240])
{
	snprintf(ret, 4240, "%.*s/aisle-%016llx-%llu", YOUNG_PLACE_MAX - 1, page->tmpfs, (unsigned long long)page->home,
		 (unsigned long long)number);
}

static void file_in_store(const struct levels *ls, uint64_t number, char ret[4240])
{
	snprintf(ret, 4240, "%s/young-%llu", ls->home, (unsigned long long)number);
}

static bool is_in_store(const struct young_page *page, uint64_t number)
{
	return !page->tmpfs[0] || PAGE_GET(page, in_store[number % YOUNG_MAX]) == number;
}

void young__file(const struct levels *ls, uint64_t number, char ret[4240])
{
	if (is_in_store(ls->young.page, number))
		file_in_store(ls, number, ret);
	else
		file_in_tmpfs(ls->young.page, number, ret);
}

static void drop_file(const char *file)
{
	char lock[4248];

	snprintf(lock, sizeof(lock), "%s-lock", file);
	unlink(file);
	unlink(lock);
}

void young__drop(const struct levels *ls, uint64_t number)
{
	char file[4240];

	file_in_store(ls, number, file);
	drop_file(file);
	/* the page of a copied store names the levels of another one */
	if (!ls->young.page->tmpfs[0] || ls->young.page->home != ls->young.home)
		return;
	file_in_tmpfs(ls->young.page, number, file);
	drop_file(file);
}

bool young__exists(const struct levels *ls, uint64_t number)
{
	char file[4240];

	young__file(ls, number, file);
	return access(file, F_OK) == 0;
}

/* ---- room ---- */

/* LMDB must not have it open here: its locks would go with our descriptor. */
static int make_reserved(const char *file, uint64_t bytes)
{
	int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return errno == EEXIST ? 0 : errno;
	rc = reserve_bytes(fd, 0, bytes);
	close(fd);
	if (rc)
		unlink(file);
	return rc;
}

int store__reserve_lock(const char *file, unsigned readers_max)
{
	return make_reserved(file, LOCK_HEADER + (uint64_t)readers_max * LOCK_READER);
}

static int make_with_room(const struct levels *ls, uint64_t number)
{
	char file[4240], lock[4248];
	int rc;

	young__drop(ls, number);
	young__file(ls, number, file);
	snprintf(lock, sizeof(lock), "%s-lock", file);
	rc = store__reserve_lock(lock, ls->readers_max);
	if (!rc)
		rc = make_reserved(file, ROOM_STEP);
	if (rc)
		young__drop(ls, number);
	return rc;
}

/* A level that soon finds no room would have to be merged early. */
static bool has_room(const struct young_set *y)
{
	struct statvfs fs;

	return statvfs(y->page->tmpfs, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize >= y->bytes_max + ROOM_STEP;
}

int young__make(struct levels *ls, uint64_t number)
{
	struct young_set *y = &ls->young;
	uint64_t *in_store = &y->page->in_store[number % YOUNG_MAX];
	int rc = ENOSPC;

	if (y->page->tmpfs[0] && has_room(y)) {
		__atomic_store_n(in_store, 0, __ATOMIC_RELEASE);
		rc = young__put_link(ls);
		if (!rc)
			rc = make_with_room(ls, number);
	}
	if (rc == ENOSPC) {
		__atomic_store_n(in_store, number, __ATOMIC_RELEASE);
		rc = make_with_room(ls, number);
	}
	return rc;
}

int young__keep_room(struct level *l, uint64_t used)
{
	uint64_t end = used + ROOM_AHEAD + ROOM_STEP;
	int fd, rc;

	if (used + ROOM_AHEAD <= l->reserved)
		return 0;
	rc = mdb_env_get_fd(l->env, &fd);
	if (!rc)
		rc = reserve_bytes(fd, l->reserved, end);
	if (!rc)
		l->reserved = end;
	return rc;
}

int young__keep_room_behind(struct level *l, const void *row)
{
	/* a page of LMDB begins with its number, a row has one of its own at most; one without bytes may end its page */
	const uint64_t *page = (const uint64_t *)(((uintptr_t)row - 1) & ~(uintptr_t)(l->page_bytes - 1));

	return young__keep_room(l, (*page + 1) * l->page_bytes);
}

bool store_young_displaced(struct store *s)
{
	const struct young_set *y = &s->levels->young;

	return y->active && y->page->tmpfs[0] && is_in_store(y->page, y->active);
}
