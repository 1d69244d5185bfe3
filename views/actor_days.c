/* actor-days: day x actor -> impressions, clicks, recommended orders and revenue; came, sessions, orders, revenue */
#include "views/actor_days.h"
#include "schemas/json_keys.h"
#include "views/credit.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/session_rows.h"
#include "views/view.h"

enum {
	COL_IMPRESSIONS,
	COL_CLICKS,
	COL_RECOMMENDED,
	COL_RECOMMENDED_REVENUE,
	COL_CAME,
	COL_SESSIONS,
	COL_ORDERS,
	COL_REVENUE,
	COLUMNS
};

static int64_t oldest_kept(int64_t watermark_ms)
{
	return oldest_bucket(watermark_ms, MS_PER_DAY, ACTOR_DAYS_KEPT);
}

static void add_credits(const struct moment *m, int64_t columns[COLUMNS])
{
	static const int column_of[CREDIT_KINDS] = { [CREDIT_IMPRESSION] = COL_IMPRESSIONS,
						     [CREDIT_CLICK] = COL_CLICKS,
						     [CREDIT_CART] = -1,
						     [CREDIT_ORDER] = COL_RECOMMENDED };

	for (uint32_t i = 0; i < m->credits->n; i++) {
		const struct credit *c = &m->credits->v[i];

		if (column_of[c->kind] >= 0)
			columns[column_of[c->kind]]++;
		columns[COL_RECOMMENDED_REVENUE] = wrapping_add(columns[COL_RECOMMENDED_REVENUE], c->revenue_micros);
	}
}

static void actor_days_apply(struct fold *f, const struct moment *m)
{
	int64_t columns[COLUMNS] = { [COL_CAME] = m->new_day };

	add_credits(m, columns);
	if (m->ev->type == EVENT_VIEW)
		columns[COL_SESSIONS] = m->views->before == 0;
	if (m->ev->type == EVENT_PURCHASE) {
		columns[COL_ORDERS] = m->new_order;
		columns[COL_REVENUE] = moment_revenue(m, 1);
	}
	if (m->ev->type == EVENT_RETURN)
		columns[COL_REVENUE] = moment_revenue(m, -1);
	for (unsigned i = 0; i < COLUMNS; i++)
		if (columns[i])
			fold_add(f, TBL_ACTOR_DAYS, (uint64_t)time_bucket(m->t_ms, MS_PER_DAY), m->actor, i,
				 columns[i]);
}

static int actor_days_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return store_drop_groups(t, TBL_ACTOR_DAYS, 0, (uint64_t)oldest_kept(watermark_ms), rows_max);
}

/* ---- reading ---- */

struct scan {
	uint32_t actors;
	actor_day_each each;
	void *arg;
};

static int scan_row(void *arg, uint64_t group, uint32_t actor, const int64_t *c)
{
	const struct scan *s = arg;
	struct actor_day d = { c[COL_IMPRESSIONS], c[COL_CLICKS],   c[COL_RECOMMENDED], c[COL_RECOMMENDED_REVENUE],
			       c[COL_CAME],        c[COL_SESSIONS], c[COL_ORDERS],      c[COL_REVENUE] };

	for (unsigned i = 0; i < COL_REVENUE; i++)
		if (i != COL_RECOMMENDED_REVENUE && (c[i] < 0 || c[i] > COUNT_MAX))
			return ERR_STORE_CORRUPT;
	if (actor >= s->actors || d.came > 1)
		return ERR_STORE_CORRUPT;
	return s->each(s->arg, (int64_t)group, actor, &d);
}

int actor_days_scan(struct snap *sn, int64_t first, int64_t last, actor_day_each each, void *arg)
{
	struct scan s = { .each = each, .arg = arg };
	int64_t watermark;
	int rc = snap_watermark(sn, &watermark);

	if (!rc)
		rc = snap_actors(sn, &s.actors);
	if (rc || watermark == TIME_NONE)
		return rc;
	if (first < oldest_kept(watermark))
		first = oldest_kept(watermark);
	if (last > time_bucket(watermark, MS_PER_DAY))
		last = time_bucket(watermark, MS_PER_DAY);
	return last < first ? 0 : snap_sums(sn, TBL_ACTOR_DAYS, (uint64_t)first, (uint64_t)last, scan_row, &s);
}

void actor_day_add(struct actor_day *sum, const struct actor_day *d)
{
	sum->impressions += d->impressions;
	sum->clicks += d->clicks;
	sum->recommended_orders += d->recommended_orders;
	sum->recommended_micros = saturating_add(sum->recommended_micros, d->recommended_micros);
	sum->came += d->came;
	sum->sessions += d->sessions;
	sum->orders += d->orders;
	sum->revenue_micros = saturating_add(sum->revenue_micros, d->revenue_micros);
}

/* ---- printing ---- */

struct printing {
	struct json_out out;
	struct snap *sn;
	uint32_t actors[PERSON_ACTORS_MAX];
	int actor_n; /* 0: all */
	bool anonymous;
	view_row each;
	void *arg;
};

static int print_row(void *arg, int64_t day, uint32_t actor, const struct actor_day *d)
{
	const struct {
		const char *name;
		int64_t n;
	} counts[] = { { "came", d->came },     { "sessions", d->sessions },
		       { "orders", d->orders }, { "impressions", d->impressions },
		       { "clicks", d->clicks }, { "recommendedOrders", d->recommended_orders } };
	struct printing *p = arg;
	struct json_out *j = &p->out;

	if (p->actor_n && !id_among(p->actors, (uint32_t)p->actor_n, actor))
		return 0;
	json_out_reset(j);
	json_out_object(j);
	if (!p->anonymous)
		snap_print_actor(p->sn, actor, "actor", j);
	key_int(j, "start", day * MS_PER_DAY);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		key_int(j, counts[i].name, counts[i].n);
	key_micros(j, "revenue", d->revenue_micros);
	key_micros(j, "recommendedRevenue", d->recommended_micros);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int actor_days_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .sn = sn, .anonymous = filter->anonymous, .each = each, .arg = arg };
	int rc;

	if (filter->user.n && (p.actor_n = person_actors(sn, filter->user, filter->user, p.actors)) <= 0)
		return p.actor_n;
	rc = actor_days_scan(sn, 0, INT64_MAX, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_actor_days = {
	.name = "actor-days",
	.version = 1,
	.meaning = "what each actor did on each day, and what of it recommendations led to (400 days)",
	.tables = TABLE_BIT(TBL_ACTOR_DAYS),
	.apply = actor_days_apply,
	.expire = actor_days_expire,
	.rows = actor_days_rows,
	.by = VIEW_BY_USER,
};
