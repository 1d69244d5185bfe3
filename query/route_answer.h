/*
 * route_answer.h - an answer as JSON, the way schemas/openapi.yaml shows it.
 */
#ifndef AISLE_QUERY_ROUTE_ANSWER_H
#define AISLE_QUERY_ROUTE_ANSWER_H

#include "query/recommend.h"
#include "query/shown.h"
#include "schemas/json_out.h"

/*
 * `ask` tells which properties and whether to explain. `before`: what the pages before it have shown, NULL for the
 * first. took_ns: of the whole request. Returns a hash of what is
 * answered: of the items and all that is said about them, not of when and how.
 */
uint64_t answer_write(struct json_out *j, struct recommend_request *ask, const struct answer *a,
		      const struct shown *before, uint64_t took_ns);

/* The catalogue fields that may be asked for, in the order of "*"; NULL at the end. */
extern const char *const answer_properties[];

#define STORED_LOCATIONS_MAX 100

/*
 * A record with its stock and the first locations of it, as GET /v1/items/{itemId} says it: CATALOG_LIVE; else another
 * CATALOG_ and nothing is written; negative: an error of the store.
 */
int stored_item_write(struct json_out *j, struct snap *sn, uint32_t id, int64_t low) MUST_CHECK;

/* A key and the names of INPUT_ bits. */
void key_inputs(struct json_out *j, const char *key, unsigned inputs);

#endif
