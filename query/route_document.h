/*
 * route_document.h - what reading and writing documents of the control plane have in common. Thread: loop.
 */
#ifndef AISLE_QUERY_ROUTE_DOCUMENT_H
#define AISLE_QUERY_ROUTE_DOCUMENT_H

#include "query/http_publish.h"
#include "schemas/control.h"
#include "views/config.h"

/* By the route's pattern. */
enum control_kind document_kind(const struct http_req *rq);
/* The id of the path; false when it was refused. */
bool document_id(struct http_req *rq, struct str *ret);

/* As things stand for an id. */
struct document_state {
	struct config_row row; /* revision 0: there is none; without a document: deleted */
	bool is_shipped;       /* there is a document without a row */
	struct json_out shipped;
};

/* In the worker's snapshot, which is renewed; the caller finishes it in any case. */
int document_state(struct http_req *rq, enum control_kind kind, struct str id, struct document_state *ret) MUST_CHECK;
void document_state_fini(struct document_state *st);
/* Is there a document, put or shipped? */
bool document_exists(const struct document_state *st);

/* An ETag: the row's revision, and whether the answer has a `problem`, which comes and goes without a revision. */
#define DOCUMENT_TAG_MAX 24
const char *document_tag(uint64_t revision, bool has_problem, char ret[DOCUMENT_TAG_MAX]);

/* 200, or 304 to a GET of who has it, with its tag. From now on answers know the row. */
void document_reply(struct http_req *rq, const struct config_row *row, bool shipped, struct str document);

/* ---- changes ---- */

/* The topic that changes are sent to. */
const char *change_topic(const struct http_req *rq);
/* Is the acknowledged record folded? 1, 0, or an error. In the worker's snapshot, which is renewed. */
int change_is_folded(struct http_req *rq, const struct publish *p) MUST_CHECK;
/* 202: it was not folded in time. */
void change_reply_accepted(struct http_req *rq, struct str id);

#endif
