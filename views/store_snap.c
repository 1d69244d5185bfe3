/*
 * Snapshots: one read transaction a level, which together see one prefix of the log (store_internal.h says why).
 * That of base is parked and renewed. Those of young levels end with each use, so that nothing holds a level's memory
 * once it is merged.
 */
#include "views/store_internal.h"

#include <assert.h>
#include <stdlib.h>

#define TRIES 100 /* a merge may end between two looks, hardly more than once */

static void close_cursors(struct snap_level *at)
{
	for (int i = 0; i < TABLE_COUNT; i++) {
		if (at->cursors[i])
			mdb_cursor_close(at->cursors[i]);
		at->cursors[i] = NULL;
	}
}

static void end_young(struct snap *sn, struct snap_level *at)
{
	if (!at->level)
		return;
	close_cursors(at);
	LEVEL_LEAVE(at->level);
	mdb_txn_abort(at->txn);
	young__release(sn->levels, at->level);
	at->level = NULL;
}

/* ERR_NOT_FOUND: it is gone. */
static int begin_young(struct snap *sn, struct snap_level *at, uint64_t number)
{
	struct level *l;
	int rc = young__acquire(sn->levels, number, &l);

	if (rc)
		return rc;
	rc = mdb_txn_begin(l->env, NULL, MDB_RDONLY, &at->txn);
	if (rc) {
		young__release(sn->levels, l);
		return store__error(rc);
	}
	LEVEL_ENTER(l);
	at->level = l;
	return 0;
}

static int begin_base(struct snap *sn)
{
	struct snap_level *at = &sn->base;
	int rc;

	at->level = &sn->levels->base;
	rc = at->txn ? mdb_txn_renew(at->txn) : mdb_txn_begin(at->level->env, NULL, MDB_RDONLY, &at->txn);
	LEVEL_ENTER(at->level);
	for (int i = 0; i < TABLE_COUNT && !rc; i++)
		if (at->cursors[i])
			rc = mdb_cursor_renew(at->txn, at->cursors[i]);
	return rc;
}

static void end_base(struct snap *sn)
{
	close_cursors(&sn->base);
	if (sn->base.txn) {
		LEVEL_LEAVE(sn->base.level);
		mdb_txn_abort(sn->base.txn);
	}
	sn->base.txn = NULL;
}

static void park_base(struct snap *sn)
{
	if (!sn->base.txn)
		return;
	LEVEL_LEAVE(sn->base.level);
	mdb_txn_reset(sn->base.txn);
}

/* Another generation has become the current one. */
static void follow(struct snap *sn)
{
	if (__atomic_load_n(&sn->store->levels, __ATOMIC_ACQUIRE) == sn->levels)
		return;
	end_base(sn);
	levels__put(sn->store, sn->levels);
	sn->levels = levels__get(sn->store);
	store__forget_facts(sn);
}

static void park_all(struct snap *sn)
{
	for (unsigned i = 0; i < YOUNG_MAX; i++)
		end_young(sn, &sn->young[i]);
	park_base(sn);
	sn->n = 0;
}

/* The levels in their order: 0, or ERR_NOT_FOUND when one that is needed has gone meanwhile. */
static int take_levels(struct snap *sn)
{
	uint64_t newest = young__newest(sn->levels), merged, number;
	unsigned n = 0;
	/* one that was seen merged need not be looked for: whatever base is looked at has it */
	bool is_merged = newest <= young__merged_so_far(sn->levels);
	int rc, top = is_merged ? ERR_NOT_FOUND : begin_young(sn, &sn->young[0], newest);

	sn->note = (struct snap_note){ 0 };
	if (top && top != ERR_NOT_FOUND)
		return top;
	rc = begin_base(sn);
	if (!rc)
		rc = level__merged(&sn->levels->base, sn->base.txn, &merged);
	if (rc)
		return store__error(rc);
	young__merged(sn->levels, merged);
	if (merged >= newest) {
		end_young(sn, &sn->young[0]);
		if (young__newest(sn->levels) > merged)
			return ERR_NOT_FOUND;
		newest = merged;
	} else if (top) {
		return top;
	}
	for (number = newest; number > merged; number--, n++) {
		rc = n == YOUNG_MAX ? ERR_STORE_CORRUPT : n ? begin_young(sn, &sn->young[n], number) : 0;
		if (rc)
			return rc;
		sn->at[n] = &sn->young[n];
	}
	sn->at[n++] = &sn->base;
	sn->n = n;
	return 0;
}

int snap_renew(struct snap *sn)
{
	int rc = ERR_NOT_FOUND;

	snap_park(sn);
	sn->failure = 0;
	for (unsigned i = 0; i < TRIES && rc == ERR_NOT_FOUND; i++) {
		rc = take_levels(sn);
		if (rc)
			park_all(sn);
	}
	return rc == ERR_NOT_FOUND ? ERR_STORE_YOUNG_LOST : rc;
}

int snap_open(struct store *s, struct snap **ret)
{
	struct snap *sn = xcalloc(1, sizeof(*sn));
	int rc;

	sn->store = s;
	sn->levels = levels__get(s);
	rc = snap_renew(sn);
	if (rc) {
		snap_close(sn);
		return rc;
	}
	*ret = sn;
	return 0;
}

void snap_close(struct snap *sn)
{
	if (!sn)
		return;
	snap_park(sn);
	end_base(sn);
	levels__put(sn->store, sn->levels);
	free(sn->facts);
	free(sn->assembled);
	free(sn);
}

void snap_park(struct snap *sn)
{
	if (sn->n)
		park_all(sn);
	follow(sn);
}

uint64_t snap_version(const struct snap *sn)
{
	uint64_t ret = 0;

	for (unsigned i = 0; i < sn->n; i++)
		ret = ret * UINT64_C(0x9e3779b97f4a7c15) + (sn->at[i]->level->number << 40) +
		      mdb_txn_id(sn->at[i]->txn);
	return ret;
}

unsigned snap_generation(const struct snap *sn)
{
	return sn->levels->generation;
}

unsigned snap_item_sessions_max(const struct snap *sn)
{
	return sn->store->opt.item_sessions_max;
}

const unsigned char *snap_person_key(const struct snap *sn)
{
	return sn->store->person_key;
}

uint64_t snap_base_version(const struct snap *sn)
{
	assert(sn->n);
	return mdb_txn_id(sn->base.txn);
}

/*
 * What an actor has is looked up one table after the other and lies side by side: a cursor that stays on the page finds the next
 * row there without coming from the root. Returns what LMDB says.
 */
static int find(struct snap_level *at, enum table_id id, MDB_val *k, MDB_val *v)
{
	MDB_cursor **cur = &at->cursors[store__tree(id)];
	int rc;

	if (table_get(id)->kind != TABLE_ACTOR)
		return mdb_get(at->txn, at->level->dbi[id], k, v);
	rc = *cur ? 0 : mdb_cursor_open(at->txn, at->level->dbi[id], cur);
	return rc ? rc : mdb_cursor_get(*cur, k, v, MDB_SET);
}

/* *ret_at: where it was found. */
static int look_up(struct snap *sn, enum table_id id, struct str key, struct str *ret, const struct snap_level **ret_at)
{
	struct row_key buf;
	MDB_val k, v;

	assert(sn->n);
	if (key.n == 0 || key.n > STORE_KEY_MAX)
		return ERR_NOT_FOUND;
	k = store__row_key(id, key, &buf);
	for (unsigned i = 0; i < sn->n; i++) {
		struct snap_level *at = sn->at[i];
		int rc = find(at, id, &k, &v);

		if (rc == MDB_NOTFOUND)
			continue;
		if (rc)
			return snap__error(rc);
		if (row_is_deletion(&v) && at->level->number)
			return ERR_NOT_FOUND;
		*ret_at = at;
		return store__assemble(at->level, at->txn, id, key, v, &sn->assembled, ret);
	}
	return ERR_NOT_FOUND;
}

int snap_failure(const struct snap *sn)
{
	return sn->failure;
}

void snap_fail(struct snap *sn, int code)
{
	if (!sn->failure)
		sn->failure = code;
}

static int get(struct snap *sn, enum table_id id, struct str key, struct str *ret, const struct snap_level **ret_at)
{
	int rc = look_up(sn, id, key, ret, ret_at);

	if (rc && rc != ERR_NOT_FOUND)
		snap_fail(sn, rc);
	return rc;
}

int snap_get(struct snap *sn, enum table_id id, struct str key, struct str *ret)
{
	const struct snap_level *at;

	return get(sn, id, key, ret, &at);
}

int snap_get_staying(struct snap *sn, enum table_id id, struct str key, struct str *ret, bool *ret_stays)
{
	const struct snap_level *at = NULL;
	int rc = get(sn, id, key, ret, &at);

	if (!rc && ret->n > ROW_MAX)
		return ERR_STORE_CORRUPT;
	*ret_stays = at == &sn->base && ret->p != (const char *)sn->assembled;
	return rc;
}
