/* What may be kept and what is compressed. */
#include "tests/lib/query_http.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <zlib.h>

static struct shopfront f;

static const struct static_file files[] = { { "/demo", "text/html; charset=utf-8", "<p>shop</p>", 11 } };

static void setup(void)
{
	const char *const sets[] = { "http.gzipMin=600", NULL };

	shopfront_prepare(&f, sets);
	f.opt.files = files;
	f.opt.file_count = 1;
	shopfront_start(&f);
}

static void teardown(void)
{
	shopfront_close(&f);
}

TestSuite(http_cache, .init = setup, .fini = teardown, .timeout = 60);

/* The value of a header into `ret`; "" when it is not there. */
static const char *header(const struct reply *r, const char *name, char ret[128])
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\r\n%s: ", name);
	at = strstr(r->head, key);
	snprintf(ret, 128, "%.*s", at ? (int)strcspn(at + strlen(key), "\r") : 0, at ? at + strlen(key) : "");
	return ret;
}

static const struct {
	const char *method, *path, *body, *control;
	bool tagged;
} kept[] = {
	{ "GET", "/v1/trending", NULL, "no-cache", true },
	{ "GET", "/v1/items/p1/also-bought", NULL, "no-cache", true },
	{ "GET", "/v1/recommendations/home", NULL, "no-cache", true },
	{ "GET", "/openapi.json", NULL, "no-cache", true },
	{ "GET", "/demo", NULL, "no-cache", true },
	{ "GET", "/v1/recommendations/home?userId=u", NULL, "no-store", false },
	{ "GET", "/v1/recommendations/home?visitorId=u", NULL, "no-store", false },
	{ "GET", "/v1/recommendations/home?validateOnly=true", NULL, "no-store", false },
	{ "GET", "/v1/users/u1/recently-viewed", NULL, "no-store", false },
	{ "POST", "/v1/recommendations/trending", "{}", "no-store", false },
	{ "POST", "/v1/recommendations:batch", "[{\"scenario\":\"trending\"}]", "no-store", false },
	{ "GET", "/v1/recommendations/nowhere", NULL, "no-store", false },
};

Test(http_cache, only_what_is_about_nobody_is_kept)
{
	char value[128], tag[128], ask_again[256];

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		struct reply *r = ask(&f, kept[i].method, kept[i].path, kept[i].body);

		cr_assert_str_eq(header(r, "cache-control", value), kept[i].control, "%s", kept[i].path);
		header(r, "etag", tag);
		cr_assert_eq(tag[0] != '\0', kept[i].tagged, "%s: %s", kept[i].path, r->head);
		if (!kept[i].tagged)
			continue;
		cr_assert(strncasecmp(tag, "W/\"", 3) == 0, "%s: the same tag stands for its packed bytes", kept[i].path);
		cr_assert_str_eq(header(r, "vary", value), "accept-encoding", "%s: %s", kept[i].path, r->head);
		snprintf(ask_again, sizeof(ask_again), "If-None-Match: \"x\", %s\r\n", tag);
		r = ask_with(&f, "GET", kept[i].path, ask_again, NULL);
		cr_assert_eq(r->status, 304, "%s: %s", kept[i].path, r->head);
		cr_assert_eq(r->n, 0);
		cr_assert_str_eq(header(r, "etag", value), tag);
		cr_assert_eq(ask_with(&f, "HEAD", kept[i].path, ask_again, NULL)->status, 304);
		cr_assert_eq(ask_with(&f, "GET", kept[i].path, "If-None-Match: *\r\n", NULL)->status, 304);
		cr_assert_eq(ask_with(&f, "GET", kept[i].path, "If-None-Match: \"0123456789abcdef\"\r\n", NULL)->status,
			     200);
	}
}

/* The stub says the request in its answer, so another request is another answer. */
Test(http_cache, another_answer_has_another_tag)
{
	char one[128], same[128], other[128];

	header(ask(&f, "GET", "/v1/trending?count=3", NULL), "etag", one);
	header(ask(&f, "GET", "/v1/trending?count=3", NULL), "etag", same);
	header(ask(&f, "GET", "/v1/trending?count=4", NULL), "etag", other);
	cr_assert_str_eq(one, same);
	cr_assert_str_neq(one, other);
}

Test(http_cache, how_long_is_a_setting)
{
	struct shopfront g;
	char value[128];

	shopfront_open(&g, "http.cacheMaxAge=5s", NULL);
	cr_assert_str_eq(header(ask(&g, "GET", "/v1/trending", NULL), "cache-control", value), "public, max-age=5");
	cr_assert_str_eq(header(ask(&g, "GET", "/v1/users/u/buy-it-again", NULL), "cache-control", value), "no-store");
	shopfront_close(&g);
}

static size_t inflated(const struct reply *r, char *ret, size_t room)
{
	z_stream z = {
		.next_in = (Bytef *)r->body, .avail_in = (uInt)r->n, .next_out = (Bytef *)ret, .avail_out = (uInt)room
	};

	cr_assert_eq(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
	cr_assert_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	inflateEnd(&z);
	return room - z.avail_out;
}

static const char *const large[][3] = {
	{ "GET", "/v1/recommendations/large", NULL },
	{ "GET", "/metrics", NULL },
	{ "GET", "/openapi.json", NULL },
	{ "POST", "/v1/recommendations:batch",
	  "[{\"scenario\":\"large\"},{\"scenario\":\"large\"},{\"scenario\":\"x\"}]" },
};

Test(http_cache, large_answers_are_compressed_for_who_takes_it)
{
	static char plain[1 << 18];
	char value[128];

	for (size_t i = 0; i < ARRAY_SIZE(large); i++) {
		const char *const *q = large[i];
		struct reply *r =
			ask_with(&f, q[0], q[1], "Accept-Encoding: gzip\r\nContent-Type: application/json\r\n", q[2]);

		cr_assert_eq(r->status, 200, "%s", r->body);
		cr_assert_str_eq(header(r, "content-encoding", value), "gzip", "%s", q[1]);
		cr_assert_str_eq(header(r, "vary", value), "accept-encoding");
		plain[inflated(r, plain, sizeof(plain) - 1)] = '\0';
		cr_assert(q[1][1] == 'm' || plain[0] == (q[2] ? '[' : '{'), "%s", plain);
		cr_assert_gt(strlen(plain), r->n * 2);
		r = ask(&f, q[0], q[1], q[2]);
		cr_assert_str_eq(header(r, "content-encoding", value), "", "%s", q[1]);
	}
	cr_assert_not(
		strstr(ask_with(&f, "GET", "/healthz", "Accept-Encoding: gzip\r\n", NULL)->head, "encoding: gzip"));
}

Test(http_cache, what_nobody_may_keep_says_so)
{
	static const char *const paths[] = { "/healthz", "/readyz", "/metrics", "/v1/strategies?x=1",
					     "/v1/users/ann/segments" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char value[128];

		cr_expect_str_eq(header(ask(&f, "GET", paths[i], NULL), "cache-control", value), "no-store", "%s",
				 paths[i]);
	}
}

/* Larger than a reply's room: only its head is looked at. */
static void docs_head(const char *path, const char *headers, char *head, size_t size)
{
	static struct client c;
	char request[256];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, headers);
	client_open(&c, f.port);
	client_send(&c, request, strlen(request));
	cr_assert(client_wait(&c, "\r\n\r\n"), "%s", path);
	snprintf(head, size, "%.*s", (int)(strstr(c.buf, "\r\n\r\n") - c.buf), c.buf);
	client_close(&c);
}

Test(http_cache, the_docs_page_is_in_the_program)
{
	static const char script[] = "/docs/swagger-ui-bundle.js";
	char head[4096], value[128];
	struct reply *r = ask(&f, "GET", "/docs", NULL);

	cr_assert_eq(r->status, 200);
	cr_assert_str_eq(header(r, "content-type", value), "text/html; charset=utf-8");
	cr_assert(strncmp(header(r, "content-security-policy", value), "default-src 'self';", 19) == 0, "%s", r->head);
	cr_assert(strstr(r->body, "/docs/docs.js") && strstr(r->body, script), "%s", r->body);
	cr_assert(strstr(ask(&f, "GET", "/docs/docs.js", NULL)->body, "/openapi.json"));
	cr_assert(strstr(ask(&f, "GET", "/docs/licenses.txt", NULL)->body, "Apache License"));
	docs_head(script, "Accept-Encoding: gzip\r\n", head, sizeof(head));
	cr_assert(strstr(head, "200 OK") && strstr(head, "content-encoding: gzip"), "%s", head);
	for (int times = 0; times < 2; times++) {
		docs_head(script, "", head, sizeof(head));
		cr_assert(strstr(head, "200 OK") && !strstr(head, "content-encoding"), "%s", head);
	}
	expect_problem(ask(&f, "GET", "/docs/index.html", NULL), 404, "unknown-route", NULL, "no such file");
	expect_problem(ask(&f, "GET", "/docs?x=1", NULL), 400, "unknown-parameter", "x", "parameter");
}

Test(http_cache, the_dashboard_is_in_the_program_and_in_nobodys_frame)
{
	char head[4096], value[256];
	struct reply *r = ask(&f, "GET", "/dashboard", NULL);

	cr_assert_eq(r->status, 200);
	cr_assert_str_eq(header(r, "content-type", value), "text/html; charset=utf-8");
	cr_assert(strstr(header(r, "content-security-policy", value), "frame-ancestors 'none'"), "%s", r->head);
	cr_assert(strstr(r->body, "/dashboard/app.js"), "%s", r->body);
	docs_head("/dashboard/app.js", "Accept-Encoding: gzip\r\n", head, sizeof(head));
	cr_assert(strstr(head, "200 OK") && strstr(head, "content-encoding: gzip") && strstr(head, "text/javascript"),
		  "%s", head);
	cr_assert(strstr(ask(&f, "GET", "/dashboard/licenses.txt", NULL)->body, "MIT License"));
	expect_problem(ask(&f, "GET", "/dashboard/index.html", NULL), 404, "unknown-route", NULL, "no such file");
}
