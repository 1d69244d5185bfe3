/* One transaction out: the batch's rows and sums, sorted, with the offsets that are rows like others. */
#include "views/fold_internal.h"

#include "config/clock.h"
#include "schemas/fault.h"
#include "views/expire.h"
#include "views/view.h"

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

static int write_sums(struct fold *f, struct store_txn *t, struct commit_figures *fig)
{
	int rc = 0;

	for (int id = 0; id < TABLE_COUNT && !rc; id++) {
		struct sum_delta *deltas;
		int64_t *columns;
		uint64_t start = now_ns();
		size_t n;

		if (f->delta.sums[id].n == 0)
			continue;
		deltas = sum_log_take(&f->delta.sums[id], table_get(id)->columns, &n, &columns);
		fig->sort_ns += now_ns() - start;
		fig->rows_added += n;
		rc = store_add(t, id, deltas, n);
		free(deltas);
		free(columns);
	}
	return rc;
}

static int write_meta(struct fold *f, struct store_txn *t)
{
	const struct str key = { FOLD_META, sizeof(FOLD_META) - 1 };
	struct fold_meta meta = { f->next_item, f->next_actor, f->watermark_ms };

	if (!f->ids_changed && !f->watermark_changed)
		return 0;
	return store_put(t, TBL_META, key, &meta, sizeof(meta));
}

int fold__expire(void *arg, struct store_txn *t)
{
	const struct str key = { FOLD_META, sizeof(FOLD_META) - 1 };
	struct fold_meta meta;
	int rc = store_read(t, TBL_META, key, &meta, sizeof(meta));

	(void)arg;
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	return expire_step(t, meta.watermark_ms);
}

static void forget_pending(struct fold *f)
{
	delta_reset(&f->delta);
	f->pending_records = 0;
	f->read_error = 0;
	f->ids_changed = false;
	f->watermark_changed = false;
}

static int write_all(struct fold *f, struct store_txn *t, struct commit_figures *fig)
{
	uint64_t start = now_ns();
	struct delta_row **rows;
	size_t rows_n;
	int rc;

	lanes_put(&f->lanes, f);
	if (!f->versions.known)
		versions_put(f);
	rows = delta_sorted_rows(&f->delta, &rows_n);
	fig->sort_ns = now_ns() - start;
	fig->rows_replaced = rows_n;
	rc = write_rows(t, rows, rows_n);
	free(rows);
	FAULT_POINT("commit:rows-written");
	if (!rc)
		rc = write_sums(f, t, fig);
	FAULT_POINT("commit:sums-written");
	if (!rc)
		rc = write_meta(f, t);
	FAULT_POINT("commit:meta-written");
	fig->apply_ns = now_ns() - start - fig->sort_ns;
	return rc;
}

/* Pending changes are gone; after a failure everything is as the store has it. */
static int begin_anew(struct fold *f, bool failed)
{
	int rc;

	forget_pending(f);
	FAULT_POINT("commit:forgotten");
	rc = snap_renew(f->snap);
	if (!failed)
		return rc;
	fold__forget_ids(f);
	return rc ? rc : fold__load_meta(f);
}

static int commit(struct fold *f, bool young, struct commit_figures *ret)
{
	struct commit_figures fig = { .records = f->pending_records };
	struct store_txn *t = NULL;
	uint64_t start;
	int rc, renewed;

	snap_park(f->snap); /* so that this commit may reuse the pages the last one freed */
	FAULT_POINT("commit:parked");
	rc = f->read_error;
	if (!rc && !young)
		rc = merger_finish(f->merger); /* base would be younger than what is young */
	if (!rc)
		rc = young ? store_begin_young(f->store, &t) : store_begin(f->store, &t);
	FAULT_POINT("commit:begun");
	if (!rc)
		rc = write_all(f, t, &fig);
	if (!rc && !young)
		rc = fold__expire(NULL, t);
	FAULT_POINT("commit:expired");
	start = now_ns();
	if (!rc)
		rc = store_commit(t);
	else
		store_abort(t);
	fig.commit_ns = now_ns() - start;
	f->versions.known |= rc == 0;
	renewed = begin_anew(f, rc != 0);
	if (!rc && ret)
		*ret = fig;
	return rc ? rc : renewed;
}

int fold_commit(struct fold *f, struct commit_figures *ret)
{
	uint64_t max = store_young_bytes_max(f->store);

	return commit(f, fold_pending_bytes(f) < max, ret);
}

int fold_commit_bulk(struct fold *f, struct commit_figures *ret)
{
	return commit(f, false, ret);
}

int fold_tend(struct fold *f, int64_t young_age_max_ms)
{
	uint64_t merges = merger_figures(f->merger)->merges;
	int rc = merger_step(f->merger, (uint64_t)young_age_max_ms * 1000000);

	if (rc) {
		int renewed = begin_anew(f, true);

		return renewed == ERR_STORE_CORRUPT ? renewed : rc;
	}
	/* an old snapshot would hold the merged level's memory */
	return merger_figures(f->merger)->merges != merges ? snap_renew(f->snap) : 0;
}

int fold_settle(struct fold *f)
{
	int rc;

	snap_park(f->snap);
	rc = merger_finish(f->merger);
	return rc ? rc : snap_renew(f->snap);
}

const struct merger_figures *fold_merges(const struct fold *f)
{
	return merger_figures(f->merger);
}
