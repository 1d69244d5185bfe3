/* also-viewed: +1 both ways with the items viewed just before, on the first view in a session */
#include "views/pair_rows.h"

static void also_viewed_apply(struct fold *f, const struct moment *m)
{
	if (m->ev->type != EVENT_VIEW)
		return;
	for (uint32_t i = 0; i < m->item_count; i++)
		pair_count_both(f, TBL_ALSO_VIEWED, m, m->items[i].item, m->items[i].viewed);
}

static int also_viewed_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return pair_expire(t, TBL_ALSO_VIEWED, watermark_ms, rows_max);
}

static int also_viewed_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	return pair_rows(sn, TBL_ALSO_VIEWED, filter, each, arg);
}

const struct view view_also_viewed = {
	.name = "also-viewed",
	.version = 1,
	.meaning = "in how many sessions two items were viewed close together",
	.tables = TABLE_BIT(TBL_ALSO_VIEWED),
	.apply = also_viewed_apply,
	.expire = also_viewed_expire,
	.rows = also_viewed_rows,
	.by = VIEW_BY_ITEM,
};
