/* What recommendations led to, from the views `engagement` and `engagement-items`. */
#include "query/figures_groups.h"
#include "query/figures_internal.h"
#include "views/catalog.h"
#include "views/ids.h"
#include "views/keys.h"

#include <stdlib.h>

static unsigned credit_figures(const struct engagement *e, struct figure *ret)
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
	};

	memcpy(ret, all, sizeof(all));
	return ARRAY_SIZE(all);
}

static void write_credit(struct json_out *j, const struct engagement *e)
{
	struct figure v[FIGURE_ROW_MAX];
	unsigned n = credit_figures(e, v);

	for (unsigned i = 0; i < n; i++)
		figure_write(j, &v[i]);
}

static void write_total(struct json_out *j, const struct engagement *e)
{
	json_out_key(j, "total");
	json_out_object(j);
	write_credit(j, e);
	json_out_end_object(j);
}

static int too_many(const struct making *m)
{
	return error_set(m->e, ERR_BAD_REQUEST, "by",
			 "there are more than %d rows: ask by less, or for a shorter period", FIGURES_ROWS_MAX);
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
};

static int add_label(void *arg, int64_t hour, const struct engagement_label *of, const struct engagement *e)
{
	struct labelling *l = arg;
	unsigned by = l->m->ask->by;
	unsigned char key[LABEL_KEY_MAX];
	size_t n = 0;

	if (by & (BY_HOUR | BY_DAY)) {
		put_be64(key, (uint64_t)(time_bucket(hour * MS_PER_HOUR, l->m->unit) * l->m->unit));
		n = START_BYTES;
	}
	if (by & BY_SCENARIO)
		n = put_text(key, n, of->scenario);
	if (by & BY_STRATEGY)
		n = put_text(key, n, str_of(of->strategy));
	if (by & BY_VARIANT)
		n = put_text(key, n, of->variant);
	engagement_sum(&groups_get(&l->groups, (struct str){ (char *)key, (uint32_t)n })->sum, e);
	engagement_sum(&l->total, e);
	return l->groups.n > FIGURES_ROWS_MAX ? too_many(l->m) : 0;
}

static unsigned label_row(const struct making *m, const struct group *g, struct figure *row)
{
	static const struct {
		unsigned bit;
		const char *name;
	} texts[] = { { BY_SCENARIO, "scenario" }, { BY_STRATEGY, "strategy" }, { BY_VARIANT, "variant" } };
	struct str rest = g->key;
	unsigned n = 0;

	if (m->ask->by & (BY_HOUR | BY_DAY)) {
		row[n] = figure_time("start", (int64_t)get_be64(rest.p));
		rest = (struct str){ rest.p + START_BYTES, rest.n - START_BYTES };
		n++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (m->ask->by & texts[i].bit) {
			struct str text = take_text(&rest);

			row[n] = figure_text(texts[i].name, text);
			n++;
		}
	return n + credit_figures(&g->sum, row + n);
}

static int scan_hours(const struct making *m, engagement_each each, void *arg)
{
	return engagement_scan(m->sn, m->from_ms / MS_PER_HOUR, m->to_ms / MS_PER_HOUR - 1, each, arg);
}

int figures_strategies(struct making *m)
{
	static const char key_of_none[START_BYTES + 3];
	static const struct group none = { .key = { key_of_none, sizeof(key_of_none) } };
	struct labelling l = { .m = m };
	struct figure row[FIGURE_ROW_MAX];
	int rc = scan_hours(m, add_label, &l);

	if (rc)
		goto out;
	groups_sort(&l.groups);
	figures_begin(m, row, label_row(m, &none, row));
	for (uint32_t i = 0; i < l.groups.n; i++)
		figures_row(m, row, label_row(m, &l.groups.v[i], row));
	figures_end_rows(m);
	if (!m->ask->csv)
		write_total(m->out, &l.total);
	figures_end(m);
out:
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
	const struct figure *v;
	int rc = scan_hours(m, add_all, &all);

	if (rc)
		return rc;
	v = (const struct figure[]){
		figure_count("orders", all.counts[CREDIT_ORDER]),
		figure_count("units", all.units),
		figure_money("revenue", all.revenue_micros),
		figure_ratio("share", all.revenue_micros, revenue_micros > 0 ? revenue_micros : 0),
	};
	json_out_key(m->out, "recommended");
	json_out_object(m->out);
	for (unsigned i = 0; i < 4; i++)
		figure_write(m->out, &v[i]);
	json_out_end_object(m->out);
	return 0;
}

/* ---- by category ---- */

struct sorting {
	const struct making *m;
	struct engagement *items, total; /* items: by number */
	uint32_t n;
	int64_t live, shown; /* items with a record; those that were seen */
	struct groups groups;
};

static bool is_nothing(const struct engagement *e)
{
	static const struct engagement nothing;

	return memcmp(e, &nothing, sizeof(nothing)) == 0;
}

static int add_item(void *arg, int64_t day, uint32_t item, const struct engagement *e)
{
	struct sorting *s = arg;

	(void)day;
	if (item >= s->n)
		return ERR_STORE_CORRUPT;
	engagement_sum(&s->items[item], e);
	engagement_sum(&s->total, e);
	return 0;
}

/* Once an item, though several of its categories may be under one. */
static void add_category(struct sorting *s, uint32_t item, struct str category)
{
	struct group *g = groups_get(&s->groups, category);

	if (g->stamp == (uint64_t)item + 1)
		return;
	g->stamp = (uint64_t)item + 1;
	engagement_sum(&g->sum, &s->items[item]);
}

static int add_record(void *arg, uint32_t item, const struct catalog_item *record)
{
	struct sorting *s = arg;

	s->live++;
	if (item >= s->n || is_nothing(&s->items[item]))
		return 0;
	s->shown += s->items[item].counts[CREDIT_IMPRESSION] > 0;
	for (uint32_t i = 0; i < record->categories.n; i++) {
		struct str category = record->categories.v[i];

		for (uint32_t n = 0; (n = category_ancestor(category, n)) != 0;)
			add_category(s, item, (struct str){ category.p, n });
		add_category(s, item, category);
	}
	if (record->categories.n)
		s->items[item] = (struct engagement){ 0 }; /* it has its place */
	return s->groups.n > FIGURES_ROWS_MAX ? too_many(s->m) : 0;
}

static int sort_items(struct making *m, struct sorting *s)
{
	int rc = snap_items(m->sn, &s->n);

	if (rc)
		return rc;
	s->items = xcalloc(s->n ? s->n : 1, sizeof(*s->items));
	rc = engagement_items_scan(m->sn, m->from_ms / MS_PER_DAY, m->to_ms / MS_PER_DAY - 1, add_item, s);
	if (!rc)
		rc = catalog_each(m->sn, add_record, s);
	for (uint32_t i = 0; i < s->n && !rc; i++)
		if (!is_nothing(&s->items[i]))
			add_category(s, i, STR(""));
	return rc;
}

static unsigned category_row(struct str category, const struct engagement *e, struct figure *ret)
{
	ret[0] = figure_text("category", category);
	return 1 + credit_figures(e, ret + 1);
}

int figures_categories(struct making *m)
{
	struct sorting s = { .m = m };
	struct figure row[FIGURE_ROW_MAX];
	int rc = sort_items(m, &s);

	if (rc)
		goto out;
	groups_sort(&s.groups);
	figures_begin(m, row, category_row(STR(""), &s.total, row));
	for (uint32_t i = 0; i < s.groups.n; i++)
		figures_row(m, row, category_row(s.groups.v[i].key, &s.groups.v[i].sum, row));
	figures_end_rows(m);
	if (!m->ask->csv) {
		struct figure coverage = figure_ratio("coverage", s.shown, s.live);

		write_total(m->out, &s.total);
		key_int(m->out, "items", s.live);
		key_int(m->out, "itemsShown", s.shown);
		figure_write(m->out, &coverage);
	}
	figures_end(m);
out:
	groups_fini(&s.groups);
	free(s.items);
	return rc;
}
