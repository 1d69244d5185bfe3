/* POST /v1/preview: an answer as it is and as it would be after a change, and what became of each item. */
#include "query/control_set.h"
#include "query/http_body.h"
#include "query/json_keys.h"
#include "query/route_answer.h"
#include "query/route_explain.h"
#include "query/route_input.h"
#include "query/route_recommend.h"
#include "query/segments.h"
#include "schemas/scan.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define PREVIEW_BODY_MAX (RECOMMEND_BODY_MAX + CONTROL_DOCUMENT_MAX)

struct placed {
	uint32_t item;
	struct str item_id;
	unsigned rank;
};

struct preview {
	struct control_change change;
	char *document;                    /* its text */
	const struct control_set *sets[2]; /* before, after */
	uint64_t segments[2];              /* of the person: bits of places in the sets' */
	unsigned n;
	struct placed before[RECOMMEND_COUNT_MAX];
	struct rule_trace trace; /* of the answer after it */
};

/* ---- what is asked ---- */

static bool refuse(struct problem *p, const char *field, const char *what)
{
	problem_set(p, PROBLEM_BAD_PARAMETER, field, "'%s' %s", field, what);
	return false;
}

/* The field is of this object of the body. False, as all that refuses. */
static bool refuse_inside(struct problem *p, const char *object)
{
	char field[sizeof(p->field)];

	memcpy(field, p->field, sizeof(field));
	if (field[0])
		utf8_print(p->field, sizeof(p->field), "%s.%.*s", object, 48, field);
	return false;
}

static bool knows(const json_t *object, const char *const *names, const char *where, struct problem *p)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)object, key, v)
	{
		unsigned i = 0;

		while (names[i] && strcmp(names[i], key) != 0)
			i++;
		if (names[i])
			continue;
		problem_set(p, PROBLEM_UNKNOWN_PARAMETER, key, "there is no field '%.*s' in %s",
			    (int)utf8_whole(key, strnlen(key, 64)), key, where);
		return false;
	}
	return true;
}

static bool read_change(const json_t *v, struct preview *pv, struct problem *p)
{
	static const char *const names[] = { "kind", "id", "document", NULL };
	const json_t *document = json_object_get(v, "document");

	if (!json_is_object(v))
		return refuse(p, "change", "must be there, an object of kind, id and document");
	if (!knows(v, names, "change", p))
		return refuse_inside(p, "change");
	pv->change.kind = control_kind_find(body_text(json_object_get(v, "kind")), false);
	pv->change.id = body_text(json_object_get(v, "id"));
	if (pv->change.kind == CONTROL_KIND_COUNT)
		return refuse(p, "change.kind", "is one of scenario, rule, experiment, segment, offer and promotion");
	if (!control_id_valid(pv->change.id))
		return refuse(p, "change.id", "is 1 to 64 of a-z, 0-9 and -");
	if (!json_is_object(document) && !json_is_null(document))
		return refuse(p, "change.document", "is an object, or null to delete");
	if (json_is_object(document)) {
		pv->document = json_dumps(document, JSON_COMPACT);
		pv->change.document = str_of(pv->document);
	}
	return true;
}

/* Strings of the worker's `ask` point into the body. */
static bool read_request(struct http_req *rq, json_t *v, struct problem *p)
{
	struct str name = body_text(json_object_get(v, "scenario"));
	char *room = http_alloc(rq, name.n + 1);

	if (!json_is_object(v))
		return refuse(p, "request",
			      "must be there, an object of scenario and what its lists are asked for with");
	if (!name.n)
		return refuse(p, "request.scenario", "must be there, a string");
	memcpy(room, name.p, name.n);
	input_init(&rq->w->ask, (struct str){ room, name.n });
	json_object_del(v, "scenario");
	if (json_object_get(v, "validateOnly"))
		return refuse(p, "request.validateOnly", "has no lists to compare: leave it out");
	return input_from_json(v, &rq->w->ask, p) || refuse_inside(p, "request");
}

static bool read_body(struct http_req *rq, json_t *body, struct preview *pv, struct problem *p)
{
	static const char *const names[] = { "request", "change", NULL };

	if (!json_is_object(body)) {
		problem_set(p, PROBLEM_BAD_BODY, NULL, "send an object of request and change");
		return false;
	}
	return knows(body, names, "the body", p) && read_change(json_object_get(body, "change"), pv, p) &&
	       read_request(rq, json_object_get(body, "request"), p);
}

static bool make_sets(struct http_req *rq, struct preview *pv, struct problem *p)
{
	struct error e = { 0 }, inside = { 0 };
	int rc;

	pv->sets[0] = control_set_newest(rq->w->shared->control);
	rc = control_set_with(pv->sets[0], &pv->change, &pv->sets[1], &inside);
	if (!rc)
		return true;
	error_set(&e, rc, "", "%s", inside.text);
	if (strcmp(inside.field, "id") == 0)
		snprintf(e.field, sizeof(e.field), "change.id");
	else
		utf8_print(e.field, sizeof(e.field), "change.document%s%.*s", inside.field[0] ? "." : "", 40,
			   inside.field);
	snprintf(e.suggestion, sizeof(e.suggestion), "%s", inside.suggestion);
	http_error_problem(rq, rc, &e, p);
	return false;
}

/* ---- what is answered ---- */

/* Not to be used by events: nobody was shown it. */
static bool answer(struct http_req *rq, struct preview *pv, int which, struct error *e, int *ret_rc)
{
	struct http_worker *w = rq->w;
	uint64_t start_ns = http_now_ns(w);

	w->ask.set = pv->sets[which];
	w->ask.trace = &pv->trace;
	pv->trace.n = 0;
	*ret_rc = w->shared->opt.answers->recommend(w->answerer, &w->ask, &w->answer, e);
	if (*ret_rc) {
		json_out_null(&w->out);
		w->answer.item_count = 0;
		return false;
	}
	pv->segments[which] = w->answer.segments;
	w->answer.recommendation_id[0] = '\0';
	answer_write(&w->out, &w->ask, &w->answer, NULL, http_now_ns(w) - start_ns);
	return true;
}

static void remember(struct http_req *rq, struct preview *pv)
{
	const struct answer *a = &rq->w->answer;

	for (unsigned i = 0; i < a->item_count; i++) {
		struct str id = a->items[i].item_id;

		pv->before[pv->n++] = (struct placed){ a->items[i].item,
						       { memcpy(http_alloc(rq, id.n), id.p, id.n), id.n },
						       a->items[i].rank };
	}
}

static void write_rank(struct json_out *j, const char *key, unsigned rank)
{
	json_out_key(j, key);
	if (!rank) {
		json_out_null(j);
		return;
	}
	json_out_object(j);
	key_int(j, "rank", rank);
	json_out_end_object(j);
}

/* What no rule did, the change of a scenario or an experiment has done. */
static void write_cause(struct json_out *j, const struct preview *pv, const char *what)
{
	if (pv->change.kind != CONTROL_SCENARIO && pv->change.kind != CONTROL_EXPERIMENT)
		return;
	json_out_object(j);
	key_str(j, control_kind_name(pv->change.kind), pv->change.id);
	key_text(j, "what", what);
	json_out_end_object(j);
}

static void open_item(struct json_out *j, struct str item_id, unsigned before, unsigned after)
{
	json_out_object(j);
	key_str(j, "itemId", item_id);
	write_rank(j, "before", before);
	write_rank(j, "after", after);
	json_out_key(j, "effects");
	json_out_array(j);
}

static void close_item(struct json_out *j)
{
	json_out_end_array(j);
	json_out_end_object(j);
}

static void write_present(struct json_out *j, const struct preview *pv, const struct recommended *r)
{
	unsigned before = 0;

	for (unsigned i = 0; i < pv->n; i++)
		if (str_eq(pv->before[i].item_id, r->item_id))
			before = pv->before[i].rank;
	open_item(j, r->item_id, before, r->rank);
	for (unsigned i = 0; i < r->effect_n; i++)
		effect_write(j, &r->effects[i]);
	if (!before && !r->effect_n)
		write_cause(j, pv, "added");
	close_item(j);
}

static void write_gone(struct json_out *j, const struct preview *pv, const struct placed *of)
{
	bool is_told = false;

	open_item(j, of->item_id, of->rank, 0);
	for (unsigned i = 0; i < pv->trace.n; i++)
		if (pv->trace.v[i].item == of->item) {
			effect_write(j, &pv->trace.v[i].effect);
			is_told = true;
		}
	if (!is_told)
		write_cause(j, pv, "removed");
	close_item(j);
}

static void write_segments(struct json_out *j, const struct preview *pv, int which, const char *key)
{
	const struct segment_set *set = control_set_segments(pv->sets[which]);

	json_out_key(j, key);
	json_out_array(j);
	for (unsigned i = 0; set && i < segments_count(set); i++)
		if (pv->segments[which] >> i & 1)
			json_out_text(j, segment_at(set, i)->id);
	json_out_end_array(j);
}

static bool is_in(const struct answer *a, struct str item_id)
{
	for (unsigned i = 0; i < a->item_count; i++)
		if (str_eq(a->items[i].item_id, item_id))
			return true;
	return false;
}

/* Both answers; a refused one is null, and its problem goes to *p. How many there are. */
static unsigned write_answers(struct http_req *rq, struct preview *pv, struct problem *p)
{
	static const char *const keys[2] = { "before", "after" };
	unsigned answered = 0;

	for (int which = 0; which < 2; which++) {
		struct error e = { 0 };
		int rc;

		json_out_key(&rq->w->out, keys[which]);
		if (answer(rq, pv, which, &e, &rc)) {
			answered++;
			if (which == 0)
				remember(rq, pv);
		} else {
			recommend_refusal(rq, rc, &e, p);
			refuse_inside(p, "request");
		}
	}
	return answered;
}

static void reply(struct http_req *rq, struct preview *pv, struct problem *p)
{
	struct json_out *j = &rq->w->out;
	const struct answer *a = &rq->w->answer;
	unsigned answered;

	json_out_reset(j);
	json_out_object(j);
	answered = write_answers(rq, pv, p);
	if (!answered) {
		http_problem(rq, p);
		return;
	}
	if (answered < 2) {
		json_out_key(j, "problem");
		problem_write(j, p, STR(""));
	}
	json_out_key(j, "segments");
	json_out_object(j);
	write_segments(j, pv, 0, "before");
	write_segments(j, pv, 1, "after");
	json_out_end_object(j);
	json_out_key(j, "items");
	json_out_array(j);
	for (unsigned i = 0; i < a->item_count; i++)
		write_present(j, pv, &a->items[i]);
	for (unsigned i = 0; i < pv->n; i++)
		if (!is_in(a, pv->before[i].item_id))
			write_gone(j, pv, &pv->before[i]);
	json_out_end_array(j);
	json_out_end_object(j);
	http_reply_json(rq, 200, j);
}

void route_preview(struct http_req *rq)
{
	struct preview *pv = http_alloc(rq, sizeof(*pv));
	struct problem p;
	json_t *body;

	if (http_refuses_query(rq))
		return;
	if (rq->body.n > PREVIEW_BODY_MAX) {
		http_refuse(rq, PROBLEM_BODY_SIZE, NULL, "a preview has at most %d bytes", PREVIEW_BODY_MAX);
		return;
	}
	*pv = (struct preview){ 0 };
	body = body_json(rq->body, rq->body, &p);
	if (body && read_body(rq, body, pv, &p) && make_sets(rq, pv, &p))
		reply(rq, pv, &p);
	else
		http_problem(rq, &p);
	rq->w->ask.set = NULL;
	rq->w->ask.trace = NULL;
	control_set_release(pv->sets[0]);
	control_set_release(pv->sets[1]);
	free(pv->document);
	json_decref(body);
}
