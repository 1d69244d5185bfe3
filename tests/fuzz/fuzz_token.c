/* fuzz_token - recommendationIds: nobody makes one without the key, nor changes one. */
#include "query/token.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const unsigned char person_key[32] = "a key";
	struct bytes in = { bytes, n };
	unsigned char key[TOKEN_KEY_BYTES];
	char made[TOKEN_CHARS + 1], *copy = exact_copy(bytes, n);
	struct token t = { .scenario = 99 };
	size_t at = take_byte(&in) % TOKEN_CHARS;
	char c = (char)take_byte(&in);

	token_key_init(person_key, key);
	assert(!token_verify(key, (struct str){ copy, (uint32_t)n }, &t) && t.scenario == 99);
	free(copy);
	token_make(key, 1, 2, 3, made);
	if (made[at] != c) {
		made[at] = c;
		assert(!token_verify(key, str_of(made), &t) && t.scenario == 99);
	} else {
		assert(token_verify(key, str_of(made), &t) && t.scenario == 1 && t.variant == 2 && t.t_ms == 3);
	}
	return 0;
}
