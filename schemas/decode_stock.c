#include "schemas/decode_internal.h"

#define LEAD_TIME_MAX_HOURS 87600 /* ten years */

struct draft {
	struct stock_record record;
	struct str_list ships_to;
};

#define STOCK(name, read, member, max) FIELD(name, name, read, struct draft, member, max)

static int read_as_of(struct decoder *d, const struct field *f, int token, void *into)
{
	struct draft *draft = into;

	draft->record.has_as_of = true;
	return decode__time(d, f, token, into);
}

static const struct field stock_fields[] = {
	STOCK("itemId", decode__id, record.item_id, EVENT_ID_MAX),
	STOCK("location", decode__text, record.location, STOCK_LOCATION_MAX),
	STOCK("quantity", decode__count, record.quantity, STOCK_QUANTITY_MAX),
	STOCK("shipsTo", decode__texts, ships_to, EVENT_TEXT_MAX),
	STOCK("leadTimeHours", decode__count, record.lead_time_hours, LEAD_TIME_MAX_HOURS),
	STOCK("asOf", read_as_of, record.as_of_ms, 0),
};

_Static_assert(STOCK_SHIPS_TO_MAX <= CATALOG_LIST_MAX, "shipsTo is read as a list");

void decode__stock_tables(struct decoder *d)
{
	decode__table_init(&d->stock, stock_fields, ARRAY_SIZE(stock_fields));
}

/* Where the "|" stands that parts item and location; key.n when there is none. */
static uint32_t split_at(struct str key, const struct stock_record *r)
{
	const char *bar;

	if (r->item_id.n) /* the id may have a "|" of its own */
		return r->item_id.n < key.n && key.p[r->item_id.n] == '|' ? r->item_id.n : key.n;
	if (r->location.n && r->location.n < key.n && key.p[key.n - r->location.n - 1] == '|')
		return key.n - r->location.n - 1;
	bar = memrchr(key.p, '|', key.n);
	return bar ? (uint32_t)(bar - key.p) : key.n;
}

static int settle(struct str key, struct stock_record *r, struct error *e)
{
	uint32_t n;
	struct str item_id, location;
	int rc;

	if (!key.n) {
		if (!r->item_id.n)
			return error_set(e, ERR_MISSING_FIELD, "itemId", "neither the key nor the value has an itemId");
		return 0;
	}
	rc = decode__key(key, EVENT_ID_MAX + 1 + STOCK_LOCATION_MAX, e);
	if (rc)
		return rc;
	n = split_at(key, r);
	item_id = (struct str){ key.p, n };
	location = n < key.n ? (struct str){ key.p + n + 1, key.n - n - 1 } : r->location;
	if (!id_valid(item_id, EVENT_ID_MAX) || location.n > STOCK_LOCATION_MAX || (n < key.n && !location.n))
		return error_set(e, ERR_BAD_ID, "key", "the record's key is not itemId or itemId|location");
	if ((r->item_id.n && !str_eq(r->item_id, item_id)) || (r->location.n && !str_eq(r->location, location)))
		return error_set(e, ERR_KEY_MISMATCH, "itemId",
				 "itemId or location differs from the record's key '%.*s'", STR_FMT(key));
	r->item_id = item_id;
	r->location = location;
	return 0;
}

int decode_stock(struct decoder *d, struct str key, const void *bytes, size_t n, struct stock_record *ret,
		 bool *deleted, struct error *e)
{
	struct draft draft;
	bool has_row;
	int rc = decode__open_row(d, bytes, n, deleted, &has_row, e);

	if (rc)
		return rc;
	draft.record = (struct stock_record){ .quantity = -1, .lead_time_hours = -1 };
	draft.ships_to.n = 0;
	if (has_row && !(*deleted && key.n)) {
		rc = decode__fields(d, &d->stock, &draft);
		if (rc)
			return rc;
	}
	if (*deleted)
		draft.record = (struct stock_record){ .item_id = draft.record.item_id,
						      .location = draft.record.location,
						      .lead_time_hours = -1 };
	else if (draft.record.quantity < 0)
		return error_set(e, ERR_MISSING_FIELD, "quantity", "quantity is missing");
	rc = settle(key, &draft.record, e);
	if (rc)
		return rc;
	memcpy(d->ships_to, draft.ships_to.v, draft.ships_to.n * sizeof(struct str));
	draft.record.ships_to = d->ships_to;
	draft.record.ships_to_count = *deleted ? 0 : draft.ships_to.n;
	*ret = draft.record;
	return 0;
}
