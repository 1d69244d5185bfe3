#include "cmd/command.h"
#include "schemas/json_keys.h"
#include "schemas/scan.h"
#include "views/view_diff.h"

#include <stdio.h>
#include <stdlib.h>

#define ROWS_DEFAULT 10
#define ROWS_MOST 100000
#define ROW_SHOWN 400 /* bytes of a row as text: one of history has a person's every event */

struct diff_options {
	const char *dirs[2];
	unsigned rows;
	bool json, rows_given;
};

enum { OPT_ROWS = 0x100, OPT_JSON };

static const struct argp_option options[] = {
	{ "rows", OPT_ROWS, "N", 0, "Show at most N rows of each side of a view that differs (10)", 0 },
	{ "json", OPT_JSON, NULL, 0, "One line of JSON a view", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct diff_options *opt = state->input;

	switch (key) {
	case OPT_ROWS:
		opt->rows = (unsigned)command_number(state, "--rows", arg, 0, ROWS_MOST);
		opt->rows_given = true;
		return 0;
	case OPT_JSON:
		opt->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opt->dirs[1])
			return ARGP_ERR_UNKNOWN;
		opt->dirs[opt->dirs[0] ? 1 : 0] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opt->dirs[1])
			argp_error(state, "two stores are needed: DIR or DIR@GENERATION");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct side {
	struct store *store;
	struct snap *snap;
	char *dir;
};

static int open_side(const struct settings *set, const char *name, struct side *ret, struct error *e)
{
	struct store_options opt = command_store_options(set);
	int rc;

	ret->dir = command_store_at(name, &opt);
	rc = store_open(&opt, &ret->store, e);
	if (!rc)
		rc = snap_open(ret->store, &ret->snap);
	return rc ? error_set(e, rc, "", "cannot read store '%s': %s", name, error_text(rc)) : 0;
}

static void close_side(struct side *sd)
{
	snap_close(sd->snap);
	store_close(sd->store);
	free(sd->dir);
}

static void text_row(void *arg, int side, struct str json)
{
	size_t n = json.n > ROW_SHOWN ? utf8_whole(json.p, ROW_SHOWN) : json.n;

	(void)arg;
	printf("  %c %.*s", side ? '>' : '<', (int)n, json.p);
	if (n < json.n)
		printf(" ... (%u bytes, --json has all)", json.n);
	putchar('\n');
}

static void json_row(void *arg, int side, struct str json)
{
	struct json_out *j = ((struct json_out *)arg) + side;

	json_out_raw(j, json);
}

/* What the two have of one view. */
struct comparison {
	char digest[2][VIEW_DIGEST_HEX];
	uint64_t rows[2];
	bool same;
};

static int text_view(const struct view *v, const struct comparison *c, struct snap *snaps[2], unsigned rows_max)
{
	if (c->same) {
		printf("%-22s same       %llu rows\n", v->name, (unsigned long long)c->rows[0]);
		return 0;
	}
	printf("%-22s different  %llu rows, %llu rows\n", v->name, (unsigned long long)c->rows[0],
	       (unsigned long long)c->rows[1]);
	return rows_max ? view_diff(v, snaps, rows_max, text_row, NULL) : 0;
}

static int json_view(const struct view *v, const struct comparison *c, struct snap *snaps[2], unsigned rows_max)
{
	struct json_out j = { 0 }, only[2] = { { 0 }, { 0 } };
	static const char *const names[2] = { "onlyFirst", "onlySecond" };
	int rc = 0;

	json_out_object(&j);
	key_text(&j, "view", v->name);
	key_bool(&j, "same", c->same);
	json_out_key(&j, "digests");
	json_out_array(&j);
	json_out_text(&j, c->digest[0]);
	json_out_text(&j, c->digest[1]);
	json_out_end_array(&j);
	json_out_key(&j, "rows");
	json_out_array(&j);
	json_out_int(&j, (int64_t)c->rows[0]);
	json_out_int(&j, (int64_t)c->rows[1]);
	json_out_end_array(&j);
	if (!c->same) {
		json_out_array(&only[0]);
		json_out_array(&only[1]);
		if (rows_max)
			rc = view_diff(v, snaps, rows_max, json_row, only);
		for (int i = 0; i < 2; i++) {
			json_out_end_array(&only[i]);
			json_out_key(&j, names[i]);
			json_out_raw(&j, (struct str){ only[i].p, (uint32_t)only[i].n });
		}
	}
	json_out_end_object(&j);
	printf("%.*s\n", (int)j.n, j.p);
	for (int i = 0; i < 2; i++)
		json_out_fini(&only[i]);
	json_out_fini(&j);
	return rc;
}

static int compare(const struct diff_options *opt, struct side *sides, bool *same)
{
	struct snap *snaps[2] = { sides[0].snap, sides[1].snap };
	unsigned rows_max = opt->rows_given ? opt->rows : ROWS_DEFAULT;
	int rc = 0;

	*same = true;
	for (size_t i = 0; view_registry[i] && !rc; i++) {
		const struct view *v = view_registry[i];
		struct comparison c = { 0 };

		for (int side = 0; side < 2 && !rc; side++)
			rc = view_digest(v, snaps[side], c.digest[side], &c.rows[side]);
		if (rc)
			break;
		c.same = !strcmp(c.digest[0], c.digest[1]);
		*same &= c.same;
		rc = (opt->json ? json_view : text_view)(v, &c, snaps, rows_max);
	}
	return rc;
}

static int run(struct command_context *ctx)
{
	const struct diff_options *opt = ctx->options;
	struct side sides[2] = { { 0 }, { 0 } };
	struct error e = { 0 };
	bool same = false;
	int rc = 0, status = 1;

	for (int i = 0; i < 2 && !rc; i++)
		rc = open_side(ctx->settings, opt->dirs[i], &sides[i], &e);
	if (!rc && (rc = compare(opt, sides, &same)))
		error_set(&e, rc, "", "cannot read a store: %s", error_text(rc));
	if (rc)
		command_failed("%s", e.text);
	else
		status = same ? 0 : 1;
	close_side(&sides[0]);
	close_side(&sides[1]);
	return status;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "Say where two stores differ, view by view",
	.usage = "DIR[@GENERATION] DIR[@GENERATION]",
	.description =
		"Compares digests and numbers of rows of every view, each read from one snapshot, and shows rows that only one of "
		"the two has: `<' the first, `>' the second. Persons are compared by what they did, so stores with different keys "
		"can be equal. Exit status 0: the same; 1: different, or a store cannot be read.\n\n"
		"Examples:\n"
		"  aisle diff /var/lib/aisle /mnt/backup\n"
		"  aisle diff /var/lib/aisle@4 /var/lib/aisle@5 --rows 100\n",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct diff_options),
	.takes_generation = true,
	.run = run,
};
