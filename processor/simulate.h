/*
 * simulate.h - a shop's traffic, made up: the same records for the same options on every machine.
 *
 * Sessions of users and guests run side by side. Items are drawn from Zipf(1.0) or from the neighbourhood of the item
 * before, so that pairs mean something. Views : cart-adds : purchases = 100 : 5.5 : 1.7, with searches before one view
 * in eight, cart-removes and returns. A third of the sessions are guests, some log in half-way (events then carry both
 * ids). Half of the actors send a sessionId. 2 % of the events are exact copies of one of the last 64. Event times
 * grow by the rate and lie up to 3 s apart from the order of the log.
 *
 * With `recommendations` pages show answers, and people follow them: simulate_answers.h.
 *
 * Integer arithmetic and IEEE division only, no libm, so that the bytes do not depend on the machine.
 * Thread: the owner's.
 */
#ifndef AISLE_PROCESSOR_SIMULATE_H
#define AISLE_PROCESSOR_SIMULATE_H

#include "schemas/record.h"

#define SIMULATE_ITEMS_MAX 10000000
#define SIMULATE_ANSWERS_DAYS_MAX 400
#define SIMULATE_EVENTS_A_DAY 200000 /* the rate when span_ms is 0 */

struct simulate_options {
	uint64_t events, seed;
	uint32_t items, users; /* 1..SIMULATE_ITEMS_MAX each */
	int64_t start_ms;      /* event time of the first event */
	int64_t span_ms;       /* event time from first to last; 0: by SIMULATE_EVENTS_A_DAY */
	bool catalog;          /* first a catalogue and a stock record for each item */
	uint32_t new_guests;   /* of 100 guests so many were never seen before; their numbers follow those of users */
	bool recommendations;  /* not with new_guests; for at most SIMULATE_ANSWERS_DAYS_MAX days */
	unsigned char person_key[32]; /* of the store that is to believe them */
};

struct simulated {
	enum topic topic;
	struct str key, value; /* valid until the next call */
};

struct simulation;

struct simulation *simulation_new(const struct simulate_options *opt);
void simulation_free(struct simulation *sim);

/* false after the last one. */
bool simulation_next(struct simulation *sim, struct simulated *ret);

/* What the recommendations so far truly led to, one JSON object. */
struct json_out;
void simulation_truth(const struct simulation *sim, struct json_out *j);

#endif
