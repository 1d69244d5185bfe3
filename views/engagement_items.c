/* engagement-items: (day, label) x item -> impressions, clicks, carts, orders, units, revenue of it as a recommendation */
#include "schemas/json_keys.h"
#include "views/engagement_rows.h"
#include "views/ids.h"
#include "views/labels.h"

#define LABEL_BITS 32

static const struct engagement_table table = { TBL_ENGAGEMENT_ITEMS, MS_PER_DAY, LABEL_BITS };

static void engagement_items_apply(struct fold *f, const struct moment *m)
{
	uint64_t day = (uint64_t)time_bucket(m->t_ms, MS_PER_DAY);

	for (uint32_t i = 0; i < m->credits->n; i++) {
		const struct credit *c = &m->credits->v[i];

		engagement_add(f, TBL_ENGAGEMENT_ITEMS, day << LABEL_BITS | c->label, c->item, c);
	}
}

static int engagement_items_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return engagement_expire(t, &table, watermark_ms, rows_max);
}

/* ---- reading ---- */

struct scan {
	uint32_t items;
	engagement_item_each each;
	void *arg;
};

static int scan_row(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	const struct scan *s = arg;
	struct engagement e;

	if (member >= s->items || !engagement_read(columns, &e))
		return ERR_STORE_CORRUPT;
	return s->each(s->arg, (int64_t)(group >> LABEL_BITS), (uint32_t)group, member, &e);
}

int engagement_items_scan(struct snap *sn, int64_t first, int64_t last, engagement_item_each each, void *arg)
{
	struct scan s = { .each = each, .arg = arg };
	int rc = snap_items(sn, &s.items);

	return rc ? rc : engagement_sums(sn, &table, first, last, scan_row, &s);
}

/* ---- printing ---- */

struct printing {
	struct json_out out;
	struct snap *sn;
	uint32_t item; /* ID_NONE: all */
	view_row each;
	void *arg;
};

static int print_row(void *arg, int64_t day, uint32_t label, uint32_t item, const struct engagement *e)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;
	struct engagement_label of;
	int rc;

	if (p->item != ID_NONE && p->item != item)
		return 0;
	rc = snap_label_of_answer(p->sn, label, &of);
	if (rc)
		return rc;
	json_out_reset(j);
	json_out_object(j);
	key_str(j, "itemId", snap_item_name(p->sn, item));
	engagement_print_label(j, &of);
	key_int(j, "start", day * MS_PER_DAY);
	engagement_print(j, e);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int engagement_items_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .item = ID_NONE, .each = each, .arg = arg };
	int rc;

	if (filter->item.n && (p.item = snap_item(sn, filter->item)) == ID_NONE)
		return 0;
	rc = engagement_items_scan(sn, 0, INT64_MAX, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_engagement_items = {
	.name = "engagement-items",
	.version = 2,
	.meaning =
		"what was shown, clicked and bought of each item as a recommendation, by scenario, strategy, variant and day",
	.tables = TABLE_BIT(TBL_ENGAGEMENT_ITEMS),
	.apply = engagement_items_apply,
	.expire = engagement_items_expire,
	.rows = engagement_items_rows,
	.by = VIEW_BY_ITEM,
};
