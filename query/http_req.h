/*
 * http_req.h - what a route's handler sees: one request, its worker, and the ways to answer.
 *
 * A handler answers exactly once: with http_reply*, http_problem*, http_stream (http_stream.h), publish_wait
 * (http_publish.h) or feed_join (http_feed.h). Nothing here shows h2o; http_*.c and server.c know it.
 *
 * Ownership: strings of a request live until its answer is sent; http_alloc memory as long. Replies copy.
 * Thread: loop.
 */
#ifndef AISLE_QUERY_HTTP_REQ_H
#define AISLE_QUERY_HTTP_REQ_H

#include "config/clock.h"
#include "query/metrics.h"
#include "query/problem.h"
#include "query/recommend.h"
#include "query/routes.h"
#include "query/server.h"
#include "query/shown.h"
#include "schemas/decode.h"
#include "schemas/json_out.h"

#define HTTP_URL_MAX 8192 /* bytes of path and query */

struct feed;
struct figures_cache;
struct served;
struct http_flight;
struct later_box;
struct publish_queue;
struct st_h2o_req_t;

/* The same for all loops; read-only while they run. */
struct http_shared {
	struct server_options opt;
	const struct clock *clock;
	struct control_watch *control;
	struct served *served;         /* NULL: nobody is told what was answered */
	struct figures_cache *figures; /* of the later_thread */
	struct feed *feed;             /* NULL unless opt.trusted_feed */
	struct metrics **metrics;      /* one a loop */
	unsigned loop_count;
	int64_t started_ms;
};

/* One a loop: what handlers work with. */
struct http_worker {
	unsigned index;
	const struct http_shared *shared;
	struct answerer *answerer;
	struct snap *snap;
	struct decoder *decoder;
	struct publish_queue *publishes;
	struct later_box *laters;
	size_t figures_bytes; /* of long answers that clients read */
	struct metrics *metrics;
	struct json_out out;
	uint64_t complained_ns;       /* in the log, of a request that failed; 0 never */
	struct recommend_request ask; /* large: kept here, not on the stack */
	struct answer answer;
	struct shown shown; /* of the link that is followed */
};

/* The clock of deadlines and of what something took. */
static inline uint64_t http_now_ns(const struct http_worker *w)
{
	return w->shared->clock->monotonic_ns(w->shared->clock);
}

struct http_req {
	struct http_worker *w;
	struct st_h2o_req_t *h2o;
	struct http_flight *flight; /* http_internal.h */
	const struct route *route;  /* NULL: no route matched */
	unsigned method;            /* METHOD_ bit; HEAD is METHOD_GET with `head` */
	bool head;
	struct str path, query;              /* as sent, without '?' */
	struct str params[ROUTE_PARAMS_MAX]; /* decoded, in the pattern's order */
	struct str body;
	uint64_t started_ns;
};

/* A header's value, by its name in lower case; absent: { NULL, 0 }. */
struct str http_header_of(const struct http_req *rq, const char *name);

/* The same of a header that is a list: all lines of that name as one (RFC 9110, 5.3). */
struct str http_list_of(struct http_req *rq, const char *name);

/* Memory that ends with the request. */
void *http_alloc(struct http_req *rq, size_t n);

/* Both are copied. Before the reply. */
void http_header(struct http_req *rq, const char *name, const char *value);

/* No cache keeps an answer, unless the handler has set cache-control. */
void http_reply(struct http_req *rq, int status, const char *content_type, struct str body);
void http_reply_json(struct http_req *rq, int status, const struct json_out *out);
/*
 * What `out` holds, which anybody may keep for http.cacheMaxAge. `hash` stands for what it says: whoever has an answer of
 * the same hash is told so with 304 instead.
 */
void http_reply_shared(struct http_req *rq, const struct json_out *out, uint64_t hash);
/* The ETag header; true: the client has what the tag stands for, and was told so with 304. */
bool http_has_tag(struct http_req *rq, const char *tag);
/*
 * Bytes that live as long as the program, perhaps compressed already (`encoding` "gzip", else NULL): to be kept, and asked
 * for again by their hash.
 */
void http_reply_file(struct http_req *rq, const char *content_type, struct str bytes, const char *encoding);
bool http_takes_gzip(const struct http_req *rq);
/* How much its Accept header wants this media type, by name: the q of it in thousandths; 0: not at all. */
unsigned http_accepts(struct http_req *rq, const char *media_type);
void http_problem(struct http_req *rq, const struct problem *p);
/* The same in two steps: members may be added to what is returned. */
struct json_out *http_problem_open(struct http_req *rq, const struct problem *p);
void http_problem_end(struct http_req *rq, const struct problem *p);
void http_refuse(struct http_req *rq, enum http_problem kind, const char *field, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* problem_from_error; what is 500 to the caller is said in the log, at most now and then. */
void http_error_problem(struct http_req *rq, int code, const struct error *e, struct problem *ret);
/* The same, and send it. */
void http_refuse_error(struct http_req *rq, int code, const struct error *e);

/* A parameter of the query string that the path does not take. */
void http_refuse_parameter(struct http_req *rq, struct str name, const char *detail);
/* Refuses with a problem and returns true when the request has a query string. */
bool http_refuses_query(struct http_req *rq);
/* The query string's only parameter, still encoded, in *ret; p NULL: not given. False: another or a second one was refused. */
bool http_only_parameter(struct http_req *rq, const char *name, struct str *ret);
/* The same, of true or false. Not given: *ret is untouched. */
bool http_only_flag(struct http_req *rq, const char *name, bool *ret);

/* Count the request as answered with `status`; replies do it by themselves. */
void http_count(struct http_req *rq, int status);

#endif
