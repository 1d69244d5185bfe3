/*
 * traffic.h - what went on in the whole shop, by the hour. Days are sums of hours. Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_TRAFFIC_H
#define AISLE_VIEWS_TRAFFIC_H

#include "views/store.h"

#define TRAFFIC_DAYS_KEPT 400 /* behind the watermark's day, it included */

struct traffic {
	int64_t actors;     /* whose first event of a day fell into the hour, impressions left out */
	int64_t new_actors; /* their first event ever */
	int64_t sessions;   /* that began: their first view */
	int64_t views, carts, orders, units, revenue_micros; /* units, revenue: less returns */
};

typedef int (*traffic_each)(void *arg, int64_t start_ms, const struct traffic *t);

/* Hours with start first_ms <= start < end_ms that had any traffic, ascending. Stops on non-zero. */
int traffic_scan(struct snap *sn, int64_t first_ms, int64_t end_ms, traffic_each each, void *arg) MUST_CHECK;

#endif
