/*
 * token.h - recommendationId: what an answer was, signed, so that later events can be attributed without a look-up.
 *
 * 32 bytes as 43 characters of base64url: version 1, scenario u16, variant u8, time u48 (ms), nonce 6 bytes, then 16
 * bytes of BLAKE2b over those, keyed with a key that is derived from the store's person key; numbers little endian.
 * The scenario is its number in struct scenario_info, which never changes.
 * Thread: any; token_key_init needs no other call before it.
 */
#ifndef AISLE_QUERY_TOKEN_H
#define AISLE_QUERY_TOKEN_H

#include "schemas/base.h"
#include "schemas/error.h"

#define TOKEN_KEY_BYTES 32
#define TOKEN_CHARS 43
#define TOKEN_VARIANT_NONE 255 /* no experiment is on */

struct token {
	unsigned scenario; /* 0..65535 */
	unsigned variant;  /* 0..254, or TOKEN_VARIANT_NONE */
	int64_t t_ms;      /* when it was answered, wall clock */
	unsigned char nonce[6];
};

/* The signing key out of store_person_key(). */
void token_key_init(const unsigned char person_key[32], unsigned char ret[TOKEN_KEY_BYTES]);

/* A new token with a random nonce, NUL-terminated. */
void token_make(const unsigned char key[TOKEN_KEY_BYTES], unsigned scenario, unsigned variant, int64_t t_ms,
		char ret[TOKEN_CHARS + 1]);

/* False when `text` was not made with this key, and *ret is untouched. Says nothing about age: see t_ms. */
bool token_verify(const unsigned char key[TOKEN_KEY_BYTES], struct str text, struct token *ret) MUST_CHECK;

#endif
