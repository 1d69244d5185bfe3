#include "views/engagement_rows.h"
#include "schemas/json_keys.h"

/* the kinds, in their order, then */
enum { COL_UNITS = CREDIT_KINDS, COL_REVENUE };

static int64_t oldest(int64_t watermark_ms, int64_t span_ms)
{
	return oldest_bucket(watermark_ms, MS_PER_DAY, ENGAGEMENT_DAYS_KEPT) * (MS_PER_DAY / span_ms);
}

/* The first group of a bucket. */
static uint64_t group_of(const struct engagement_table *t, int64_t bucket)
{
	return (uint64_t)bucket << t->shift;
}

int engagement_sums(struct snap *sn, const struct engagement_table *t, int64_t first, int64_t last, snap_sum each,
		    void *arg)
{
	int64_t watermark, kept_first, kept_last;
	int rc = snap_watermark(sn, &watermark);

	if (rc || watermark == TIME_NONE)
		return rc;
	kept_first = oldest(watermark, t->span_ms);
	kept_last = time_bucket(watermark, t->span_ms);
	first = first > kept_first ? first : kept_first;
	last = last < kept_last ? last : kept_last;
	return last < first ? 0 : snap_sums(sn, t->id, group_of(t, first), group_of(t, last + 1) - 1, each, arg);
}

int engagement_expire(struct store_txn *txn, const struct engagement_table *t, int64_t watermark_ms, size_t rows_max)
{
	return store_drop_groups(txn, t->id, 0, group_of(t, oldest(watermark_ms, t->span_ms)), rows_max);
}

void engagement_add(struct fold *f, enum table_id id, uint64_t group, uint32_t member, const struct credit *c)
{
	fold_add(f, id, group, member, c->kind, 1);
	if (c->units)
		fold_add(f, id, group, member, COL_UNITS, c->units);
	if (c->revenue_micros)
		fold_add(f, id, group, member, COL_REVENUE, c->revenue_micros);
}

bool engagement_read(const int64_t *columns, struct engagement *ret)
{
	for (int i = 0; i <= COL_UNITS; i++)
		if (columns[i] < 0 || columns[i] > COUNT_MAX)
			return false;
	memcpy(ret->counts, columns, sizeof(ret->counts));
	ret->units = columns[COL_UNITS];
	ret->revenue_micros = columns[COL_REVENUE];
	return true;
}

void engagement_print_label(struct json_out *j, const struct engagement_label *of)
{
	key_str(j, "scenario", of->scenario);
	key_text(j, "strategy", of->strategy);
	key_str(j, "variant", of->variant);
}

void engagement_print(struct json_out *j, const struct engagement *e)
{
	static const char *const names[] = { "impressions", "clicks", "carts", "orders" };

	for (int i = 0; i < CREDIT_KINDS; i++)
		key_int(j, names[i], e->counts[i]);
	key_int(j, "units", e->units);
	key_micros(j, "revenue", e->revenue_micros);
}
