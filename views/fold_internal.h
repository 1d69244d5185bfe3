/*
 * fold_internal.h - the inside of a fold, shared by fold*.c only.
 */
#ifndef AISLE_VIEWS_FOLD_INTERNAL_H
#define AISLE_VIEWS_FOLD_INTERNAL_H

#include "views/credit.h"
#include "views/delta.h"
#include "views/fold.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/merger.h"
#include "views/offsets.h"
#include "views/versions.h"

#include <pthread.h>
#include <stdatomic.h>

#define ID_CACHE_SLOTS 524288 /* power of two, 12 MB; ids met lately, so that most need no hash and no look-up */

struct id_cache_slot {
	uint64_t hash[2]; /* XXH3-128 of kind and raw id, seeded per process; kept in memory only */
	uint32_t id;
	uint32_t used;
};

#define PRINTS_SLOTS 131072 /* power of two, 2 MB */

/* Where rows of history-prints lie in base (fold_prints.c). */
struct prints {
	struct prints_slot {
		const char *p; /* NULL: empty */
		uint32_t actor, n;
	} * slots;
	uint64_t base;       /* snap_base_version */
	unsigned generation; /* 0: nothing is remembered yet */
};

/* The counters in the meta table. */
#define FOLD_META STR("fold")
struct fold_meta {
	uint32_t next_item, next_actor;
	uint32_t sessions; /* that were given a number */
	uint32_t next_query;
	uint64_t newest_session; /* the largest of these numbers */
	uint64_t changes; /* commits to young levels: what each changed of the sessions is told under its number */
	int64_t watermark_ms;
};

/* What one transaction writes. */
struct batch {
	struct delta delta;
	struct fold_meta meta;
	uint64_t records;
	bool has_catalog, has_stock;
};

/* A large batch on its way into base. While it runs the batch's rows are read by both threads and changed by none. */
struct writer {
	pthread_t thread;
	bool running; /* to be joined */
	atomic_bool ended;
	struct batch batch;
	struct commit_figures figures; /* of the last one */
	int code;
};

struct fold {
	struct store *store;
	struct snap *snap;  /* the store as of the last commit, without what the writer has */
	struct batch batch; /* being gathered */
	struct writer writer;
	struct journal *journal;
	struct credit_desk *desk;
	struct id_cache_slot *id_cache;
	uint64_t id_seed;
	struct prints prints;
	struct fold_meta now;
	struct merger *merger;
	struct lanes lanes;
	struct versions versions;
	uint32_t lane;  /* what is applied now comes from there; LANE_NONE: not told */
	int read_error; /* the first one since the last commit, which it fails */
};

/* The actor's interned id, made on first sight. */
uint32_t fold__actor(struct fold *f, enum actor_kind kind, struct str raw_id);
void fold__forget_ids(struct fold *f);
/* A row of any table is changed. */
void fold__forget_prints(struct fold *f, enum table_id id, struct str key);
int fold__load_meta(struct fold *f);
/* All-zero without a watermark when there is none. */
int fold__read_meta(struct snap *sn, struct fold_meta *ret);
/* The whole transaction. Any thread, one at a time. */
int fold__write(struct batch *b, struct store *s, bool young, struct commit_figures *ret);
void fold__writer_end(struct fold *f);
/* Drop what is behind the watermark and what has ended, a piece of each. */
int fold__expire(struct store_txn *t);

#endif
