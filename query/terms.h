/*
 * terms.h - what an item is, as a set of terms: its categories with their ancestors, brand, specifications, tags, price
 * band and the words of its title. Two items are alike by the terms they share (similar.h).
 *
 * A term is a hash of its kind and its text. A price has two terms, of bands that overlap by half, so that near prices
 * share one wherever the borders lie. Attributes give one term a scalar value; words are told apart by ASCII case only.
 */
#ifndef AISLE_QUERY_TERMS_H
#define AISLE_QUERY_TERMS_H

#include "schemas/catalog_item.h"

#define TERMS_MAX 128        /* of one item; further ones are passed over */
#define TERMS_TITLE_MAX 24   /* of them words of the title */
#define TERMS_PRICE_BAND 1.5 /* the upper end of a price band / its lower end */

enum term_kind { TERM_CATEGORY, TERM_BRAND, TERM_ATTRIBUTE, TERM_TAG, TERM_PRICE, TERM_TITLE, TERM_KIND_COUNT };

struct term {
	uint64_t hash;
	uint8_t kind;
};

struct terms {
	unsigned n;
	struct term v[TERMS_MAX];
};

/* Each term once, in no order. */
void terms_of(const struct catalog_item *record, struct terms *ret);

#endif
