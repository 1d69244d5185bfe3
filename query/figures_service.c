#include "query/figures_service.h"

#include "query/figures_internal.h"
#include "views/catalog.h"
#include "views/status.h"

#include <stdlib.h>

/* How much of the catalogue stood in the lists of each row, and of all. */
struct covering {
	const struct answered_sums *rows, *all;
	int64_t records, shown, *shown_of_rows;
};

static int count_record(void *arg, uint32_t item, const struct catalog_item *record)
{
	struct covering *c = arg;
	bool shown = false;

	(void)record;
	c->records++;
	for (unsigned i = 0; i < c->rows->n; i++)
		c->shown_of_rows[i] += answered_has(&c->rows->v[i], item);
	for (unsigned i = 0; i < c->all->n && !shown; i++)
		shown = answered_has(&c->all->v[i], item);
	c->shown += shown;
	return 0;
}

static struct figure milliseconds(const char *name, const struct histogram_sum *us, double q)
{
	return figure_ratio(name, (int64_t)histogram_quantile(us, q), us->total ? 1000 : 0);
}

static struct figure lag(const char *name, const struct histogram_sum *ms, double q)
{
	return figure_ratio(name, (int64_t)histogram_quantile(ms, q), ms->total ? 1 : 0);
}

static unsigned service_figures(const struct answered_sum *s, int64_t shown, int64_t records, struct figure *ret)
{
	const struct figure all[] = {
		figure_count("lists", (int64_t)s->lists),
		figure_count("items", (int64_t)s->items),
		figure_count("shortLists", (int64_t)s->short_lists),
		figure_count("fallbacks", (int64_t)s->fallbacks),
		figure_count("outOfStockAvoided", (int64_t)s->out_of_stock),
		milliseconds("tookP50Ms", &s->took_us, 0.5),
		milliseconds("tookP99Ms", &s->took_us, 0.99),
		lag("lagP50Ms", &s->lag_ms, 0.5),
		lag("lagP99Ms", &s->lag_ms, 0.99),
		figure_count("itemsShown", shown),
		figure_ratio("coverage", shown, records),
	};

	memcpy(ret, all, sizeof(all));
	return ARRAY_SIZE(all);
}

static unsigned service_row(const struct making *m, const struct answered_sum *s, int64_t shown, int64_t records,
			    struct figure *ret)
{
	bool strategies = m->ask->by & BY_STRATEGY;
	unsigned n;

	ret[0] = figure_text(strategies ? "strategy" : "scenario", str_of(s->name));
	n = 1 + service_figures(s, shown, records, ret + 1);
	/* an item is left out before anybody asks which strategy brought it */
	for (unsigned i = 1; i < n && strategies; i++)
		if (strcmp(ret[i].name, "outOfStockAvoided") == 0)
			ret[i] = figure_ratio(ret[i].name, 0, 0);
	return n;
}

static void add_up(struct answered_sum *total, const struct answered_sums *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		const struct answered_sum *s = &all->v[i];

		total->lists += s->lists;
		total->items += s->items;
		total->short_lists += s->short_lists;
		total->fallbacks += s->fallbacks;
		total->out_of_stock += s->out_of_stock;
		histogram_merge(&total->took_us, &s->took_us);
		histogram_merge(&total->lag_ms, &s->lag_ms);
	}
}

static void write_total(struct making *m, const struct covering *c)
{
	struct answered_sum *total = xcalloc(1, sizeof(*total));
	struct figure v[FIGURE_ROW_MAX];

	add_up(total, c->all);
	figures_object(m->out, "total", v, service_figures(total, c->shown, c->records, v));
	free(total);
}

static void begin(struct making *m, const struct service_source *from, const struct covering *c)
{
	static const struct answered_sum none;
	struct figure row[FIGURE_ROW_MAX];

	if (m->ask->csv) {
		figures_begin(m, row, service_row(m, &none, 0, 0, row));
		return;
	}
	json_out_object(m->out);
	key_time(m->out, "since", from->started_ms);
	key_time(m->out, "asOf", m->watermark_ms);
	key_int(m->out, "lagMs", status_lag_ms(from->page, from->clock));
	key_bool(m->out, "stale", STATUS_GET(from->page, stopped_partitions) > 0);
	key_int(m->out, "catalogItems", c->records);
	json_out_key(m->out, "rows");
	json_out_array(m->out);
}

int figures_service(struct snap *sn, const struct figures_ask *ask, const struct service_source *from,
		    struct json_out *ret)
{
	enum answered_by by = ask->by & BY_STRATEGY ? ANSWERED_STRATEGY : ANSWERED_SCENARIO;
	struct answered_sums *rows = answered_read(from->loops, from->loop_n, by, snap_generation(sn));
	struct answered_sums *all = answered_read(from->loops, from->loop_n, ANSWERED_SCENARIO, snap_generation(sn));
	struct covering c = { rows, all, 0, 0, xcalloc(rows->n ? rows->n : 1, sizeof(int64_t)) };
	struct making m = { .sn = sn, .ask = ask, .out = ret };
	struct figure row[FIGURE_ROW_MAX];
	int rc = snap_watermark(sn, &m.watermark_ms);

	json_out_reset(ret);
	if (!rc)
		rc = catalog_each(sn, count_record, &c);
	if (rc)
		goto out;
	begin(&m, from, &c);
	for (unsigned i = 0; i < rows->n; i++)
		figures_row(&m, row, service_row(&m, &rows->v[i], c.shown_of_rows[i], c.records, row));
	figures_end_rows(&m);
	if (!ask->csv)
		write_total(&m, &c);
	figures_end(&m);
out:
	free(c.shown_of_rows);
	answered_sums_free(rows);
	answered_sums_free(all);
	return rc;
}
