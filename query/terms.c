#include "query/terms.h"
#include "schemas/scan.h"

#include <math.h>
#include <xxhash.h>

#define WORD_MIN 2 /* bytes */
#define WORD_MAX 64

static void add(struct terms *t, enum term_kind kind, struct str text, uint64_t seed)
{
	uint64_t hash;

	if (!text.n || t->n == TERMS_MAX)
		return;
	hash = XXH3_64bits_withSeed(text.p, text.n, seed * TERM_KIND_COUNT + kind);
	for (unsigned i = 0; i < t->n; i++)
		if (t->v[i].hash == hash)
			return;
	t->v[t->n++] = (struct term){ hash, kind };
}

static void add_value(struct terms *t, int token, struct str text, uint64_t name)
{
	if (token == TOKEN_STRING || token == TOKEN_NUMBER)
		add(t, TERM_ATTRIBUTE, text, name);
	else if (token == TOKEN_TRUE || token == TOKEN_FALSE)
		add(t, TERM_ATTRIBUTE, token == TOKEN_TRUE ? STR("true") : STR("false"), name);
}

/* What is read up to a damaged byte counts. */
static void add_attributes(struct terms *t, struct str json)
{
	static __thread struct scan scan;
	static __thread char room[CATALOG_ATTRIBUTES_MAX];
	struct scan *s = &scan;
	struct error e = { 0 };

	if (!json.n || json.n > sizeof(room))
		return;
	scan_init(s, json.p, json.n, room, &e);
	if (scan_value(s) != TOKEN_OBJECT)
		return;
	while (scan_key(s) > 0) {
		uint64_t name = XXH3_64bits(s->text.p, s->text.n);
		int token = scan_value(s);

		if (token < 0 || token == TOKEN_OBJECT)
			return;
		add_value(t, token, s->text, name);
		if (token == TOKEN_ARRAY)
			while (scan_item(s) > 0) {
				token = scan_value(s);
				if (token < 0 || token == TOKEN_ARRAY || token == TOKEN_OBJECT)
					return;
				add_value(t, token, s->text, name);
			}
	}
}

static void add_price(struct terms *t, int64_t price_micros, struct str currency)
{
	double place = price_micros > 0 ? log((double)price_micros) / log(TERMS_PRICE_BAND) : -1;
	int64_t bands[2] = { (int64_t)floor(place), (int64_t)floor(place + 0.5) };
	uint64_t seed = currency.n ? XXH3_64bits(currency.p, currency.n) : 0;

	if (price_micros == PRICE_ABSENT)
		return;
	for (uint64_t i = 0; i < ARRAY_SIZE(bands); i++)
		add(t, TERM_PRICE, (struct str){ (const char *)&bands[i], sizeof(bands[i]) }, seed + i);
}

static bool is_word_byte(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add_title(struct terms *t, struct str title)
{
	unsigned last = t->n + TERMS_TITLE_MAX;
	char word[WORD_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i <= title.n && t->n < last; i++) {
		unsigned char c = i < title.n ? (unsigned char)title.p[i] : ' ';

		if (is_word_byte(c)) {
			if (n < WORD_MAX)
				word[n++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
			continue;
		}
		if (n >= WORD_MIN)
			add(t, TERM_TITLE, (struct str){ word, n }, 0);
		n = 0;
	}
}

void terms_of(const struct catalog_item *record, struct terms *ret)
{
	ret->n = 0;
	for (uint32_t i = 0; i < record->categories.n; i++)
		for (struct str at = { 0 }; category_next(record->categories.v[i], &at);)
			add(ret, TERM_CATEGORY, at, 0);
	add(ret, TERM_BRAND, record->brand, 0);
	add_attributes(ret, record->attributes);
	for (uint32_t i = 0; i < record->tags.n; i++)
		add(ret, TERM_TAG, record->tags.v[i], 0);
	add_price(ret, record->price_micros, record->currency);
	add_title(ret, record->title);
}
