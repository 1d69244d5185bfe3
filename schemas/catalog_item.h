/*
 * catalog_item.h - one catalogue record and its packed form.
 *
 * The packed form is what the catalog view stores: one scan of ~50 ns gives a
 * `struct catalog_item` whose strings point into the packed bytes, so that the
 * answers can look at price, categories and dates of a hundred candidates.
 *
 * Numbers that are absent hold the *_ABSENT values; lists are borrowed.
 */
#ifndef AISLE_SCHEMAS_CATALOG_ITEM_H
#define AISLE_SCHEMAS_CATALOG_ITEM_H

#include "schemas/base.h"
#include "schemas/error.h"

#define CATALOG_LIST_MAX 64          /* entries of categories, tags, accessoriesOf, regions, seasons */
#define CATALOG_TITLE_MAX 512        /* bytes */
#define CATALOG_TEXT_MAX 256         /* bytes of brand, groupId, one category, tag, region ... */
#define CATALOG_URL_MAX 2048         /* bytes of url, imageUrl */
#define CATALOG_ATTRIBUTES_MAX 16384 /* bytes of the attributes object as JSON text */
#define CATALOG_PACKED_MAX 131072

#define PRICE_ABSENT INT64_MIN
#define TIME_ABSENT INT64_MIN

struct str_list {
	uint32_t n;
	struct str v[CATALOG_LIST_MAX];
};

struct catalog_item {
	struct str item_id;
	struct str title, brand, currency, group_id, url, image_url;
	struct str attributes; /* JSON object text, scalars only as values; absent: n = 0 */
	int64_t price_micros, list_price_micros, margin_micros; /* PRICE_ABSENT */
	int64_t rating_micros;                                  /* 0..5 x 1e6; PRICE_ABSENT */
	int64_t rating_count;                                   /* -1 absent */
	int64_t available_from_ms, available_to_ms;             /* TIME_ABSENT */
	struct str_list categories; /* "Shoes > Running": segments joined by " > ", trimmed */
	struct str_list tags, accessories_of, regions, seasons;
};

/* All fields absent. */
void catalog_item_init(struct catalog_item *item);

/* Append-only writer: returns bytes written to `buf` (capacity CATALOG_PACKED_MAX is always enough). item_id is not packed. */
size_t catalog_item_pack(const struct catalog_item *item, unsigned char *buf);

/* Strings of *ret point into `bytes`. ERR_STORE_CORRUPT when the bytes are not a packed item. */
int catalog_item_unpack(const void *bytes, size_t n, struct catalog_item *ret) MUST_CHECK;

/* By availableFrom and availableTo, whose moment is the first one outside. */
bool catalog_item_available(const struct catalog_item *item, int64_t now_ms);

/*
 * "Shoes>Running" to "Shoes > Running", the way categories are stored: segments trimmed, empty ones dropped. Written to
 * `room`, which holds CATEGORY_JOINED_MAX(raw.n) bytes.
 */
#define CATEGORY_JOINED_MAX(n) (2 * (size_t)(n))
struct str category_join(struct str raw, char *room);

/* Is an item with these regions sold in `region`? Without any it is sold everywhere; letters are compared without case. */
bool region_sells(const struct str_list *regions, struct str region);

/* Is `ancestor` ("Shoes") the category itself or one of its ancestors ("Shoes > Running")? */
bool category_is_under(struct str category, struct str ancestor);
/* From an empty `at`: "Shoes > Running > Trail", then its ancestors "Shoes" and "Shoes > Running"; false: no more. */
bool category_next(struct str category, struct str *at);

#endif
