/*
 * view.h - what a materialized view is: one file, one descriptor, one line in views.def.
 *
 * `apply` is a pure function of the view's rows and one event: event time only; no clock, random, I/O, log or
 * globals; bounded rows an event; it never commits. What the actor did before this event (session, order,
 * purchases) is worked out once by journal.h and handed to all views.
 *
 * Rows, as `aisle inspect` prints them, are logical: string ids, not interned ones, and nothing outside the
 * retention behind the watermark. A view's digest is the sum of its rows' hashes, so it does not depend on the
 * order of rows or on how they are stored.
 */
#ifndef AISLE_VIEWS_VIEW_H
#define AISLE_VIEWS_VIEW_H

#include "schemas/event.h"
#include "schemas/record.h"
#include "views/store.h"

struct fold;
struct moment; /* journal.h: the event with what came before it */

/* One logical row as one line of JSON without the newline. */
typedef int (*view_row)(void *arg, struct str json);

struct view_filter {
	struct str item; /* n = 0: all */
	struct str user; /* raw user or visitor id; n = 0: all */
	bool anonymous;  /* without keyed hashes of persons */
};

enum { VIEW_BY_ITEM = 1, VIEW_BY_USER = 2 };

struct view {
	const char *name;    /* as in VIEWS: "bought-together" */
	unsigned version;    /* a change of meaning raises it; see versions.h */
	const char *meaning; /* one line for --help and /strategies */
	uint64_t tables;     /* TABLE_BITs of the tables with its rows; 0: it cannot be made anew without the others */
	enum topic topic;    /* that its rows are made of; 0: TOPIC_EVENTS */
	/* events; NULL for views that do not read them */
	void (*apply)(struct fold *f, const struct moment *m);
	/* drop what is behind the watermark, a bounded piece a call; 0 or an error. NULL when nothing expires */
	int (*expire)(struct store_txn *t, int64_t watermark_ms, size_t rows_max);
	/* the logical rows that are alive at the watermark, each exactly once, in any order */
	int (*rows)(struct snap *sn, const struct view_filter *filter, view_row each, void *arg); /* by view_rows */
	unsigned by; /* VIEW_BY_ bits: what `rows` looks at of the filter */
	/*
	 * Stores with different keys have equal digests: of anonymous rows, or, where those of a person must stay together,
	 * of these, one text a person. NULL: rows.
	 */
	int (*digest_rows)(struct snap *sn, view_row each, void *arg);
};

/* The registry, in the order of views.def; NULL at the end. */
extern const struct view *const view_registry[];
const struct view *view_find(const char *name);

/* The view's rows, or why one of them, or a name in it, could not be read. */
int view_rows(const struct view *v, struct snap *sn, const struct view_filter *filter, view_row each,
	      void *arg) MUST_CHECK;

#define VIEW_DIGEST_HEX 33
/* Sum (mod 2^128) of XXH3-128 over the rows; *ret_rows counts them. */
int view_digest(const struct view *v, struct snap *sn, char ret_hex[VIEW_DIGEST_HEX], uint64_t *ret_rows) MUST_CHECK;

/* A stored count beyond it is damage, and thousands of good ones add up without overflow. */
#define COUNT_MAX (INT64_C(1) << 48)

/* The first of the newest `kept` buckets, the watermark's included; they begin in 1970. */
static inline int64_t oldest_bucket(int64_t watermark_ms, int64_t span_ms, int64_t kept)
{
	int64_t oldest = time_bucket(watermark_ms, span_ms) + 1 - kept;

	return oldest > 0 ? oldest : 0;
}

/* Largest event time applied so far; TIME_NONE in an empty store. */
#define TIME_NONE INT64_MIN
int snap_watermark(struct snap *sn, int64_t *ret) MUST_CHECK;

#endif
