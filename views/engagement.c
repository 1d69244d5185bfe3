/* engagement: hour x (scenario, strategy, variant) -> impressions, clicks, carts, orders, units, revenue */
#include "schemas/json_keys.h"
#include "views/engagement_rows.h"
#include "views/labels.h"

static const struct engagement_table table = { TBL_ENGAGEMENT, MS_PER_HOUR, 0 };

static void engagement_apply(struct fold *f, const struct moment *m)
{
	for (uint32_t i = 0; i < m->credits->n; i++)
		engagement_add(f, TBL_ENGAGEMENT, (uint64_t)time_bucket(m->t_ms, MS_PER_HOUR), m->credits->v[i].label,
			       &m->credits->v[i]);
}

static int engagement_hours_expire(struct store_txn *t, int64_t watermark_ms, size_t rows_max)
{
	return engagement_expire(t, &table, watermark_ms, rows_max);
}

/* ---- reading ---- */

struct scan {
	struct snap *sn;
	engagement_each each;
	void *arg;
};

static int scan_row(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	const struct scan *s = arg;
	struct engagement_label label;
	struct engagement e;
	int rc;

	if (!engagement_read(columns, &e))
		return ERR_STORE_CORRUPT;
	rc = snap_label_of_answer(s->sn, member, &label);
	return rc ? rc : s->each(s->arg, (int64_t)group, &label, &e);
}

int engagement_scan(struct snap *sn, int64_t first, int64_t last, engagement_each each, void *arg)
{
	struct scan s = { sn, each, arg };

	return engagement_sums(sn, &table, first, last, scan_row, &s);
}

/* ---- printing ---- */

struct printing {
	struct json_out out;
	view_row each;
	void *arg;
};

static int print_row(void *arg, int64_t hour, const struct engagement_label *of, const struct engagement *e)
{
	struct printing *p = arg;
	struct json_out *j = &p->out;

	json_out_reset(j);
	json_out_object(j);
	engagement_print_label(j, of);
	key_int(j, "start", hour * MS_PER_HOUR);
	engagement_print(j, e);
	json_out_end_object(j);
	return p->each(p->arg, (struct str){ j->p, (uint32_t)j->n });
}

static int engagement_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .each = each, .arg = arg };
	int rc;

	(void)filter;
	rc = engagement_scan(sn, 0, INT64_MAX, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_engagement = {
	.name = "engagement",
	.version = 1,
	.meaning = "what was shown, clicked and bought of recommendations, by scenario, strategy, variant and hour",
	.tables = TABLE_BIT(TBL_ENGAGEMENT),
	.apply = engagement_apply,
	.expire = engagement_hours_expire,
	.rows = engagement_rows,
};
