/* What the demo's catalogue and stock say of a product beyond the source: config/demo/README.md, "What was made up". */
#include "cmd/demo_catalog.h"
#include "schemas/json_keys.h"

#include <stdlib.h>
#include <xxhash.h>

#define RATED_SHARE 4 /* one order in so many left a rating */

/* A word of titles, in lower case, and what it says. */
struct word {
	const char *word, *value;
};

static const struct word colours[] = {
	{ "pink", "pink" },     { "blue", "blue" },   { "red", "red" },       { "white", "white" },
	{ "green", "green" },   { "black", "black" }, { "silver", "silver" }, { "ivory", "ivory" },
	{ "cream", "cream" },   { "gold", "gold" },   { "purple", "purple" }, { "yellow", "yellow" },
	{ "orange", "orange" }, { "brown", "brown" }, { "grey", "grey" },     { "turquoise", "turquoise" },
	{ "amber", "amber" },   { "lilac", "lilac" },
};

static const struct word materials[] = {
	{ "glass", "glass" },         { "metal", "metal" },     { "paper", "paper" },     { "wooden", "wood" },
	{ "wood", "wood" },           { "zinc", "zinc" },       { "ceramic", "ceramic" }, { "enamel", "enamel" },
	{ "felt", "felt" },           { "crystal", "crystal" }, { "wicker", "wicker" },   { "tin", "tin" },
	{ "porcelain", "porcelain" }, { "slate", "slate" },     { "cotton", "cotton" },
};

static const struct word motifs[] = {
	{ "retrospot", "Retrospot" },
	{ "polkadot", "Polkadot" },
	{ "paisley", "Paisley" },
	{ "vintage", "Vintage" },
	{ "heart", "Heart" },
	{ "hearts", "Heart" },
	{ "spaceboy", "Spaceboy" },
	{ "suki", "Suki" },
	{ "regency", "Regency" },
	{ "woodland", "Woodland" },
	{ "gingham", "Gingham" },
	{ "doily", "Doily" },
	{ "rose", "Rose" },
	{ "roses", "Rose" },
	{ "butterfly", "Butterfly" },
	{ "dolly", "Dolly Girl" },
	{ "daisy", "Daisy" },
	{ "strawberry", "Strawberry" },
	{ "owl", "Owl" },
	{ "skull", "Skull" },
	{ "union", "Union Jack" },
	{ "star", "Star" },
	{ "bird", "Bird" },
	{ "rabbit", "Rabbit" },
};

static bool next_word(struct str *rest, struct str *ret)
{
	while (rest->n && (*rest->p == ' ' || *rest->p == ','))
		rest->p++, rest->n--;
	*ret = (struct str){ rest->p, 0 };
	while (rest->n && *rest->p != ' ' && *rest->p != ',')
		rest->p++, rest->n--, ret->n++;
	return ret->n > 0;
}

static const char *value_of(struct str word, const struct word *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_alike(word, str_of(table[i].word)))
			return table[i].value;
	return NULL;
}

static const char *first_value(struct str title, const struct word *table, size_t n)
{
	const char *value = NULL;
	struct str word;

	while (!value && next_word(&title, &word))
		value = value_of(word, table, n);
	return value;
}

/* "Set of 3 Cake Tins", "Pack of 72 ...": 3, 72; 0: it does not say. */
static unsigned pieces_of(struct str title)
{
	struct str word;
	bool counted = false;

	while (next_word(&title, &word)) {
		if (counted && word.p[0] >= '1' && word.p[0] <= '9')
			return (unsigned)strtoul(word.p, NULL, 10);
		counted = str_alike(word, STR("of")) || str_alike(word, STR("set")) || str_alike(word, STR("pack"));
	}
	return 0;
}

static void put_text(struct json_out *j, const char *key, const char *value)
{
	if (value)
		key_text(j, key, value);
}

static void put_attributes(struct json_out *j, struct str title)
{
	unsigned pieces = pieces_of(title);

	json_out_key(j, "attributes");
	json_out_object(j);
	put_text(j, "color", first_value(title, colours, ARRAY_SIZE(colours)));
	put_text(j, "material", first_value(title, materials, ARRAY_SIZE(materials)));
	put_text(j, "motif", first_value(title, motifs, ARRAY_SIZE(motifs)));
	if (pieces)
		key_int(j, "pieces", pieces);
	json_out_end_object(j);
}

/* Products whose titles differ by a colour alone are one group. */
static void put_group(struct json_out *j, struct str title)
{
	char group[CATALOG_TEXT_MAX];
	struct str word;
	size_t n = 0;

	if (!first_value(title, colours, ARRAY_SIZE(colours)))
		return;
	while (next_word(&title, &word)) {
		if (value_of(word, colours, ARRAY_SIZE(colours)) || n + word.n + 1 > sizeof(group))
			continue;
		if (n)
			group[n++] = ' ';
		memcpy(group + n, word.p, word.n);
		n += word.n;
	}
	if (!n)
		return;
	key_str(j, "groupId", (struct str){ group, (uint32_t)n });
}

static const char *season_of(struct str category)
{
	static const struct word seasons[] = { { "Christmas", "christmas" },
					       { "Seasonal > Easter", "easter" },
					       { "Seasonal > Halloween", "halloween" } };

	for (size_t i = 0; i < ARRAY_SIZE(seasons); i++)
		if (category_is_under(category, str_of(seasons[i].word)))
			return seasons[i].value;
	return NULL;
}

/* Stars that a product keeps: 3.0 to 4.9 by a hash of its code. */
static void put_rating(struct json_out *j, const struct demo_product *product, struct demo_sales sales)
{
	unsigned tenths = 30 + (unsigned)(XXH3_64bits(product->id.p, product->id.n) % 20);

	if (sales.orders < RATED_SHARE)
		return;
	key_micros(j, "rating", tenths * (MICROS / 10));
	key_int(j, "ratingCount", sales.orders / RATED_SHARE);
}

void demo_catalog_put(struct json_out *j, const struct demo_product *product, struct demo_sales sales)
{
	const char *season = season_of(product->category);

	json_out_object(j);
	key_str(j, "itemId", product->id);
	key_str(j, "title", product->title);
	json_out_key(j, "categories");
	json_out_array(j);
	json_out_str(j, product->category);
	json_out_end_array(j);
	key_micros(j, "price", product->price_pence * (MICROS / 100));
	key_text(j, "currency", "GBP");
	put_attributes(j, product->title);
	put_group(j, product->title);
	put_rating(j, product, sales);
	if (season) {
		json_out_key(j, "seasons");
		json_out_array(j);
		json_out_text(j, season);
		json_out_end_array(j);
	}
	if (sales.orders)
		key_int(j, "availableFrom", sales.first_ms);
	json_out_end_object(j);
}
