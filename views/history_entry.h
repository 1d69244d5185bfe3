/*
 * history_entry.h - the stored form of a history, shared by history.c (reading) and history_write.c.
 *
 *   TBL_HISTORY         actor -> head (with the profile), the newest entries
 *   TBL_HISTORY_OLD     actor u32 BE, number u32 BE -> a chunk of older entries
 *   TBL_HISTORY_PRINTS  actor -> prints of the events in the chunks
 *
 * Entries are a set in the order of arrival; what counts is worked out by sorting them by (t, eventId, arrival). An
 * event of many lines is several entries, of which only the first counts as an event. A print is 16 bits of an eventId's
 * hash, one for each event of the chunks that may be in the window of duplicates: an event whose print is new is none of
 * them, so the chunks are read only when it is not, and when they are rewritten.
 *
 * No value is longer than HISTORY_VALUE_MAX: what is read stays where the snapshot or the batch has it. Thread: any.
 */
#ifndef AISLE_VIEWS_HISTORY_ENTRY_H
#define AISLE_VIEWS_HISTORY_ENTRY_H

#include "schemas/event.h"
#include "schemas/varint.h"
#include "views/history.h"
#include "views/keys.h"

#define HISTORY_VALUE_MAX 2000   /* bytes: the store cuts longer ones */
#define HISTORY_CHUNK_MAX 1900   /* bytes */
#define HISTORY_LINES_MAX 32     /* of one entry */
#define HISTORY_ENTRIES_MAX 1024 /* of one actor: the most there can be is 734 */
#define HISTORY_LINE_BYTES_MAX (5 + 3 + VARINT_MAX)
#define HISTORY_ENTRY_BYTES_MAX \
	(1 + VARINT_MAX + (1 + EVENT_EVENT_ID_MAX) + 2 * (2 + EVENT_ID_MAX) + 1 + \
	 HISTORY_LINES_MAX * HISTORY_LINE_BYTES_MAX)

typedef uint16_t history_print;

/* What the view `profile` shows. */
#define HISTORY_PROFILE_NONE TIME_END_MS
struct history_profile {
	int64_t first_ms, last_ms; /* first: HISTORY_PROFILE_NONE: it has only seen impressions */
	int64_t units, spend_micros;
	uint32_t orders;
	uint32_t country; /* a hash of the last one that was named, two in 2^31 are the same; 0: none yet */
};

struct history_head {
	struct history_profile profile;
	int64_t last_ms; /* t of the newest entry here; 0: there is none */
	uint32_t first;  /* number of the oldest chunk; the others follow */
	uint16_t chunks;
	uint16_t entries;    /* in the chunks and here */
	uint16_t prints;     /* of the events in the chunks */
	uint16_t room;       /* what may come before the chunks are compacted: each event 1 and 1 for every 8 lines */
	uint16_t session_at; /* the last session id of the entries here: where, from the first of them on, */
	uint16_t session_n;  /* and its bytes; 0: none */
};

struct history_entry {
	int64_t t_ms;
	struct str event_id, session_id, order_id;
	struct str lines; /* packed: history_line() */
	uint32_t lines_n;
	uint16_t chunk; /* from 0; head.chunks: with the head */
	uint8_t type;
	bool more; /* of the event of the entry before */
	/* for compaction */
	bool in_window, shown;
};

/* What an entry is written against: the one before in its chunk. All-zero at a chunk's start. */
struct history_context {
	int64_t t_ms;
	struct str session_id; /* the last one there was */
};

struct history_line {
	uint32_t item, quantity;
	bool has_price;
	int64_t price_micros;
};

/* Write at most HISTORY_ENTRY_BYTES_MAX, the session id last; returns how many. */
size_t history_entry_write(unsigned char *p, struct history_context *ctx, const struct history_entry *e);
/* At most HISTORY_LINE_BYTES_MAX. */
size_t history_line_write(unsigned char *p, const struct history_line *line);
/* Take the first line off `lines`. */
struct history_line history_line_take(struct str *lines);

struct history_set {
	struct history_head head;
	struct str newest; /* entries that stand with the head */
	uint32_t n;
	uint16_t chunks;                                         /* read so far */
	struct history_entry entries[HISTORY_ENTRIES_MAX];       /* in the order of arrival */
	struct history_entry *newest_first[HISTORY_ENTRIES_MAX]; /* by (t, eventId, arrival), falling */
};

/* Also says where the entries stand; false: the bytes are damaged. */
bool history_head_read(struct str row, struct history_head *ret, struct str *ret_entries);
/* Take the first entry off `entries`, which are not empty; false: the bytes are damaged. */
bool history_entry_take(struct str *entries, struct history_context *ctx, struct history_entry *ret);

/*
 * All entries of an actor, borrowed from its rows: of its head, then of each chunk from head.first on, then the sum. Each
 * returns 0 or ERR_STORE_CORRUPT.
 */
int history_load_head(struct history_set *s, struct str row) MUST_CHECK;
int history_load_chunk(struct history_set *s, uint32_t number, struct str chunk) MUST_CHECK;
int history_load_end(struct history_set *s) MUST_CHECK;

/*
 * The rows alone, as most readers want them. What is rare takes history_load_*: more rows than there is room for, and
 * events of one time, of which the eventId says which is the newer.
 */
#define HISTORY_SKIM_MAX 512
struct history_skim {
	struct history_row rows[HISTORY_SKIM_MAX]; /* in the order of arrival */
	uint32_t n, entries;
	bool is_late; /* one came after a newer one */
	bool is_hard; /* it takes history_load_* */
	int64_t t_ms; /* of the newest so far */
	struct str event_id;
};

void history_skim_begin(struct history_skim *s);
/* Of a chunk, or of those with the head; false: the bytes are damaged. */
bool history_skim(struct history_skim *s, struct str entries);
/* Their order in time, oldest first; false: it takes more than the rows. */
bool history_skim_sort(struct history_skim *s);

#define HISTORY_KEY_BYTES 8
/* Borrows buf[HISTORY_KEY_BYTES]. */
struct str history_chunk_key(uint32_t actor, uint32_t number, unsigned char *buf);

#endif
