#include "config/log.h"
#include "config/clock.h"
#include "schemas/json_out.h"
#include "schemas/scan.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define DETAILS_MAX 4096 /* bytes; longer details are cut */
#define TIME_SIZE 32

static _Atomic int current_level = LOG_LEVEL_INFO;
static _Atomic int current_format = LOG_FORMAT_TEXT;
static _Atomic bool row_open;

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void log_setup(enum log_level level, enum log_format format)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
	atomic_store_explicit(&current_format, (int)format, memory_order_relaxed);
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

bool log_level_parse(const char *name, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static void format_now(char buf[TIME_SIZE])
{
	int64_t now = clock_system.wall_ms(&clock_system);
	time_t seconds = (time_t)(now / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(buf, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, TIME_SIZE - n, ".%03dZ", (int)(now % 1000));
}

/* One line stays one line, and JSON stays UTF-8, whatever a path or a broker's message holds. */
static void clean(char *text)
{
	unsigned char *p = (unsigned char *)text;
	const unsigned char *end = p + strlen(text);

	while (p < end) {
		unsigned n = utf8_sequence(p, end);

		if (n == 0)
			*p = '?';
		else if (*p < 0x20 || *p == 0x7f)
			*p = ' ';
		p += n ? n : 1;
	}
}

static const char *name_end(const char *p)
{
	while (isalnum((unsigned char)*p) || *p == '_' || *p == '.' || *p == '-')
		p++;
	return p;
}

/* The next " name=" at or after p, or the end of the text: a value may hold spaces, a quoted one anything. */
static const char *next_field(const char *p)
{
	const char *quote = *p == '"' ? strchr(p + 1, '"') : NULL;

	if (quote)
		p = quote + 1;
	for (; *p; p++)
		if (*p == ' ' && name_end(p + 1) > p + 1 && *name_end(p + 1) == '=')
			return p;
	return p;
}

/* A whole number without quotes, small enough for every reader of JSON. */
static bool is_number(const char *p, const char *end)
{
	p += p < end && *p == '-';
	return end > p && end - p <= 15 && (*p != '0' || end - p == 1) && strspn(p, "0123456789") >= (size_t)(end - p);
}

static void json_details(struct json_out *j, const char *details)
{
	const char *p = details;

	while (*p) {
		const char *end = name_end(p), *stop;
		char name[64] = "details";
		bool quoted;

		if (end > p && *end == '=' && end - p < (ptrdiff_t)sizeof(name)) {
			snprintf(name, sizeof(name), "%.*s", (int)(end - p), p);
			p = end + 1;
		}
		stop = next_field(p);
		quoted = stop - p >= 2 && *p == '"' && stop[-1] == '"';
		json_out_key(j, name);
		if (is_number(p, stop))
			json_out_raw(j, (struct str){ p, (uint32_t)(stop - p) });
		else
			json_out_str(j, (struct str){ p + quoted, (uint32_t)(stop - p) - 2 * quoted });
		p = *stop ? stop + 1 : stop;
	}
}

bool log_row(bool open)
{
	return atomic_exchange_explicit(&row_open, open, memory_order_relaxed);
}

static void write_whole(char *p, size_t n)
{
	static char erase[] = "\r\033[K";
	struct iovec v[] = { { erase, sizeof(erase) - 1 }, { p, n } };
	bool open = log_row(false);
	ssize_t written = writev(STDERR_FILENO, open ? v : v + 1, open ? 2 : 1);

	(void)written; /* nobody is left to tell */
}

static void write_json(enum log_level level, const char *message, const char *details)
{
	struct json_out j = { 0 };
	char now[TIME_SIZE];

	format_now(now);
	json_out_object(&j);
	json_out_key(&j, "time");
	json_out_text(&j, now);
	json_out_key(&j, "level");
	json_out_text(&j, level_names[level]);
	json_out_key(&j, "message");
	json_out_text(&j, message);
	json_details(&j, details);
	json_out_end_object(&j);
	j.p = xrealloc(j.p, j.n + 1);
	j.p[j.n] = '\n';
	write_whole(j.p, j.n + 1);
	json_out_fini(&j);
}

static void write_text(enum log_level level, const char *message, const char *details)
{
	char line[DETAILS_MAX + 512], now[TIME_SIZE];
	int n;

	format_now(now);
	n = snprintf(line, sizeof(line), "%s %-5s %s%s%s\n", now, level_names[level], message, *details ? "  " : "",
		     details);
	if (n >= (int)sizeof(line)) {
		n = (int)sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	if (n > 0)
		write_whole(line, (size_t)n);
}

bool log_is_json(void)
{
	return atomic_load_explicit(&current_format, memory_order_relaxed) == LOG_FORMAT_JSON;
}

void log_ready(const char *url)
{
	char text[512];

	snprintf(text, sizeof(text), "ready: %s", url);
	if (log_is_json())
		write_json(LOG_LEVEL_INFO, text, "");
	else
		dprintf(STDERR_FILENO, "%s\n", text);
}

void log_line(enum log_level level, const char *message, const char *details_fmt, ...)
{
	char details[DETAILS_MAX] = "";
	va_list ap;

	if ((int)level < atomic_load_explicit(&current_level, memory_order_relaxed))
		return;
	if (details_fmt) {
		va_start(ap, details_fmt);
		vsnprintf(details, sizeof(details), details_fmt, ap);
		va_end(ap);
		clean(details);
	}
	if (log_is_json())
		write_json(level, message, details);
	else
		write_text(level, message, details);
}
