#include "config/settings.h"
#include "config/settings_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const struct setting_spec setting_specs[SETTING_COUNT] = {
#define SETTING(ID, key, type, default_, min, max, doc) { key, SETTING_##type, default_, min, max },
#include "config/settings.def"
#undef SETTING
};

void settings__problem(struct settings_load *load, const char *fmt, ...)
{
	char text[SETTING_PROBLEM_MAX + SETTING_ORIGIN_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	load->problems++;
	if (load->tell)
		load->tell(load->tell_arg, text);
}

void settings__warn(struct settings *s, const char *fmt, ...)
{
	char text[SETTING_PROBLEM_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->warnings = xrealloc(s->warnings, (s->warnings_n + 1) * sizeof(*s->warnings));
	s->warnings[s->warnings_n++] = xstrndup(text, strlen(text));
}

static struct settings *settings_new(void)
{
	struct settings *s = xcalloc(1, sizeof(*s));
	char problem[SETTING_PROBLEM_MAX];

	for (int i = 0; i < SETTING_COUNT; i++) {
		bool ok = setting__assign(&s->values[i], (enum setting_id)i, setting_specs[i].default_, "default",
					  problem);

		assert(ok); /* a default outside its own bounds is a mistake in settings.def */
		(void)ok;
	}
	return s;
}

/* One topic carries one thing: a record of the wrong kind would be a dead letter each time. */
static void check_topics(struct settings_load *load)
{
	static const enum setting_id topics[] = {
		SET_TOPIC_EVENTS, SET_TOPIC_CATALOG, SET_TOPIC_STOCK,
		SET_TOPIC_CONFIG, SET_TOPIC_SERVED,  SET_TOPIC_DEAD_LETTERS,
	};

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		for (size_t k = i + 1; k < ARRAY_SIZE(topics); k++) {
			const struct setting_value *a = &load->settings->values[topics[i]];
			const struct setting_value *b = &load->settings->values[topics[k]];

			if (strcmp(a->text, b->text) == 0)
				settings__problem(load, "%s and %s are both '%s': give each its own topic",
						  setting_specs[topics[i]].key, setting_specs[topics[k]].key, a->text);
		}
	}
}

static void load_all(struct settings_load *load, const struct settings_sources *from)
{
	load->settings = settings_new();
	if (from->file)
		settings__read_file(load, from->file);
	if (from->environment)
		settings__read_environment(load);
	settings__read_sets(load, from->sets, from->sets_n);
	settings__read_secrets(load);
	check_topics(load);
}

size_t settings_check(const struct settings_sources *from, settings_tell tell, void *arg, struct settings **ret)
{
	struct settings_load load = { .tell = tell, .tell_arg = arg };

	load_all(&load, from);
	*ret = load.settings;
	return load.problems;
}

static void keep_first(void *arg, const char *problem)
{
	error_set(arg, ERR_BAD_SETTING, NULL, "%s", problem);
}

int settings_load(const struct settings_sources *from, struct settings **ret, struct error *e)
{
	struct error first = { 0 };
	struct settings_load load = { .tell = keep_first, .tell_arg = &first };

	load_all(&load, from);
	if (load.problems) {
		settings_free(load.settings);
		return error_set(e, load.unreadable ? ERR_IO : ERR_BAD_SETTING, NULL, "%s", first.text);
	}
	*ret = load.settings;
	return 0;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	for (int i = 0; i < SETTING_COUNT; i++) {
		free(s->values[i].text);
		free(s->values[i].origin);
	}
	for (size_t i = 0; i < s->kafka_n; i++) {
		free(s->kafka[i].name);
		free(s->kafka[i].value);
		free(s->kafka[i].origin);
	}
	for (size_t i = 0; i < s->warnings_n; i++)
		free(s->warnings[i]);
	free(s->warnings);
	free(s->kafka);
	free(s);
}

const char *setting_string(const struct settings *s, enum setting_id id)
{
	assert(setting_specs[id].type == SETTING_STRING || setting_specs[id].type == SETTING_PATH);
	return s->values[id].text;
}

int64_t setting_int(const struct settings *s, enum setting_id id)
{
	enum setting_type type = setting_specs[id].type;

	assert(type == SETTING_INT || type == SETTING_BYTES || type == SETTING_MS);
	(void)type;
	return s->values[id].integer;
}

bool setting_bool(const struct settings *s, enum setting_id id)
{
	assert(setting_specs[id].type == SETTING_BOOL);
	return s->values[id].integer != 0;
}

double setting_number(const struct settings *s, enum setting_id id)
{
	assert(setting_specs[id].type == SETTING_NUMBER);
	return s->values[id].number;
}

const char *setting_topic(const struct settings *s, enum topic topic)
{
	static const enum setting_id ids[TOPIC_COUNT] = { SET_TOPIC_EVENTS, SET_TOPIC_CATALOG, SET_TOPIC_STOCK,
							  SET_TOPIC_CONFIG };

	assert(topic < TOPIC_COUNT);
	return setting_string(s, ids[topic]);
}

static void replace(char **at, const char *text)
{
	char *copy = xstrndup(text, strlen(text));

	free(*at);
	*at = copy;
}

void settings__put_kafka(struct settings *s, const char *name, const char *value, const char *origin)
{
	struct kafka_pair *pair = NULL;

	for (size_t i = 0; i < s->kafka_n && !pair; i++)
		if (strcmp(s->kafka[i].name, name) == 0)
			pair = &s->kafka[i];
	if (!pair) {
		s->kafka = xrealloc(s->kafka, (s->kafka_n + 1) * sizeof(*s->kafka));
		pair = &s->kafka[s->kafka_n++];
		*pair = (struct kafka_pair){ 0 };
		replace(&pair->name, name);
	}
	replace(&pair->value, value);
	replace(&pair->origin, origin);
}

bool settings_kafka(const struct settings *s, size_t index, const char **name, const char **value)
{
	if (index >= s->kafka_n)
		return false;
	*name = s->kafka[index].name;
	*value = s->kafka[index].value;
	return true;
}

const char *settings_kafka_origin(const struct settings *s, size_t index)
{
	return index < s->kafka_n ? s->kafka[index].origin : NULL;
}

const char *settings_warning(const struct settings *s, size_t index)
{
	return index < s->warnings_n ? s->warnings[index] : NULL;
}

void setting_describe(const struct settings *s, enum setting_id id, const char **key, char *value, size_t value_size,
		      char *origin, size_t origin_size)
{
	*key = setting_specs[id].key;
	snprintf(value, value_size, "%s", s->values[id].text);
	snprintf(origin, origin_size, "%s", s->values[id].origin);
}
