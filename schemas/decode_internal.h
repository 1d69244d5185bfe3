/*
 * decode_internal.h - what the decode*.c files share: the decoder, and fields as tables.
 *
 * A field is a name, a reader, and where its value goes. A reader gets the token that begins the value (never
 * TOKEN_NULL: null counts as absent) and returns 0 or an error, filled with decode__fail.
 */
#ifndef AISLE_SCHEMAS_DECODE_INTERNAL_H
#define AISLE_SCHEMAS_DECODE_INTERNAL_H

#include "schemas/decode.h"
#include "schemas/json_out.h"
#include "schemas/scan.h"
#include "schemas/vocabulary.h"

#define FIELD_SLOTS 64 /* a power of two, at least twice the fields of a table */

struct field {
	struct str name;
	const char *label; /* as errors name it: "items.quantity" */
	int (*read)(struct decoder *d, const struct field *f, int token, void *into);
	size_t offset; /* of the value in *into */
	int64_t max;   /* bytes of text, micros, or the integer itself */
};

#define FIELD(name_, label_, read_, type, member, max_) \
	{ \
		{ name_, sizeof(name_) - 1 }, label_, read_, offsetof(type, member), max_ \
	}

struct field_table {
	const struct field *v;
	size_t n;
	bool closed;               /* an unknown field is an error */
	uint8_t slot[FIELD_SLOTS]; /* index + 1, by key_hash */
};

struct decoder {
	size_t record_max;
	struct scan scan;
	char *room;
	size_t room_size;
	struct vocabulary vocabulary;
	struct field_table event, event_item, event_context, catalog, stock;
	struct event_item items[EVENT_ITEMS_MAX];
	struct str ships_to[STOCK_SHIPS_TO_MAX];
	struct json_out attributes;
};

/* Where the tables come from, one a topic. */
void decode__event_tables(struct decoder *d);
void decode__catalog_tables(struct decoder *d);
void decode__stock_tables(struct decoder *d);
void decode__table_init(struct field_table *t, const struct field *v, size_t n);

/* Size and memory for a record; then the scan stands at its first byte. */
int decode__begin(struct decoder *d, const void *bytes, size_t n, struct error *e) MUST_CHECK;

/* The members of the object just opened into *into. */
int decode__fields(struct decoder *d, const struct field_table *t, void *into) MUST_CHECK;

int decode__fail(struct decoder *d, const struct field *f, int code, const char *text) MUST_CHECK;

/*
 * Readers, by the type of the member: struct str (id, text), int64_t (price and its signed kind amount, in micros;
 * count; time), struct str_list (ids, texts). An empty text is an absent one; an empty id is an error.
 */
int decode__id(struct decoder *d, const struct field *f, int token, void *into);
int decode__text(struct decoder *d, const struct field *f, int token, void *into);
int decode__price(struct decoder *d, const struct field *f, int token, void *into);
int decode__amount(struct decoder *d, const struct field *f, int token, void *into);
int decode__count(struct decoder *d, const struct field *f, int token, void *into);
int decode__time(struct decoder *d, const struct field *f, int token, void *into);
int decode__texts(struct decoder *d, const struct field *f, int token, void *into);
int decode__ids(struct decoder *d, const struct field *f, int token, void *into);

/* A list whose entries are read by `read`, each into its struct str; none may come out empty. */
typedef int (*entry_read)(struct decoder *d, const struct field *f, int token, void *into);
int decode__list(struct decoder *d, const struct field *f, int token, void *into, entry_read read);

/* Not 0: a control character (below 0x20, or 0x7f) is among the eight bytes. */
static inline uint64_t controls(uint64_t w)
{
	return ((w - EIGHT(0x20)) | ((w & EIGHT(0x7f)) + EIGHT(1))) & ~w & EIGHT(0x80);
}

/* Is `id` an id by the rules of docs/views.md: 1 to max bytes, no control characters? (Its UTF-8 is checked elsewhere.) */
static inline bool id_valid(struct str id, int64_t max)
{
	uint64_t found;

	if (!id.n || id.n > max)
		return false;
	if (id.n < 8)
		return !controls(load_short(id.p, id.n));
	found = controls(load64(id.p + id.n - 8));
	for (uint32_t i = 0; i + 8 < id.n; i += 8)
		found |= controls(load64(id.p + i));
	return !found;
}

/*
 * The row of a compacted topic: *ret_row is false for a tombstone without one; otherwise its object has just been
 * opened. Debezium's envelopes are taken off.
 */
int decode__open_row(struct decoder *d, const void *bytes, size_t n, bool *deleted, bool *ret_row,
		     struct error *e) MUST_CHECK;

/* A record key that is an id. */
int decode__key(struct str key, int64_t max, struct error *e) MUST_CHECK;

#endif
