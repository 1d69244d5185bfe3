/* Sales and visits, from the view `traffic`; who was active in the whole period, from `profile`. */
#include "query/figures_internal.h"
#include "views/profile.h"
#include "views/traffic.h"

#include <stdlib.h>

/* One row an hour or day of a period. */
struct series {
	int64_t from_ms, unit;
	size_t n;
	struct traffic *v;
	struct traffic total;
};

static void add_to(struct traffic *sum, const struct traffic *t)
{
	sum->actors += t->actors;
	sum->new_actors += t->new_actors;
	sum->sessions += t->sessions;
	sum->views += t->views;
	sum->carts += t->carts;
	sum->orders += t->orders;
	sum->units += t->units;
	sum->revenue_micros = saturating_add(sum->revenue_micros, t->revenue_micros);
}

static int add_hour(void *arg, int64_t start_ms, const struct traffic *t)
{
	struct series *s = arg;

	add_to(&s->v[(start_ms - s->from_ms) / s->unit], t);
	add_to(&s->total, t);
	return 0;
}

/* The rows from from_ms on that begin before end_ms, with what went on before it. */
static int read_series(struct making *m, int64_t from_ms, int64_t end_ms, struct series *ret)
{
	*ret = (struct series){ .from_ms = from_ms, .unit = m->unit };
	ret->n = (size_t)((end_ms - from_ms + m->unit - 1) / m->unit);
	ret->v = xcalloc(ret->n ? ret->n : 1, sizeof(*ret->v));
	return traffic_scan(m->sn, from_ms, end_ms, add_hour, ret);
}

int figures_shop_revenue(struct making *m, int64_t *rows, int64_t *ret_total)
{
	struct series s;
	int rc = read_series(m, m->from_ms, m->to_ms, &s);

	for (size_t i = 0; !rc && i < s.n; i++)
		rows[i] = s.v[i].revenue_micros;
	*ret_total = s.total.revenue_micros;
	free(s.v);
	return rc;
}

/* ---- sales ---- */

static unsigned sales_figures(const struct traffic *t, struct figure *ret)
{
	ret[0] = figure_count("orders", t->orders);
	ret[1] = figure_count("units", t->units);
	ret[2] = figure_money("revenue", t->revenue_micros);
	return 3;
}

static unsigned sales_row(int64_t start_ms, const struct traffic *t, struct figure *ret)
{
	ret[0] = figure_time("start", start_ms);
	return 1 + sales_figures(t, ret + 1);
}

static void write_sales_rows(struct making *m, const struct series *s)
{
	struct figure row[FIGURE_ROW_MAX];

	for (size_t i = 0; i < s->n; i++)
		figures_row(m, row, sales_row(s->from_ms + (int64_t)i * s->unit, &s->v[i], row));
}

static void write_sales_total(struct json_out *j, const struct traffic *t)
{
	struct figure v[FIGURE_ROW_MAX];
	unsigned n = sales_figures(t, v);

	v[n++] = figure_money_ratio("revenuePerOrder", t->revenue_micros, t->orders);
	figures_object(j, "total", v, n);
}

static void write_growth(struct json_out *j, const struct traffic *now, const struct traffic *before)
{
	struct figure a[FIGURE_ROW_MAX], b[FIGURE_ROW_MAX];
	unsigned n = sales_figures(now, a);

	sales_figures(before, b);
	for (unsigned i = 0; i < n; i++)
		a[i] = figure_growth(a[i].name, a[i].n, b[i].n);
	figures_object(j, "growth", a, n);
}

static void write_before(struct making *m, const struct series *before, int64_t end_ms)
{
	struct json_out *j = m->out;

	json_out_key(j, "before");
	json_out_object(j);
	key_time(j, "from", before->from_ms);
	key_time(j, "to", end_ms);
	json_out_key(j, "rows");
	json_out_array(j);
	write_sales_rows(m, before);
	json_out_end_array(j);
	write_sales_total(j, &before->total);
	json_out_end_object(j);
}

int figures_sales(struct making *m)
{
	int64_t length = m->to_ms - m->from_ms, seen = m->to_ms;
	struct series now = { 0 }, before = { 0 };
	struct figure row[FIGURE_ROW_MAX];
	int rc;

	/* a period that is not over is compared with as much of the one before */
	if (m->watermark_ms != TIME_NONE && m->watermark_ms < m->to_ms) {
		seen = (time_bucket(m->watermark_ms, MS_PER_HOUR) + 1) * MS_PER_HOUR;
		seen = seen < m->from_ms ? m->from_ms : seen;
	}
	rc = read_series(m, m->from_ms, m->to_ms, &now);
	if (!rc)
		rc = read_series(m, m->from_ms - length, seen - length, &before);
	if (rc)
		goto out;
	figures_begin(m, row, sales_row(0, &now.total, row));
	write_sales_rows(m, &now);
	figures_end_rows(m);
	if (!m->ask->csv) {
		write_sales_total(m->out, &now.total);
		write_before(m, &before, seen - length);
		write_growth(m->out, &now.total, &before.total);
		rc = figures_write_recommended(m, now.total.revenue_micros);
	}
	figures_end(m);
out:
	free(now.v);
	free(before.v);
	return rc;
}

/* ---- engagement ---- */

static unsigned visit_figures(const struct traffic *t, struct figure *ret)
{
	ret[0] = figure_count("newPeople", t->new_actors);
	ret[1] = figure_count("sessions", t->sessions);
	ret[2] = figure_count("views", t->views);
	ret[3] = figure_count("carts", t->carts);
	ret[4] = figure_count("orders", t->orders);
	return 5;
}

static unsigned visit_row(int64_t start_ms, const struct traffic *t, struct figure *ret)
{
	ret[0] = figure_time("start", start_ms);
	ret[1] = figure_count("people", t->actors);
	return 2 + visit_figures(t, ret + 2);
}

struct counting {
	int64_t from_ms, people;
};

static int count_active(void *arg, uint32_t actor, const struct profile *p)
{
	struct counting *c = arg;

	(void)actor;
	c->people += p->last_ms >= c->from_ms;
	return 0;
}

/* `known`: the number of active people is. */
static void write_visit_total(struct json_out *j, const struct traffic *t, int64_t active_people, bool known)
{
	struct figure v[FIGURE_ROW_MAX] = { figure_ratio("activePeople", active_people, known) };
	unsigned n = 1 + visit_figures(t, v + 1);

	v[n++] = figure_ratio("viewsPerSession", t->views, t->sessions);
	v[n++] = figure_ratio("cartsPerSession", t->carts, t->sessions);
	v[n++] = figure_ratio("ordersPerSession", t->orders, t->sessions);
	figures_object(j, "total", v, n);
}

int figures_engagement(struct making *m)
{
	struct counting active = { .from_ms = m->from_ms };
	bool is_over = m->watermark_ms != TIME_NONE && m->to_ms <= m->watermark_ms;
	struct figure row[FIGURE_ROW_MAX];
	struct series s;
	int rc = read_series(m, m->from_ms, m->to_ms, &s);

	/* when somebody was there last is known, and only that: people of a period that is over may have come again */
	if (!rc && !is_over && !m->ask->csv)
		rc = profile_each(m->sn, count_active, &active);
	if (rc)
		goto out;
	figures_begin(m, row, visit_row(0, &s.total, row));
	for (size_t i = 0; i < s.n; i++)
		figures_row(m, row, visit_row(s.from_ms + (int64_t)i * s.unit, &s.v[i], row));
	figures_end_rows(m);
	if (!m->ask->csv)
		write_visit_total(m->out, &s.total, active.people, !is_over);
	figures_end(m);
out:
	free(s.v);
	return rc;
}
