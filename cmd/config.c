#include "cmd/command.h"
#include "cmd/config_list.h"
#include "cmd/http_client.h"
#include "query/json_keys.h"

#include <stdio.h>
#include <stdlib.h>

struct config_options {
	const char *verb, *dir, *server, *by;
	bool force, dry_run, prune, shipped, json;
};

enum { OPT_SERVER = 0x100, OPT_BY, OPT_FORCE, OPT_DRY_RUN, OPT_PRUNE, OPT_SHIPPED };

static const struct argp_option options[] = {
	{ "server", OPT_SERVER, "URL", 0, "The server to ask, http://HOST:PORT (by http.listen)", 0 },
	{ "by", OPT_BY, "NAME", 0, "push: who makes the changes ($USER)", 0 },
	{ "force", OPT_FORCE, NULL, 0,
	  "push: over what somebody else has changed since the pull; pull: over what was changed here", 0 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "push: say what would be done; the server checks the documents", 0 },
	{ "prune", OPT_PRUNE, NULL, 0, "push: delete what was pulled and has no file any more", 0 },
	{ "shipped", OPT_SHIPPED, NULL, 0, "pull: the program's own documents too", 0 },
	{ "json", 'j', NULL, 0, "One JSON object a document", 0 },
	{ 0 },
};

static const char *contradiction(const struct config_options *opt)
{
	if (strcmp(opt->verb, "push") && (opt->by || opt->dry_run || opt->prune))
		return "--by, --dry-run and --prune are of push";
	if (!strcmp(opt->verb, "diff") && opt->force)
		return "--force is of pull and push";
	if (strcmp(opt->verb, "pull") && opt->shipped)
		return "--shipped is of pull";
	return NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct config_options *opt = state->input;

	switch (key) {
	case OPT_SERVER:
		if (!http_server_valid(arg))
			argp_error(state, "--server takes http://HOST:PORT, not '%s'", arg);
		opt->server = arg;
		return 0;
	case OPT_BY:
		opt->by = arg;
		return 0;
	case OPT_FORCE:
		opt->force = true;
		return 0;
	case OPT_DRY_RUN:
		opt->dry_run = true;
		return 0;
	case OPT_PRUNE:
		opt->prune = true;
		return 0;
	case OPT_SHIPPED:
		opt->shipped = true;
		return 0;
	case 'j':
		opt->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opt->dir)
			return ARGP_ERR_UNKNOWN;
		*(opt->verb ? &opt->dir : &opt->verb) = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opt->dir || (strcmp(opt->verb, "pull") && strcmp(opt->verb, "push") && strcmp(opt->verb, "diff")))
			argp_error(state, "say pull, push or diff, and a directory");
		if (contradiction(opt))
			argp_error(state, "%s", contradiction(opt));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Both sides of a command. */
struct sides {
	const struct config_options *opt;
	char server[300];
	struct config_docs here, there;
	unsigned changed, refused, left;
};

static bool is_same(const struct config_doc *a, const struct config_doc *b)
{
	return a && b && str_eq(a->text, b->text);
}

static void say(const struct sides *s, const char *what, const struct config_doc *doc, const char *more)
{
	char name[CONFIG_PATH_MAX];
	struct json_out j = { 0 };

	config_doc_name(doc, name);
	if (!s->opt->json) {
		printf("%-8s %s%s%s\n", what, name, *more ? ": " : "", more);
		return;
	}
	json_out_object(&j);
	key_text(&j, "document", name);
	key_text(&j, "what", what);
	key_text(&j, "text", more);
	json_out_end_object(&j);
	printf("%.*s\n", (int)j.n, j.p);
	json_out_fini(&j);
}

/* ---- pull ---- */

/* Has the file what is nowhere else? Of one without a hash in .revisions nobody knows. */
static bool is_edited(const struct config_doc *doc)
{
	return doc->text.n && (doc->noted ? doc->noted != config_doc_hash(doc) : doc->revision < 0);
}

static void refuse_edited(struct sides *s)
{
	for (size_t i = 0; i < s->here.n; i++) {
		const struct config_doc *doc = &s->here.v[i], *there = config_docs_find(&s->there, doc->kind, doc->id);

		if (!is_edited(doc) || is_same(doc, there) || (!there && doc->revision <= 0))
			continue;
		say(s, "REFUSED", doc, "it was changed here: push it, or keep a copy and pull --force");
		s->refused++;
	}
}

/* What stands here now is what was there; a shipped one is not asked for each time. */
static int note_pulled(struct sides *s, struct error *e)
{
	for (size_t i = 0; i < s->here.n; i++) {
		struct config_doc *doc = &s->here.v[i];
		const struct config_doc *there = config_docs_find(&s->there, doc->kind, doc->id);

		if (!there && doc->revision > 0)
			doc->revision = -1;
	}
	for (size_t i = 0; i < s->there.n; i++) {
		const struct config_doc *there = &s->there.v[i];
		struct config_doc *doc = config_docs__add(&s->here, there->kind, str_of(there->id));

		doc->revision = there->revision;
		doc->noted = config_doc_hash(there);
	}
	return config_docs_note(s->opt->dir, &s->here, e);
}

static int save_pulled(struct sides *s, struct error *e)
{
	int rc = 0;

	for (size_t i = 0; i < s->there.n && !rc; i++) {
		const struct config_doc *doc = &s->there.v[i], *old = config_docs_find(&s->here, doc->kind, doc->id);

		if (is_same(doc, old))
			continue;
		rc = config_doc_save(s->opt->dir, doc, e);
		if (rc)
			break;
		say(s, old && old->text.n ? "changed" : "new", doc, "");
		s->changed++;
	}
	return rc;
}

static int remove_deleted(struct sides *s, struct error *e)
{
	int rc = 0;

	for (size_t i = 0; i < s->here.n && !rc; i++) {
		struct config_doc *doc = &s->here.v[i];

		/* revision 0 is a shipped one, which is not asked for each time */
		if (doc->revision <= 0 || !doc->text.n || config_docs_find(&s->there, doc->kind, doc->id))
			continue;
		free((char *)doc->text.p);
		doc->text = (struct str){ NULL, 0 };
		rc = config_doc_save(s->opt->dir, doc, e);
		if (rc)
			break;
		say(s, "deleted", doc, "");
		s->changed++;
	}
	return rc;
}

static int pull(struct sides *s, struct error *e)
{
	int rc;

	if (!s->opt->force)
		refuse_edited(s);
	if (s->refused)
		return 0;
	rc = save_pulled(s, e);
	if (!rc)
		rc = remove_deleted(s, e);
	return rc ? rc : note_pulled(s, e);
}

/* ---- push ---- */

static char *headers_of(const struct config_options *opt, const char *condition)
{
	const char *by = opt->by ? opt->by : getenv("USER");
	char *ret = NULL, *at;
	size_t room = strlen(condition) + 3 * strlen(by ? by : "") + 64;

	ret = xmalloc(room);
	at = ret + snprintf(ret, room, "%sx-changed-by: ", condition);
	for (; by && *by; by++)
		at += (*by >= 'a' && *by <= 'z') || (*by >= 'A' && *by <= 'Z') || (*by >= '0' && *by <= '9')
			      ? snprintf(at, 2, "%c", *by)
			      : snprintf(at, 4, "%%%02X", (unsigned char)*by);
	snprintf(at, 3, "\r\n");
	return ret;
}

/* PUT, or DELETE of a document without text; what it replaces is `revision`, -1: nothing. */
static int send_one(struct sides *s, struct config_doc *doc, int64_t revision, struct error *e)
{
	char path[CONFIG_PATH_MAX + 32], name[CONFIG_PATH_MAX], condition[64] = "if-none-match: *\r\n";
	struct http_answer a = { 0 };
	char *headers;
	int rc;

	config_doc_name(doc, name);
	snprintf(path, sizeof(path), "/v1/%s%s", name, s->opt->dry_run ? "?validateOnly=true" : "");
	if (revision >= 0)
		snprintf(condition, sizeof(condition), "if-match: \"%lld\"\r\n", (long long)revision);
	headers = headers_of(s->opt, condition);
	rc = http_ask(s->server, doc->text.n ? "PUT" : "DELETE", path, headers, doc->text, &a, e);
	free(headers);
	if (rc)
		return rc;
	if (a.status == 200) {
		say(s, doc->text.n ? s->opt->dry_run ? "would" : "put" : "deleted", doc, "");
		doc->revision = s->opt->dry_run ? revision : doc->text.n ? config_answer_revision(a.body) : -1;
		doc->noted = doc->text.n ? config_doc_hash(doc) : 0;
		s->changed++;
	} else if (a.status == 202) {
		say(s, "unclear", doc, "the log has it, but it was not applied in time: pull tells what became of it");
		s->refused++;
	} else {
		char *why = xstrndup(a.body.p, a.body.n);

		say(s, "REFUSED", doc, why);
		free(why);
		s->refused++;
	}
	http_answer_fini(&a);
	return 0;
}

/* Is what stands there not what the file was made from? */
static bool is_overtaken(const struct config_doc *doc, const struct config_doc *there)
{
	int64_t now = there ? there->revision : -1;

	return doc->revision < 0 ? there && !there->shipped : doc->revision != now;
}

static int push_one(struct sides *s, struct config_doc *doc, struct error *e)
{
	const struct config_doc *there = config_docs_find(&s->there, doc->kind, doc->id);
	bool stands = there && !there->shipped;

	if (is_same(doc, there)) {
		doc->revision = there->revision;
		doc->noted = config_doc_hash(doc);
		return 0;
	}
	if (!doc->text.n && (!stands || !s->opt->prune))
		return 0;
	if (!s->opt->force && is_overtaken(doc, there)) {
		say(s, "REFUSED", doc, "it was changed on the server since the pull: pull and merge, or push --force");
		s->refused++;
		return 0;
	}
	if (!doc->text.n && s->opt->dry_run) {
		say(s, "would", doc, "delete");
		s->changed++;
		return 0;
	}
	return send_one(s, doc, there && there->revision ? there->revision : -1, e);
}

static int push_kind(struct sides *s, enum control_kind kind, bool deletes, struct error *e)
{
	int rc = 0;

	for (size_t i = 0; i < s->here.n && !rc; i++)
		if (s->here.v[i].kind == kind && deletes == !s->here.v[i].text.n)
			rc = push_one(s, &s->here.v[i], e);
	return rc;
}

/* What the server has and no file says. */
static void say_left(struct sides *s)
{
	for (size_t i = 0; i < s->there.n; i++) {
		const struct config_doc *doc = &s->there.v[i], *here = config_docs_find(&s->here, doc->kind, doc->id);

		if (doc->shipped || (here && (here->text.n || s->opt->prune)))
			continue;
		say(s, "server", doc,
		    here ? "it is left alone: --prune deletes it"
			 : "it is left alone: to delete it, pull, remove its file and push --prune");
		s->left++;
	}
}

/* What others name is put before them, and deleted after them. */
static int push(struct sides *s, struct error *e)
{
	static const enum control_kind order[CONTROL_KIND_COUNT] = { CONTROL_SCENARIO, CONTROL_SEGMENT,
								     CONTROL_RULE,     CONTROL_EXPERIMENT,
								     CONTROL_OFFER,    CONTROL_PROMOTION };
	int rc = 0, noted;

	for (size_t i = 0; i < ARRAY_SIZE(order) && !rc; i++)
		rc = push_kind(s, order[i], false, e);
	for (size_t i = ARRAY_SIZE(order); i-- > 0 && !rc;)
		rc = push_kind(s, order[i], true, e);
	if (!rc)
		say_left(s);
	noted = s->opt->dry_run ? 0 : config_docs_note(s->opt->dir, &s->here, e);
	return rc ? rc : noted;
}

/* ---- diff ---- */

static int diff(struct sides *s, struct error *e)
{
	(void)e;
	for (size_t i = 0; i < s->here.n; i++) {
		const struct config_doc *doc = &s->here.v[i], *there = config_docs_find(&s->there, doc->kind, doc->id);
		bool stands = there && !there->shipped;

		if (is_same(doc, there) || (!doc->text.n && !stands))
			continue;
		say(s,
		    !doc->text.n ? "server"
		    : stands     ? "differs"
				 : "here",
		    doc,
		    stands && doc->revision >= 0 && doc->revision != there->revision
			    ? "changed on the server since the pull"
			    : "");
		s->changed++;
	}
	for (size_t i = 0; i < s->there.n; i++) {
		const struct config_doc *doc = &s->there.v[i];

		if (doc->shipped || config_docs_find(&s->here, doc->kind, doc->id))
			continue;
		say(s, "server", doc, "");
		s->changed++;
	}
	return 0;
}

static void find_server(const struct command_context *ctx, const struct config_options *opt, char ret[300])
{
	const char *listen = setting_string(ctx->settings, SET_HTTP_LISTEN), *port = strrchr(listen, ':');

	if (opt->server)
		snprintf(ret, 300, "%s", opt->server);
	else if (port && (port == listen || !strncmp(listen, "0.0.0.0:", 8) || !strncmp(listen, "[::]:", 5)))
		snprintf(ret, 300, "http://127.0.0.1%s", port);
	else
		snprintf(ret, 300, "http://%s", listen);
}

static int finish(const struct sides *s, int rc, const struct error *e)
{
	bool diffs = !strcmp(s->opt->verb, "diff");

	if (rc)
		return command_failed("%s", e->text[0] ? e->text : error_text(rc));
	if (s->refused && !strcmp(s->opt->verb, "pull"))
		return command_failed("nothing was pulled: %u of the files would be written over", s->refused);
	if (s->refused)
		return command_failed("%u of the documents were not taken", s->refused);
	if (!s->changed && !s->left && !s->opt->json)
		printf(diffs ? "no difference\n" : "nothing to do\n");
	return diffs && s->changed ? 1 : 0;
}

static int run(struct command_context *ctx)
{
	const struct config_options *opt = ctx->options;
	struct sides s = { .opt = opt };
	struct error e = { 0 };
	bool pulls = !strcmp(opt->verb, "pull"), diffs = !strcmp(opt->verb, "diff");
	int rc = pulls ? config_dir_make(opt->dir, &e) : 0;

	if (!diffs)
		command_goes_on();
	find_server(ctx, opt, s.server);
	if (!rc)
		rc = config_docs_load(opt->dir, &s.here, &e);
	if (!rc)
		rc = config_docs_ask(s.server, !pulls || opt->shipped, &s.there, &e);
	if (!rc)
		rc = (pulls ? pull : diffs ? diff : push)(&s, &e);
	config_docs_fini(&s.here);
	config_docs_fini(&s.there);
	return finish(&s, rc, &e);
}

const struct command command_config = {
	.name = "config",
	.summary = "Keep scenarios, rules, experiments, segments, offers and promotions as files",
	.usage = "pull|push|diff DIR",
	.description =
		"`pull' writes the documents of a server into DIR, one file each: DIR/rules/no-toys.json. `push' puts those that "
		"differ, `diff' lists them: `here' alone, on the `server' alone, or both and it `differs'. DIR/.revisions says which "
		"revision a file was made from, so that push does not overwrite what somebody else has changed since the pull, nor "
		"pull what was changed here; keep it beside the files. Exit status 0: done, or no difference; 1: something was refused, or there is a difference.\n\n"
		"Examples:\n"
		"  aisle config pull shop --server http://127.0.0.1:8600\n"
		"  git -C shop diff && aisle config push shop --dry-run\n"
		"  aisle config push shop --prune --by ann\n"
		"  aisle config pull shop --shipped\n",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct config_options),
	.run = run,
};
