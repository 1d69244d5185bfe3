#include "schemas/token.h"
#include "schemas/base64url.h"
#include "schemas/event.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

#define VERSION 2
#define MAC_BYTES 16
#define NONCES 64 /* drawn at a time: each draw is a system call */
#define TEXT_VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(TOKEN_CHARS_MAX <= EVENT_TOKEN_MAX, "an event can carry the longest one");

static unsigned char *put_le(unsigned char *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		*p++ = (unsigned char)(v >> (8 * i));
	return p;
}

static uint64_t get_le(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

void token_key_init(const unsigned char person_key[32], unsigned char ret[TOKEN_KEY_BYTES])
{
	static const unsigned char purpose[] = "aisle recommendation token 2";
	int rc = sodium_init();

	assert(rc >= 0);
	rc = crypto_generichash(ret, TOKEN_KEY_BYTES, purpose, sizeof(purpose) - 1, person_key, 32);
	assert(rc == 0);
	(void)rc;
}

uint32_t token_nonce(void)
{
	static __thread uint32_t drawn[NONCES];
	static __thread unsigned left;

	if (!left) {
		randombytes_buf(drawn, sizeof(drawn));
		left = NONCES;
	}
	return drawn[--left];
}

uint16_t token_mark(const unsigned char key[TOKEN_KEY_BYTES], uint32_t nonce, struct str item_id)
{
	unsigned char bytes[4 + EVENT_ID_MAX], hash[crypto_shorthash_BYTES];
	uint32_t n = item_id.n < EVENT_ID_MAX ? item_id.n : EVENT_ID_MAX;

	put_le(bytes, nonce, 4);
	if (n)
		memcpy(bytes + 4, item_id.p, n);
	crypto_shorthash(hash, bytes, 4 + n, key);
	return (uint16_t)get_le(hash, 2);
}

static bool marks_differ(const struct answer_token *t)
{
	for (unsigned i = 1; i < t->item_count; i++)
		for (unsigned k = 0; k < i; k++)
			if (t->items[i].mark == t->items[k].mark)
				return false;
	return true;
}

void token_mark_items(const unsigned char key[TOKEN_KEY_BYTES], struct answer_token *t, const struct str *item_ids)
{
	/* with 100 items 13 of 14 nonces will do; the bound is for a caller that gives one item twice */
	for (unsigned tries = 0; tries < 1000; tries++, t->nonce++) {
		for (unsigned i = 0; i < t->item_count; i++)
			t->items[i].mark = token_mark(key, t->nonce, item_ids[i]);
		if (marks_differ(t))
			return;
	}
}

static void sign(const unsigned char key[TOKEN_KEY_BYTES], const unsigned char *bytes, size_t n,
		 const unsigned char *person, unsigned char ret[MAC_BYTES])
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, key, TOKEN_KEY_BYTES, MAC_BYTES);
	crypto_generichash_update(&st, bytes, n);
	if (person)
		crypto_generichash_update(&st, person, TOKEN_PERSON_BYTES);
	crypto_generichash_final(&st, ret, MAC_BYTES);
}

static unsigned char *put_text(unsigned char *p, const char *text, size_t max)
{
	size_t n = strlen(text);

	assert(n <= max);
	(void)max;
	*p++ = (unsigned char)n;
	memcpy(p, text, n);
	return p + n;
}

size_t token_make(const unsigned char key[TOKEN_KEY_BYTES], const unsigned char *person, const struct answer_token *t,
		  char ret[TOKEN_CHARS_MAX + 1])
{
	unsigned char bytes[TOKEN_BYTES_MAX], *p = bytes;
	size_t n;

	assert(t->scenario[0] && t->item_count <= TOKEN_ITEMS_MAX);
	*p++ = VERSION;
	p = put_text(p, t->scenario, TOKEN_SCENARIO_MAX);
	p = put_text(p, t->variant, TOKEN_VARIANT_MAX);
	p = put_le(p, t->t_ms < 0 ? 0 : (uint64_t)t->t_ms, 6);
	p = put_le(p, t->nonce, 4);
	*p++ = (unsigned char)t->item_count;
	for (unsigned i = 0; i < t->item_count; i++) {
		*p++ = t->items[i].strategy;
		p = put_le(p, t->items[i].mark, 2);
	}
	n = (size_t)(p - bytes);
	sign(key, bytes, n, person, p);
	return base64url_write(bytes, n + MAC_BYTES, ret);
}

/* ---- reading ---- */

struct reading {
	const unsigned char *p, *end; /* end: NULL when something was missing */
};

static uint64_t take_le(struct reading *r, unsigned n)
{
	if (!r->end || (size_t)(r->end - r->p) < n) {
		r->end = NULL;
		return 0;
	}
	r->p += n;
	return get_le(r->p - n, n);
}

static void take_text(struct reading *r, char *ret, size_t max)
{
	size_t n = (size_t)take_le(r, 1);

	if (!r->end || n > max || (size_t)(r->end - r->p) < n || memchr(r->p, 0, n)) {
		r->end = NULL;
		return;
	}
	memcpy(ret, r->p, n);
	ret[n] = '\0';
	r->p += n;
}

static bool decode_base64(struct str text, struct answer_token_text *ret, size_t *n)
{
	char canonical[TOKEN_CHARS_MAX + 1];

	if (!text.n || text.n > TOKEN_CHARS_MAX ||
	    sodium_base642bin(ret->bytes, sizeof(ret->bytes), text.p, text.n, NULL, n, NULL, TEXT_VARIANT) != 0)
		return false;
	/* libsodium takes some bytes above 0x7f for letters */
	return base64url_write(ret->bytes, *n, canonical) == text.n && memcmp(canonical, text.p, text.n) == 0;
}

bool token_read(struct str text, struct answer_token_text *ret)
{
	struct answer_token *t = &ret->token;
	struct reading r;
	size_t n;

	if (!decode_base64(text, ret, &n) || n < MAC_BYTES)
		return false;
	r = (struct reading){ ret->bytes, ret->bytes + n - MAC_BYTES };
	if (take_le(&r, 1) != VERSION)
		return false;
	take_text(&r, t->scenario, TOKEN_SCENARIO_MAX);
	take_text(&r, t->variant, TOKEN_VARIANT_MAX);
	t->t_ms = (int64_t)take_le(&r, 6);
	t->nonce = (uint32_t)take_le(&r, 4);
	t->item_count = (unsigned)take_le(&r, 1);
	if (!r.end || !t->scenario[0] || t->item_count > TOKEN_ITEMS_MAX)
		return false;
	for (unsigned i = 0; i < t->item_count; i++) {
		t->items[i].strategy = (uint8_t)take_le(&r, 1);
		t->items[i].mark = (uint16_t)take_le(&r, 2);
	}
	ret->signed_n = n - MAC_BYTES;
	return r.end && r.p == r.end;
}

bool token_is_for(const unsigned char key[TOKEN_KEY_BYTES], const struct answer_token_text *t,
		  const unsigned char *person)
{
	unsigned char expected[MAC_BYTES];

	sign(key, t->bytes, t->signed_n, person, expected);
	return sodium_memcmp(expected, t->bytes + t->signed_n, MAC_BYTES) == 0;
}

/* ---- strategies ---- */

static const char *const names[] = {
#define STRATEGY(name) #name,
#include "schemas/strategies.def"
#undef STRATEGY
};

_Static_assert(ARRAY_SIZE(names) < TOKEN_PINNED, "a strategy is a byte");

bool strategy_slug(unsigned number, char ret[STRATEGY_SLUG_MAX])
{
	const char *name = number == TOKEN_PINNED ? "pinned" : number < ARRAY_SIZE(names) ? names[number] : NULL;

	if (!name)
		return false;
	snprintf(ret, STRATEGY_SLUG_MAX, "%s", name);
	for (char *p = ret; *p; p++)
		if (*p == '_')
			*p = '-';
	return true;
}

static bool is_slug_of(const char *name, struct str slug)
{
	uint32_t i = 0;

	while (i < slug.n && name[i] && (slug.p[i] == name[i] || (slug.p[i] == '-' && name[i] == '_')))
		i++;
	return i == slug.n && !name[i];
}

uint8_t strategy_number(struct str slug)
{
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (is_slug_of(names[i], slug))
			return (uint8_t)i;
	return TOKEN_PINNED;
}
