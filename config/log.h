/*
 * log.h - one line an event to stderr: text for people, JSON for collectors (log.format).
 *
 *     log_info("store opened", "path=%s records=%llu", path, n);
 *
 * Lines are written whole with one write(2). Libraries return errors; programs log. The level may be changed at any
 * time (SIGHUP). Thread: any.
 */
#ifndef AISLE_CONFIG_LOG_H
#define AISLE_CONFIG_LOG_H

#include "schemas/base.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

void log_setup(enum log_level level, enum log_format format);
void log_set_level(enum log_level level);
/* "debug", "info", "warn", "error"; false when it is none of them. */
bool log_level_parse(const char *name, enum log_level *ret);

/* Is a line JSON? Then nothing but such lines goes to stderr. */
bool log_is_json(void);

/* A row of stderr was begun and is not over: the next line takes its place. False: it is. Was it open? */
bool log_row(bool open);

/* "ready: URL" whatever the level: a line of its own, or the message of one in JSON. */
void log_ready(const char *url);

/* `message` is a constant; the details are "key=value ..." or NULL. */
void log_line(enum log_level level, const char *message, const char *details_fmt, ...) PRINTF_LIKE(3, 4);

#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)

#endif
