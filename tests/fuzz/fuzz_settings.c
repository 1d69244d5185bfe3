/*
 * fuzz_settings - any bytes as a settings file, as --set options (cut at NUL) and as an environment: each problem is
 * told in one printable line, every setting keeps a value within its bounds, and what was read is read again as it was.
 * The first byte picks the source.
 */
#include "config/settings_internal.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXTS_MAX 64

extern char **environ;

static void hear(void *arg, const char *problem)
{
	++*(size_t *)arg;
	assert(problem[0] && strlen(problem) < SETTING_PROBLEM_MAX + SETTING_ORIGIN_MAX);
}

static void expect_bounds(const struct settings *s)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_spec *spec = &setting_specs[i];
		const struct setting_value *v = &s->values[i];

		assert(v->text && v->origin && strlen(v->text) <= SETTING_VALUE_MAX);
		switch (spec->type) {
		case SETTING_STRING:
		case SETTING_PATH:
			assert(!spec->max ||
			       ((int64_t)strlen(v->text) >= spec->min && (int64_t)strlen(v->text) <= spec->max));
			break;
		case SETTING_NUMBER:
			assert(isfinite(v->number) && v->number >= (double)spec->min && v->number <= (double)spec->max);
			break;
		case SETTING_BOOL:
			assert(v->integer == 0 || v->integer == 1);
			break;
		default:
			assert(v->integer >= spec->min && v->integer <= spec->max);
		}
	}
	assert(s->kafka_n <= SETTING_KAFKA_MAX);
	for (size_t i = 0; i < s->kafka_n; i++)
		assert(s->kafka[i].name && s->kafka[i].value && s->kafka[i].origin);
}

/* Each value as --set gives the same settings without a problem. */
static void expect_again(const struct settings *s)
{
	const char *sets[SETTING_COUNT];
	struct settings_sources from = { .sets = sets, .sets_n = SETTING_COUNT };
	struct settings *again;
	size_t heard = 0;

	for (int i = 0; i < SETTING_COUNT; i++) {
		size_t n = strlen(setting_specs[i].key) + strlen(s->values[i].text) + 2;
		char *set = xmalloc(n);

		snprintf(set, n, "%s=%s", setting_specs[i].key, s->values[i].text);
		sets[i] = set;
	}
	assert(settings_check(&from, hear, &heard, &again) == 0 && heard == 0);
	for (int i = 0; i < SETTING_COUNT; i++) {
		assert(!strcmp(again->values[i].text, s->values[i].text));
		assert(again->values[i].integer == s->values[i].integer);
		free((char *)sets[i]);
	}
	settings_free(again);
}

static void check(const struct settings_sources *from)
{
	struct settings *s, *loaded = NULL;
	struct error e = { 0 };
	size_t heard = 0, problems = settings_check(from, hear, &heard, &s);
	int rc = settings_load(from, &loaded, &e);

	assert(problems == heard && (rc == 0) == (problems == 0));
	if (rc)
		expect_error(rc, &e);
	assert(rc == 0 || rc == ERR_BAD_SETTING || rc == ERR_IO);
	expect_bounds(s);
	if (!problems)
		expect_again(s);
	settings_free(s);
	settings_free(loaded);
}

/* Copies of the texts between NULs, NULL at the end. */
static size_t cut(struct bytes in, char *ret[TEXTS_MAX + 1])
{
	size_t n = 0;

	while (in.n && n < TEXTS_MAX) {
		const uint8_t *nul = memchr(in.p, 0, in.n);
		struct str text = take_bytes(&in, nul ? (size_t)(nul - in.p) : in.n);

		take_byte(&in);
		ret[n++] = xstrndup(text.p, text.n);
	}
	ret[n] = NULL;
	return n;
}

static void try_file(struct bytes in)
{
	int fd = memfd_create("settings", MFD_CLOEXEC);
	struct settings_sources from = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	from.file = path;
	if (fd < 0 || write(fd, in.p, in.n) != (ssize_t)in.n)
		abort();
	check(&from);
	close(fd);
}

static void try_texts(struct bytes in, bool as_environment)
{
	char *texts[TEXTS_MAX + 1], **before = environ;
	size_t n = cut(in, texts);
	struct settings_sources from = { .environment = as_environment };

	if (as_environment) {
		environ = texts;
	} else {
		from.sets = (const char *const *)texts;
		from.sets_n = n;
	}
	check(&from);
	environ = before;
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
}

/* kafka.NAME.file reads any file: not one that never ends or that waits for a person. */
static bool names_a_file(struct bytes in)
{
	return memmem(in.p, in.n, ".file", 5) || memmem(in.p, in.n, "_FILE", 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct bytes in = { bytes, n };
	unsigned what = take_byte(&in) % 3;

	if (names_a_file(in) && memmem(in.p, in.n, "/dev", 4))
		return 0;
	if (what == 0)
		try_file(in);
	else
		try_texts(in, what == 1);
	return 0;
}
