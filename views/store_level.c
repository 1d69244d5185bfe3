/* One LMDB environment with the tables of the store. */
#include "views/reserve.h"
#include "views/store_internal.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* What the largest store.mapSize allows: address space of which only pages that are read take memory. */
#define READER_MAP (UINT64_C(1) << 40)
#define WRITE_MOST (UINT64_C(1) << 20) /* that much LMDB may write at once */

int store__error(int rc)
{
	switch (rc) {
	case 0:
		return 0;
	case MDB_NOTFOUND:
		return ERR_NOT_FOUND;
	case MDB_READERS_FULL:
		return ERR_STORE_READERS;
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

/*
 * The order is LMDB's own: by bytes, a shorter key before those that it begins. Keys are short and most differ in their first
 * bytes, so that a call of memcmp costs more than what it compares.
 */
int level__compare(const MDB_val *a, const MDB_val *b)
{
	size_t n = a->mv_size < b->mv_size ? a->mv_size : b->mv_size, i = 0;
	const unsigned char *x = a->mv_data, *y = b->mv_data;

	for (; i + 8 <= n; i += 8) {
		uint64_t v = get_be64(x + i), w = get_be64(y + i);

		if (v != w)
			return v < w ? -1 : 1;
	}
	for (; i < n; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return a->mv_size < b->mv_size ? -1 : a->mv_size > b->mv_size;
}

/* LMDB says EIO when only the beginning of a write found room: what the system says of the rest. */
static int why_cut(const struct level *l)
{
	struct rlimit limit;
	struct stat st;
	int fd, rc;

	if (mdb_env_get_fd(l->env, &fd) || fstat(fd, &st) || getrlimit(RLIMIT_FSIZE, &limit))
		return EIO;
	if ((rlim_t)st.st_size >= limit.rlim_cur)
		return EFBIG;
	rc = reserve_bytes(fd, (uint64_t)st.st_size, (uint64_t)st.st_size + WRITE_MOST);
	return store__error(rc) == ERR_DISK_FULL ? rc : EIO;
}

int level__commit(struct level *l, MDB_txn *txn)
{
	int rc = mdb_txn_commit(txn);

	if (rc == EIO)
		rc = why_cut(l);
	if (store__error(rc) == ERR_DISK_FULL)
		l->no_room = rc;
	return rc;
}

const char *store_no_room(const struct store *s)
{
	return strerror(s->levels->base.no_room ? s->levels->base.no_room : ENOSPC);
}

static int open_table(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *ret)
{
	int rc = mdb_dbi_open(txn, name, flags, ret);

	return rc ? rc : mdb_set_compare(txn, *ret, level__compare);
}

static int open_tables(struct level *l, bool create)
{
	unsigned flags = create ? MDB_CREATE : 0;
	MDB_txn *txn;
	int rc;

	rc = mdb_txn_begin(l->env, NULL, create ? 0 : MDB_RDONLY, &txn);
	if (rc)
		return rc;
	for (int i = 0; i < TABLE_COUNT && !rc; i++)
		rc = open_table(txn, store__tree_name(i), flags, &l->dbi[i]);
	if (!rc)
		rc = open_table(txn, "long-values", flags, &l->dbi_long);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return level__commit(l, txn);
}

/*
 * A writer may be started again with a larger map and go beyond what was mapped here. LMDB takes a new map only while nobody in the
 * process reads, so a reader has room for the largest from the beginning, unless its address space is limited or that of the
 * machine is small (39 bits of some for ARM).
 */
static uint64_t reader_map(uint64_t otherwise)
{
	void *p = mmap(NULL, READER_MAP, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p != MAP_FAILED && !munmap(p, READER_MAP) ? READER_MAP : otherwise;
}

int level__open(struct level *l, const char *file, unsigned flags, uint64_t map_size, unsigned readers_max, bool create)
{
	int rc = mdb_env_create(&l->env);
	MDB_stat st;

	if (!rc)
		rc = mdb_env_set_assert(l->env, store__on_assertion);
	if (!rc)
		rc = mdb_env_set_maxdbs(l->env, TABLE_COUNT + 8);
	if (!rc)
		rc = mdb_env_set_maxreaders(l->env, readers_max);
	if (flags & MDB_RDONLY)
		map_size = reader_map(map_size);
	if (!rc && map_size)
		rc = mdb_env_set_mapsize(l->env, map_size);
	if (!rc)
		rc = mdb_env_open(l->env, file, flags | MDB_NOTLS, 0600);
	if (!rc)
		rc = mdb_env_stat(l->env, &st);
	if (rc)
		return rc;
	l->page_bytes = st.ms_psize;
	return open_tables(l, create);
}

void level__close(struct level *l)
{
	if (l->env)
		mdb_env_close(l->env);
	l->env = NULL;
}

bool level__was_written(const struct level *l)
{
	MDB_envinfo info;

	return mdb_env_info(l->env, &info) == 0 && info.me_last_txnid > 0;
}

uint64_t level__used_bytes(const struct level *l)
{
	MDB_envinfo info;

	return mdb_env_info(l->env, &info) ? 0 : (info.me_last_pgno + 1) * l->page_bytes;
}

int level__merged(const struct level *base, MDB_txn *txn, uint64_t *ret)
{
	MDB_val key = { 6, (void *)"merged" }, value;
	int rc = mdb_get(txn, base->dbi[TBL_META], &key, &value);

	*ret = 0;
	if (!rc && value.mv_size != sizeof(*ret))
		return MDB_CORRUPTED;
	if (!rc)
		memcpy(ret, value.mv_data, sizeof(*ret));
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int level__put_merged(const struct level *base, MDB_txn *txn, uint64_t merged)
{
	MDB_val key = { 6, (void *)"merged" }, value = { sizeof(merged), &merged };

	return mdb_put(txn, base->dbi[TBL_META], &key, &value, 0);
}

int level__set_merged(struct level *base, uint64_t merged)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(base->env, NULL, 0, &txn);

	if (rc)
		return rc;
	rc = level__put_merged(base, txn, merged);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return level__commit(base, txn);
}
