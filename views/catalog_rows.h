/*
 * catalog_rows.h - writing the catalog and stock views: the last record of the key.
 * Thread: processor.
 */
#ifndef AISLE_VIEWS_CATALOG_ROWS_H
#define AISLE_VIEWS_CATALOG_ROWS_H

#include "views/fold.h"

void catalog_store(struct fold *f, const struct catalog_item *item, bool deleted);

/* The larger asOf wins, then log order. */
void stock_store(struct fold *f, const struct stock_record *rec, bool deleted, int64_t record_ts_ms);

#endif
