/*
 * delta.h - what one batch changes, in memory: rows of replacing tables and sums of adding tables, each found by its
 * key in one probe, handed out sorted at commit. Thread: processor.
 */
#ifndef AISLE_VIEWS_DELTA_H
#define AISLE_VIEWS_DELTA_H

#include "views/arena.h"
#include "views/store.h"

/* A replacing row as this batch sees it. */
struct delta_row {
	uint64_t hash;
	uint16_t key_len;
	uint8_t table;
	bool dirty;
	bool deleted;
	uint32_t n, room;
	unsigned char *value;
	unsigned char key[];
};

struct delta_sum {
	uint64_t group;
	uint32_t member;
	uint32_t table;       /* TABLE_COUNT: an empty slot */
	int64_t *columns;
};

struct delta {
	struct arena arena;
	struct delta_row **rows;     /* open addressing */
	size_t rows_n, rows_room;
	struct delta_sum *sums;      /* open addressing */
	size_t sums_n, sums_room;
};

void delta_init(struct delta *d);
void delta_fini(struct delta *d);
void delta_reset(struct delta *d);
size_t delta_bytes(const struct delta *d);

/* Find or make; a new row has value NULL and *is_new set. Pointers stay valid until reset. */
struct delta_row *delta_row(struct delta *d, enum table_id id, struct str key, bool *is_new);
/* Room for n bytes, what is there is kept. */
void delta_row_reserve(struct delta *d, struct delta_row *row, size_t n);

/* The columns of (group, member), zeros at first. Valid until reset. */
int64_t *delta_sum(struct delta *d, enum table_id id, uint64_t group, uint32_t member);

/* Dirty rows of all tables by (table, key); the sums of all tables by (table, group, member). Freed by the caller. */
struct delta_row **delta_sorted_rows(const struct delta *d, size_t *n);
struct delta_sum *delta_sorted_sums(const struct delta *d, size_t *n);

#endif
