/*
 * route_explain.h - the facts behind a score as JSON: `explain` of an answer's item.
 */
#ifndef AISLE_QUERY_ROUTE_EXPLAIN_H
#define AISLE_QUERY_ROUTE_EXPLAIN_H

#include "query/recommend.h"
#include "schemas/json_out.h"

/* An object; which keys it has depends on the kind of facts. `rules` is there when rules did something to the item. */
void explanation_write(struct json_out *j, const struct recommended *r);
/* {"rule":..., "what":...} */
void effect_write(struct json_out *j, const struct rule_effect *effect);

#endif
