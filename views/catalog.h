/*
 * catalog.h - the last catalogue record of an item, seen from a snapshot.
 */
#ifndef AISLE_VIEWS_CATALOG_H
#define AISLE_VIEWS_CATALOG_H

#include "schemas/catalog_item.h"
#include "views/store.h"

enum catalog_state {
	CATALOG_UNKNOWN, /* no record was ever seen */
	CATALOG_LIVE,
	CATALOG_DELETED /* a null record was seen */
};

/* *ret is filled (item_id included) for CATALOG_LIVE; strings are valid until the next catalog_get or renew. Negative on error. */
int catalog_get(struct snap *sn, uint32_t item, struct catalog_item *ret);

/* As catalog_get, of CATALOG_LIVE from and before when it is available (INT64_MIN, INT64_MAX: open); remembered with the row. */
int catalog_get_window(struct snap *sn, uint32_t item, int64_t *ret_from_ms, int64_t *ret_to_ms);

/* The same without taking it apart: *ret is the packed record, for catalog_item_unpack; valid as long. */
int catalog_get_packed(struct snap *sn, uint32_t item, struct str *ret);

/* A number that the records decide: when it is another one, a record has changed. Cheaper than looking at them. */
int catalog_signature(struct snap *sn, uint64_t *ret) MUST_CHECK;

/* Each live item in ascending interned id, below snap_items, without its item_id. Stops on non-zero. */
typedef int (*catalog_row)(void *arg, uint32_t item, const struct catalog_item *record);
int catalog_each(struct snap *sn, catalog_row each, void *arg);

/* And those among them whose last record deleted them. */
typedef int (*catalog_deleted)(void *arg, uint32_t item);
int catalog_each_state(struct snap *sn, catalog_row each, catalog_deleted deleted, void *arg);

#endif
