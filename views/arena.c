#include "views/arena.h"

#include <stdlib.h>

#define BLOCK_BYTES ((size_t)1 << 20)

struct arena_block {
	struct arena_block *next;
	_Alignas(8) unsigned char bytes[];
};

static void new_block(struct arena *a, size_t room)
{
	struct arena_block *b = xmalloc(sizeof(*b) + room);

	b->next = a->blocks;
	a->blocks = b;
	a->used = 0;
	a->room = room;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *ret;

	n = (n + 7) & ~(size_t)7;
	if (!a->blocks || a->room - a->used < n)
		new_block(a, n > BLOCK_BYTES ? n : BLOCK_BYTES);
	ret = a->blocks->bytes + a->used;
	a->used += n;
	a->total += n;
	return ret;
}

void arena_reset(struct arena *a)
{
	while (a->blocks && a->blocks->next) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	a->used = 0;
	a->room = a->blocks ? BLOCK_BYTES : 0;
	a->total = 0;
}

void arena_fini(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
