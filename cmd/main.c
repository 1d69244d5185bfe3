#include "cmd/command.h"

#include <malloc.h>

#define HEAP_STEP (64 << 20)

/*
 * One heap that grows and shrinks in large steps: a merge takes a hundred thousand pages, and each small step of a heap of
 * its own would stop the page faults of all threads.
 */
static void set_heap(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TOP_PAD, HEAP_STEP);
	mallopt(M_TRIM_THRESHOLD, 4 * HEAP_STEP);
	mallopt(M_MMAP_THRESHOLD, HEAP_STEP / 16);
}

int main(int argc, char **argv)
{
	set_heap();
	store_explain_faults();
	return command_main(argc, argv);
}
