/*
 * token.h - recommendationId: what an answer was, signed, so that later events can be attributed without a look-up.
 *
 * base64url without padding of, integers little endian:
 *
 *     u8 version (2) · u8 n, scenario · u8 n, variant · u48 time (ms) · u32 nonce · u8 n, n times: u8 strategy, u16 mark
 *     16 bytes of BLAKE2b over these and the 16 bytes of the person it was made for (ids.h), which are not in it
 *
 * keyed with a key that is derived from the store's person key. So it is of use to that person only; one about nobody
 * may be used by anybody. An item's mark is the first two bytes of SipHash-2-4, keyed with the first 16 bytes of the
 * same key, over the nonce and the itemId: without the key nobody can look for an item that has the mark of another.
 *
 * A strategy is its place in strategies.def, or TOKEN_PINNED. `variant` has what experiments chose, "EXPERIMENT/VARIANT",
 * those of several layers with a comma between; "" for none.
 *
 * Thread: any; token_key_init needs no other call before it.
 */
#ifndef AISLE_SCHEMAS_TOKEN_H
#define AISLE_SCHEMAS_TOKEN_H

#include "schemas/base.h"
#include "schemas/error.h"

#define TOKEN_KEY_BYTES 32
#define TOKEN_PERSON_BYTES 16
#define TOKEN_SCENARIO_MAX 64
#define TOKEN_VARIANT_MAX 195 /* two of 64 + 1 + 32 bytes, and a comma */
#define TOKEN_ITEMS_MAX 100
#define TOKEN_PINNED 255
#define TOKEN_SIGNED_MAX (1 + 1 + TOKEN_SCENARIO_MAX + 1 + TOKEN_VARIANT_MAX + 6 + 4 + 1 + 3 * TOKEN_ITEMS_MAX)
#define TOKEN_BYTES_MAX (TOKEN_SIGNED_MAX + 16)
#define TOKEN_CHARS_MAX ((TOKEN_BYTES_MAX * 8 + 5) / 6)
#define STRATEGY_SLUG_MAX 40

struct answer_token_item {
	uint8_t strategy;
	uint16_t mark; /* token_mark() */
};

struct answer_token {
	char scenario[TOKEN_SCENARIO_MAX + 1]; /* slug, never empty */
	char variant[TOKEN_VARIANT_MAX + 1];
	int64_t t_ms; /* when it was answered, wall clock */
	uint32_t nonce;
	unsigned item_count;
	struct answer_token_item items[TOKEN_ITEMS_MAX];
};

/* As it was read; `token` is not to be believed before token_is_for. */
struct answer_token_text {
	struct answer_token token;
	size_t signed_n;
	unsigned char bytes[TOKEN_BYTES_MAX];
};

/* The signing key out of store_person_key(). */
void token_key_init(const unsigned char person_key[32], unsigned char ret[TOKEN_KEY_BYTES]);

/* A random one; two answers of one person and one millisecond have the same in one of 4 billion cases. */
uint32_t token_nonce(void);
uint16_t token_mark(const unsigned char key[TOKEN_KEY_BYTES], uint32_t nonce, struct str item_id);
/*
 * The marks of t's item_count items, with the first nonce from t->nonce on under which no two are the same: then each
 * item of an answer is told from all others of it. An item that is not in it has the mark of one in 65,536 / item_count cases.
 */
void token_mark_items(const unsigned char key[TOKEN_KEY_BYTES], struct answer_token *t, const struct str *item_ids);

/* For this person, NULL: nobody. NUL-terminated; returns its length. A time before 1970 becomes 1970. */
size_t token_make(const unsigned char key[TOKEN_KEY_BYTES], const unsigned char *person, const struct answer_token *t,
		  char ret[TOKEN_CHARS_MAX + 1]);

/* False when the text has not the form of one. Says nothing about who made it. */
bool token_read(struct str text, struct answer_token_text *ret) MUST_CHECK;
/* Was it made with this key for this person, NULL: for nobody? Says nothing about age: see t_ms. */
bool token_is_for(const unsigned char key[TOKEN_KEY_BYTES], const struct answer_token_text *t,
		  const unsigned char *person) MUST_CHECK;

/* "also-bought" of its number, "pinned" of TOKEN_PINNED; false: there is none. */
bool strategy_slug(unsigned number, char ret[STRATEGY_SLUG_MAX]);
/* TOKEN_PINNED for one that is not in strategies.def. */
uint8_t strategy_number(struct str slug);

#endif
