#include "views/fold_alone.h"

#include "schemas/fault.h"
#include "views/fold_internal.h"

#define IDS \
	(TABLE_BIT(TBL_ITEM_IDS) | TABLE_BIT(TBL_ITEM_NAMES) | TABLE_BIT(TBL_ACTOR_IDS) | \
	 TABLE_BIT(TBL_ACTOR_HASHES) | TABLE_BIT(TBL_QUERY_IDS) | TABLE_BIT(TBL_QUERY_NAMES) | TABLE_BIT(TBL_LABELS))

static size_t place_of(const struct view *v)
{
	size_t i = 0;

	while (view_registry[i] != v)
		i++;
	return i;
}

/* Either may be NULL. */
static int read_store(struct store *s, struct versions *versions, struct fold_meta *meta)
{
	struct snap *sn;
	int rc = snap_open(s, &sn);

	if (rc)
		return rc;
	if (versions)
		rc = versions_of_snap(sn, versions);
	if (!rc && meta)
		rc = fold__read_meta(sn, meta);
	snap_close(sn);
	return rc;
}

int alone_state(struct store *base, const struct view *v, enum alone_state *ret)
{
	struct versions versions;
	int rc = read_store(base, &versions, NULL);

	if (rc)
		return rc;
	*ret = !versions.known ? ALONE_EMPTY : versions.frozen[place_of(v)] ? ALONE_COPIED : ALONE_WHOLE;
	return 0;
}

/* The last transaction of a step: these versions, and these counters. */
static int finish(struct store *s, const unsigned *versions, const struct fold_meta *meta)
{
	struct store_txn *t = NULL;
	int rc = store_begin(s, &t);

	for (size_t i = 0; view_registry[i] && !rc; i++) {
		uint32_t version = versions[i];

		rc = store_put(t, TBL_VIEW_VERSIONS, str_of(view_registry[i]->name), &version, sizeof(version));
	}
	if (!rc)
		rc = store_put(t, TBL_META, FOLD_META, meta, sizeof(*meta));
	if (!rc)
		return store_commit(t);
	store_abort(t);
	return rc;
}

int alone_copy(struct store *base, struct store *current, const struct view *v, bool (*stopped)(void))
{
	struct versions versions;
	struct fold_meta meta;
	int rc = read_store(current, &versions, NULL);

	if (rc)
		return rc;
	rc = store_graft(base, current, ~(v->tables | TABLE_BIT(TBL_VIEW_VERSIONS)), stopped);
	if (!rc)
		rc = read_store(base, NULL, &meta);
	for (size_t i = 0; view_registry[i] && !versions.known; i++)
		versions.stored[i] = view_registry[i]->version;
	versions.stored[place_of(v)] = 0;
	FAULT_POINT("alone:copied");
	return rc ? rc : finish(base, versions.stored, &meta);
}

int alone_begin(struct store *scratch, struct store *base, const struct view *v, bool (*stopped)(void))
{
	struct versions versions;
	struct fold_meta meta;
	int rc = read_store(scratch, &versions, NULL);

	if (rc || versions.known)
		return rc;
	rc = store_graft(scratch, base, IDS, stopped);
	if (!rc)
		rc = read_store(base, NULL, &meta);
	for (size_t i = 0; view_registry[i]; i++)
		versions.stored[i] = view_registry[i]->apply && view_registry[i] != v ? 0 : view_registry[i]->version;
	meta.watermark_ms = TIME_NONE;
	FAULT_POINT("alone:seeded");
	return rc ? rc : finish(scratch, versions.stored, &meta);
}

int alone_take(struct store *base, struct store *scratch, const struct view *v, bool (*stopped)(void))
{
	uint64_t tables = v->tables | TABLE_BIT(TBL_LABELS);
	struct fold_meta meta, theirs;
	struct versions versions;
	int rc = read_store(base, &versions, &meta);

	if (!rc)
		rc = read_store(scratch, NULL, &theirs);
	if (rc)
		return rc;
	/* a log that goes further back than the store does has names that it never met */
	if (theirs.next_item != meta.next_item || theirs.next_actor != meta.next_actor ||
	    theirs.next_query != meta.next_query)
		tables |= IDS;
	rc = store_graft(base, scratch, tables, stopped);
	meta.next_item = theirs.next_item;
	meta.next_actor = theirs.next_actor;
	meta.next_query = theirs.next_query;
	versions.stored[place_of(v)] = v->version;
	FAULT_POINT("alone:grafted");
	return rc ? rc : finish(base, versions.stored, &meta);
}
