/* Readers of a document's values, each with the path to where it stands. */
#include "schemas/control_internal.h"
#include "schemas/suggest.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int control__fail(struct control_reader *r, const char *name, const char *fmt, ...)
{
	char path[CONTROL_PATH_MAX + 64], text[160];
	va_list args;

	snprintf(path, sizeof(path), "%.*s%s%s", (int)r->path_n, r->path, name && r->path_n ? "." : "",
		 name ? name : "");
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return error_set(r->scan.e, ERR_BAD_CONFIG, path, "%s %s", path[0] ? path : "the document", text);
}

/* The path goes down by a name or, NULL, by an index; returns what to come back to. */
static size_t descend(struct control_reader *r, const char *name, uint32_t index)
{
	size_t before = r->path_n, room = sizeof(r->path) - before;
	int n = name ? snprintf(r->path + before, room, "%s%s", before ? "." : "", name)
		     : snprintf(r->path + before, room, "[%u]", index);

	r->path_n = before + (n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1);
	return before;
}

static const struct member *find(const struct shape *shape, struct str name)
{
	for (unsigned i = 0; i < shape->n; i++)
		if (str_eq(name, str_of(shape->members[i].name)))
			return &shape->members[i];
	return NULL;
}

static int unknown(struct control_reader *r, const struct shape *shape)
{
	const char *names[32];
	char name[48];
	int rc;

	assert(shape->n <= ARRAY_SIZE(names));
	for (unsigned i = 0; i < shape->n; i++)
		names[i] = shape->members[i].name;
	utf8_print(name, sizeof(name), "%.*s", STR_FMT(r->scan.text));
	rc = control__fail(r, name, "is no field here");
	suggest_in(r->scan.e, name, names, shape->n);
	return rc;
}

/* Whatever the scanner says is wrong with the JSON is wrong with the document. */
static int scan_failed(struct control_reader *r)
{
	struct error *e = r->scan.e;

	if (e && e->code) {
		e->code = ERR_BAD_CONFIG;
		snprintf(e->field, sizeof(e->field), "%.*s", (int)r->path_n, r->path);
	}
	return ERR_BAD_CONFIG;
}

static int read_member(struct control_reader *r, const struct member *m, void *into, uint32_t bit, uint32_t *given)
{
	int token = scan_value(&r->scan), rc = 0;
	size_t before;

	if (token < 0)
		return scan_failed(r);
	before = descend(r, m->name, 0);
	if (token != TOKEN_NULL) {
		rc = m->read(r, m, token, (char *)into + m->offset);
		*given |= bit;
	}
	if (!rc)
		r->path_n = before;
	return rc;
}

static int check_required(struct control_reader *r, const struct shape *shape, uint32_t given)
{
	for (unsigned i = 0; i < shape->n; i++)
		if (shape->members[i].flags & MEMBER_REQUIRED && !(given >> i & 1))
			return control__fail(r, shape->members[i].name, "is missing");
	return 0;
}

int control__object(struct control_reader *r, const struct shape *shape, void *into)
{
	uint32_t seen = 0, given = 0;
	int rc;

	assert(shape->n <= 32);
	while ((rc = scan_key(&r->scan)) > 0) {
		const struct member *m = find(shape, r->scan.text);
		uint32_t bit = m ? UINT32_C(1) << (m - shape->members) : 0;

		if (!m)
			return unknown(r, shape);
		if (seen & bit)
			return control__fail(r, m->name, "is there twice");
		seen |= bit;
		rc = read_member(r, m, into, bit, &given);
		if (rc)
			return rc;
	}
	if (rc < 0)
		return scan_failed(r);
	rc = check_required(r, shape, given);
	return rc || !shape->settle ? rc : shape->settle(r, into, given);
}

int control__text(struct control_reader *r, const struct member *m, int token, void *at)
{
	struct str text = r->scan.text;

	if (token != TOKEN_STRING)
		return control__fail(r, NULL, "is not a text");
	if (text.n > m->max || (text.n && memchr(text.p, 0, text.n)))
		return control__fail(r, NULL, "is longer than %d bytes or has a NUL", (int)m->max);
	*(struct str *)at = text;
	return 0;
}

int control__id(struct control_reader *r, const struct member *m, int token, void *at)
{
	int rc = control__text(r, m, token, at);

	return rc || r->scan.text.n ? rc : control__fail(r, NULL, "is empty");
}

int control__slug(struct control_reader *r, const struct member *m, int token, void *at)
{
	int rc = control__id(r, m, token, at);

	return rc || control_id_valid(r->scan.text) ? rc
						    : control__fail(r, NULL, "is not made of a-z, 0-9 and - alone");
}

int control__bool(struct control_reader *r, const struct member *m, int token, void *at)
{
	(void)m;
	if (token != TOKEN_TRUE && token != TOKEN_FALSE)
		return control__fail(r, NULL, "is neither true nor false");
	*(bool *)at = token == TOKEN_TRUE;
	return 0;
}

int control__number(struct control_reader *r, const struct member *m, int token, void *at)
{
	double v;

	if (token != TOKEN_NUMBER)
		return control__fail(r, NULL, "is not a number");
	v = number_to_double(&r->scan.number);
	if (m->flags & MEMBER_ABOVE_MIN ? v <= m->min : v < m->min)
		return control__fail(r, NULL, "is not %s %g", m->flags & MEMBER_ABOVE_MIN ? "above" : "at least",
				     m->min);
	if (m->flags & MEMBER_BELOW_MAX ? v >= m->max : v > m->max)
		return control__fail(r, NULL, "is not %s %g", m->flags & MEMBER_BELOW_MAX ? "below" : "at most",
				     m->max);
	*(double *)at = v;
	return 0;
}

int control__whole(struct control_reader *r, const struct member *m, int token, void *at)
{
	int64_t v;

	if (token != TOKEN_NUMBER || !number_integer(&r->scan.number, &v) || v < (int64_t)m->min || v > (int64_t)m->max)
		return control__fail(r, NULL, "is not a whole number from %.0f to %.0f", m->min, m->max);
	*(int64_t *)at = v;
	return 0;
}

int control__count(struct control_reader *r, const struct member *m, int token, void *at)
{
	int64_t v = 0;
	int rc = control__whole(r, m, token, &v);

	if (!rc)
		*(unsigned *)at = (unsigned)v;
	return rc;
}

int control__micros(struct control_reader *r, const struct member *m, int token, void *at)
{
	int64_t v;

	if (token != TOKEN_NUMBER)
		return control__fail(r, NULL, "is not a number");
	if (!number_micros(&r->scan.number, (int64_t)(m->max * 1e6), &v) || v <= 0)
		return control__fail(r, NULL, "is not above 0 and at most %.0f", m->max);
	*(int64_t *)at = v;
	return 0;
}

int control__time(struct control_reader *r, const struct member *m, int token, void *at)
{
	int64_t t;

	(void)m;
	if (token != TOKEN_STRING || !parse_rfc3339(r->scan.text, &t) || t < 0 || t >= TIME_END_MS)
		return control__fail(r, NULL, "is not an RFC 3339 time of the years 1970 to 9999");
	*(int64_t *)at = t;
	return 0;
}

int control__choice(struct control_reader *r, const struct member *m, int token, void *at)
{
	const char *const *names = m->more;
	char all[96] = "";
	size_t n = 0;

	for (unsigned i = 0; names[i]; i++) {
		if (!names[i][0])
			continue;
		if (token == TOKEN_STRING && str_eq(r->scan.text, str_of(names[i]))) {
			*(unsigned *)at = i;
			return 0;
		}
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", n ? ", " : "", names[i]);
		n = n < sizeof(all) ? n : sizeof(all) - 1;
	}
	return control__fail(r, NULL, "is none of %s", all);
}

int control__inside(struct control_reader *r, const struct member *m, int token, void *at)
{
	return token == TOKEN_OBJECT ? control__object(r, m->more, at) : control__fail(r, NULL, "is not an object");
}

/* A list that grows; its memory is the document's. */
struct growing {
	size_t size; /* of an entry */
	unsigned block;
	uint32_t n, room;
	char *v;
};

static void *grow(struct control_reader *r, struct growing *g)
{
	struct control_body *body = r->body;

	if (!g->room) {
		assert(body->block_n < CONTROL_BLOCKS_MAX);
		g->block = body->block_n++;
	}
	if (g->n == g->room) {
		g->room = g->room ? 2 * g->room : 4;
		g->v = xrealloc(body->blocks[g->block], g->room * g->size);
		body->blocks[g->block] = g->v;
	}
	memset(g->v + g->n * g->size, 0, g->size);
	return g->v + g->n++ * g->size;
}

static int read_list(struct control_reader *r, const struct member *m, int token, size_t size,
		     const struct member *entry, void *at)
{
	struct growing g = { .size = size };
	struct control_list list;
	int rc;

	if (token != TOKEN_ARRAY)
		return control__fail(r, NULL, "is not an array");
	while ((rc = scan_item(&r->scan)) > 0) {
		size_t before = descend(r, NULL, g.n);

		token = scan_value(&r->scan);
		if (token < 0)
			return scan_failed(r);
		if (g.n >= (uint32_t)m->max)
			return control__fail(r, NULL, "is one too many: there may be %d", (int)m->max);
		rc = entry->read(r, entry, token, grow(r, &g));
		if (rc)
			return rc;
		r->path_n = before;
	}
	if (rc < 0)
		return scan_failed(r);
	if (g.n < (uint32_t)m->min)
		return control__fail(r, NULL, "has fewer than %d entries", (int)m->min);
	list = (struct control_list){ g.n, g.v };
	memcpy(at, &list, sizeof(list));
	return 0;
}

int control__texts(struct control_reader *r, const struct member *m, int token, void *at)
{
	return read_list(r, m, token, sizeof(struct str), m->more, at);
}

int control__objects(struct control_reader *r, const struct member *m, int token, void *at)
{
	const struct shape *shape = m->more;
	const struct member entry = { .read = control__inside, .more = shape };

	return read_list(r, m, token, shape->size, &entry, at);
}
