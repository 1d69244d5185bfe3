#include "schemas/error.h"
#include "schemas/scan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static const struct {
	enum error_class class_;
	const char *slug;
	const char *text;
} table[] = {
#define ERROR(name, class_, slug, text) { CLASS_##class_, slug, text },
#include "schemas/errors.def"
#undef ERROR
};

static size_t index_of(int code)
{
	assert(code < 0 && code >= -(int)ERROR_COUNT);
	return (size_t)(-1 - code);
}

int error_set(struct error *e, int code, const char *field, const char *fmt, ...)
{
	va_list ap;

	if (!e || e->code)
		return code;
	e->code = code;
	utf8_print(e->field, sizeof(e->field), "%s", field ? field : "");
	va_start(ap, fmt);
	utf8_vprint(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	/* texts quote input: they go to logs, headers and terminals */
	for (char *p = e->text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return code;
}

const char *error_slug(int code)
{
	return code ? table[index_of(code)].slug : "ok";
}

const char *error_text(int code)
{
	return code ? table[index_of(code)].text : "ok";
}

enum error_class error_class(int code)
{
	return table[index_of(code)].class_;
}
