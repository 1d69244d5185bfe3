/*
 * facts.h - what a snapshot remembers of items from one renewal to the next; inside views/ only, but for
 * snap_remember_items.
 *
 * Invariant: a fact is that of base at a version of base, and is only looked at while no young level has rows of its table,
 * so it is what the snapshot would find. They are forgotten when the snapshot follows the store to another generation.
 */
#ifndef AISLE_VIEWS_FACTS_H
#define AISLE_VIEWS_FACTS_H

#include "views/pairs.h"
#include "views/stock.h"

enum { FACT_NAME = 1, FACT_CATALOG = 2, FACT_STOCK = 4, FACT_TOTALS = 8 };

struct item_fact {
	uint64_t base; /* its version; 0: nothing */
	uint32_t item;
	uint8_t known; /* FACT_ bits */
	int8_t catalog_state;
	struct str name, record; /* in base's pages; record: the packed one of a live item */
	struct stock_level stock;
	int64_t totals_first;      /* the oldest epoch of: */
	struct item_totals totals; /* of base alone */
};

/* What a snapshot has looked up once. */
struct snap_note {
	bool has_watermark;
	int64_t watermark_ms;
};
struct snap_note *snap_note(struct snap *sn);

/* The item's place; what of it is not known may be filled. NULL: look it up. Of names and totals the part that is in base. */
struct item_fact *snap_fact(struct snap *sn, enum table_id id, uint32_t item);
/* Whether a value just looked up lies in base's pages, given that no young level has any. */
bool snap_fact_stays(const struct snap *sn, struct str value);

#endif
