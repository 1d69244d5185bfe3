/*
 * PUT and DELETE of documents: a record for aisle.config, and the answer when it is folded.
 *
 *     checked -> published -> acknowledged at an offset -> folded up to there: is the change in the view?
 *                                                          yes -> 200     no, another one came first -> settle it, 412
 *                                                          no longer known, so many have come since -> 202
 *
 * A refused record must not stay the last one of its key (views/config.h), so the row's own is sent again behind it.
 */
#include "query/route_document.h"

#include "query/control_set.h"
#include "query/http_body.h"
#include "query/http_query.h"
#include "query/json_keys.h"
#include "views/offsets.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* A change under way; it lives as long as its request. */
struct change {
	enum control_kind kind;
	struct str id;
	struct str document; /* compact; n = 0: it deletes */
	struct str by;
	uint64_t change_id, replaces;
	int64_t changed_at_ms;
	bool is_applied, is_refused;
	unsigned known;        /* changes in the history, and */
	bool sees_replaced;    /* whether it goes back to the one that was replaced */
	uint64_t settled_with; /* change whose record was sent again; 0: none */
	int code;              /* of the store */
};

/* ---- what a request says ---- */

static bool take_by(struct http_req *rq, struct str *ret)
{
	struct str raw = http_header_of(rq, "x-changed-by");
	char *room = http_alloc(rq, raw.n);
	int n = percent_decode(raw, false, room);

	if (n < 0 || n > CONTROL_BY_MAX || text_has_control((struct str){ room, (uint32_t)n })) {
		http_refuse(rq, PROBLEM_BAD_PARAMETER, "x-changed-by",
			    "the header is percent-encoded UTF-8 of at most %d bytes without control characters",
			    CONTROL_BY_MAX);
		return false;
	}
	*ret = (struct str){ room, (uint32_t)n };
	return true;
}

static bool take_document(struct http_req *rq, struct str id, struct str *ret)
{
	struct str body = body_trim(rq->body);
	struct control_change made = { document_kind(rq), id, body };
	const struct control_set *set;
	struct error e = { 0 };
	char *room;
	int rc;

	if (!body.n) {
		http_refuse(rq, PROBLEM_BAD_BODY, NULL, "the body is empty: send a document, or DELETE");
		return false;
	}
	set = control_set_newest(rq->w->shared->control);
	rc = control_check(set, &made, &e);
	control_set_release(set);
	if (rc) {
		http_refuse_error(rq, rc, &e);
		return false;
	}
	room = http_alloc(rq, body.n);
	*ret = (struct str){ room, control_compact(body, room) };
	return true;
}

/* ---- preconditions (RFC 9110, 13) ---- */

static void refuse_changed(struct http_req *rq, const struct document_state *st, const char *field)
{
	const struct config_row *row = &st->row;
	char tag[DOCUMENT_TAG_MAX];

	if (row->revision || st->is_shipped)
		http_header(rq, "etag", document_tag(row->revision, false, tag));
	if (!row->revision)
		http_refuse(rq, PROBLEM_PRECONDITION, field,
			    st->is_shipped ? "nobody has changed it yet: its revision is 0"
					   : "there is none of this id: create it with if-none-match: *");
	else if (!document_exists(st))
		http_refuse(rq, PROBLEM_PRECONDITION, field,
			    "it was deleted, as revision %llu%s%.*s%s: create it again with if-none-match: *",
			    (unsigned long long)row->revision, row->changed_by.n ? ", by '" : "",
			    STR_FMT(row->changed_by), row->changed_by.n ? "'" : "");
	else
		http_refuse(
			rq, PROBLEM_PRECONDITION, field,
			"revision %llu is there now%s%.*s%s%s: look at it first, then send its ETag, quotes included",
			(unsigned long long)row->revision, row->changed_by.n ? ", changed by '" : "",
			STR_FMT(row->changed_by), row->changed_by.n ? "'" : "", row->document.n ? "" : ", deleted");
}

/* False when it was refused. */
static bool may_replace(struct http_req *rq, const struct document_state *st, bool is_deletion)
{
	struct str match = http_list_of(rq, "if-match"), none = http_list_of(rq, "if-none-match");
	char tag[DOCUMENT_TAG_MAX];
	int has = match.p ? etags_have(match, document_tag(st->row.revision, true, tag)) : 0;

	document_tag(st->row.revision, false, tag);
	if (match.p && !has)
		has = etags_have(match, tag);
	if (has < 0) {
		http_refuse(rq, PROBLEM_BAD_PARAMETER, "if-match",
			    "send the etag with its quotes, as it was answered, or *");
	} else if (match.p && (!has || !document_exists(st))) {
		refuse_changed(rq, st, "if-match");
	} else if (none.p && (!str_eq(none, STR("*")) || is_deletion)) {
		http_refuse(rq, PROBLEM_BAD_PARAMETER, "if-none-match", "only PUT takes it, and only as *");
	} else if (st->row.document.n && none.p) {
		refuse_changed(rq, st, "if-none-match");
	} else if (st->row.document.n && !match.p) {
		http_refuse(rq, PROBLEM_NO_PRECONDITION, "if-match", "send if-match: %s, which is there now", tag);
	} else {
		return true;
	}
	return false;
}

/* ---- the record and its outcome ---- */

const char *change_topic(const struct http_req *rq)
{
	return setting_string(rq->w->shared->opt.settings, SET_TOPIC_CONFIG);
}

static int is_mine(void *arg, const struct config_row *row)
{
	struct change *c = arg;

	c->known++;
	c->sees_replaced |= row->revision == c->replaces;
	return row->change_id == c->change_id;
}

/* The snapshot has it folded: what became of it? True when there is nothing more to wait for. */
static bool judge(struct http_req *rq, struct change *c)
{
	struct config_row row;
	int rc;

	c->known = 0;
	c->sees_replaced = false;
	rc = config_history(rq->w->snap, c->kind, c->id, is_mine, c);
	if (rc > 0) {
		c->is_applied = true;
		return true;
	}
	if (!rc)
		rc = config_find(rq->w->snap, c->kind, c->id, &row);
	if (rc) {
		c->code = rc == ERR_NOT_FOUND ? 0 : rc; /* a tombstone came after it */
		return true;
	}
	/* otherwise more may have come after it than are kept */
	c->is_refused = c->sees_replaced || c->known < CONFIG_HISTORY_MAX;
	/* whether it came is seen in the row */
	if (row.unsettled && c->settled_with != row.change_id &&
	    !control_send_again(rq->w->shared->opt.publisher, change_topic(rq), &row))
		c->settled_with = row.change_id;
	return !row.unsettled;
}

int change_is_folded(struct http_req *rq, const struct publish *p)
{
	struct position at = { 0 };
	int32_t partition;
	int64_t offset;
	int rc = snap_renew(rq->w->snap);

	if (rc)
		return rc;
	publish_result(p, 0, &partition, &offset);
	rc = offsets_get(rq->w->snap, change_topic(rq), partition, &at);
	return rc && rc != ERR_NOT_FOUND ? rc : at.next > offset;
}

static bool is_known(struct http_req *rq, struct publish *p, void *arg)
{
	struct change *c = arg;
	int rc = change_is_folded(rq, p);
	bool ret = rc > 0 && judge(rq, c);

	snap_park(rq->w->snap);
	if (rc < 0)
		c->code = rc;
	return ret || c->code;
}

static void reply_applied(struct http_req *rq, const struct change *c)
{
	struct config_row row = { .kind = c->kind,
				  .id = c->id,
				  .revision = c->replaces + 1,
				  .changed_by = c->by,
				  .changed_at_ms = c->changed_at_ms };

	document_reply(rq, &row, false, c->document);
}

static void reply_refused(struct http_req *rq, const struct change *c)
{
	struct document_state st;
	int rc = document_state(rq, c->kind, c->id, &st);

	if (rc)
		http_refuse_error(rq, rc, NULL);
	else
		refuse_changed(rq, &st, http_list_of(rq, "if-none-match").p ? "if-none-match" : "if-match");
	snap_park(rq->w->snap);
	document_state_fini(&st);
}

void change_reply_accepted(struct http_req *rq, struct str id)
{
	struct json_out *j = &rq->w->out;

	json_out_reset(j);
	json_out_object(j);
	key_text(j, "status", "accepted");
	key_str(j, "id", id);
	json_out_end_object(j);
	http_reply_json(rq, 202, j);
}

static void finish(struct http_req *rq, struct publish *p, void *arg)
{
	const struct change *c = arg;
	struct problem lost;
	enum publish_state state = publish_result(p, 0, NULL, NULL);

	if (state == PUBLISH_TOO_LARGE) {
		publish_problem(p, 0, &lost);
		http_problem(rq, &lost);
	} else if (state != PUBLISH_ACKED) {
		http_refuse(rq, PROBLEM_PUBLISH, NULL,
			    "not acknowledged: look whether it is there before sending it again");
	} else if (c->is_applied) {
		reply_applied(rq, c);
	} else if (c->is_refused) {
		reply_refused(rq, c);
	} else if (c->code) {
		http_refuse_error(rq, c->code, NULL);
	} else {
		change_reply_accepted(rq, c->id);
	}
}

static uint64_t new_change_id(void)
{
	uint64_t id = 0;

	while (!id)
		if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
			abort();
	return id;
}

static void send_change(struct http_req *rq, struct change *c)
{
	const struct clock *clock = rq->w->shared->clock;
	struct publish *p = publish_new(rq, 1, finish, c);
	char room[CONTROL_KEY_MAX];
	struct json_out j = { 0 };

	c->change_id = new_change_id();
	c->changed_at_ms = clock->wall_ms(clock);
	config_write_record(&j, &(struct config_row){ .kind = c->kind,
						      .id = c->id,
						      .revision = c->replaces + 1,
						      .change_id = c->change_id,
						      .changed_by = c->by,
						      .changed_at_ms = c->changed_at_ms,
						      .document = c->document });
	publish_until(p, is_known);
	publish_send(p, 0, change_topic(rq), control_key_of(c->kind, c->id, room), j.p, j.n);
	json_out_fini(&j);
	publish_wait(p);
}

/* The change of this document (n = 0: deletion), if what is there allows it. */
static void change(struct http_req *rq, struct str id, struct str document)
{
	struct change *c = http_alloc(rq, sizeof(*c));
	struct document_state st;
	bool may = false;
	int rc;

	*c = (struct change){ .kind = document_kind(rq), .id = id, .document = document };
	if (!publish_possible(rq) || !take_by(rq, &c->by))
		return;
	rc = document_state(rq, c->kind, id, &st);
	c->replaces = st.row.revision;
	if (rc)
		http_refuse_error(rq, rc, NULL);
	else if (!document.n && !st.row.document.n)
		http_refuse(rq, PROBLEM_UNKNOWN_DOCUMENT, "id", "nobody has put a %s of this id",
			    control_kind_name(c->kind));
	else
		may = may_replace(rq, &st, !document.n);
	snap_park(rq->w->snap);
	document_state_fini(&st);
	if (may)
		send_change(rq, c);
}

/* PUT /v1/KIND/{id} */
void route_document_put(struct http_req *rq)
{
	bool validate_only = false;
	struct str id, document;

	if (!http_only_flag(rq, "validateOnly", &validate_only) || !document_id(rq, &id) ||
	    !take_document(rq, id, &document))
		return;
	if (validate_only)
		http_reply(rq, 200, "application/json", STR("{\"status\":\"valid\"}"));
	else
		change(rq, id, document);
}

/* DELETE /v1/KIND/{id} */
void route_document_delete(struct http_req *rq)
{
	struct str id;

	if (!http_refuses_query(rq) && document_id(rq, &id))
		change(rq, id, (struct str){ NULL, 0 });
}
