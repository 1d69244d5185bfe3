/* similar_internal.h - the index itself, for similar.c (making it) and similar_search.c (asking it). */
#ifndef AISLE_QUERY_SIMILAR_INTERNAL_H
#define AISLE_QUERY_SIMILAR_INTERNAL_H

#include "query/similar.h"

#include <stdatomic.h>

struct similar {
	atomic_uint refs;
	uint32_t items, terms;
	uint32_t *item_starts; /* items + 1 places in item_terms */
	uint32_t *item_terms;  /* ascending for each item; terms are numbered by rising count: its rarest first */
	uint32_t *term_starts; /* terms + 1 places in term_items */
	uint32_t *term_items;  /* in the order of their ids' bytes for each term */
	double *weights;       /* w(t) */
	uint8_t *kinds;        /* of terms */
	double *item_weights;  /* W */
	uint32_t *groups;      /* a hash of the item's groupId; 0: none */
	uint32_t *ranks;       /* place of the item's id among all ids, by bytes, from 1 on; 0: it has no name */
};

#endif
