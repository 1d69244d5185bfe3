/* config_rows.h - writing the config view. Thread: processor. */
#ifndef AISLE_VIEWS_CONFIG_ROWS_H
#define AISLE_VIEWS_CONFIG_ROWS_H

#include "schemas/control.h"
#include "views/fold.h"

/* False when the record was refused or repeats the row's. A record without changedAt was changed at its own time. */
bool config_store(struct fold *f, const struct control_record *rec, int64_t record_ts_ms);

#endif
