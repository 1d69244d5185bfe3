/*
 * store_internal.h - what the store_*.c files share. Nobody else includes it: lmdb.h stays behind store.h.
 */
#ifndef AISLE_VIEWS_STORE_INTERNAL_H
#define AISLE_VIEWS_STORE_INTERNAL_H

#include "views/keys.h"
#include "views/store.h"

#include <lmdb.h>

#define STORE_FORMAT 2
#define ROW_MAX 2000     /* bytes of one stored row; LMDB puts ~2,030 and more on overflow pages */
#define ROW_SPLIT 1400   /* bytes a packed row is cut at when it outgrows ROW_MAX */
#define SUM_KEY_BYTES 12 /* group u64 BE, first member u32 BE */
#define SUM_ENTRY_MAX (5 + 10 * STORE_COLUMNS_MAX)

_Static_assert(STORE_VALUE_MAX <= 256 * ROW_MAX, "the number of parts after the first is one byte");

struct store {
	MDB_env *env;
	MDB_dbi dbi[TABLE_COUNT];
	MDB_dbi dbi_long; /* table u8, key, part u16 BE -> the parts of long values after the first */
	char *path;
	unsigned generation;
	int lock_fd; /* of the generation's processor.lock */
	bool read_only;
	unsigned char person_key[32];
};

struct store_txn {
	struct store *store;
	MDB_txn *txn;
	size_t written[TABLE_COUNT];
};

/* An ERR_ for what LMDB said. */
int store__error(int mdb_rc);

/* ---- store_refuse.c: why a store cannot be opened, with the way out ---- */

/* May this user use the directory? One that is missing is fine. */
int store__check_place(const char *path, bool writes, struct error *e) MUST_CHECK;
/* The same for an environment's directory and its files; rows that are lost are told. */
int store__check_environment(const char *dir, bool writes, struct error *e) MUST_CHECK;
/* *e from what LMDB said when it opened the store. */
int store__cannot_open(const struct store *s, int mdb_rc, struct error *e);

/* ---- */

/* "table key part" of a part of a long value; returns the key's length. */
size_t store__long_key(enum table_id id, struct str key, unsigned part, unsigned char *buf);
#define LONG_KEY_MAX (1 + STORE_KEY_MAX + 2)

/* The value of a main row, put together when it is long; `buf` is grown as needed. */
int store__assemble(struct store *s, MDB_txn *txn, enum table_id id, struct str key, MDB_val row, unsigned char **buf,
		    struct str *ret);

/* How many parts a row's long value has after the first. */
unsigned store__parts_of(const MDB_val *row);
int store__drop_parts(struct store_txn *t, enum table_id id, struct str key, unsigned first, unsigned last);

/* One member while its row is taken apart. */
struct sum_entry {
	uint32_t member;
	int64_t columns[STORE_COLUMNS_MAX];
};

/* Packed rows (store_pack.c). Decode returns the end, or NULL when the bytes are damaged. `previous` starts at 0. */
const unsigned char *store__unpack(const unsigned char *p, const unsigned char *end, unsigned columns,
				   uint32_t previous, struct sum_entry *ret);
/* Returns bytes written, at most SUM_ENTRY_MAX. */
size_t store__pack(unsigned char *p, unsigned columns, uint32_t previous, const struct sum_entry *e);

#endif
