/*
 * stock.h - what is in stock, seen from a snapshot.
 */
#ifndef AISLE_VIEWS_STOCK_H
#define AISLE_VIEWS_STOCK_H

#include "views/store.h"

struct stock_level {
	bool known;       /* false: no stock record; the item counts as available */
	int64_t quantity; /* over all locations, and what was said without one */
};

/* One location that has a record; valid during the call. */
struct stock_row {
	uint32_t item;
	struct str location; /* n = 0: what was said without a location */
	int64_t as_of_ms;    /* below 0: unknown */
	int64_t quantity;
	int64_t lead_time_hours; /* -1: unknown */
	struct str ships_to;     /* packed: stock_ships_to */
};
typedef int (*stock_each_row)(void *arg, const struct stock_row *row);

/* Each location of an item, or of all items (ID_NONE) in ascending interned id. Stops on non-zero. */
int stock_each(struct snap *sn, uint32_t item, stock_each_row each, void *arg);
/* Does the location ship there? One that names no regions ships everywhere; letters are compared without case. */
bool stock_ships_to(const struct stock_row *row, struct str region);

int stock_get(struct snap *sn, uint32_t item, struct stock_level *ret);

#endif
