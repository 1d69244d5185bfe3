/* draw.h - random numbers of a test that a seed repeats. */
#ifndef AISLE_TESTS_LIB_DRAW_H
#define AISLE_TESTS_LIB_DRAW_H

#include <stdint.h>

/* The next of a stream of random numbers, below `below`: splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t draw(uint64_t *state, uint64_t below)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

#endif
