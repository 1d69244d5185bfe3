/* Items best first: radix sort, for a shop's items are sorted several times a second. */
#include "query/ranker_internal.h"

#include <stdlib.h>

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)
#define ORDER_DIGITS 3 /* of 32 bits */
#define SCORE_DIGITS 6 /* of 64 */

struct sort_key {
	uint64_t score; /* ascending: the best first */
	uint32_t order, at;
};

/* Numbers that ascend as scores fall. */
static uint64_t falling(double score)
{
	double zero_has_no_sign = score + 0.0;
	uint64_t bits;

	memcpy(&bits, &zero_has_no_sign, sizeof(bits));
	return bits >> 63 ? bits : ~(bits | UINT64_C(1) << 63);
}

/* The k-th digit of a key, the least first: order, then score. */
static unsigned digit(const struct sort_key *key, unsigned k)
{
	if (k < ORDER_DIGITS)
		return key->order >> k * DIGIT_BITS & (DIGITS - 1);
	return (unsigned)(key->score >> (k - ORDER_DIGITS) * DIGIT_BITS) & (DIGITS - 1);
}

/* By one digit; false: all have the same. */
static bool sort_by(const struct sort_key *from, struct sort_key *to, uint32_t n, unsigned k)
{
	uint32_t at[DIGITS] = { 0 }, sum = 0;

	for (uint32_t i = 0; i < n; i++)
		at[digit(&from[i], k)]++;
	if (at[digit(&from[0], k)] == n)
		return false;
	for (unsigned d = 0; d < DIGITS; d++) {
		uint32_t count = at[d];

		at[d] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < n; i++)
		to[at[digit(&from[i], k)]++] = from[i];
	return true;
}

uint32_t *ranked_order(const struct ranked *all, uint32_t n, const uint32_t *order)
{
	struct sort_key *from = xmalloc((n + 1) * sizeof(*from)), *to = xmalloc((n + 1) * sizeof(*to));
	uint32_t *ret = xmalloc((n + 1) * sizeof(*ret));

	for (uint32_t i = 0; i < n; i++)
		from[i] = (struct sort_key){ falling(all[i].score), order[all[i].item], i };
	for (unsigned k = 0; n && k < ORDER_DIGITS + SCORE_DIGITS; k++) {
		struct sort_key *sorted = to;

		if (!sort_by(from, to, n, k))
			continue;
		to = from;
		from = sorted;
	}
	for (uint32_t i = 0; i < n; i++)
		ret[i] = from[i].at;
	free(from);
	free(to);
	return ret;
}
