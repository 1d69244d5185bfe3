/*
 * route_recommend.h - one list of a request: the worker's `ask` answered into JSON. Thread: loop.
 */
#ifndef AISLE_QUERY_ROUTE_RECOMMEND_H
#define AISLE_QUERY_ROUTE_RECOMMEND_H

#include "query/http_req.h"

#define RECOMMEND_BODY_MAX 262144 /* bytes of the body that asks for one list */

/*
 * rq->w->ask is filled: append its answer to `out`, whose next page leaves out `before` (NULL: none) too, and *ret_hash
 * as answer_write says (0: none). False, with *ret filled and nothing appended, when it is refused.
 */
bool recommend_append(struct http_req *rq, uint64_t started_ns, const struct shown *before, struct json_out *out,
		      uint64_t *ret_hash, struct problem *ret);

/* What recommend() refused with, as a problem. */
void recommend_refusal(struct http_req *rq, int code, const struct error *e, struct problem *ret);

/* rq->w->ask is filled: answer the request with its list, or refuse it. */
void recommend_reply(struct http_req *rq);

#endif
