/*
 * find_items.h - items of the catalogue by words of their title, brand or id: for people who look for one. Each word of the
 * query begins a word there, whatever its case (searches.h). The one whose id it is comes first, then what sold most in
 * FIND_DAYS days, then by id.
 *
 * A walk over the catalogue: too slow for an event loop (http_later.h). Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_QUERY_FIND_ITEMS_H
#define AISLE_QUERY_FIND_ITEMS_H

#include "schemas/json_out.h"
#include "views/store.h"

#define FIND_ITEMS_MAX 20
#define FIND_DAYS 30

/* {"items": records as of GET /v1/items/{itemId}, "found": how many there are}. `low`: stock that is low. */
int find_items(struct snap *sn, struct str query, int64_t low, struct json_out *ret) MUST_CHECK;

#endif
