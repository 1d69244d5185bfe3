#include "query/histogram.h"

#include <math.h>

#define PER_DOUBLING_BITS 3
#define PER_DOUBLING (1 << PER_DOUBLING_BITS)

static unsigned bucket_of(uint64_t v)
{
	unsigned power, ret;

	if (v < PER_DOUBLING)
		return (unsigned)v;
	power = 63 - (unsigned)__builtin_clzll(v);
	ret = PER_DOUBLING * (power - PER_DOUBLING_BITS + 1) +
	      (unsigned)(v >> (power - PER_DOUBLING_BITS) & (PER_DOUBLING - 1));
	return ret < HISTOGRAM_BUCKETS ? ret : HISTOGRAM_BUCKETS - 1;
}

static uint64_t largest_of(unsigned bucket)
{
	unsigned shift = bucket / PER_DOUBLING;

	if (shift == 0)
		return bucket;
	return ((uint64_t)(PER_DOUBLING + bucket % PER_DOUBLING + 1) << (shift - 1)) - 1;
}

void histogram_count(struct histogram *h, uint64_t v)
{
	_Atomic uint64_t *n = &h->n[bucket_of(v)];

	atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1, memory_order_relaxed);
}

void histogram_add(struct histogram_sum *sum, const struct histogram *h)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t n = atomic_load_explicit(&h->n[i], memory_order_relaxed);

		sum->n[i] += n;
		sum->total += n;
	}
}

void histogram_merge(struct histogram_sum *sum, const struct histogram_sum *other)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->n[i] += other->n[i];
	sum->total += other->total;
}

uint64_t histogram_quantile(const struct histogram_sum *sum, double q)
{
	uint64_t wanted = (uint64_t)ceil(q * (double)sum->total - 1e-6), n = 0;
	unsigned i = 0;

	if (!sum->total)
		return 0;
	while (i < HISTOGRAM_BUCKETS - 1 && n + sum->n[i] < wanted)
		n += sum->n[i++];
	return largest_of(i);
}
