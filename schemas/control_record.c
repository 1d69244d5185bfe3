/* A record of aisle.config: what is around a document. */
#include "schemas/control_internal.h"

#include <stdlib.h>
#include <xxhash.h>

enum field {
	FIELD_KIND,
	FIELD_ID,
	FIELD_REPLACES,
	FIELD_CHANGE_ID,
	FIELD_OVERRULES,
	FIELD_BY,
	FIELD_AT,
	FIELD_DOCUMENT,
	FIELD_COUNT
};

static const char *const fields[FIELD_COUNT] = { "kind",      "id",        "replaces",  "changeId",
						 "overrules", "changedBy", "changedAt", "document" };

struct reading {
	struct scan scan;
	struct control_record *rec;
	unsigned seen;
	char room[]; /* texts that had escapes */
};

static int fail(struct error *e, enum field f, const char *why)
{
	return error_set(e, ERR_BAD_CONFIG, fields[f], "%s %s", fields[f], why);
}

static int take_key(struct str key, struct control_record *ret, struct error *e)
{
	const char *slash = key.n ? memchr(key.p, '/', key.n) : NULL;

	ret->kind = CONTROL_KIND_COUNT;
	if (slash) {
		uint32_t n = (uint32_t)(slash - key.p);

		ret->kind = control_kind_find((struct str){ key.p, n }, false);
		ret->id = (struct str){ slash + 1, key.n - n - 1 };
	}
	if (ret->kind == CONTROL_KIND_COUNT || !control_id_valid(ret->id))
		return error_set(e, ERR_BAD_CONFIG, "key", "the record's key is not KIND/ID, as rule/no-toys");
	return 0;
}

static bool take_hex(struct str text, uint64_t *ret)
{
	uint64_t v = 0;

	if (text.n != 16)
		return false;
	for (uint32_t i = 0; i < 16; i++) {
		const char *digits = "0123456789abcdef", *at = memchr(digits, text.p[i], 16);

		if (!at)
			return false;
		v = v << 4 | (uint64_t)(at - digits);
	}
	if (v) /* 0 is none */
		*ret = v;
	return true;
}

static int take_integer(struct reading *rd, enum field f, int token, int64_t max, int64_t *ret)
{
	int64_t v;

	if (token != TOKEN_NUMBER || !number_integer(&rd->scan.number, &v) || v < 0 || v > max)
		return fail(rd->scan.e, f, "is not a whole number that may be there");
	*ret = v;
	return 0;
}

static int take_field(struct reading *rd, enum field f, int token, const unsigned char *from)
{
	struct control_record *rec = rd->rec;
	struct str text = token == TOKEN_STRING ? rd->scan.text : (struct str){ NULL, 0 };
	int rc;

	switch (f) {
	case FIELD_KIND:
		return str_eq(text, str_of(control_kind_name(rec->kind)))
			       ? 0
			       : fail(rd->scan.e, f, "is not that of the key");
	case FIELD_ID:
		return str_eq(text, rec->id) ? 0 : fail(rd->scan.e, f, "is not that of the key");
	case FIELD_REPLACES:
		return take_integer(rd, f, token, (int64_t)CONTROL_REVISION_MAX - 1, &rec->replaces);
	case FIELD_CHANGE_ID:
	case FIELD_OVERRULES:
		return take_hex(text, f == FIELD_CHANGE_ID ? &rec->change_id : &rec->overrules)
			       ? 0
			       : fail(rd->scan.e, f, "is not 16 hexadecimal digits");
	case FIELD_BY:
		if (token != TOKEN_STRING || text.n > CONTROL_BY_MAX || (text.n && memchr(text.p, 0, text.n)))
			return fail(rd->scan.e, f, "is no text, too long, or has a NUL");
		memcpy(rec->changed_by, text.p, text.n);
		return 0;
	case FIELD_AT:
		return take_integer(rd, f, token, TIME_END_MS - 1, &rec->changed_at_ms);
	default:
		if (token != TOKEN_OBJECT)
			return fail(rd->scan.e, f, "is neither an object nor null");
		rc = scan_skip(&rd->scan, token);
		while (*from != '{')
			from++;
		rec->document = (struct str){ (const char *)from, (uint32_t)(rd->scan.p - from) };
		return rc;
	}
}

static int read_field(struct reading *rd)
{
	struct str name = rd->scan.text;
	const unsigned char *from = rd->scan.p;
	unsigned f = 0;
	int token;

	while (f < FIELD_COUNT && !str_eq(name, str_of(fields[f])))
		f++;
	if (f == FIELD_COUNT)
		return error_set(rd->scan.e, ERR_BAD_CONFIG, "", "there is no field '%.*s' in a record",
				 name.n < 64 ? (int)name.n : 64, name.p);
	if (rd->seen >> f & 1)
		return fail(rd->scan.e, (enum field)f, "is there twice");
	rd->seen |= 1u << f;
	token = scan_value(&rd->scan);
	if (token < 0)
		return token;
	return token == TOKEN_NULL ? 0 : take_field(rd, (enum field)f, token, from);
}

static int read_fields(struct reading *rd)
{
	int rc, token = scan_value(&rd->scan);

	if (token >= 0 && (token != TOKEN_OBJECT || rd->scan.is_msgpack))
		return error_set(rd->scan.e, ERR_BAD_CONFIG, "", "the record's value is not a JSON object");
	if (token < 0)
		return token;
	while ((rc = scan_key(&rd->scan)) > 0) {
		rc = read_field(rd);
		if (rc)
			return rc;
	}
	if (rc || (rc = scan_end(&rd->scan)))
		return rc;
	return rd->seen >> FIELD_DOCUMENT & 1 ? 0 : fail(rd->scan.e, FIELD_DOCUMENT, "is missing; null deletes");
}

static int check_document(const struct control_record *rec, struct error *e)
{
	struct control *doc = NULL;
	int rc = rec->document.n ? control_parse(rec->kind, rec->document, &doc, e) : 0;

	control_free(doc);
	return rc;
}

int control_record_decode(struct str key, const void *value, size_t n, struct control_record *ret, struct error *e)
{
	struct error own = { 0 };
	struct reading *rd;
	int rc;

	*ret = (struct control_record){ .replaces = CONTROL_REPLACES_ANY, .changed_at_ms = -1 };
	rc = take_key(key, ret, e);
	if (rc)
		return rc;
	if (n)
		ret->change_id = XXH3_64bits(value, n);
	if (!value || !n)
		return 0;
	if (n > CONTROL_RECORD_MAX)
		return error_set(e, ERR_BAD_CONFIG, "", "the record has %zu bytes, the limit is %d", n,
				 CONTROL_RECORD_MAX);
	rd = xmalloc(sizeof(*rd) + n + 16);
	rd->rec = ret;
	rd->seen = 0;
	scan_init(&rd->scan, value, n, rd->room, e ? e : &own);
	rc = read_fields(rd);
	free(rd);
	if (!rc)
		return check_document(ret, e);
	if (e)
		e->code = ERR_BAD_CONFIG;
	return ERR_BAD_CONFIG;
}
