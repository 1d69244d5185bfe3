/* Conditions: what they are true of, and how wrong ones are refused. */
#include "query/filter.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct filter_space space;
static struct catalog_item shoe;

static void setup(void)
{
	catalog_item_init(&shoe);
	shoe.item_id = STR("p1");
	shoe.title = STR("Trail shoe");
	shoe.brand = STR("Acme");
	shoe.price_micros = 49990000;
	shoe.rating_micros = 4500000;
	shoe.rating_count = 12;
	shoe.available_from_ms = 1767225600000; /* 2026-01-01 */
	shoe.categories = (struct str_list){ 2, { STR("Shoes > Running > Trail"), STR("Outdoor") } };
	shoe.tags = (struct str_list){ 2, { STR("new"), STR("sale") } };
	shoe.regions = (struct str_list){ 2, { STR("DE"), STR("at") } };
	shoe.attributes =
		STR("{\"color\":\"red\",\"size\":42.5,\"water proof\":true,\"sizes\":[41,42],\"say\":\"a\\\"b\","
		    "\"none\":null}");
}

static int parse(const char *text, struct filter *ret, struct error *e)
{
	filter_space_clear(&space);
	memset(e, 0, sizeof(*e));
	return filter_parse(&space.pool, "filter", str_of(text), ret, e);
}

static bool matches(const char *text, const struct filter_item *item)
{
	struct filter_pool *packed;
	struct filter f;
	struct error e;
	bool is_true;

	cr_assert_eq(parse(text, &f, &e), 0, "%s: %s", text, e.text);
	is_true = filter_matches(&space.pool, f, item);
	packed = filter_pool_pack(&space.pool);
	memset(&space, 0xff, sizeof(space));
	cr_assert_eq(filter_matches(packed, f, item), is_true, "%s: packed", text);
	free(packed);
	return is_true;
}

TestSuite(filter, .init = setup);

static const char *const true_of_the_shoe[] = {
	"price < 50 and category in (\"Shoes > Running\") and rating >= 4 and inStock and attributes.color = \"red\"",
	"price = 49.99",
	"price <= 49.990000",
	"not price < 49.99",
	"price > 4.9e1",
	"category = \"Shoes\"",
	"category = 'Shoes>Running'",
	"categories = ' Shoes >  Running > Trail '",
	"category = \"Outdoor\"",
	"category != \"Shoes > Walking\"",
	"category not in ('Hats', 'Bags')",
	"tags = \"sale\" and tags in ('x', 'new')",
	"tags != 'gone'",
	"region = 'de' and region in ('CH', 'AT') and regions = 'DE'",
	"not region = 'fr'",
	"regions != 'de'",
	"brand in (\"Acme\",\"Other\")",
	"title = 'Trail shoe' AND NOT brand = 'Other'",
	"itemId = 'p1' and itemId not in ('p2')",
	"ratingCount >= 12 and ratingCount = 12",
	"stock = 3 and stock < 4 and lowStock and inStock = true and lowStock != false",
	"availableFrom >= '2026-01-01T00:00:00Z' and availableFrom < '2026-01-02T00:00:00Z'",
	"attributes.size > 42 and attributes.size = 42.5",
	"attributes.\"water proof\" = true",
	"attributes.sizes = 42 and attributes.sizes in (1, 41)",
	"attributes.say = 'a\"b' and attributes.say = \"a\\\"b\"",
	"attributes.missing != 5",
	"listPrice != 1",
	"(price < 1 or price < 2) or price < 50",
	"price < 1 or price > 1 and price > 2",
	"(((price > 1)))",
	"not not price > 1",
	"not (price < 1 or not inStock)",
	"price>1 and(price<50)",
};

Test(filter, is_true)
{
	struct filter_item item = { STR("p1"), &shoe, { true, 3 }, 5 };

	for (size_t i = 0; i < ARRAY_SIZE(true_of_the_shoe); i++) {
		char opposite[512];

		cr_assert(matches(true_of_the_shoe[i], &item), "%s", true_of_the_shoe[i]);
		snprintf(opposite, sizeof(opposite), "not (%s)", true_of_the_shoe[i]);
		cr_assert_not(matches(opposite, &item), "%s", opposite);
	}
}

static const char *const false_without[] = {
	"price < 50",
	"price >= 0",
	"price = 0",
	"rating <= 5",
	"ratingCount >= 0",
	"ratingCount < 0",
	"category = 'Shoes'",
	"category = ''",
	"brand = ''",
	"tags = ''",
	"attributes.color = 'red'",
	"attributes.none = false",
	"availableFrom > '1970-01-01T00:00:00Z'",
	"stock >= 0",
	"stock < 1",
	"lowStock",
	"not inStock",
};

Test(filter, what_an_item_does_not_have_is_in_no_relation)
{
	struct catalog_item empty;
	struct filter_item without = { STR("p1"), NULL, { false, 0 }, 5 }, bare = without;

	catalog_item_init(&empty);
	bare.record = &empty;
	for (size_t i = 0; i < ARRAY_SIZE(false_without); i++) {
		cr_assert_not(matches(false_without[i], &without), "%s", false_without[i]);
		cr_assert_not(matches(false_without[i], &bare), "%s", false_without[i]);
	}
	cr_assert(matches("region = 'DE'", &bare));
	cr_assert_not(matches("region = 'DE'", &without));
	cr_assert(matches("brand != 'Acme' and itemId = 'p1' and inStock", &without));
	bare.stock = (struct stock_level){ true, 0 };
	cr_assert(matches("not inStock and stock = 0", &bare));
}

/* ---- of a person ---- */

static bool is_so(const char *text, const struct filter_person *person)
{
	struct filter f;
	struct error e = { 0 };

	filter_space_clear(&space);
	cr_assert_eq(filter_parse_person(&space.pool, "filter", str_of(text), &f, &e), 0, "%s: %s", text, e.text);
	return filter_matches_person(&space.pool, f, person);
}

static const char *const true_of_the_person[] = {
	"orders >= 3 and spend > 100 and daysSinceLast < 60 and country = \"DE\"",
	"orders = 3 and units = 7 and averageOrder = 50.5 and spend = 151.5",
	"country = 'de' and country in ('FR', 'De') and country != 'FR'",
	"daysSinceLast = 0.5 and daysSinceFirst <= 400",
	"firstSeen >= '2026-01-01T00:00:00Z' and lastSeen < '2027-01-01T00:00:00Z'",
	"viewedCategory = 'Shoes' and viewedCategory in ('Shoes>Running')",
	"boughtCategory != 'Shoes' and not boughtCategory = 'Hats'",
	"bigSpender and bigSpender = true",
};

Test(filter, is_true_of_a_person)
{
	struct filter_person person = { 3,
					7,
					151.5,
					50.5,
					400,
					0.5,
					INT64_C(1767225600000),
					INT64_C(1787225600000),
					STR("DE"),
					{ 1, { STR("Shoes > Running") } },
					{ 0 },
					true };
	struct filter_person unknown = { NAN,         NAN,         NAN,   NAN,   NAN,   NAN,
					 TIME_ABSENT, TIME_ABSENT, { 0 }, { 0 }, { 0 }, false };

	for (size_t i = 0; i < ARRAY_SIZE(true_of_the_person); i++) {
		cr_assert(is_so(true_of_the_person[i], &person), "%s", true_of_the_person[i]);
		cr_assert(i == 6 || !is_so(true_of_the_person[i], &unknown), "%s", true_of_the_person[i]);
	}
	cr_assert_not(is_so("orders >= 0 or daysSinceLast >= 0 or lastSeen > '1970-01-01T00:00:00Z'", &unknown));
}

static const struct {
	const char *text, *says;
} bad_of_a_person[] = {
	{ "", "character 1: a condition is expected here, like orders >= 3" },
	{ "price < 50", "character 1: there is no field 'price'" },
	{ "order > 3", "character 1: there is no field 'order'; did you mean 'orders'?" },
	{ "orders = '3'", "character 10: 'orders' is compared with a number" },
	{ "country > 'DE'", "character 9: 'country' has no order here" },
	{ "country = 49", "character 11: 'country' is compared with a text in quotes" },
	{ "bigSpender = 1", "character 14: 'bigSpender' is true or false" },
};

Test(filter, wrong_ones_of_a_person_are_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_of_a_person); i++) {
		struct filter f;
		struct error e = { 0 };

		filter_space_clear(&space);
		cr_assert_eq(filter_parse_person(&space.pool, "filter", str_of(bad_of_a_person[i].text), &f, &e),
			     ERR_BAD_REQUEST, "%s", bad_of_a_person[i].text);
		cr_assert_eq(strncmp(e.text, bad_of_a_person[i].says, strlen(bad_of_a_person[i].says)), 0, "%s",
			     e.text);
	}
}

Test(filter, tells_what_it_asks_for)
{
	struct filter f, g;
	struct error e = { 0 };

	filter_space_clear(&space);
	cr_assert_eq(filter_parse_person(&space.pool, "filter", STR("orders = 1 or not viewedCategory = 'a'"), &f, &e),
		     0);
	cr_assert_eq(filter_parse_person(&space.pool, "filter", STR("orders = 1 or country = 'a'"), &g, &e), 0);
	cr_assert_eq(filter_reads(&space.pool, f), FILTER_READS_CATEGORIES);
	cr_assert_eq(filter_reads(&space.pool, g), FILTER_READS_COUNTRY);
}

Test(filter, damaged_attributes_match_nothing)
{
	static const char *const bad[] = { "{", "[]", "{\"a\":", "{\"a\":[1", "{\"b\":{}", "5", "{\"b\":1,}" };
	struct filter_item item = { STR("p1"), &shoe, { false, 0 }, 5 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		shoe.attributes = str_of(bad[i]);
		cr_assert_not(matches("attributes.a = 2", &item), "%s", bad[i]);
	}
}

static const struct {
	const char *text, *says, *suggestion;
} bad[] = {
	{ "", "character 1: a condition is expected", "" },
	{ "   ", "character 4: a condition is expected", "" },
	{ "prize < 50", "character 1: there is no field 'prize'; did you mean 'price'?", "price" },
	{ "instock", "character 1: there is no field 'instock'; did you mean 'inStock'?", "inStock" },
	{ "price < 50 and zzz = 1", "character 16: there is no field 'zzz'; did you mean 'attributes.NAME'?", "" },
	{ "price < \"50\"", "character 9: 'price' is compared with a number", "" },
	{ "price < '\xc3\xa9\xc3\xa9' or", "character 9: 'price' is compared with a number", "" },
	{ "brand = '\xc3\xa9\xc3\xa9' or", "character 16: a condition is expected", "" },
	{ "brand = Acme", "character 9: a value is expected", "" },
	{ "brand < 'a'", "character 7: 'brand' has no order here", "" },
	{ "attributes.color > 'a'", "character 18: 'attributes' has no order here", "" },
	{ "attributes", "character 11: an attribute is written attributes.NAME", "" },
	{ "attributes.", "character 12: the name of an attribute is missing", "" },
	{ "price", "character 6: an operator or 'in' is expected after 'price'", "" },
	{ "price <", "character 8: a value is expected", "" },
	{ "price 50", "character 7: an operator or 'in' is expected after 'price'", "" },
	{ "price == 50", "character 7: write '=' instead of '=='", "=" },
	{ "price = 50 && inStock", "character 12: write 'and' instead of '&&'", "and" },
	{ "price = 50 inStock", "character 12: 'and', 'or' or the end is expected", "" },
	{ "(price = 50", "character 12: 'and', 'or' or ')' is expected", "" },
	{ "price = 50)", "character 11: 'and', 'or' or the end is expected", "" },
	{ "price in 50", "character 10: 'in' takes values in parentheses", "" },
	{ "price in ()", "character 11: a value is expected", "" },
	{ "price in (1 2)", "character 13: a comma or ')' is expected", "" },
	{ "price in (1,)", "character 13: a value is expected", "" },
	{ "price not 5", "character 11: 'in' is expected after 'not'", "" },
	{ "inStock = 1", "character 11: 'inStock' is true or false", "" },
	{ "availableFrom > 'soon'", "character 17: 'availableFrom' is compared with a time like", "" },
	{ "brand = 'x", "character 9: the text that begins here has no closing '", "" },
	{ "brand = 'a\\n'", "character 11: a backslash stands before", "" },
	{ "price < 5x", "character 9: this is no number", "" },
	{ "price < 05", "character 9: this is no number", "" },
	{ "price < 1e309", "character 9: this number is too large", "" },
	{ "price < -", "character 9: a character that means nothing here", "" },
	{ "price < 5 # 6", "character 11: a character that means nothing here", "" },
	{ "price < 5 -> 2", "character 11: 'and', 'or' or the end is expected", "" },
};

Test(filter, wrong_ones_are_refused_with_a_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct filter f = { 7, 8 };
		struct error e;

		cr_assert_eq(parse(bad[i].text, &f, &e), ERR_BAD_REQUEST, "%s", bad[i].text);
		cr_assert_eq(strncmp(e.text, bad[i].says, strlen(bad[i].says)), 0, "%s: %s", bad[i].text, e.text);
		cr_assert_str_eq(e.suggestion, bad[i].suggestion, "%s", bad[i].text);
		cr_assert_str_eq(e.field, "filter");
		cr_assert_eq(f.first, 7, "a refused one is not handed out");
	}
}

Test(filter, is_bounded)
{
	static char text[FILTER_TEXT_MAX + 2];
	struct filter_item item = { STR("p1"), &shoe, { false, 0 }, 5 };
	struct filter f;
	struct error e;
	size_t n;

	memset(text, '(', FILTER_DEPTH_MAX);
	memcpy(text + FILTER_DEPTH_MAX, "price > 1", 10);
	memset(text + FILTER_DEPTH_MAX + 9, ')', FILTER_DEPTH_MAX);
	cr_assert(matches(text, &item));
	memset(text, '(', FILTER_DEPTH_MAX + 1);
	cr_assert_eq(parse(text, &f, &e), ERR_BAD_REQUEST);
	cr_assert(strstr(e.text, "nested deeper than 32"), "%s", e.text);
	for (n = 0; n + 12 < FILTER_TEXT_MAX; n += 12)
		memcpy(text + n, "inStock and ", 13);
	cr_assert_eq(parse(text, &f, &e), ERR_BAD_REQUEST);
	cr_assert(strstr(e.text, "more than 512 "), "%s", e.text);
	n = (size_t)snprintf(text, sizeof(text), "price in (0");
	for (int i = 0; i < FILTER_VALUES_MAX - 1; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",%d", i % 10);
	snprintf(text + n, sizeof(text) - n, ")");
	cr_assert_not(matches(text, &item));
	snprintf(text + n, sizeof(text) - n, ",1)");
	cr_assert_eq(parse(text, &f, &e), ERR_BAD_REQUEST);
	memset(text, ' ', sizeof(text));
	memcpy(text, "inStock", 7);
	text[FILTER_TEXT_MAX] = '\0';
	cr_assert(matches(text, &item));
	text[FILTER_TEXT_MAX] = ' ';
	text[FILTER_TEXT_MAX + 1] = '\0';
	cr_assert_eq(parse(text, &f, &e), ERR_BAD_REQUEST);
	cr_assert_str_eq(e.text, "at most 4096 bytes, it has 4097");
	cr_assert_eq(parse("brand = '\xff'", &f, &e), ERR_BAD_REQUEST);
}

Test(filter, boost_multiplies)
{
	struct filter_item item = { STR("p1"), &shoe, { false, 0 }, 5 };
	struct error e = { 0 };
	struct boost b;

	filter_space_clear(&space);
	cr_assert_eq(boost_parse(&space.pool, STR("brand = 'Acme' -> 2; price > 100 -> 0.5; rating > 4 -> 1.5;"), &b,
				 &e),
		     0);
	cr_assert_eq(b.n, 3);
	cr_assert_float_eq(boost_of(&space.pool, &b, &item), 3, 1e-12);
	cr_assert_eq(boost_parse(&space.pool, STR("brand = 'Acme'"), &b, &e), ERR_BAD_REQUEST);
	cr_assert_str_eq(e.text, "character 15: 'and', 'or' or '-> FACTOR' is expected here");
	e.code = 0;
	cr_assert_eq(boost_parse(&space.pool, STR("inStock -> -1"), &b, &e), ERR_BAD_REQUEST);
	cr_assert_str_eq(e.text, "character 12: the factor is a number of 0 to 1000");
	cr_assert_str_eq(e.field, "boost");
}

static void expect_anchor(const char *text, const char *expected)
{
	static const char *const names[] = { "itemId", "brand", "category", "tag" };
	const struct filter_value *values;
	enum filter_anchor anchor;
	char got[120] = "";
	struct filter f;
	struct error e;
	unsigned n;
	size_t used = 0;

	cr_assert_eq(parse(text, &f, &e), 0, "%s: %s", text, e.text);
	if (filter_anchored(&space.pool, f, &anchor, &values, &n))
		for (unsigned i = 0; i < n; i++)
			used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%s %.*s", i ? ", " : "",
						 names[anchor], STR_FMT(values[i].text));
	cr_assert_str_eq(got, expected, "%s", text);
}

Test(filter, is_found_by_what_an_item_must_be)
{
	expect_anchor("brand = 'x'", "brand x");
	expect_anchor("brand in ('x', 'y')", "brand x, brand y");
	expect_anchor("price < 5 and categories = 'A>B' and brand = 'x'", "category A > B");
	expect_anchor("itemId = 'p1' and (price < 5 or rating > 3)", "itemId p1");
	expect_anchor("price < 5 and tags = 'sale'", "tag sale");
	expect_anchor("brand = 'x' or price < 5", "");
	expect_anchor("brand = 'x' and price < 5 or rating > 3", "");
	expect_anchor("brand != 'x'", "");
	expect_anchor("not brand = 'x'", "");
	expect_anchor("brand not in ('x') and price < 5", "");
	expect_anchor("price < 5", "");
	expect_anchor("currency = 'x'", "");
}
