#include "query/http_body.h"

#include <jansson.h>

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

struct json_t *body_json(struct str body, struct problem *ret)
{
	json_error_t why;
	json_t *v;

	if (!body_trim(body).n) {
		problem_set(ret, PROBLEM_BAD_BODY, NULL, "the body is empty");
		return NULL;
	}
	v = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &why);
	if (!v)
		problem_set(ret, PROBLEM_BAD_BODY, NULL, "line %d column %d: %s", why.line, why.column, why.text);
	return v;
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
