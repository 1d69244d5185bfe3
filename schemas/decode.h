/*
 * decode.h - records of the log into structs, strictly.
 *
 * JSON or MessagePack, told apart by the first byte ('{' or white space: JSON;
 * a MessagePack map byte: MessagePack). JSON is read by one pass without
 * allocation; strings without escapes point into the record. Strict: duplicate
 * keys, bad escapes, bad UTF-8, numbers that are not JSON, and trailing bytes
 * are errors of class SKIP. Unknown fields are ignored, but must be well formed.
 * What is accepted is exactly what schemas/(event|catalog|stock).schema.json accept.
 *
 * Ownership: what a decode call returns is valid until the next call on the
 * same decoder, and as long as the record's bytes are. Thread: any, one at a time.
 */
#ifndef AISLE_SCHEMAS_DECODE_H
#define AISLE_SCHEMAS_DECODE_H

#include "schemas/catalog_item.h"
#include "schemas/error.h"
#include "schemas/event.h"
#include "schemas/stock_record.h"

#define DECODE_RECORD_MAX_DEFAULT (1024 * 1024) /* bytes */
#define DECODE_DEPTH_MAX 32

struct decoder;

struct decode_options {
	size_t record_max; /* bytes; 0: DECODE_RECORD_MAX_DEFAULT */
	const char *
		vocabularies; /* comma list of event-name maps besides ours: "ga4,segment,google-retail"; NULL: all three */
	/*
	 * Catalogue and stock records come from requests: an unknown field is refused, a currency that is not three
	 * capitals and an address that is neither http nor https too; envelopes are not unwrapped.
	 */
	bool closed_rows;
};

/* NULL options: the defaults. ERR_BAD_SETTING names an unknown vocabulary. */
int decoder_new(const struct decode_options *opt, struct decoder **ret, struct error *e) MUST_CHECK;
void decoder_free(struct decoder *d);

/* Each: 0, or an ERR_ of class SKIP with *e telling field and reason; *ret is unspecified then. */
int decode_event(struct decoder *d, const void *bytes, size_t n, struct event *ret, struct error *e) MUST_CHECK;

/*
 * Key rules: the key is the itemId (stock: itemId or itemId|location). The value may leave itemId (location) out
 * when the key has it; when both are there they must agree. n == 0 is a tombstone: *deleted is true and only
 * item_id (and location) are set, from the key. A Debezium envelope ({"before":..,"after":..,"op":..}, with or
 * without {"schema":..,"payload":..} around it) is unwrapped; op "d" is a tombstone.
 */
int decode_catalog(struct decoder *d, struct str key, const void *bytes, size_t n, struct catalog_item *ret,
		   bool *deleted, struct error *e) MUST_CHECK;
int decode_stock(struct decoder *d, struct str key, const void *bytes, size_t n, struct stock_record *ret,
		 bool *deleted, struct error *e) MUST_CHECK;

/* RFC 3339 ("2011-12-09T12:50:00Z", offsets, fractions) to ms; false when it is not one. */
bool parse_rfc3339(struct str text, int64_t *ret_ms);

/* ms to "2011-12-09T12:50:00.000Z"; `buf` holds 32 bytes. */
void format_rfc3339(int64_t t_ms, char buf[32]);

#endif
