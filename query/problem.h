/*
 * problem.h - errors as RFC 9457 problem+json, from one table of kinds.
 *
 * `type` is "urn:aisle:problem:SLUG" and never changes once released: a URN, because the project owns no domain. The
 * slugs are those of schemas/errors.def (a bad record sent over HTTP is called what its dead letter would be called)
 * and the ones of HTTP itself, below. Members besides the standard ones: `field` (the offending parameter, JSON field
 * or header) and `suggestion` (the nearest name there is).
 */
#ifndef AISLE_QUERY_PROBLEM_H
#define AISLE_QUERY_PROBLEM_H

#include "schemas/error.h"
#include "schemas/json_out.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"
#define PROBLEM_URN "urn:aisle:problem:"

struct problem {
	int status;
	const char *slug;
	const char *title;
	char detail[320];
	char field[64];      /* "" none */
	char suggestion[64]; /* "" none */
	const char *allow;   /* 405: the Allow header; valid until the answer is sent */
	int retry_after_s;   /* > 0: Retry-After */
};

/* Kinds that are HTTP's own: HTTP_PROBLEM(NAME, status, slug, title). */
#define HTTP_PROBLEMS(X) \
	X(UNKNOWN_ROUTE, 404, "unknown-route", "there is no such path") \
	X(UNKNOWN_SCENARIO, 404, "unknown-scenario", "there is no such scenario or strategy") \
	X(UNKNOWN_RECOMMENDATION, 404, "unknown-recommendation", "there was no such recommendation") \
	X(UNKNOWN_ITEM, 404, "unknown-item", "there is no such item") \
	X(UNKNOWN_DOCUMENT, 404, "unknown-document", "there is no such document") \
	X(METHOD, 405, "method-not-allowed", "the path does not take this method") \
	X(PRECONDITION, 412, "precondition-failed", "somebody else has changed it") \
	X(BODY_SIZE, 413, "body-too-large", "the request body is too large") \
	X(URL_SIZE, 414, "url-too-long", "the request URL is too long") \
	X(MEDIA_TYPE, 415, "unsupported-media-type", "the request body must be application/json") \
	X(NO_PRECONDITION, 428, "precondition-required", "the request does not say what it replaces") \
	X(UNKNOWN_PARAMETER, 400, "unknown-parameter", "the request has a parameter or field that is not known") \
	X(BAD_PARAMETER, 400, "bad-parameter", "a parameter or field of the request is not valid") \
	X(BAD_BODY, 400, "bad-body", "the request body is not what the path takes") \
	X(BAD_HTTP, 400, "bad-http", "the request is not valid HTTP") \
	X(TOO_STALE, 503, "too-stale", "the answer would be older than maxStalenessMs") \
	X(PUBLISH, 503, "broker-unavailable", "the broker did not acknowledge in time") \
	X(READ_ONLY, 503, "read-only", "this server has no broker to write to") \
	X(FEED_FULL, 503, "feed-full", "the feed has all the clients it takes") \
	X(NOT_READY, 503, "not-ready", "the answers are not to be relied on now") \
	X(OVERLOADED, 503, "overloaded", "the server has more to do than it can") \
	X(STOPPING, 503, "stopping", "the server is stopping") \
	X(INTERNAL, 500, "internal", "the server failed")

enum http_problem {
#define X(name, status, slug, title) PROBLEM_##name,
	HTTP_PROBLEMS(X)
#undef X
		PROBLEM_COUNT
};

/* Fill *p; `field` may be NULL. */
void problem_set(struct problem *p, enum http_problem kind, const char *field, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* From the error table: records (class SKIP) and requests are 400, broker 503, all else 500 without its details. */
void problem_from_error(struct problem *p, int code, const struct error *e);

/* One JSON object; `instance` (the request's path) may be empty. */
void problem_write(struct json_out *j, const struct problem *p, struct str instance);

/* The same without closing the object, so that the caller adds members. */
void problem_write_open(struct json_out *j, const struct problem *p, struct str instance);

/* The kind's slug and title for a status that h2o answered by itself; BAD_HTTP when there is none. */
enum http_problem problem_of_status(int status);

#endif
