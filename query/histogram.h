/*
 * histogram.h - how many of what size, in buckets an eighth of a doubling wide: a quantile is at most 12.5 % above what it
 * is. One thread counts; others read at any time. All-zero is empty.
 */
#ifndef AISLE_QUERY_HISTOGRAM_H
#define AISLE_QUERY_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 312 /* the last: everything from 15/8 of 2^40 on */

struct histogram {
	_Atomic uint64_t n[HISTOGRAM_BUCKETS];
};

struct histogram_sum {
	uint64_t n[HISTOGRAM_BUCKETS], total;
};

/* ---- the thread that counts ---- */
void histogram_count(struct histogram *h, uint64_t v);

/* ---- any ---- */
void histogram_add(struct histogram_sum *sum, const struct histogram *h);
void histogram_merge(struct histogram_sum *sum, const struct histogram_sum *other);
/* The largest value of the bucket that the q-th part of all (0 < q <= 1) ends in; 0: there is none. */
uint64_t histogram_quantile(const struct histogram_sum *sum, double q);

#endif
