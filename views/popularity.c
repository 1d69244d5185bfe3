/* popularity: (1 = hour or 2 = day, bucket number) x item -> views, carts, orders, units, revenue */
#include "views/popularity.h"
#include "schemas/json_keys.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/view.h"

enum { COL_VIEWS, COL_CARTS, COL_ORDERS, COL_UNITS, COL_REVENUE };

static uint64_t group_of(enum bucket kind, int64_t number)
{
	return (uint64_t)(kind + 1) << 56 | (uint64_t)number;
}

static int64_t span_of(enum bucket kind)
{
	return kind == BUCKET_HOUR ? MS_PER_HOUR : MS_PER_DAY;
}

static int64_t oldest_kept(enum bucket kind, int64_t watermark)
{
	return oldest_bucket(watermark, span_of(kind),
			     kind == BUCKET_HOUR ? POPULARITY_HOURS_KEPT : POPULARITY_DAYS_KEPT);
}

static void add(struct fold *f, const struct moment *m, uint32_t item, unsigned column, int64_t delta)
{
	fold_add(f, TBL_POPULARITY, group_of(BUCKET_HOUR, time_bucket(m->t_ms, MS_PER_HOUR)), item, column, delta);
	fold_add(f, TBL_POPULARITY, group_of(BUCKET_DAY, time_bucket(m->t_ms, MS_PER_DAY)), item, column, delta);
}

static void add_sale(struct fold *f, const struct moment *m, const struct moment_item *mi, int64_t sign)
{
	int64_t units = sign * (int64_t)mi->line->quantity;

	add(f, m, mi->item, COL_UNITS, units);
	if (mi->line->price_micros)
		add(f, m, mi->item, COL_REVENUE, units * mi->line->price_micros);
}

static void popularity_apply(struct fold *f, const struct moment *m)
{
	for (uint32_t i = 0; i < m->item_count; i++) {
		const struct moment_item *mi = &m->items[i];

		switch (m->ev->type) {
		case EVENT_VIEW:
			add(f, m, mi->item, COL_VIEWS, 1);
			break;
		case EVENT_CART_ADD:
			add(f, m, mi->item, COL_CARTS, 1);
			break;
		case EVENT_PURCHASE:
			if (mi->first_in_order)
				add(f, m, mi->item, COL_ORDERS, 1);
			add_sale(f, m, mi, 1);
			break;
		case EVENT_RETURN:
			add_sale(f, m, mi, -1);
			break;
		default:
			break;
		}
	}
}

static int popularity_expire(struct store_txn *t, int64_t watermark, size_t rows_max)
{
	int rc = store_drop_groups(t, TBL_POPULARITY, group_of(BUCKET_HOUR, 0),
				   group_of(BUCKET_HOUR, oldest_kept(BUCKET_HOUR, watermark)), rows_max);

	return rc ? rc
		  : store_drop_groups(t, TBL_POPULARITY, group_of(BUCKET_DAY, 0),
				      group_of(BUCKET_DAY, oldest_kept(BUCKET_DAY, watermark)), rows_max);
}

/* ---- reading ---- */

struct scan {
	uint32_t items;
	popularity_each each;
	void *arg;
};

static int scan_row(void *arg, uint64_t group, uint32_t member, const int64_t *c)
{
	struct scan *s = arg;
	struct popularity p = { c[COL_VIEWS], c[COL_CARTS], c[COL_ORDERS], c[COL_UNITS], c[COL_REVENUE] };

	if (member >= s->items || p.views < 0 || p.views > COUNT_MAX || p.carts < 0 || p.carts > COUNT_MAX ||
	    p.orders < 0 || p.orders > COUNT_MAX || p.units < -COUNT_MAX || p.units > COUNT_MAX)
		return ERR_STORE_CORRUPT;
	return s->each(s->arg, (int64_t)(group & UINT64_C(0xffffffffffffff)), member, &p);
}

int popularity_scan(struct snap *sn, enum bucket kind, int64_t first, int64_t last, popularity_each each, void *arg)
{
	struct scan s = { .each = each, .arg = arg };
	int rc = snap_items(sn, &s.items);

	if (first < 0)
		first = 0;
	if (rc || last < first)
		return rc;
	return snap_sums(sn, TBL_POPULARITY, group_of(kind, first), group_of(kind, last), scan_row, &s);
}

struct printing {
	struct json_out out;
	struct snap *sn;
	enum bucket kind;
	uint32_t item;
	view_row each;
	void *arg;
};

static int print_row(void *arg, int64_t number, uint32_t item, const struct popularity *c)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;

	if (p->item != ID_NONE && p->item != item)
		return 0;
	json_out_reset(j);
	json_out_object(j);
	key_str(j, "itemId", snap_item_name(p->sn, item));
	key_text(j, "bucket", p->kind == BUCKET_HOUR ? "hour" : "day");
	key_int(j, "start", number * span_of(p->kind));
	key_int(j, "views", c->views);
	key_int(j, "carts", c->carts);
	key_int(j, "orders", c->orders);
	key_int(j, "units", c->units);
	key_micros(j, "revenue", c->revenue_micros);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int popularity_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .item = ID_NONE, .each = each, .arg = arg };
	int64_t watermark;
	int rc = snap_watermark(sn, &watermark);

	if (rc)
		return rc;
	if (filter->item.n && (p.item = snap_item(sn, filter->item)) == ID_NONE)
		return 0;
	for (int kind = BUCKET_HOUR; kind <= BUCKET_DAY && !rc && watermark != TIME_NONE; kind++) {
		p.kind = (enum bucket)kind;
		rc = popularity_scan(sn, p.kind, oldest_kept(p.kind, watermark),
				     time_bucket(watermark, span_of(p.kind)), print_row, &p);
	}
	json_out_fini(&p.out);
	return rc;
}

const struct view view_popularity = {
	.name = "popularity",
	.version = 1,
	.meaning = "views, cart-adds, orders, units and revenue of each item, by hour (15 days) and day (400 days)",
	.tables = TABLE_BIT(TBL_POPULARITY),
	.apply = popularity_apply,
	.expire = popularity_expire,
	.rows = popularity_rows,
	.by = VIEW_BY_ITEM,
};
