/*
 * clock.h - the wall clock and the monotonic clock, behind a seam so that a test can step them.
 * Views never see a clock. Thread: any.
 */
#ifndef AISLE_CONFIG_CLOCK_H
#define AISLE_CONFIG_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*wall_ms)(const struct clock *c); /* since 1970 UTC */
	uint64_t (*monotonic_ns)(const struct clock *c);
};

extern const struct clock clock_system;

static inline uint64_t clock_now_ns(void)
{
	return clock_system.monotonic_ns(&clock_system);
}

/* The calling thread, for so long at most. */
void clock_rest_ms(int ms);

/* Which run of the machine this is, as the monotonic clock begins anew with each: text, zeros behind it; "" when unknown. */
#define CLOCK_BOOT_MAX 40
void clock_boot(char ret[CLOCK_BOOT_MAX]);

/* A clock that stands still until it is moved; for tests. */
struct clock_fake {
	struct clock base;
	int64_t now_ms;
	int64_t wall_set_ms; /* by how much somebody set the wall clock */
};
void clock_fake_init(struct clock_fake *c, int64_t now_ms);

#endif
