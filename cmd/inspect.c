#include "cmd/command.h"
#include "cmd/snapshot_limit.h"
#include "schemas/suggest.h"
#include "schemas/json_keys.h"
#include "views/versions.h"

#include <stdio.h>
#include <stdlib.h>

struct inspect_options {
	const char *view, *item, *user;
	bool digest, sizes, json;
};

enum { OPT_ITEM = 0x100, OPT_USER, OPT_DIGEST, OPT_SIZES, OPT_JSON };

static const struct argp_option options[] = {
	{ "item", OPT_ITEM, "ITEM", 0, "Only rows about this item", 0 },
	{ "user", OPT_USER, "USER", 0, "Only rows of this user or visitor (the raw id)", 0 },
	{ "digest", OPT_DIGEST, NULL, 0, "Print VIEW DIGEST ROWS instead of the rows; without VIEW, of all views", 0 },
	{ "sizes", OPT_SIZES, NULL, 0, "Print TABLE ROWS BYTES of each table of the store: stored rows, whole pages",
	  0 },
	{ "json", OPT_JSON, NULL, 0, "Print digests, sizes and the list of views as NDJSON too", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct inspect_options *opt = state->input;

	switch (key) {
	case OPT_ITEM:
		opt->item = arg;
		return 0;
	case OPT_USER:
		opt->user = arg;
		return 0;
	case OPT_DIGEST:
		opt->digest = true;
		return 0;
	case OPT_SIZES:
		opt->sizes = true;
		return 0;
	case OPT_JSON:
		opt->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opt->view)
			return ARGP_ERR_UNKNOWN;
		opt->view = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opt->view && (opt->item || opt->user))
			argp_error(state, "--item and --user need a VIEW");
		if (opt->sizes && (opt->view || opt->digest))
			argp_error(state, "--sizes is of the whole store: leave VIEW and --digest out");
		if (opt->digest && (opt->item || opt->user))
			argp_error(state, "--digest is of a whole view: leave --item and --user out");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_line(const struct json_out *j)
{
	fwrite(j->p, 1, j->n, stdout);
	putchar('\n');
}

static int list_views(bool as_json)
{
	struct json_out j = { 0 };

	for (size_t i = 0; view_registry[i]; i++) {
		const struct view *v = view_registry[i];

		if (!as_json) {
			printf("%-22s %s\n", v->name, v->meaning);
			continue;
		}
		json_out_reset(&j);
		json_out_object(&j);
		key_text(&j, "view", v->name);
		key_int(&j, "version", v->version);
		key_text(&j, "meaning", v->meaning);
		json_out_end_object(&j);
		print_line(&j);
	}
	json_out_fini(&j);
	return 0;
}

static int print_row(void *arg, struct str json)
{
	(void)arg;
	fwrite(json.p, 1, json.n, stdout);
	putchar('\n');
	return ferror(stdout) ? ERR_IO : 0;
}

static int print_digest(const struct view *v, struct snap *sn, bool as_json)
{
	char hex[VIEW_DIGEST_HEX];
	struct json_out j = { 0 };
	uint64_t rows;
	int r = view_digest(v, sn, hex, &rows);

	if (r < 0)
		return r;
	if (!as_json) {
		printf("%s %s %llu\n", v->name, hex, (unsigned long long)rows);
		return 0;
	}
	json_out_object(&j);
	key_text(&j, "view", v->name);
	key_text(&j, "digest", hex);
	key_int(&j, "rows", (int64_t)rows);
	json_out_end_object(&j);
	print_line(&j);
	json_out_fini(&j);
	return 0;
}

static void print_size(void *arg, const struct store_size *size)
{
	const struct inspect_options *opt = arg;
	struct json_out j = { 0 };

	if (!opt->json) {
		printf("%-20s %12llu %14llu\n", size->table, (unsigned long long)size->rows,
		       (unsigned long long)size->bytes);
		return;
	}
	json_out_object(&j);
	key_text(&j, "table", size->table);
	key_int(&j, "rows", (int64_t)size->rows);
	key_int(&j, "bytes", (int64_t)size->bytes);
	json_out_end_object(&j);
	print_line(&j);
	json_out_fini(&j);
}

static int inspect(const struct inspect_options *opt, const struct view *only, struct snap *sn)
{
	struct view_filter filter = { .item = str_of(opt->item), .user = str_of(opt->user) };
	struct versions versions;
	char why[256];
	int r = versions_of_snap(sn, &versions);

	if (r)
		return r;
	if (versions_describe(&versions, why, sizeof(why)))
		fprintf(stderr, "%s\n", why);
	if (only && !opt->digest)
		return view_rows(only, sn, &filter, print_row, NULL);
	for (size_t i = 0; view_registry[i] && r == 0; i++)
		if (!only || only == view_registry[i])
			r = print_digest(view_registry[i], sn, opt->json);
	return r;
}

static int unknown_view(const char *name)
{
	const char *names[VIEWS_MAX], *near;
	size_t n = 0;

	for (; n < VIEWS_MAX && view_registry[n]; n++)
		names[n] = view_registry[n]->name;
	near = suggest_nearest(name, names, n);
	if (near)
		return command_misused("inspect", "no view '%s', did you mean '%s'?", name, near);
	return command_misused("inspect", "no view '%s', `aisle inspect' lists them", name);
}

/* 0, or the exit status. */
static int find_view(const struct inspect_options *opt, const struct view **ret)
{
	const struct view *view = view_find(opt->view);

	if (!view)
		return unknown_view(opt->view);
	if (opt->item && !(view->by & VIEW_BY_ITEM))
		return command_misused("inspect", "the rows of view '%s' are of no item", view->name);
	if (opt->user && !(view->by & VIEW_BY_USER))
		return command_misused("inspect", "the rows of view '%s' are of no user", view->name);
	*ret = view;
	return 0;
}

static int run(struct command_context *ctx)
{
	const struct inspect_options *opt = ctx->options;
	struct store_options store_opt = command_store_options(ctx->settings);
	char *dir = NULL;
	const struct view *view = NULL;
	struct snapshot_limit *limit = NULL;
	struct store *st = NULL;
	struct snap *snap = NULL;
	struct error e = { 0 };
	bool lists;
	int r, status = 0;

	if (opt->view && (r = find_view(opt, &view)))
		return r;
	dir = command_store_at(store_opt.path, &store_opt);
	lists = !opt->view && !opt->digest && !opt->sizes;
	r = lists && !store_opt.generation ? 0 : store_open(&store_opt, &st, &e); /* the list needs no store */
	free(dir);
	if (r < 0)
		return command_failed("%s", e.text);
	if (lists) {
		store_close(st);
		return list_views(opt->json);
	}
	if ((r = snap_open(st, &snap)) == 0)
		r = snapshot_limit_start(ctx->settings, st, snap, &limit, &e);
	if (r == 0)
		r = opt->sizes ? store_sizes(st, print_size, (void *)opt) : inspect(opt, view, snap);
	if (r < 0 && !ferror(stdout))
		status = command_failed("cannot read store '%s': %s", store_path(st), error_text(r));
	snapshot_limit_stop(limit);
	snap_close(snap);
	store_close(st);
	return status;
}

const struct command command_inspect = {
	.name = "inspect",
	.summary = "Print a view's rows, or one digest of all of them",
	.usage = "[VIEW]",
	.description =
		"Rows are NDJSON on standard output, read from one snapshot while others go on writing. A digest does not\n"
		"depend on the order of rows or on how they are stored: equal digests mean equal views. Without VIEW it\n"
		"lists the views and what they mean.\n"
		"\n"
		"--store DIR@N looks into a generation that is not the current one.\n"
		"\n"
		"A snapshot that is held makes a store that is written to grow: after store.readerAgeMax it gives up.\n"
		"\n"
		"Examples:\n"
		"  aisle inspect\n"
		"  aisle inspect bought-together --item sku-0000001\n"
		"  aisle inspect --digest --store /var/lib/aisle@4\n"
		"  aisle inspect --sizes\n",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct inspect_options),
	.takes_generation = true,
	.run = run,
};
