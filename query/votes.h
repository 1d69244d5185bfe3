/*
 * votes.h - items that gather votes: each of several seeds votes for items, with a weight; what adds most is remembered,
 * to explain the sum. Then they come out best first.
 *
 * All-zero is empty. Sums are added in the order of the votes. Thread: the owner's.
 */
#ifndef AISLE_QUERY_VOTES_H
#define AISLE_QUERY_VOTES_H

#include "views/idmap.h"
#include "views/store.h"

struct vote {
	uint32_t item;
	uint32_t voters;
	double score;     /* the sum */
	double strongest; /* the largest weight, the first one of several, */
	uint32_t seed;    /* whose it is, */
	uint32_t count;   /* and the count behind it */
};

struct votes {
	struct vote *v;
	size_t n, room;
	struct idmap places; /* item -> place, until votes_order */
};

void votes_fini(struct votes *votes);
void votes_clear(struct votes *votes);

/* weight > 0. */
void votes_add(struct votes *votes, uint32_t item, double weight, uint32_t seed, uint32_t count);

/* The sum of an item, 0 without votes; until votes_order. */
double votes_for(const struct votes *votes, uint32_t item);

/* No more are added; from now on votes_next gives them best first, ties by item id bytes. */
void votes_order(struct votes *votes, struct snap *sn);
bool votes_next(struct votes *votes, struct snap *sn, struct vote *ret);

/*
 * The best `most`, of what are no items and have no such ids: best first, ties as `is_before` says. Returns how many. They
 * stay where they are; valid until the next votes_add.
 */
typedef bool (*votes_tie)(void *arg, const struct vote *a, const struct vote *b);
unsigned votes_best(const struct votes *votes, unsigned most, votes_tie is_before, void *arg, const struct vote **ret);

#endif
