/* bought-together: +1 both ways for each pair of distinct items of one order, once an order */
#include "views/pair_rows.h"

static void bought_together_apply(struct fold *f, const struct moment *m)
{
	for (uint32_t i = 0; i < m->item_count; i++)
		pair_count_both(f, TBL_BOUGHT_TOGETHER, m, m->items[i].item, m->items[i].ordered);
}

static int bought_together_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return pair_expire(t, TBL_BOUGHT_TOGETHER, watermark_ms, rows_max);
}

static int bought_together_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	return pair_rows(sn, TBL_BOUGHT_TOGETHER, filter, each, arg);
}

const struct view view_bought_together = {
	.name = "bought-together",
	.version = 1,
	.meaning = "in how many orders two items stand together",
	.tables = TABLE_BIT(TBL_BOUGHT_TOGETHER),
	.apply = bought_together_apply,
	.expire = bought_together_expire,
	.rows = bought_together_rows,
	.by = VIEW_BY_ITEM,
};
