#include "query/http_body.h"

#include "query/http_req.h"
#include "schemas/json_scan.h"

#include <jansson.h>
#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str body_trim(struct str body)
{
	while (body.n && is_space(body.p[body.n - 1]))
		body.n--;
	while (body.n && is_space(body.p[0])) {
		body.p++;
		body.n--;
	}
	return body;
}

static const char *meaning_of(const json_error_t *why)
{
	switch (json_error_code(why)) {
	case json_error_stack_overflow:
		return "is nested too deep";
	case json_error_invalid_utf8:
		return "is not UTF-8";
	case json_error_premature_end_of_input:
		return "ends before the JSON does";
	case json_error_end_of_input_expected:
		return "has something behind the JSON";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "has \\u0000 in a text, which none may have";
	case json_error_duplicate_key:
		return "names a key of an object twice";
	case json_error_numeric_overflow:
		return "has a number that is too large";
	default:
		return "is not JSON";
	}
}

/* Where the library stopped, as an editor counts; what stands there may be nobody's business. */
static void refuse_json(struct str body, struct str part, const json_error_t *why, struct problem *ret)
{
	const char *stop = part.p + why->position, *end = body.p + body.n;
	int column, line = json_line(body.p, stop < end ? stop : end, &column);

	problem_set(ret, PROBLEM_BAD_BODY, NULL, "line %d column %d: the body %s", line, column, meaning_of(why));
}

struct json_t *body_json(struct str body, struct str part, struct problem *ret)
{
	json_error_t why;
	json_t *v;

	if (!body_trim(part).n) {
		problem_set(ret, PROBLEM_BAD_BODY, NULL, "the body is empty");
		return NULL;
	}
	v = json_loadb(part.p, part.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (!v)
		refuse_json(body, part, &why, ret);
	return v;
}

struct str body_text(const json_t *v)
{
	return (struct str){ json_string_value(v), (uint32_t)json_string_length(v) };
}

void body_refuse_array(struct http_req *rq, const char *wanted)
{
	struct problem p;
	json_t *v = body_json(rq->body, rq->body, &p);

	if (v)
		problem_set(&p, PROBLEM_BAD_BODY, NULL, "send %s", wanted);
	json_decref(v);
	http_problem(rq, &p);
}

/* The byte behind the string that starts at p, NULL when it does not end. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

/* The ',' or ']' behind the element at p, NULL when there is none. */
static const char *skip_element(const char *p, const char *end)
{
	size_t depth = 0;

	while (p && p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		if (!depth && (*p == ',' || *p == ']'))
			return p;
		if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && depth-- == 0)
			return NULL;
		p++;
	}
	return NULL;
}

int64_t body_elements(struct str array, struct str *ret, size_t max)
{
	struct str all = body_trim(array), element;
	const char *p, *end = all.p + all.n, *stop;
	int64_t n = 0;

	if (all.n < 2 || all.p[0] != '[')
		return -1;
	for (p = all.p + 1;; p = stop + 1) {
		stop = skip_element(p, end);
		if (!stop)
			return -1;
		element = body_trim((struct str){ p, (uint32_t)(stop - p) });
		if (!element.n && !(n == 0 && *stop == ']'))
			return -1;
		if (element.n) {
			if ((size_t)n < max)
				ret[n] = element;
			n++;
		}
		if (*stop == ']')
			return stop + 1 == end ? n : -1;
	}
}
