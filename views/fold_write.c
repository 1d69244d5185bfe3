/* One batch into one transaction: its rows and sums, sorted, with the offsets that are rows like others. */
#include "views/fold_internal.h"

#include "config/clock.h"
#include "schemas/fault.h"
#include "views/expire.h"
#include "views/facts.h"
#include "views/session_rows.h"

#include <stdlib.h>

static int write_rows(struct store_txn *t, struct delta_row **rows, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		struct str key = { (char *)rows[i]->key, rows[i]->key_len };

		rc = rows[i]->deleted ? store_delete(t, rows[i]->table, key)
				      : store_put(t, rows[i]->table, key, rows[i]->value, rows[i]->n);
	}
	return rc;
}

/* ---- what a young level's commit changed of the sessions ---- */

struct changes {
	struct store_txn *t;
	uint64_t commit;
	enum session_changed what;
	uint32_t part, n;
	uint32_t v[SESSION_CHANGES_A_ROW];
};

static int flush_changes(struct changes *c)
{
	unsigned char key[SESSION_CHANGES_KEY_BYTES];
	int rc = 0;

	if (c->n)
		rc = store_put(c->t, TBL_SESSION_CHANGES, session_changes_key(c->commit, c->what, c->part++, key), c->v,
			       c->n * sizeof(*c->v));
	c->n = 0;
	return rc;
}

static int note_change(struct changes *c, uint32_t number)
{
	if (c->n && c->v[c->n - 1] == number)
		return 0;
	c->v[c->n++] = number;
	return c->n == SESSION_CHANGES_A_ROW ? flush_changes(c) : 0;
}

static int note_sessions(const struct batch *b, struct store_txn *t, struct delta_row **rows, size_t n)
{
	struct changes c = { .t = t, .commit = b->meta.changes, .what = SESSION_CHANGED };
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		if (rows[i]->table == TBL_SESSIONS)
			rc = note_change(&c, (uint32_t)get_be64(rows[i]->key));
	return rc ? rc : flush_changes(&c);
}

static int note_items(const struct batch *b, struct store_txn *t, const struct sum_delta *deltas, size_t n)
{
	struct changes c = { .t = t, .commit = b->meta.changes, .what = SESSION_ITEM_CHANGED };
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = note_change(&c, (uint32_t)deltas[i].group);
	return rc ? rc : flush_changes(&c);
}

/* ---- */

static int write_sums(struct batch *b, struct store_txn *t, bool young, struct commit_figures *fig)
{
	int rc = 0;

	delta_note_tallies(&b->delta);
	for (int id = 0; id < TABLE_COUNT && !rc; id++) {
		struct sum_delta *deltas;
		int64_t *columns;
		uint64_t start = clock_now_ns();
		size_t n;

		if (b->delta.sums[id].n == 0)
			continue;
		deltas = sum_log_take(&b->delta.sums[id], table_get(id)->columns, &n, &columns);
		fig->sort_ns += clock_now_ns() - start;
		fig->rows_added += n;
		rc = store_add(t, id, deltas, n);
		if (!rc && young && id == TBL_ITEM_SESSIONS)
			rc = note_items(b, t, deltas, n);
		free(deltas);
		free(columns);
	}
	return rc;
}

/* What readers remember of items (facts.h) is known to be old by this. */
static int note_items_changed(const struct batch *b, struct store_txn *t)
{
	struct item_changes changes = { 0, 0 };
	int rc;

	if (!b->has_catalog && !b->has_stock)
		return 0;
	rc = store_read(t, TBL_META, ITEM_CHANGES, &changes, sizeof(changes));
	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	if (b->has_catalog)
		changes.catalog = b->meta.changes;
	if (b->has_stock)
		changes.stock = b->meta.changes;
	return store_put(t, TBL_META, ITEM_CHANGES, &changes, sizeof(changes));
}

static int write_all(struct batch *b, struct store_txn *t, bool young, struct commit_figures *fig)
{
	uint64_t start = clock_now_ns();
	struct delta_row **rows;
	size_t rows_n;
	int rc;

	rows = delta_sorted_rows(&b->delta, &rows_n);
	fig->sort_ns = clock_now_ns() - start;
	fig->rows_replaced = rows_n;
	rc = write_rows(t, rows, rows_n);
	if (!rc && young)
		rc = note_sessions(b, t, rows, rows_n);
	if (!rc && young)
		rc = note_items_changed(b, t);
	free(rows);
	FAULT_POINT("commit:rows-written");
	if (!rc)
		rc = write_sums(b, t, young, fig);
	FAULT_POINT("commit:sums-written");
	if (!rc)
		rc = store_put(t, TBL_META, FOLD_META, &b->meta, sizeof(b->meta));
	FAULT_POINT("commit:meta-written");
	fig->apply_ns = clock_now_ns() - start - fig->sort_ns;
	return rc;
}

int fold__expire(struct store_txn *t)
{
	struct fold_meta meta;
	int rc = store_read(t, TBL_META, FOLD_META, &meta, sizeof(meta));

	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	return expire_step(t, meta.watermark_ms);
}

int fold__write(struct batch *b, struct store *s, bool young, struct commit_figures *ret)
{
	struct store_txn *t = NULL;
	uint64_t start;
	int rc;

	*ret = (struct commit_figures){ .records = b->records };
	rc = young ? store_begin_young(s, &t) : store_begin_large(s, delta_bytes(&b->delta), &t);
	FAULT_POINT("commit:begun");
	if (!rc)
		rc = write_all(b, t, young, ret);
	if (!rc && !young)
		rc = fold__expire(t);
	FAULT_POINT("commit:expired");
	start = clock_now_ns();
	if (!rc)
		rc = store_commit(t);
	else
		store_abort(t);
	ret->commit_ns = clock_now_ns() - start;
	return rc;
}
