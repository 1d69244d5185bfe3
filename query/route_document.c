/* GET of documents of the control plane, one, all of a kind, and their history. */
#include "query/route_document.h"

#include "query/control_set.h"
#include "query/http_query.h"
#include "query/json_keys.h"
#include "query/shipped.h"

#include <stdio.h>

#define LIST_MAX 1000
#define LIST_BYTES_MAX ((size_t)8 << 20) /* an answer ends after the document that goes beyond it */

enum control_kind document_kind(const struct http_req *rq)
{
	struct str rest = str_of(rq->route->pattern), part = rest;

	for (int i = 0; i < 3; i++) /* "", "v1", the kind's name */
		split_next(&rest, '/', &part);
	return control_kind_find(part, true);
}

bool document_id(struct http_req *rq, struct str *ret)
{
	*ret = rq->params[0];
	if (control_id_valid(*ret))
		return true;
	http_refuse(rq, PROBLEM_BAD_PARAMETER, "id", "an id is made of a-z, 0-9 and -, at most %d of them",
		    CONTROL_ID_MAX);
	return false;
}

int document_state(struct http_req *rq, enum control_kind kind, struct str id, struct document_state *ret)
{
	int rc;

	*ret = (struct document_state){ .row = { .kind = kind, .id = id } };
	rc = snap_renew(rq->w->snap);
	if (!rc)
		rc = config_find(rq->w->snap, kind, id, &ret->row);
	if (rc == ERR_NOT_FOUND)
		rc = 0;
	if (!rc && !ret->row.document.n)
		ret->is_shipped = shipped_find(rq->w->shared->opt.answers, kind, id, &ret->shipped);
	return rc;
}

void document_state_fini(struct document_state *st)
{
	json_out_fini(&st->shipped);
}

bool document_exists(const struct document_state *st)
{
	return st->row.document.n || st->is_shipped;
}

static void write_change(struct json_out *j, const struct config_row *row, bool known)
{
	key_int(j, "revision", (int64_t)row->revision);
	key_time(j, "changedAt", known ? row->changed_at_ms : TIME_NONE);
	json_out_key(j, "changedBy");
	if (known)
		json_out_str(j, row->changed_by);
	else
		json_out_null(j);
}

/* One object: id, revision, changedAt, changedBy, document, shipped; `problem` (NULL: none) says why it has no effect. */
static void document_write(struct json_out *j, const struct config_row *row, bool shipped, struct str document,
			   const struct error *problem)
{
	json_out_object(j);
	key_str(j, "id", row->id);
	write_change(j, row, !shipped);
	json_out_key(j, "document");
	if (document.n)
		json_out_raw(j, document);
	else
		json_out_null(j);
	key_bool(j, "shipped", shipped);
	if (problem) {
		json_out_key(j, "problem");
		json_out_object(j);
		key_text(j, "field", problem->field);
		key_text(j, "detail", problem->text);
		json_out_end_object(j);
	}
	json_out_end_object(j);
}

const char *document_tag(uint64_t revision, bool has_problem, char ret[DOCUMENT_TAG_MAX])
{
	snprintf(ret, DOCUMENT_TAG_MAX, "\"%llu%s\"", (unsigned long long)revision, has_problem ? "p" : "");
	return ret;
}

void document_reply(struct http_req *rq, const struct config_row *row, bool shipped, struct str document)
{
	const struct control_set *set = control_set_newest(rq->w->shared->control);
	struct json_out *j = &rq->w->out;
	struct error problem;
	bool has_problem = !shipped && control_set_problem(set, row->kind, row->id, &problem);
	char room[DOCUMENT_TAG_MAX];
	const char *tag = document_tag(row->revision, has_problem, room);

	control_set_release(set);
	/* neither another text of a problem nor another program's document has another tag */
	if (rq->method != METHOD_GET || shipped || has_problem)
		http_header(rq, "etag", tag);
	else if (http_has_tag(rq, tag))
		return;
	json_out_reset(j);
	document_write(j, row, shipped, document, has_problem ? &problem : NULL);
	http_reply_json(rq, 200, j);
}

static void refuse_unknown(struct http_req *rq)
{
	http_refuse(rq, PROBLEM_UNKNOWN_DOCUMENT, "id", "no %s has this id", control_kind_name(document_kind(rq)));
}

/* GET /v1/KIND/{id} */
void route_document_get(struct http_req *rq)
{
	struct document_state st;
	struct str id;
	int rc;

	if (http_refuses_query(rq) || !document_id(rq, &id))
		return;
	rc = document_state(rq, document_kind(rq), id, &st);
	if (rc)
		http_refuse_error(rq, rc, NULL);
	else if (!document_exists(&st))
		refuse_unknown(rq);
	else if (st.is_shipped)
		document_reply(rq, &st.row, true, (struct str){ st.shipped.p, (uint32_t)st.shipped.n });
	else
		document_reply(rq, &st.row, false, st.row.document);
	snap_park(rq->w->snap);
	document_state_fini(&st);
}

/* ---- all of a kind ---- */

struct listing {
	struct http_req *rq;
	enum control_kind kind;
	const struct control_set *set;
	struct str after; /* n = 0: from the beginning */
	unsigned n;
	struct str last;
	char last_room[CONTROL_ID_MAX];
	bool cut;
};

static bool is_full(struct listing *l)
{
	l->cut = l->n == LIST_MAX || l->rq->w->out.n > LIST_BYTES_MAX;
	return l->cut;
}

static int list_row(void *arg, const struct config_row *row)
{
	struct listing *l = arg;
	struct error problem;

	if (l->after.n && str_cmp(row->id, l->after) <= 0)
		return 0;
	if (is_full(l))
		return 1;
	document_write(&l->rq->w->out, row, false, row->document,
		       control_set_problem(l->set, l->kind, row->id, &problem) ? &problem : NULL);
	memcpy(l->last_room, row->id.p, row->id.n);
	l->last = (struct str){ l->last_room, row->id.n };
	l->n++;
	return 0;
}

/* What is shipped and stands as it was shipped, before all else. */
static int list_shipped(struct listing *l)
{
	const struct answer_ops *answers = l->rq->w->shared->opt.answers;
	struct json_out doc = { 0 };
	struct str id;
	int rc = 0;

	for (size_t i = 0; !l->after.n && !rc && shipped_at(answers, l->kind, i, &id, &doc); i++) {
		struct config_row row = { .kind = l->kind, .id = id };

		rc = config_find(l->rq->w->snap, l->kind, id, &row);
		rc = rc == ERR_NOT_FOUND ? 0 : rc;
		row.id = id;
		if (!rc && !row.document.n)
			document_write(&l->rq->w->out, &row, true, (struct str){ doc.p, (uint32_t)doc.n }, NULL);
	}
	json_out_fini(&doc);
	return rc;
}

static int write_list(struct listing *l)
{
	struct json_out *j = &l->rq->w->out;
	char next[128];
	int rc;

	json_out_reset(j);
	json_out_object(j);
	json_out_key(j, "items");
	json_out_array(j);
	rc = list_shipped(l);
	if (!rc)
		rc = config_each(l->rq->w->snap, l->kind, list_row, l);
	json_out_end_array(j);
	if (l->cut) {
		snprintf(next, sizeof(next), "/v1/%s?after=%.*s", control_kind_plural(l->kind), STR_FMT(l->last));
		key_text(j, "next", next);
	}
	json_out_end_object(j);
	return rc > 0 ? 0 : rc;
}

static bool take_after(struct http_req *rq, struct str *ret)
{
	if (!http_only_parameter(rq, "after", ret))
		return false;
	if (!ret->p || control_id_valid(*ret))
		return true;
	http_refuse(rq, PROBLEM_BAD_PARAMETER, "after", "after is an id that came before");
	return false;
}

/* GET /v1/KIND */
void route_documents(struct http_req *rq)
{
	struct listing l = { .rq = rq, .kind = document_kind(rq) };
	int rc;

	if (!take_after(rq, &l.after))
		return;
	rc = snap_renew(rq->w->snap);
	if (!rc) {
		l.set = control_set_newest(rq->w->shared->control);
		rc = write_list(&l);
		control_set_release(l.set);
		snap_park(rq->w->snap);
	}
	if (rc)
		http_refuse_error(rq, rc, NULL);
	else
		http_reply_json(rq, 200, &rq->w->out);
}

/* ---- history ---- */

static int write_past(void *arg, const struct config_row *row)
{
	document_write(arg, row, false, row->document, NULL);
	return 0;
}

/* GET /v1/KIND/{id}/history */
void route_document_history(struct http_req *rq)
{
	struct json_out *j = &rq->w->out;
	struct document_state st;
	struct str id;
	int rc;

	if (http_refuses_query(rq) || !document_id(rq, &id))
		return;
	json_out_reset(j);
	json_out_object(j);
	json_out_key(j, "items");
	json_out_array(j);
	rc = document_state(rq, document_kind(rq), id, &st);
	if (!rc)
		rc = config_history(rq->w->snap, st.row.kind, id, write_past, j);
	json_out_end_array(j);
	json_out_end_object(j);
	if (rc)
		http_refuse_error(rq, rc, NULL);
	else if (!st.row.revision && !st.is_shipped)
		refuse_unknown(rq);
	else
		http_reply_json(rq, 200, j);
	snap_park(rq->w->snap);
	document_state_fini(&st);
}
