/* Why a store cannot be opened: what is wrong, told apart, each with the way out. */
#include "views/generation_internal.h"
#include "views/store_internal.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define REBUILD "rebuild it from the log with an empty store.path"

static const char *user_name(uid_t uid, char buf[64])
{
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		snprintf(buf, 64, "%s", pw->pw_name);
	else
		snprintf(buf, 64, "%u", (unsigned)uid);
	return buf;
}

int store__check_access(const char *path, int mode, struct error *e)
{
	char owner[64], self[64];
	struct stat st;

	if (access(path, mode) == 0 || errno == ENOENT)
		return 0;
	if (errno == EROFS)
		return error_set(
			e, ERR_STORE_OPEN, "store.path",
			"cannot write '%s': the file system is read-only; only `serve' and `inspect' do without", path);
	if (errno != EACCES || stat(path, &st))
		return error_set(e, ERR_STORE_OPEN, "store.path", "cannot use '%s': %s", path, strerror(errno));
	if (st.st_uid != geteuid())
		return error_set(e, ERR_STORE_OPEN, "store.path",
				 "cannot %s '%s': it belongs to user '%s', this is '%s'; run as its owner",
				 mode & W_OK ? "write" : "read", path, user_name(st.st_uid, owner),
				 user_name(geteuid(), self));
	return error_set(e, ERR_STORE_OPEN, "store.path", "cannot %s '%s': its mode is %04o; chmod u+rwX it",
			 mode & W_OK ? "write" : "read", path, (unsigned)st.st_mode & 07777);
}

/*
 * Root may write everywhere, and what it writes here the store's own user could not use. Whose store it is the folder of
 * generations tells: its first writer made it, while the store's may be a mounted volume of anybody's.
 */
static int check_owner(const char *store, struct error *e)
{
	char path[GENERATION_PATH_MAX], owner[64], self[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/" GENERATION_FOLDER, store);
	if (geteuid() != 0 || stat(path, &st) || st.st_uid == geteuid())
		return 0;
	user_name(st.st_uid, owner);
	return error_set(
		e, ERR_STORE_OPEN, "store.path",
		"cannot write store '%s' as '%s': it belongs to user '%s', who could not use what is written; run as "
		"its owner: runuser -u %s -- aisle ...",
		store, user_name(geteuid(), self), owner, owner);
}

int store__check_place(const char *path, bool writes, struct error *e)
{
	struct stat st;
	int rc;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return error_set(e, ERR_STORE_OPEN, "store.path", "cannot open store '%s': not a directory", path);
	rc = store__check_access(path, writes ? R_OK | W_OK | X_OK : X_OK, e);
	return rc || !writes ? rc : check_owner(path, e);
}

int generation_may_read(const char *store, struct error *e)
{
	return store__check_place(store, false, e);
}

int store__check_environment(const char *dir, bool writes, struct error *e)
{
	char data[4160], lock[4160];
	struct stat st;
	int rc;

	snprintf(data, sizeof(data), "%s/data.mdb", dir);
	snprintf(lock, sizeof(lock), "%s/lock.mdb", dir);
	rc = store__check_access(dir, writes ? R_OK | W_OK | X_OK : X_OK, e);
	if (!rc)
		rc = store__check_access(data, writes ? R_OK | W_OK : R_OK, e);
	/* readers are registered in it; a read-only file system has no writer and does without */
	if (!rc && (writes || access(lock, W_OK) == 0 || errno != EROFS))
		rc = store__check_access(lock, R_OK | W_OK, e);
	if (rc)
		return rc;
	if (stat(data, &st) == 0 && st.st_size == 0)
		return error_set(e, ERR_STORE_CORRUPT, "store.path", "'%s' is empty, its rows are lost: " REBUILD,
				 data);
	return 0;
}

/* NOTFOUND: a store whose first writer has not made its tables yet. */
int store__cannot_open(const struct store *s, int rc, struct error *e)
{
	const char *path = s->path;

	switch (rc) {
	case ENOENT:
	case MDB_NOTFOUND:
		return error_set(
			e, ERR_STORE_OPEN, "store.path",
			"cannot open store '%s': it does not exist, or nothing was written yet; run `aisle run' or `aisle replay' first",
			path);
	case MDB_VERSION_MISMATCH:
		return error_set(
			e, ERR_STORE_VERSION, "store.path",
			"cannot open store '%s': written by another version of LMDB; use that version, or " REBUILD,
			path);
	case MDB_INVALID:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
		return error_set(e, ERR_STORE_CORRUPT, "store.path",
				 "cannot open store '%s': its data.mdb is damaged (%s): " REBUILD, path,
				 mdb_strerror(rc));
	case MDB_READERS_FULL:
		return error_set(e, ERR_STORE_READERS, "store.path", "cannot open store '%s': %s", path,
				 error_text(ERR_STORE_READERS));
	case ENOMEM:
		return error_set(
			e, ERR_STORE_OPEN, "store.path",
			"cannot open store '%s': no address space is left for it: lower store.mapSize, or raise "
			"the limit (ulimit -v, LimitAS=)",
			path);
	case ENOSPC:
		return error_set(e, ERR_DISK_FULL, "store.path",
				 "cannot open store '%s': its file system is full; make room", path);
	default:
		return error_set(e, rc == EACCES ? ERR_STORE_OPEN : store__error(rc), "store.path",
				 "cannot open store '%s': %s", path, mdb_strerror(rc));
	}
}
