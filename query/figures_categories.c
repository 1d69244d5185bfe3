/* What recommendations led to and what was sold, by category of today's catalogue: `engagement-items`, `popularity`. */
#include "query/figures_groups.h"
#include "query/figures_internal.h"
#include "views/catalog.h"
#include "views/ids.h"
#include "views/popularity.h"

#include <stdlib.h>

/* Of an item. */
struct sold {
	struct engagement credited;
	int64_t shop_micros;
};

struct sorting {
	const struct making *m;
	struct sold *items, total; /* items: by number */
	uint32_t n;
	int64_t live, shown; /* items with a record; those that were seen */
	struct groups groups;
};

static bool is_nothing(const struct sold *item)
{
	static const struct sold nothing;

	return memcmp(item, &nothing, sizeof(nothing)) == 0;
}

static int add_credit(void *arg, int64_t day, uint32_t item, const struct engagement *e)
{
	struct sorting *s = arg;

	(void)day;
	if (item >= s->n)
		return ERR_STORE_CORRUPT;
	engagement_sum(&s->items[item].credited, e);
	engagement_sum(&s->total.credited, e);
	return 0;
}

static int add_sales(void *arg, int64_t day, uint32_t item, const struct popularity *p)
{
	struct sorting *s = arg;

	(void)day;
	if (item >= s->n)
		return ERR_STORE_CORRUPT;
	s->items[item].shop_micros += p->revenue_micros;
	s->total.shop_micros += p->revenue_micros;
	return 0;
}

/* Once an item, though several of its categories may be under one. */
static void add_category(struct sorting *s, uint32_t item, struct str category)
{
	struct group *g = groups_get(&s->groups, category);

	if (g->stamp == (uint64_t)item + 1)
		return;
	g->stamp = (uint64_t)item + 1;
	engagement_sum(&g->sum, &s->items[item].credited);
	g->sales_micros += s->items[item].shop_micros;
}

static int add_record(void *arg, uint32_t item, const struct catalog_item *record)
{
	struct sorting *s = arg;

	s->live++;
	if (item >= s->n || is_nothing(&s->items[item]))
		return 0;
	s->shown += s->items[item].credited.counts[CREDIT_IMPRESSION] > 0;
	for (uint32_t i = 0; i < record->categories.n; i++) {
		struct str category = record->categories.v[i];

		for (uint32_t n = 0; (n = category_ancestor(category, n)) != 0;)
			add_category(s, item, (struct str){ category.p, n });
		add_category(s, item, category);
	}
	if (record->categories.n)
		s->items[item] = (struct sold){ 0 }; /* it has its place */
	return s->groups.n > FIGURES_ROWS_MAX ? figures_too_many(s->m) : 0;
}

static int sort_items(struct making *m, struct sorting *s)
{
	int64_t first = m->from_ms / MS_PER_DAY, last = m->to_ms / MS_PER_DAY - 1;
	int rc = snap_items(m->sn, &s->n);

	if (rc)
		return rc;
	s->items = xcalloc(s->n ? s->n : 1, sizeof(*s->items));
	rc = engagement_items_scan(m->sn, first, last, add_credit, s);
	if (!rc)
		rc = popularity_scan(m->sn, BUCKET_DAY, first, last, add_sales, s);
	if (!rc)
		rc = catalog_each(m->sn, add_record, s);
	for (uint32_t i = 0; i < s->n && !rc; i++)
		if (!is_nothing(&s->items[i]))
			add_category(s, i, STR(""));
	return rc;
}

static unsigned category_row(struct str category, const struct engagement *e, int64_t shop_micros, struct figure *ret)
{
	unsigned n;

	ret[0] = figure_text("category", category);
	n = 1 + figures_credit(e, shop_micros, ret + 1);
	ret[n] = figure_money("sales", shop_micros);
	return n + 1;
}

static void write_all(struct making *m, const struct sorting *s)
{
	struct figure coverage = figure_ratio("coverage", s->shown, s->live);

	figures_credit_total(m->out, &s->total.credited, s->total.shop_micros);
	key_int(m->out, "items", s->live);
	key_int(m->out, "itemsShown", s->shown);
	figure_write(m->out, &coverage);
}

int figures_categories(struct making *m)
{
	struct sorting s = { .m = m };
	struct figure row[FIGURE_ROW_MAX];
	int rc = sort_items(m, &s);

	if (rc)
		goto out;
	groups_sort(&s.groups);
	figures_begin(m, row, category_row(STR(""), &s.total.credited, 0, row));
	for (uint32_t i = 0; i < s.groups.n; i++) {
		const struct group *g = &s.groups.v[i];

		figures_row(m, row, category_row(g->key, &g->sum, g->sales_micros, row));
	}
	figures_end_rows(m);
	if (!m->ask->csv)
		write_all(m, &s);
	figures_end(m);
out:
	groups_fini(&s.groups);
	free(s.items);
	return rc;
}
