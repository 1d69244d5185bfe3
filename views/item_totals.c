/* item-totals: item x epoch -> view sessions, orders, buyers: the marginals that normalise the pairs */
#include "schemas/json_out.h"
#include "views/ids.h"
#include "views/pair_rows.h"
#include "views/pairs.h"

enum { COL_VIEW_SESSIONS, COL_ORDERS, COL_BUYERS };

static void item_totals_apply(struct fold *f, const struct moment *m)
{
	uint32_t epoch = (uint32_t)time_bucket(m->t_ms, MS_PER_EPOCH);

	for (uint32_t i = 0; i < m->item_count; i++) {
		const struct moment_item *mi = &m->items[i];

		if (mi->first_view)
			fold_add(f, TBL_ITEM_TOTALS, mi->item, epoch, COL_VIEW_SESSIONS, 1);
		if (mi->first_in_order)
			fold_add(f, TBL_ITEM_TOTALS, mi->item, epoch, COL_ORDERS, 1);
		if (mi->first_buy)
			fold_add(f, TBL_ITEM_TOTALS, mi->item, epoch, COL_BUYERS, 1);
	}
}

struct summing {
	struct item_totals *totals;
	int64_t first;
};

static int sum_epoch(void *arg, uint64_t group, uint32_t epoch, const int64_t *columns)
{
	struct summing *s = arg;

	(void)group;
	if ((int64_t)epoch >= s->first) {
		s->totals->view_sessions += columns[COL_VIEW_SESSIONS];
		s->totals->orders += columns[COL_ORDERS];
		s->totals->buyers += columns[COL_BUYERS];
	}
	return 0;
}

int item_totals_get(struct snap *sn, uint32_t item, struct item_totals *ret)
{
	struct summing s = { .totals = ret };
	int64_t watermark = snap_watermark(sn);

	*ret = (struct item_totals){ 0 };
	if (watermark == TIME_NONE)
		return 0;
	s.first = pair_oldest_epoch(watermark);
	return snap_sums(sn, TBL_ITEM_TOTALS, item, item, sum_epoch, &s);
}

struct printing {
	struct json_out out;
	struct snap *sn;
	int64_t first;
	view_row each;
	void *arg;
};

static int print_row(void *arg, uint64_t group, uint32_t epoch, const int64_t *columns)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;

	if ((int64_t)epoch < p->first)
		return 0;
	json_out_reset(j);
	json_out_object(j);
	json_out_key(j, "itemId");
	json_out_str(j, snap_item_name(p->sn, (uint32_t)group));
	json_out_key(j, "epoch");
	json_out_int(j, epoch);
	json_out_key(j, "viewSessions");
	json_out_int(j, columns[COL_VIEW_SESSIONS]);
	json_out_key(j, "orders");
	json_out_int(j, columns[COL_ORDERS]);
	json_out_key(j, "buyers");
	json_out_int(j, columns[COL_BUYERS]);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int item_totals_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .each = each, .arg = arg };
	int64_t watermark = snap_watermark(sn);
	uint64_t first = 0, last = UINT32_MAX;
	int rc;

	if (watermark == TIME_NONE)
		return 0;
	if (filter->item.n) {
		first = last = snap_item(sn, filter->item);
		if (first == ID_NONE)
			return 0;
	}
	p.first = pair_oldest_epoch(watermark);
	rc = snap_sums(sn, TBL_ITEM_TOTALS, first, last, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_item_totals = {
	.name = "item-totals",
	.version = 1,
	.meaning = "sessions that viewed an item, orders with it and its buyers, by epoch: what normalises the pairs",
	.apply = item_totals_apply,
	.rows = item_totals_rows,
};
