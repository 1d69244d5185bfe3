/*
 * taste.h - what a person likes: the share of its interest that lies in items of a category, brand or price band, worked out
 * when it is asked for. How much an item is to its taste: the part of all that it likes, each term by its weight (similar.h), that the item has.
 *
 * Thread: the answerer's.
 */
#ifndef AISLE_QUERY_TASTE_H
#define AISLE_QUERY_TASTE_H

#include "query/similar.h"
#include "query/votes.h"

/* An item with this share of the interest. tastes: term -> share, empty at first (votes_clear). */
void taste_add(struct votes *tastes, const struct similar *ix, uint32_t item, double share);
/* Of all terms together; 0: no taste is known. */
double taste_total(const struct votes *tastes, const struct similar *ix);
/* Of an item's terms; 0 for one without a record. */
double taste_for(const struct votes *tastes, const struct similar *ix, uint32_t item);

#endif
