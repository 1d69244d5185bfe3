/* viewed-then-bought: +1 from each item viewed before it in the session, on a purchase */
#include "views/pair_rows.h"

static void viewed_then_bought_apply(struct fold *f, const struct moment *m)
{
	if (m->ev->type != EVENT_PURCHASE)
		return;
	for (uint32_t i = 0; i < m->item_count; i++) {
		const struct moment_item *mi = &m->items[i];

		for (uint32_t k = 0; k < mi->viewed.n; k++)
			pair_count(f, TBL_VIEWED_THEN_BOUGHT, m, m->others[mi->viewed.at + k], mi->item);
	}
}

static int viewed_then_bought_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return pair_expire(t, TBL_VIEWED_THEN_BOUGHT, watermark_ms, rows_max);
}

static int viewed_then_bought_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	return pair_rows(sn, TBL_VIEWED_THEN_BOUGHT, filter, each, arg);
}

const struct view view_viewed_then_bought = {
	.name = "viewed-then-bought",
	.version = 1,
	.meaning = "in how many sessions an item was bought after another was viewed",
	.tables = TABLE_BIT(TBL_VIEWED_THEN_BOUGHT),
	.apply = viewed_then_bought_apply,
	.expire = viewed_then_bought_expire,
	.rows = viewed_then_bought_rows,
	.by = VIEW_BY_ITEM,
};
