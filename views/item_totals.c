/*
 * item-totals: (block of epochs, item) x epoch -> view sessions, orders, buyers: the marginals that normalise the pairs.
 * Blocks, so that an item's totals are one or two rows, and what is old is dropped by ranges of groups.
 */
#include "schemas/json_keys.h"
#include "views/facts.h"
#include "views/ids.h"
#include "views/pair_rows.h"
#include "views/pairs.h"

#define EPOCHS_A_BLOCK 16

enum { COL_VIEW_SESSIONS, COL_ORDERS, COL_BUYERS };

static uint64_t group_of(int64_t epoch, uint32_t item)
{
	return (uint64_t)(epoch / EPOCHS_A_BLOCK) << 32 | item;
}

static void item_totals_apply(struct fold *f, const struct moment *m)
{
	uint32_t epoch = (uint32_t)time_bucket(m->t_ms, MS_PER_EPOCH);

	for (uint32_t i = 0; i < m->item_count; i++) {
		const struct moment_item *mi = &m->items[i];
		uint64_t group = group_of(epoch, mi->item);

		if (mi->first_view)
			fold_add(f, TBL_ITEM_TOTALS, group, epoch, COL_VIEW_SESSIONS, 1);
		if (mi->first_in_order)
			fold_add(f, TBL_ITEM_TOTALS, group, epoch, COL_ORDERS, 1);
		if (mi->first_buy)
			fold_add(f, TBL_ITEM_TOTALS, group, epoch, COL_BUYERS, 1);
	}
}

static int item_totals_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return store_drop_groups(t, TBL_ITEM_TOTALS, 0, group_of(pair_oldest_epoch(watermark_ms), 0), rows_max);
}

static bool good(const int64_t *columns)
{
	for (int i = COL_VIEW_SESSIONS; i <= COL_BUYERS; i++)
		if (columns[i] < 0 || columns[i] > COUNT_MAX)
			return false;
	return true;
}

struct summing {
	struct item_totals *totals;
	int64_t first;
};

static int sum_epoch(void *arg, uint64_t group, uint32_t epoch, const int64_t *columns)
{
	struct summing *s = arg;

	(void)group;
	if (!good(columns))
		return ERR_STORE_CORRUPT;
	if ((int64_t)epoch >= s->first) {
		s->totals->view_sessions += columns[COL_VIEW_SESSIONS];
		s->totals->orders += columns[COL_ORDERS];
		s->totals->buyers += columns[COL_BUYERS];
	}
	return 0;
}

/* The blocks of the item's epochs from s->first to the watermark's. */
static int sum_blocks(struct snap *sn, enum snap_part part, uint32_t item, int64_t watermark, struct summing *s)
{
	int64_t last = time_bucket(watermark, MS_PER_EPOCH);
	int rc = 0;

	for (int64_t block = s->first / EPOCHS_A_BLOCK; block <= last / EPOCHS_A_BLOCK && !rc; block++)
		rc = snap_group_parts(sn, part, TBL_ITEM_TOTALS, group_of(block * EPOCHS_A_BLOCK, item), sum_epoch, s);
	return rc;
}

int item_totals_get(struct snap *sn, uint32_t item, struct item_totals *ret)
{
	struct summing s = { .totals = ret };
	struct item_fact *f;
	int64_t watermark;
	uint64_t version;
	int rc = snap_watermark(sn, &watermark);

	*ret = (struct item_totals){ 0 };
	if (rc || watermark == TIME_NONE)
		return rc;
	s.first = pair_oldest_epoch(watermark);
	version = snap_version(sn);
	f = snap_fact(sn, TBL_ITEM_TOTALS, item);
	if (!f)
		return sum_blocks(sn, PART_ALL, item, watermark, &s);
	if (!(f->known & FACT_TOTALS) || f->totals_first != s.first) {
		rc = sum_blocks(sn, PART_BASE, item, watermark, &s);
		if (rc)
			return rc;
		f->known |= FACT_TOTALS;
		f->totals_first = s.first;
		f->totals = *ret;
		f->all_version = version - 1;
	}
	if (f->all_version != version) {
		*ret = f->totals;
		rc = sum_blocks(sn, PART_YOUNG, item, watermark, &s);
		if (rc)
			return rc;
		f->all = *ret;
		f->all_version = version;
	}
	*ret = f->all;
	return 0;
}

/* What young levels add is never negative. */
struct item_totals item_totals_at_least(struct snap *sn, uint32_t item)
{
	struct item_fact *f = snap_fact(sn, TBL_ITEM_TOTALS, item);
	int64_t watermark;

	if (!f || !(f->known & FACT_TOTALS) || snap_watermark(sn, &watermark) ||
	    f->totals_first != pair_oldest_epoch(watermark))
		return (struct item_totals){ 0 };
	return f->totals;
}

struct walking {
	int64_t first;
	uint32_t items;
	item_totals_row each;
	void *arg;
};

static int walk_epoch(void *arg, uint64_t group, uint32_t epoch, const int64_t *columns)
{
	struct walking *w = arg;
	struct item_totals t = { columns[COL_VIEW_SESSIONS], columns[COL_ORDERS], columns[COL_BUYERS] };

	if ((uint32_t)group >= w->items || !good(columns))
		return ERR_STORE_CORRUPT;
	return (int64_t)epoch < w->first ? 0 : w->each(w->arg, (uint32_t)group, &t);
}

int item_totals_each(struct snap *sn, item_totals_row each, void *arg)
{
	struct walking w = { .each = each, .arg = arg };
	int64_t watermark;
	int rc = snap_watermark(sn, &watermark);

	if (!rc)
		rc = snap_items(sn, &w.items);
	if (rc || watermark == TIME_NONE)
		return rc;
	w.first = pair_oldest_epoch(watermark);
	return snap_sums(sn, TBL_ITEM_TOTALS, group_of(w.first, 0), UINT64_MAX, walk_epoch, &w);
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

	if (!good(columns))
		return ERR_STORE_CORRUPT;
	if ((int64_t)epoch < p->first)
		return 0;
	json_out_reset(j);
	json_out_object(j);
	key_str(j, "itemId", snap_item_name(p->sn, (uint32_t)group));
	key_int(j, "epoch", epoch);
	key_int(j, "viewSessions", columns[COL_VIEW_SESSIONS]);
	key_int(j, "orders", columns[COL_ORDERS]);
	key_int(j, "buyers", columns[COL_BUYERS]);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int print_blocks(struct snap *sn, uint32_t item, int64_t watermark, struct printing *p)
{
	int64_t last = time_bucket(watermark, MS_PER_EPOCH);
	int rc = 0;

	for (int64_t block = p->first / EPOCHS_A_BLOCK; block <= last / EPOCHS_A_BLOCK && !rc; block++) {
		uint64_t group = group_of(block * EPOCHS_A_BLOCK, item);

		rc = snap_sums(sn, TBL_ITEM_TOTALS, group, group, print_row, p);
	}
	return rc;
}

static int item_totals_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .each = each, .arg = arg };
	uint32_t item;
	int64_t watermark;
	int rc = snap_watermark(sn, &watermark);

	if (rc || watermark == TIME_NONE)
		return rc;
	p.first = pair_oldest_epoch(watermark);
	if (filter->item.n) {
		item = snap_item(sn, filter->item);
		rc = item == ID_NONE ? 0 : print_blocks(sn, item, watermark, &p);
	} else {
		rc = snap_sums(sn, TBL_ITEM_TOTALS, group_of(p.first, 0), UINT64_MAX, print_row, &p);
	}
	json_out_fini(&p.out);
	return rc;
}

const struct view view_item_totals = {
	.name = "item-totals",
	.version = 1,
	.meaning = "sessions that viewed an item, orders with it and its buyers, by epoch: what normalises the pairs",
	.tables = TABLE_BIT(TBL_ITEM_TOTALS),
	.apply = item_totals_apply,
	.expire = item_totals_expire,
	.rows = item_totals_rows,
	.by = VIEW_BY_ITEM,
};
