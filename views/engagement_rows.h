/*
 * engagement_rows.h - the six columns that engagement and engagement-items share, and how they are printed.
 */
#ifndef AISLE_VIEWS_ENGAGEMENT_ROWS_H
#define AISLE_VIEWS_ENGAGEMENT_ROWS_H

#include "schemas/json_out.h"
#include "views/credit.h"
#include "views/engagement.h"
#include "views/view.h"

/* A group is the bucket of a time, `span_ms` long, shifted left; what is below tells the groups of a bucket apart. */
struct engagement_table {
	enum table_id id;
	int64_t span_ms;
	unsigned shift;
};

/* snap_sums of the buckets first..last, as far as they are kept. */
int engagement_sums(struct snap *sn, const struct engagement_table *t, int64_t first, int64_t last, snap_sum each,
		    void *arg);
int engagement_expire(struct store_txn *txn, const struct engagement_table *t, int64_t watermark_ms, size_t rows_max);

void engagement_add(struct fold *f, enum table_id id, uint64_t group, uint32_t member, const struct credit *c);
/* False: damaged. */
bool engagement_read(const int64_t *columns, struct engagement *ret) MUST_CHECK;
/* The members "scenario", "strategy" and "variant". */
void engagement_print_label(struct json_out *j, const struct engagement_label *of);
/* The members "impressions" to "revenue". */
void engagement_print(struct json_out *j, const struct engagement *e);

#endif
