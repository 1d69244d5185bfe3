/*
 * route_explain.h - the facts behind a score as JSON: `explain` of an answer's item.
 */
#ifndef AISLE_QUERY_ROUTE_EXPLAIN_H
#define AISLE_QUERY_ROUTE_EXPLAIN_H

#include "query/recommend.h"
#include "schemas/json_out.h"

/* An object; which keys it has depends on the kind of facts. */
void explanation_write(struct json_out *j, const struct explanation *why);

#endif
