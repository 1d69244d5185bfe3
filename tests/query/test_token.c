#include "query/token.h"

#include <criterion/criterion.h>

static const unsigned char person_key[32] = "0123456789abcdef0123456789abcde";

Test(token, what_was_made_is_read)
{
	unsigned char key[TOKEN_KEY_BYTES];
	char text[TOKEN_CHARS + 1], other[TOKEN_CHARS + 1];
	struct token t;

	token_key_init(person_key, key);
	token_make(key, 65535, 7, INT64_C(1700000000123), text);
	cr_assert_eq(strlen(text), TOKEN_CHARS);
	cr_assert(token_verify(key, str_of(text), &t));
	cr_assert(t.scenario == 65535 && t.variant == 7 && t.t_ms == INT64_C(1700000000123));
	token_make(key, 65535, 7, INT64_C(1700000000123), other);
	cr_assert_str_neq(text, other);
}

/* Any other character anywhere, any other length, any other key: no token. */
Test(token, what_was_changed_is_refused)
{
	unsigned char key[TOKEN_KEY_BYTES], other_key[TOKEN_KEY_BYTES], other_person[32] = { 1 };
	char text[TOKEN_CHARS + 1];
	struct token t = { .scenario = 99 };

	token_key_init(person_key, key);
	token_key_init(other_person, other_key);
	token_make(key, 1, TOKEN_VARIANT_NONE, 5, text);
	for (unsigned i = 0; i < TOKEN_CHARS; i++) {
		char was = text[i];

		for (unsigned c = 1; c < 256; c++) {
			text[i] = (char)c;
			cr_assert_eq(token_verify(key, str_of(text), &t), text[i] == was, "%u 0x%02x", i, c);
			t.scenario = 99;
		}
		text[i] = was;
	}
	cr_assert_not(token_verify(key, (struct str){ text, TOKEN_CHARS - 1 }, &t));
	cr_assert_not(token_verify(key, STR(""), &t));
	cr_assert_not(token_verify(other_key, str_of(text), &t));
	cr_assert_eq(t.scenario, 99);
	cr_assert(token_verify(key, str_of(text), &t));
}
