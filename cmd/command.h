/*
 * command.h - what a subcommand is: one file, one descriptor, one COMMAND line in commands.def.
 *
 * The descriptor's texts are --help and, through help2man, the manual page. Exit status: 0 done, 1 failed (one line
 * on stderr says what and what to do), 2 wrong usage. Thread: main.
 */
#ifndef AISLE_CMD_COMMAND_H
#define AISLE_CMD_COMMAND_H

#include "config/settings.h"
#include "views/store.h"

#include <argp.h>
#include <stdbool.h>

/* Options every command takes: --config FILE, --set KEY=VALUE, --store DIR. */
struct command_context {
	struct settings *settings;
	const struct settings_sources *from; /* where they came from; for command_reload_log_level and check-config */
	bool config_given;                   /* --config */
	void *options;                       /* the command's own, options_size bytes, zeroed, filled by its parser */
};

struct command {
	const char *name;
	const char *summary;               /* one line */
	const char *usage;                 /* arguments after the options, as argp's args_doc; NULL: none */
	const char *description;           /* paragraphs, with an "Examples:" part */
	const struct argp_option *options; /* own options, or NULL */
	argp_parser_t parse;               /* own options and arguments; state->input is `options`; may be NULL */
	size_t options_size;
	bool without_settings;                   /* ctx->settings is NULL: check-config reads them itself */
	bool takes_generation;                   /* the store may be DIR@GENERATION; of others that is wrong usage */
	int (*run)(struct command_context *ctx); /* returns the exit status */
};

/* commands.def, in that order; NULL at the end. */
extern const struct command *const command_registry[];

/* Parse, load the settings, set the log up, run. Returns the exit status; wrong usage exits with 2. */
int command_main(int argc, char **argv);

/* "aisle: " and the message on stderr; returns 1, so that `return command_failed(...)` reads well. */
int command_failed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same for wrong usage found after parsing: adds a hint at `aisle COMMAND --help`; returns 2. */
int command_misused(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * For what does more than print: it does not end in the middle because nobody reads what it says (`aisle replay 2>&1 | head`).
 * Output that was lost is an error at exit.
 */
void command_goes_on(void);

/* The whole number of an option ("--rate"); any other text is wrong usage. */
uint64_t command_number(struct argp_state *state, const char *name, const char *text, uint64_t least, uint64_t most);

/* The store of the settings, to read; `writer` and `read_only` are the caller's to change. Borrows the settings' strings. */
struct store_options command_store_options(const struct settings *set);
/* DIR or DIR@GENERATION into the options; the path in them is the text that is returned, to be freed. */
char *command_store_at(const char *name, struct store_options *ret);
/* BAD_SETTING when store.path is DIR@GENERATION: for what takes the whole store. */
int command_check_whole_store(const struct settings *set, struct error *e) MUST_CHECK;

/* SIGHUP: read log.level again. Errors are logged and leave the level. */
void command_reload_log_level(const struct command_context *ctx);

#endif
