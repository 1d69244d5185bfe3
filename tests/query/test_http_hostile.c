/* What a client might send to be read in two ways, or to fill a log. */
#include "tests/lib/query_http.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct shopfront f;

static void setup(void)
{
	shopfront_open(&f, "http.threads=1", NULL);
}

static void teardown(void)
{
	shopfront_close(&f);
}

TestSuite(http_hostile, .init = setup, .fini = teardown, .timeout = 60);

#define POST "POST /v1/recommendations/home HTTP/1.1\r\n"
#define JSON "Content-Type: application/json\r\n"
#define BODY "{\"count\":1}"
#define CHUNKS "b\r\n" BODY "\r\n0\r\n\r\n"

static const struct {
	const char *head, *body;
	int status;
} requests[] = {
	{ POST "Host: x\r\n" JSON "Content-Length: 11\r\n\r\n", BODY, 200 },
	{ POST "Host: x\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n", CHUNKS, 200 },
	{ "\r\n" POST "Host: x\r\n" JSON "X-Content-Length: 5\r\nContent-Length: 11\r\n\r\n", BODY, 200 },
	{ POST "Host: x\r\n" JSON "Content-Length: 11\r\nContent-Length: 5\r\n\r\n", BODY, 400 },
	{ POST "Host: x\r\n" JSON "Content-Length: 11\r\nX: y\r\ncontent-length: 11\r\n\r\n", BODY, 400 },
	{ POST "Host: x\r\n" JSON "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNKS, 400 },
	{ POST "Host: x\r\n" JSON "transfer-encoding: chunked\r\nContent-Length: 5\r\n\r\n", CHUNKS, 400 },
	{ POST "Host: x\r\n" JSON "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNKS, 400 },
	{ POST "Host: x\r\n" JSON "X: a\r\n b\r\nContent-Length: 11\r\n\r\n", BODY, 400 },
	{ POST "Host: x\r\nHost: y\r\n" JSON "Content-Length: 11\r\n\r\n", BODY, 400 },
	{ POST "Host: x\r\n" JSON "Content-Encoding: gzip\r\nContent-Length: 11\r\n\r\n", BODY, 415 },
	{ POST "Host: x\r\n" JSON "Content-Encoding: identity\r\nContent-Length: 11\r\n\r\n", BODY, 200 },
	{ POST "Host: x\r\n" JSON JSON "Content-Length: 11\r\n\r\n", BODY, 400 },
	{ POST "Host: x\r\n" JSON "content-type: text/plain\r\nContent-Length: 11\r\n\r\n", BODY, 400 },
	{ POST "Host: x\r\n" JSON "X-Changed-By: a\r\nx-changed-by: b\r\nContent-Length: 11\r\n\r\n", BODY, 400 },
	{ POST "Host: x\r\n" JSON "Content-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: 11\r\n\r\n",
	  BODY, 415 },
	{ "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n", "", 400 },
	{ "GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n", "", 200 },
	{ "GET HTTPS://x:1/v1/recommendations/home?count=3 HTTP/1.1\r\nHost: x\r\n\r\n", "", 200 },
	{ "GET http://x/nosuch HTTP/1.1\r\nHost: x\r\n\r\n", "", 404 },
	{ "GET http://x HTTP/1.1\r\nHost: x\r\n\r\n", "", 404 },
	{ "GET http:/healthz HTTP/1.1\r\nHost: x\r\n\r\n", "", 404 },
	{ "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "", 204 },
	{ "GET * HTTP/1.1\r\nHost: x\r\n\r\n", "", 404 },
};

/* However a body comes, the head before it is looked at; after a flaw nothing more is read. */
Test(http_hostile, heads_that_can_be_read_in_two_ways_are_refused)
{
	static struct client c;
	static struct reply r;

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		for (int pieces = 1; pieces <= 2; pieces++) {
			const char *body = requests[i].body;
			size_t n = strlen(body), first = pieces == 1 ? n : n / 2;

			client_open(&c, f.port);
			client_send(&c, requests[i].head, strlen(requests[i].head));
			client_send(&c, body, first);
			if (pieces == 2) {
				let_pass_ms(2);
				client_send(&c, body + first, n - first);
			}
			cr_assert(client_read(&c, false, &r), "%s", requests[i].head);
			cr_assert_eq(r.status, requests[i].status, "%s%s: %d %s", requests[i].head, body, r.status,
				     r.body);
			cr_assert(r.status != 400 || client_closed(&c), "%s", requests[i].head);
			client_close(&c);
		}
	}
}

/* 1,000 frames of a kind that does not exist. */
Test(http_hostile, unknown_frames_write_no_lines)
{
	static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
	static const char ping[] = "\0\0\x08\x06\0\0\0\0\0pingpong";
	static char frames[9000];
	static struct client c;
	char name[] = "/tmp/aisle-stderr-XXXXXX";
	int to = mkstemp(name), kept = dup(STDERR_FILENO);

	cr_assert(to >= 0 && kept >= 0);
	for (size_t i = 0; i < sizeof(frames); i += 9)
		frames[i + 3] = 77;
	dup2(to, STDERR_FILENO);
	client_open(&c, f.port);
	client_send(&c, hello, sizeof(hello) - 1);
	client_send(&c, frames, sizeof(frames));
	client_send(&c, ping, sizeof(ping) - 1);
	while (!memmem(c.buf, c.n, "pingpong", 8)) {
		ssize_t n = read(c.fd, c.buf + c.n, sizeof(c.buf) - c.n);

		cr_assert_gt(n, 0);
		c.n += (size_t)n;
	}
	fprintf(stderr, "others are heard\n");
	dup2(kept, STDERR_FILENO);
	cr_assert_eq(lseek(to, 0, SEEK_END), 17, "only that line");
	client_close(&c);
	close(kept);
	close(to);
	unlink(name);
}

static void let_in(void *arg, bool on)
{
	*(bool *)arg = on;
}

static bool are_in(void *arg)
{
	return *(bool *)arg;
}

Test(http_hostile, the_switch_of_shoppers_takes_no_body)
{
	struct shopfront g;
	bool in = false;

	shopfront_prepare(&g, NULL);
	g.opt.shoppers = let_in;
	g.opt.shoppers_are_in = are_in;
	g.opt.shoppers_arg = &in;
	shopfront_start(&g);
	expect_problem(ask(&g, "PUT", "/demo/shoppers", "{\"shoppers\":false}"), 400, "bad-request", NULL, "body");
	cr_assert_str_eq(ask(&g, "GET", "/demo/shoppers", NULL)->body, "{\"shoppers\":false}");
	cr_assert_str_eq(ask(&g, "PUT", "/demo/shoppers", NULL)->body, "{\"shoppers\":true}");
	cr_assert_str_eq(ask(&g, "DELETE", "/demo/shoppers", NULL)->body, "{\"shoppers\":false}");
	shopfront_close(&g);
}
