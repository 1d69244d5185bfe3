/*
 * engagement_rows.h - the six columns that engagement and engagement-items share, and how they are printed.
 */
#ifndef AISLE_VIEWS_ENGAGEMENT_ROWS_H
#define AISLE_VIEWS_ENGAGEMENT_ROWS_H

#include "schemas/json_out.h"
#include "views/credit.h"
#include "views/engagement.h"
#include "views/view.h"

/* snap_sums of the buckets first..last of this span, as far as they are kept. */
int engagement_sums(struct snap *sn, enum table_id id, int64_t span_ms, int64_t first, int64_t last, snap_sum each,
		    void *arg);
int engagement_expire(struct store_txn *t, enum table_id id, int64_t span_ms, int64_t watermark_ms, size_t rows_max);

void engagement_add(struct fold *f, enum table_id id, int64_t bucket, uint32_t member, const struct credit *c);
/* False: damaged. */
bool engagement_read(const int64_t *columns, struct engagement *ret) MUST_CHECK;
/* The members "impressions" to "revenue". */
void engagement_print(struct json_out *j, const struct engagement *e);

#endif
