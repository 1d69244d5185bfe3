#include "schemas/suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Three rows of the usual table: the one before the last is needed for swaps. */
unsigned suggest_distance(const char *a, const char *b)
{
	unsigned rows[3][SUGGEST_WORD_MAX + 1];
	size_t an = strlen(a), bn = strlen(b), i, j;

	if (an > SUGGEST_WORD_MAX || bn > SUGGEST_WORD_MAX)
		return SUGGEST_WORD_MAX + 1;
	for (j = 0; j <= bn; j++)
		rows[0][j] = (unsigned)j;
	for (i = 1; i <= an; i++) {
		unsigned *row = rows[i % 3], *up = rows[(i - 1) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (j = 1; j <= bn; j++) {
			row[j] = min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]) &&
			    up2[j - 2] + 1 < row[j])
				row[j] = up2[j - 2] + 1;
		}
	}
	return rows[an % 3][bn];
}

static unsigned allowed(const char *name)
{
	size_t third = strlen(name) / 3;

	return third < 1 ? 1 : third > 4 ? 4 : (unsigned)third;
}

/* What other interfaces call it. */
static const char *const synonyms[][2] = {
	{ "limit", "count" },       { "size", "count" },          { "pageSize", "count" },
	{ "num", "count" },         { "top", "count" },           { "product", "itemId" },
	{ "productId", "itemId" },  { "sku", "itemId" },          { "product", "itemIds" },
	{ "productId", "itemIds" }, { "sku", "itemIds" },         { "customer", "userId" },
	{ "customerId", "userId" }, { "uid", "userId" },          { "anonymousId", "visitorId" },
	{ "term", "query" },        { "search", "query" },        { "locale", "language" },
	{ "orderBy", "sort" },      { "fields", "properties" },   { "name", "title" },
	{ "image", "imageUrl" },    { "stock", "quantity" },      { "inventory", "quantity" },
	{ "qty", "quantity" },      { "timestamp", "eventTime" }, { "time", "eventTime" },
	{ "event", "type" },        { "buy", "purchase" },        { "order", "purchase" },
	{ "pageview", "view" },     { "addToCart", "cart-add" },  { "add-to-cart", "cart-add" },
	{ "homepage", "home" },     { "pdp", "product-page" },    { "basket", "cart" },
};

static const char *synonym_of(const char *word, const char *const *names, size_t n)
{
	for (size_t k = 0; k < ARRAY_SIZE(synonyms); k++)
		for (size_t i = 0; i < n && strcasecmp(word, synonyms[k][0]) == 0; i++)
			if (names[i] && strcmp(names[i], synonyms[k][1]) == 0)
				return names[i];
	return NULL;
}

const char *suggest_nearest(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL, *starts = NULL;
	unsigned best_distance = SUGGEST_WORD_MAX;
	size_t start_count = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned d;

		if (!names[i])
			continue;
		if (*word && strncasecmp(word, names[i], strlen(word)) == 0) {
			starts = names[i];
			start_count++;
		}
		d = suggest_distance(word, names[i]);
		if (d <= allowed(names[i]) && d < best_distance) {
			best = names[i];
			best_distance = d;
		}
	}
	if (!best && start_count == 1)
		best = starts;
	return best ? best : synonym_of(word, names, n);
}

void suggest_in(struct error *e, const char *word, const char *const *names, size_t n)
{
	const char *near = e ? suggest_nearest(word, names, n) : NULL;
	size_t used;

	if (!near)
		return;
	used = strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used, "; did you mean '%s'?", near);
	snprintf(e->suggestion, sizeof(e->suggestion), "%s", near);
}
