/*
 * offsets.h - the lanes of the log: where the fold stands in each partition and how far its event time has come.
 * Written in the transaction it belongs to.
 *
 * A lane's watermark is the largest t applied from it. One actor's events are on one partition, so the watermark that
 * an event of it meets depends on the log alone; the one over all partitions would depend on which of them was read
 * first. What ends in an actor's state ends by its lane's watermark.
 *
 * A lane gives the numbers of its sessions (sessions.h) in the same spirit: from its watermark and from those that it gave.
 */
#ifndef AISLE_VIEWS_OFFSETS_H
#define AISLE_VIEWS_OFFSETS_H

#include "schemas/record.h"
#include "views/store.h"

struct fold;

#define LANE_NONE UINT32_MAX

struct lane {
	uint32_t number; /* its place among the lanes, for good: rows name it by this */
	bool changed;    /* since lanes_put */
	int64_t watermark_ms;
	uint64_t session;   /* the last number that it gave; 0: none */
	struct position at; /* next 0: never told */
	uint32_t key_n;
	unsigned char key[STORE_KEY_MAX];
};

/* All-zero at first. */
struct lanes {
	struct lane *v;
	size_t n, room;
	size_t latest; /* index found last; records come in runs of one partition */
};

int lanes_load(struct lanes *ls, struct snap *sn) MUST_CHECK;
/* As this transaction sees them. */
int lanes_load_txn(struct lanes *ls, struct store_txn *t) MUST_CHECK;
void lanes_fini(struct lanes *ls);

/* Found or made. Valid until the next call. */
struct lane *lanes_find(struct lanes *ls, const char *log_name, int32_t partition);
/* The watermark of a lane by its number; TIME_NONE when there is no such lane. */
int64_t lanes_watermark(const struct lanes *ls, uint32_t number);
/* Where the number of a session lies that begins now, and the number itself, of no other session of this lane. */
uint64_t lane_sessions_now(const struct lane *l, int64_t t_ms);
uint64_t lane_session(struct lane *l, int64_t t_ms);
/* Write what changed. */
void lanes_put(struct lanes *ls, struct fold *f);

int offsets_get(struct snap *sn, const char *log_name, int32_t partition, struct position *ret);

/* Every stored position; non-zero stops and is returned. Of a long name a part, as it is stored (offsets_is_of). */
typedef int (*offsets_row)(void *arg, struct str log_name, int32_t partition, const struct position *pos);
int offsets_each(struct snap *sn, offsets_row each, void *arg);
/* Is a stored name the one of this log? */
bool offsets_is_of(struct str stored, const char *log_name);

#endif
