/*
 * route_input.h - a recommendation request out of a query string or a JSON body.
 *
 * One table names every input; what is not in it, what comes twice, and what is not well formed is a problem that
 * names the field. Whether the scenario reads an input is recommend()'s to say.
 * In a query string a list is comma separated (a comma inside an id is %2C), and list parameters may be repeated;
 * exclude takes item ids, and excludePurchased, excludeInCart, excludeViewed stand for the members of the body's object.
 */
#ifndef AISLE_QUERY_ROUTE_INPUT_H
#define AISLE_QUERY_ROUTE_INPUT_H

#include "query/http_req.h"

struct json_t;

#define INPUT_SHOWN (1u << 31) /* `shown`: of the link to the next page */
#define INPUT_ALL (~INPUT_SHOWN)

/* Empty, with the defaults. */
void input_init(struct recommend_request *ask, struct str scenario);

/* Only parameters whose INPUT_ bit is in `allowed`. False with *ret filled. Strings live as long as the request. */
bool input_from_query(struct http_req *rq, unsigned allowed, struct recommend_request *ask, struct problem *ret);

/* Strings point into `body` (a jansson object or anything else). False with *ret filled. */
bool input_from_json(const struct json_t *body, struct recommend_request *ask, struct problem *ret);

/* One id into its place, by its field's name ("userId", "itemIds"). False with *ret filled. */
bool input_id(struct recommend_request *ask, const char *field, struct str id, struct problem *ret);

#endif
