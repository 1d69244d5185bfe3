/*
 * delta.h - what one batch changes, in memory: rows of replacing tables, each found by its key in one probe, and a log of
 * what is added to adding tables. Both are handed out sorted at commit. Thread: processor, or the one that writes the batch.
 */
#ifndef AISLE_VIEWS_DELTA_H
#define AISLE_VIEWS_DELTA_H

#include "views/arena.h"
#include "views/store.h"

/* A replacing row as this batch sees it. */
struct delta_row {
	uint16_t key_len;
	uint8_t table;
	uint8_t tree; /* 0: of ACTOR tables */
	bool dirty;
	bool deleted;
	uint32_t n, room;
	unsigned char *value;
	unsigned char key[];
};

/* Where a row is found: most that are another's are passed by without a look at them. */
struct delta_place {
	uint64_t hash;
	struct delta_row *row; /* NULL: free */
};

/* One addition, as it came. */
struct sum_add {
	uint64_t group;
	uint32_t member;
	uint32_t column;
	int64_t delta;
};

/* The additions to one table: a log that is sorted and summed when it is full and at commit. */
struct sum_log {
	struct sum_add *v;
	size_t n, room;
};

struct delta {
	struct arena arena;
	struct delta_place *rows; /* open addressing */
	size_t rows_n, rows_room;
	struct sum_log sums[TABLE_COUNT];
	int64_t *tallies[TABLE_COUNT]; /* DELTA_TALLIES members of group 0 with their columns; NULL until the first */
};

void delta_init(struct delta *d);
void delta_fini(struct delta *d);
void delta_reset(struct delta *d);
size_t delta_bytes(const struct delta *d);

/* Find or make; a new row has value NULL and *is_new set. Pointers stay valid until reset. */
struct delta_row *delta_row(struct delta *d, enum table_id id, struct str key, bool *is_new);
/* NULL when the batch has not touched it. */
const struct delta_row *delta_find(const struct delta *d, enum table_id id, struct str key);
/* Room for n bytes, what is there is kept. */
void delta_row_reserve(struct delta *d, struct delta_row *row, size_t n);

/* Dirty rows: those of ACTOR tables by (actor, table, key), then the others by (table, key). Freed by the caller. */
struct delta_row **delta_sorted_rows(const struct delta *d, size_t *n);

/* ---- sums (delta_sums.c) ---- */

/* Of a table with few members, all in group 0, of which each event adds to many: added up at once instead of noted. */
#define DELTA_TALLIES 4096
void delta_tally(struct delta *d, enum table_id id, uint32_t member, unsigned column);
/* Into the logs, before they are taken. */
void delta_note_tallies(struct delta *d);

void sum_log_add(struct sum_log *log, uint64_t group, uint32_t member, uint32_t column, int64_t delta);

/* What a table gets: (group, member) ascending, each once, columns summed. *columns is the memory they point into; both are freed by the caller. */
struct sum_delta *sum_log_take(struct sum_log *log, unsigned columns_n, size_t *n, int64_t **columns);

#endif
