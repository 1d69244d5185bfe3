/*
 * sessions.h - who viewed what in which session: the index behind "next in session".
 *
 * A session has a number, given at its first view: the event time that its partition has reached then, in steps of
 * SESSION_STEP_MS, made its own by its partition, or by those that the partition gave before. So a larger one began later,
 * and whatever partition was read first, it is the same (where more than SESSION_LANES partitions have one at once, the next
 * free one is taken). Numbers are printed nowhere. A session keeps its last SESSION_VIEWS_MAX views in log order, repeats included, and is forgotten when its last
 * view is SESSION_KEEP_MS behind the watermark.
 *
 * A session_index is one thread's way to look at many sessions in an answer: what it has looked up stays at hand for as
 * long as it has not changed. Thread: that of its snapshot.
 */
#ifndef AISLE_VIEWS_SESSIONS_H
#define AISLE_VIEWS_SESSIONS_H

#include "schemas/base.h"
#include "views/store.h"

#define SESSION_VIEWS_MAX 64
#define SESSION_KEEP_MS (90 * MS_PER_DAY)
#define SESSION_NONE 0
#define SESSION_STEP_MS 4
#define SESSION_LANES 32
#define SESSION_NUMBERS_END (UINT64_C(1) << 48) /* the year 9999, and as many beyond it */

struct session {
	uint32_t number;
	uint32_t actor;
	uint32_t n;                 /* views kept, at least 1 */
	uint32_t views;             /* that there were */
	int64_t last_ms;            /* t of the last one */
	const unsigned char *items; /* n of them, oldest first: session_item */
};

/* The item of view `at`, 0 the oldest that is kept. */
static inline uint32_t session_item(const struct session *s, uint32_t at)
{
	uint32_t item;

	memcpy(&item, s->items + at * sizeof(item), sizeof(item));
	return item;
}

struct session_index;

struct session_index *session_index_new(void);
/* NULL is fine. */
void session_index_free(struct session_index *x);

/*
 * Everything below is as this snapshot has it, until it is renewed or parked: call it after each renewal. Until then the
 * numbers below mean something: they are the last bits of those in the store, the larger the later.
 */
int session_index_begin(struct session_index *x, struct snap *sn) MUST_CHECK;

/* How many sessions began since this one: counted by parts of a day, and between them by the time. */
double session_age(const struct session_index *x, uint32_t number);

/* Borrowed until the next begin. NOT_FOUND: there is no such session, or it is forgotten. */
int session_get(struct session_index *x, uint32_t number, struct session *ret) MUST_CHECK;
/* Of a session_list: only its number and views (n, items). */
int session_at(struct session_index *x, uint32_t place, struct session *ret) MUST_CHECK;

/*
 * The sessions that viewed an item, newest first, each once, at most `max`; borrowed until the next begin. Some may be
 * forgotten, or the view may be older than those that their session keeps. An unknown item has none.
 */
struct session_list {
	const uint32_t *numbers;
	const uint32_t *places; /* of each, in the index: session_at */
	uint32_t n;
};
int session_newest(struct session_index *x, uint32_t item, uint32_t max, struct session_list *ret) MUST_CHECK;

/*
 * What was made of the item's newest sessions, and of the views beside it there, is as it was while this number is the
 * same. It may change for no reason, and does so with each hour of event time, so that what is forgotten leaves.
 */
uint64_t session_stamp(const struct session_index *x, uint32_t item);

/* All of them, oldest first, the forgotten ones too until their rows go. *ret: to be freed, after an error as well. */
int session_all(struct session_index *x, uint32_t **ret, size_t *ret_n) MUST_CHECK;

/* Two steps towards a session that will be looked at soon: its place in the index, then its views. Neither waits. */
void session_prefetch(const struct session_index *x, uint32_t place);
static inline void session_prefetch_views(const struct session *s)
{
	__builtin_prefetch(s->items);
	__builtin_prefetch(s->items + (s->n - 1) * sizeof(uint32_t));
}

/*
 * The number of an actor's session with this id; without an id (n = 0) of its last one without, unless that was over 30
 * minutes before the watermark. SESSION_NONE: no view in it so far.
 */
int session_running(struct session_index *x, uint32_t actor, struct str session_id, uint32_t *ret) MUST_CHECK;

/* Sessions that there have been; one that moved (session_rows.h) is counted again. */
int sessions_total(struct snap *sn, uint32_t *ret) MUST_CHECK;

#endif
