/*
 * simulate_random.h - xoshiro256** (Blackman, Vigna 2018): the same numbers for the same seed on every machine.
 */
#ifndef AISLE_PROCESSOR_SIMULATE_RANDOM_H
#define AISLE_PROCESSOR_SIMULATE_RANDOM_H

#include "schemas/base.h"

struct simulate_random {
	uint64_t s[4];
};

static inline uint64_t simulate_rotated(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static inline uint64_t simulate_draw(struct simulate_random *r)
{
	uint64_t *s = r->s, ret = simulate_rotated(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = simulate_rotated(s[3], 45);
	return ret;
}

/* 0..n-1; the bias of the multiplication is below n / 2^64. */
static inline uint32_t simulate_below(struct simulate_random *r, uint32_t n)
{
	return (uint32_t)(((unsigned __int128)simulate_draw(r) * n) >> 64);
}

static inline bool simulate_chance(struct simulate_random *r, uint32_t of_10000)
{
	return simulate_below(r, 10000) < of_10000;
}

#endif
