/* schemas_decoding.h - a decoder for tests, and records as one line of text. */
#ifndef AISLE_TESTS_SCHEMAS_DECODING_H
#define AISLE_TESTS_SCHEMAS_DECODING_H

#include "schemas/decode.h"

/* What came of one record; strings are valid until the next call. */
struct decoded {
	const char *slug; /* "ok" or the error's */
	struct error e;
	bool deleted;
	struct event ev;
	struct catalog_item item;
	struct stock_record stock;
};

/* All decode with one decoder of default options; the record is copied to memory of exactly its size. */
const struct decoded *event_from(const char *json);
const struct decoded *event_from_bytes(const void *bytes, size_t n);
const struct decoded *catalog_from(const char *key, const char *json);
const struct decoded *stock_from(const char *key, const char *json);

#endif
