#include "cmd/command.h"
#include "query/next_calibrate.h"
#include "schemas/json_keys.h"

#include <stdio.h>

#define PREFIXES_DEFAULT 2000
#define PREFIXES_MAX 10000000

struct calibrate_options {
	uint32_t prefixes; /* 0: the default */
	bool json;
};

enum { OPT_PREFIXES = 0x100, OPT_JSON };

static const struct argp_option options[] = {
	{ "prefixes", OPT_PREFIXES, "N", 0, "Beginnings of sessions to look at, the newest (2000)", 0 },
	{ "json", OPT_JSON, NULL, 0, "Print one line of JSON", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct calibrate_options *opt = state->input;

	switch (key) {
	case OPT_PREFIXES:
		opt->prefixes = (uint32_t)command_number(state, "--prefixes", arg, 1, PREFIXES_MAX);
		return 0;
	case OPT_JSON:
		opt->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_json(const struct next_calibration *c, double now)
{
	struct json_out j = { 0 };

	json_out_object(&j);
	key_int(&j, "sessions", c->sessions);
	key_int(&j, "prefixes", c->prefixes);
	key_int(&j, "hits", c->hits);
	key_number(&j, "shares", c->shares);
	key_number(&j, "kappa", c->kappa);
	key_number(&j, "configured", now);
	json_out_end_object(&j);
	printf("%.*s\n", (int)j.n, j.p);
	json_out_fini(&j);
}

static int run(struct command_context *ctx)
{
	const struct calibrate_options *opt = ctx->options;
	struct store_options store_opt = command_store_options(ctx->settings);
	double now = setting_number(ctx->settings, SET_NEXT_KAPPA);
	struct next_calibration c;
	struct store *st = NULL;
	struct error e = { 0 };
	int rc = store_open(&store_opt, &st, &e);

	if (!rc)
		rc = next_calibrate(st, ctx->settings, opt->prefixes ? opt->prefixes : PREFIXES_DEFAULT, &c, &e);
	store_close(st);
	if (rc)
		return command_failed("%s", e.text);
	if (opt->json)
		print_json(&c, now);
	else
		printf("next.kappa = %.3g\n"
		       "# after %u views of the newest %u sessions the best new item came next %u times, its shares sum to %.6g; "
		       "set is %.3g\n",
		       c.kappa, c.prefixes, c.sessions, c.hits, c.shares, now);
	return 0;
}

const struct command command_calibrate = {
	.name = "calibrate",
	.summary = "Measure next.kappa of next-in-session from the store",
	.description =
		"Goes through the newest sessions of the store again, view by view, and asks what would have come next, each time\n"
		"without that session. next.kappa is how often the best new item did come next, over the share that it was given.\n"
		"The default suits most shops; measure again when people's habits change. Prints a line for aisle.conf.\n"
		"\n"
		"Examples:\n"
		"  aisle calibrate --store /var/lib/aisle\n"
		"  aisle calibrate --prefixes 20000 --json\n",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct calibrate_options),
	.run = run,
};
