#include "cmd/command.h"
#include "config/log.h"
#include "schemas/suggest.h"
#include "config/version.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SETS_MAX 256
#define EXIT_FAILED 1
#define EXIT_USAGE 2

#define COMMAND(name) extern const struct command command_##name;
#include "cmd/commands.def"
#undef COMMAND

const struct command *const command_registry[] = {
#define COMMAND(name) &command_##name,
#include "cmd/commands.def"
#undef COMMAND
	NULL
};

const char *argp_program_version = "aisle " AISLE_VERSION;

static const char *const config_places[] = { "./aisle.conf", "/etc/aisle/aisle.conf" };

int command_failed(const char *fmt, ...)
{
	va_list ap;

	fputs("aisle: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

int command_misused(const char *command, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "aisle %s: ", command);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry `aisle %s --help'.\n", command);
	return EXIT_USAGE;
}

void command_goes_on(void)
{
	signal(SIGPIPE, SIG_IGN);
}

/* At exit, so that --help is looked after as well. */
static void check_output(void)
{
	if (fflush(stdout) || ferror(stdout)) {
		command_failed("cannot write to standard output");
		_exit(EXIT_FAILED);
	}
}

/* ---- options every command takes ---- */

struct common {
	const char *config;
	const char *sets[SETS_MAX + 1]; /* and that of --store */
	size_t sets_n;
	char *store_set; /* "store.path=DIR" of --store */
};

enum { OPT_CONFIG = 0x1000, OPT_SET, OPT_STORE };

static const struct argp_option common_options[] = {
	{ NULL, 0, NULL, 0, "Options of every command:", 90 },
	{ "config", OPT_CONFIG, "FILE", 0, "Settings file (./aisle.conf, else /etc/aisle/aisle.conf, when there)", 90 },
	{ "set", OPT_SET, "KEY=VALUE", 0, "Set one setting, stronger than file and environment", 90 },
	{ "store", OPT_STORE, "DIR", 0, "Directory of the store, short for --set store.path=DIR", 90 },
	{ 0 },
};

static error_t add_set(struct common *c, const char *set, struct argp_state *state)
{
	if (!strchr(set, '='))
		argp_error(state, "--set takes KEY=VALUE, '%s' has no '='", set);
	if (c->sets_n == SETS_MAX)
		argp_error(state, "more than %d times --set", SETS_MAX);
	c->sets[c->sets_n++] = set;
	return 0;
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	struct common *c = state->input;

	switch (key) {
	case OPT_CONFIG:
		c->config = arg;
		return 0;
	case OPT_SET:
		return add_set(c, arg, state);
	case OPT_STORE:
		free(c->store_set);
		if (asprintf(&c->store_set, "store.path=%s", arg) < 0)
			abort();
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void sources_of(struct common *c, struct settings_sources *ret)
{
	*ret = (struct settings_sources){ .file = c->config, .environment = true, .sets = c->sets };
	for (size_t i = 0; i < ARRAY_SIZE(config_places) && !ret->file; i++)
		if (access(config_places[i], F_OK) == 0)
			ret->file = config_places[i];
	if (c->store_set)
		c->sets[c->sets_n++] = c->store_set;
	ret->sets_n = c->sets_n;
}

/* ---- one command ---- */

struct inputs {
	void *own;
	struct common *common;
};

static error_t parse_all(int key, char *arg, struct argp_state *state)
{
	struct inputs *in = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = in->own;
	state->child_inputs[1] = in->common;
	return 0;
}

static FILE *open_text(char **text, size_t *n)
{
	FILE *f = open_memstream(text, n);

	if (!f)
		abort();
	return f;
}

/* Join the lines of a paragraph, argp breaks them at the right margin; indented lines stay. */
static void put_paragraphs(FILE *f, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool joins = text[i] == '\n' && i > 0 && text[i - 1] != '\n' && i + 1 < n && text[i + 1] != '\n' &&
			     text[i + 1] != ' ';

		fputc(joins ? ' ' : text[i], f);
	}
}

/* argp prints what is before \v above the options and the rest below: "Examples:" goes below. */
static char *doc_of(const struct command *cmd)
{
	const char *text = cmd->description ? cmd->description : "", *examples = strstr(text, "Examples:");
	size_t before = examples ? (size_t)(examples - text) : strlen(text), n;
	char *ret;
	FILE *f = open_text(&ret, &n);

	while (before && text[before - 1] == '\n')
		before--;
	fprintf(f, "%s%s", cmd->summary, before ? "\n\n" : "");
	put_paragraphs(f, text, before);
	fprintf(f, "\v%s", examples ? examples : "");
	if (fclose(f) != 0)
		abort();
	return ret;
}

static void parse_command(const struct command *cmd, int argc, char **argv, struct inputs *in)
{
	struct argp own = { .options = cmd->options, .parser = cmd->parse };
	struct argp common = { .options = common_options, .parser = parse_common };
	struct argp_child children[] = { { &own, 0, NULL, 0 }, { &common, 0, NULL, 0 }, { 0 } };
	char *doc = doc_of(cmd), *name;
	struct argp all = { .parser = parse_all, .args_doc = cmd->usage, .doc = doc, .children = children };

	if (asprintf(&name, "aisle %s", cmd->name) < 0)
		abort();
	argv[0] = name;
	argp_parse(&all, argc, argv, 0, NULL, in);
	free(doc);
	free(name);
}

static void set_log_up(const struct settings *s)
{
	enum log_level level = LOG_LEVEL_INFO;
	bool json = strcmp(setting_string(s, SET_LOG_FORMAT), "json") == 0;
	const char *warning;

	log_level_parse(setting_string(s, SET_LOG_LEVEL), &level);
	log_setup(level, json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT);
	for (size_t i = 0; (warning = settings_warning(s, i)) != NULL; i++)
		log_warn("unknown environment variable", "problem=%s", warning);
}

static int run_command(const struct command *cmd, int argc, char **argv)
{
	struct common common = { 0 };
	struct settings_sources from;
	struct error e = { 0 };
	struct command_context ctx = { .from = &from, .options = xcalloc(1, cmd->options_size) };
	struct inputs in = { ctx.options, &common };
	int status;

	parse_command(cmd, argc, argv, &in);
	sources_of(&common, &from);
	ctx.config_given = common.config != NULL;
	if (!cmd->without_settings && settings_load(&from, &ctx.settings, &e) < 0) {
		status = command_failed("%s", e.text);
	} else if (ctx.settings && !cmd->takes_generation && command_check_whole_store(ctx.settings, &e)) {
		status = command_misused(cmd->name, "%s", e.text);
	} else {
		if (ctx.settings)
			set_log_up(ctx.settings);
		status = cmd->run(&ctx);
	}
	settings_free(ctx.settings);
	free(ctx.options);
	free(common.store_set);
	return status;
}

uint64_t command_number(struct argp_state *state, const char *name, const char *text, uint64_t least, uint64_t most)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n < least || n > most)
		argp_error(state, "%s takes a number from %llu to %llu, not '%s'", name, (unsigned long long)least,
			   (unsigned long long)most, text);
	return n;
}

struct store_options command_store_options(const struct settings *set)
{
	static const char *const durabilities[] = {
		[STORE_SYNC] = "sync", [STORE_NOMETASYNC] = "nometasync", [STORE_NOSYNC] = "nosync"
	};
	struct store_options ret = {
		.path = setting_string(set, SET_STORE_PATH),
		.map_size = (uint64_t)setting_int(set, SET_STORE_MAP_SIZE),
		.key_file = setting_string(set, SET_PERSON_KEY_FILE),
		.young_path = setting_string(set, SET_YOUNG_PATH),
		.young_bytes_max = (uint64_t)setting_int(set, SET_YOUNG_BYTES_MAX),
		.item_sessions_max = (unsigned)setting_int(set, SET_ITEM_SESSIONS),
		.read_only = true,
	};

	for (size_t i = 0; i < ARRAY_SIZE(durabilities); i++)
		if (strcmp(durabilities[i], setting_string(set, SET_STORE_DURABILITY)) == 0)
			ret.durability = (enum store_durability)i;
	return ret;
}

char *command_store_at(const char *name, struct store_options *ret)
{
	const char *at = strrchr(name, '@');
	char *end = NULL, *dir;
	unsigned long n = at && access(name, F_OK) ? strtoul(at + 1, &end, 10) : 0;

	if (!n || n > UINT32_MAX || *end)
		n = 0;
	dir = xstrndup(name, n ? (size_t)(at - name) : strlen(name));
	ret->path = dir;
	ret->generation = (unsigned)n;
	return dir;
}

int command_check_whole_store(const struct settings *set, struct error *e)
{
	const char *name = setting_string(set, SET_STORE_PATH);
	struct store_options opt = { 0 };
	char *dir = command_store_at(name, &opt);
	int rc = opt.generation ? error_set(e, ERR_BAD_SETTING, "store.path",
					    "'%s' names a generation, which only `aisle inspect' and `aisle diff' "
					    "take: name the store, '%s'",
					    name, dir)
				: 0;

	free(dir);
	return rc;
}

void command_reload_log_level(const struct command_context *ctx)
{
	struct settings *fresh = NULL;
	struct error e = { 0 };
	enum log_level level;

	if (settings_load(ctx->from, &fresh, &e) < 0) {
		log_error("settings not reread", "why=\"%s\"", e.text);
		return;
	}
	if (log_level_parse(setting_string(fresh, SET_LOG_LEVEL), &level)) {
		log_set_level(LOG_LEVEL_INFO); /* whoever sent the signal sees that it came */
		log_info("settings reread", "log.level=%s", setting_string(fresh, SET_LOG_LEVEL));
		log_set_level(level);
	}
	settings_free(fresh);
}

/* ---- aisle itself ---- */

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; command_registry[i]; i++)
		if (strcmp(command_registry[i]->name, name) == 0)
			return command_registry[i];
	return NULL;
}

static void unknown_command(const char *name, struct argp_state *state)
{
	const char *names[ARRAY_SIZE(command_registry)], *near;
	size_t n = 0;

	for (; command_registry[n]; n++)
		names[n] = command_registry[n]->name;
	near = suggest_nearest(name, names, n);
	if (near)
		argp_error(state, "no command '%s', did you mean '%s'?", name, near);
	else
		argp_error(state, "no command '%s'", name);
}

struct choice {
	const struct command *command;
	int at; /* its place in argv */
};

static error_t parse_main(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		choice->command = find_command(arg);
		choice->at = state->next - 1;
		if (!choice->command)
			unknown_command(arg, state);
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name a command");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char main_doc[] =
	"Recommendations for a shop: Kafka is the log, every view is a fold of it, every answer one snapshot.\v"
	"`aisle COMMAND --help' tells more about each. Settings: defaults, then aisle.conf, then environment like "
	"AISLE_STORE_PATH, then --set; the last wins. Exit status: 0 done, 1 failed, 2 wrong usage.\n"
	"\n"
	"Examples:\n"
	"  aisle demo\n"
	"  aisle run --set kafka.bootstrap.servers=localhost:9092\n"
	"  aisle simulate --events 100000 --seed 7 --to-file events.ndjson.gz\n"
	"  aisle inspect popularity --item sku-0000001\n";

/* The commands as argp lists options: two columns, wrapped. */
static void list_commands(struct argp_option *ret)
{
	size_t i;

	ret[0] = (struct argp_option){ .doc = "Commands:", .group = 1 };
	for (i = 0; command_registry[i]; i++)
		ret[i + 1] = (struct argp_option){ .name = command_registry[i]->name,
						   .flags = OPTION_DOC | OPTION_NO_USAGE,
						   .doc = command_registry[i]->summary,
						   .group = 1 };
	ret[i + 1] = (struct argp_option){ 0 };
}

int command_main(int argc, char **argv)
{
	struct argp_option list[ARRAY_SIZE(command_registry) + 1];
	struct choice choice = { 0 };
	struct argp top = { .options = list, .parser = parse_main, .args_doc = "COMMAND [OPTION...]", .doc = main_doc };

	list_commands(list);
	argp_err_exit_status = EXIT_USAGE;
	atexit(check_output);
	argp_parse(&top, argc, argv, ARGP_IN_ORDER, NULL, &choice);
	return run_command(choice.command, argc - choice.at, argv + choice.at);
}
