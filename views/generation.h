/*
 * generation.h - the generations of a store: whole sets of views side by side, one of them current.
 *
 *     DIR/current -> generations/N             what is answered from and what the processor goes on with
 *     DIR/generations/N/base/{data.mdb,lock.mdb}
 *     DIR/generations/N/processor.lock         held by whoever folds into it
 *     DIR/generations/N/building               a replay builds it; says how. Means nothing in the current one
 *     DIR/generations/N/scratch                a store in which that replay works; gone before the generation is whole
 *     DIR/generations/.dropped-N, .new-N       on its way out; not whole yet
 *     DIR/generations/last -> N                the largest number that was dropped
 *     DIR/replay.lock                          held by the one replay that may change any of this
 *     DIR/files.lock                           held by who reads files into the current one, and while another becomes it
 *
 * Everything else in DIR (person.key, status, dead letters) is shared by all generations.
 *
 * Invariants: `current` is replaced by rename, so it names one whole generation at any moment, also after a crash. A
 * number is not used again, also when its directory is gone: who still has that open would take the new one for it. A
 * generation is renamed before it is deleted, so what is listed is whole.
 * Errors: STORE_OPEN, STORE_VERSION (an older layout), STORE_LOCKED, DISK_FULL, STORE_CORRUPT, NOT_FOUND.
 * Thread: main, processor.
 */
#ifndef AISLE_VIEWS_GENERATION_H
#define AISLE_VIEWS_GENERATION_H

#include "schemas/base.h"
#include "schemas/error.h"

#define GENERATION_PATH_MAX 4160
#define GENERATIONS_MAX 64 /* that may lie in a store at once */

/* DIR/generations/N into ret[GENERATION_PATH_MAX]. */
void generation_path(const char *store, unsigned n, char *ret);

/* STORE_OPEN, with whose it is, for a directory that this user may not look into; what is missing is fine. */
int generation_may_read(const char *store, struct error *e) MUST_CHECK;

/* NOT_FOUND, with `e` empty, when there is none yet. */
int generation_current(const char *store, unsigned *ret, struct error *e) MUST_CHECK;

/* All of them, ascending, into ret[GENERATIONS_MAX]; *n 0 when there are none. */
int generation_list(const char *store, unsigned *ret, size_t *n, struct error *e) MUST_CHECK;

/* The largest number of those that are there or were dropped; 0 none. */
int generation_last(const char *store, unsigned *ret, struct error *e) MUST_CHECK;

/*
 * An empty directory with a number above all others, marked with `plan` (generation_mark) from the first moment on unless
 * it is NULL. The store's directory must exist.
 */
int generation_create(const char *store, const char *plan, unsigned *ret, struct error *e) MUST_CHECK;

/*
 * For a store without a current one: the generation whose first writer was killed, or a new one, the same for all who
 * ask at once. STORE_CORRUPT when there are several to choose from.
 */
int generation_first(const char *store, unsigned *ret, struct error *e) MUST_CHECK;

/* Make it the current one. On failure the one before still is. */
int generation_swap(const char *store, unsigned n, struct error *e) MUST_CHECK;

/* What it and its files were written to is on the disk: before a swap. */
int generation_sync(const char *store, unsigned n, struct error *e) MUST_CHECK;

/* Delete it; STORE_LOCKED while somebody folds into it. Not the current one. */
int generation_drop(const char *store, unsigned n, struct error *e) MUST_CHECK;

/*
 * Its processor.lock; *ret is to be closed, which lets go of it. STORE_LOCKED names the holder's pid. The lock is the
 * process's: a second call in the same process succeeds, and closing either lets go.
 */
int generation_lock(const char *store, unsigned n, int *ret, struct error *e) MUST_CHECK;

/* ---- for replays ---- */

#define GENERATION_PLAN_MAX 4096

/* Does another process hold its processor.lock? Not to be asked of one that is held here: that would let go of it. */
bool generation_held(const char *store, unsigned n);
/* Only one replay at a time; *ret as that of generation_lock. */
int generation_replay_lock(const char *store, int *ret, struct error *e) MUST_CHECK;
/* So that no line of a file goes into a generation that is just being replaced; *ret as that of generation_lock. */
int generation_files_lock(const char *store, int *ret, struct error *e) MUST_CHECK;
/* The pid of another process that holds replay.lock, or 0. Never called by one that holds it: that would let go of it. */
long generation_replay_holder(const char *store);

/* Mark it as being built by this plan; it is on the disk when this returns. */
int generation_mark(const char *store, unsigned n, const char *plan, struct error *e) MUST_CHECK;
/* Is it being built? The plan into ret[GENERATION_PLAN_MAX]; NULL is fine. */
bool generation_marked(const char *store, unsigned n, char *ret);
int generation_unmark(const char *store, unsigned n, struct error *e) MUST_CHECK;

/* Where its replay may have a store to work in: DIR/generations/N/scratch into ret[GENERATION_PATH_MAX]. */
void generation_scratch(const char *store, unsigned n, char *ret);
/* Delete that; fine when there is none. */
int generation_scratch_drop(const char *store, unsigned n, struct error *e) MUST_CHECK;

#endif
