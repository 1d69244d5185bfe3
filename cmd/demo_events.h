/*
 * demo_events.h - the demo's log: every record of the shop's year in the order it is produced, as JSON.
 *
 * First what is decided, the catalogue and the stock, then orders (real) and visits (simulated) by time. The source has
 * orders only: the visits of the last DEMO_VISIT_DAYS days are made from its orders, the same ones at every start. In
 * the last DEMO_SHOWN_DAYS of them people are shown recommendations too: demo_follow.h.
 * Thread: one at a time.
 */
#ifndef AISLE_CMD_DEMO_EVENTS_H
#define AISLE_CMD_DEMO_EVENTS_H

#include "cmd/demo_catalog.h"
#include "cmd/demo_control.h"
#include "cmd/demo_shown.h"
#include "schemas/record.h"

#define DEMO_VISIT_DAYS 60
#define DEMO_SHOWN_DAYS 14
#define DEMO_WAREHOUSES 2
#define DEMO_ID_MAX 40

enum demo_act { DEMO_SEARCH, DEMO_VIEW, DEMO_SHOW, DEMO_CLICK, DEMO_CART_ADD, DEMO_ORDER };

/* What one visitor does once. */
struct demo_event {
	int64_t t_ms;
	uint32_t sequence; /* breaks ties of t_ms; also the eventId of a visit */
	uint32_t visitor;  /* a visit of somebody who buys nothing; 0: of the order's customer */
	uint32_t product;  /* VIEW, CLICK, CART_ADD; SEARCH: what is looked at next */
	enum demo_act act;
	const struct demo_order *order;
	const struct demo_shown
		*shown; /* SHOW; CLICK, CART_ADD: where it was clicked, NULL in none; ORDER: all its lists */
};

struct demo_log {
	const struct demo_shop *shop;
	struct demo_sales *sales;  /* of each product */
	struct demo_event *events; /* by (t_ms, sequence) */
	size_t event_count, event_room;
	size_t visit_count; /* of them simulated */
	int64_t shown_from_ms;
	struct demo_shown **shown; /* owned */
	size_t shown_count, shown_room;
	struct json_out json;
	char key[CONTROL_KEY_MAX];
};

struct demo_record {
	enum topic topic;
	struct str key, value; /* valid until the next demo_log_get */
	int64_t t_ms;
};

void demo_log_init(struct demo_log *log, const struct demo_shop *shop);
void demo_log_fini(struct demo_log *log);

size_t demo_log_count(const struct demo_log *log);
void demo_log_get(struct demo_log *log, size_t index, struct demo_record *ret);

/* The first event at or after shown_from_ms. */
size_t demo_log_shown_from(const struct demo_log *log);
size_t demo_log_record_of(const struct demo_log *log, size_t event);
/* A simulated event more, which the caller fills in. Pointers to others may move. */
struct demo_event *demo_log_add(struct demo_log *log);
/* Events from this one on, when some were added. */
void demo_log_sort(struct demo_log *log, size_t from);
/* Who does it. */
struct str demo_event_actor(const struct demo_event *ev, char key[DEMO_ID_MAX], bool *ret_is_user);

/* A deterministic stream of numbers (splitmix64). */
uint64_t demo_random(uint64_t *state);

#endif
