/* config_rows.h - writing the views of the topic of documents: config, segment-members. Thread: processor. */
#ifndef AISLE_VIEWS_CONFIG_ROWS_H
#define AISLE_VIEWS_CONFIG_ROWS_H

#include "schemas/control.h"
#include "views/fold.h"

/* False when the record was refused or repeats the row's. A record without changedAt was changed at its own time. */
bool config_store(struct fold *f, const struct control_record *rec, int64_t record_ts_ms);

/* As fold_config_unreadable. */
void config_store_unreadable(struct fold *f, enum control_kind kind, struct str id);

/* As fold_members. */
int members_store(struct fold *f, struct str segment, const void *value, size_t n, struct error *e) MUST_CHECK;

#endif
