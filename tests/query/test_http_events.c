#include "tests/lib/query_http.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/socket.h>

#define VIEW(id) "{\"type\":\"view\",\"userId\":\"u1\",\"itemId\":\"" id "\"}"

static struct shopfront f;

static void setup(void)
{
	shopfront_open(&f, "http.eventsMax=5", "http.publishTimeout=60s", "http.bodyMax=4096", NULL);
}

static void setup_short(void)
{
	shopfront_open(&f, "http.publishTimeout=100ms", NULL);
}

static void teardown(void)
{
	shopfront_close(&f);
}

TestSuite(http_events, .init = setup, .fini = teardown, .timeout = 60);
TestSuite(http_events_timeout, .init = setup_short, .fini = teardown, .timeout = 60);

static struct reply *post(const char *body)
{
	return ask(&f, "POST", "/v1/events", body);
}

static void expect_record(size_t i, const char *topic, const char *key, const char *value)
{
	const struct fake_record *r = &f.publisher.v[i];

	cr_assert_lt(i, fake_count(&f.publisher));
	cr_assert_str_eq(r->topic, topic);
	cr_assert(str_eq(r->key, str_of(key)), "%.*s", STR_FMT(r->key));
	if (value)
		cr_assert(str_eq(r->value, str_of(value)), "%.*s", STR_FMT(r->value));
	else
		cr_assert_null(r->value.p);
}

Test(http_events, one_event_is_produced_unchanged_with_its_actor_as_key)
{
	struct reply *r = post("  { \"type\" : \"view\", \"visitorId\":\"v\\u0031\", \"itemId\":\"p1\", \"x\": 1 }\n");

	cr_assert_eq(r->status, 202, "%s", r->body);
	cr_assert_str_eq(r->body, "{\"status\":\"accepted\",\"partition\":3,\"offset\":0}");
	expect_record(0, "shop.events", "v1",
		      "{ \"type\" : \"view\", \"visitorId\":\"v\\u0031\", \"itemId\":\"p1\", \"x\": 1 }");
}

Test(http_events, an_array_tells_each_event_its_own)
{
	struct reply *r = post("[" VIEW("a") " , {\"type\":\"view\",\"userId\":\"u1\"}, \n" VIEW("b,]}") "]");

	cr_assert_eq(r->status, 207, "%s", r->body);
	cr_assert(strstr(r->body, "{\"accepted\":2,\"refused\":1,\"events\":[{\"index\":0,\"status\":202,"), "%s",
		  r->body);
	cr_assert(strstr(r->body,
			 "{\"index\":1,\"status\":400,\"error\":{\"type\":\"urn:aisle:problem:missing-field\""),
		  "%s", r->body);
	cr_assert(strstr(r->body, "\"index\":2,\"status\":202"), "%s", r->body);
	expect_record(0, "shop.events", "u1", VIEW("a"));
	expect_record(1, "shop.events", "u1", VIEW("b,]}"));
	cr_assert_eq(fake_count(&f.publisher), 2);
	cr_assert_eq(post("[" VIEW("a") "]")->status, 200);
}

static const struct {
	const char *body;
	int status;
	const char *slug, *field;
} bad[] = {
	{ "", 400, "bad-body", NULL },
	{ "[]", 400, "bad-body", NULL },
	{ "[ ]", 400, "bad-body", NULL },
	{ "[" VIEW("a") ",]", 400, "bad-body", NULL },
	{ "[" VIEW("a"), 400, "bad-body", NULL },
	{ "[" VIEW("a") "]]", 400, "bad-body", NULL },
	{ "[" VIEW("a") "}", 400, "bad-body", NULL },
	{ "[\"", 400, "bad-body", NULL },
	{ "[\"\\", 400, "bad-body", NULL },
	{ "[[[[", 400, "bad-body", NULL },
	{ "5", 400, "wrong-type", NULL },
	{ "\x81\xa4type\xa4view", 400, "wrong-type", NULL },
	{ "{", 400, "bad-json", NULL },
	{ "{\"type\":\"view\",\"userId\":\"u\",\"itemId\":\"\"}", 400, "bad-id", "itemId" },
	{ "{\"type\":\"look\",\"userId\":\"u\",\"itemId\":\"a\"}", 400, "unknown-event-type", "type" },
	{ "{\"type\":\"view\",\"userId\":\"u\",\"itemId\":\"a\",\"eventTime\":\"2999-01-01T00:00:00Z\"}", 400,
	  "time-in-future", "eventTime" },
	{ "{\"type\":\"view\",\"userId\":\"u\",\"itemId\":\"a\",\"eventTime\":1764000000}", 400, "bad-time",
	  "eventTime" },
	{ "[5,6]", 400, "bad-body", NULL },
	{ "[1,2,3,4,5,6]", 413, "body-too-large", NULL },
};

Test(http_events, bad_bodies)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_problem(post(bad[i].body), bad[i].status, bad[i].slug, bad[i].field, bad[i].body);
	cr_assert_eq(fake_count(&f.publisher), 0);
	cr_assert(strstr(post("[5,6]")->head, "cache-control: no-store"));
	cr_assert(strstr(post("[]")->body, "\"title\":\"the request body is not what the path takes\""),
		  "it is valid JSON");
	expect_problem(ask_with(&f, "POST", "/v1/events", "Content-Type: text/plain\r\n", VIEW("a")), 415,
		       "unsupported-media-type", "content-type", "text");
}

static const char *const places[][2] = {
	{ "{\"type\":\"view\",\n \"\xc3\xbc\":1 x}", "\"line 2 column 8: 'x' where " },
	{ "{\"type\":\n\"view\"", "\"line 2 column 7: JSON ends where " },
	{ "{\n\"type\":\"\xff\"}", "\"line 2 column 9: byte 0xff is not UTF-8\"" },
	{ VIEW("a") "\n{}", "\"line 2 column 1: 2 bytes after the end of the JSON value\"" },
	{ "[" VIEW("a") ",\n {\"type\",}]", "\"line 1 column 8: ',' where " }, /* of the entry */
	{ "\n[" VIEW("a") ",\n]", "\"line 3 column 1: the body is not JSON\"" },
	{ "[" VIEW("a") "]\nx", "\"line 2 column 1: the body has something behind the JSON\"" },
};

Test(http_events, bad_json_has_its_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct reply *r = post(places[i][0]);

		cr_assert(strstr(r->body, places[i][1]), "%s: %s", places[i][0], r->body);
	}
}

Test(http_events, large_bodies_are_refused)
{
	static char body[8192];

	memset(body, ' ', sizeof(body) - 1);
	expect_problem(post(body), 413, "body-too-large", NULL, "declared");
}

Test(http_events, a_full_queue_and_a_failed_send_are_503)
{
	const struct reply *r;

	fake_set(&f.publisher, FAKE_REFUSE);
	expect_problem(post(VIEW("a")), 503, "broker-unavailable", NULL, "refuse");
	r = post("[" VIEW("a") ",{}]");
	cr_assert_eq(r->status, 503);
	cr_assert(strstr(r->head, "retry-after: 1"));
	cr_assert(strstr(r->body,
			 "{\"index\":0,\"status\":503,\"error\":{\"type\":\"urn:aisle:problem:broker-unavailable\""),
		  "%s", r->body);
	cr_assert(strstr(r->body,
			 "{\"index\":1,\"status\":400,\"error\":{\"type\":\"urn:aisle:problem:missing-field\""),
		  "%s", r->body);
	fake_set(&f.publisher, FAKE_FAIL);
	expect_problem(post(VIEW("a")), 503, "broker-unavailable", NULL, "fail");
	cr_expect(
		strstr(ask(&f, "PUT", "/v1/items/a", "{}")->body, "sending again is safe, an event with its eventId"));
}

/* Sooner or later: on a busy machine an acknowledgement may take longer than setup_short's timeout. */
static void expect_accepted_again(void)
{
	uint64_t end_ns = clock_system.monotonic_ns(&clock_system) + WAIT_MS * UINT64_C(1000000);
	struct reply *r = post(VIEW("a"));

	for (; r->status != 202 && clock_system.monotonic_ns(&clock_system) < end_ns; r = post(VIEW("a")))
		expect_problem(r, 503, "broker-unavailable", NULL, "too late");
	cr_assert_eq(r->status, 202);
}

Test(http_events_timeout, a_broker_that_never_answers_is_503_and_late_answers_hurt_nobody)
{
	fake_set(&f.publisher, FAKE_HOLD);
	expect_problem(post(VIEW("a")), 503, "broker-unavailable", NULL, "hold");
	expect_problem(post("[" VIEW("a") "," VIEW("b") "]"), 503, "broker-unavailable", NULL, "hold");
	fake_set(&f.publisher, FAKE_ACK);
	expect_accepted_again();
}

Test(http_events, acknowledged_late_is_answered_late)
{
	static struct client c;
	static struct reply r;
	const char *request =
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n"
		"{\"type\":\"view\",\"userId\":\"u1\",\"itemId\":\"abcde\"}";

	fake_set(&f.publisher, FAKE_HOLD);
	client_open(&c, f.port);
	client_send(&c, request, strlen(request));
	while (fake_count(&f.publisher) == 0)
		cr_assert_eq(ask(&f, "GET", "/healthz", NULL)->status, 200);
	fake_set(&f.publisher, FAKE_ACK);
	cr_assert(client_read(&c, false, &r));
	cr_assert_eq(r.status, 202, "%s", r.body);
	client_close(&c);
}

/* The client is gone when the acknowledgement comes, and the server may be too. */
Test(http_events, clients_that_leave_while_waiting)
{
	static struct client c;
	const char *request =
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n"
		"{\"type\":\"view\",\"userId\":\"u1\",\"itemId\":\"abcde\"}";

	fake_set(&f.publisher, FAKE_HOLD);
	for (size_t i = 1; i <= 8; i++) {
		client_open(&c, f.port);
		client_send(&c, request, strlen(request));
		while (fake_count(&f.publisher) < i)
			cr_assert_eq(ask(&f, "GET", "/healthz", NULL)->status, 200);
		client_close(&c);
	}
	fake_set(&f.publisher, FAKE_ACK);
	cr_assert_eq(post(VIEW("a"))->status, 202);
	fake_set(&f.publisher, FAKE_HOLD);
	client_open(&c, f.port);
	client_send(&c, request, strlen(request));
	while (fake_count(&f.publisher) < 10)
		cr_assert_eq(ask(&f, "GET", "/healthz", NULL)->status, 200);
	client_close(&c);
	/* teardown stops the server while one is held; its acknowledgement comes when the publisher closes */
}

static void *post_many(void *arg)
{
	static const char request[] = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
				      "Content-Length: 41\r\n\r\n{\"type\":\"view\",\"userId\":\"u\",\"itemId\":\"a\"}";
	struct client *c = calloc(1, sizeof(*c));
	struct reply *r = calloc(1, sizeof(*r));
	intptr_t accepted = 0;

	(void)arg;
	client_open(c, f.port);
	for (int i = 0; i < 200; i++) {
		client_send(c, request, sizeof(request) - 1);
		if (!client_read(c, false, r))
			break;
		accepted += r->status == 202;
	}
	client_close(c);
	free(c);
	free(r);
	return (void *)accepted;
}

Test(http_events, many_at_once_are_all_acknowledged)
{
	pthread_t t[8];
	void *accepted;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		cr_assert_eq(pthread_create(&t[i], NULL, post_many, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		pthread_join(t[i], &accepted);
		cr_assert_eq((intptr_t)accepted, 200);
	}
	cr_assert_eq(fake_count(&f.publisher), 1600);
}

/* HTTP/2 frees a cancelled request at once, while its record is still under way. */
Test(http_events, a_cancelled_http2_stream)
{
	static const char post_it[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				      "\0\0\0\x04\0\0\0\0\0"
				      "\0\0\x23\x01\x04\0\0\0\x01\x83\x86\x44\x0a/v1/events\x41\x01x\x5f\x10"
				      "application/json"
				      "\0\0\x29\0\x01\0\0\0\x01{\"type\":\"view\",\"userId\":\"u\",\"itemId\":\"a\"}";
	static const char cancel[] = "\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08"
				     "\0\0\x08\x06\0\0\0\0\0"
				     "pingping";
	static struct client c;

	fake_set(&f.publisher, FAKE_HOLD);
	client_open(&c, f.port);
	client_send(&c, post_it, sizeof(post_it) - 1);
	while (fake_count(&f.publisher) == 0)
		cr_assert_eq(ask(&f, "GET", "/healthz", NULL)->status, 200);
	client_send(&c, cancel, sizeof(cancel) - 1);
	while (!memmem(c.buf, c.n, "pingping", 8)) {
		ssize_t n = recv(c.fd, c.buf + c.n, sizeof(c.buf) - c.n, 0);

		cr_assert_gt(n, 0);
		c.n += (size_t)n;
	}
	fake_set(&f.publisher, FAKE_ACK);
	cr_assert_eq(post(VIEW("a"))->status, 202);
	client_close(&c);
}

static const struct {
	const char *method, *path, *body;
	int status;
	const char *slug, *field; /* refused */
	const char *topic, *key;  /* accepted */
} writes[] = {
	{ "PUT", "/v1/items/p%7C1", "{\"title\":\"T\"}", 202, NULL, NULL, "shop.catalog", "p|1" },
	{ "PUT", "/v1/items/p1", "{\"itemId\":\"p1\",\"price\":2.5,\"categories\":[\"A > B\"]}", 202, NULL, NULL,
	  "shop.catalog", "p1" },
	{ "DELETE", "/v1/items/p1", NULL, 202, NULL, NULL, "shop.catalog", "p1" },
	{ "PUT", "/v1/items/p1/stock", "{\"quantity\":4}", 202, NULL, NULL, "shop.stock", "p1" },
	{ "PUT", "/v1/items/p1/stock", "{\"quantity\":4,\"location\":\"berlin\"}", 202, NULL, NULL, "shop.stock",
	  "p1|berlin" },
	{ "PUT", "/v1/items/p1", "{\"url\":\"/p/1?a:b\",\"imageUrl\":\"HTTPS://x/a:b\",\"currency\":\"EUR\"}", 202,
	  NULL, NULL, "shop.catalog", "p1" },
	{ "DELETE", "/v1/items/p%20", NULL, 202, NULL, NULL, "shop.catalog", "p " },
	{ "PUT", "/v1/items/%20%20", "{}", 400, "bad-parameter", "itemId", NULL, NULL },
	{ "PUT", "/v1/items/p1", "{\"currency\":\"EURO\"}", 400, "bad-string", "currency", NULL, NULL },
	{ "PUT", "/v1/items/p1", "{\"currency\":\"eur\"}", 400, "bad-string", "currency", NULL, NULL },
	{ "PUT", "/v1/items/p1", "{\"url\":\"javascript:x\"}", 400, "bad-string", "url", NULL, NULL },
	{ "PUT", "/v1/items/p1", "{\"imageUrl\":\"data:x\"}", 400, "bad-string", "imageUrl", NULL, NULL },
	{ "PUT", "/v1/items/p1", "{\"itemId\":\"p2\"}", 400, "key-mismatch", "itemId", NULL, NULL },
	{ "PUT", "/v1/items/p1", "{\"price\":\"x\"}", 400, "wrong-type", "price", NULL, NULL },
	{ "PUT", "/v1/items/p1", "{\"titel\":\"T\"}", 400, "unknown-field", "titel", NULL, NULL },
	{ "PUT", "/v1/items/p1", "{\"op\":\"d\",\"before\":null}", 400, "unknown-field", "op", NULL, NULL },
	{ "PUT", "/v1/items/p1/stock", "{\"quantity\":4,\"asOf\":\"9999-12-31T00:00:00Z\"}", 400, "time-in-future",
	  "asOf", NULL, NULL },
	{ "PUT", "/v1/items/p1",
	  "{\"availableFrom\":\"2027-01-02T00:00:00Z\",\"availableTo\":\"2027-01-01T00:00:00Z\"}", 400,
	  "conflicting-fields", "availableTo", NULL, NULL },
	{ "PUT", "/v1/items/p1", "[]", 400, "bad-body", NULL, NULL, NULL },
	{ "PUT", "/v1/items/p1", "", 400, "bad-body", NULL, NULL, NULL },
	{ "PUT", "/v1/items/p1?x=1", "{}", 400, "unknown-parameter", "x", NULL, NULL },
	{ "PUT", "/v1/items/p1/stock", "{\"quantity\":-4}", 400, "out-of-range", "quantity", NULL, NULL },
	{ "PUT", "/v1/items/p%7C1/stock", "{\"quantity\":4}", 400, "key-mismatch", "itemId", NULL, NULL },
	{ "PUT", "/v1/items/p1/stock", "{\"quantity\":4,\"location\":\"a\\tb\"}", 400, "bad-id", "location", NULL,
	  NULL },
	{ "PUT", "/v1/items/p1/stock", "{\"quantity\":4,\"location\":\"\\u007f\"}", 400, "bad-id", "location", NULL,
	  NULL },
	{ "PUT", "/v1/items/p1/stock", "{\"quantity\":1,\"itemId\":\"p2\"}", 400, "key-mismatch", "itemId", NULL,
	  NULL },
	{ "PUT", "/v1/items/p1/stock", "{}", 400, "missing-field", "quantity", NULL, NULL },
};

Test(http_events, catalogue_and_stock_writes)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		struct reply *r = ask(&f, writes[i].method, writes[i].path, writes[i].body);

		if (writes[i].slug) {
			expect_problem(r, writes[i].status, writes[i].slug, writes[i].field, writes[i].body);
			continue;
		}
		cr_assert_eq(r->status, writes[i].status, "%s %s: %s", writes[i].path, writes[i].body, r->body);
		cr_assert(strstr(r->body, "{\"status\":\"accepted\",\"itemId\":\"p"), "%s", r->body);
		expect_record(n++, writes[i].topic, writes[i].key, writes[i].body);
	}
	cr_assert_eq(fake_count(&f.publisher), n);
}

static const struct {
	const char *method, *path, *body, *says;
} meant[] = {
	{ "POST", "/v1/events", "{\"type\":\"veiw\"}",
	  "are; did you mean 'view'?\",\"field\":\"type\",\"suggestion\":\"view\"" },
	{ "PUT", "/v1/items/p1", "{\"category\":\"A\"}",
	  "did you mean 'categories'?\",\"field\":\"category\",\"suggestion\":\"categories\"" },
	{ "PUT", "/v1/items/p1", "{\"colour\":\"red\"}",
	  "there is no field 'colour': fields of your own go into 'attributes'\"" },
	{ "PUT", "/v1/items/p1", "{\"stock\":3}",
	  "there is no field 'stock': stock has a path of its own, /v1/items/{itemId}/stock\"" },
	{ "PUT", "/v1/items/p1/stock", "{\"quantiy\":1}", "\"suggestion\":\"quantity\"" },
};

Test(http_events, refusals_say_what_was_meant)
{
	for (size_t i = 0; i < ARRAY_SIZE(meant); i++) {
		struct reply *r = ask(&f, meant[i].method, meant[i].path, meant[i].body);

		cr_assert(r->status == 400 && strstr(r->body, meant[i].says), "%s: %s", meant[i].body, r->body);
	}
}

Test(http_events, without_a_broker_nothing_is_written)
{
	struct shopfront g;

	shopfront_prepare(&g, NULL);
	g.opt.publisher = NULL;
	shopfront_start(&g);
	expect_problem(ask(&g, "POST", "/v1/events", VIEW("a")), 503, "read-only", NULL, "events");
	expect_problem(ask(&g, "PUT", "/v1/items/a", "{}"), 503, "read-only", NULL, "item");
	shopfront_close(&g);
}

Test(http_events_timeout, the_feed_tells_what_was_accepted)
{
	static struct client c, d;
	struct shopfront g;

	shopfront_prepare(&g, NULL);
	g.opt.trusted_feed = true;
	shopfront_start(&g);
	client_open(&c, g.port);
	client_send(&c, "GET /demo/feed HTTP/1.1\r\nHost: x\r\n\r\n", 37);
	cr_assert(client_wait(&c, ": hello\n\n"), "%s", c.buf);
	cr_assert_eq(ask(&g, "POST", "/v1/events",
			 "[" VIEW("a") ",{\"type\":\"view\",\n\"userId\":\"u\",\"itemId\":\"b\"},5]")
			     ->status,
		     207);
	cr_assert(client_wait(&c, "data: {\"type\":\"view\", \"userId\":\"u\",\"itemId\":\"b\"}\n\n"), "%s", c.buf);
	cr_assert(strstr(c.buf, "data: " VIEW("a")), "%s", c.buf);
	server_feed(g.server, STR("{\"told\":1}"));
	cr_assert(client_wait(&c, "data: {\"told\":1}\n\n"), "%s", c.buf);
	/* one that leaves, one that the stop ends */
	client_open(&d, g.port);
	client_send(&d, "GET /demo/feed HTTP/1.1\r\nHost: x\r\n\r\n", 37);
	cr_assert(client_wait(&d, ": hello\n\n"));
	client_close(&d);
	for (int i = 0; i < 1000; i++)
		server_feed(g.server, STR("{\"told\":2}"));
	cr_assert(client_wait(&c, "data: {\"told\":2}\n\n"));
	shopfront_close(&g);
	cr_assert(client_closed(&c));
	client_close(&c);
}

Test(http_events_timeout, the_feed_takes_so_many_clients)
{
	static struct client c[33];
	struct shopfront g;

	shopfront_prepare(&g, NULL);
	g.opt.trusted_feed = true;
	shopfront_start(&g);
	for (size_t i = 0; i < 32; i++) {
		client_open(&c[i], g.port);
		client_send(&c[i], "GET /demo/feed HTTP/1.1\r\nHost: x\r\n\r\n", 37);
		cr_assert(client_wait(&c[i], ": hello\n\n"));
	}
	expect_problem(ask(&g, "GET", "/demo/feed", NULL), 503, "feed-full", NULL, "33rd");
	for (size_t i = 0; i < 32; i++)
		client_close(&c[i]);
	shopfront_close(&g);
}
