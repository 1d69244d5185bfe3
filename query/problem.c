#include "query/problem.h"

#include "schemas/json_keys.h"
#include "schemas/scan.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	int status;
	const char *slug, *title;
} kinds[] = {
#define X(name, status, slug, title) { status, slug, title },
	HTTP_PROBLEMS(X)
#undef X
};

void problem_set(struct problem *p, enum http_problem kind, const char *field, const char *fmt, ...)
{
	va_list ap;

	*p = (struct problem){ .status = kinds[kind].status, .slug = kinds[kind].slug, .title = kinds[kind].title };
	utf8_print(p->field, sizeof(p->field), "%s", field ? field : "");
	va_start(ap, fmt);
	utf8_vprint(p->detail, sizeof(p->detail), fmt, ap);
	va_end(ap);
	if (p->status == 503)
		p->retry_after_s = 1;
}

void problem_from_error(struct problem *p, int code, const struct error *e)
{
	enum error_class class_ = error_class(code);

	if (code == ERR_PRODUCE || class_ == CLASS_RETRY) {
		problem_set(p, PROBLEM_PUBLISH, NULL, "%s", error_text(code));
		return;
	}
	if (class_ == CLASS_FATAL) {
		problem_set(p, PROBLEM_INTERNAL, NULL, "%s", error_text(code));
		p->slug = error_slug(code);
		return;
	}
	*p = (struct problem){ .status = 400, .slug = error_slug(code), .title = error_text(code) };
	snprintf(p->detail, sizeof(p->detail), "%s", e && e->text[0] ? e->text : error_text(code));
	snprintf(p->field, sizeof(p->field), "%s", e ? e->field : "");
	snprintf(p->suggestion, sizeof(p->suggestion), "%s", e ? e->suggestion : "");
}

static void member(struct json_out *j, const char *name, const char *text)
{
	if (*text)
		key_text(j, name, text);
}

void problem_write_open(struct json_out *j, const struct problem *p, struct str instance)
{
	char type[96];

	snprintf(type, sizeof(type), PROBLEM_URN "%s", p->slug);
	json_out_object(j);
	member(j, "type", type);
	member(j, "title", p->title);
	key_int(j, "status", p->status);
	member(j, "detail", p->detail);
	member(j, "field", p->field);
	member(j, "suggestion", p->suggestion);
	if (instance.n)
		key_str(j, "instance", instance);
}

void problem_write(struct json_out *j, const struct problem *p, struct str instance)
{
	problem_write_open(j, p, instance);
	json_out_end_object(j);
}

enum http_problem problem_of_status(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].status == status && status != 400 && status != 404)
			return (enum http_problem)i;
	return status == 404 ? PROBLEM_UNKNOWN_ROUTE : status >= 500 ? PROBLEM_INTERNAL : PROBLEM_BAD_HTTP;
}
