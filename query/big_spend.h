/*
 * big_spend.h - what a tenth of all buyers have spent, to a twelfth. Each actor counts by itself: the visitors of a user are
 * not looked up. All-zero is nobody. Thread: the owner's.
 */
#ifndef AISLE_QUERY_BIG_SPEND_H
#define AISLE_QUERY_BIG_SPEND_H

#include "views/profile.h"

#define BIG_SPEND_BUCKETS 512 /* by the logarithm */

struct big_spend {
	uint32_t buyers, n[BIG_SPEND_BUCKETS];
};

void big_spend_note(struct big_spend *b, const struct profile *p);
/* SEGMENT_SPEND_UNKNOWN (segments.h): there are no buyers. */
int64_t big_spend_limit(const struct big_spend *b);

#endif
