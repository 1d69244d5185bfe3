/* Documents as a sorted list, and how a server tells them. The directory is in config_files.c. */
#include "cmd/config_docs.h"

#include "cmd/config_list.h"
#include "cmd/http_client.h"
#include "schemas/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

void config_docs_fini(struct config_docs *docs)
{
	for (size_t i = 0; i < docs->n; i++)
		free((char *)docs->v[i].text.p);
	free(docs->v);
	*docs = (struct config_docs){ 0 };
}

static int order(const struct config_doc *doc, enum control_kind kind, const char *id)
{
	return doc->kind != kind ? (doc->kind > kind) - (doc->kind < kind) : strcmp(doc->id, id);
}

/* The first place that is not before it. */
static size_t place_of(const struct config_docs *docs, enum control_kind kind, const char *id)
{
	size_t from = 0, to = docs->n;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (order(&docs->v[middle], kind, id) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

struct config_doc *config_docs_find(const struct config_docs *docs, enum control_kind kind, const char *id)
{
	size_t at = place_of(docs, kind, id);

	return at < docs->n && order(&docs->v[at], kind, id) == 0 ? &docs->v[at] : NULL;
}

struct config_doc *config_docs__add(struct config_docs *docs, enum control_kind kind, struct str id)
{
	struct config_doc new = { .kind = kind, .revision = -1 };
	size_t at;

	snprintf(new.id, sizeof(new.id), "%.*s", STR_FMT(id));
	at = place_of(docs, kind, new.id);
	if (at < docs->n && order(&docs->v[at], kind, new.id) == 0)
		return &docs->v[at];
	ARRAY_GROW(docs->v, docs->n, docs->room, 64);
	memmove(docs->v + at + 1, docs->v + at, (docs->n++ - at) * sizeof(*docs->v));
	docs->v[at] = new;
	return &docs->v[at];
}

void config_doc__set(struct config_doc *doc, struct str json)
{
	char *text = xmalloc(json.n);

	free((char *)doc->text.p);
	doc->text = (struct str){ text, control_compact(json, text) };
}

uint64_t config_doc_hash(const struct config_doc *doc)
{
	return XXH3_64bits(doc->text.p, doc->text.n);
}

void config_doc_name(const struct config_doc *doc, char ret[CONFIG_PATH_MAX])
{
	snprintf(ret, CONFIG_PATH_MAX, "%s/%s", control_kind_plural(doc->kind), doc->id);
}

/* ---- a server's answers ---- */

/* What is of interest in one object of an answer. */
struct told {
	struct str id, document, next;
	int64_t revision;
	bool shipped;
};

typedef int (*take_member)(struct scan *s, struct str name, int token, struct str span, void *arg);

static struct str span_of(const unsigned char *from, const unsigned char *to)
{
	while (from < to && (*from == ' ' || *from == '\n'))
		from++;
	return (struct str){ (const char *)from, (uint32_t)(to - from) };
}

/* Each member of the object just opened, which `take` gets as a span of bytes; `items` it reads itself. */
static int each_member(struct scan *s, take_member take, void *arg)
{
	int rc;

	while ((rc = scan_key(s)) > 0) {
		struct str name = s->text;
		const unsigned char *from = s->p;
		bool is_list = str_eq(name, STR("items"));
		int token = scan_value(s);

		if (token < 0)
			return token;
		if (!is_list && (rc = scan_skip(s, token)))
			return rc;
		rc = take(s, name, token, span_of(from, s->p), arg);
		if (rc)
			return rc;
	}
	return rc;
}

static int take_of_document(struct scan *s, struct str name, int token, struct str span, void *arg)
{
	struct told *t = arg;

	if (str_eq(name, STR("id")) && token == TOKEN_STRING)
		t->id = s->text;
	else if (str_eq(name, STR("revision")) && token == TOKEN_NUMBER && !number_integer(&s->number, &t->revision))
		t->revision = -1;
	else if (str_eq(name, STR("document")) && token == TOKEN_OBJECT)
		t->document = span;
	else if (str_eq(name, STR("shipped")))
		t->shipped = token == TOKEN_TRUE;
	return 0;
}

struct listing {
	struct config_docs *docs;
	enum control_kind kind;
	bool shipped;
	char next[160];
};

static int take_of_list(struct scan *s, struct str name, int token, struct str span, void *arg)
{
	struct listing *l = arg;
	int rc;

	(void)span;
	if (str_eq(name, STR("next")) && token == TOKEN_STRING)
		snprintf(l->next, sizeof(l->next), "%.*s", STR_FMT(s->text));
	if (!str_eq(name, STR("items")))
		return 0;
	if (token != TOKEN_ARRAY)
		return ERR_WRONG_TYPE;
	while ((rc = scan_item(s)) > 0) {
		struct told t = { .revision = -1 };
		struct config_doc *doc;

		token = scan_value(s);
		rc = token < 0 ? token : token != TOKEN_OBJECT ? ERR_WRONG_TYPE : each_member(s, take_of_document, &t);
		if (rc)
			return rc;
		if (!control_id_valid(t.id) || !t.document.n || (t.shipped && !l->shipped))
			continue;
		doc = config_docs__add(l->docs, l->kind, t.id);
		doc->revision = t.revision;
		doc->shipped = t.shipped;
		config_doc__set(doc, t.document);
	}
	return rc;
}

static int read_object(struct str body, take_member take, void *arg)
{
	struct scan *s = xmalloc(sizeof(*s));
	char *room = xmalloc(body.n + 16);
	struct error e = { 0 };
	int rc;

	scan_init(s, body.p, body.n, room, &e);
	rc = scan_value(s);
	rc = rc < 0 ? rc : rc != TOKEN_OBJECT ? ERR_WRONG_TYPE : each_member(s, take, arg);
	free(room);
	free(s);
	return rc;
}

int64_t config_answer_revision(struct str body)
{
	struct told t = { .revision = -1 };

	return read_object(body, take_of_document, &t) ? -1 : t.revision;
}

static int ask_page(const char *server, struct listing *l, struct error *e)
{
	struct http_answer a = { 0 };
	char path[sizeof(l->next)];
	int rc;

	snprintf(path, sizeof(path), "%s", l->next);
	l->next[0] = '\0';
	rc = http_ask(server, "GET", path, "", (struct str){ 0 }, &a, e);
	if (rc)
		return rc;
	if (a.status != 200 || read_object(a.body, take_of_list, l))
		rc = error_set(e, ERR_IO, "server", "'%s%s' answers %d: %.*s", server, path, a.status,
			       a.body.n < 200 ? (int)a.body.n : 200, a.body.p);
	http_answer_fini(&a);
	return rc;
}

int config_docs_ask(const char *server, bool shipped, struct config_docs *ret, struct error *e)
{
	struct listing l = { .docs = ret, .shipped = shipped };
	int rc = 0;

	for (unsigned kind = 0; kind < CONTROL_KIND_COUNT && !rc; kind++) {
		l.kind = (enum control_kind)kind;
		snprintf(l.next, sizeof(l.next), "/v1/%s", control_kind_plural(l.kind));
		while (!rc && l.next[0])
			rc = ask_page(server, &l, e);
	}
	return rc;
}
