/*
 * history.h - what an actor did: its last 256 item rows by (t, eventId).
 * Impressions are what the shop did, not the actor; they are not in a history.
 */
#ifndef AISLE_VIEWS_HISTORY_H
#define AISLE_VIEWS_HISTORY_H

#include "schemas/event.h"
#include "views/store.h"

#define HISTORY_MAX 256

struct history_row {
	int64_t t_ms;
	uint32_t item, quantity;
	enum event_type type;
};

/* Newest first into ret[HISTORY_MAX]; returns how many, or an error. */
int history_get(struct snap *sn, uint32_t actor, struct history_row *ret);
/*
 * The rows of several actors, which are one person: newest first, those of one time by the order of the actors. ret has
 * HISTORY_PERSON_ROOM(n) rows, the last HISTORY_MAX of them scratch.
 */
#define HISTORY_PERSON_ROOM(n) (((size_t)(n) + 1) * HISTORY_MAX)
int history_of_person(struct snap *sn, const uint32_t *actors, unsigned n, struct history_row *ret);

#endif
