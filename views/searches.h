/*
 * searches.h - what is viewed and bought after a search, until the next one of the session.
 *
 * A query is lower-cased, white space is folded, and it is cut to SEARCH_QUERY_MAX bytes. Nothing is said about a query
 * until SEARCH_ACTORS_MIN actors have used it: what few people type may be about a person.
 * Thread: any (a snapshot has one thread).
 */
#ifndef AISLE_VIEWS_SEARCHES_H
#define AISLE_VIEWS_SEARCHES_H

#include "views/store.h"

#define SEARCH_QUERY_MAX 128
#define SEARCH_ACTORS_MIN 5

struct search_item {
	uint32_t item;
	uint32_t clicks; /* searches after which it was viewed */
	uint32_t orders; /* orders with it after such a search */
};

/* A growable array; all-zero at first. */
struct search_items {
	struct search_item *v;
	size_t n, room;
};
void search_items_fini(struct search_items *list);

/* As it is kept, into ret; returns its bytes, 0 for a blank one. */
uint32_t search_normalise(struct str query, char ret[SEARCH_QUERY_MAX]);

/*
 * What followed a query in the epochs that are kept (pairs.h), by ascending item. Replaces what the list held; empty for
 * one that is not known or that too few actors have used.
 */
int search_items_get(struct snap *sn, struct str query, struct search_items *ret) MUST_CHECK;

#endif
