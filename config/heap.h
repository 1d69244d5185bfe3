/*
 * heap.h - how the program's heap grows. Thread: main, before any other.
 */
#ifndef AISLE_CONFIG_HEAP_H
#define AISLE_CONFIG_HEAP_H

/*
 * One heap that grows and shrinks in large steps: a merge takes a hundred thousand pages, and each small step of a heap of
 * its own would stop the page faults of all threads. Its first 192 MB are asked for in pages of 2 MB, since answers read all over
 * what they keep; it is address space, taken as it is used.
 */
void heap_set(void);

#endif
