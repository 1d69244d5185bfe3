#include "config/heap.h"

#include "schemas/base.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAP_STEP (64 << 20)
#define HEAP_FIRST (3 * HEAP_STEP) /* less than what is given back */
#define HUGE_PAGE ((size_t)2 << 20)

/* Whole large pages of [from, to); where the kernel has none nothing changes. */
static void make_huge(char *from, const char *to)
{
	from += -(size_t)from % HUGE_PAGE;
	if (from < to)
		madvise(from, (size_t)(to - from), MADV_HUGEPAGE);
}

void heap_set(void)
{
	char *from = sbrk(0);
	void *volatile kept; /* or the compiler leaves it out */

	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 4 * HEAP_STEP);
	mallopt(M_MMAP_THRESHOLD, HEAP_STEP / 16);
	mallopt(M_TOP_PAD, HEAP_FIRST);
	kept = xmalloc(HEAP_STEP / 32); /* more than there is: the heap grows */
	free(kept);
	make_huge(from, sbrk(0));
	mallopt(M_TOP_PAD, HEAP_STEP);
}
