/* fuzz_token - recommendationIds: nobody makes one without the key, nor changes one; what is read is within its bounds. */
#include "schemas/token.h"
#include "tests/fuzz/fuzz.h"

/* With the right key: whatever has the form is made again to the last bit. */
static void expect_same(const unsigned char *key, struct str text, const struct answer_token_text *t)
{
	char again[TOKEN_CHARS_MAX + 1];
	struct answer_token_text second;
	size_t n = token_make(key, NULL, &t->token, again);

	assert(token_read((struct str){ again, (uint32_t)n }, &second) && token_is_for(key, &second, NULL));
	assert(n == text.n && second.signed_n == t->signed_n);
	assert(memcmp(second.bytes, t->bytes, t->signed_n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const unsigned char person_key[32] = "a key";
	struct answer_token of = { .scenario = "home", .variant = "a/b", .t_ms = 3, .item_count = 1 };
	struct bytes in = { bytes, n };
	unsigned char key[TOKEN_KEY_BYTES];
	char made[TOKEN_CHARS_MAX + 1], *copy = exact_copy(bytes, n);
	struct str text = { copy, (uint32_t)n };
	struct answer_token_text t;
	size_t at, made_n;
	char c;

	token_key_init(person_key, key);
	made_n = token_make(key, NULL, &of, made);
	if (token_read(text, &t)) {
		/* libFuzzer sees what is compared, so it finds the one that is made here */
		assert(!token_is_for(key, &t, NULL) || str_eq(text, (struct str){ made, (uint32_t)made_n }));
		assert(t.token.item_count <= TOKEN_ITEMS_MAX && strlen(t.token.scenario) <= TOKEN_SCENARIO_MAX);
		expect_same(key, text, &t);
	}
	free(copy);
	at = take_byte(&in) % made_n;
	c = (char)take_byte(&in);
	if (made[at] == c)
		return 0;
	made[at] = c;
	assert(!token_read(str_of(made), &t) || !token_is_for(key, &t, NULL));
	return 0;
}
