/*
 * settings.h - every setting: one line in settings.def, one field in a struct.
 *
 * Order, the last wins: default, aisle.conf (`key = value`), environment (AISLE_STORE_PATH), --set store.path=DIR.
 * All values are checked against their bounds at start; an unknown key is an error that suggests the nearest name.
 * `kafka.*` keys are kept as pairs and handed to librdkafka unchanged; `kafka.NAME.file` names a file whose content is
 * the value of NAME, so that a secret is in no configuration file, environment or process list.
 *
 * Ownership: strings live as long as the settings. Thread: read-only after settings_load, so any.
 */
#ifndef AISLE_CONFIG_SETTINGS_H
#define AISLE_CONFIG_SETTINGS_H

#include "schemas/base.h"
#include "schemas/error.h"
#include "schemas/record.h"

enum setting_id {
#define SETTING(ID, key, type, default_, min, max, doc) SET_##ID,
#include "config/settings.def"
#undef SETTING
	SETTING_COUNT
};

struct settings;

struct settings_sources {
	const char *file; /* NULL: none */
	bool environment;
	const char *const *sets; /* "key=value"; sets_n of them */
	size_t sets_n;
};

/* BAD_SETTING with the first problem, or IO when the file cannot be read. */
int settings_load(const struct settings_sources *from, struct settings **ret, struct error *e) MUST_CHECK;

/* Like settings_load, but goes on: every problem is told, *ret is always made (a bad value leaves the one before it). */
typedef void (*settings_tell)(void *arg, const char *problem);
size_t settings_check(const struct settings_sources *from, settings_tell tell, void *arg, struct settings **ret);

void settings_free(struct settings *s);

/* By type in settings.def: STRING and PATH; INT, BYTES, MS; BOOL; NUMBER. Asserts the type. */
const char *setting_string(const struct settings *s, enum setting_id id);
int64_t setting_int(const struct settings *s, enum setting_id id);
bool setting_bool(const struct settings *s, enum setting_id id);
double setting_number(const struct settings *s, enum setting_id id);

/* The name of the topic that carries it. No two topics have one name. */
const char *setting_topic(const struct settings *s, enum topic topic);

/* The kafka.* pairs without the prefix, index 0.. until false. */
bool settings_kafka(const struct settings *s, size_t index, const char **name, const char **value);

/* Things that look wrong and hurt nobody (an AISLE_ variable that names no setting), index 0.. ; NULL after the last. */
const char *settings_warning(const struct settings *s, size_t index);

/* For check-config: key, value as text, and where it came from ("default", "aisle.conf:12", "AISLE_STORE_PATH", "--set"). */
void setting_describe(const struct settings *s, enum setting_id id, const char **key, char *value, size_t value_size,
		      char *origin, size_t origin_size);
/* Where a kafka.* pair came from; NULL after the last. */
const char *settings_kafka_origin(const struct settings *s, size_t index);

#endif
