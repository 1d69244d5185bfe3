/*
 * routes.h - the registry of routes (routes.def) and how a path finds its own.
 *
 * A pattern is literal segments and {names}; a segment of a path is percent-decoded before it is compared, so an id
 * may hold %2F. No two patterns of one method match one path.
 * Thread: any.
 */
#ifndef AISLE_QUERY_ROUTES_H
#define AISLE_QUERY_ROUTES_H

#include "schemas/base.h"

#define ROUTE_PARAMS_MAX 2

enum { METHOD_GET = 1, METHOD_POST = 2, METHOD_PUT = 4, METHOD_DELETE = 8 };

enum route_id {
#define ROUTE(ID, method, pattern, handler) ROUTE_##ID,
#include "query/routes.def"
#undef ROUTE
	ROUTE_COUNT
};

struct error;
struct http_req;

struct route {
	enum route_id id;
	unsigned method;
	const char *pattern;
	void (*handle)(struct http_req *rq);
};

extern const struct route route_table[ROUTE_COUNT];

/*
 * The route of a raw path and method, or NULL: then *ret_methods tells which methods the path takes (0: no such path).
 * Parameters are decoded into `memory`, which holds at least path.n bytes. A badly encoded path is no path; *ret_bad
 * says so.
 */
const struct route *route_find(struct str path, unsigned method, char *memory, struct str params[ROUTE_PARAMS_MAX],
			       unsigned *ret_methods, bool *ret_bad);

/* Into the refusal of a path that is none: the nearest one there is, with the parameters that were given. */
void route_suggest(struct str path, struct error *e);

/* "GET, HEAD, PUT, OPTIONS" for an Allow header; `buf` holds 64 bytes. */
void route_allow(unsigned methods, char buf[64]);

#define ROUTE(ID, method, pattern, handler) void handler(struct http_req *rq);
#include "query/routes.def"
#undef ROUTE

#endif
