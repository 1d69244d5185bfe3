/*
 * session_rows.h - the stored form of the sessions, and writing it.
 *
 *   TBL_SESSIONS         number u64 BE -> head, items u32[n] oldest first, steps: of n - 1 views, the newest of them first,
 *                        how far t lies before the next newer one's (zigzag varints)
 *   TBL_ITEM_SESSIONS    block of numbers << 32 | item, UINT32_MAX - number in it: so the newest come first;
 *                        the same with ID_NONE, SESSION_PARTS - 1 - part of the block: how many sessions began there
 *   TBL_SESSION_CHANGES  young levels only: what a commit changed, so that readers need not look again at the rest
 *
 * A block has 2^32 numbers, 199 days. A session whose number lies more than SESSION_MOVES behind moves to a new number with
 * its next view, so that old blocks empty themselves, and all that are not forgotten lie within SESSION_WINDOW_MIN of the newest.
 * Numbers are printed nowhere, so that changes no row.
 */
#ifndef AISLE_VIEWS_SESSION_ROWS_H
#define AISLE_VIEWS_SESSION_ROWS_H

#include "schemas/event.h"
#include "schemas/varint.h"
#include "views/keys.h"
#include "views/mark.h"
#include "views/sessions.h"

#define SESSION_MOVES (UINT64_C(1) << 30)            /* 50 days */
#define SESSION_WINDOW_MIN (3 * (UINT64_C(1) << 30)) /* 149 days */
#define SESSION_PART_BITS 24                         /* 19 hours */
#define SESSION_PARTS 256                            /* of a block */
#define SESSION_KEY_BYTES 8

_Static_assert(SESSION_MOVES + SESSION_KEEP_MS / SESSION_STEP_MS <= SESSION_WINDOW_MIN, "none is missed");

struct moment_item;

struct session_head {
	struct mark mark; /* of its views; items_n: kept */
	uint32_t actor;
	uint32_t views;
	uint64_t hash; /* session_hash */
};

#define SESSION_ROW_MAX (sizeof(struct session_head) + SESSION_VIEWS_MAX * (sizeof(uint32_t) + VARINT_MAX))

/* false: the bytes are damaged. Outputs may be NULL; `times` has SESSION_VIEWS_MAX. */
bool session_row_read(struct str row, struct session_head *ret, const unsigned char **ret_items, int64_t *times);

/* The number in a row's key; false: it is damaged. */
static inline bool session_number(struct str key, uint64_t *ret)
{
	if (key.n != SESSION_KEY_BYTES)
		return false;
	*ret = get_be64(key.p);
	return *ret != SESSION_NONE && *ret < SESSION_NUMBERS_END;
}

static inline uint64_t session_group(uint64_t number, uint32_t item)
{
	return number >> 32 << 32 | item;
}

/* The views of one event in their session. */
struct session_views {
	uint64_t number;
	bool moved;      /* the session has another number than before */
	uint32_t before; /* kept views before the event, 0: these are its first ones; */
	uint32_t *items; /* these and the event's own, oldest first */
	int64_t *times;
	uint32_t room;
};
void session_views_fini(struct session_views *v);

/*
 * Add the views of an event to the session of this number (SESSION_NONE: it had no view yet), which may have ended
 * meanwhile; *v tells what has become of it. Thread: processor.
 */
void session_add(struct fold *f, const struct event *ev, uint32_t actor, const struct moment_item *items,
		 uint64_t number, struct session_views *v);

/* Numbers of sessions, growing; all-zero at first. */
struct session_numbers {
	uint64_t *v;
	uint32_t n, room;
	struct snap_counts list; /* of one block */
};
void session_numbers_fini(struct session_numbers *s);

/* Those with a view of the item among oldest..newest, the newest first, at most `max`. */
int session_numbers_get(struct snap *sn, uint32_t item, uint64_t oldest, uint64_t newest, uint32_t max,
			struct session_numbers *ret) MUST_CHECK;
/*
 * The newest numbers, a block of them at most: it begins with a quarter of a block, at least SESSION_WINDOW_MIN before the
 * newest one. Inside it a number is told by its distance from there, which fits into 32 bits.
 */
struct session_window {
	uint64_t from, newest;                            /* SESSION_NONE: there is none */
	double later[SESSION_PARTS], rate[SESSION_PARTS]; /* sessions that began after a part, and in each step of it */
};
uint64_t session_window_from(uint64_t newest);
int session_window_read(struct snap *sn, uint64_t newest, struct session_window *ret) MUST_CHECK;
double session_window_age(const struct session_window *w, uint32_t number);

/* What a batch changed, into a transaction of a young level, under the number of its commit. */
#define SESSION_CHANGES_A_ROW 480
#define SESSION_CHANGES_KEY_BYTES 13
enum session_changed { SESSION_CHANGED = 's', SESSION_ITEM_CHANGED = 'i' };
struct session_state {
	uint64_t commit; /* to a young level, the last one that the snapshot saw */
	uint64_t newest; /* number; SESSION_NONE: there was no session */
	uint32_t total;  /* sessions that were given a number */
	int64_t watermark_ms;
};
int session_state_get(struct snap *sn, struct session_state *ret) MUST_CHECK;
struct str session_changes_key(uint64_t commit, enum session_changed what, uint32_t part,
			       unsigned char buf[SESSION_CHANGES_KEY_BYTES]);

#endif
