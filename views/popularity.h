/*
 * popularity.h - counts per item and hour or day, seen from a snapshot.
 */
#ifndef AISLE_VIEWS_POPULARITY_H
#define AISLE_VIEWS_POPULARITY_H

#include "views/store.h"

#define POPULARITY_HOURS_KEPT (15 * 24) /* hours behind the watermark's hour, it included */
#define POPULARITY_DAYS_KEPT 400

enum bucket { BUCKET_HOUR, BUCKET_DAY };

struct popularity {
	int64_t views, carts, orders, units,
		revenue_micros; /* units: less returns; revenue: price x quantity, less returns */
};

typedef int (*popularity_each)(void *arg, int64_t bucket_number, uint32_t item, const struct popularity *p);

/*
 * Rows of buckets first..last (floor(t / hour) or floor(t / day)), ascending by (bucket, item); items are below snap_items.
 * Stops on non-zero.
 */
int popularity_scan(struct snap *sn, enum bucket kind, int64_t first, int64_t last, popularity_each each, void *arg);

#endif
