/*
 * route_next.h - the link from one page of a list to the next. Thread: loop.
 */
#ifndef AISLE_QUERY_ROUTE_NEXT_H
#define AISLE_QUERY_ROUTE_NEXT_H

#include "query/http_req.h"

/*
 * "next": its path and query, or null: the page is not full, SHOWN_MAX items are shown, or the request is too long for a
 * URL. `before`: what the pages before this one have shown, NULL for the first.
 */
void next_link_write(struct json_out *j, struct recommend_request *ask, const struct answer *a,
		     const struct shown *before);

#endif
