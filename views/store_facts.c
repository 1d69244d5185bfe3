/*
 * What a snapshot remembers of items: name, catalogue row and stock as they are in base. They are asked for ten times an
 * answer and change seldom; pages of base stay where they are while its version is the same.
 */
#include "views/facts.h"
#include "views/store_internal.h"

#include <stdlib.h>

#define FACTS 32768 /* a power of two */

void snap_remember_items(struct snap *sn)
{
	if (!sn->facts)
		sn->facts = xcalloc(FACTS, sizeof(*sn->facts));
}

void store__forget_facts(struct snap *sn)
{
	if (sn->facts)
		memset(sn->facts, 0, FACTS * sizeof(*sn->facts));
}

/* Has a young level any row of the table? Looked up once a snapshot. */
static bool is_young(struct snap *sn, enum table_id id)
{
	uint8_t *known = &sn->young_rows[id];

	if (*known == YOUNG_UNKNOWN) {
		*known = YOUNG_NONE;
		for (unsigned i = 0; i < sn->n && sn->at[i]->level->number; i++) {
			MDB_stat st;

			if (mdb_stat(sn->at[i]->txn, sn->at[i]->level->dbi[id], &st) != 0 || st.ms_entries)
				*known = YOUNG_SOME;
		}
	}
	return *known == YOUNG_SOME;
}

struct item_fact *snap_fact(struct snap *sn, enum table_id id, uint32_t item)
{
	struct item_fact *f;
	uint64_t base;

	/* a name is in one level only, and never changes; totals are added up */
	if (!sn->facts || (id != TBL_ITEM_NAMES && id != TBL_ITEM_TOTALS && is_young(sn, id)))
		return NULL;
	base = mdb_txn_id(sn->base.txn);
	f = &sn->facts[item % FACTS];
	if (f->base != base || f->item != item)
		*f = (struct item_fact){ .base = base, .item = item };
	return f;
}

struct snap_note *snap_note(struct snap *sn)
{
	return &sn->note;
}

bool snap_fact_stays(const struct snap *sn, struct str value)
{
	return value.p != (const char *)sn->assembled;
}
