#include "config/clock.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t system_wall_ms(const struct clock *c)
{
	struct timespec ts;

	(void)c;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static uint64_t system_monotonic_ns(const struct clock *c)
{
	struct timespec ts;

	(void)c;
	clock_gettime(CLOCK_BOOTTIME, &ts); /* CLOCK_MONOTONIC stands still while the machine sleeps */
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

const struct clock clock_system = { system_wall_ms, system_monotonic_ns };

void clock_rest_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

void clock_boot(char ret[CLOCK_BOOT_MAX])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(ret, 0, CLOCK_BOOT_MAX);
	if (fd >= 0 && read(fd, ret, 36) < 0)
		ret[0] = '\0';
	if (fd >= 0)
		close(fd);
}

static int64_t fake_wall_ms(const struct clock *c)
{
	const struct clock_fake *f = (const struct clock_fake *)c;

	return f->now_ms + f->wall_set_ms;
}

static uint64_t fake_monotonic_ns(const struct clock *c)
{
	return (uint64_t)((const struct clock_fake *)c)->now_ms * 1000000u;
}

void clock_fake_init(struct clock_fake *c, int64_t now_ms)
{
	*c = (struct clock_fake){ .base = { fake_wall_ms, fake_monotonic_ns }, .now_ms = now_ms };
}
