#include "config/calendar.h"

#include <time.h>

#define BLANKS " \t"

static int two_digits(const char *p, int max)
{
	int v;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return 0;
	v = (p[0] - '0') * 10 + p[1] - '0';
	return v <= max ? v : 0;
}

/* "MM-DD": month x 32 + day; 0 when it is none. */
static int parse_day(const char *p)
{
	int month = two_digits(p, 12), day;

	if (!month || p[2] != '-')
		return 0;
	day = two_digits(p + 3, 31);
	return day ? month * 32 + day : 0;
}

const char *calendar_parse(const char *text, struct calendar *ret)
{
	const char *p = text + strspn(text, BLANKS);

	ret->n = 0;
	while (*p) {
		size_t name = strcspn(p, "=,"), trimmed = name;
		const char *days = p + name + 1;

		while (trimmed && strchr(BLANKS, p[trimmed - 1]))
			trimmed--;
		if (!trimmed || p[name] != '=')
			return "a season is NAME=MM-DD/MM-DD, and seasons are separated by commas";
		if (ret->n == CALENDAR_SEASONS_MAX)
			return "there are more than 32 seasons";
		days += strspn(days, BLANKS);
		if (strnlen(days, 11) < 11 || days[5] != '/' || !parse_day(days) || !parse_day(days + 6))
			return "the days of a season are MM-DD/MM-DD, as in winter=12-01/02-29";
		ret->seasons[ret->n].name = (struct str){ p, (uint32_t)trimmed };
		ret->seasons[ret->n].from = parse_day(days);
		ret->seasons[ret->n++].to = parse_day(days + 6);
		p = days + 11 + strspn(days + 11, BLANKS);
		if (*p && *p != ',')
			return "seasons are separated by commas";
		p += *p == ',';
		p += strspn(p, BLANKS);
	}
	return NULL;
}

uint32_t calendar_named(const struct calendar *c, struct str name)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < c->n; i++)
		if (str_alike(c->seasons[i].name, name))
			bits |= UINT32_C(1) << i;
	return bits;
}

uint32_t calendar_at(const struct calendar *c, int64_t t_ms)
{
	time_t seconds = (time_t)time_bucket(t_ms, MS_PER_SECOND);
	uint32_t bits = 0;
	struct tm tm;
	int day;

	gmtime_r(&seconds, &tm);
	day = (tm.tm_mon + 1) * 32 + tm.tm_mday;
	for (unsigned i = 0; i < c->n; i++) {
		int from = c->seasons[i].from, to = c->seasons[i].to;
		bool in = from <= to ? day >= from && day <= to : day >= from || day <= to;

		bits |= (uint32_t)in << i;
	}
	return bits;
}
