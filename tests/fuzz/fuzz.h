/*
 * fuzz.h - what every fuzzer has: libFuzzer's entry, and a few ways to use an input.
 *
 * A fuzzer asserts what the header of its parser promises, not only that nothing crashes. It keeps no state from one
 * input to the next, so that a finding is one file.
 */
#ifndef AISLE_TESTS_FUZZ_H
#define AISLE_TESTS_FUZZ_H

#include "config/log.h"
#include "schemas/base.h"
#include "schemas/error.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What is left of an input. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

/* The next byte; 0 when there is none. */
static inline uint8_t take_byte(struct bytes *in)
{
	if (!in->n)
		return 0;
	in->n--;
	return *in->p++;
}

/* The next n bytes, or what is left. */
static inline struct str take_bytes(struct bytes *in, size_t n)
{
	struct str ret;

	if (n > in->n)
		n = in->n;
	ret = (struct str){ (const char *)in->p, (uint32_t)n };
	in->p += n;
	in->n -= n;
	return ret;
}

/* A copy of exactly n bytes, so that a sanitizer sees one byte too far; the caller frees it. */
static inline char *exact_copy(const void *p, size_t n)
{
	char *copy = xmalloc(n);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

/* What is no part of what is tried. */
static inline void must(int rc)
{
	if (rc)
		abort();
}

/* Nothing that a fuzzer does is worth a line in the log. */
static inline void be_quiet(void)
{
	log_set_level((enum log_level)(LOG_LEVEL_ERROR + 1));
}

/* An error says what and why. */
static inline void expect_error(int rc, const struct error *e)
{
	assert(rc < 0 && e->code == rc && e->text[0]);
}

#endif
