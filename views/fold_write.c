/* One batch into one transaction: its rows and sums, sorted, with the offsets that are rows like others. */
#include "views/fold_internal.h"

#include "config/clock.h"
#include "schemas/fault.h"
#include "views/expire.h"

#include <stdlib.h>

static uint64_t now_ns(void)
{
	return clock_system.monotonic_ns(&clock_system);
}

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

static int write_sums(struct batch *b, struct store_txn *t, struct commit_figures *fig)
{
	int rc = 0;

	for (int id = 0; id < TABLE_COUNT && !rc; id++) {
		struct sum_delta *deltas;
		int64_t *columns;
		uint64_t start = now_ns();
		size_t n;

		if (b->delta.sums[id].n == 0)
			continue;
		deltas = sum_log_take(&b->delta.sums[id], table_get(id)->columns, &n, &columns);
		fig->sort_ns += now_ns() - start;
		fig->rows_added += n;
		rc = store_add(t, id, deltas, n);
		free(deltas);
		free(columns);
	}
	return rc;
}

static int write_all(struct batch *b, struct store_txn *t, struct commit_figures *fig)
{
	uint64_t start = now_ns();
	struct delta_row **rows;
	size_t rows_n;
	int rc;

	rows = delta_sorted_rows(&b->delta, &rows_n);
	fig->sort_ns = now_ns() - start;
	fig->rows_replaced = rows_n;
	rc = write_rows(t, rows, rows_n);
	free(rows);
	FAULT_POINT("commit:rows-written");
	if (!rc)
		rc = write_sums(b, t, fig);
	FAULT_POINT("commit:sums-written");
	if (!rc)
		rc = store_put(t, TBL_META, FOLD_META, &b->meta, sizeof(b->meta));
	FAULT_POINT("commit:meta-written");
	fig->apply_ns = now_ns() - start - fig->sort_ns;
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
	rc = young ? store_begin_young(s, &t) : store_begin(s, &t);
	FAULT_POINT("commit:begun");
	if (!rc)
		rc = write_all(b, t, ret);
	if (!rc && !young)
		rc = fold__expire(t);
	FAULT_POINT("commit:expired");
	start = now_ns();
	if (!rc)
		rc = store_commit(t);
	else
		store_abort(t);
	ret->commit_ns = now_ns() - start;
	return rc;
}
