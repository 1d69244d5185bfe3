#include "tests/lib/query_http.h"

#include "query/routes.h"
#include "views/fold.h"
#include "views/replay_status.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <sys/socket.h>
#include <time.h>

static struct shopfront f;

static const struct static_file files[] = {
	{ "/demo", "text/html; charset=utf-8", "<p>shop</p>", 11 },
	{ "/demo/app.js", "text/javascript", "1;", 2 },
};

static void setup(void)
{
	const char *const sets[] = { "http.bodyMax=2048", "http.timeout=60s", NULL };

	shopfront_prepare(&f, sets);
	f.opt.files = files;
	f.opt.file_count = ARRAY_SIZE(files);
	shopfront_start(&f);
}

static void teardown(void)
{
	shopfront_close(&f);
}

TestSuite(http_server, .init = setup, .fini = teardown, .timeout = 60);

static const struct {
	const char *method, *path;
	int status;
	const char *allow;
} methods[] = {
	{ "GET", "/healthz", 200, NULL },
	{ "POST", "/healthz", 405, "allow: get, head, options\r\n" },
	{ "PATCH", "/v1/items/a", 405, "allow: get, head, put, delete, options\r\n" },
	{ "POST", "/v1/items/a", 405, "allow: get, head, put, delete, options\r\n" },
	{ "GET", "/v1/events", 405, "allow: post, options\r\n" },
	{ "DELETE", "/v1/recommendations/home", 405, "allow: get, head, post, options\r\n" },
	{ "OPTIONS", "/v1/recommendations/home", 204, "allow: get, head, post, options\r\n" },
	{ "OPTIONS", "/v1/nothing", 404, NULL },
	{ "TRACE", "/v1/nothing", 404, NULL },
	{ "POST", "/demo", 405, "allow: get, head, options\r\n" },
	{ "GET", "/demo", 200, NULL },
	{ "GET", "/demo/app.js?v=3", 200, NULL },
	{ "GET", "/demo/", 404, NULL },
	{ "GET", "/demo/../demo", 404, NULL },
	{ "GET", "/demo/%2e%2e/healthz", 404, NULL },
	{ "GET", "/healthz?x=1", 200, NULL },
	{ "GET", "/openapi.json?x=", 400, NULL },
	{ "GET", "/metrics?name[]=up", 200, NULL },
};

Test(http_server, methods)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		struct reply *r = ask(&f, methods[i].method, methods[i].path, NULL);

		cr_assert_eq(r->status, methods[i].status, "%s %s: %d", methods[i].method, methods[i].path, r->status);
		if (methods[i].allow)
			cr_assert(strstr(r->head, methods[i].allow), "%s %s: %s", methods[i].method, methods[i].path,
				  r->head);
		cr_assert_not(strstr(r->head, "access-control"), "%s", r->head);
		if (r->status == 404)
			expect_problem(r, 404, "unknown-route", NULL, methods[i].path);
	}
	cr_assert_str_eq(ask(&f, "GET", "/demo", NULL)->body, "<p>shop</p>");
}

Test(http_server, head_is_get_without_a_body)
{
	struct reply *r = ask(&f, "HEAD", "/v1/recommendations/home", NULL);

	cr_assert_eq(r->status, 200);
	cr_assert(strstr(r->head, "content-type: application/json\r\n"), "%s", r->head);
	cr_assert_not(strstr(r->head, "content-length: 0"), "%s", r->head);
	cr_assert_eq(ask(&f, "HEAD", "/nothing", NULL)->status, 404);
}

Test(http_server, keep_alive_and_pipelining)
{
	static const char both[] =
		"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n";
	static struct client c;
	static struct reply r;

	client_open(&c, f.port);
	for (int i = 0; i < 50; i++) {
		client_send(&c, both, sizeof(both) - 1);
		cr_assert(client_read(&c, false, &r));
		cr_assert_eq(r.status, 200);
		cr_assert(client_read(&c, false, &r));
		cr_assert_eq(r.status, 404);
	}
	client_close(&c);
}

static void *hammer(void *arg)
{
	struct client *c = calloc(1, sizeof(*c));
	struct reply *r = calloc(1, sizeof(*r));
	static const char one[] = "GET /v1/recommendations/home?userId=u HTTP/1.1\r\nHost: x\r\n\r\n";
	intptr_t good = 0;

	(void)arg;
	client_open(c, f.port);
	for (int i = 0; i < 200; i++) {
		client_send(c, one, sizeof(one) - 1);
		if (!client_read(c, false, r))
			break;
		good += r->status == 200 && strstr(r->body, "u=u ");
	}
	client_close(c);
	free(c);
	free(r);
	return (void *)good;
}

Test(http_server, many_at_once)
{
	pthread_t t[8];
	void *good;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		cr_assert_eq(pthread_create(&t[i], NULL, hammer, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		pthread_join(t[i], &good);
		cr_assert_eq((intptr_t)good, 200);
	}
}

Test(http_server, http2_with_prior_knowledge)
{
	/* preface; SETTINGS; HEADERS on stream 1: GET http /healthz */
	static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				    "\0\0\0\x04\0\0\0\0\0"
				    "\0\0\x0f\x01\x05\0\0\0\x01\x82\x86\x44\x08/healthz\x41\x01x";
	static const char answer[] = "{\"status\":\"ok\"}";
	static struct client c;

	client_open(&c, f.port);
	client_send(&c, hello, sizeof(hello) - 1);
	while (!memmem(c.buf, c.n, answer, sizeof(answer) - 1)) {
		ssize_t n = recv(c.fd, c.buf + c.n, sizeof(c.buf) - c.n, 0);

		cr_assert_gt(n, 0);
		c.n += (size_t)n;
	}
	client_close(&c);
}

static const char *const garbage[] = {
	"\0\0\0\0\r\n\r\n",
	"GET\r\n\r\n",
	"GET / HTTP/9.9\r\n\r\n",
	"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
	"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
	"POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n",
	"GET  \r\n\r\n",
};

Test(http_server, bytes_that_are_no_http)
{
	static struct client c;

	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		client_open(&c, f.port);
		client_send(&c, garbage[i], i == 0 ? 8 : strlen(garbage[i]));
		shutdown(c.fd, SHUT_WR);
		cr_assert(client_closed(&c), "%zu", i);
		cr_assert(c.n == 0 || strncmp(c.buf, "HTTP/1.1 4", 10) == 0, "%zu: %s", i, c.buf);
		client_close(&c);
	}
	cr_assert_eq(ask(&f, "GET", "/healthz", NULL)->status, 200);
}

Test(http_server, body_too_large_is_a_problem_too)
{
	static char chunked[8192];
	static struct client c;
	static struct reply r;
	int n = snprintf(chunked, sizeof(chunked),
			 "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
			 "Transfer-Encoding: chunked\r\n\r\n1000\r\n");

	memset(chunked + n, ' ', 0x1000);
	client_open(&c, f.port);
	client_send(&c, chunked, (size_t)n + 0x1000);
	cr_assert(client_read(&c, false, &r));
	expect_problem(&r, 413, "body-too-large", NULL, "chunked");
	client_close(&c);
}

Test(http_server, a_slow_client_is_let_go)
{
	static struct client c;
	struct shopfront g;

	shopfront_open(&g, "http.timeout=300ms", NULL);
	client_open(&c, g.port);
	client_send(&c, "GET /healthz HT", 15);
	cr_assert(client_closed(&c));
	client_close(&c);
	shopfront_close(&g);
}

static void write_item(const char *id, const char *title, int64_t quantity)
{
	struct fold *fold;
	struct catalog_item item;
	struct stock_record rec = {
		.item_id = str_of(id), .quantity = quantity, .lead_time_hours = -1, .has_as_of = true, .as_of_ms = 1000
	};

	catalog_item_init(&item);
	item.item_id = str_of(id);
	item.title = str_of(title);
	item.price_micros = 2500000;
	cr_assert_eq(fold_new(f.store, &fold, NULL), 0);
	cr_assert_eq(fold_catalog(fold, &item, !title), 0);
	if (quantity >= 0)
		cr_assert_eq(fold_stock(fold, &rec, false, 1000, NULL), 0);
	cr_assert_eq(fold_commit(fold, NULL), 0);
	fold_free(fold);
}

Test(http_server, items_are_read_from_the_catalogue)
{
	write_item("a/b", "T \"1\"", 3);
	write_item("many", "M", 100);
	write_item("none", "N", 0);
	write_item("unknown", "U", -1);
	cr_assert_str_eq(
		ask(&f, "GET", "/v1/items/a%2Fb", NULL)->body,
		"{\"itemId\":\"a/b\",\"title\":\"T \\\"1\\\"\",\"price\":2.5,"
		"\"stock\":{\"level\":\"low\",\"quantity\":3,\"lowStock\":true},\"locations\":[{\"quantity\":3}]}");
	cr_assert(strstr(ask(&f, "GET", "/v1/items/many", NULL)->body, "\"level\":\"in-stock\",\"quantity\":100,"));
	cr_assert(strstr(ask(&f, "GET", "/v1/items/none", NULL)->body, "\"level\":\"out-of-stock\",\"quantity\":0,"));
	cr_assert(strstr(ask(&f, "GET", "/v1/items/unknown", NULL)->body, "\"level\":\"unknown\",\"quantity\":null,"));
	write_item("many", NULL, -1);
	expect_problem(ask(&f, "GET", "/v1/items/many", NULL), 404, "unknown-item", "itemId", "deleted");
	expect_problem(ask(&f, "GET", "/v1/items/never", NULL), 404, "unknown-item", "itemId", "never seen");
	expect_problem(ask(&f, "GET", "/v1/items/a?x=1", NULL), 400, "unknown-parameter", "x", "parameter");
}

Test(http_server, items_are_found_by_words)
{
	char path[300];

	write_item("a/b", "Red \"mug\"", 3);
	cr_assert_str_eq(
		ask(&f, "GET", "/v1/items?q=mug%20red", NULL)->body,
		"{\"items\":[{\"itemId\":\"a/b\",\"title\":\"Red \\\"mug\\\"\",\"price\":2.5,"
		"\"stock\":{\"level\":\"low\",\"quantity\":3,\"lowStock\":true},\"locations\":[{\"quantity\":3}]}],\"found\":1}");
	cr_assert_str_eq(ask(&f, "GET", "/v1/items?q=blue", NULL)->body, "{\"items\":[],\"found\":0}");
	expect_problem(ask(&f, "GET", "/v1/items", NULL), 400, "bad-parameter", "q", "not given");
	expect_problem(ask(&f, "GET", "/v1/items?q=+", NULL), 400, "bad-parameter", "q", "no word");
	expect_problem(ask(&f, "GET", "/v1/items?q=%0a", NULL), 400, "bad-parameter", "q", "a line end");
	expect_problem(ask(&f, "GET", "/v1/items?q=a&count=3", NULL), 400, "unknown-parameter", "count", "parameter");
	snprintf(path, sizeof(path), "/v1/items?q=%0129d", 1);
	expect_problem(ask(&f, "GET", path, NULL), 400, "bad-parameter", "q", "too long");
}

Test(http_server, ready_says_why_not)
{
	struct status_page *page = status_page(f.status);
	struct reply *r = ask(&f, "GET", "/readyz", NULL);

	cr_assert_eq(r->status, 200, "%s", r->body);
	page->stopped_partitions = 2;
	page->stopped_code = ERR_DISK_FULL;
	snprintf(page->stopped_why, sizeof(page->stopped_why), "shop.events 3 is shorter than it was");
	r = ask(&f, "GET", "/readyz", NULL);
	expect_problem(r, 503, "not-ready", NULL, "stopped");
	cr_assert(strstr(r->body, "shop.events 3 is shorter") && strstr(r->body, "\"stoppedPartitions\":2") &&
			  strstr(r->body, "\"code\":\"disk-full\""),
		  "%s", r->body);
	page->stopped_partitions = 0;
	page->fresh_ms = (int64_t)time(NULL) * 1000 - 61000;
	r = ask(&f, "GET", "/readyz", NULL);
	expect_problem(r, 503, "not-ready", NULL, "lag");
	cr_assert(strstr(r->body, "http.readyLagMax") && strstr(r->body, "\"code\":\"lag\""), "%s", r->body);
	page->fresh_ms = 0;
	r = ask(&f, "GET", "/readyz", NULL);
	expect_problem(r, 503, "not-ready", NULL, "nothing of the log");
	page->fresh_ms = (int64_t)time(NULL) * 1000;
	status_set_wait(page, WAIT_DEAD_LETTERS, "dead-letter topic 'x' takes nothing");
	r = ask(&f, "GET", "/readyz", NULL);
	cr_assert_eq(r->status, 200, "answers are as fresh as they were");
	cr_assert(strstr(r->body, "\"waitingFor\":\"dead-letters\",\"waitingBecause\":\"dead-letter topic 'x'"), "%s",
		  r->body);
	cr_assert_eq(ask(&f, "GET", "/healthz", NULL)->status, 200);
}

Test(http_server, a_replay_is_told_of)
{
	struct replay_page *page;
	struct reply *r = ask(&f, "GET", "/v1/admin/replay", NULL);

	cr_assert_eq(r->status, 200);
	cr_assert(strstr(r->body, "\"phase\":\"idle\""), "%s", r->body);
	cr_assert(strstr(r->body, "\"current\":1,\"generations\":[1],\"frozenViews\":[]"), "%s", r->body);
	cr_assert_eq(replay_status_begin(f.dir, &page, NULL), 0);
	PAGE_SET(page, records_per_second, (uint64_t)1234);
	PAGE_SET(page, phase, (uint64_t)REPLAY_DONE);
	page_file_unmap(page);
	r = ask(&f, "GET", "/v1/admin/replay", NULL);
	cr_assert(strstr(r->body, "\"phase\":\"done\""), "%s", r->body);
	expect_problem(ask(&f, "GET", "/v1/admin/replay?phase=done", NULL), 400, "unknown-parameter", "phase",
		       "no parameters");
	r = ask(&f, "GET", "/metrics", NULL);
	cr_assert(strstr(r->body, "\naisle_replay_records_per_second 1234\n"), "%s", r->body);
	cr_assert_not(strstr(r->body, "_total gauge\n"), "%s", r->body);
	cr_assert(strstr(r->body, "\naisle_store_generation 1\n"), "%s", r->body);
	cr_assert(strstr(r->body, "\naisle_view_frozen{view=\"history\"} 0\n"), "%s", r->body);
}

/* The thread that looks after what people decide has one for a moment, now and then. */
static void expect_no_readers(const char *when)
{
	uint64_t end_ns = clock_system.monotonic_ns(&clock_system) + WAIT_MS * UINT64_C(1000000);
	struct store_figures figures;

	do {
		cr_assert_lt(clock_system.monotonic_ns(&clock_system), end_ns, "%s", when);
		cr_assert_eq(store_figures(f.store, &figures), 0);
	} while (figures.readers);
}

Test(http_server, a_thread_that_is_not_asked_holds_no_snapshot)
{
	expect_no_readers("before the first request");
	cr_assert_eq(ask(&f, "GET", "/readyz", NULL)->status, 200);
	cr_assert_eq(ask(&f, "GET", "/v1/trending", NULL)->status, 200);
	expect_no_readers("and after one");
}

Test(http_server, metrics_count)
{
	struct reply *r;

	for (int i = 0; i < 3; i++)
		ask(&f, "GET", "/v1/strategies", NULL);
	ask(&f, "GET", "/nothing", NULL);
	status_page(f.status)->events = 42;
	r = ask(&f, "GET", "/metrics", NULL);
	cr_assert(strstr(r->head, "content-type: text/plain; version=0.0.4"), "%s", r->head);
	cr_assert(strstr(r->body,
			 "aisle_http_requests_total{method=\"GET\",route=\"/v1/strategies\",status=\"200\"} 3\n"),
		  "%s", r->body);
	cr_assert(strstr(r->body, "{method=\"none\",route=\"none\",status=\"404\"} 1\n"), "%s", r->body);
	cr_assert(strstr(r->body,
			 "aisle_http_request_seconds_bucket{method=\"GET\",route=\"/v1/strategies\",le=\"+Inf\"} 3\n"));
	cr_assert(strstr(r->body, "\naisle_events_total 42\n"), "%s", r->body);
	cr_assert(strstr(r->body, "\naisle_store_map_bytes 67108864\n"), "%s", r->body);
}

/* Every route is in openapi.yaml, and nothing else is. */
Test(http_server, openapi_describes_every_route)
{
	struct reply *r = ask(&f, "GET", "/openapi.json", NULL);
	json_t *v = json_loads(r->body, JSON_REJECT_DUPLICATES, NULL), *paths = json_object_get(v, "paths"), *item, *op;
	const char *path, *method;
	size_t described = 0;

	cr_assert(json_is_object(paths), "%s", r->body);
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const struct route *route = &route_table[i];
		const char *name = route->method == METHOD_GET    ? "get"
				   : route->method == METHOD_POST ? "post"
				   : route->method == METHOD_PUT  ? "put"
								  : "delete";

		op = json_object_get(json_object_get(paths, route->pattern), name);
		cr_assert(json_object_get(json_object_get(op, "responses"), "414"),
			  "%s %s is not in openapi.yaml, or without 414", name, route->pattern);
	}
	json_object_foreach(paths, path, item)
	{
		json_object_foreach(item, method, op) described += strcmp(method, "parameters") != 0;
	}
	cr_assert_eq(described, ROUTE_COUNT, "%zu operations, %d routes", described, ROUTE_COUNT);
	json_decref(v);
}

Test(http_server, cors_is_a_setting)
{
	struct shopfront g;
	struct reply *r;

	shopfront_open(&g, "http.corsOrigin=https://shop.example", NULL);
	r = ask(&g, "OPTIONS", "/v1/events", NULL);
	cr_assert_eq(r->status, 204);
	cr_assert_not(strstr(r->head, "content-length:"), "%s", r->head); /* RFC 9110, 8.6 */
	cr_assert(strstr(r->head, "access-control-allow-origin: https://shop.example\r\n"), "%s", r->head);
	cr_assert(strstr(r->head, "access-control-allow-methods: post, options\r\n"), "%s", r->head);
	cr_assert(strstr(r->head,
			 "access-control-allow-headers: content-type, if-match, if-none-match, x-changed-by\r\n"));
	r = ask(&g, "GET", "/v1/nothing", NULL);
	cr_assert(strstr(r->head, "access-control-expose-headers: etag, retry-after\r\n"), "%s", r->head);
	shopfront_close(&g);
}

Test(http_server, stopping_lets_a_waiting_request_end)
{
	static struct client c, idle;
	static struct reply r;
	const char *request =
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n"
		"{\"type\":\"view\",\"userId\":\"u\",\"itemId\":\"a\"}";

	fake_set(&f.publisher, FAKE_HOLD);
	client_open(&idle, f.port);
	client_send(&idle, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 34);
	cr_assert(client_read(&idle, false, &r));
	client_open(&c, f.port);
	client_send(&c, request, strlen(request));
	while (fake_count(&f.publisher) == 0)
		cr_assert_eq(ask(&f, "GET", "/healthz", NULL)->status, 200);
	server_stop(f.server, 300); /* nobody acknowledges: the grace runs out */
	f.server = NULL;
	cr_assert(client_read(&c, false, &r));
	expect_problem(&r, 503, "broker-unavailable", NULL, "at the end of the grace");
	cr_assert(client_closed(&c) && client_closed(&idle));
	client_close(&c);
	client_close(&idle);
}

Test(http_server, a_port_that_is_taken_is_told)
{
	struct shopfront g;
	struct error e = { 0 };
	char listen[64];
	const char *sets[] = { listen, NULL };

	snprintf(listen, sizeof(listen), "http.listen=127.0.0.1:%d", f.port);
	shopfront_prepare(&g, sets);
	cr_assert_eq(server_start(&g.opt, &g.server, &e), ERR_IO);
	cr_assert(strstr(e.text, "cannot listen on 127.0.0.1:"), "%s", e.text);
	g.server = NULL;
	shopfront_close(&g);
}
