/* What recommendations led to and what was sold, by category of today's catalogue: `engagement-items`, `popularity`. */
#include "query/figures_groups.h"
#include "query/figures_internal.h"
#include "views/catalog.h"
#include "views/ids.h"
#include "views/popularity.h"

#include <stdlib.h>

/* Of an item, or all. */
struct sold {
	struct engagement credited;
	int64_t shop_micros, compared_micros, before_micros;
};

/*
 * Days are compared with those of the period before. The one that the log is in is left out, since what was sold of an item
 * by the hour is not known for long.
 */
struct comparison {
	int64_t first, before, days;
};

struct sorting {
	const struct making *m;
	struct comparison compared;
	struct sold *items; /* by number */
	uint32_t n;
	struct group total;
	struct groups groups;
};

static bool is_nothing(const struct sold *item)
{
	static const struct sold nothing;

	return memcmp(item, &nothing, sizeof(nothing)) == 0;
}

static int add_credit(void *arg, int64_t day, uint32_t label, uint32_t item, const struct engagement *e)
{
	struct sorting *s = arg;

	(void)day, (void)label;
	engagement_sum(&s->items[item].credited, e);
	return 0;
}

static void add(int64_t *sum, int64_t micros)
{
	*sum = saturating_add(*sum, micros);
}

static int add_sales(void *arg, int64_t day, uint32_t item, const struct popularity *p)
{
	struct sorting *s = arg;

	add(&s->items[item].shop_micros, p->revenue_micros);
	if (day < s->compared.first + s->compared.days)
		add(&s->items[item].compared_micros, p->revenue_micros);
	return 0;
}

static int add_sales_before(void *arg, int64_t day, uint32_t item, const struct popularity *p)
{
	struct sorting *s = arg;

	(void)day;
	add(&s->items[item].before_micros, p->revenue_micros);
	return 0;
}

static void add_sold(struct group *g, const struct sold *item)
{
	engagement_sum(&g->sum, &item->credited);
	add(&g->sales_micros, item->shop_micros);
	add(&g->compared_micros, item->compared_micros);
	add(&g->before_micros, item->before_micros);
}

static void add_item(struct group *g, const struct sold *item)
{
	add_sold(g, item);
	g->items++;
	g->shown += item->credited.counts[CREDIT_IMPRESSION] > 0;
}

/* Once an item, though several of its categories may be under one. */
static void add_category(struct sorting *s, uint32_t item, struct str category)
{
	struct group *g = groups_get(&s->groups, category);

	if (g->stamp == (uint64_t)item + 1)
		return;
	g->stamp = (uint64_t)item + 1;
	add_item(g, &s->items[item]);
}

static int add_record(void *arg, uint32_t item, const struct catalog_item *record)
{
	struct sorting *s = arg;

	add_item(&s->total, &s->items[item]);
	for (uint32_t i = 0; i < record->categories.n; i++)
		for (struct str at = { 0 }; category_next(record->categories.v[i], &at);)
			add_category(s, item, at);
	if (!record->categories.n)
		add_category(s, item, STR(""));
	s->items[item] = (struct sold){ 0 }; /* it has its place */
	if (s->groups.n > FIGURES_ROWS_MAX)
		return error_set(s->m->e, ERR_BAD_REQUEST, NULL, "the catalogue has more than %d categories",
				 FIGURES_ROWS_MAX);
	return 0;
}

static void compare_days(const struct making *m, struct comparison *c)
{
	int64_t days = (m->to_ms - m->from_ms) / MS_PER_DAY, over;

	c->first = m->from_ms / MS_PER_DAY;
	c->before = c->first - days;
	over = m->watermark_ms == TIME_NONE ? 0 : time_bucket(m->watermark_ms, MS_PER_DAY) - c->first;
	c->days = over < 0 ? 0 : over < days ? over : days;
}

static int read_items(struct making *m, struct sorting *s)
{
	const struct comparison *c = &s->compared;
	int64_t first = c->first, last = m->to_ms / MS_PER_DAY - 1;
	int rc = engagement_items_scan(m->sn, first, last, add_credit, s);

	if (!rc)
		rc = popularity_scan(m->sn, BUCKET_DAY, first, last, add_sales, s);
	if (!rc && c->days)
		rc = popularity_scan(m->sn, BUCKET_DAY, c->before, c->before + c->days - 1, add_sales_before, s);
	return rc;
}

static int sort_items(struct making *m, struct sorting *s)
{
	int rc = snap_items(m->sn, &s->n);

	if (rc)
		return rc;
	s->items = xcalloc(s->n ? s->n : 1, sizeof(*s->items));
	rc = read_items(m, s);
	if (!rc)
		rc = catalog_each(m->sn, add_record, s);
	/* what was sold or shown, and has no record any more */
	for (uint32_t i = 0; i < s->n && !rc; i++)
		if (!is_nothing(&s->items[i])) {
			add_sold(groups_get(&s->groups, STR("")), &s->items[i]);
			add_sold(&s->total, &s->items[i]);
		}
	return rc;
}

static unsigned group_figures(const struct group *g, struct figure *ret)
{
	unsigned n = figures_credit(&g->sum, g->sales_micros, ret);

	ret[n++] = figure_money("sales", g->sales_micros);
	ret[n++] = figure_money("salesBefore", g->before_micros);
	ret[n++] = figure_growth("growth", g->compared_micros, g->before_micros);
	return n + figures_coverage(g->shown, g->items, ret + n);
}

static unsigned category_row(const struct group *g, struct figure *ret)
{
	ret[0] = figure_text("category", g->key);
	return 1 + group_figures(g, ret + 1);
}

static void write_days(struct json_out *j, const char *name, int64_t first, int64_t days)
{
	const struct figure v[] = { figure_time("from", first * MS_PER_DAY),
				    figure_time("to", (first + days) * MS_PER_DAY) };

	figures_object(j, name, v, ARRAY_SIZE(v));
}

static void write_all(struct json_out *j, const struct sorting *s)
{
	struct figure v[FIGURE_ROW_MAX];

	figures_object(j, "total", v, group_figures(&s->total, v));
	write_days(j, "compared", s->compared.first, s->compared.days);
	write_days(j, "before", s->compared.before, s->compared.days);
	key_int(j, "items", s->total.items);
}

int figures_categories(struct making *m)
{
	struct sorting s = { .m = m };
	struct figure row[FIGURE_ROW_MAX];
	int rc;

	compare_days(m, &s.compared);
	rc = sort_items(m, &s);
	if (rc)
		goto out;
	groups_sort(&s.groups);
	figures_begin(m, row, category_row(&s.total, row));
	for (uint32_t i = 0; i < s.groups.n; i++)
		figures_row(m, row, category_row(&s.groups.v[i], row));
	figures_end_rows(m);
	if (!m->ask->csv)
		write_all(m->out, &s);
	figures_end(m);
out:
	groups_fini(&s.groups);
	free(s.items);
	return rc;
}
