#include "query/big_spend.h"

#include "query/segments.h"

#include <math.h>

#define BUCKETS_PER_DOUBLE 8 /* of a spend; the limit is exact to a twelfth */
#define BIG_SPENDERS 0.1     /* of all buyers */

static int bucket_of(int64_t spend_micros)
{
	int bucket = (int)(log2((double)spend_micros) * BUCKETS_PER_DOUBLE);

	return bucket < BIG_SPEND_BUCKETS ? bucket : BIG_SPEND_BUCKETS - 1;
}

void big_spend_note(struct big_spend *b, const struct profile *p)
{
	if (p->orders <= 0 || p->spend_micros <= 0)
		return;
	b->buyers++;
	b->n[bucket_of(p->spend_micros)]++;
}

int64_t big_spend_limit(const struct big_spend *b)
{
	uint32_t wanted = (uint32_t)ceil(b->buyers * BIG_SPENDERS), n = 0;
	int bucket = BIG_SPEND_BUCKETS;

	if (wanted == 0)
		return SEGMENT_SPEND_UNKNOWN;
	while (n < wanted)
		n += b->n[--bucket];
	return (int64_t)ceil(exp2((double)bucket / BUCKETS_PER_DOUBLE));
}
