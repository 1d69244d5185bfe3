#include "schemas/decode_internal.h"

#include <stdio.h>

static void *at(void *into, const struct field *f)
{
	return (char *)into + f->offset;
}

int decode__id(struct decoder *d, const struct field *f, int token, void *into)
{
	if (token != TOKEN_STRING)
		return decode__fail(d, f, ERR_WRONG_TYPE, "is not a string");
	if (!id_valid(d->scan.text, f->max))
		return error_set(d->scan.e, ERR_BAD_ID, f->label,
				 "%s is empty, longer than %d bytes or has a control character", f->label, (int)f->max);
	*(struct str *)at(into, f) = d->scan.text;
	return 0;
}

int decode__text(struct decoder *d, const struct field *f, int token, void *into)
{
	struct str text = d->scan.text;

	if (token != TOKEN_STRING)
		return decode__fail(d, f, ERR_WRONG_TYPE, "is not a string");
	if (text.n > f->max || (text.n && memchr(text.p, 0, text.n)))
		return error_set(d->scan.e, ERR_BAD_STRING, f->label, "%s is longer than %d bytes or has a NUL",
				 f->label, (int)f->max);
	*(struct str *)at(into, f) = text.n ? text : (struct str){ 0 };
	return 0;
}

int decode__price(struct decoder *d, const struct field *f, int token, void *into)
{
	const struct number *n = &d->scan.number;

	if (token != TOKEN_NUMBER)
		return decode__fail(d, f, ERR_WRONG_TYPE, "is not a number");
	if (n->negative && n->mantissa)
		return decode__fail(d, f, ERR_OUT_OF_RANGE, "is negative");
	return decode__amount(d, f, token, into);
}

int decode__amount(struct decoder *d, const struct field *f, int token, void *into)
{
	if (token != TOKEN_NUMBER)
		return decode__fail(d, f, ERR_WRONG_TYPE, "is not a number");
	if (!number_micros(&d->scan.number, f->max, at(into, f)))
		return decode__fail(d, f, ERR_OUT_OF_RANGE, "is too large");
	return 0;
}

int decode__count(struct decoder *d, const struct field *f, int token, void *into)
{
	const struct number *n = &d->scan.number;
	char why[48];
	int64_t v;

	if (token != TOKEN_NUMBER)
		return decode__fail(d, f, ERR_WRONG_TYPE, "is not a number");
	if (!number_integer(n, &v)) {
		if (n->exponent < 0)
			return decode__fail(d, f, ERR_WRONG_TYPE, "is not a whole number");
		v = n->negative ? -1 : INT64_MAX;
	}
	if (v < 0)
		return decode__fail(d, f, ERR_OUT_OF_RANGE, "is negative");
	if (v > f->max) {
		snprintf(why, sizeof(why), "is more than %lld", (long long)f->max);
		return decode__fail(d, f, ERR_OUT_OF_RANGE, why);
	}
	*(int64_t *)at(into, f) = v;
	return 0;
}

int decode__time(struct decoder *d, const struct field *f, int token, void *into)
{
	int64_t t;

	if (token == TOKEN_STRING) {
		if (!parse_rfc3339(d->scan.text, &t))
			return decode__fail(d, f, ERR_BAD_TIME, "is not an RFC 3339 time such as 2026-11-26T09:30:00Z");
	} else if (token == TOKEN_NUMBER) {
		if (!number_integer(&d->scan.number, &t))
			return decode__fail(d, f, ERR_BAD_TIME, "is not a whole number of milliseconds");
	} else {
		return decode__fail(d, f, ERR_WRONG_TYPE, "is neither text nor a number");
	}
	if (t < 0 || t >= TIME_END_MS)
		return decode__fail(d, f, ERR_OUT_OF_RANGE, "is not within the years 1970 to 9999");
	*(int64_t *)at(into, f) = t;
	return 0;
}

int decode__list(struct decoder *d, const struct field *f, int token, void *into, entry_read read)
{
	struct str_list *ret = at(into, f);
	struct field entry = *f;
	int rc;

	if (token != TOKEN_ARRAY)
		return decode__fail(d, f, ERR_WRONG_TYPE, "is not an array");
	entry.offset = 0;
	ret->n = 0;
	while ((rc = scan_item(&d->scan)) > 0) {
		token = scan_value(&d->scan);
		if (token < 0)
			return token;
		if (ret->n == CATALOG_LIST_MAX)
			return decode__fail(d, f, ERR_TOO_MANY, "has too many entries");
		rc = read(d, &entry, token, &ret->v[ret->n]);
		if (rc)
			return rc;
		if (!ret->v[ret->n].n)
			return decode__fail(d, f, ERR_BAD_STRING, "has an empty entry");
		ret->n++;
	}
	return rc;
}

int decode__texts(struct decoder *d, const struct field *f, int token, void *into)
{
	return decode__list(d, f, token, into, decode__text);
}

int decode__ids(struct decoder *d, const struct field *f, int token, void *into)
{
	return decode__list(d, f, token, into, decode__id);
}
