/*
 * facts.h - what a snapshot remembers of items from one renewal to the next; inside views/ only, but for
 * snap_remember_items.
 *
 * Invariant: a fact is what the snapshot would find. Names and totals are those of base at a version of base. Catalogue and
 * stock are of all levels, and stay while base, the number of the newest young level and that of the last commit that
 * changed such a row are the same; until then no page with rows of that table is written again. All are forgotten when the
 * snapshot follows the store to another generation.
 */
#ifndef AISLE_VIEWS_FACTS_H
#define AISLE_VIEWS_FACTS_H

#include "views/pairs.h"
#include "views/stock.h"

enum { FACT_NAME = 1, FACT_CATALOG = 2, FACT_STOCK = 4, FACT_TOTALS = 8, FACT_WINDOW = 16 };

/* The last commit to a young level that changed one: a row of TBL_META. */
#define ITEM_CHANGES STR("item-changes")
struct item_changes {
	uint64_t catalog, stock;
};

struct item_fact {
	uint64_t base;          /* its version; 0: nothing */
	struct item_changes of; /* when catalogue and stock were looked up */
	uint32_t item;
	uint8_t known; /* FACT_ bits */
	int8_t catalog_state;
	struct str name, record; /* in the store's pages; record: the packed one of a live item */
	int64_t from_ms, to_ms;  /* of `record`: FACT_WINDOW */
	struct stock_level stock;
	int64_t totals_first;      /* the oldest epoch of: */
	struct item_totals totals; /* of base alone, */
	struct item_totals all;    /* and of all levels of the snapshot of that version */
	uint64_t all_version;
};

/* What a snapshot has looked up once. */
struct snap_note {
	bool has_watermark, has_changes;
	int64_t watermark_ms;
	struct item_changes changes;
};
struct snap_note *snap_note(struct snap *sn);

/* The item's place; what of it is not known may be filled. NULL: look it up. Of names and totals the part that is in base. */
struct item_fact *snap_fact(struct snap *sn, enum table_id id, uint32_t item);
/* Whether a value just looked up lies in the store's pages. */
bool snap_fact_stays(const struct snap *sn, struct str value);

#endif
