/*
 * stock.h - what is in stock, seen from a snapshot.
 */
#ifndef AISLE_VIEWS_STOCK_H
#define AISLE_VIEWS_STOCK_H

#include "views/store.h"

struct stock_level {
	bool known;       /* false: no stock record; the item counts as available */
	int64_t quantity; /* over all locations */
	unsigned locations;
};

int stock_get(struct snap *sn, uint32_t item, struct stock_level *ret);

#endif
