/*
 * simulate_text.h - the JSON of simulated records, without allocation. Ids and prices are functions of a number.
 */
#ifndef AISLE_PROCESSOR_SIMULATE_TEXT_H
#define AISLE_PROCESSOR_SIMULATE_TEXT_H

#include "schemas/event.h"

#define SIMULATE_TEXT_MAX 4096
#define SIMULATE_KEY_MAX 24
#define SIMULATE_BASKET_MAX 12

struct simulated_line {
	uint32_t item, quantity;
	const char *recommendation; /* of this line alone; NULL: none */
};

struct simulated_event {
	enum event_type type;
	int64_t t_ms;
	uint64_t id, session, order; /* session 0: not told */
	bool has_user, has_visitor;
	uint32_t user, visitor;
	uint32_t item;              /* what it is about; of a search: whose words are asked for */
	uint32_t line_count;        /* PURCHASE, RETURN, IMPRESSION (0: of `item`) */
	const char *recommendation; /* recommendationId; NULL: none */
	struct simulated_line lines[SIMULATE_BASKET_MAX];
};

/* A bijection of 64 bits (splitmix64's output function). */
uint64_t simulate_mix(uint64_t x);

/* Each writes at most SIMULATE_TEXT_MAX (key: SIMULATE_KEY_MAX) bytes and returns how many. */
uint32_t simulate_event_text(const struct simulated_event *ev, char *buf);
uint32_t simulate_event_key(const struct simulated_event *ev, char *buf);
uint32_t simulate_catalog_text(uint32_t item, char *buf);
uint32_t simulate_stock_text(uint32_t item, int64_t as_of_ms, char *buf);
uint32_t simulate_item_key(uint32_t item, char *buf);

int64_t simulate_price_micros(uint32_t item);

#endif
