/*
 * command.h - what a subcommand is: one file, one descriptor, one COMMAND line in commands.def.
 *
 * The descriptor's texts are --help and, through help2man, the manual page. Exit status: 0 done, 1 failed (one line
 * on stderr says what and what to do), 2 wrong usage. Thread: main.
 */
#ifndef AISLE_CMD_COMMAND_H
#define AISLE_CMD_COMMAND_H

#include <argp.h>
#include <stdbool.h>

struct settings;

/* Options every command takes: --config FILE, --set KEY=VALUE, --store DIR. */
struct command_context {
	struct settings *settings;
	void *options;             /* the command's own, options_size bytes, zeroed, filled by its parser */
};

struct command {
	const char *name;
	const char *summary;       /* one line */
	const char *usage;         /* arguments after the options, as argp's args_doc; NULL: none */
	const char *description;   /* paragraphs, with an "Examples:" part */
	const struct argp_option *options;  /* own options, or NULL */
	argp_parser_t parse;       /* own options and arguments; state->input is `options`; may be NULL */
	size_t options_size;
	int (*run)(struct command_context *ctx);   /* returns the exit status */
};

extern const struct command *const command_registry[]; /* NULL at the end */

/* "aisle: " and the message on stderr; returns 1, so that `return command_failed(...)` reads well. */
int command_failed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
