#include "schemas/decode_internal.h"

/* Where the members of an envelope begin; NULL: not there. */
struct members {
	const unsigned char *schema, *payload, *before, *after, *op;
};

static const unsigned char **member_of(struct members *m, struct str name)
{
	static const struct {
		struct str name;
		size_t offset;
	} known[] = {
		{ { "schema", 6 }, offsetof(struct members, schema) },
		{ { "payload", 7 }, offsetof(struct members, payload) },
		{ { "before", 6 }, offsetof(struct members, before) },
		{ { "after", 5 }, offsetof(struct members, after) },
		{ { "op", 2 }, offsetof(struct members, op) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (str_eq(name, known[i].name))
			return (const unsigned char **)((char *)m + known[i].offset);
	}
	return NULL;
}

/* Read the object at `from` to its end, noting where the members of an envelope are. */
static int survey(struct scan *s, const unsigned char *from, struct members *ret)
{
	size_t mark = s->key_n;
	int token, rc;

	*ret = (struct members){ 0 };
	s->p = from;
	token = scan_value(s);
	if (token < 0)
		return token;
	if (token != TOKEN_OBJECT)
		return error_set(s->e, ERR_WRONG_TYPE, NULL, "the value is not an object");
	while ((rc = scan_key(s)) > 0) {
		const unsigned char **at = member_of(ret, s->text);

		rc = scan_note_key(s, mark);
		if (rc)
			return rc;
		if (at)
			*at = s->p;
		token = scan_value(s);
		rc = token < 0 ? token : scan_skip(s, token);
		if (rc)
			return rc;
	}
	s->key_n = mark;
	return rc;
}

/* Go back to a place that was read before; what was unescaped since is not needed any more. */
static int read_again(struct scan *s, const unsigned char *from)
{
	s->p = from;
	s->depth = 0;
	s->room_n = 0;
	return scan_value(s);
}

static int open_envelope(struct scan *s, const struct members *m, bool *deleted, bool *ret_row)
{
	const unsigned char *row = m->after;
	int token = read_again(s, m->op);

	if (token != TOKEN_STRING || s->text.n != 1 || !memchr("crud", s->text.p[0], 4))
		return error_set(s->e, ERR_WRONG_TYPE, "op", "op of a change is not one of c, r, u, d");
	*deleted = s->text.p[0] == 'd';
	if (*deleted)
		row = m->before;
	token = row ? read_again(s, row) : TOKEN_NULL;
	*ret_row = token == TOKEN_OBJECT;
	if (token != TOKEN_OBJECT && token != TOKEN_NULL)
		return error_set(s->e, ERR_WRONG_TYPE, *deleted ? "before" : "after", "a row is not an object");
	if (!*ret_row && !*deleted)
		return error_set(s->e, ERR_MISSING_FIELD, "after", "a change has no row");
	return 0;
}

int decode__open_row(struct decoder *d, const void *bytes, size_t n, bool *deleted, bool *ret_row, struct error *e)
{
	const unsigned char *from = bytes;
	struct scan *s = &d->scan;
	struct members m;
	int rc;

	*deleted = n == 0;
	*ret_row = false;
	rc = decode__begin(d, bytes, n, e);
	if (rc || *deleted)
		return rc;
	rc = survey(s, from, &m);
	if (!rc)
		rc = scan_end(s);
	if (rc)
		return rc;
	if (!d->catalog.closed && m.schema && m.payload) {
		from = m.payload;
		if (read_again(s, from) == TOKEN_NULL) {
			*deleted = true;
			return 0;
		}
		s->depth = 0;
		rc = survey(s, from, &m);
		if (rc)
			return rc;
	}
	if (!d->catalog.closed && m.op && (m.before || m.after))
		return open_envelope(s, &m, deleted, ret_row);
	*ret_row = true;
	rc = read_again(s, from);
	return rc < 0 ? rc : 0;
}

int decode__key(struct str key, int64_t max, struct error *e)
{
	if (!id_valid(key, max))
		return error_set(e, ERR_BAD_ID, "key",
				 "the record's key is empty, longer than %d bytes or has a control character",
				 (int)max);
	if (!utf8_valid(key.p, key.n))
		return error_set(e, ERR_BAD_UTF8, "key", "the record's key is not UTF-8");
	return 0;
}
