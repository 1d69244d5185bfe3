#include "schemas/base64url.h"
#include "schemas/token.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>

static const unsigned char person_key[32] = "0123456789abcdef0123456789abcde";
static const unsigned char somebody[TOKEN_PERSON_BYTES] = "a person", another[TOKEN_PERSON_BYTES] = "another";
static unsigned char key[TOKEN_KEY_BYTES];

static void setup(void)
{
	token_key_init(person_key, key);
}

TestSuite(token, .init = setup);

static const struct answer_token home = { .scenario = "home",
					  .variant = "layout/b",
					  .t_ms = INT64_C(1700000000123),
					  .nonce = 0xfedcba98,
					  .item_count = 3,
					  .items = { { 0, 1 }, { 7, 65535 }, { TOKEN_PINNED, 256 } } };

static void expect_same(const struct answer_token *a, const struct answer_token *b)
{
	cr_assert_str_eq(a->scenario, b->scenario);
	cr_assert_str_eq(a->variant, b->variant);
	cr_assert_eq(a->t_ms, b->t_ms);
	cr_assert_eq(a->nonce, b->nonce);
	cr_assert_eq(a->item_count, b->item_count);
	for (unsigned i = 0; i < a->item_count; i++)
		cr_assert(a->items[i].strategy == b->items[i].strategy && a->items[i].mark == b->items[i].mark);
}

Test(token, what_was_made_is_read)
{
	char text[TOKEN_CHARS_MAX + 1];
	struct answer_token_text t;

	cr_assert_eq(token_make(key, somebody, &home, text), strlen(text));
	cr_assert(token_read(str_of(text), &t));
	expect_same(&t.token, &home);
	cr_assert(token_is_for(key, &t, somebody));
}

/* Made by tests/reference/engagement.py, which shares no code with this. */
Test(token, the_format_is_fixed)
{
	static const unsigned char plain_key[32] = "an agreed key of 32 bytes, ascii";
	struct answer_token t = { .scenario = "cart", .t_ms = 1700000000000, .nonce = 1, .item_count = 2 };
	char text[TOKEN_CHARS_MAX + 1];

	token_key_init(plain_key, key);
	t.items[0] = (struct answer_token_item){ 1, token_mark(key, t.nonce, STR("p1")) };
	t.items[1] = (struct answer_token_item){ 8, token_mark(key, t.nonce, STR("p2")) };
	token_make(key, NULL, &t, text);
	cr_assert_str_eq(text, "AgRjYXJ0AABo5c-LAQEAAAACAVWmCMhs08a_EY2QA_D7TCqA9A-gvw");
	t.variant[0] = 'x';
	token_make(key, somebody, &t, text);
	cr_assert_str_eq(text, "AgRjYXJ0AXgAaOXPiwEBAAAAAgFVpgjIbDLjgGfnMUFyQ1NwdWLP85g");
}

Test(token, it_is_for_one_person)
{
	char text[TOKEN_CHARS_MAX + 1];
	struct answer_token_text t;

	token_make(key, somebody, &home, text);
	cr_assert(token_read(str_of(text), &t));
	cr_assert_not(token_is_for(key, &t, another));
	cr_assert_not(token_is_for(key, &t, NULL));
	token_make(key, NULL, &home, text);
	cr_assert(token_read(str_of(text), &t));
	cr_assert(token_is_for(key, &t, NULL));
	cr_assert_not(token_is_for(key, &t, somebody));
	key[0] ^= 1;
	cr_assert_not(token_is_for(key, &t, NULL), "another key");
}

static struct answer_token longest(void)
{
	struct answer_token t = { .t_ms = (INT64_C(1) << 48) - 1, .nonce = UINT32_MAX, .item_count = TOKEN_ITEMS_MAX };

	memset(t.scenario, 's', TOKEN_SCENARIO_MAX);
	memset(t.variant, 'v', TOKEN_VARIANT_MAX);
	for (unsigned i = 0; i < TOKEN_ITEMS_MAX; i++)
		t.items[i] = (struct answer_token_item){ (uint8_t)i, (uint16_t)(i * 655) };
	return t;
}

Test(token, the_largest_and_the_smallest)
{
	struct answer_token large = longest(), small = { .scenario = "a" };
	char text[TOKEN_CHARS_MAX + 1];
	struct answer_token_text t;

	cr_assert_eq(token_make(key, NULL, &large, text), TOKEN_CHARS_MAX);
	cr_assert(token_read(str_of(text), &t));
	expect_same(&t.token, &large);
	token_make(key, NULL, &small, text);
	cr_assert(token_read(str_of(text), &t));
	expect_same(&t.token, &small);
}

/* Any other character anywhere, any other length: no token. */
Test(token, what_was_changed_is_refused)
{
	char text[TOKEN_CHARS_MAX + 1];
	struct answer_token_text t;
	size_t n = token_make(key, somebody, &home, text);

	for (size_t i = 0; i < n; i++) {
		char was = text[i];

		for (unsigned c = 1; c < 256; c++) {
			text[i] = (char)c;
			cr_assert_eq(token_read(str_of(text), &t) && token_is_for(key, &t, somebody), text[i] == was,
				     "%zu 0x%02x", i, c);
		}
		text[i] = was;
	}
	for (size_t i = 0; i < n; i++)
		cr_assert_not(token_read((struct str){ text, (uint32_t)i }, &t) && token_is_for(key, &t, somebody));
	cr_assert_not(token_read(STR("forged"), &t));
}

Test(token, marks_depend_on_item_and_answer)
{
	cr_assert_eq(token_mark(key, 1, STR("p1")), token_mark(key, 1, STR("p1")));
	cr_assert_neq(token_mark(key, 1, STR("p1")), token_mark(key, 1, STR("p2")));
	cr_assert_neq(token_mark(key, 1, STR("p1")), token_mark(key, 2, STR("p1")));
}

Test(token, marks_of_one_answer_differ)
{
	struct answer_token t = { .item_count = TOKEN_ITEMS_MAX };
	char names[TOKEN_ITEMS_MAX][8];
	struct str ids[TOKEN_ITEMS_MAX];
	unsigned moved = 0;

	for (unsigned i = 0; i < TOKEN_ITEMS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "p%u", i);
		ids[i] = str_of(names[i]);
	}
	for (uint32_t nonce = 0; nonce < 50000; nonce += 1000) {
		t.nonce = nonce;
		token_mark_items(key, &t, ids);
		moved += t.nonce != nonce;
		for (unsigned i = 0; i < TOKEN_ITEMS_MAX; i++) {
			cr_assert_eq(t.items[i].mark, token_mark(key, t.nonce, ids[i]));
			for (unsigned k = 0; k < i; k++)
				cr_assert_neq(t.items[i].mark, t.items[k].mark);
		}
	}
	cr_assert_gt(moved, 0, "with so many items some nonce had to be passed by");
}

Test(token, strategies_have_numbers_for_good)
{
	char slug[STRATEGY_SLUG_MAX];

	cr_assert(strategy_slug(0, slug));
	cr_assert_str_eq(slug, "frequently-bought-together");
	cr_assert_eq(strategy_number(STR("also-bought")), 1);
	cr_assert_eq(strategy_number(STR("also-boughts")), TOKEN_PINNED);
	cr_assert_eq(strategy_number(STR("also")), TOKEN_PINNED);
	cr_assert(strategy_slug(TOKEN_PINNED, slug));
	cr_assert_str_eq(slug, "pinned");
	cr_assert_not(strategy_slug(TOKEN_PINNED - 1, slug));
	for (unsigned i = 0; strategy_slug(i, slug); i++)
		cr_assert_eq(strategy_number(str_of(slug)), i);
}

Test(token, base64url_is_that_of_libsodium)
{
	for (size_t n = 0; n <= 64; n++) {
		char ours[BASE64URL_CHARS(64) + 1], theirs[BASE64URL_CHARS(64) + 1];
		unsigned char bytes[64];

		randombytes_buf(bytes, sizeof(bytes));
		cr_assert_eq(base64url_write(bytes, n, ours), BASE64URL_CHARS(n));
		sodium_bin2base64(theirs, sizeof(theirs), bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		cr_assert_str_eq(ours, theirs);
	}
}
