/*
 * offers.h - offers and promotions (schemas/control.h), and which of them a person may have now.
 *
 * One counts when it is switched on, at a moment of its period, for the people of its segments (none named: for all), while
 * its budget of redemptions lasts, and, oncePerPerson, until the person has redeemed it. Redemptions are those that are folded
 * (redemptions.h), by its id or by its code. A promotion applies by itself: what it covers is `promoted` in answers.
 *
 * A set is made with that of all documents (control_set.h), and is valid as long. Thread: any.
 */
#ifndef AISLE_QUERY_OFFERS_H
#define AISLE_QUERY_OFFERS_H

#include "query/segments.h"

#define OFFERS_MAX 256 /* those beyond, promotions after offers, by id, have no effect */

struct control_doc;
struct control_docs;

struct offer {
	const struct control_doc *doc;
	const char *id;
	const struct control *is; /* the document */
	uint64_t segments;        /* 1 << place in the set of segments */
	struct str *item_ids;     /* those of the document, sorted */
};

struct offer_set {
	unsigned n, promotion_n;
	struct offer v[OFFERS_MAX];
};

/* Of the documents that count. */
struct offer_set *offers_make(const struct control_docs *offers, const struct control_docs *promotions,
			      const struct segment_set *segments);
void offers_free(struct offer_set *set); /* NULL is fine */

/* Is it its time, and is the person (segments_of) in one of its segments? */
bool offer_is_for(const struct offer *o, int64_t now_ms, uint64_t in);
/* 1, 0 or an error: is something left of its budget, and of the person's one time? *ret_left: of the budget; -1: no end. */
int offer_is_left(const struct offer *o, struct snap *sn, const uint32_t *actors, unsigned n,
		  int64_t *ret_left) MUST_CHECK;
bool offer_covers(const struct offer *o, const struct filter_item *item);

#endif
