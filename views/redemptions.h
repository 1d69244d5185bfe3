/*
 * redemptions.h - offers and promotions that were redeemed: by orders whose first purchase event named one (`offerId`).
 *
 * What the event says is counted as it is, the id of an offer or its code: which of them there are is decided by
 * documents that change, so it is asked when the counts are read. Kept for ever, as what a person has bought is.
 * Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_REDEMPTIONS_H
#define AISLE_VIEWS_REDEMPTIONS_H

#include "views/store.h"

struct redemptions {
	int64_t orders, people; /* people: actors */
};

/* Zeros for what nobody redeemed. */
int redemptions_get(struct snap *sn, struct str offer, struct redemptions *ret) MUST_CHECK;
/* Orders of these actors; 0 when there are none. */
int redemptions_of(struct snap *sn, struct str offer, const uint32_t *actors, unsigned n, int64_t *ret) MUST_CHECK;

#endif
