/*
 * session_rows.h - the stored form of the sessions, and writing it.
 *
 *   TBL_SESSIONS         number u32 BE -> head, items u32[n] oldest first, steps: of n - 1 views, the newest of them first,
 *                        how far t lies before the next newer one's (zigzag varints)
 *   TBL_ITEM_SESSIONS    block of numbers << 32 | item, UINT32_MAX - number: so the newest come first
 *   TBL_SESSION_CHANGES  young levels only: what a commit changed, so that readers need not look again at the rest
 *
 * A session whose number lies more than a block behind the newest moves to a new number with its next view, so that old
 * blocks empty themselves. Numbers are printed nowhere, so that changes no row.
 */
#ifndef AISLE_VIEWS_SESSION_ROWS_H
#define AISLE_VIEWS_SESSION_ROWS_H

#include "schemas/event.h"
#include "schemas/varint.h"
#include "views/keys.h"
#include "views/mark.h"
#include "views/sessions.h"

#define SESSION_BLOCK (UINT32_C(1) << 20) /* numbers */
#define SESSION_KEY_BYTES 4

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
static inline bool session_number(struct str key, uint32_t *ret)
{
	if (key.n != SESSION_KEY_BYTES)
		return false;
	*ret = get_be32(key.p);
	return *ret != SESSION_NONE;
}

static inline uint64_t session_group(uint32_t number, uint32_t item)
{
	return (uint64_t)(number / SESSION_BLOCK) << 32 | item;
}

/* The views of one event in their session. */
struct session_views {
	uint32_t number; /* SESSION_NONE: there are none left to give */
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
		 uint32_t number, struct session_views *v);

/* Numbers of sessions, growing; all-zero at first. */
struct session_numbers {
	uint32_t *v;
	uint32_t n, room;
	struct snap_counts list; /* of one block */
};
void session_numbers_fini(struct session_numbers *s);

/* The least number that a row has, or SESSION_NONE. */
int session_first(struct snap *sn, uint32_t *ret) MUST_CHECK;
/* Those with a view of the item among oldest..newest, the newest first, at most `max`. */
int session_numbers_get(struct snap *sn, uint32_t item, uint32_t oldest, uint32_t newest, uint32_t max,
			struct session_numbers *ret) MUST_CHECK;

/* What a batch changed, into a transaction of a young level, under the number of its commit. */
#define SESSION_CHANGES_A_ROW 480
#define SESSION_CHANGES_KEY_BYTES 13
enum session_changed { SESSION_CHANGED = 's', SESSION_ITEM_CHANGED = 'i' };
/* The commit to a young level that this snapshot saw last, the number of sessions, and the watermark. */
int session_state_get(struct snap *sn, uint64_t *ret_commit, uint32_t *ret_total, int64_t *ret_watermark_ms) MUST_CHECK;
struct str session_changes_key(uint64_t commit, enum session_changed what, uint32_t part,
			       unsigned char buf[SESSION_CHANGES_KEY_BYTES]);

#endif
