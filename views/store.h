/*
 * store.h - the store: named tables, one write transaction at a time, any
 * number of snapshots. The only files that know lmdb.h are store_*.c.
 *
 * Two kinds of table:
 *   REPLACING  key bytes -> value bytes; the younger row wins. Values may be up to STORE_VALUE_MAX: the store cuts long
 *              ones into rows of at most ~2,000 bytes, so few go to overflow pages.
 *   ADDING     (group u64, member u32) -> a vector of int64 columns that are summed. The store packs the sorted
 *              members of a group into rows of at most ~2,000 bytes.
 *
 *   ACTOR      REPLACING, by keys that begin with an actor's number (u32 BE). What all these tables have of one actor lies side by
 *              side: an event changes several of them, on one page.
 *   YOUNG      REPLACING in young levels only: a merge into base leaves it out.
 *
 * Two levels. `base` is durable and fast to write in large transactions; `young`, in memory, takes the small ones of a
 * live log and is merged into base from time to time. Each has the offsets of the log with it, so losing young loses
 * nothing but time. A view declares its tables and never sees rows, parts or levels: sums commute and replacing rows
 * are ordered by the log, so a younger level is laid over an older one without the view knowing.
 *
 * Directory: DIR/current -> generations/N and DIR/generations/N/{base/{data.mdb,lock.mdb},levels,processor.lock}
 * (generation.h); shared by all generations DIR/person.key (mode 0600; or key_file), DIR/status (status.h). Young levels:
 * YOUNG_PATH/aisle-HASH-NUMBER, where HASH tells generations' directories apart, and aisle-HASH-home, a link to its own.
 *
 * Errors: STORE_OPEN, STORE_FULL, DISK_FULL, STORE_IO, STORE_VERSION, STORE_LOCKED, STORE_CORRUPT; STORE_BROKEN after a
 * commit that failed half-way (open it anew); STORE_YOUNG_LOST and STORE_READERS of a snapshot; NOT_FOUND for a missing row.
 */
#ifndef AISLE_VIEWS_STORE_H
#define AISLE_VIEWS_STORE_H

#include "schemas/base.h"
#include "schemas/error.h"

#define STORE_KEY_MAX 160      /* bytes of a replacing key */
#define STORE_VALUE_MAX 512000 /* bytes of a replacing value */
#define STORE_READERS_MAX 510  /* snapshots held at once */
#define STORE_COLUMNS_MAX 8    /* columns of an adding table */

enum table_kind { TABLE_REPLACING, TABLE_ACTOR, TABLE_ADDING, TABLE_YOUNG };

struct table {
	const char *name; /* of the LMDB database; never changes */
	enum table_kind kind;
	unsigned columns; /* ADDING: 1..STORE_COLUMNS_MAX */
	int id;           /* place in tables.def; set by TABLE() */
};

/* Every table, in tables.def: TABLE(NAME, "name", kind, columns). */
enum table_id {
#define TABLE(name, text, kind, columns) TBL_##name,
#include "views/tables.def"
#undef TABLE
	TABLE_COUNT
};

const struct table *table_get(enum table_id id);

#define TABLE_BIT(id) (UINT64_C(1) << (id)) /* of a set of tables */
_Static_assert(TABLE_COUNT < 64, "a set of tables is 64 bits");
#define ACTOR_KEY_MIN 4 /* bytes of a key of an ACTOR table */
/* It and the tables whose rows lie among its own. */
uint64_t table_neighbours(enum table_id id);

/* ---- the store: main thread ---- */

enum store_durability { STORE_SYNC, STORE_NOMETASYNC, STORE_NOSYNC };

struct store_options {
	const char *path;     /* directory, made when missing (mode 0700) unless read_only */
	uint64_t map_size;    /* bytes; 0: 64 GiB */
	unsigned readers_max; /* 0: STORE_READERS_MAX */
	enum store_durability durability;
	const char *key_file;   /* 32 secret bytes for person hashes, made when missing; NULL or "": DIR/person.key */
	const char *young_path; /* a tmpfs that all processes of this store see; NULL, or one too small: beside base */
	uint64_t young_bytes_max;   /* a young level is merged beyond it; 0: no young level, all commits go to base */
	unsigned item_sessions_max; /* views of an item that item-sessions shows; 0: 1,000 */
	unsigned generation;        /* 0: the current one, which the first writer makes */
	bool read_only;             /* `serve`, `inspect`: the store must exist */
	bool writer;                /* take the generation's processor.lock; STORE_LOCKED names the holder's pid */
};

struct store;

int store_open(const struct store_options *opt, struct store **ret, struct error *e) MUST_CHECK;
/* Would store_open take the key, or could it make one? Nothing is made. The same errors. */
int store_check_key(const struct store_options *opt, struct error *e) MUST_CHECK;
/* NULL is fine. No batch or snapshot may be alive. */
void store_close(struct store *s);
/*
 * When another generation has become the current one, go over to it; a snapshot follows when it is renewed. As a writer
 * its lock is taken, and no transaction may be open. 1: gone over, 0: still the same; on error still the old one.
 */
int store_follow(struct store *s, struct error *e) MUST_CHECK;
/*
 * A reader that was there before the first writer, as on a copy of a store: what tells of young levels is found if it is there
 * now. Thread: any.
 */
void store_look(struct store *s);
/*
 * From now on a fault in a store's memory (its file was cut, a page of it makes no sense, the disk does not give one)
 * ends the program with status 1 and a sentence that names the file. Other faults stay what they are.
 */
void store_explain_faults(void);

const char *store_path(const struct store *s);
/* After DISK_FULL of a commit: the system's words for it. */
const char *store_no_room(const struct store *s);
unsigned store_generation(struct store *s);
/* The 32 secret bytes; valid as long as the store. */
const unsigned char *store_person_key(const struct store *s);

/* What was committed with a weaker durability is on the disk when it returns 0. Thread: the writer's. */
int store_sync(struct store *s) MUST_CHECK;

struct store_figures {
	uint64_t map_size, used_bytes;
	uint64_t last_txn, oldest_reader_txn; /* equal when nobody holds an old snapshot */
	unsigned readers;                     /* that hold a snapshot now */
};
/* Cheap at any size of store. */
int store_figures(struct store *s, struct store_figures *ret) MUST_CHECK;
/* Bytes of pages that will be used again; walks the free list, which may be long. */
int store_free_bytes(struct store *s, uint64_t *ret) MUST_CHECK;

/* What one table takes; the parts of long values are a table of their own. */
struct store_size {
	const char *table;
	uint64_t rows, bytes; /* stored rows; whole pages, of an ACTOR table its share of those of all */
};
/* Each table of base. Walks the rows of ACTOR tables. */
int store_sizes(struct store *s, void (*each)(void *arg, const struct store_size *size), void *arg) MUST_CHECK;

/* A snapshot that is held now: no page that was freed since its transaction is used again before it ends. */
struct store_reader {
	long pid;
	uint64_t thread;
	uint64_t level, txn; /* level 0: base, otherwise the newest young one */
	uint64_t behind;     /* transactions of that level since; 0: it pins nothing */
};
/* At most `room` of them; returns how many. */
unsigned store_readers(struct store *s, struct store_reader *ret, unsigned room);
/* Forget the snapshots of processes that have ended; returns how many there were. */
unsigned store_drop_dead_readers(struct store *s);

/* ---- writing: processor thread ---- */

struct store_txn;

/* Of base, durable; one at a time. While a young level exists it must be older than what is written: merge it first. */
int store_begin(struct store *s, struct store_txn **ret) MUST_CHECK;
/* The same for one that changes so many bytes, about: faster when they are many. */
int store_begin_large(struct store *s, uint64_t bytes, struct store_txn **ret) MUST_CHECK;
/* Of the young level, at most one besides one of base. */
int store_begin_young(struct store *s, struct store_txn **ret) MUST_CHECK;
/* Both end the transaction, whatever they return; nothing is left behind on failure. */
int store_commit(struct store_txn *t) MUST_CHECK;
void store_abort(struct store_txn *t);

/* Replacing tables. Keys in ascending order are fastest. */
int store_put(struct store_txn *t, enum table_id id, struct str key, const void *value, size_t n) MUST_CHECK;
int store_delete(struct store_txn *t, enum table_id id, struct str key) MUST_CHECK;

/* Each row as this transaction sees it, in key order; of a long value its first bytes (as of store_sweep). */
typedef int (*store_row)(void *arg, struct str key, struct str value);
int store_each(struct store_txn *t, enum table_id id, store_row each, void *arg) MUST_CHECK;

/*
 * A hand that goes round these tables, one that is not adding or its table_neighbours, and drops what has ended. A call looks at the rows_max
 * rows after those of the last call, whichever transaction that was in, and drops those for which `ended` returns non-zero; past the last
 * row it begins again with the next call. Rows of other neighbours count, but are not shown. `ended` sees at least the first STORE_HEAD_MIN
 * bytes of a long value.
 */
#define STORE_HEAD_MIN 1024
int store_sweep(struct store_txn *t, uint64_t tables, size_t rows_max, store_row ended, void *arg) MUST_CHECK;

/* Rows and deltas written to these tables in this transaction so far. */
size_t store_written(const struct store_txn *t, uint64_t tables);

/* A row of exactly n bytes as this transaction's level has it; NOT_FOUND, STORE_CORRUPT for another length. */
int store_read(struct store_txn *t, enum table_id id, struct str key, void *ret, size_t n) MUST_CHECK;

/* One delta of an adding table. */
struct sum_delta {
	uint64_t group;
	uint32_t member;
	const int64_t *columns;
};

/* Add `n` deltas sorted by (group, member), each pair at most once. */
int store_add(struct store_txn *t, enum table_id id, const struct sum_delta *deltas, size_t n) MUST_CHECK;

/* Drop all rows of an adding table with first <= group < end; at most rows_max stored rows a call. */
int store_drop_groups(struct store_txn *t, enum table_id id, uint64_t first, uint64_t end, size_t rows_max) MUST_CHECK;

/*
 * The rows of these tables in `from`'s base replace those in `to`'s, in as many transactions as it takes, read in one
 * snapshot. Between two transactions `stopped` (NULL is fine) may end it with SOURCE_RETRY. On failure some of the
 * tables are as they were, some replaced, one in part: done again it ends well.
 */
int store_graft(struct store *to, struct store *from, uint64_t tables, bool (*stopped)(void)) MUST_CHECK;

/* ---- young levels: processor thread, store_merge any ---- */

uint64_t store_young_bytes_max(const struct store *s);
/* Of the level that takes commits; 0 when there is none. */
uint64_t store_young_bytes(struct store *s);
/* Of all that base has not merged. Thread: any. */
uint64_t store_young_bytes_above(struct store *s);
/* Does it lie beside base only because there was no room in young_path? */
bool store_young_displaced(struct store *s);
/* Was it removed by somebody? Who has it open goes on, nobody else can read the store until it is merged. */
bool store_young_removed(struct store *s);
/* Was it gone when this store was opened? Base is the whole state then. */
bool store_young_was_lost(const struct store *s);
/* It takes no more: the next transaction begins another. Only while store_young_sealed says 0: there are at most two. */
void store_young_seal(struct store *s);
/* Number of the level that is to be merged; 0 none. */
uint64_t store_young_sealed(struct store *s);
/*
 * Merge that level into base in one durable transaction, and drop it. `last` (NULL is fine) may write more into the
 * transaction before it commits; what it returns ends the merge. On failure the level is as before.
 */
int store_merge(struct store *s, uint64_t number, int (*last)(struct store_txn *t)) MUST_CHECK;

/* Before the generation of these options is dropped: what it has outside its directory. Nobody may have it open as writer. */
void store_forget_young(const struct store_options *opt);
/*
 * Remove young levels in this place (NULL is fine) that belong to stores of this user whose directory is gone, unless a
 * process has them open. Returns the number of files.
 */
unsigned store_drop_orphans(const char *young_path);

/* ---- reading: any thread, one snapshot a thread at a time ---- */

struct snap;

/* A reusable reader: open once a thread, renew for each request, park after it. Never held across an await. */
int snap_open(struct store *s, struct snap **ret) MUST_CHECK;
void snap_close(struct snap *sn);
int snap_renew(struct snap *sn) MUST_CHECK; /* a new snapshot of the newest commit; the old one's bytes are invalid */
void snap_park(
	struct snap *
		sn); /* let the old pages go until the next renew, and a generation that is no longer the current one */
/* Names, catalogue, stock and totals of items are looked up faster from now on; 10 MB. */
void snap_remember_items(struct snap *sn);
/* What is remembered of an item, or its name, will be asked for soon: memory is asked for it now. */
void snap_expect_item(const struct snap *sn, uint32_t item);
void snap_expect_name(const struct snap *sn, uint32_t item);
uint64_t snap_version(const struct snap *sn);    /* changes with each commit */
unsigned snap_generation(const struct snap *sn); /* interned ids mean something within one generation only */
const unsigned char *snap_person_key(const struct snap *sn); /* the store's */
unsigned snap_item_sessions_max(const struct snap *sn);      /* the store's option */

/*
 * The first failure of a look-up since the last renew, ERR_NOT_FOUND is none; 0. Functions that give an id or a name tell of no
 * failure: whose result rests on them asks here before it is handed on.
 */
int snap_failure(const struct snap *sn) MUST_CHECK;
/* Of a row that was found and cannot be. */
void snap_fail(struct snap *sn, int code);

/* Borrowed until renew or park; a cut value is put together in the snapshot's own buffer, valid until the next get. */
int snap_get(struct snap *sn, enum table_id id, struct str key, struct str *ret);

/*
 * The same for values that are not cut. *ret_stays: it lies in base, and is there for as long as snap_base_version of this
 * snapshot is what it is now, also after it was renewed.
 */
int snap_get_staying(struct snap *sn, enum table_id id, struct str key, struct str *ret, bool *ret_stays);
uint64_t snap_base_version(const struct snap *sn);

/* Each key with this prefix in byte order; stops when `each` returns non-zero and returns that. */
typedef int (*snap_row)(void *arg, struct str key, struct str value);
int snap_each(struct snap *sn, enum table_id id, struct str prefix, snap_row each, void *arg);
/* Each key from this one on. */
int snap_each_from(struct snap *sn, enum table_id id, struct str first, snap_row each, void *arg);

/* Each member of groups first..last (inclusive), ascending; stops when `each` returns non-zero and returns that. */
typedef int (*snap_sum)(void *arg, uint64_t group, uint32_t member, const int64_t *columns);
int snap_sums(struct snap *sn, enum table_id id, uint64_t first, uint64_t last, snap_sum each, void *arg);

/* As columns are added: modulo 2^64, so that neither order nor batches make a difference, and what leaves the range comes back. */
static inline int64_t wrapping_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* For what is shown: a sum that would be too large, or too small, stays at the end of the range. */
int64_t saturating_add(int64_t a, int64_t b);

/*
 * Each member of one group as every level has it, so that one may come several times: for whoever adds them up. `each` must
 * not read groups of this table. Of base or of young levels alone; the two added up are the whole.
 */
enum snap_part { PART_ALL, PART_BASE, PART_YOUNG };
int snap_group_parts(struct snap *sn, enum snap_part part, enum table_id id, uint64_t group, snap_sum each,
		     void *arg) MUST_CHECK;

/* A member of an adding table with one column. */
struct snap_count {
	uint32_t member, count;
};

/* A growable array; all-zero at first. `spare` is as large and for sorting and merging. */
struct snap_counts {
	struct snap_count *v, *spare;
	size_t n, room, spare_room;
};
void snap_counts_fini(struct snap_counts *list);
struct snap_count *snap_counts_spare(struct snap_counts *list); /* made as large as v */
void snap_counts_swap(struct snap_counts *list);                /* spare becomes v */

/*
 * Merge the members of one group of a table with one column into the list, which is sorted by member and stays so:
 * counts of one member are added, and cut to u32.
 */
int snap_add_group(struct snap *sn, enum snap_part part, enum table_id id, uint64_t group, struct snap_counts *list);
/*
 * A number that the group's rows in young levels decide, added to *mark: with snap_base_version and snap_generation it tells
 * whether the group may have changed. Cheaper than reading it when most of it is in base.
 */
int snap_mark_group(struct snap *sn, enum table_id id, uint64_t group, uint64_t *mark) MUST_CHECK;
/* As snap_add_group of all levels for the members of the group with the smallest numbers, about `max` of each level. */
int snap_add_first(struct snap *sn, enum table_id id, uint64_t group, size_t max, struct snap_counts *list);

#endif
