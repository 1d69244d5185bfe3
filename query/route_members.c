/*
 * GET, PUT, DELETE /v1/segments/{id}/members: the imported list of a segment. It is answered as a document is, when the
 * change is folded; the last list wins, so nothing is compared.
 */
#include "query/control_set.h"
#include "query/http_body.h"
#include "query/json_keys.h"
#include "query/route_document.h"
#include "schemas/members.h"
#include "views/segment_members.h"

#include <stdio.h>

/* How many there are in the snapshot, which is renewed and parked. */
static int count_members(struct http_req *rq, int64_t *ret)
{
	struct str list;
	int rc = snap_renew(rq->w->snap);

	if (rc)
		return rc;
	rc = members_get(rq->w->snap, rq->params[0], &list);
	snap_park(rq->w->snap);
	*ret = list.n / ACTOR_HASH_BYTES;
	return rc;
}

static void reply_count(struct http_req *rq)
{
	struct json_out *j = &rq->w->out;
	int64_t members = 0;
	int rc = count_members(rq, &members);

	if (rc) {
		http_refuse_error(rq, rc, NULL);
		return;
	}
	json_out_reset(j);
	json_out_object(j);
	key_str(j, "segment", rq->params[0]);
	key_int(j, "members", members);
	json_out_end_object(j);
	http_reply_json(rq, 200, j);
}

/* A list that no segment asks for would be kept and never looked at. */
static bool refuses_unknown(struct http_req *rq, struct str id)
{
	const struct control_set *set = control_set_newest(rq->w->shared->control);
	const char *near;
	bool known = control_set_has_segment(set, id, &near);
	struct problem p;

	if (!known) {
		problem_set(&p, PROBLEM_UNKNOWN_DOCUMENT, "id", "no segment has this id%s%s%s",
			    near ? "; did you mean '" : "", near ? near : ": put its document first", near ? "'?" : "");
		snprintf(p.suggestion, sizeof(p.suggestion), "%s", near ? near : "");
		http_problem(rq, &p);
	}
	control_set_release(set);
	return !known;
}

void route_members_get(struct http_req *rq)
{
	struct str id;

	if (!http_refuses_query(rq) && document_id(rq, &id) && !refuses_unknown(rq, id))
		reply_count(rq);
}

static bool is_folded(struct http_req *rq, struct publish *p, void *arg)
{
	int *code = arg;
	int rc = change_is_folded(rq, p);

	snap_park(rq->w->snap);
	*code = rc < 0 ? rc : 0;
	return rc != 0;
}

static void finish(struct http_req *rq, struct publish *p, void *arg)
{
	struct problem lost;
	const int *code = arg;

	if (publish_result(p, 0, NULL, NULL) != PUBLISH_ACKED) {
		publish_problem(p, 0, &lost);
		http_problem(rq, &lost);
	} else if (*code) {
		http_refuse_error(rq, *code, NULL);
	} else if (publish_was_ready(p)) {
		control_set_release(control_set_newest(rq->w->shared->control)); /* the next answer knows it */
		reply_count(rq);
	} else {
		change_reply_accepted(rq, rq->params[0]);
	}
}

/* n = 0: it ends the list. */
static void change(struct http_req *rq, struct str list)
{
	char room[MEMBERS_KEY_MAX];
	struct publish *p;
	int *code;

	if (!publish_possible(rq))
		return;
	code = http_alloc(rq, sizeof(*code));
	*code = 0;
	p = publish_new(rq, 1, finish, code);
	publish_until(p, is_folded);
	publish_send(p, 0, change_topic(rq), members_key_of(rq->params[0], room), list.n ? list.p : NULL, list.n);
	publish_wait(p);
}

void route_members_put(struct http_req *rq)
{
	struct str id, body = body_trim(rq->body);
	struct error e = { 0 };
	int n;

	if (http_refuses_query(rq) || !document_id(rq, &id))
		return;
	if (!body.n) {
		http_refuse(rq, PROBLEM_BAD_BODY, NULL, "the body must be a JSON array of userIds");
		return;
	}
	n = members_decode(body.p, body.n, NULL, NULL, &e);
	if (n < 0)
		http_refuse_error(rq, n, &e);
	else if (!refuses_unknown(rq, id))
		change(rq, body);
}

void route_members_delete(struct http_req *rq)
{
	struct str id;

	if (!http_refuses_query(rq) && document_id(rq, &id))
		change(rq, STR(""));
}
