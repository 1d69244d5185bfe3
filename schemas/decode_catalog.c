#include "schemas/decode_internal.h"

#include <inttypes.h>
#include <stdio.h>

#define CATALOG_COUNT_MAX INT64_C(1000000000)

static int read_category(struct decoder *d, const struct field *f, int token, void *into)
{
	struct scan *s = &d->scan;
	struct str raw, *ret = into;
	int rc = decode__text(d, f, token, &raw);

	*ret = (struct str){ 0 };
	if (rc || !raw.n)
		return rc;
	*ret = category_join(raw, s->room + s->room_n);
	s->room_n += ret->n;
	return 0;
}

static int read_categories(struct decoder *d, const struct field *f, int token, void *into)
{
	return decode__list(d, f, token, into, read_category);
}

/* A record of the log is not lost for it, only one that is sent. */
static int read_currency(struct decoder *d, const struct field *f, int token, void *into)
{
	struct str text = d->scan.text;
	int rc = decode__text(d, f, token, into);
	bool good = text.n == 3;

	if (rc || !d->catalog.closed || !text.n)
		return rc;
	for (uint32_t i = 0; good && i < 3; i++)
		good = text.p[i] >= 'A' && text.p[i] <= 'Z';
	return good ? 0 : decode__fail(d, f, ERR_BAD_STRING, "is not three letters as in EUR");
}

/* "" for a path. As browsers read it: they skip blanks before it and drop tabs and ends of lines within. */
static void scheme_of(struct str url, char ret[12])
{
	unsigned n = 0;

	for (uint32_t i = 0; i < url.n && !strchr("/?#", url.p[i]); i++) {
		if (url.p[i] == ':') {
			ret[n] = '\0';
			return;
		}
		if ((unsigned char)url.p[i] > ' ' && n < 11)
			ret[n++] = url.p[i];
	}
	*ret = '\0';
}

/* A page makes a link of it. The log may have addresses of apps and stores of files, but no script. */
static int read_url(struct decoder *d, const struct field *f, int token, void *into)
{
	int rc = decode__text(d, f, token, into);
	char scheme[12];

	if (rc)
		return rc;
	scheme_of(d->scan.text, scheme);
	if (d->catalog.closed ? !*scheme || !strcasecmp(scheme, "http") || !strcasecmp(scheme, "https")
			      : strcasecmp(scheme, "javascript") != 0)
		return 0;
	return decode__fail(d, f, ERR_BAD_STRING, "is neither http:, https: nor a path");
}

static void put_number(struct json_out *j, const struct scan *s)
{
	const struct number *n = &s->number;
	char text[64];
	int length;

	if (s->text.n) { /* JSON: as it was written */
		json_out_raw(j, s->text);
	} else if (n->exponent == -6 && n->mantissa <= INT64_MAX) {
		json_out_micros(j, n->negative ? -(int64_t)n->mantissa : (int64_t)n->mantissa);
	} else {
		length = snprintf(text, sizeof(text), "%s%" PRIu64, n->negative ? "-" : "", n->mantissa);
		if (n->exponent)
			length += snprintf(text + length, sizeof(text) - (size_t)length, "e%d", n->exponent);
		json_out_raw(j, (struct str){ text, (uint32_t)length });
	}
}

static int put_string(struct decoder *d, const struct field *f)
{
	struct str text = d->scan.text;

	if (text.n && memchr(text.p, 0, text.n))
		return decode__fail(d, f, ERR_BAD_STRING, "has a NUL in a key or value");
	if (text.n > CATALOG_ATTRIBUTES_MAX)
		return decode__fail(d, f, ERR_BAD_STRING, "is longer than 16384 bytes as JSON");
	json_out_str(&d->attributes, text);
	return 0;
}

static int put_scalar(struct decoder *d, const struct field *f, int token)
{
	struct json_out *j = &d->attributes;
	int rc = 0;

	if (token == TOKEN_STRING)
		rc = put_string(d, f);
	else if (token == TOKEN_NUMBER)
		put_number(j, &d->scan);
	else if (token == TOKEN_TRUE || token == TOKEN_FALSE)
		json_out_bool(j, token == TOKEN_TRUE);
	else if (token == TOKEN_NULL)
		json_out_null(j);
	else
		return decode__fail(d, f, ERR_WRONG_TYPE,
				    "has a value that is neither a scalar nor an array of scalars");
	if (!rc && j->n > CATALOG_ATTRIBUTES_MAX)
		return decode__fail(d, f, ERR_BAD_STRING, "is longer than 16384 bytes as JSON");
	return rc;
}

static int put_value(struct decoder *d, const struct field *f)
{
	int token = scan_value(&d->scan);
	int rc;

	if (token < 0)
		return token;
	if (token != TOKEN_ARRAY)
		return put_scalar(d, f, token);
	json_out_array(&d->attributes);
	while ((rc = scan_item(&d->scan)) > 0) {
		token = scan_value(&d->scan);
		rc = token < 0 ? token : put_scalar(d, f, token);
		if (rc)
			return rc;
	}
	json_out_end_array(&d->attributes);
	return rc;
}

/* Written anew, so that JSON of any layout and MessagePack give the same bytes. */
static int read_attributes(struct decoder *d, const struct field *f, int token, void *into)
{
	struct catalog_item *item = into;
	struct json_out *j = &d->attributes;
	size_t mark = d->scan.key_n;
	int rc;

	if (token != TOKEN_OBJECT)
		return decode__fail(d, f, ERR_WRONG_TYPE, "is not an object");
	json_out_reset(j);
	json_out_object(j);
	while ((rc = scan_key(&d->scan)) > 0) {
		rc = scan_note_key(&d->scan, mark);
		if (!rc)
			rc = put_string(d, f);
		if (rc)
			return rc;
		j->comma = false;
		json_out_raw(j, STR(":"));
		j->comma = false;
		rc = put_value(d, f);
		if (rc)
			return rc;
	}
	d->scan.key_n = mark;
	json_out_end_object(j);
	if (!rc && j->n > CATALOG_ATTRIBUTES_MAX)
		return decode__fail(d, f, ERR_BAD_STRING, "is longer than 16384 bytes as JSON");
	item->attributes = (struct str){ j->p, (uint32_t)j->n };
	return rc;
}

#define ITEM(name, read, member, max) FIELD(name, name, read, struct catalog_item, member, max)

static const struct field catalog_fields[] = {
	ITEM("itemId", decode__id, item_id, EVENT_ID_MAX),
	ITEM("title", decode__text, title, CATALOG_TITLE_MAX),
	ITEM("categories", read_categories, categories, CATALOG_TEXT_MAX),
	ITEM("brand", decode__text, brand, CATALOG_TEXT_MAX),
	ITEM("price", decode__price, price_micros, EVENT_PRICE_MAX_MICROS),
	ITEM("listPrice", decode__price, list_price_micros, EVENT_PRICE_MAX_MICROS),
	ITEM("currency", read_currency, currency, EVENT_TEXT_MAX),
	ITEM("rating", decode__price, rating_micros, 5 * MICROS),
	ITEM("ratingCount", decode__count, rating_count, CATALOG_COUNT_MAX),
	ITEM("attributes", read_attributes, attributes, 0),
	ITEM("tags", decode__texts, tags, CATALOG_TEXT_MAX),
	ITEM("groupId", decode__text, group_id, CATALOG_TEXT_MAX),
	ITEM("accessoriesOf", decode__ids, accessories_of, EVENT_ID_MAX),
	ITEM("margin", decode__amount, margin_micros, EVENT_PRICE_MAX_MICROS),
	ITEM("regions", decode__texts, regions, CATALOG_TEXT_MAX),
	ITEM("availableFrom", decode__time, available_from_ms, 0),
	ITEM("availableTo", decode__time, available_to_ms, 0),
	ITEM("seasons", decode__texts, seasons, CATALOG_TEXT_MAX),
	ITEM("url", read_url, url, CATALOG_URL_MAX),
	ITEM("imageUrl", read_url, image_url, CATALOG_URL_MAX),
};

void decode__catalog_tables(struct decoder *d)
{
	decode__table_init(&d->catalog, catalog_fields, ARRAY_SIZE(catalog_fields));
}

static int settle(struct str key, struct catalog_item *item, struct error *e)
{
	int rc;

	if (key.n) {
		rc = decode__key(key, EVENT_ID_MAX, e);
		if (rc)
			return rc;
		if (item->item_id.n && !str_eq(item->item_id, key))
			return error_set(e, ERR_KEY_MISMATCH, "itemId", "itemId is '%.*s', the record's key is '%.*s'",
					 STR_FMT(item->item_id), STR_FMT(key));
		item->item_id = key;
	}
	if (!item->item_id.n)
		return error_set(e, ERR_MISSING_FIELD, "itemId", "neither the key nor the value has an itemId");
	return 0;
}

int decode_catalog(struct decoder *d, struct str key, const void *bytes, size_t n, struct catalog_item *ret,
		   bool *deleted, struct error *e)
{
	bool has_row;
	int rc = decode__open_row(d, bytes, n, deleted, &has_row, e);

	if (rc)
		return rc;
	catalog_item_init(ret);
	if (has_row && !(*deleted && key.n)) {
		rc = decode__fields(d, &d->catalog, ret);
		if (rc)
			return rc;
	}
	if (*deleted) {
		struct str id = ret->item_id;

		catalog_item_init(ret);
		ret->item_id = id;
	}
	return settle(key, ret, e);
}
