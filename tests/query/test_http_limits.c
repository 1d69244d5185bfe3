/* What bounds a loop: connections, unread answers, requests that wait, half requests. */
#include "tests/lib/query_http.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct shopfront f;

static void open_with(const char *a, const char *b)
{
	shopfront_open(&f, "http.threads=1", a, b, NULL);
}

TestSuite(http_limits, .timeout = 60);

#define HEALTH "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

static double metric(const char *name)
{
	const char *at = strstr(ask(&f, "GET", "/metrics", NULL)->body, name);

	return at ? strtod(at + strlen(name), NULL) : -1;
}

static bool serves(struct client *c)
{
	static struct reply r;

	client_send(c, HEALTH, strlen(HEALTH));
	return client_read(c, false, &r) && r.status == 200;
}

Test(http_limits, one_connection_too_many_closes_the_idlest)
{
	static struct client c[4];

	open_with("http.connectionsMax=3", "http.timeout=60s");
	for (size_t i = 0; i < 3; i++) {
		client_open(&c[i], f.port);
		cr_assert(serves(&c[i]), "%zu", i);
	}
	cr_assert(serves(&c[0]));
	client_open(&c[3], f.port);
	cr_assert(serves(&c[3]), "a new one is served");
	cr_assert(client_closed(&c[1]), "the second was idle for longest");
	cr_assert(serves(&c[0]) && serves(&c[2]), "others stay");
	for (size_t i = 0; i < 4; i++)
		client_close(&c[i]);
	shopfront_close(&f);
}

Test(http_limits, connections_with_requests_under_way_are_not_closed_for_others)
{
	const char *request =
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n"
		"{\"type\":\"view\",\"userId\":\"u\",\"itemId\":\"a\"}";
	static struct client busy, other;
	static struct reply r;

	open_with("http.connectionsMax=1", "http.timeout=60s");
	fake_set(&f.publisher, FAKE_HOLD);
	client_open(&busy, f.port);
	client_send(&busy, request, strlen(request));
	while (fake_count(&f.publisher) == 0)
		;
	client_open(&other, f.port);
	client_send(&other, HEALTH, strlen(HEALTH));
	cr_assert(client_closed(&other), "no room, and nobody idle");
	fake_set(&f.publisher, FAKE_ACK);
	cr_assert(client_read(&busy, false, &r));
	cr_assert_eq(r.status, 202);
	client_close(&busy);
	client_close(&other);
	shopfront_close(&f);
}

/* Those whose broker does not acknowledge are answered by the loop's tick, some of them by one that looks for silent clients. */
Test(http_limits, who_was_answered_a_moment_ago_is_not_cut)
{
	const char *request =
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n"
		"{\"type\":\"view\",\"userId\":\"u\",\"itemId\":\"a\"}";
	static struct client c[12];
	static struct reply r;

	open_with("http.publishTimeout=100ms", "http.timeout=60s");
	fake_set(&f.publisher, FAKE_HOLD);
	for (size_t i = 0; i < 12; i++) {
		client_open(&c[i], f.port);
		client_send(&c[i], request, strlen(request));
		let_pass_ms(45);
	}
	for (size_t i = 0; i < 12; i++) {
		cr_assert(client_read(&c[i], false, &r) && r.status == 503, "%zu", i);
		cr_assert(serves(&c[i]), "%zu was cut", i);
		client_close(&c[i]);
	}
	shopfront_close(&f);
}

/* A client with a small buffer that never reads. */
static void open_unreading(struct client *c)
{
	static char body[1 << 16], request[1 << 17];
	size_t at = (size_t)snprintf(body, sizeof(body), "[");

	for (int i = 0; i < 1000; i++)
		at += (size_t)snprintf(body + at, sizeof(body) - at, "%s{\"scenario\":\"large\"}", i ? "," : "");
	snprintf(body + at, sizeof(body) - at, "]");
	snprintf(request, sizeof(request),
		 "POST /v1/recommendations:batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\n\r\n%s",
		 strlen(body), body);
	client_open_small(c, f.port);
	client_send(c, request, strlen(request));
}

Test(http_limits, a_client_that_does_not_read_is_cut_and_others_are_served)
{
	static struct client stuck, other;
	size_t got = 0;
	ssize_t n;

	open_with("http.readTimeout=300ms", "http.timeout=60s");
	open_unreading(&stuck);
	client_open(&other, f.port);
	while (metric("\naisle_http_connections_cut_total ") < 1)
		cr_assert(serves(&other));
	cr_assert(serves(&other), "who has read its answers stays");
	while ((n = recv(stuck.fd, stuck.buf, sizeof(stuck.buf), 0)) > 0)
		got += (size_t)n;
	cr_assert_lt(got, 20u << 20, "the answer was not made to its end");
	client_close(&stuck);
	client_close(&other);
	shopfront_close(&f);
}

/* A stub's request that goes on until the test lets it. */
Test(http_limits, a_request_that_waited_too_long_is_refused)
{
	static struct client first, second, third;
	static struct reply r;
	const char *gate = "GET /v1/recommendations/gate HTTP/1.1\r\nHost: x\r\n\r\n";
	const char *home = "GET /v1/recommendations/home HTTP/1.1\r\nHost: x\r\n\r\n";
	const char *ready = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	static struct client health;

	open_with("http.waitMax=20ms", NULL);
	client_open(&first, f.port);
	client_open(&second, f.port);
	client_open(&third, f.port);
	client_open(&health, f.port);
	cr_assert(serves(&first) && serves(&second) && serves(&third) && serves(&health));
	client_send(&first, gate, strlen(gate));
	gate_wait(1);
	/* these come in one round, after the gate opens: the first of them holds the loop again */
	client_send(&second, gate, strlen(gate));
	client_send(&third, home, strlen(home));
	client_send(&health, ready, strlen(ready));
	gate_open(1);
	gate_wait(2);
	let_pass_ms(40);
	gate_open(2);
	cr_assert(client_read(&first, false, &r) && r.status == 200);
	cr_assert(client_read(&second, false, &r));
	cr_assert_eq(r.status, 200);
	cr_assert(client_read(&third, false, &r));
	expect_problem(&r, 503, "overloaded", NULL, "after 40 ms");
	cr_assert(strstr(r.head, "retry-after: 1\r\n"), "%s", r.head);
	cr_assert(client_read(&health, false, &r));
	cr_assert_eq(r.status, 200, "health is told however long it waited");
	cr_assert_eq(ask(&f, "GET", "/v1/recommendations/home", NULL)->status, 200, "and later all is well");
	client_close(&first);
	client_close(&second);
	client_close(&third);
	client_close(&health);
	shopfront_close(&f);
}

Test(http_limits, a_batch_that_takes_too_long_is_ended)
{
	struct reply *r;

	open_with("http.batchTimeout=10ms", NULL);
	r = ask(&f, "POST", "/v1/recommendations:batch", "[{\"scenario\":\"slow\"},{\"scenario\":\"slow\"}]");
	cr_assert_eq(r->status, 200);
	cr_assert(strstr(r->body, "{\"index\":0,\"status\":200"), "%s", r->body);
	cr_assert(strstr(r->body, "{\"index\":1,\"status\":503,\"error\":{\"type\":\"urn:aisle:problem:overloaded\""),
		  "%s", r->body);
	shopfront_close(&f);
}

/* HTTP/2: preface, SETTINGS, and a POST whose body never comes. */
Test(http_limits, half_a_request_over_http2_is_let_go)
{
	static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				    "\0\0\0\x04\0\0\0\0\0"
				    "\0\0\x11\x01\x04\0\0\0\x01\x83\x86\x44\x0a/v1/events\x41\x01x";
	static struct client c;

	open_with("http.timeout=300ms", NULL);
	client_open(&c, f.port);
	client_send(&c, hello, sizeof(hello) - 1);
	cr_assert(client_closed(&c));
	client_close(&c);
	shopfront_close(&f);
}

static const struct {
	const char *what;
	size_t n;
	int status;
	const char *slug;
} hostile[] = {
	{ "{\"userId\":\"", 1 << 20, 413, "body-too-large" },
	{ "[", 10000, 400, "bad-body" },
	{ "{\"exclude\":[", 10000, 400, "bad-body" },
	{ "{\"category\":\"", 100 << 10, 400, "bad-body" },
};

Test(http_limits, huge_and_deep_bodies_are_refused)
{
	static char request[2 << 20];

	open_with("http.bodyMax=4m", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		static struct client c;
		static struct reply r;
		size_t unit = strlen(hostile[i].what), depth = hostile[i].n == 10000 ? 10000 : 1;
		size_t body = depth > 1 ? unit * depth : unit + hostile[i].n, at;

		at = (size_t)snprintf(request, sizeof(request),
				      "POST /v1/recommendations/home HTTP/1.1\r\nHost: x\r\n"
				      "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
				      body);
		cr_assert_lt(at + body, sizeof(request));
		memset(request + at, 'x', body);
		for (size_t k = 0; k < depth; k++)
			memcpy(request + at + k * unit, hostile[i].what, unit);
		client_open(&c, f.port);
		client_send(&c, request, at + body);
		cr_assert(client_read(&c, false, &r), "%s", hostile[i].what);
		expect_problem(&r, hostile[i].status, hostile[i].slug, NULL, hostile[i].what);
		client_close(&c);
	}
	shopfront_close(&f);
}
