#include "config/settings_internal.h"
#include "schemas/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define KAFKA_PREFIX "kafka."
#define KAFKA_PREFIX_LEN (sizeof(KAFKA_PREFIX) - 1)
#define SECRET_SUFFIX ".file"
#define LINE_MAX_BYTES (SETTING_VALUE_MAX + 256)
#define LINES_MAX 20000 /* of a file, or pieces of too long ones: a device may have no end */

extern char **environ;

static int find(const char *key)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		if (strcmp(setting_specs[i].key, key) == 0)
			return i;
	return -1;
}

static const char *nearest_key(const char *key)
{
	const char *keys[SETTING_COUNT + 1];

	for (int i = 0; i < SETTING_COUNT; i++)
		keys[i] = setting_specs[i].key;
	keys[SETTING_COUNT] = "kafka.bootstrap.servers";
	return suggest_nearest(key, keys, ARRAY_SIZE(keys));
}

static void unknown_key(struct settings_load *load, const char *key, const char *origin)
{
	const char *near = nearest_key(key);

	if (near)
		settings__problem(load, "%s: unknown key '%s', did you mean '%s'?", origin, key, near);
	else
		settings__problem(load, "%s: unknown key '%s', docs/settings.md lists them all", origin, key);
}

static bool kafka_name_is_good(const char *name)
{
	return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static void assign(struct settings_load *load, const char *key, const char *value, const char *origin)
{
	char problem[SETTING_PROBLEM_MAX];
	int id = find(key);

	if (strncmp(key, KAFKA_PREFIX, KAFKA_PREFIX_LEN) == 0) {
		if (!kafka_name_is_good(key + KAFKA_PREFIX_LEN))
			settings__problem(load,
					  "%s: '%s' is no kafka.NAME of lower-case letters, digits, '.', '_' and '-'",
					  origin, key);
		else if (load->settings->kafka_n >= SETTING_KAFKA_MAX)
			settings__problem(load, "%s: more than %d kafka.* settings", origin, SETTING_KAFKA_MAX);
		else
			settings__put_kafka(load->settings, key + KAFKA_PREFIX_LEN, value, origin);
		return;
	}
	if (id < 0)
		unknown_key(load, key, origin);
	else if (!setting__assign(&load->settings->values[id], (enum setting_id)id, value, origin, problem))
		settings__problem(load, "%s: %s: %s", origin, key, problem);
}

/* Who opened a named pipe would wait for its writer; one of a shell's <(...) has its own. */
static FILE *open_file(const char *path, const char **ret_why)
{
	struct stat st;
	FILE *f = NULL;

	if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode) && strncmp(path, "/dev/", 5) != 0)
		*ret_why = "it is a named pipe, not a file";
	else if (!(f = fopen(path, "re")))
		*ret_why = strerror(errno);
	return f;
}

/* ---- the file: libinih splits lines, we count them ---- */

struct reader {
	struct settings_load *load;
	const char *path;
	FILE *f;
	int line, pieces;
	bool rest_of_line; /* the last piece had no newline: inih's buffer was full */
	char **keys;       /* seen so far, to find one that comes twice */
	int *key_lines;
	size_t keys_n;
};

/* fgets, up to a NUL, which it tells of: behind it a line would be cut off in silence. */
static char *get_line(char *buf, int size, FILE *f, bool *ret_has_nul)
{
	int n = 0, c = 0;

	while (n < size - 1 && c != '\n' && (c = getc_unlocked(f)) != EOF && c)
		buf[n++] = (char)c;
	buf[n] = '\0';
	*ret_has_nul = c == '\0';
	return n ? buf : NULL;
}

static char *read_line(char *buf, int size, void *arg)
{
	struct reader *r = arg;
	bool has_nul;
	char *got = get_line(buf, size, r->f, &has_nul);

	if (has_nul) {
		settings__problem(r->load, "%s:%d: there is a NUL byte: is it a settings file?", r->path, r->line + 1);
		return NULL;
	}
	if (got && r->pieces++ == LINES_MAX) {
		settings__problem(r->load, "'%s' has more than %d lines: is it a settings file?", r->path, LINES_MAX);
		return NULL;
	}
	if (!got)
		return NULL;
	if (!r->rest_of_line)
		r->line++;
	if (strlen(got) == (size_t)size - 1 && !strchr(got, '\n')) {
		if (!r->rest_of_line)
			settings__problem(r->load, "%s:%d: the line is longer than %d bytes", r->path, r->line,
					  LINE_MAX_BYTES);
		r->rest_of_line = true;
		got[0] = '\0';
		return got;
	}
	if (r->rest_of_line)
		got[0] = '\0';
	r->rest_of_line = false;
	if (got[strspn(got, " \t")] == '[') {
		settings__problem(r->load, "%s:%d: sections are not used here, write whole keys as in store.path",
				  r->path, r->line);
		got[0] = '\0';
	}
	return got;
}

static bool seen_before(struct reader *r, const char *key, int *ret_line)
{
	for (size_t i = 0; i < r->keys_n; i++) {
		if (strcmp(r->keys[i], key) == 0) {
			*ret_line = r->key_lines[i];
			return true;
		}
	}
	r->keys = xrealloc(r->keys, (r->keys_n + 1) * sizeof(*r->keys));
	r->key_lines = xrealloc(r->key_lines, (r->keys_n + 1) * sizeof(*r->key_lines));
	r->keys[r->keys_n] = xstrndup(key, strlen(key));
	r->key_lines[r->keys_n++] = r->line;
	return false;
}

static int take_pair(void *arg, const char *section, const char *key, const char *value)
{
	struct reader *r = arg;
	char origin[SETTING_ORIGIN_MAX];
	int first;

	(void)section;
	snprintf(origin, sizeof(origin), "%s:%d", r->path, r->line);
	if (seen_before(r, key, &first))
		settings__problem(r->load, "%s: '%s' is set in line %d already", origin, key, first);
	else
		assign(r->load, key, value, origin);
	return 1;
}

void settings__read_file(struct settings_load *load, const char *path)
{
	const char *why;
	struct reader r = { .load = load, .path = path, .f = open_file(path, &why) };
	int bad_line;

	if (!r.f) {
		load->unreadable = true;
		settings__problem(load, "cannot open settings '%s': %s", path, why);
		return;
	}
	ini_allow_multiline = false;
	ini_use_stack = false;
	ini_max_line = LINE_MAX_BYTES;
	ini_initial_alloc = LINE_MAX_BYTES;
	bad_line = ini_parse_stream(read_line, &r, take_pair, &r);
	if (bad_line > 0)
		settings__problem(load, "%s:%d: this line is not 'key = value'", path, bad_line);
	if (bad_line == -2 || ferror(r.f)) {
		load->unreadable = true;
		settings__problem(load, "cannot read settings '%s': %s", path, strerror(errno));
	}
	for (size_t i = 0; i < r.keys_n; i++)
		free(r.keys[i]);
	free(r.keys);
	free(r.key_lines);
	fclose(r.f);
}

/* ---- the environment ---- */

/* "store.mapSize" to "AISLE_STORE_MAP_SIZE". */
static void env_name(const char *key, char *ret, size_t ret_size)
{
	size_t n = (size_t)snprintf(ret, ret_size, "%s", SETTING_ENV_PREFIX);

	for (const char *p = key; *p && n + 2 < ret_size; p++) {
		if (isupper((unsigned char)*p))
			ret[n++] = '_';
		ret[n++] = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
	}
	ret[n] = '\0';
}

static int find_env(const char *name, char names[SETTING_COUNT][64])
{
	for (int i = 0; i < SETTING_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static void warn_unknown(struct settings *s, const char *name, char names[SETTING_COUNT][64])
{
	const char *list[SETTING_COUNT], *near;

	for (int i = 0; i < SETTING_COUNT; i++)
		list[i] = names[i];
	near = suggest_nearest(name, list, SETTING_COUNT);
	settings__warn(s, "%s names no setting%s%s%s", name, near ? ", did you mean " : "", near ? near : "",
		       near ? "?" : "");
}

/* AISLE_KAFKA_BOOTSTRAP_SERVERS=x is kafka.bootstrap.servers = x. */
static void assign_kafka_variable(struct settings_load *load, const char *name, const char *value)
{
	char key[256];
	size_t i;

	for (i = 0; name[sizeof(SETTING_ENV_PREFIX) - 1 + i] && i + 1 < sizeof(key); i++) {
		char c = name[sizeof(SETTING_ENV_PREFIX) - 1 + i];

		key[i] = c == '_' ? '.' : (char)tolower((unsigned char)c);
	}
	key[i] = '\0';
	assign(load, key, value, name);
}

void settings__read_environment(struct settings_load *load)
{
	char names[SETTING_COUNT][64];

	for (int i = 0; i < SETTING_COUNT; i++)
		env_name(setting_specs[i].key, names[i], sizeof(names[i]));
	for (char **e = environ; *e; e++) {
		const char *equals = strchr(*e, '=');
		char name[256];
		int id;

		if (!equals || strncmp(*e, SETTING_ENV_PREFIX, sizeof(SETTING_ENV_PREFIX) - 1) != 0 ||
		    equals - *e >= (ptrdiff_t)sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(equals - *e), *e);
		id = find_env(name, names);
		if (id >= 0)
			assign(load, setting_specs[id].key, equals + 1, name);
		else if (strncmp(name, SETTING_ENV_PREFIX "KAFKA_", sizeof(SETTING_ENV_PREFIX "KAFKA_") - 1) == 0)
			assign_kafka_variable(load, name, equals + 1);
		else
			warn_unknown(load->settings, name, names);
	}
}

/* ---- --set key=value ---- */

void settings__read_sets(struct settings_load *load, const char *const *sets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *equals = strchr(sets[i], '=');
		char *key;

		if (!equals) {
			settings__problem(load, "--set: '%s' is not KEY=VALUE", sets[i]);
			continue;
		}
		key = xstrndup(sets[i], (size_t)(equals - sets[i]));
		assign(load, key, equals + 1, "--set");
		free(key);
	}
}

/* ---- kafka.NAME.file: the value of kafka.NAME is in a file ---- */

/* NULL, or what went wrong. */
static const char *read_secret(const char *path, char *ret, size_t ret_size)
{
	const char *why = NULL;
	FILE *f = open_file(path, &why);
	size_t n;

	if (!f)
		return why;
	n = fread(ret, 1, ret_size - 1, f);
	if (ferror(f) || !feof(f))
		why = strerror(ferror(f) ? errno : EFBIG);
	fclose(f);
	while (n && (ret[n - 1] == '\n' || ret[n - 1] == '\r'))
		n--;
	ret[n] = '\0';
	return why;
}

void settings__read_secrets(struct settings_load *load)
{
	struct settings *s = load->settings;
	char *secret = xmalloc(65536);

	for (size_t i = 0; i < s->kafka_n;) {
		struct kafka_pair pair = s->kafka[i];
		size_t n = strlen(pair.name), tail = sizeof(SECRET_SUFFIX) - 1;
		const char *why;

		if (n <= tail || strcmp(pair.name + n - tail, SECRET_SUFFIX) != 0) {
			i++;
			continue;
		}
		memmove(&s->kafka[i], &s->kafka[i + 1], (s->kafka_n - i - 1) * sizeof(*s->kafka));
		s->kafka_n--;
		why = read_secret(pair.value, secret, 65536);
		if (why) {
			settings__problem(load, "%s: cannot read '%s' of kafka.%s: %s", pair.origin, pair.value,
					  pair.name, why);
		} else {
			pair.name[n - tail] = '\0';
			settings__put_kafka(s, pair.name, secret, pair.origin);
		}
		free(pair.name);
		free(pair.value);
		free(pair.origin);
	}
	explicit_bzero(secret, 65536);
	free(secret);
}
