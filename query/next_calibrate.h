/*
 * next_calibrate.h - kappa measured from a store: how often the best new item came next, over the share it was given.
 *
 * The newest sessions are gone through again, view by view, each without itself in the index. Thread: the caller's.
 */
#ifndef AISLE_QUERY_NEXT_CALIBRATE_H
#define AISLE_QUERY_NEXT_CALIBRATE_H

#include "config/settings.h"
#include "views/store.h"

struct next_calibration {
	uint32_t sessions, prefixes; /* looked at */
	uint32_t hits;               /* the view after the prefix was of the best new item */
	double shares;               /* that it was given, summed */
	double kappa;                /* hits / shares */
};

/* At most so many prefixes. NOT_FOUND: no session of the store has two views of which something can be foreseen. */
int next_calibrate(struct store *st, const struct settings *set, uint32_t prefixes_max, struct next_calibration *ret,
		   struct error *e) MUST_CHECK;

#endif
