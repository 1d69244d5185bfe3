/* Events: what each field becomes, every way to be refused, the rules between fields. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/schemas_decoding.h"

#define X8 "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8
#define VIEW "\"type\":\"view\",\"userId\":\"u\",\"itemId\":\"a\""

struct refused {
	char json[900];
	char slug[24];
	char field[24];
};

ParameterizedTestParameters(decode_event, refused)
{
	static struct refused cases[] = {
		{ "", "bad-json", "" },
		{ "[]", "wrong-type", "" },
		{ "1", "wrong-type", "" },
		{ "{" VIEW, "bad-json", "" },
		{ "{" VIEW "}{", "trailing-bytes", "" },
		{ "{" VIEW ",\"userId\":\"v\"}", "duplicate-key", "userId" },
		{ "{" VIEW ",\"x\":1,\"x\":2}", "duplicate-key", "" },
		{ "{" VIEW ",\"x\":\"\xff\"}", "bad-utf8", "" },
		{ "{" VIEW ",\"context\":{\"region\":\"a\",\"region\":\"a\"}}", "duplicate-key", "context.region" },
		{ "{" VIEW ",\"context\":{\"x\":1,\"x\":1}}", "duplicate-key", "" },
		{ "{}", "missing-field", "type" },
		{ "{\"type\":null}", "missing-field", "type" },
		{ "{\"type\":5}", "wrong-type", "type" },
		{ "{\"type\":\"nosuch\"}", "unknown-event-type", "type" },
		{ "{\"type\":\"View\"}", "unknown-event-type", "type" },
		{ "{\"type\":\"\"}", "unknown-event-type", "type" },
		{ "{\"type\":\"view\",\"itemId\":\"a\"}", "missing-field", "userId" },
		{ "{\"type\":\"view\",\"userId\":null,\"itemId\":\"a\"}", "missing-field", "userId" },
		{ "{\"type\":\"view\",\"userId\":\"u\"}", "missing-field", "itemId" },
		{ "{\"type\":\"view\",\"userId\":\"u\",\"items\":[]}", "missing-field", "itemId" },
		{ "{\"type\":\"search\",\"userId\":\"u\"}", "missing-field", "query" },
		{ "{\"type\":\"search\",\"userId\":\"u\",\"query\":\"\"}", "missing-field", "query" },
		{ "{\"type\":\"search\",\"userId\":\"u\",\"query\":\" \\t\"}", "bad-string", "query" },
		{ "{\"type\":\"view\",\"userId\":5}", "wrong-type", "userId" },
		{ "{\"type\":\"view\",\"userId\":\"\"}", "bad-id", "userId" },
		{ "{\"type\":\"view\",\"userId\":\"a\\u0000\"}", "bad-id", "userId" },
		{ "{\"visitorId\":\"" X64 X64 "x\"}", "bad-id", "visitorId" },
		{ "{\"eventId\":\"" X64 "x\"}", "bad-id", "eventId" },
		{ "{\"sessionId\":\"\"}", "bad-id", "sessionId" },
		{ "{\"orderId\":[]}", "wrong-type", "orderId" },
		{ "{" VIEW ",\"quantity\":0}", "out-of-range", "quantity" },
		{ "{" VIEW ",\"quantity\":10001}", "out-of-range", "quantity" },
		{ "{" VIEW ",\"quantity\":-1}", "out-of-range", "quantity" },
		{ "{" VIEW ",\"quantity\":1e300}", "out-of-range", "quantity" },
		{ "{" VIEW ",\"quantity\":1.5}", "wrong-type", "quantity" },
		{ "{" VIEW ",\"quantity\":\"1\"}", "wrong-type", "quantity" },
		{ "{" VIEW ",\"quantity\":true}", "wrong-type", "quantity" },
		{ "{" VIEW ",\"price\":-0.01}", "out-of-range", "price" },
		{ "{" VIEW ",\"price\":-1e-400}", "out-of-range", "price" },
		{ "{" VIEW ",\"price\":100000000.0000001}", "out-of-range", "price" },
		{ "{" VIEW ",\"price\":\"1\"}", "wrong-type", "price" },
		{ "{" VIEW ",\"price\":{}}", "wrong-type", "price" },
		{ "{" VIEW ",\"position\":-1}", "out-of-range", "position" },
		{ "{" VIEW ",\"position\":2147483648}", "out-of-range", "position" },
		{ "{" VIEW ",\"eventTime\":\"yesterday\"}", "bad-time", "eventTime" },
		{ "{" VIEW ",\"eventTime\":1.5}", "bad-time", "eventTime" },
		{ "{" VIEW ",\"eventTime\":-1}", "out-of-range", "eventTime" },
		{ "{" VIEW ",\"eventTime\":true}", "wrong-type", "eventTime" },
		{ "{" VIEW ",\"eventTime\":253402300800000}", "out-of-range", "eventTime" },
		{ "{" VIEW ",\"eventTime\":\"1969-12-31T23:59:59Z\"}", "out-of-range", "eventTime" },
		{ "{" VIEW ",\"items\":[{\"itemId\":\"b\"}]}", "conflicting-fields", "items" },
		{ "{" VIEW ",\"items\":[]}", "conflicting-fields", "items" },
		{ "{\"type\":\"view\",\"userId\":\"u\",\"quantity\":1,\"items\":[{\"itemId\":\"b\"}]}",
		  "conflicting-fields", "quantity" },
		{ "{\"type\":\"view\",\"userId\":\"u\",\"price\":1,\"items\":[{\"itemId\":\"b\"}]}",
		  "conflicting-fields", "price" },
		{ "{\"items\":{}}", "wrong-type", "items" },
		{ "{\"items\":[1]}", "wrong-type", "items" },
		{ "{\"items\":[null]}", "wrong-type", "items" },
		{ "{\"items\":[{}]}", "missing-field", "items.itemId" },
		{ "{\"items\":[{\"itemId\":\"\"}]}", "bad-id", "items.itemId" },
		{ "{\"items\":[{\"itemId\":\"a\",\"quantity\":0}]}", "out-of-range", "items.quantity" },
		{ "{\"items\":[{\"itemId\":\"a\",\"itemId\":\"a\"}]}", "duplicate-key", "items.itemId" },
		{ "{\"context\":[]}", "wrong-type", "context" },
		{ "{\"context\":{\"country\":1}}", "wrong-type", "context.country" },
		{ "{\"context\":{\"device\":\"" X64 "x\"}}", "bad-string", "context.device" },
		{ "{\"currency\":\"a\\u0000\"}", "bad-string", "currency" },
		{ "{\"query\":\"" X64 X64 X64 X64 X64 X64 X64 X64 "x\"}", "bad-string", "query" },
		{ "{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", "too-deep", "" },
		{ "\x92\x01\x02", "bad-json", "" },
		{ "\x81\xa4type\xc4\x01v", "wrong-type", "type" },
		{ "\x81\xa4type", "bad-msgpack", "" },
	};

	return cr_make_param_array(struct refused, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct refused *c, decode_event, refused)
{
	const struct decoded *r = event_from(c->json);

	cr_expect_str_eq(r->slug, c->slug, "%s: %s", c->json, r->e.text);
	cr_expect_str_eq(r->e.field, c->field, "%s: %s", c->json, r->e.text);
	cr_expect(r->e.text[0]);
	cr_expect_eq(error_class(r->e.code), CLASS_SKIP);
}

/* The verdict on an id of n letters whose letter `at` is written as `text`. */
static const char *with_letter(int n, int at, const char *text)
{
	char json[200];

	snprintf(json, sizeof(json), "{\"type\":\"view\",\"itemId\":\"a\",\"userId\":\"%.*s%s%.*s\"}", at, X64, text,
		 n - at - 1, X64);
	return event_from(json)->slug;
}

Test(decode_event, control_characters_are_found_anywhere_in_an_id)
{
	static const char *const bad[] = { "\\u0000", "\\u0001", "\\u001f", "\\n", "\\u007f", "\x7f" };
	static const char *const good[] = {
		" ", "~", "\\u0020", "\\u0080", "\xc2\x9f", "\xc3\xbf", "\xf0\x9f\xbf\xbf"
	};

	for (int n = 1; n <= 25; n++) {
		for (int at = 0; at < n; at++) {
			for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
				cr_expect_str_eq(with_letter(n, at, bad[i]), "bad-id", "%s, %d of %d", bad[i], at, n);
			for (size_t i = 0; i < ARRAY_SIZE(good); i++)
				cr_expect_str_eq(with_letter(n, at, good[i]), "ok", "%s, %d of %d", good[i], at, n);
		}
	}
}

Test(decode_event, every_field)
{
	const struct decoded *r = event_from(
		"{\"eventId\":\"e\\u00e9\",\"type\":\"purchase\","
		"\"eventTime\":\"2011-12-09T12:50:00.5+01:00\",\"userId\":\"u\",\"visitorId\":\"v\","
		"\"sessionId\":\"s\",\"items\":[{\"itemId\":\"a\",\"quantity\":2.0,"
		"\"price\":2.55},{\"itemId\":\"b\",\"x\":[]}],"
		"\"orderId\":\"o\",\"currency\":\"GBP\",\"query\":\" Red \",\"position\":3,\"offerId\":\"ten\","
		"\"recommendationId\":\"r\",\"other\":{\"deep\":[1]},"
		"\"context\":{\"country\":\"GB\",\"region\":\"L\",\"device\":\"phone\",\"channel\":\"web\",\"x\":1}}");
	const struct event *ev = &r->ev;

	cr_assert_str_eq(r->slug, "ok", "%s", r->e.text);
	cr_expect_eq(ev->type, EVENT_PURCHASE);
	cr_expect(ev->has_time);
	cr_expect_eq(ev->t_ms, INT64_C(1323431400500));
	cr_expect(str_eq(ev->event_id, STR("e\xc3\xa9")));
	cr_expect(str_eq(ev->user_id, STR("u")) && str_eq(ev->visitor_id, STR("v")) &&
		  str_eq(event_actor(ev), STR("u")));
	cr_expect(str_eq(ev->session_id, STR("s")) && str_eq(ev->order_id, STR("o")) &&
		  str_eq(ev->currency, STR("GBP")));
	cr_expect(str_eq(ev->query, STR(" Red ")) && str_eq(ev->recommendation_id, STR("r")));
	cr_expect(str_eq(ev->country, STR("GB")) && str_eq(ev->region, STR("L")));
	cr_expect(str_eq(ev->device, STR("phone")) && str_eq(ev->channel, STR("web")));
	cr_expect(str_eq(ev->offer_id, STR("ten")));
	cr_expect_eq(ev->position, 3);
	cr_assert_eq(ev->item_count, 2);
	cr_expect(str_eq(ev->items[0].id, STR("a")) && ev->items[0].has_price);
	cr_expect_eq(ev->items[0].quantity, 2);
	cr_expect_eq(ev->items[0].price_micros, 2550000);
	cr_expect(str_eq(ev->items[1].id, STR("b")) && !ev->items[1].has_price);
	cr_expect_eq(ev->items[1].quantity, 1);
}

Test(decode_event, what_is_absent_or_null)
{
	const struct decoded *r =
		event_from("{\"type\":\"view\",\"visitorId\":\"v\",\"userId\":null,\"itemId\":\"a\",\"items\":null,"
			   "\"price\":null,\"context\":null,\"eventTime\":null,\"currency\":\"\"}");

	cr_assert_str_eq(r->slug, "ok", "%s", r->e.text);
	cr_expect(!r->ev.has_time && !r->ev.user_id.n && !r->ev.currency.p && !r->ev.country.p);
	cr_expect_eq(r->ev.position, -1);
	cr_assert_eq(r->ev.item_count, 1);
	cr_expect(str_eq(r->ev.items[0].id, STR("a")) && r->ev.items[0].quantity == 1 && !r->ev.items[0].has_price);
	cr_expect(str_eq(event_actor(&r->ev), STR("v")));
}

Test(decode_event, a_single_item_has_its_quantity_and_price)
{
	const struct decoded *r = event_from("{" VIEW ",\"quantity\":10000,\"price\":100000000}");

	cr_assert_str_eq(r->slug, "ok", "%s", r->e.text);
	cr_expect_eq(r->ev.items[0].quantity, 10000);
	cr_expect_eq(r->ev.items[0].price_micros, EVENT_PRICE_MAX_MICROS);
}

Test(decode_event, a_search_needs_no_item)
{
	const struct decoded *r =
		event_from("{\"type\":\"search\",\"userId\":\"u\",\"query\":\"x\",\"quantity\":2,\"items\":null}");

	cr_assert_str_eq(r->slug, "ok", "%s", r->e.text);
	cr_expect_eq(r->ev.item_count, 0);
	r = event_from("{\"type\":\"search\",\"userId\":\"u\",\"query\":\"x\",\"itemId\":\"a\"}");
	cr_assert_str_eq(r->slug, "ok", "%s", r->e.text);
	cr_expect_eq(r->ev.item_count, 1);
}

Test(decode_event, strings_without_escapes_point_into_the_record)
{
	static const char json[] = "{" VIEW ",\"sessionId\":\"s\\u0041\"}";
	struct decoder *d;
	struct event ev;

	cr_assert_eq(decoder_new(NULL, &d, NULL), 0);
	cr_assert_eq(decode_event(d, json, sizeof(json) - 1, &ev, NULL), 0);
	cr_expect(ev.user_id.p > json && ev.user_id.p < json + sizeof(json));
	cr_expect(str_eq(ev.session_id, STR("sA")));
	decoder_free(d);
}

Test(decode_event, messagepack)
{
	static const unsigned char bytes[] = "\x86\xa4type\xa8purchase\xa9visitorId\xa1v\xa9"
					     "eventTime\xcf\x00\x00\x01\x34\x22\x7a\x8d\x40"
					     "\xa6itemId\xd9\x01"
					     "a\xa8quantity\xcd\x00\x02\xa5price\xcb\x40\x04\x66\x66\x66\x66\x66\x66";
	const struct decoded *r = event_from_bytes(bytes, sizeof(bytes) - 1);

	cr_assert_str_eq(r->slug, "ok", "%s", r->e.text);
	cr_expect_eq(r->ev.type, EVENT_PURCHASE);
	cr_expect_eq(r->ev.t_ms, INT64_C(0x134227a8d40));
	cr_expect_eq(r->ev.items[0].quantity, 2);
	cr_expect_eq(r->ev.items[0].price_micros, 2550000);
	for (size_t n = 1; n < sizeof(bytes) - 1; n++)
		cr_expect_str_eq(event_from_bytes(bytes, n)->slug, "bad-msgpack");
}

/* n entries of items, and the verdict. */
static const char *with_items(int n)
{
	char *json = xmalloc((size_t)n * 32 + 100), *at = json;
	const char *slug;

	at += sprintf(at, "{\"type\":\"purchase\",\"userId\":\"u\",\"items\":[");
	for (int i = 0; i < n; i++)
		at += sprintf(at, "%s{\"itemId\":\"i%d\"}", i ? "," : "", i);
	sprintf(at, "]}");
	slug = event_from(json)->slug;
	free(json);
	return slug;
}

Test(decode_event, items_are_bounded)
{
	cr_expect_str_eq(with_items(EVENT_ITEMS_MAX), "ok");
	cr_expect_str_eq(with_items(EVENT_ITEMS_MAX + 1), "too-many");
}

Test(decode_event, records_are_bounded)
{
	static const char json[] = "{" VIEW "}";
	struct decode_options opt = { .record_max = sizeof(json) - 1 };
	struct error e = { 0 };
	struct decoder *d;
	struct event ev;

	cr_assert_eq(decoder_new(&opt, &d, NULL), 0);
	cr_expect_eq(decode_event(d, json, sizeof(json) - 1, &ev, &e), 0);
	cr_expect_eq(decode_event(d, json, sizeof(json), &ev, &e), ERR_TOO_LARGE);
	decoder_free(d);
}
