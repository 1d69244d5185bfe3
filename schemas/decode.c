#include "schemas/decode_internal.h"
#include "schemas/suggest.h"

#include <stdio.h>
#include <stdlib.h>

int decoder_new(const struct decode_options *opt, struct decoder **ret, struct error *e)
{
	size_t record_max = opt && opt->record_max ? opt->record_max : DECODE_RECORD_MAX_DEFAULT;
	struct decoder *d = xcalloc(1, sizeof(*d));
	int rc = vocabulary_init(&d->vocabulary, opt ? opt->vocabularies : NULL, e);

	if (rc) {
		decoder_free(d);
		return rc;
	}
	d->record_max = record_max < INT32_MAX ? record_max : INT32_MAX; /* lengths are 32 bits wide */
	decode__event_tables(d);
	decode__catalog_tables(d);
	decode__stock_tables(d);
	d->catalog.closed = d->stock.closed = opt && opt->closed_rows;
	*ret = d;
	return 0;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	json_out_fini(&d->attributes);
	free(d->room);
	free(d);
}

void decode__table_init(struct field_table *t, const struct field *v, size_t n)
{
	t->v = v;
	t->n = n;
	for (size_t i = 0; i < n; i++) {
		uint32_t at = key_hash(v[i].name) % FIELD_SLOTS;

		while (t->slot[at])
			at = (at + 1) % FIELD_SLOTS;
		t->slot[at] = (uint8_t)(i + 1);
	}
}

int decode__begin(struct decoder *d, const void *bytes, size_t n, struct error *e)
{
	/* Unescaped text takes at most n bytes, rejoined categories at most 2 n. */
	size_t room_min = 3 * n + 16;

	if (n > d->record_max)
		return error_set(e, ERR_TOO_LARGE, NULL, "%zu bytes, the limit is %zu", n, d->record_max);
	if (d->room_size < room_min) {
		free(d->room);
		d->room = xmalloc(room_min * 2);
		d->room_size = room_min * 2;
	}
	scan_init(&d->scan, bytes, n, d->room, e);
	return 0;
}

static const struct field *find(const struct field_table *t, struct str name)
{
	uint32_t at = key_hash(name) % FIELD_SLOTS;

	for (; t->slot[at]; at = (at + 1) % FIELD_SLOTS) {
		const struct field *f = &t->v[t->slot[at] - 1];

		if (str_eq(f->name, name))
			return f;
	}
	return NULL;
}

static int read_field(struct decoder *d, const struct field *f, void *into)
{
	int token = scan_value(&d->scan);

	if (token < 0)
		return token;
	if (!f)
		return scan_skip(&d->scan, token);
	return token == TOKEN_NULL ? 0 : f->read(d, f, token, into);
}

static int unknown_field(struct decoder *d, const struct field_table *t)
{
	const char *names[FIELD_SLOTS / 2];
	char name[64];
	int rc;

	for (size_t i = 0; i < t->n; i++)
		names[i] = t->v[i].name.p;
	utf8_print(name, sizeof(name), "%.*s", STR_FMT(d->scan.text));
	rc = error_set(d->scan.e, ERR_UNKNOWN_FIELD, name, "there is no field '%s'", name);
	suggest_in(d->scan.e, name, names, t->n);
	return rc;
}

int decode__fields(struct decoder *d, const struct field_table *t, void *into)
{
	struct scan *s = &d->scan;
	size_t mark = s->key_n;
	uint32_t seen = 0;
	int rc;

	while ((rc = scan_key(s)) > 0) {
		const struct field *f = find(t, s->text);

		if (!f) {
			rc = t->closed ? unknown_field(d, t) : scan_note_key(s, mark);
			if (rc)
				return rc;
		} else {
			uint32_t bit = UINT32_C(1) << (f - t->v);

			if (seen & bit)
				return decode__fail(d, f, ERR_DUPLICATE_KEY, "is there twice");
			seen |= bit;
		}
		rc = read_field(d, f, into);
		if (rc)
			return rc;
	}
	s->key_n = mark;
	return rc;
}

int decode__fail(struct decoder *d, const struct field *f, int code, const char *text)
{
	return error_set(d->scan.e, code, f->label, "%s %s", f->label, text);
}
