/* Catalogue and stock records: fields, keys, tombstones, Debezium's envelopes. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "tests/lib/schemas_decoding.h"

#define ROW "{\"itemId\":\"a\",\"price\":2.5,\"location\":\"L\",\"quantity\":3}"

struct row_case {
	char topic; /* 'c', 's' */
	char key[160];
	char json[200];
	char slug[24];
	char field[24];
};

ParameterizedTestParameters(decode_rows, verdicts)
{
	static struct row_case cases[] = {
		{ 'c', "a", "{}", "ok", "" },
		{ 'c', "a", "{\"itemId\":\"a\"}", "ok", "" },
		{ 'c', "", "{\"itemId\":\"a\"}", "ok", "" },
		{ 'c', "b", "{\"itemId\":\"a\"}", "key-mismatch", "itemId" },
		{ 'c', "", "{}", "missing-field", "itemId" },
		{ 'c', "", "", "missing-field", "itemId" },
		{ 'c', "\xff", "{}", "bad-utf8", "key" },
		{ 'c', "a", "[]", "wrong-type", "" },
		{ 'c', "a", "{\"title\":1}", "wrong-type", "title" },
		{ 'c', "a", "{\"title\":\"\\u0000\"}", "bad-string", "title" },
		{ 'c', "a", "{\"rating\":5.0000001}", "out-of-range", "rating" },
		{ 'c', "a", "{\"rating\":-1}", "out-of-range", "rating" },
		{ 'c', "a", "{\"margin\":-0.5}", "ok", "" },
		{ 'c', "a", "{\"margin\":-100000001}", "out-of-range", "margin" },
		{ 'c', "a", "{\"ratingCount\":1.5}", "wrong-type", "ratingCount" },
		{ 'c', "a", "{\"categories\":\"x\"}", "wrong-type", "categories" },
		{ 'c', "a", "{\"categories\":[\" > \"]}", "bad-string", "categories" },
		{ 'c', "a", "{\"tags\":[\"\"]}", "bad-string", "tags" },
		{ 'c', "a", "{\"tags\":[null]}", "wrong-type", "tags" },
		{ 'c', "a", "{\"url\":\" Java\\nScript:x\"}", "bad-string", "url" },
		{ 'c', "a", "{\"imageUrl\":\"javascript:x\"}", "bad-string", "imageUrl" },
		{ 'c', "a", "{\"url\":\"app:x\",\"currency\":\"euro\"}", "ok", "" },
		{ 'c', "a", "{\"accessoriesOf\":[\"\"]}", "bad-id", "accessoriesOf" },
		{ 'c', "a", "{\"availableFrom\":\"soon\"}", "bad-time", "availableFrom" },
		{ 'c', "a", "{\"attributes\":{\"a\":{}}}", "wrong-type", "attributes" },
		{ 'c', "a", "{\"attributes\":{\"a\":[[]]}}", "wrong-type", "attributes" },
		{ 'c', "a", "{\"attributes\":{\"a\":1,\"a\":2}}", "duplicate-key", "" },
		{ 'c', "a", "{\"title\":\"x\",\"title\":\"x\"}", "duplicate-key", "" },
		{ 'c', "a", "{} x", "trailing-bytes", "" },
		{ 'c', "a", "{\"op\":\"c\",\"after\":null}", "missing-field", "after" },
		{ 'c', "a", "{\"op\":\"c\",\"before\":{}}", "missing-field", "after" },
		{ 'c', "a", "{\"op\":\"x\",\"after\":{}}", "wrong-type", "op" },
		{ 'c', "a", "{\"op\":\"c\",\"after\":5}", "wrong-type", "after" },
		{ 'c', "a", "{\"schema\":{},\"payload\":5}", "wrong-type", "" },
		{ 'c', "a", "{\"op\":\"d\",\"before\":5}", "wrong-type", "before" },
		{ 'c', "a", "{\"payload\":5}", "ok", "" },
		{ 's', "a", "{\"quantity\":0}", "ok", "" },
		{ 's', "a", "{}", "missing-field", "quantity" },
		{ 's', "", "{\"quantity\":1}", "missing-field", "itemId" },
		{ 's', "a", "{\"quantity\":-1}", "out-of-range", "quantity" },
		{ 's', "a", "{\"quantity\":1000000001}", "out-of-range", "quantity" },
		{ 's', "a|L", ROW, "ok", "" },
		{ 's', "a", ROW, "ok", "" },
		{ 's', "", ROW, "ok", "" },
		{ 's', "a|M", ROW, "key-mismatch", "itemId" },
		{ 's', "b|L", ROW, "key-mismatch", "itemId" },
		{ 's', "b", ROW, "key-mismatch", "itemId" },
		{ 's', "|L", "{\"quantity\":1}", "bad-id", "key" },
		{ 's', "a|", "", "bad-id", "key" },
		{ 's', "a|M", "{\"quantity\":1,\"location\":\"L\"}", "key-mismatch", "itemId" },
		{ 's', "a", "{\"quantity\":1,\"shipsTo\":[\"\"]}", "bad-string", "shipsTo" },
		{ 's', "a", "{\"quantity\":1,\"asOf\":\"x\"}", "bad-time", "asOf" },
		{ 's', "a", "{\"quantity\":1,\"leadTimeHours\":-1}", "out-of-range", "leadTimeHours" },
	};

	return cr_make_param_array(struct row_case, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct row_case *c, decode_rows, verdicts)
{
	const struct decoded *r = c->topic == 'c' ? catalog_from(c->key, c->json) : stock_from(c->key, c->json);

	cr_expect_str_eq(r->slug, c->slug, "key '%s', %s: %s", c->key, c->json, r->e.text);
	cr_expect_str_eq(r->e.field, c->field, "key '%s', %s: %s", c->key, c->json, r->e.text);
}

static void expect_list(const struct str_list *l, const char *a, const char *b)
{
	cr_assert_eq(l->n, 2);
	cr_expect(str_eq(l->v[0], str_of(a)) && str_eq(l->v[1], str_of(b)), "%.*s", STR_FMT(l->v[0]));
}

Test(decode_rows, every_catalogue_field)
{
	const struct decoded *r =
		catalog_from("a", "{\"title\":\"T\",\"categories\":[\" Shoes>Running \",\"> a > > b\"],"
				  "\"brand\":\"B\",\"price\":2.55,\"listPrice\":3,"
				  "\"currency\":\"GBP\",\"rating\":4.5,\"ratingCount\":12,"
				  "\"attributes\":{ \"c\" : \"w\\u00e9\\n\", \"n\" : [1, 2.50, true, null] },"
				  "\"tags\":[\"x\",\"y\"],\"groupId\":\"g\",\"accessoriesOf\":[\"p\",\"q\"],"
				  "\"margin\":-0.25,\"regions\":[\"GB\",\"DE\"],"
				  "\"availableFrom\":\"1970-01-01T00:00:01Z\",\"availableTo\":2000,"
				  "\"seasons\":[\"w\",\"s\"],\"url\":\"U\",\"imageUrl\":\"I\",\"z\":1}");
	const struct catalog_item *item = &r->item;

	cr_assert_str_eq(r->slug, "ok", "%s", r->e.text);
	cr_expect(!r->deleted);
	cr_expect(str_eq(item->item_id, STR("a")) && str_eq(item->title, STR("T")) && str_eq(item->brand, STR("B")));
	cr_expect(str_eq(item->currency, STR("GBP")) && str_eq(item->group_id, STR("g")));
	cr_expect(str_eq(item->url, STR("U")) && str_eq(item->image_url, STR("I")));
	cr_expect(str_eq(item->attributes, STR("{\"c\":\"w\xc3\xa9\\n\",\"n\":[1,2.50,true,null]}")), "%.*s",
		  STR_FMT(item->attributes));
	cr_expect_eq(item->price_micros, 2550000);
	cr_expect_eq(item->list_price_micros, 3000000);
	cr_expect_eq(item->margin_micros, -250000);
	cr_expect_eq(item->rating_micros, 4500000);
	cr_expect_eq(item->rating_count, 12);
	cr_expect_eq(item->available_from_ms, 1000);
	cr_expect_eq(item->available_to_ms, 2000);
	expect_list(&item->categories, "Shoes > Running", "a > b");
	expect_list(&item->tags, "x", "y");
	expect_list(&item->accessories_of, "p", "q");
	expect_list(&item->regions, "GB", "DE");
	expect_list(&item->seasons, "w", "s");
}

Test(decode_rows, messagepack_attributes_become_json)
{
	static const char packed[] = "\x81\xaa"
				     "attributes\x84\xa1"
				     "c\xa1w\xa1n\x93\x01\xff\xcb\x40\x04\x66\x66\x66\x66\x66\x66"
				     "\xa1t\xc3\xa1z\xc0";
	const struct decoded *r = catalog_from("a", packed);

	cr_assert_str_eq(r->slug, "ok", "%s", r->e.text);
	cr_expect(str_eq(r->item.attributes, STR("{\"c\":\"w\",\"n\":[1,-1,2.55],\"t\":true,\"z\":null}")), "%.*s",
		  STR_FMT(r->item.attributes));
}

Test(decode_rows, tombstones)
{
	static const char *const deletes[] = {
		"",
		"{\"op\":\"d\",\"before\":{\"itemId\":\"other\"},\"after\":null}",
		"{\"op\":\"d\",\"before\":null}",
		"{\"schema\":{},\"payload\":null}",
		"{\"schema\":{},\"payload\":{\"op\":\"d\",\"before\":{\"price\":\"bad\"},\"after\":null}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(deletes); i++) {
		const struct decoded *r = catalog_from("a", deletes[i]);

		cr_assert_str_eq(r->slug, "ok", "%s: %s", deletes[i], r->e.text);
		cr_expect(r->deleted && str_eq(r->item.item_id, STR("a")) && r->item.price_micros == PRICE_ABSENT);
		r = stock_from("a|b|L", deletes[i]);
		cr_assert_str_eq(r->slug, "ok", "%s: %s", deletes[i], r->e.text);
		cr_expect(r->deleted && str_eq(r->stock.item_id, STR("a|b")) && str_eq(r->stock.location, STR("L")));
	}
}

Test(decode_rows, a_delete_without_a_key_names_its_row)
{
	const struct decoded *r = catalog_from("", "{\"before\":" ROW ",\"after\":null,\"op\":\"d\"}");

	cr_assert_str_eq(r->slug, "ok", "%s", r->e.text);
	cr_expect(r->deleted && str_eq(r->item.item_id, STR("a")) && r->item.price_micros == PRICE_ABSENT);
	r = stock_from("", "{\"before\":" ROW ",\"after\":null,\"op\":\"d\"}");
	cr_expect(r->deleted && str_eq(r->stock.item_id, STR("a")) && str_eq(r->stock.location, STR("L")));
	cr_expect_eq(r->stock.quantity, 0);
}

Test(decode_rows, envelopes_come_off)
{
	static const char *const envelopes[] = {
		"{\"before\":null,\"after\":" ROW ",\"source\":{\"db\":\"x\"},\"op\":\"c\",\"ts_ms\":1}",
		"{\"op\":\"u\",\"before\":{\"itemId\":\"z\"},\"after\":" ROW "}",
		"{\"schema\":{\"type\":\"struct\"},\"payload\":{\"before\":null,\"after\":" ROW ",\"op\":\"r\"}}",
		"{\"payload\":" ROW ",\"schema\":null}",
		ROW,
	};

	for (size_t i = 0; i < ARRAY_SIZE(envelopes); i++) {
		const struct decoded *r = catalog_from("a", envelopes[i]);

		cr_assert_str_eq(r->slug, "ok", "%s: %s", envelopes[i], r->e.text);
		cr_expect(!r->deleted && r->item.price_micros == 2500000);
		r = stock_from("a|L", envelopes[i]);
		cr_assert_str_eq(r->slug, "ok", "%s: %s", envelopes[i], r->e.text);
		cr_expect(!r->deleted && r->stock.quantity == 3 && str_eq(r->stock.location, STR("L")));
	}
}

Test(decode_rows, every_stock_field)
{
	const struct decoded *r =
		stock_from("a|b",
			   "{\"itemId\":\"a|b\",\"location\":\"L\",\"quantity\":1e9,\"shipsTo\":[\"GB\",\"D\\u0045\"],"
			   "\"leadTimeHours\":24,\"asOf\":\"1970-01-01T00:00:01Z\"}");

	cr_assert_str_eq(r->slug, "ok", "%s", r->e.text);
	cr_expect(str_eq(r->stock.item_id, STR("a|b")) && str_eq(r->stock.location, STR("L")));
	cr_expect_eq(r->stock.quantity, STOCK_QUANTITY_MAX);
	cr_expect_eq(r->stock.lead_time_hours, 24);
	cr_expect(r->stock.has_as_of && r->stock.as_of_ms == 1000);
	cr_assert_eq(r->stock.ships_to_count, 2);
	cr_expect(str_eq(r->stock.ships_to[1], STR("DE")));
	r = stock_from("a", "{\"quantity\":0}");
	cr_expect(!r->stock.location.n && !r->stock.has_as_of && !r->stock.ships_to_count &&
		  r->stock.lead_time_hours == -1);
}
