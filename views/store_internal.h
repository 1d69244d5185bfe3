/*
 * store_internal.h - what the store_*.c files share. Nobody else includes it: lmdb.h stays behind store.h.
 *
 * Levels. `base` is the durable environment; over it lie at most YOUNG_MAX young ones, each an environment in memory
 * with a number of its own, 1, 2, ... in order of birth. base records in each of its transactions the highest number
 * it has merged. The newest number stands in a page that processes share (store_young.c).
 *
 *     commits ─> young N+1 (takes transactions) ─ sealed ─> young N (being merged) ─ one transaction ─> base: merged N
 *
 * A snapshot takes the newest young first, base second, what lies between last: everything older than the newest is
 * sealed, so the three make one prefix of the log, though they were taken at three moments (store_snap.c).
 */
#ifndef AISLE_VIEWS_STORE_INTERNAL_H
#define AISLE_VIEWS_STORE_INTERNAL_H

#include "config/clock.h"
#include "views/keys.h"
#include "views/page_file.h"
#include "views/facts.h"
#include "views/store.h"

#include <lmdb.h>
#include <pthread.h>

#define STORE_FORMAT 8
#define YOUNG_MAX 2      /* the one that takes commits and the one being merged */
#define ROW_MAX 2000     /* bytes of one stored row; LMDB puts ~2,030 and more on overflow pages */
#define ROW_SPLIT 1400   /* bytes a packed row is cut at when it outgrows ROW_MAX */
#define SUM_KEY_BYTES 12 /* group u64 BE, first member u32 BE */
#define SUM_ENTRY_MAX (5 + 10 * STORE_COLUMNS_MAX)

_Static_assert(STORE_VALUE_MAX <= 256 * ROW_MAX, "the number of parts after the first is one byte");

/* One LMDB environment. */
struct level {
	MDB_env *env;
	MDB_dbi dbi[TABLE_COUNT]; /* ACTOR tables have one and the same */
	MDB_dbi dbi_long;         /* table u8, key, part u16 BE -> the parts of long values after the first */
	uint64_t number;          /* 0: base */
	unsigned refs;            /* young: under young_set.lock */
	unsigned page_bytes;
	uint64_t reserved; /* young, its writer: bytes of the file that are there for certain */
	int no_room;       /* errno of its last commit that found none; 0 */
};

/*
 * LMDB orders what readers of an environment see after the commit that made it, and commits that take a page again after
 * the readers of that page. TSan does not see its atomics, for the library is not instrumented: it is told here.
 */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define LEVEL_LEAVE(l) __tsan_release((l)->env)
#define LEVEL_ENTER(l) __tsan_acquire((l)->env)
#else
#define LEVEL_LEAVE(l) ((void)(l))
#define LEVEL_ENTER(l) ((void)(l))
#endif

#define YOUNG_PLACE_MAX 3072

/* What processes share: the page HOME/levels. */
struct young_page {
	uint64_t newest;              /* 0: there never was one */
	uint64_t home;                /* of which directory: a copy of the store has young levels of its own */
	char boot[CLOCK_BOOT_MAX];    /* a young level does not outlive the run of the machine in which it was made */
	char tmpfs[YOUNG_PLACE_MAX];  /* where they lie; "": beside base */
	uint64_t in_store[YOUNG_MAX]; /* at number % YOUNG_MAX: this one lies beside base all the same */
};

_Static_assert(sizeof(struct young_page) <= PAGE_FILE_BYTES, "the page is one page");

/* The young levels that are open in this process (store_young.c). */
struct young_set {
	pthread_mutex_t lock;
	struct level *open[YOUNG_MAX]; /* each holds one reference */
	struct young_page *page;       /* shared with the other processes */
	uint64_t home;                 /* tells the generation's directory from all others, also its copies */
	char boot[CLOCK_BOOT_MAX];     /* of this run of the machine */
	uint64_t merged;               /* into base, as far as this process has seen */
	uint64_t bytes_max;            /* 0: commits go to base */
	uint64_t active;               /* writer: takes commits; 0: the next one begins a new level */
	bool lost;                     /* writer: what base had not merged when it was opened was gone */
};

/* All levels of one generation of the store; closed with the last reference. */
struct levels {
	struct level base;
	struct young_set young;
	unsigned generation;
	char *home; /* its directory */
	bool writer;
	unsigned readers_max;
	unsigned refs; /* under store.lock */
	struct levels *next;
};

struct store {
	struct levels *levels; /* of the current generation; replaced under lock, looked at without */
	struct levels *others; /* that snapshots still hold: LMDB may not open an environment twice; under lock */
	pthread_mutex_t lock;
	struct store_options opt; /* as opened; its strings are the store's own */
	char *path;
	int lock_fd; /* of the generation, when a writer; -1 none */
	unsigned char person_key[32];
};

struct store_txn {
	struct levels *levels;
	struct level *level;
	MDB_txn *txn;
	MDB_cursor *cursors[TABLE_COUNT]; /* one a tree: sorted keys find their page without coming from the root */
	size_t written[TABLE_COUNT];
};

/* An ERR_ for what LMDB said. */
int store__error(int mdb_rc);
/* The same of a snapshot, which is bad after it has met a damaged page. */
static inline int snap__error(int mdb_rc)
{
	return mdb_rc == MDB_BAD_TXN ? ERR_STORE_CORRUPT : store__error(mdb_rc);
}

/* LMDB met a page that cannot be: the program ends with a sentence (store_crash.c). */
void store__on_assertion(MDB_env *env, const char *what);

/* ---- store_refuse.c: why a store cannot be opened, with the way out ---- */

/* May this user use an environment's directory and its files? Those that are missing are fine; rows that are lost are told. */
int store__check_environment(const char *dir, bool writes, struct error *e) MUST_CHECK;
/* *e from what LMDB said when it opened the store. */
int store__cannot_open(const struct store *s, int mdb_rc, struct error *e);

/* ---- levels (store_levels.c, store_level.c) ---- */

/* All levels of a generation, with one reference. */
int levels__open(struct store *s, unsigned generation, struct levels **ret, struct error *e);
/* The current ones, with one more reference. */
struct levels *levels__get(struct store *s);
/* Those of a generation that a snapshot still holds, with one more reference, or NULL. */
struct levels *levels__take_other(struct store *s, unsigned generation);
/* These become the current ones; their reference is taken. */
void levels__replace(struct store *s, struct levels *ls);
/* NULL is fine. */
void levels__put(struct store *s, struct levels *ls);

/*
 * Open the environment at `file` (MDB_ flags) and its tables, made when `create`; map_size 0: as its writer has it. A
 * reader maps more where it can. Returns what LMDB says; level__close is due.
 */
int level__open(struct level *l, const char *file, unsigned flags, uint64_t map_size, unsigned readers_max,
		bool create);
void level__close(struct level *l);
/* The order of keys. */
int level__compare(const MDB_val *a, const MDB_val *b);
/* Commit; what LMDB says, but why there was no room where it only says EIO. */
int level__commit(struct level *l, MDB_txn *txn);
/* Of an open environment: a transaction of it has ended. */
bool level__was_written(const struct level *l);
/* The oldest transaction that a reader has before it; last_txn when none has an older one. */
uint64_t level__oldest_read(const struct level *l, uint64_t last_txn);
uint64_t level__used_bytes(const struct level *l);
/*
 * At the begin of a transaction that changes so many bytes, about. LMDB reads one list of free pages, each left by a former
 * transaction, when it has used the one before it, and keeps what it has changed sorted by page: of a second list each page then
 * goes before many, and tens of thousands are moved for it. For a run of pages that is in no list, or in a late one, it reads
 * those before it at once, and takes pages in order. The run is a row of dbi_long; there are about four in the file, since those of
 * former transactions are free only some time later, and one more for each while a snapshot is held. As a rule it is the last
 * list that has one. Where others have some too, as after a start, these are taken by rows of their own, and given back when the run is
 * found; all of them are there, so that the file does not grow for it. Nothing is done for few bytes, in a small level, or where
 * the map has little room. Returns what LMDB says.
 */
#define RUN_KEY "\xff" /* behind those of long values */
int level__order_free(const struct level *l, MDB_txn *txn, uint64_t bytes);

/* What base has merged; 0 when nothing. Returns what LMDB says. */
int level__merged(const struct level *base, MDB_txn *txn, uint64_t *ret);
/* In a transaction of its own. */
int level__set_merged(struct level *base, uint64_t merged);
int level__put_merged(const struct level *base, MDB_txn *txn, uint64_t merged);

/* ---- young levels (store_young.c) ---- */

/* After base is open. A writer drops what a restart of the machine has taken half of. */
int young__open(struct levels *ls, const struct store_options *opt, struct error *e);
void young__close(struct levels *ls);
/* Number of the newest young level that there is or was; 0: none that counts. */
uint64_t young__newest(const struct levels *ls);
/* Borrow a level; ERR_NOT_FOUND when its files are gone. Give it back with young__release. */
int young__acquire(struct levels *ls, uint64_t number, struct level **ret);
void young__release(struct levels *ls, struct level *l);
/* The level that takes commits, a new one when the last is sealed or merged. */
int young__active(struct levels *ls, struct level **ret);
/* Levels up to `merged` are in base: close them here. */
void young__merged(struct levels *ls, uint64_t merged);
uint64_t young__merged_so_far(struct levels *ls);

/* ---- where they lie (store_place.c) ---- */

/* The same for every process that opens this directory, another for a copy of it. */
uint64_t young__home_of(const char *path);
/* Where they are to lie from now on, while there are none. */
void young__begin_page(struct young_set *y, const struct store_options *opt);
/* "FILE" of that level into ret. */
void young__file(const struct levels *ls, uint64_t number, char ret[4240]);
bool young__exists(const struct levels *ls, uint64_t number);
/* Remove its files, as the writer. */
void young__drop(const struct levels *ls, uint64_t number);
/* The link by which store_drop_orphans() finds out whose they are; returns an errno. */
int young__put_link(const struct levels *ls);
void young__drop_link(const struct young_page *page);
/* New files for it, where there is room. Returns an errno, as the next three do. */
int young__make(struct levels *ls, uint64_t number);
/* Before a transaction begins: so many bytes of the file are used. */
int young__keep_room(struct level *l, uint64_t used);
/* After a row was written there. */
int young__keep_room_behind(struct level *l, const void *row);
/* A lock file that does not exist yet: slots of readers are written through memory. */
int store__reserve_lock(const char *file, unsigned readers_max);

/* ---- keys (store_keys.c) ---- */

/*
 * As LMDB has them. In the tree of all ACTOR tables the number of the table stands behind that of the actor; elsewhere they are
 * the table's own.
 */
#define ROW_KEY_MAX (STORE_KEY_MAX + 1)
struct row_key {
	unsigned char bytes[ROW_KEY_MAX];
};
/* Borrows key or *buf. */
MDB_val store__row_key(enum table_id id, struct str key, struct row_key *buf);
/* The table's own key of a row in its tree, which borrows k or *buf; false: it is of a neighbour. */
bool store__own_key(enum table_id id, const MDB_val *k, struct row_key *buf, struct str *ret);
/* Whose row it is, in the tree of `id`; TABLE_COUNT: the key is damaged. */
enum table_id store__table_of(enum table_id id, const MDB_val *k);
/* The first of the tables in the same tree, and the name of that. */
enum table_id store__tree(enum table_id id);
const char *store__tree_name(enum table_id id);

/* ---- rows ---- */

/* In a young level a row without bytes says that the row of older levels is deleted. */
static inline bool row_is_deletion(const MDB_val *row)
{
	return row->mv_size == 0;
}

/* The value of a main row, put together when it is long; `buf` is grown as needed. */
int store__assemble(const struct level *l, MDB_txn *txn, enum table_id id, struct str key, MDB_val row,
		    unsigned char **buf, struct str *ret);

/*
 * Every row is written by this, through a cursor or, without one, into the parts of long values. Returns what LMDB says, or
 * ENOSPC.
 */
int store__write(struct store_txn *t, MDB_cursor *cur, MDB_val *key, const MDB_val *value);

/* The transaction's own cursor on a table; it ends with the transaction. Returns what LMDB says. */
int store__cursor(struct store_txn *t, enum table_id id, MDB_cursor **ret);

/* How many parts a row's long value has after the first. */
unsigned store__parts_of(const MDB_val *row);
int store__drop_parts(struct store_txn *t, enum table_id id, struct str key, unsigned first, unsigned last);

/* The group in the key of an adding table's row; false when the key is damaged. */
static inline bool store__group(const MDB_val *key, uint64_t *ret)
{
	if (key->mv_size != SUM_KEY_BYTES)
		return false;
	*ret = get_be64(key->mv_data);
	return true;
}

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

/* ---- snapshots (store_snap.c), read through store_scan.c ---- */

struct snap_level {
	struct level *level;
	MDB_txn *txn;
	MDB_cursor *cursors[TABLE_COUNT]; /* for snap_add_group, which reads a table again and again */
};

struct snap {
	struct store *store;
	struct levels *levels;
	struct snap_level base; /* its transaction is parked and renewed */
	struct snap_level young[YOUNG_MAX];
	struct snap_level *at[YOUNG_MAX + 1]; /* the newest first, base last */
	unsigned n;                           /* of at; 0: parked */
	unsigned char *assembled;
	struct item_fact *facts; /* facts.h; NULL: it remembers nothing */
	struct snap_note note;
	int failure; /* the first one since the last renew */
};

/* Those of other levels are of no use: another file may lie at their addresses. */
void store__forget_facts(struct snap *sn);

#endif
