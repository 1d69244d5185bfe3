/*
 * base.h - the few words every file of aisle uses: borrowed bytes, checked
 * results, and allocation that cannot fail.
 *
 * Invariants: a `struct str` never owns its bytes; whoever hands one out says
 * how long it stays valid. Allocation failure ends the process in one place
 * (base.c), so no caller has an out-of-memory branch.
 */
#ifndef AISLE_SCHEMAS_BASE_H
#define AISLE_SCHEMAS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Time in event time: milliseconds since 1970-01-01 UTC. */
#define MS_PER_SECOND INT64_C(1000)
#define MS_PER_MINUTE (60 * MS_PER_SECOND)
#define MS_PER_HOUR (60 * MS_PER_MINUTE)
#define MS_PER_DAY (24 * MS_PER_HOUR)
#define MS_PER_EPOCH (30 * MS_PER_DAY)
/* How far a time may lie after its record's timestamp: one bad clock must not move the watermark. */
#define TIME_AHEAD_MAX_MS MS_PER_HOUR
#define TIME_END_MS INT64_C(253402300800000) /* the year 10000: event times are 0 up to below it */

/* Money is integer micros (1e-6 of the currency's unit), so that sums are exact in any order. */
#define MICROS INT64_C(1000000)

/* Borrowed bytes, not NUL-terminated. { NULL, 0 } is "absent"; ids are never empty. */
struct str {
	const char *p;
	uint32_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })

/* printf("%.*s", STR_FMT(s)) */
#define STR_FMT(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_of(const char *z)
{
	return (struct str){ z, z ? (uint32_t)strlen(z) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The same but for the case of ASCII letters? */
static inline bool str_alike(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

/* Byte order, shorter first on a tie: the order of ids everywhere. */
static inline int str_cmp(struct str a, struct str b)
{
	uint32_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* floor(t / span) for negative t too. */
static inline int64_t time_bucket(int64_t t_ms, int64_t span_ms)
{
	int64_t q = t_ms / span_ms;

	return q - (t_ms % span_ms < 0);
}

/* Heap memory; never NULL. The process ends with a message when there is none. */
void *xmalloc(size_t n);
/* Zeros; pages that nobody touches take no memory. Given back with munmap. */
void *xpages(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrndup(const char *p, size_t n);

/* Room for one more behind the n elements of v, which has `room`: doubled when it is full, `first` at first. */
#define ARRAY_GROW(v, n, room, first) \
	do { \
		if ((n) == (room)) { \
			(room) = (room) ? 2 * (room) : (first); \
			(v) = xrealloc((v), (room) * sizeof(*(v))); \
		} \
	} while (0)

#endif
