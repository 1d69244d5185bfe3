/* also-bought: +1 both ways with what the actor bought before, when it first buys an item */
#include "views/pair_rows.h"

static void also_bought_apply(struct fold *f, const struct moment *m)
{
	for (uint32_t i = 0; i < m->item_count; i++)
		pair_count_both(f, TBL_ALSO_BOUGHT, m, m->items[i].item, m->items[i].bought);
}

static int also_bought_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return pair_expire(t, TBL_ALSO_BOUGHT, watermark_ms, rows_max);
}

static int also_bought_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	return pair_rows(sn, TBL_ALSO_BOUGHT, filter, each, arg);
}

const struct view view_also_bought = {
	.name = "also-bought",
	.version = 1,
	.meaning = "how many buyers of an item also bought another, in any order of theirs",
	.tables = TABLE_BIT(TBL_ALSO_BOUGHT),
	.apply = also_bought_apply,
	.expire = also_bought_expire,
	.rows = also_bought_rows,
	.by = VIEW_BY_ITEM,
};
