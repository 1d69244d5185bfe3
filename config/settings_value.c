#include "config/calendar.h"
#include "config/settings_internal.h"
#include "schemas/scan.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct unit {
	const char *suffix;
	int64_t factor;
};

static const struct unit byte_units[] = {
	{ "", 1 }, { "k", INT64_C(1) << 10 }, { "m", INT64_C(1) << 20 }, { "g", INT64_C(1) << 30 }, { NULL, 0 },
};
static const struct unit time_units[] = {
	{ "", 1 }, { "ms", 1 }, { "s", MS_PER_SECOND }, { "m", MS_PER_MINUTE }, { "h", MS_PER_HOUR }, { NULL, 0 },
};
static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };

/* The few settings whose text has a form of its own. */
static const struct choice {
	enum setting_id id;
	const char *names[8];
} choices[] = {
	{ SET_LOG_LEVEL, { "debug", "info", "warn", "error" } },
	{ SET_LOG_FORMAT, { "text", "json" } },
	{ SET_ANSWER_LANGUAGE, { "en", "de" } },
	{ SET_NEXT_WITHOUT, { "nothing", "before", "bigram", "order2", "step", "revisits", "context" } },
	{ SET_STORE_DURABILITY, { "sync", "nometasync", "nosync" } },
};

static bool wrong(char *problem, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool wrong(char *problem, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(problem, SETTING_PROBLEM_MAX, fmt, ap);
	va_end(ap);
	return false;
}

static const struct unit *units_of(enum setting_type type)
{
	return type == SETTING_BYTES ? byte_units : type == SETTING_MS ? time_units : no_units;
}

/* A value as a person would write it: in the largest unit that divides it. */
static void format_amount(enum setting_type type, int64_t value, char *ret, size_t ret_size)
{
	const struct unit *best = units_of(type);

	for (const struct unit *u = best; u->suffix; u++)
		if (value != 0 && value % u->factor == 0)
			best = u;
	snprintf(ret, ret_size, "%lld%s", (long long)(value / best->factor), best->suffix);
}

static bool parse_amount(const struct setting_spec *spec, const char *text, int64_t *ret, char *problem)
{
	static const char *const forms[] = {
		[SETTING_INT] = "a whole number",
		[SETTING_BYTES] = "bytes, as in 512k, 64m or 2g",
		[SETTING_MS] = "a time, as in 100ms, 5s, 1m or 2h",
	};
	const struct unit *u = units_of(spec->type);
	char *end, low[32], high[32];
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || strchr(" \t\n\r\f\v", *text))
		return wrong(problem, "'%s' is not %s", text, forms[spec->type]);
	while (u->suffix && strcmp(u->suffix, end) != 0)
		u++;
	if (!u->suffix)
		return wrong(problem, "'%s' is not %s", text, forms[spec->type]);
	if (errno == ERANGE || __builtin_mul_overflow((int64_t)n, u->factor, ret) || *ret < spec->min ||
	    *ret > spec->max) {
		format_amount(spec->type, spec->min, low, sizeof(low));
		format_amount(spec->type, spec->max, high, sizeof(high));
		return wrong(problem, "'%s' is out of range, it must be %s to %s", text, low, high);
	}
	return true;
}

static bool parse_number(const struct setting_spec *spec, const char *text, double *ret, char *problem)
{
	char *end;

	*ret = strtod(text, &end);
	if (end == text || *end || !isfinite(*ret) || text[strspn(text, "0123456789.eE+-")])
		return wrong(problem, "'%s' is not a number", text);
	if (*ret < (double)spec->min || *ret > (double)spec->max)
		return wrong(problem, "'%s' is out of range, it must be %lld to %lld", text, (long long)spec->min,
			     (long long)spec->max);
	return true;
}

/* host:port; the host may be [::1] in brackets, the port 0 to 65535. */
static bool check_listen(const char *text, char *problem)
{
	const char *colon = strrchr(text, ':');
	size_t host = colon ? (size_t)(colon - text) : 0;
	bool bracketed = host > 2 && text[0] == '[' && text[host - 1] == ']';
	char *end;
	long port;

	if (host == 0 || (!bracketed && memchr(text, ':', host)) || strpbrk(text, " \t/"))
		return wrong(problem, "'%s' is not host:port, as in 127.0.0.1:8600 or [::1]:8600", text);
	port = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end || strspn(colon + 1, "0123456789") != strlen(colon + 1) || port > 65535)
		return wrong(problem, "'%s' has no port of 0 to 65535 after the colon", text);
	return true;
}

/* Bytes of it to quote. */
static int shown(const char *text)
{
	return (int)utf8_whole(text, strnlen(text, 64));
}

static bool check_calendar(const char *text, char *problem)
{
	struct calendar c;
	const char *why = calendar_parse(text, &c);

	return why ? wrong(problem, "'%.*s': %s", shown(text), text, why) : true;
}

static bool check_topic(const char *text, char *problem)
{
	size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	if (text[good] || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return wrong(problem, "'%s' is no topic name, use letters, digits, '.', '_' and '-'", text);
	return true;
}

static bool check_choice(const struct choice *c, const char *text, char *problem)
{
	char list[128] = "";
	size_t n = 0;

	for (const char *const *name = c->names; *name; name++) {
		if (strcmp(text, *name) == 0)
			return true;
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", !n ? "" : name[1] ? ", " : " or ", *name);
	}
	return wrong(problem, "'%s' is not one of %s", text, list);
}

static bool check_string(const struct setting_spec *spec, enum setting_id id, const char *text, char *problem)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return wrong(problem, "byte %zu is a control character", i + 1);
	if (spec->max && ((int64_t)n < spec->min || (int64_t)n > spec->max))
		return wrong(problem, "'%.*s' has %zu bytes, it must have %lld to %lld", shown(text), text, n,
			     (long long)spec->min, (long long)spec->max);
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		if (choices[i].id == id)
			return check_choice(&choices[i], text, problem);
	switch (id) {
	case SET_HTTP_LISTEN:
		return check_listen(text, problem);
	case SET_ANSWER_SEASONS:
		return check_calendar(text, problem);
	case SET_TOPIC_EVENTS:
	case SET_TOPIC_CATALOG:
	case SET_TOPIC_STOCK:
	case SET_TOPIC_CONFIG:
	case SET_TOPIC_SERVED:
	case SET_TOPIC_DEAD_LETTERS:
		return check_topic(text, problem);
	default:
		return true;
	}
}

static bool parse(const struct setting_spec *spec, enum setting_id id, const char *text, struct setting_value *ret,
		  char *problem)
{
	switch (spec->type) {
	case SETTING_STRING:
	case SETTING_PATH:
		return check_string(spec, id, text, problem);
	case SETTING_NUMBER:
		return parse_number(spec, text, &ret->number, problem);
	case SETTING_BOOL:
		ret->integer = strcmp(text, "true") == 0;
		if (!ret->integer && strcmp(text, "false") != 0)
			return wrong(problem, "'%s' is neither true nor false", text);
		return true;
	default:
		return parse_amount(spec, text, &ret->integer, problem);
	}
}

bool setting__assign(struct setting_value *v, enum setting_id id, const char *text, const char *origin, char *problem)
{
	struct setting_value fresh = { 0 };

	if (strlen(text) > SETTING_VALUE_MAX)
		return wrong(problem, "the value is longer than %d bytes", SETTING_VALUE_MAX);
	if (!parse(&setting_specs[id], id, text, &fresh, problem))
		return false;
	fresh.text = xstrndup(text, strlen(text));
	fresh.origin = xstrndup(origin, strlen(origin));
	free(v->text);
	free(v->origin);
	*v = fresh;
	return true;
}
