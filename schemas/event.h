/*
 * event.h - one shop event, compact, as every part of aisle sees it.
 *
 * Decoded from JSON or MessagePack by decode.h; schemas/event.schema.json says
 * what is accepted. All strings and the items array are borrowed from the
 * record's bytes or the decoder and stay valid until its next decode call.
 *
 * Invariants of a decoded event: user_id or visitor_id is present; ids are 1 to
 * EVENT_ID_MAX bytes of UTF-8 without control characters; quantity is 1 to 10,000; a search
 * has a query, every other type at least one item.
 */
#ifndef AISLE_SCHEMAS_EVENT_H
#define AISLE_SCHEMAS_EVENT_H

#include "schemas/base.h"

#define EVENT_ID_MAX 128      /* bytes of userId, visitorId, itemId, sessionId, orderId */
#define EVENT_EVENT_ID_MAX 64 /* bytes of eventId */
#define EVENT_QUERY_MAX 512   /* bytes of query */
#define EVENT_TEXT_MAX 64     /* bytes of country, region, device, channel */
#define EVENT_TOKEN_MAX 800   /* bytes of recommendationId */
#define EVENT_OFFER_MAX 64    /* bytes of offerId */
#define EVENT_ITEMS_MAX 2000  /* lines of one event */
#define EVENT_QUANTITY_MAX 10000
#define EVENT_PRICE_MAX_MICROS (INT64_C(100000000) * MICROS)

enum event_type {
#define EVENT_TYPE(name, wire) EVENT_##name,
#include "schemas/event_types.def"
#undef EVENT_TYPE
	EVENT_TYPE_COUNT
};

struct event_item {
	struct str id;
	uint32_t quantity; /* 1..10,000; 1 when absent */
	bool has_price;
	int64_t price_micros;         /* unit price, 0 when absent */
	struct str recommendation_id; /* of this line alone; n = 0: the event's */
};

struct event {
	enum event_type type;
	bool has_time;
	int64_t t_ms; /* eventTime; when !has_time the fold sets it to the record's timestamp */
	struct str event_id, user_id, visitor_id, session_id, order_id;
	struct str query, currency, recommendation_id;
	struct str offer_id; /* purchase: of the offer or promotion that was redeemed, or its code */
	struct str country, region, device, channel;
	int32_t position; /* -1 when absent */
	uint32_t item_count;
	const struct event_item *items;
};

/* userId if present, else visitorId: who did it, and the key producers partition by. */
static inline struct str event_actor(const struct event *ev)
{
	return ev->user_id.n ? ev->user_id : ev->visitor_id;
}

const char *event_type_name(enum event_type type);

#endif
