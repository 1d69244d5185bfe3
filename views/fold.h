/*
 * fold.h - records in, one transaction out.
 *
 * A fold gathers the deltas of many records in memory and writes them sorted, with the offsets, in one
 * transaction. The processor drives it; views write through the second half.
 *
 *     fold_new -> { fold_partition { fold_event | fold_catalog | fold_stock | fold_config | fold_members }* fold_position }*
 *     -> fold_commit -> ... -> fold_free
 *
 * Invariants: between commits nothing is visible outside. After a failed commit the fold is as after fold_new and
 * the store as before; the caller reads the log again from the stored offsets.
 * Thread: processor, all of it.
 */
#ifndef AISLE_VIEWS_FOLD_H
#define AISLE_VIEWS_FOLD_H

#include "schemas/catalog_item.h"
#include "schemas/control.h"
#include "schemas/event.h"
#include "schemas/record.h"
#include "schemas/stock_record.h"
#include "views/store.h"

struct fold;
struct merger_figures;

/* ---- for the processor ---- */

int fold_new(struct store *s, struct fold **ret, struct error *e) MUST_CHECK;
void fold_free(struct fold *f);

/*
 * What is applied from now on comes from this partition of this log: an actor's sessions and orders end by its
 * watermark. Until the first call, and after a failed commit, records belong to a log without a name.
 */
void fold_partition(struct fold *f, const char *log_name, int32_t partition);

/*
 * Apply one decoded record. Returns 0; 1 when the event was a duplicate (nothing changed); or an error of class SKIP
 * (nothing changed): TIME_IN_FUTURE, MISSING_FIELD without any time, OUT_OF_RANGE for a record's timestamp beyond the
 * year 9999. An event without a time gets the record's. `record_ts_ms` < 0: the record has no timestamp of its own.
 */
int fold_event(struct fold *f, struct event *ev, int64_t record_ts_ms, struct error *e) MUST_CHECK;
int fold_catalog(struct fold *f, const struct catalog_item *item, bool deleted) MUST_CHECK;
/* TIME_IN_FUTURE when asOf is more than an hour after the record's timestamp; OUT_OF_RANGE as fold_event. */
int fold_stock(struct fold *f, const struct stock_record *rec, bool deleted, int64_t record_ts_ms,
	       struct error *e) MUST_CHECK;

/* 1: refused, or repeated (config.h): the document stays what it is. */
int fold_config(struct fold *f, const struct control_record *rec, int64_t record_ts_ms) MUST_CHECK;
/* A record of this key is a dead letter: the document stays what it is, but is unsettled (config.h). */
void fold_config_unreadable(struct fold *f, enum control_kind kind, struct str id);
/* A list of people (segment_members.h); value NULL: a tombstone. BAD_CONFIG: nothing changed. */
int fold_members(struct fold *f, struct str segment, const void *value, size_t n, struct error *e) MUST_CHECK;

/* The partition has been applied up to pos->next (good, bad and duplicate records alike). */
void fold_position(struct fold *f, const char *log_name, int32_t partition, const struct position *pos);

/*
 * Stored position; false when that partition was never read. Waits for the last large batch: when that failed, or the row is
 * damaged, it is false too, and the next commit fails.
 */
bool fold_stored_position(struct fold *f, const char *log_name, int32_t partition, struct position *ret);
/* The largest timestamp that a partition's last record has; 0 when none has. */
int64_t fold_newest_ms(const struct fold *f);

/* A sentence about a view that is not kept up to date because its version changed (versions.h); false: all are. */
bool fold_frozen(const struct fold *f, char *ret, size_t size);
size_t fold_pending_bytes(const struct fold *f); /* memory held for the next commit */
/* Items of events that count for no answer, since fold_new, by credit_refusal (credit.h). */
const uint64_t *fold_credit_refused(const struct fold *f);
/* Largest event time applied, pending ones included; TIME_NONE (view.h) when there is none. */
int64_t fold_watermark(const struct fold *f);

struct commit_figures {
	uint64_t records, rows_replaced, rows_added;
	uint64_t sort_ns, apply_ns, commit_ns;
};
/*
 * Write everything pending into the young level, or into base when the store has none, there is no room for it, or the
 * batch is as large as a whole young level; *ret may be NULL. Any error leaves the store as it was; one of a row that could not be read since
 * the last commit comes back here too.
 */
int fold_commit(struct fold *f, struct commit_figures *ret) MUST_CHECK;
/*
 * For the large batches of catching up: hand everything pending to a thread that writes it straight into base, after what
 * is young; the fold goes on meanwhile. Waits for the one before; what that failed with comes back here, and both are as
 * if they had never been. *ret: of the one before.
 */
int fold_commit_bulk(struct fold *f, struct commit_figures *ret) MUST_CHECK;
/* What is pending is a good part of a young level, and there is none to be merged before: fold_commit_bulk costs less. */
bool fold_is_large(const struct fold *f);
/* Is the last large batch still being written, or its end not yet noticed (fold_tend, the next commit)? */
bool fold_is_writing(const struct fold *f);
/* Until the last large batch is in base. */
int fold_wait(struct fold *f) MUST_CHECK;

/*
 * Call it often: begins merges of the young level into base on a thread of their own, when it is full or has commits of
 * young_age_max_ms ago. Returns what one failed with: then the fold is as after a failed commit; the next call tries again.
 */
int fold_tend(struct fold *f, int64_t young_age_max_ms) MUST_CHECK;
/* All of the young level into base, now: the end of a run. */
int fold_settle(struct fold *f) MUST_CHECK;
const struct merger_figures *fold_merges(const struct fold *f);

/* ---- for views ---- */

/* The partition that the record at hand came from: its number, and the largest t applied from it before; or TIME_NONE. */
uint32_t fold_lane(const struct fold *f);
int64_t fold_lane_watermark(const struct fold *f);

/* Interned ids: dense, never reused, made on first sight. */
uint32_t fold_item(struct fold *f, struct str item_id);
/* Of a search, as search_normalise has made it. */
uint32_t fold_query(struct fold *f, struct str query);

/* A number for a session that begins at t_ms (sessions.h), and about where it would lie. */
uint64_t fold_session(struct fold *f, int64_t t_ms);
uint64_t fold_sessions_now(const struct fold *f, int64_t t_ms);
/* The store's secret (store_person_key). */
const unsigned char *fold_person_key(const struct fold *f);

/* Replacing: the row as of now (pending changes included), or { NULL, 0 }. Valid until the next put of the same key. */
struct str fold_get(struct fold *f, enum table_id id, struct str key);
/*
 * The same without a copy in the batch, for rows that are only looked at. A value of more than 2,000 bytes is valid
 * until the next peek only.
 */
struct str fold_peek(struct fold *f, enum table_id id, struct str key);
/* The same of an actor's row of history-prints, which is remembered for longer. */
struct str fold_peek_prints(struct fold *f, uint32_t actor);
/* A row makes no sense: the next commit fails with STORE_CORRUPT. Go on as without it. */
void fold_damaged(struct fold *f);
void fold_put(struct fold *f, enum table_id id, struct str key, const void *value, size_t n);
void fold_delete(struct fold *f, enum table_id id, struct str key);

/*
 * Replacing, in place: the row's bytes in a buffer of at least `room` bytes more than *n, which the view may change and
 * grow by setting *n through fold_edited(). Marked changed. Valid until the next edit or put of the same key.
 */
unsigned char *fold_edit(struct fold *f, enum table_id id, struct str key, size_t room, size_t *n);
void fold_edited(struct fold *f, enum table_id id, struct str key, size_t n);

/* Adding: column += delta. */
void fold_add(struct fold *f, enum table_id id, uint64_t group, uint32_t member, unsigned column, int64_t delta);
/* column += 1 in group 0 of a table with fewer than DELTA_TALLIES members, cheaper when an event adds to many of them. */
void fold_tally(struct fold *f, enum table_id id, uint32_t member, unsigned column);

#endif
