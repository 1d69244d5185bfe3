/*
 * views_shop.h - a shop in a temporary store, played from one line of text.
 *
 *     shop_open(&shop);
 *     shop_play(&shop, "u1 buy p1,p2 @0s; u2 view p3 @10m s=morning; u1+v1 view p1 @1d e=e7");
 *     shop_expect(&shop, "bought-together", "p1", "p2:1");
 *     shop_close(&shop);
 *
 * An event: WHO VERB ITEMS @TIME [s=session] [o=order] [e=eventId] [q=quantity] [p=price] [r=recommendationId] [c=country]
 * [f=offerId] [l=partition]. WHO is uN (user), vN (visitor) or uN+vN. VERB: view, add, remove, buy, return, search, dislike, show, click. TIME counts from SHOP_START;
 * s, m, h, d. A search has its query in the place of items, with _ for a space; - is "shoes". Partition: of the log "shop",
 * 0 unless told.
 */
#ifndef AISLE_TESTS_VIEWS_SHOP_H
#define AISLE_TESTS_VIEWS_SHOP_H

#include "views/fold.h"
#include "views/view.h"

/* The 32 bytes of each shop's person key. */
#define SHOP_PERSON_KEY ((const unsigned char *)"the person key of a test's shop!")
#define SHOP_START (INT64_C(1000) * MS_PER_EPOCH) /* an epoch's first moment */

struct shop {
	char dir[64];
	const char *under;      /* where its directory is made; NULL: /tmp */
	const char *young_path; /* NULL: beside base */
	uint64_t young_bytes_max;
	struct store *store;
	struct fold *fold;
	struct snap *snap;
	uint32_t answers; /* given so far */
};

void shop_open(struct shop *s);
/* With a young level of so many bytes. */
void shop_open_young(struct shop *s, uint64_t young_bytes_max);
struct store_options shop_store_options(const struct shop *s);
void shop_close(struct shop *s);

/* Events of one text are one transaction. Returns how many were duplicates. */
int shop_play(struct shop *s, const char *text);
int shop_playf(struct shop *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * A recommendationId as this shop gives it: "SCENARIO ITEM:STRATEGY,... @TIME [x=variant]", to uN, vN or nobody (NULL).
 * Strategies are slugs; the n-th answer of a test has n as its nonce. The caller frees.
 */
char *shop_answer(struct shop *s, const char *who, const char *text);

/* A row of base past the store's own writing, key and value as LMDB has them: what no view writes. The snapshot sees it. */
void shop_damage(struct shop *s, enum table_id id, struct str key, const void *value, size_t n);

/* What a test folded by itself; the snapshot sees it. */
void shop_commit(struct shop *s);

/* The neighbours (pair views) of an item as "id:count id:count", largest first, must be `expected`. */
void shop_expect(struct shop *s, const char *view, const char *item, const char *expected);

/* All rows of a view (of one item; NULL: all) sorted and joined by newlines; the caller frees. */
char *shop_rows(struct shop *s, const char *view, const char *item);

/* Stored rows of a replacing table. */
size_t shop_stored(struct shop *s, enum table_id id);

/* A digest of every view but offsets, joined; the caller frees. */
char *shop_digests(struct shop *s);

void remove_tree(const char *dir);

#endif
