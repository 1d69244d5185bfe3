/*
 * http_body.h - a request body as JSON, strictly, and the places of an array's elements in the bytes they came in.
 * Thread: any.
 */
#ifndef AISLE_QUERY_HTTP_BODY_H
#define AISLE_QUERY_HTTP_BODY_H

#include "query/problem.h"

struct http_req;
struct json_t;

/*
 * A part of the body, or all of it: any value, the caller's, to json_decref; NULL with *ret filled, the line and column
 * of the body in it: syntax, duplicate keys, NUL characters, bytes after the end.
 */
struct json_t *body_json(struct str body, struct str part, struct problem *ret);

/* Borrowed from a string of it; of what is none { NULL, 0 }. */
struct str body_text(const struct json_t *v);

/* Answer why the body is no array that body_elements() can cut. */
void body_refuse_array(struct http_req *rq, const char *wanted);

/* The body without white space around it. */
struct str body_trim(struct str body);

/*
 * Cut an array into its elements' bytes, white space around them left out. Only brackets, strings and commas are looked
 * at: an element may still be no JSON. Returns how many there are, at most `max` of them in `ret`; -1: no array.
 */
int64_t body_elements(struct str array, struct str *ret, size_t max);

#endif
