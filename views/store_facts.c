/*
 * What a snapshot remembers of items: name, catalogue row and stock. They are asked for ten times an answer and change seldom.
 */
#include "views/facts.h"
#include "views/store_internal.h"

#include <stdlib.h>

#define FACTS 65536 /* a power of two */
#define LINE 64     /* bytes of the processor's cache */

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

void snap_expect_item(const struct snap *sn, uint32_t item)
{
	if (!sn->facts)
		return;
	for (size_t at = 0; at < sizeof(*sn->facts); at += LINE)
		__builtin_prefetch((const char *)&sn->facts[item % FACTS] + at);
}

void snap_expect_name(const struct snap *sn, uint32_t item)
{
	const struct item_fact *f = sn->facts ? &sn->facts[item % FACTS] : NULL;

	if (f && f->item == item && f->known & FACT_NAME)
		__builtin_prefetch(f->name.p);
}

/* Looked up once a snapshot; the numbers count within a young level, whose own number is never used twice. */
static int changes_of(struct snap *sn, struct item_changes *ret)
{
	uint64_t level = sn->at[0]->level->number << 40;
	struct str row;
	int rc = 0;

	if (!sn->note.has_changes) {
		struct item_changes none = { 0, 0 };

		rc = snap_get(sn, TBL_META, ITEM_CHANGES, &row);
		if (rc && rc != ERR_NOT_FOUND)
			return rc;
		if (!rc && row.n != sizeof(none))
			return ERR_STORE_CORRUPT;
		if (!rc)
			memcpy(&none, row.p, sizeof(none));
		sn->note.changes = (struct item_changes){ none.catalog + level, none.stock + level };
		sn->note.has_changes = true;
	}
	*ret = sn->note.changes;
	return 0;
}

static void renew(struct item_fact *f, uint8_t fact, uint64_t *of, uint64_t now)
{
	if (*of != now)
		f->known &= (uint8_t)~fact;
	*of = now;
}

struct item_fact *snap_fact(struct snap *sn, enum table_id id, uint32_t item)
{
	struct item_changes now;
	struct item_fact *f;
	uint64_t base;

	if (!sn->facts || changes_of(sn, &now))
		return NULL;
	base = mdb_txn_id(sn->base.txn);
	f = &sn->facts[item % FACTS];
	if (f->base != base || f->item != item)
		*f = (struct item_fact){ .base = base, .item = item, .of = now };
	if (id == TBL_CATALOG)
		renew(f, FACT_CATALOG | FACT_WINDOW, &f->of.catalog, now.catalog);
	else if (id == TBL_STOCK)
		renew(f, FACT_STOCK, &f->of.stock, now.stock);
	return f;
}

struct snap_note *snap_note(struct snap *sn)
{
	return &sn->note;
}

bool snap_fact_stays(const struct snap *sn, struct str value)
{
	return !value.p || value.p != (const char *)sn->assembled;
}
