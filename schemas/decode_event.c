#include "schemas/decode_internal.h"
#include "schemas/suggest.h"

#include <stdio.h>

/* What the top level holds before the rules between fields are applied. */
struct draft {
	struct event ev;
	struct str type;
	struct str item_id;
	int64_t quantity;
	int64_t price_micros;
	int64_t position;
	bool has_items;
};

struct item_draft {
	struct str id, recommendation_id;
	int64_t quantity;
	int64_t price_micros;
};

static int finish_item(struct decoder *d, const struct field *quantity, const struct item_draft *draft,
		       struct event_item *ret)
{
	if (draft->quantity == 0)
		return decode__fail(d, quantity, ERR_OUT_OF_RANGE, "is 0");
	ret->id = draft->id;
	ret->recommendation_id = draft->recommendation_id;
	ret->quantity = draft->quantity < 0 ? 1 : (uint32_t)draft->quantity;
	ret->has_price = draft->price_micros != PRICE_ABSENT;
	ret->price_micros = ret->has_price ? draft->price_micros : 0;
	return 0;
}

static const struct field item_fields[] = {
	FIELD("itemId", "items.itemId", decode__id, struct item_draft, id, EVENT_ID_MAX),
	FIELD("quantity", "items.quantity", decode__count, struct item_draft, quantity, EVENT_QUANTITY_MAX),
	FIELD("price", "items.price", decode__price, struct item_draft, price_micros, EVENT_PRICE_MAX_MICROS),
	FIELD("recommendationId", "items.recommendationId", decode__text, struct item_draft, recommendation_id,
	      EVENT_TOKEN_MAX),
};

static const struct field context_fields[] = {
	FIELD("country", "context.country", decode__text, struct event, country, EVENT_TEXT_MAX),
	FIELD("region", "context.region", decode__text, struct event, region, EVENT_TEXT_MAX),
	FIELD("device", "context.device", decode__text, struct event, device, EVENT_TEXT_MAX),
	FIELD("channel", "context.channel", decode__text, struct event, channel, EVENT_TEXT_MAX),
};

static int read_item(struct decoder *d, const struct field *f, struct event_item *ret)
{
	struct item_draft draft = { .quantity = -1, .price_micros = PRICE_ABSENT };
	int token = scan_value(&d->scan);
	int rc;

	if (token < 0)
		return token;
	if (token != TOKEN_OBJECT)
		return decode__fail(d, f, ERR_WRONG_TYPE, "has an entry that is not an object");
	rc = decode__fields(d, &d->event_item, &draft);
	if (rc)
		return rc;
	if (!draft.id.n)
		return decode__fail(d, &item_fields[0], ERR_MISSING_FIELD, "is missing");
	return finish_item(d, &item_fields[1], &draft, ret);
}

static int read_items(struct decoder *d, const struct field *f, int token, void *into)
{
	struct draft *draft = into;
	uint32_t n = 0;
	int rc;

	if (token != TOKEN_ARRAY)
		return decode__fail(d, f, ERR_WRONG_TYPE, "is not an array");
	while ((rc = scan_item(&d->scan)) > 0) {
		if (n == EVENT_ITEMS_MAX)
			return decode__fail(d, f, ERR_TOO_MANY, "has more than 2000 entries");
		rc = read_item(d, f, &d->items[n]);
		if (rc)
			return rc;
		n++;
	}
	draft->has_items = true;
	draft->ev.item_count = n;
	return rc;
}

static int read_context(struct decoder *d, const struct field *f, int token, void *into)
{
	struct draft *draft = into;

	if (token != TOKEN_OBJECT)
		return decode__fail(d, f, ERR_WRONG_TYPE, "is not an object");
	return decode__fields(d, &d->event_context, &draft->ev);
}

static int unknown_type(struct decoder *d, const struct field *f, struct str type)
{
	const char *names[EVENT_TYPE_COUNT];
	char given[65];
	int rc;

	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++)
		names[i] = event_type_name((enum event_type)i);
	utf8_print(given, sizeof(given), "%.*s", STR_FMT(type));
	rc = error_set(
		d->scan.e, ERR_UNKNOWN_EVENT_TYPE, f->label,
		"event type '%s' is not known: view, search, cart-add, cart-remove, purchase, return, impression, "
		"click and dislike are",
		given);
	suggest_in(d->scan.e, given, names, ARRAY_SIZE(names));
	return rc;
}

static int read_type(struct decoder *d, const struct field *f, int token, void *into)
{
	struct draft *draft = into;

	if (token != TOKEN_STRING)
		return decode__fail(d, f, ERR_WRONG_TYPE, "is not a string");
	draft->type = d->scan.text;
	return vocabulary_find(&d->vocabulary, draft->type, &draft->ev.type) ? 0 : unknown_type(d, f, draft->type);
}

static int read_event_time(struct decoder *d, const struct field *f, int token, void *into)
{
	struct draft *draft = into;

	draft->ev.has_time = true;
	return decode__time(d, f, token, into);
}

static const struct field event_fields[] = {
	FIELD("eventId", "eventId", decode__id, struct draft, ev.event_id, EVENT_EVENT_ID_MAX),
	FIELD("type", "type", read_type, struct draft, ev.type, 0),
	FIELD("eventTime", "eventTime", read_event_time, struct draft, ev.t_ms, 0),
	FIELD("userId", "userId", decode__id, struct draft, ev.user_id, EVENT_ID_MAX),
	FIELD("visitorId", "visitorId", decode__id, struct draft, ev.visitor_id, EVENT_ID_MAX),
	FIELD("sessionId", "sessionId", decode__id, struct draft, ev.session_id, EVENT_ID_MAX),
	FIELD("itemId", "itemId", decode__id, struct draft, item_id, EVENT_ID_MAX),
	FIELD("quantity", "quantity", decode__count, struct draft, quantity, EVENT_QUANTITY_MAX),
	FIELD("price", "price", decode__price, struct draft, price_micros, EVENT_PRICE_MAX_MICROS),
	FIELD("items", "items", read_items, struct draft, ev.items, 0),
	FIELD("orderId", "orderId", decode__id, struct draft, ev.order_id, EVENT_ID_MAX),
	FIELD("currency", "currency", decode__text, struct draft, ev.currency, EVENT_TEXT_MAX),
	FIELD("query", "query", decode__text, struct draft, ev.query, EVENT_QUERY_MAX),
	FIELD("position", "position", decode__count, struct draft, position, INT32_MAX),
	FIELD("recommendationId", "recommendationId", decode__text, struct draft, ev.recommendation_id,
	      EVENT_TOKEN_MAX),
	FIELD("offerId", "offerId", decode__id, struct draft, ev.offer_id, EVENT_OFFER_MAX),
	FIELD("context", "context", read_context, struct draft, ev, 0),
};

enum { EVENT_FIELD_QUANTITY = 7 };

void decode__event_tables(struct decoder *d)
{
	decode__table_init(&d->event, event_fields, ARRAY_SIZE(event_fields));
	decode__table_init(&d->event_item, item_fields, ARRAY_SIZE(item_fields));
	decode__table_init(&d->event_context, context_fields, ARRAY_SIZE(context_fields));
}

static bool blank(struct str s)
{
	for (uint32_t i = 0; i < s.n; i++) {
		if (!memchr(" \t\n\v\f\r", s.p[i], 6))
			return false;
	}
	return true;
}

static int missing(struct error *e, const char *field, const char *text)
{
	return error_set(e, ERR_MISSING_FIELD, field, "%s", text);
}

/* itemId with its quantity and price, or items: never both. */
static int settle_items(struct decoder *d, struct draft *draft)
{
	struct item_draft single = { draft->item_id, { 0 }, draft->quantity, draft->price_micros };
	struct error *e = d->scan.e;
	int rc;

	if (draft->has_items && draft->item_id.n)
		return error_set(e, ERR_CONFLICTING_FIELDS, "items", "itemId and items are both there");
	if (draft->has_items && (draft->quantity >= 0 || draft->price_micros != PRICE_ABSENT))
		return error_set(e, ERR_CONFLICTING_FIELDS, draft->quantity >= 0 ? "quantity" : "price",
				 "quantity and price belong into the entries of items");
	if (!draft->has_items) {
		struct event_item item;

		rc = finish_item(d, &event_fields[EVENT_FIELD_QUANTITY], &single, &item);
		if (rc)
			return rc;
		if (item.id.n) {
			d->items[0] = item;
			draft->ev.item_count = 1;
		}
	}
	if (!draft->ev.item_count && draft->ev.type != EVENT_SEARCH)
		return missing(e, "itemId", "neither itemId nor items is there");
	draft->ev.items = d->items;
	return 0;
}

static int settle(struct decoder *d, struct draft *draft)
{
	struct error *e = d->scan.e;

	if (!draft->type.n)
		return missing(e, "type", "type is missing");
	if (!draft->ev.user_id.n && !draft->ev.visitor_id.n)
		return missing(e, "userId", "neither userId nor visitorId is there");
	if (draft->ev.type == EVENT_SEARCH && !draft->ev.query.n)
		return missing(e, "query", "a search has no query");
	if (draft->ev.type == EVENT_SEARCH && blank(draft->ev.query))
		return error_set(e, ERR_BAD_STRING, "query", "the query of a search is blank");
	draft->ev.position = (int32_t)draft->position;
	return settle_items(d, draft);
}

int decode_event(struct decoder *d, const void *bytes, size_t n, struct event *ret, struct error *e)
{
	struct draft draft = { .quantity = -1, .price_micros = PRICE_ABSENT, .position = -1 };
	int rc = decode__begin(d, bytes, n, e);
	int token;

	if (rc)
		return rc;
	token = scan_value(&d->scan);
	if (token < 0)
		return token;
	if (token != TOKEN_OBJECT)
		return error_set(e, ERR_WRONG_TYPE, NULL, "an event is an object");
	rc = decode__fields(d, &d->event, &draft);
	if (!rc)
		rc = scan_end(&d->scan);
	if (!rc)
		rc = settle(d, &draft);
	if (!rc)
		*ret = draft.ev;
	return rc;
}
