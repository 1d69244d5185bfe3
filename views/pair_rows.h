/*
 * pair_rows.h - what the four pair views share: where a pair is kept, how it is counted, printed and dropped.
 * A pair's row is (epoch, item) x other -> count. Thread: that of the fold or the snapshot.
 */
#ifndef AISLE_VIEWS_PAIR_ROWS_H
#define AISLE_VIEWS_PAIR_ROWS_H

#include "views/journal.h"
#include "views/view.h"

/* item -> other += 1 in the epoch of the moment. */
void pair_count(struct fold *f, enum table_id id, const struct moment *m, uint32_t item, uint32_t other);

/* Both directions, for each of the others. */
void pair_count_both(struct fold *f, enum table_id id, const struct moment *m, uint32_t item, struct others others);

int pair_rows(struct snap *sn, enum table_id id, const struct view_filter *filter, view_row each, void *arg);
int pair_expire(struct store_txn *t, enum table_id id, int64_t watermark_ms, size_t rows_max);

/* The oldest epoch kept at this watermark. */
int64_t pair_oldest_epoch(int64_t watermark_ms);

#endif
