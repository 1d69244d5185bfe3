/*
 * demo_events.h - the demo's log: every record of the shop's year in the order it is produced, as JSON.
 *
 * First the catalogue and the stock, then orders (real) and visits (simulated) by time. The source has orders only:
 * the visits of the last DEMO_VISIT_DAYS days are made from its orders, the same ones at every start.
 * Thread: one at a time.
 */
#ifndef AISLE_CMD_DEMO_EVENTS_H
#define AISLE_CMD_DEMO_EVENTS_H

#include "cmd/demo_catalog.h"
#include "schemas/record.h"

#define DEMO_VISIT_DAYS 60
#define DEMO_WAREHOUSES 2
#define DEMO_ID_MAX 40

enum demo_act { DEMO_SEARCH, DEMO_VIEW, DEMO_CART_ADD, DEMO_ORDER };

/* What one visitor does once. */
struct demo_event {
	int64_t t_ms;
	uint32_t sequence; /* breaks ties of t_ms; also the eventId of a visit */
	uint32_t visitor;  /* a visit of somebody who buys nothing; 0: of the order's customer */
	uint32_t product;  /* VIEW, CART_ADD; SEARCH: what is looked at next */
	enum demo_act act;
	const struct demo_order *order;
};

struct demo_log {
	const struct demo_shop *shop;
	struct demo_sales *sales;  /* of each product */
	struct demo_event *events; /* by (t_ms, sequence) */
	size_t event_count, event_room;
	size_t visit_count; /* of them simulated */
	struct json_out json;
	char key[DEMO_ID_MAX];
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

/* A deterministic stream of numbers (splitmix64). */
uint64_t demo_random(uint64_t *state);

#endif
