/*
 * engagement_rows.h - the six columns that engagement and engagement-items share, and how they are printed.
 */
#ifndef AISLE_VIEWS_ENGAGEMENT_ROWS_H
#define AISLE_VIEWS_ENGAGEMENT_ROWS_H

#include "schemas/json_out.h"
#include "views/credit.h"
#include "views/engagement.h"
#include "views/view.h"

/* Buckets that are kept: first..last of this span; first > last: none. */
struct kept {
	int64_t first, last;
};
int engagement_kept(struct snap *sn, int64_t span_ms, struct kept *ret) MUST_CHECK;
int engagement_expire(struct store_txn *t, enum table_id id, int64_t span_ms, int64_t watermark_ms, size_t rows_max);

void engagement_add(struct fold *f, enum table_id id, int64_t bucket, uint32_t member, const struct credit *c);
/* False: damaged. */
bool engagement_read(const int64_t *columns, struct engagement *ret) MUST_CHECK;
/* The members "impressions" to "revenue". */
void engagement_print(struct json_out *j, const struct engagement *e);

#endif
