/* traffic: day x hour of the day -> actors, new actors, sessions, views, carts, orders, units, revenue */
#include "views/traffic.h"
#include "schemas/json_keys.h"
#include "views/journal.h"
#include "views/session_rows.h"
#include "views/view.h"

enum { COL_ACTORS, COL_NEW_ACTORS, COL_SESSIONS, COL_VIEWS, COL_CARTS, COL_ORDERS, COL_UNITS, COL_REVENUE };

static const char *const names[COL_REVENUE] = {
	"actors", "newActors", "sessions", "views", "carts", "orders", "units"
};

static int64_t oldest_kept(int64_t watermark_ms)
{
	return oldest_bucket(watermark_ms, MS_PER_DAY, TRAFFIC_DAYS_KEPT);
}

static void add(struct fold *f, const struct moment *m, unsigned column, int64_t by)
{
	if (by)
		fold_add(f, TBL_TRAFFIC, (uint64_t)time_bucket(m->t_ms, MS_PER_DAY),
			 (uint32_t)(m->t_ms % MS_PER_DAY / MS_PER_HOUR), column, by);
}

static void add_sale(struct fold *f, const struct moment *m, int64_t sign)
{
	int64_t units = 0;

	for (uint32_t i = 0; i < m->item_count; i++)
		units += m->items[i].line->quantity;
	add(f, m, COL_UNITS, sign * units);
	add(f, m, COL_REVENUE, moment_revenue(m, sign));
}

static void traffic_apply(struct fold *f, const struct moment *m)
{
	add(f, m, COL_ACTORS, m->new_day);
	add(f, m, COL_NEW_ACTORS, m->new_actor);
	switch (m->ev->type) {
	case EVENT_VIEW:
		add(f, m, COL_SESSIONS, m->views->before == 0);
		add(f, m, COL_VIEWS, m->item_count);
		break;
	case EVENT_CART_ADD:
		add(f, m, COL_CARTS, m->item_count);
		break;
	case EVENT_PURCHASE:
		add(f, m, COL_ORDERS, m->new_order);
		add_sale(f, m, 1);
		break;
	case EVENT_RETURN:
		add_sale(f, m, -1);
		break;
	default:
		break;
	}
}

static int traffic_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return store_drop_groups(t, TBL_TRAFFIC, 0, (uint64_t)oldest_kept(watermark_ms), rows_max);
}

/* ---- reading ---- */

struct scan {
	int64_t first_ms, end_ms;
	traffic_each each;
	void *arg;
};

static int scan_row(void *arg, uint64_t group, uint32_t member, const int64_t *c)
{
	const struct scan *s = arg;
	int64_t start = (int64_t)group * MS_PER_DAY + member * MS_PER_HOUR;
	struct traffic t = { c[COL_ACTORS], c[COL_NEW_ACTORS], c[COL_SESSIONS], c[COL_VIEWS],
			     c[COL_CARTS],  c[COL_ORDERS],     c[COL_UNITS],    c[COL_REVENUE] };

	for (unsigned i = 0; i < COL_UNITS; i++)
		if (c[i] < 0 || c[i] > COUNT_MAX)
			return ERR_STORE_CORRUPT;
	if (member >= MS_PER_DAY / MS_PER_HOUR || t.units < -COUNT_MAX || t.units > COUNT_MAX)
		return ERR_STORE_CORRUPT;
	return start < s->first_ms || start >= s->end_ms ? 0 : s->each(s->arg, start, &t);
}

int traffic_scan(struct snap *sn, int64_t first_ms, int64_t end_ms, traffic_each each, void *arg)
{
	struct scan s = { first_ms, end_ms, each, arg };
	int64_t watermark, first, last;
	int rc = snap_watermark(sn, &watermark);

	if (rc || watermark == TIME_NONE)
		return rc;
	first = time_bucket(first_ms < 0 ? 0 : first_ms, MS_PER_DAY);
	last = time_bucket(end_ms - 1 < watermark ? end_ms - 1 : watermark, MS_PER_DAY);
	if (first < oldest_kept(watermark))
		first = oldest_kept(watermark);
	return last < first ? 0 : snap_sums(sn, TBL_TRAFFIC, (uint64_t)first, (uint64_t)last, scan_row, &s);
}

struct printing {
	struct json_out out;
	view_row each;
	void *arg;
};

static int print_row(void *arg, int64_t start_ms, const struct traffic *t)
{
	const int64_t counts[COL_REVENUE] = { t->actors, t->new_actors, t->sessions, t->views,
					      t->carts,  t->orders,     t->units };
	struct printing *p = arg;
	struct json_out *j = &p->out;

	json_out_reset(j);
	json_out_object(j);
	key_int(j, "start", start_ms);
	for (unsigned i = 0; i < COL_REVENUE; i++)
		key_int(j, names[i], counts[i]);
	key_micros(j, "revenue", t->revenue_micros);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int traffic_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .each = each, .arg = arg };
	int rc = traffic_scan(sn, 0, TIME_END_MS, print_row, &p);

	(void)filter;
	json_out_fini(&p.out);
	return rc;
}

const struct view view_traffic = {
	.name = "traffic",
	.version = 1,
	.meaning = "people, sessions, views, cart-adds, orders, units and revenue of the shop by hour (400 days)",
	.tables = TABLE_BIT(TBL_TRAFFIC),
	.apply = traffic_apply,
	.expire = traffic_expire,
	.rows = traffic_rows,
};
