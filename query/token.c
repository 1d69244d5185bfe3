#include "query/token.h"

#include <assert.h>
#include <sodium.h>

#define VERSION 1
#define SIGNED_BYTES 16
#define MAC_BYTES 16
#define TOKEN_BYTES (SIGNED_BYTES + MAC_BYTES)

static void put_le(unsigned char *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t get_le(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static void mac(const unsigned char key[TOKEN_KEY_BYTES], const unsigned char *bytes, unsigned char ret[MAC_BYTES])
{
	int rc = crypto_generichash(ret, MAC_BYTES, bytes, SIGNED_BYTES, key, TOKEN_KEY_BYTES);

	assert(rc == 0);
	(void)rc;
}

void token_key_init(const unsigned char person_key[32], unsigned char ret[TOKEN_KEY_BYTES])
{
	static const unsigned char purpose[] = "aisle recommendation token 1";
	int rc = sodium_init();

	assert(rc >= 0);
	rc = crypto_generichash(ret, TOKEN_KEY_BYTES, purpose, sizeof(purpose) - 1, person_key, 32);
	assert(rc == 0);
	(void)rc;
}

void token_make(const unsigned char key[TOKEN_KEY_BYTES], unsigned scenario, unsigned variant, int64_t t_ms,
		char ret[TOKEN_CHARS + 1])
{
	unsigned char bytes[TOKEN_BYTES];

	assert(scenario <= UINT16_MAX && variant <= UINT8_MAX);
	bytes[0] = VERSION;
	put_le(bytes + 1, scenario, 2);
	bytes[3] = (unsigned char)variant;
	put_le(bytes + 4, t_ms < 0 ? 0 : (uint64_t)t_ms, 6);
	randombytes_buf(bytes + 10, 6);
	mac(key, bytes, bytes + SIGNED_BYTES);
	sodium_bin2base64(ret, TOKEN_CHARS + 1, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool token_verify(const unsigned char key[TOKEN_KEY_BYTES], struct str text, struct token *ret)
{
	unsigned char bytes[TOKEN_BYTES], expected[MAC_BYTES];
	char canonical[TOKEN_CHARS + 1];
	size_t n;

	if (text.n != TOKEN_CHARS ||
	    sodium_base642bin(bytes, sizeof(bytes), text.p, text.n, NULL, &n, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    n != TOKEN_BYTES || bytes[0] != VERSION)
		return false;
	/* libsodium takes some bytes above 0x7f for letters */
	sodium_bin2base64(canonical, sizeof(canonical), bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	if (sodium_memcmp(canonical, text.p, text.n))
		return false;
	mac(key, bytes, expected);
	if (sodium_memcmp(expected, bytes + SIGNED_BYTES, MAC_BYTES) != 0)
		return false;
	ret->scenario = (unsigned)get_le(bytes + 1, 2);
	ret->variant = bytes[3];
	ret->t_ms = (int64_t)get_le(bytes + 4, 6);
	memcpy(ret->nonce, bytes + 10, 6);
	return true;
}
