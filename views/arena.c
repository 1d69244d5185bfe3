#include "views/arena.h"

#include <stdlib.h>

#define BLOCK_BYTES ((size_t)1 << 20)
#define SPARE_MAX 16 /* blocks kept for the next batch */

struct arena_block {
	struct arena_block *next;
	size_t room;
	_Alignas(8) unsigned char bytes[];
};

static void new_block(struct arena *a, size_t room)
{
	struct arena_block *b = a->spare;

	if (b && room == BLOCK_BYTES) {
		a->spare = b->next;
		a->spare_n--;
	} else {
		b = xmalloc(sizeof(*b) + room);
		b->room = room;
	}
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
	/* large blocks and those of a large batch go */
	for (struct arena_block **at = &a->blocks; *at;) {
		struct arena_block *b = *at;

		if (b->room == BLOCK_BYTES && a->spare_n < SPARE_MAX) {
			*at = b->next;
			b->next = a->spare;
			a->spare = b;
			a->spare_n++;
		} else {
			*at = b->next;
			free(b);
		}
	}
	a->used = a->room = a->total = 0;
}

void arena_fini(struct arena *a)
{
	arena_reset(a);
	while (a->spare) {
		struct arena_block *b = a->spare;

		a->spare = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p;

	if (s.n == 0)
		return (struct str){ NULL, 0 };
	p = arena_alloc(a, s.n);
	memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}
