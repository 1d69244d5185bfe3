/*
 * stock_record.h - one record of the stock topic: how many of an item at one
 * location, as of when. Strings are borrowed as in event.h.
 */
#ifndef AISLE_SCHEMAS_STOCK_RECORD_H
#define AISLE_SCHEMAS_STOCK_RECORD_H

#include "schemas/base.h"

#define STOCK_LOCATION_MAX 64 /* bytes */
#define STOCK_SHIPS_TO_MAX 64 /* entries, EVENT_TEXT_MAX bytes each */
#define STOCK_QUANTITY_MAX INT64_C(1000000000)

struct stock_record {
	struct str item_id;
	struct str location;     /* absent: n = 0, the shop's only stock */
	int64_t quantity;        /* 0..STOCK_QUANTITY_MAX */
	int64_t lead_time_hours; /* -1 absent */
	bool has_as_of;
	int64_t as_of_ms; /* 0 when !has_as_of: then the record's own timestamp counts */
	uint32_t ships_to_count;
	const struct str *ships_to;
};

#endif
