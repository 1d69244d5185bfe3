/*
 * settings_internal.h - shared by settings.c (what callers ask), settings_read.c (file, environment, --set) and
 * settings_value.c (one value against its bounds).
 *
 * A value is replaced only by one that passed its checks, so a setting always holds a good value.
 */
#ifndef AISLE_CONFIG_SETTINGS_INTERNAL_H
#define AISLE_CONFIG_SETTINGS_INTERNAL_H

#include "config/settings.h"

#define SETTING_VALUE_MAX 4096 /* bytes of one value */
#define SETTING_ORIGIN_MAX 512 /* bytes of "FILE:LINE" */
#define SETTING_KAFKA_MAX 512  /* kafka.* pairs */
#define SETTING_PROBLEM_MAX 1024
#define SETTING_ENV_PREFIX "AISLE_"

enum setting_type {
	SETTING_STRING,
	SETTING_PATH,
	SETTING_INT,
	SETTING_BYTES,
	SETTING_MS,
	SETTING_BOOL,
	SETTING_NUMBER
};

struct setting_spec {
	const char *key;
	enum setting_type type;
	const char *default_;
	int64_t min, max;
};

extern const struct setting_spec setting_specs[SETTING_COUNT];

struct setting_value {
	char *text;
	char *origin;
	int64_t integer; /* INT, BYTES, MS, BOOL */
	double number;   /* NUMBER */
};

struct kafka_pair {
	char *name, *value, *origin;
};

struct settings {
	struct setting_value values[SETTING_COUNT];
	struct kafka_pair *kafka;
	size_t kafka_n;
	char **warnings;
	size_t warnings_n;
};

/* Everything one load needs: the settings it fills, and who hears of problems. */
struct settings_load {
	struct settings *settings;
	settings_tell tell;
	void *tell_arg;
	size_t problems;
	bool unreadable; /* the file could not be read at all */
};

void settings__problem(struct settings_load *load, const char *fmt, ...) PRINTF_LIKE(2, 3);
void settings__warn(struct settings *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Check `text` and store it; on a problem *problem (SETTING_PROBLEM_MAX bytes) says what is wrong and false is returned. */
bool setting__assign(struct setting_value *v, enum setting_id id, const char *text, const char *origin, char *problem);
void settings__put_kafka(struct settings *s, const char *name, const char *value, const char *origin);

void settings__read_file(struct settings_load *load, const char *path);
void settings__read_environment(struct settings_load *load);
void settings__read_sets(struct settings_load *load, const char *const *sets, size_t n);
void settings__read_secrets(struct settings_load *load);

#endif
