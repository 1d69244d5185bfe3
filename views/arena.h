/*
 * arena.h - memory that is given back all at once: what one batch needs lives until its commit.
 * Pieces are aligned to 8 bytes. Thread: the owner's.
 */
#ifndef AISLE_VIEWS_ARENA_H
#define AISLE_VIEWS_ARENA_H

#include "schemas/base.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* the newest first */
	struct arena_block *spare;  /* kept by a reset */
	unsigned spare_n;
	size_t used, room; /* of the newest block */
	size_t total;      /* bytes handed out since the last reset */
};

void *arena_alloc(struct arena *a, size_t n);
/* A copy; { NULL, 0 } of nothing. */
struct str arena_str(struct arena *a, struct str s);
/* Everything handed out is gone; some blocks stay for the next batch. */
void arena_reset(struct arena *a);
void arena_fini(struct arena *a);

#endif
