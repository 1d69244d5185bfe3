#include "config/settings.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[64];

static void write_bytes(const char *text, size_t n)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/aisle-settings-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, n), (ssize_t)n);
	close(fd);
}

static void write_file(const char *text)
{
	write_bytes(text, strlen(text));
}

static void remove_file(void)
{
	if (path[0])
		unlink(path);
	path[0] = '\0';
}

TestSuite(settings, .fini = remove_file);

static struct settings *load(const char *file_text, bool environment, const char *const *sets, size_t sets_n)
{
	struct settings_sources from = { .environment = environment, .sets = sets, .sets_n = sets_n };
	struct settings *s = NULL;
	struct error e = { 0 };

	if (file_text) {
		write_file(file_text);
		from.file = path;
	}
	cr_assert_eq(settings_load(&from, &s, &e), 0, "%s", e.text);
	return s;
}

Test(settings, defaults_hold_without_any_source)
{
	struct settings *s = load(NULL, false, NULL, 0);

	cr_expect_str_eq(setting_string(s, SET_HTTP_LISTEN), "127.0.0.1:8600");
	cr_expect_eq(setting_int(s, SET_STORE_MAP_SIZE), INT64_C(64) << 30);
	cr_expect_eq(setting_int(s, SET_HTTP_TIMEOUT), 10000);
	cr_expect_eq(setting_bool(s, SET_ANSWER_CATALOG_REQUIRED), false);
	cr_expect_float_eq(setting_number(s, SET_TREND_PURCHASE_WEIGHT), 8.0, 1e-12);
	settings_free(s);
}

Test(settings, the_last_source_wins)
{
	static const char *const sets[] = { "store.path=/set", "http.threads=9", "http.threads=3" };
	char value[64], origin[600], wanted[128];
	const char *key;
	struct settings *s;

	setenv("AISLE_STORE_PATH", "/env", 1);
	setenv("AISLE_HTTP_BODY_MAX", "2m", 1);
	s = load("store.path = /file\nhttp.bodyMax = 1m\nlog.level = warn\n", true, sets, ARRAY_SIZE(sets));
	cr_expect_str_eq(setting_string(s, SET_STORE_PATH), "/set");
	cr_expect_eq(setting_int(s, SET_HTTP_THREADS), 3);
	cr_expect_eq(setting_int(s, SET_HTTP_BODY_MAX), 2 << 20);
	cr_expect_str_eq(setting_string(s, SET_LOG_LEVEL), "warn");
	setting_describe(s, SET_LOG_LEVEL, &key, value, sizeof(value), origin, sizeof(origin));
	snprintf(wanted, sizeof(wanted), "%s:3", path);
	cr_expect_str_eq(key, "log.level");
	cr_expect_str_eq(value, "warn");
	cr_expect_str_eq(origin, wanted);
	setting_describe(s, SET_HTTP_BODY_MAX, &key, value, sizeof(value), origin, sizeof(origin));
	cr_expect_str_eq(origin, "AISLE_HTTP_BODY_MAX");
	setting_describe(s, SET_STORE_PATH, &key, value, sizeof(value), origin, sizeof(origin));
	cr_expect_str_eq(origin, "--set");
	settings_free(s);
}

Test(settings, files_have_comments_spaces_and_any_line_end)
{
	struct settings *s = load("# first\r\n\r\n  ; second\n\thttp.threads=4\r\n  log.format   =   json   ; why\n"
				  "topics.events = a.b",
				  false, NULL, 0);

	cr_expect_eq(setting_int(s, SET_HTTP_THREADS), 4);
	cr_expect_str_eq(setting_string(s, SET_LOG_FORMAT), "json");
	cr_expect_str_eq(setting_string(s, SET_TOPIC_EVENTS), "a.b");
	settings_free(s);
}

Test(settings, kafka_pairs_come_from_every_source)
{
	static const char *const sets[] = { "kafka.client.id=from-set" };
	const char *name, *value;
	struct settings *s;

	setenv("AISLE_KAFKA_BOOTSTRAP_SERVERS", "env:9092", 1);
	s = load("kafka.bootstrap.servers = file:9092\nkafka.client.id = from-file\nkafka.linger.ms = 5\n", true, sets,
		 1);
	cr_assert(settings_kafka(s, 0, &name, &value));
	cr_expect_str_eq(name, "bootstrap.servers");
	cr_expect_str_eq(value, "env:9092");
	cr_expect_str_eq(settings_kafka_origin(s, 0), "AISLE_KAFKA_BOOTSTRAP_SERVERS");
	cr_assert(settings_kafka(s, 1, &name, &value));
	cr_expect_str_eq(name, "client.id");
	cr_expect_str_eq(value, "from-set");
	cr_assert(settings_kafka(s, 2, &name, &value));
	cr_expect_str_eq(value, "5");
	cr_expect_not(settings_kafka(s, 3, &name, &value));
	settings_free(s);
}

Test(settings, a_kafka_secret_is_read_from_its_file)
{
	char set[128];
	const char *sets[] = { set }, *name, *value;
	struct settings_sources from = { .sets = sets, .sets_n = 1 };
	struct settings *s = NULL;
	struct error e = { 0 };

	write_file("s3cret = with spaces\n");
	snprintf(set, sizeof(set), "kafka.sasl.password.file=%s", path);
	cr_assert_eq(settings_load(&from, &s, &e), 0, "%s", e.text);
	cr_assert(settings_kafka(s, 0, &name, &value));
	cr_expect_str_eq(name, "sasl.password");
	cr_expect_str_eq(value, "s3cret = with spaces");
	cr_expect_not(settings_kafka(s, 1, &name, &value));
	settings_free(s);
	unlink(path);
	cr_expect_eq(settings_load(&from, &s, &e), ERR_BAD_SETTING);
	cr_expect(strstr(e.text, "kafka.sasl.password.file"), "%s", e.text);
}

Test(settings, unknown_variables_are_warnings)
{
	struct settings *s;

	setenv("AISLE_STORE_PAHT", "/x", 1);
	s = load(NULL, true, NULL, 0);
	cr_assert_not_null(settings_warning(s, 0));
	cr_expect(strstr(settings_warning(s, 0), "did you mean AISLE_STORE_PATH?"), "%s", settings_warning(s, 0));
	cr_expect_null(settings_warning(s, 1));
	settings_free(s);
}

struct bad_set {
	char set[64], wanted[64];
};

ParameterizedTestParameters(settings, a_bad_value_is_refused)
{
	static struct bad_set sets[] = {
		{ "http.threads=0", "out of range, it must be 1 to 256" },
		{ "http.threads=257", "out of range" },
		{ "http.threads=two", "is not a whole number" },
		{ "http.threads=", "is not a whole number" },
		{ "http.threads=2s", "is not a whole number" },
		{ "http.threads= 2", "is not a whole number" },
		{ "http.threads=99999999999999999999", "out of range" },
		{ "store.mapSize=1t", "is not bytes" },
		{ "store.mapSize=1023k", "must be 1m to 1024g" },
		{ "store.mapSize=9223372036854775807g", "out of range" },
		{ "http.timeout=1d", "is not a time" },
		{ "http.timeout=99", "must be 100ms to 10m" },
		{ "http.listen=8600", "is not host:port" },
		{ "http.listen=:8600", "is not host:port" },
		{ "http.listen=host:", "no port" },
		{ "http.listen=host:65536", "no port" },
		{ "http.listen=host:-1", "no port" },
		{ "http.listen=::1:80", "is not host:port" },
		{ "log.level=loud", "not one of debug, info, warn or error" },
		{ "log.format=xml", "not one of text or json" },
		{ "store.durability=maybe", "not one of sync, nometasync or nosync" },
		{ "answers.catalogRequired=yes", "neither true nor false" },
		{ "trending.viewWeight=nan", "is not a number" },
		{ "trending.viewWeight=-1", "out of range" },
		{ "trending.viewWeight=1,5", "is not a number" },
		{ "trending.viewWeight=0x1", "is not a number" },
		{ "topics.events=", "it must have 1 to 249" },
		{ "topics.events=a b", "is no topic name" },
		{ "topics.events=shop.stock", "give each its own topic" },
		{ "http.corsOrigin=https://a\r\nset-cookie: b", "byte 10 is a control character" },
		{ "store.path=a\x7f", "byte 2 is a control character" },
		{ "topics.served=a b", "is no topic name" },
		{ "topics.served=shop.events", "give each its own topic" },
		{ "store.pth=x", "did you mean 'store.path'?" },
		{ "bootstrap.servers=x", "unknown key" },
		{ "kafka.=x", "is no kafka.NAME" },
		{ "kafka.Client=x", "is no kafka.NAME" },
		{ "store.path", "is not KEY=VALUE" },
	};

	return cr_make_param_array(struct bad_set, sets, ARRAY_SIZE(sets));
}

ParameterizedTest(struct bad_set *bad, settings, a_bad_value_is_refused)
{
	const char *sets[] = { bad->set };
	struct settings_sources from = { .sets = sets, .sets_n = 1 };
	struct settings *s = NULL;
	struct error e = { 0 };

	cr_assert_eq(settings_load(&from, &s, &e), ERR_BAD_SETTING, "%s was taken", bad->set);
	cr_expect_null(s);
	cr_expect(strstr(e.text, bad->wanted), "%s: %s", bad->set, e.text);
}

struct good_set {
	char set[64];
	int id;
	int64_t wanted;
};

ParameterizedTestParameters(settings, amounts_take_units)
{
	static struct good_set sets[] = {
		{ "http.bodyMax=1k", SET_HTTP_BODY_MAX, 1024 },
		{ "http.bodyMax=2m", SET_HTTP_BODY_MAX, 2 << 20 },
		{ "http.bodyMax=2000", SET_HTTP_BODY_MAX, 2000 },
		{ "store.mapSize=2g", SET_STORE_MAP_SIZE, INT64_C(2) << 30 },
		{ "http.timeout=100ms", SET_HTTP_TIMEOUT, 100 },
		{ "http.timeout=250", SET_HTTP_TIMEOUT, 250 },
		{ "http.timeout=9s", SET_HTTP_TIMEOUT, 9000 },
		{ "http.timeout=2m", SET_HTTP_TIMEOUT, 120000 },
		{ "http.readyLagMax=24h", SET_HTTP_LAG_MAX, 86400000 },
		{ "http.readyLagMax=0", SET_HTTP_LAG_MAX, 0 },
		{ "http.threads=256", SET_HTTP_THREADS, 256 },
	};

	return cr_make_param_array(struct good_set, sets, ARRAY_SIZE(sets));
}

ParameterizedTest(struct good_set *good, settings, amounts_take_units)
{
	const char *sets[] = { good->set };
	struct settings *s = load(NULL, false, sets, 1);

	cr_expect_eq(setting_int(s, (enum setting_id)good->id), good->wanted, "%s", good->set);
	settings_free(s);
}

Test(settings, ipv6_and_port_zero_are_addresses)
{
	static const char *const sets[] = { "http.listen=[::1]:0" };
	struct settings *s = load(NULL, false, sets, 1);

	cr_expect_str_eq(setting_string(s, SET_HTTP_LISTEN), "[::1]:0");
	settings_free(s);
}

struct problems {
	size_t n;
	char text[16][512];
};

static void keep(void *arg, const char *problem)
{
	struct problems *p = arg;

	cr_assert_lt(p->n, ARRAY_SIZE(p->text));
	snprintf(p->text[p->n++], sizeof(p->text[0]), "%s", problem);
}

static void expect_problem(const struct problems *p, int line, const char *wanted)
{
	char place[96];

	snprintf(place, sizeof(place), "%s:%d: ", path, line);
	for (size_t i = 0; i < p->n; i++)
		if (strncmp(p->text[i], place, strlen(place)) == 0 && strstr(p->text[i], wanted))
			return;
	cr_expect(false, "no problem in line %d with '%s'", line, wanted);
}

Test(settings, a_file_tells_all_its_problems_with_their_lines)
{
	struct settings_sources from = { .file = path };
	struct problems problems = { 0 };
	struct settings *s = NULL;
	char *text = xmalloc(20000);

	snprintf(text, 20000,
		 "http.threads = 4\n\nhttp.thraeds = 2\n[store]\nhttp.threads = 5\nlog.level = x\nno equals sign\n"
		 "store.path = %0*d\nlog.format = json\n",
		 9000, 0);
	write_file(text);
	free(text);
	cr_expect_eq(settings_check(&from, keep, &problems, &s), 6);
	expect_problem(&problems, 3, "did you mean 'http.threads'?");
	expect_problem(&problems, 4, "sections");
	expect_problem(&problems, 5, "set in line 1 already");
	expect_problem(&problems, 6, "log.level");
	expect_problem(&problems, 7, "not 'key = value'");
	expect_problem(&problems, 8, "longer than");
	cr_expect_eq(setting_int(s, SET_HTTP_THREADS), 4);
	cr_expect_str_eq(setting_string(s, SET_LOG_LEVEL), "info");
	cr_expect_str_eq(setting_string(s, SET_LOG_FORMAT), "json", "lines after a bad one count");
	settings_free(s);
}

/* What stands behind it would not be seen. */
Test(settings, a_nul_in_a_file_is_a_problem)
{
	static const char text[] = "log.format = json\nhttp.threads = 2\0 3\n";
	struct settings_sources from = { .file = path };
	struct problems problems = { 0 };
	struct settings *s = NULL;

	write_bytes(text, sizeof(text) - 1);
	cr_expect_eq(settings_check(&from, keep, &problems, &s), 1);
	expect_problem(&problems, 2, "NUL");
	cr_expect_str_eq(setting_string(s, SET_LOG_FORMAT), "json");
	settings_free(s);
}

Test(settings, a_file_without_an_end_is_an_error)
{
	struct settings_sources from = { .file = path };
	struct settings *s = NULL;
	struct error e = { 0 };
	char lines[20001];

	memset(lines, '\n', sizeof(lines));
	write_bytes(lines, sizeof(lines));
	cr_assert_eq(settings_load(&from, &s, &e), ERR_BAD_SETTING);
	cr_assert(strstr(e.text, "has more than 20000 lines"), "%s", e.text);
	from.file = "/dev/zero";
	e = (struct error){ 0 };
	cr_assert_eq(settings_load(&from, &s, &e), ERR_BAD_SETTING);
	cr_assert(strstr(e.text, "/dev/zero:1: there is a NUL byte"), "%s", e.text);
}

Test(settings, a_file_that_cannot_be_opened_is_an_error)
{
	struct settings_sources from = { .file = "/nonexistent/aisle.conf" };
	struct settings *s = NULL;
	struct error e = { 0 };

	cr_expect_eq(settings_load(&from, &s, &e), ERR_IO);
	cr_expect(strstr(e.text, "/nonexistent/aisle.conf"), "%s", e.text);
	cr_expect_null(s);
}

Test(settings, the_sample_is_valid_and_changes_nothing)
{
	struct settings_sources from = { .file = "config/aisle.conf.sample" };
	struct settings *s = NULL;
	char value[600], origin[600];
	const char *key;
	struct error e = { 0 };

	cr_assert_eq(settings_load(&from, &s, &e), 0, "%s", e.text);
	for (int i = 0; i < SETTING_COUNT; i++) {
		setting_describe(s, (enum setting_id)i, &key, value, sizeof(value), origin, sizeof(origin));
		cr_expect_str_eq(origin, "default", "%s", key);
	}
	settings_free(s);
}
