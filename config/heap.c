#include "config/heap.h"

#include <malloc.h>

#define HEAP_STEP (64 << 20)

void heap_set(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TOP_PAD, HEAP_STEP);
	mallopt(M_TRIM_THRESHOLD, 4 * HEAP_STEP);
	mallopt(M_MMAP_THRESHOLD, HEAP_STEP / 16);
}
