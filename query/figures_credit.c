/* What recommendations led to, by scenario, strategy, variant and time: the view `engagement`. */
#include "query/figures_shown.h"
#include "views/ids.h"
#include "views/keys.h"

#include <stdlib.h>

unsigned figures_credit(const struct engagement *e, int64_t shop_micros, struct figure *ret)
{
	int64_t clicks = e->counts[CREDIT_CLICK], impressions = e->counts[CREDIT_IMPRESSION];
	int64_t orders = e->counts[CREDIT_ORDER];
	const struct figure all[] = {
		figure_count("impressions", impressions),
		figure_count("clicks", clicks),
		figure_count("carts", e->counts[CREDIT_CART]),
		figure_count("orders", orders),
		figure_count("units", e->units),
		figure_money("revenue", e->revenue_micros),
		figure_ratio("ctr", clicks, impressions),
		figure_ratio("conversion", orders, clicks),
		figure_money_ratio("revenuePerImpression", e->revenue_micros, impressions),
		figure_ratio("share", e->revenue_micros, shop_micros > 0 ? shop_micros : 0),
	};

	memcpy(ret, all, sizeof(all));
	return ARRAY_SIZE(all);
}

unsigned figures_coverage(int64_t shown, int64_t of, struct figure *ret)
{
	ret[0] = figure_ratio("itemsShown", shown, of ? 1 : 0);
	ret[1] = figure_ratio("coverage", shown, of);
	return 2;
}

/* ---- by scenario, strategy, variant, hour or day ---- */

/*
 * A group's key: the start of its hour or day as 8 bytes, and each of the three texts that are asked for, a NUL before
 * each one: no slug has one, so the order of keys is that of times and texts.
 */
#define START_BYTES 8
#define LABEL_KEY_MAX (START_BYTES + 3 + TOKEN_SCENARIO_MAX + STRATEGY_SLUG_MAX + TOKEN_VARIANT_MAX)

static size_t put_text(unsigned char *key, size_t n, struct str text)
{
	key[n++] = '\0';
	memcpy(key + n, text.p, text.n);
	return n + text.n;
}

static struct str take_text(struct str *rest)
{
	const char *end = memchr(rest->p + 1, '\0', rest->n - 1);
	struct str ret = { rest->p + 1, end ? (uint32_t)(end - rest->p) - 1 : rest->n - 1 };

	*rest = (struct str){ rest->p + 1 + ret.n, rest->n - 1 - ret.n };
	return ret;
}

struct labelling {
	const struct making *m;
	struct groups groups;
	struct engagement total;
	int64_t *shop_rows, shop_total; /* revenue, of each hour or day and of all */
	struct shown_counts shown;
};

static struct group *group_at(void *arg, int64_t t_ms, const struct engagement_label *of)
{
	struct labelling *l = arg;
	unsigned by = l->m->ask->by;
	unsigned char key[LABEL_KEY_MAX];
	size_t n = 0;

	if (by & (BY_HOUR | BY_DAY)) {
		put_be64(key, (uint64_t)(time_bucket(t_ms, l->m->unit) * l->m->unit));
		n = START_BYTES;
	}
	if (by & BY_SCENARIO)
		n = put_text(key, n, of->scenario);
	if (by & BY_STRATEGY)
		n = put_text(key, n, str_of(of->strategy));
	if (by & BY_VARIANT)
		n = put_text(key, n, of->variant);
	return groups_get(&l->groups, (struct str){ (char *)key, (uint32_t)n });
}

static int add_label(void *arg, int64_t hour, const struct engagement_label *of, const struct engagement *e)
{
	struct labelling *l = arg;

	engagement_sum(&group_at(l, hour * MS_PER_HOUR, of)->sum, e);
	engagement_sum(&l->total, e);
	if (l->groups.n > FIGURES_ROWS_MAX)
		return error_set(l->m->e, ERR_BAD_REQUEST, "by",
				 "there are more than %d rows: ask by less, or for a shorter period", FIGURES_ROWS_MAX);
	return 0;
}

static unsigned label_row(const struct labelling *l, const struct group *g, struct figure *row)
{
	static const struct {
		unsigned bit;
		const char *name;
	} texts[] = { { BY_SCENARIO, "scenario" }, { BY_STRATEGY, "strategy" }, { BY_VARIANT, "variant" } };
	struct str rest = g->key;
	unsigned by = l->m->ask->by, n = 0;
	int64_t start_ms, shop = l->shop_total;

	if (by & (BY_HOUR | BY_DAY)) {
		start_ms = (int64_t)get_be64(rest.p);
		row[n++] = figure_time("start", start_ms);
		shop = start_ms < l->m->from_ms ? 0 : l->shop_rows[(start_ms - l->m->from_ms) / l->m->unit];
		rest = (struct str){ rest.p + START_BYTES, rest.n - START_BYTES };
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (by & texts[i].bit)
			row[n++] = figure_text(texts[i].name, take_text(&rest));
	n += figures_credit(&g->sum, shop, row + n);
	return n + figures_coverage(g->shown, l->shown.items, row + n);
}

static int scan_hours(const struct making *m, engagement_each each, void *arg)
{
	return engagement_scan(m->sn, m->from_ms / MS_PER_HOUR, m->to_ms / MS_PER_HOUR - 1, each, arg);
}

static void write_total(struct json_out *j, const struct labelling *l)
{
	struct figure v[FIGURE_ROW_MAX];
	unsigned n = figures_credit(&l->total, l->shop_total, v);

	n += figures_coverage(l->shown.all, l->shown.items, v + n);
	figures_object(j, "total", v, n);
	if (!(l->m->ask->by & BY_HOUR))
		key_int(j, "items", l->shown.items);
}

int figures_strategies(struct making *m)
{
	static const char key_of_none[START_BYTES + 3];
	static const struct group none = { .key = { key_of_none, sizeof(key_of_none) } };
	struct labelling l = { .m = m };
	struct figure row[FIGURE_ROW_MAX];
	int rc = scan_hours(m, add_label, &l);

	l.shop_rows = xcalloc(figures_buckets(m) + 1, sizeof(*l.shop_rows));
	if (!rc)
		rc = figures_shop_revenue(m, l.shop_rows, &l.shop_total);
	if (!rc && !(m->ask->by & BY_HOUR))
		rc = figures_shown(m, &l.groups, group_at, &l, &l.shown);
	if (rc)
		goto out;
	groups_sort(&l.groups);
	figures_begin(m, row, label_row(&l, &none, row));
	for (uint32_t i = 0; i < l.groups.n; i++)
		figures_row(m, row, label_row(&l, &l.groups.v[i], row));
	figures_end_rows(m);
	if (!m->ask->csv)
		write_total(m->out, &l);
	figures_end(m);
out:
	free(l.shop_rows);
	groups_fini(&l.groups);
	return rc;
}

static int add_all(void *arg, int64_t hour, const struct engagement_label *of, const struct engagement *e)
{
	(void)hour, (void)of;
	engagement_sum(arg, e);
	return 0;
}

int figures_write_recommended(struct making *m, int64_t revenue_micros)
{
	struct engagement all = { 0 };
	int rc = scan_hours(m, add_all, &all);

	if (rc)
		return rc;
	figures_object(m->out, "recommended",
		       (const struct figure[]){
			       figure_count("orders", all.counts[CREDIT_ORDER]),
			       figure_count("units", all.units),
			       figure_money("revenue", all.revenue_micros),
			       figure_ratio("share", all.revenue_micros, revenue_micros > 0 ? revenue_micros : 0),
		       },
		       4);
	return 0;
}
