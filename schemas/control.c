#include "schemas/control_internal.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {
#define X(name, kind, kinds) kind,
	CONTROL_KINDS(X)
#undef X
};

static const char *const plurals[] = {
#define X(name, kind, kinds) kinds,
	CONTROL_KINDS(X)
#undef X
};

const char *control_kind_name(enum control_kind kind)
{
	return names[kind];
}

const char *control_kind_plural(enum control_kind kind)
{
	return plurals[kind];
}

enum control_kind control_kind_find(struct str name, bool plural)
{
	unsigned kind = 0;

	while (kind < CONTROL_KIND_COUNT && !str_eq(name, str_of((plural ? plurals : names)[kind])))
		kind++;
	return (enum control_kind)kind;
}

bool control_id_valid(struct str id)
{
	for (uint32_t i = 0; i < id.n; i++)
		if (!(id.p[i] >= 'a' && id.p[i] <= 'z') && !(id.p[i] >= '0' && id.p[i] <= '9') && id.p[i] != '-')
			return false;
	return id.n && id.n <= CONTROL_ID_MAX;
}

struct str control_key_of(enum control_kind kind, struct str id, char room[CONTROL_KEY_MAX])
{
	return (struct str){ room, (uint32_t)snprintf(room, CONTROL_KEY_MAX, "%s/%.*s", names[kind], STR_FMT(id)) };
}

static void set_defaults(struct control *c)
{
	c->enabled = true;
	switch (c->kind) {
	case CONTROL_RULE:
		c->rule.from_ms = c->rule.to_ms = CONTROL_TIME_NONE;
		c->rule.priority = CONTROL_PRIORITY_DEFAULT;
		break;
	case CONTROL_EXPERIMENT:
		c->experiment.layer = STR("default");
		c->experiment.traffic_percent = 100;
		c->experiment.minimum_people = 1000;
		c->experiment.minimum_days = 7;
		c->experiment.started_ms = c->experiment.stopped_ms = CONTROL_TIME_NONE;
		break;
	case CONTROL_OFFER:
	case CONTROL_PROMOTION:
		c->offer.from_ms = c->offer.to_ms = CONTROL_TIME_NONE;
		break;
	default:
		break;
	}
}

static int read_document(struct control_reader *r, enum control_kind kind)
{
	int token = scan_value(&r->scan), rc;

	if (token >= 0 && (token != TOKEN_OBJECT || r->scan.is_msgpack))
		return control__fail(r, NULL, "is not a JSON object");
	rc = token < 0 ? token : control__object(r, control_shapes[kind], &r->body->pub);
	if (!rc)
		rc = scan_end(&r->scan);
	if (!rc)
		return 0;
	if (r->scan.e)
		r->scan.e->code = ERR_BAD_CONFIG;
	return ERR_BAD_CONFIG;
}

int control_parse(enum control_kind kind, struct str json, struct control **ret, struct error *e)
{
	struct error own = { 0 };
	struct control_reader r;
	struct control_body *body;
	int rc;

	if (json.n > CONTROL_DOCUMENT_MAX)
		return error_set(e, ERR_BAD_CONFIG, "", "the document has %u bytes, the limit is %d", json.n,
				 CONTROL_DOCUMENT_MAX);
	body = xcalloc(1, sizeof(*body));
	body->pub.kind = kind;
	body->text = xmalloc(2 * (size_t)json.n + 16);
	if (json.n)
		memcpy(body->text, json.p, json.n);
	set_defaults(&body->pub);
	r.body = body;
	r.path_n = 0;
	scan_init(&r.scan, body->text, json.n, body->text + json.n, e ? e : &own);
	rc = read_document(&r, kind);
	if (rc) {
		control_free(&body->pub);
		return rc;
	}
	*ret = &body->pub;
	return 0;
}

void control_free(struct control *c)
{
	struct control_body *body = (struct control_body *)c;

	if (!c)
		return;
	for (unsigned i = 0; i < body->block_n; i++)
		free(body->blocks[i]);
	free(body->text);
	free(body);
}

bool control_is_object(struct str json)
{
	struct error e = { 0 };
	struct scan scan;
	bool is = false;
	char *room;

	if (json.n > CONTROL_RECORD_MAX || !json.n || json.p[0] != '{')
		return false;
	room = xmalloc(json.n + 16);
	scan_init(&scan, json.p, json.n, room, &e);
	is = scan_value(&scan) == TOKEN_OBJECT && !scan_skip(&scan, TOKEN_OBJECT) && !scan_end(&scan);
	free(room);
	return is;
}

uint32_t control_compact(struct str json, char *to)
{
	bool in_text = false;
	uint32_t n = 0;

	for (uint32_t i = 0; i < json.n; i++) {
		char c = json.p[i];

		if (!in_text && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
			continue;
		if (c == '"')
			in_text = !in_text;
		to[n++] = c;
		if (in_text && c == '\\' && i + 1 < json.n)
			to[n++] = json.p[++i];
	}
	return n;
}
