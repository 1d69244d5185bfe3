#include "cmd/command.h"
#include "processor/sources.h"
#include "query/server.h"
#include "schemas/decode.h"
#include "schemas/json_keys.h"

#include <stdio.h>
#include <stdlib.h>

struct check_options {
	const char *file;
	bool json;
};

enum { OPT_JSON = 0x100 };

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "Print one JSON object", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct check_options *opt = state->input;

	switch (key) {
	case OPT_JSON:
		opt->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opt->file)
			return ARGP_ERR_UNKNOWN;
		opt->file = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct problems {
	char **text;
	size_t n;
};

static void add_problem(void *arg, const char *text)
{
	struct problems *p = arg;

	p->text = xrealloc(p->text, (p->n + 1) * sizeof(*p->text));
	p->text[p->n++] = xstrndup(text, strlen(text));
}

/* "FILE:LINE: " of a setting that is not its default. */
static void origin_of(const struct settings *s, const char *key, char *ret, size_t ret_size)
{
	const char *name;
	char value[1], origin[512];

	*ret = '\0';
	for (int i = 0; i < SETTING_COUNT; i++) {
		setting_describe(s, (enum setting_id)i, &name, value, sizeof(value), origin, sizeof(origin));
		if (!strcmp(name, key) && strcmp(origin, "default") != 0)
			snprintf(ret, ret_size, "%s: ", origin);
	}
}

static void add_error(const struct settings *s, struct problems *problems, const char *key, const struct error *e)
{
	char origin[512 + 2], text[sizeof(e->text) + sizeof(e->field) + sizeof(origin) + 2];

	origin_of(s, key, origin, sizeof(origin));
	snprintf(text, sizeof(text), "%s%s: %s", origin, key, e->text);
	add_problem(problems, text);
}

/* What only a part above config can judge. */
static void check_parts(const struct settings *s, struct problems *problems)
{
	struct decode_options opt = { .vocabularies = setting_string(s, SET_DECODE_VOCABULARIES) };
	struct store_options store = command_store_options(s);
	struct decoder *decoder = NULL;
	struct error e = { 0 };

	if (decoder_new(&opt, &decoder, &e) < 0)
		add_error(s, problems, "decode.vocabularies", &e);
	decoder_free(decoder);
	e = (struct error){ 0 };
	if (server_tls_check(s, &e))
		add_error(s, problems, e.field, &e);
	e = (struct error){ 0 };
	if (server_listen_resolve(s, &e))
		add_error(s, problems, e.field, &e);
	e = (struct error){ 0 };
	if (command_check_whole_store(s, &e))
		add_error(s, problems, e.field, &e);
	e = (struct error){ 0 };
	if (store_check_key(&store, &e))
		add_error(s, problems, e.field, &e);
	kafka_settings_check(s, add_problem, problems);
}

/* Passwords and keys are not shown. */
static bool is_secret(const char *kafka_name)
{
	return strstr(kafka_name, "password") || strstr(kafka_name, "secret") || strstr(kafka_name, "key.pem");
}

struct row {
	const char *key;
	char value[512], origin[512];
};

static bool kafka_row(const struct settings *s, size_t i, struct row *ret, char *key, size_t key_size)
{
	const char *name, *value;

	if (!settings_kafka(s, i, &name, &value))
		return false;
	snprintf(key, key_size, "kafka.%s", name);
	ret->key = key;
	snprintf(ret->value, sizeof(ret->value), "%s", is_secret(name) ? "(hidden)" : value);
	snprintf(ret->origin, sizeof(ret->origin), "%s", settings_kafka_origin(s, i));
	return true;
}

static void each_row(const struct settings *s, void (*print)(void *arg, const struct row *row), void *arg)
{
	struct row row;
	char key[300];

	for (int i = 0; i < SETTING_COUNT; i++) {
		setting_describe(s, (enum setting_id)i, &row.key, row.value, sizeof(row.value), row.origin,
				 sizeof(row.origin));
		print(arg, &row);
	}
	for (size_t i = 0; kafka_row(s, i, &row, key, sizeof(key)); i++)
		print(arg, &row);
}

static void print_text(void *arg, const struct row *row)
{
	(void)arg;
	printf("%-26s %-30s %s\n", row->key, row->value, row->origin);
}

static void print_json(void *arg, const struct row *row)
{
	struct json_out *j = arg;

	json_out_key(j, row->key);
	json_out_object(j);
	key_text(j, "value", row->value);
	key_text(j, "from", row->origin);
	json_out_end_object(j);
}

static void print_object(const struct settings *s, const struct problems *problems)
{
	struct json_out j = { 0 };
	const char *warning;

	json_out_object(&j);
	json_out_key(&j, "settings");
	json_out_object(&j);
	each_row(s, print_json, &j);
	json_out_end_object(&j);
	json_out_key(&j, "problems");
	json_out_array(&j);
	for (size_t i = 0; i < problems->n; i++)
		json_out_text(&j, problems->text[i]);
	json_out_end_array(&j);
	json_out_key(&j, "warnings");
	json_out_array(&j);
	for (size_t i = 0; (warning = settings_warning(s, i)) != NULL; i++)
		json_out_text(&j, warning);
	json_out_end_array(&j);
	json_out_end_object(&j);
	printf("%.*s\n", (int)j.n, j.p);
	json_out_fini(&j);
}

static int run(struct command_context *ctx)
{
	const struct check_options *opt = ctx->options;
	struct settings_sources from = *ctx->from;
	struct problems problems = { 0 };
	struct settings *s = NULL;
	const char *warning;

	if (opt->file && ctx->config_given)
		return command_misused("check-config", "FILE and --config exclude one another");
	if (opt->file)
		from.file = opt->file;
	settings_check(&from, add_problem, &problems, &s);
	check_parts(s, &problems);
	if (opt->json)
		print_object(s, &problems);
	else
		each_row(s, print_text, NULL);
	fflush(stdout);
	for (size_t i = 0; (warning = settings_warning(s, i)) != NULL; i++)
		fprintf(stderr, "aisle: warning: %s\n", warning);
	for (size_t i = 0; i < problems.n; i++) {
		command_failed("%s", problems.text[i]);
		free(problems.text[i]);
	}
	free(problems.text);
	settings_free(s);
	return problems.n ? 1 : 0;
}

const struct command command_check_config = {
	.name = "check-config",
	.summary = "Show every setting, where it comes from, and what is wrong",
	.usage = "[FILE]",
	.description =
		"Reads FILE (or the file that the other commands would read), the environment and --set, and prints each\n"
		"setting with its value and origin. Every problem is printed, not only the first; then the status is 1.\n"
		"The host of http.listen is resolved, the files of http.tls.* and person.key.file are looked at, and librdkafka is asked about kafka.*, without connecting to anything.\n"
		"Passwords are not shown.\n"
		"\n"
		"Examples:\n"
		"  aisle check-config /etc/aisle/aisle.conf\n"
		"  aisle check-config --set http.threads=4 --json\n",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct check_options),
	.without_settings = true,
	.run = run,
};
