#include "query/http_body.h"
#include "query/http_query.h"
#include "query/route_input_internal.h"
#include "schemas/json_scan.h"
#include "schemas/scan.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void input_init(struct recommend_request *ask, struct str scenario)
{
	/* the arrays are large and their lengths say what is there: they are left as they are */
	memset(ask, 0, offsetof(struct recommend_request, item_ids));
	ask->scenario = scenario;
	ask->max_staleness_ms = -1;
}

bool input_id(struct recommend_request *ask, const char *field, struct str id, struct problem *ret)
{
	const struct input_field *f = input_find(str_of(field), IN_QUERY, ~0u, ret);

	ask->given |= f->input;
	return f->kind == KIND_LIST ? input_add_entry(f, ask, id, ret) : input_set_text(f, ask, id, ret);
}

/* ---- query strings ---- */

static bool decode_value(struct http_req *rq, const struct input_field *f, struct str raw, struct str *v,
			 struct problem *ret)
{
	char *memory = http_alloc(rq, raw.n);
	int n = percent_decode(raw, true, memory);

	if (n < 0)
		return BAD(ret, f, "the value of '%s' is not percent-encoded UTF-8", f->name);
	*v = (struct str){ memory, (uint32_t)n };
	return true;
}

static bool set_list(struct http_req *rq, const struct input_field *f, struct recommend_request *ask, struct str raw,
		     struct problem *ret)
{
	struct str part, v;

	while (split_next(&raw, ',', &part))
		if (!decode_value(rq, f, part, &v, ret) || !input_add_entry(f, ask, v, ret))
			return false;
	return true;
}

/* As JSON writes it. */
static bool set_real(const struct input_field *f, struct recommend_request *ask, struct str v, struct problem *ret)
{
	const unsigned char *p = (const unsigned char *)v.p;
	struct number n;

	if (!json_parse_number(&p, (const unsigned char *)v.p + v.n, &n) || (const char *)p != v.p + v.n)
		return BAD(ret, f, "'%s' is a number", f->name);
	return input_set_real(f, ask, number_to_double(&n), ret);
}

static bool set_from_text(struct http_req *rq, const struct input_field *f, struct recommend_request *ask,
			  struct str raw, struct problem *ret)
{
	struct str v;
	int64_t number = -1;
	bool flag;

	if (f->kind == KIND_LIST)
		return set_list(rq, f, ask, raw, ret);
	if (!decode_value(rq, f, raw, &v, ret))
		return false;
	switch (f->kind) {
	case KIND_CHOICE:
		return input_set_choice(f, ask, v, ret);
	case KIND_COUNT:
	case KIND_STALENESS:
		if (!parse_count(v, INT64_MAX, &number))
			number = -1; /* outside of what any of them may be */
		return input_set_whole(f, ask, number, ret);
	case KIND_FLAG:
	case KIND_STRICT:
		if (!parse_flag(v, &flag))
			return BAD(ret, f, "'%s' is true or false", f->name);
		input_set_flag(f, ask, flag);
		return true;
	case KIND_SHARE:
	case KIND_SCORE:
		return set_real(f, ask, v, ret);
	case KIND_SHOWN:
		if (!shown_read(&rq->w->shown, v))
			return BAD(ret, f, "'%s' is not of a link that was answered", f->name);
		ask->shown = &rq->w->shown.keys;
		ask->rank_before = rq->w->shown.n - rq->w->shown.others;
		return true;
	default:
		return input_set_text(f, ask, v, ret);
	}
}

bool input_from_query(struct http_req *rq, unsigned allowed, struct recommend_request *ask, struct problem *ret)
{
	struct str rest = rq->query, name, value;
	uint64_t seen = 0;

	ask->by_query = true;
	while (query_next(&rest, &name, &value)) {
		const struct input_field *f = input_find(name, IN_QUERY, allowed, ret);
		uint64_t bit;

		if (!f)
			return false;
		bit = UINT64_C(1) << (f - input_fields);
		if ((seen & bit) && f->kind != KIND_LIST)
			return BAD(ret, f, "'%s' is given twice", f->name);
		seen |= bit;
		ask->given |= f->input & INPUT_ALL; /* the place in the list is no input of the scenario */
		if (!set_from_text(rq, f, ask, value, ret))
			return false;
	}
	return true;
}

/* ---- bodies ---- */

/* jansson has checked the UTF-8 and refuses NUL. */
static bool add_array(const struct input_field *f, struct recommend_request *ask, const json_t *v, struct problem *ret)
{
	size_t i;
	json_t *entry;

	if (!json_is_array(v))
		return BAD(ret, f, "'%s' must be an array", f->name);
	json_array_foreach(v, i, entry)
	{
		if (!json_is_string(entry))
			return BAD(ret, f, "'%s' must be an array of strings", f->name);
		if (!input_add_entry(f, ask, body_text(entry), ret))
			return false;
	}
	return true;
}

/* 5.0 is whole too, as JSON Schema has it. */
static bool set_whole(const struct input_field *f, struct recommend_request *ask, const json_t *v, struct problem *ret)
{
	double number = json_number_value(v);

	if (!json_is_number(v) || number != floor(number))
		return BAD(ret, f, "'%s' must be a whole number", f->name);
	/* what is no int64_t is outside of what any of them may be */
	return input_set_whole(f, ask, fabs(number) < 1e15 ? (int64_t)number : -1, ret);
}

static bool set_object(const json_t *object, unsigned where, struct recommend_request *ask, struct problem *ret);

static bool set_from_json(const struct input_field *f, struct recommend_request *ask, const json_t *v,
			  struct problem *ret)
{
	switch (f->kind) {
	case KIND_OBJECT:
		if (!json_is_object(v))
			return BAD(ret, f, "'%s' must be an object", f->name);
		return set_object(v, f->max, ask, ret);
	case KIND_LIST:
		return add_array(f, ask, v, ret);
	case KIND_COUNT:
	case KIND_STALENESS:
		return set_whole(f, ask, v, ret);
	case KIND_FLAG:
	case KIND_STRICT:
		if (!json_is_boolean(v))
			return BAD(ret, f, "'%s' is true or false", f->name);
		input_set_flag(f, ask, json_is_true(v));
		return true;
	case KIND_SHARE:
	case KIND_SCORE:
		if (!json_is_number(v))
			return BAD(ret, f, "'%s' must be a number", f->name);
		return input_set_real(f, ask, json_number_value(v), ret);
	default:
		if (!json_is_string(v))
			return BAD(ret, f, "'%s' must be a string", f->name);
		return f->kind == KIND_CHOICE ? input_set_choice(f, ask, body_text(v), ret)
					      : input_set_text(f, ask, body_text(v), ret);
	}
}

static bool set_object(const json_t *object, unsigned where, struct recommend_request *ask, struct problem *ret)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)object, name, v)
	{
		const struct input_field *f = input_find(str_of(name), where, ~0u, ret);

		if (f && f->input & (INPUT_USER_ID | INPUT_VISITOR_ID | INPUT_SESSION_ID) && json_is_null(v))
			continue; /* nobody has signed in */
		if (!f || !set_from_json(f, ask, v, ret)) {
			if (where != IN_BODY)
				utf8_print(ret->field, sizeof(ret->field), "%s.%.*s",
					   where == IN_EXCLUDE ? "exclude" : "context", 48, f ? f->name : name);
			return false;
		}
		ask->given |= f->input;
	}
	return true;
}

bool input_from_json(const struct json_t *body, struct recommend_request *ask, struct problem *ret)
{
	if (!json_is_object(body)) {
		problem_set(ret, PROBLEM_BAD_BODY, NULL, "a request for a list is a JSON object");
		return false;
	}
	return set_object(body, IN_BODY, ask, ret);
}
