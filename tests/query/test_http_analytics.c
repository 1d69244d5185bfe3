/* The routes of figures, and requests that are worked out on another thread. */
#include "query/figures.h"
#include "tests/lib/query_http.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct shopfront f;

static void setup(void)
{
	shopfront_open(&f, NULL);
}

static void teardown(void)
{
	shopfront_close(&f);
}

TestSuite(http_analytics, .init = setup, .fini = teardown);

static const char *const kinds[] = { "sales", "engagement" };

Test(http_analytics, json_and_csv)
{
	char path[100];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct reply *r;

		snprintf(path, sizeof(path), "/v1/analytics/%s?from=2026-11-01&to=2026-11-03T00:00:00Z&by=day",
			 kinds[i]);
		r = ask(&f, "GET", path, NULL);
		cr_assert_eq(r->status, 200, "%s", r->body);
		cr_expect(strstr(r->head, "content-type: application/json"));
		cr_expect(strstr(r->head, "cache-control: no-store"));
		cr_expect(
			strstr(r->body, "{\"from\":\"2026-11-01T00:00:00.000Z\",\"to\":\"2026-11-03T00:00:00.000Z\""));
		r = ask_with(&f, "GET", path, "accept: text/csv\r\n", NULL);
		cr_assert_eq(r->status, 200);
		cr_expect(strstr(r->head, "content-type: text/csv"));
		cr_expect_eq(strncmp(r->body, "start,", 6), 0);
		r = ask_with(&f, "GET", path, "accept: application/json, text/csv;q=0\r\n", NULL);
		cr_expect(strstr(r->head, "content-type: application/json"));
		r = ask_with(&f, "GET", path, "accept: text/csv;q=0.5, application/json\r\n", NULL);
		cr_expect(strstr(r->head, "content-type: application/json"));
		r = ask_with(&f, "GET", path, "accept: application/json, text/csv, */*\r\n", NULL);
		cr_expect(strstr(r->head, "content-type: application/json"));
		r = ask_with(&f, "GET", path, "accept: text/csv, application/json;q=0.50\r\n", NULL);
		cr_expect(strstr(r->head, "content-type: text/csv"));
		r = ask_with(&f, "GET", path, "accept: text/csvx\r\naccept: Text/CSV ; q=0.1\r\n", NULL);
		cr_expect(strstr(r->head, "content-type: text/csv"));
		snprintf(path, sizeof(path), "/v1/analytics/%s?format=csv&to=2026-11-03&from=2026-11-02", kinds[i]);
		cr_expect(strstr(ask(&f, "GET", path, NULL)->body, "\r\n2026-11-02T00:00:00.000Z,0,"));
		r = ask(&f, "HEAD", path, NULL);
		cr_expect_eq(r->status, 200);
		cr_expect_eq(r->n, 0);
	}
}

static const struct {
	const char *query, *slug, *field;
} bad[] = {
	{ "from=yesterday", "bad-parameter", "from" },
	{ "to=2026-13-01", "bad-parameter", "to" },
	{ "from=1969-01-01", "bad-parameter", "from" },
	{ "from=%zz", "bad-parameter", "from" },
	{ "by=week", "bad-parameter", "by" },
	{ "by=hour,day", "bad-parameter", "by" },
	{ "by=day,day", "bad-parameter", "by" },
	{ "by=", "bad-parameter", "by" },
	{ "by=day&by=day", "bad-parameter", "by" },
	{ "format=xml", "bad-parameter", "format" },
	{ "since=2026-11-01", "unknown-parameter", "since" },
	{ "by=strategy", "bad-parameter", "by" },
	{ "from=2026-11-02&to=2026-11-01", "bad-request", "from" },
	{ "from=1970-01-01&to=2026-11-01&by=hour", "bad-request", "from" },
};

Test(http_analytics, bad_parameters)
{
	char path[200];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(path, sizeof(path), "/v1/analytics/sales?%s", bad[i].query);
		expect_problem(ask(&f, "GET", path, NULL), 400, bad[i].slug, bad[i].field, path);
	}
}

Test(http_analytics, strategies_and_categories)
{
	struct reply *r = ask(&f, "GET", "/v1/analytics/strategies?by=scenario,day", NULL);

	cr_assert_eq(r->status, 200, "%s", r->body);
	cr_expect(strstr(r->body, "\"rows\":[],\"total\":{\"impressions\":0,"));
	cr_expect_eq(ask(&f, "GET", "/v1/analytics/categories", NULL)->status, 200);
	cr_expect(strstr(ask(&f, "GET", "/v1/analytics/segments", NULL)->body,
			 "\"rows\":[{\"segment\":\"new\",\"people\":0,"));
	expect_problem(ask(&f, "GET", "/v1/analytics/segments?by=day", NULL), 400, "unknown-parameter", "by",
		       "segments");
	r = ask(&f, "GET", "/v1/analytics/categories?by=day", NULL);
	expect_problem(r, 400, "unknown-parameter", "by", "categories");
	cr_expect(strstr(r->body, "these figures take from, to and format"), "%s", r->body);
	expect_problem(ask(&f, "GET", "/v1/analytics/strategies?by=hour,day", NULL), 400, "bad-parameter", "by",
		       "both");
}

Test(http_analytics, service_is_counted_from_the_start)
{
	struct reply *r;

	cr_expect(strstr(ask(&f, "GET", "/v1/analytics/service", NULL)->body,
			 "\"rows\":[],\"total\":{\"lists\":0,\"items\":0,"));
	for (int i = 0; i < 3; i++)
		cr_assert_eq(ask(&f, "GET", "/v1/trending", NULL)->status, 200);
	ask(&f, "GET", "/v1/trending?validateOnly=true", NULL);
	ask(&f, "GET", "/v1/recommendations/nowhere", NULL);
	cr_assert_eq(ask(&f, "GET", "/v1/recommendations/slow", NULL)->status, 200);
	r = ask(&f, "GET", "/v1/analytics/service", NULL);
	cr_expect(strstr(r->body, "\"rows\":[{\"scenario\":\"slow\",\"lists\":1,\"items\":1,"), "%s", r->body);
	cr_expect(strstr(r->body, "{\"scenario\":\"trending\",\"lists\":3,\"items\":3,"), "%s", r->body);
	cr_expect(strstr(r->body, "\"total\":{\"lists\":4,\"items\":4,"), "%s", r->body);
	r = ask(&f, "GET", "/v1/analytics/service?by=strategy&format=csv", NULL);
	cr_expect(strstr(r->head, "content-type: text/csv"));
	cr_expect_eq(strncmp(r->body, "strategy,lists,items,shortLists,fallbacks,outOfStockAvoided,tookP50Ms,", 70), 0,
		     "%s", r->body);
	cr_expect(strstr(r->body, "\r\nalso-bought,4,4,"), "%s", r->body);
	expect_problem(ask(&f, "GET", "/v1/analytics/service?from=2026-11-01", NULL), 400, "unknown-parameter", "from",
		       "from");
	expect_problem(ask(&f, "GET", "/v1/analytics/service?by=scenario,strategy", NULL), 400, "bad-parameter", "by",
		       "both");
	expect_problem(ask(&f, "GET", "/v1/analytics/service?by=day", NULL), 400, "bad-parameter", "by", "day");
}

/* More than is sent at once: all of it comes. */
Test(http_analytics, a_long_answer)
{
	static const char request[] =
		"GET /v1/analytics/sales?by=hour&from=2026-01-01&to=2026-11-01&format=csv HTTP/1.0\r\n"
		"host: x\r\n\r\n";
	struct client *c = xcalloc(1, sizeof(*c));
	size_t lines = 0, n = 0;
	char piece[1 << 14];
	ssize_t got;

	client_open(c, f.port);
	client_send(c, request, sizeof(request) - 1);
	while ((got = recv(c->fd, piece, sizeof(piece), 0)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			lines += piece[i] == '\n';
		n += (size_t)got;
	}
	cr_expect_gt(n, 200000);
	/* its hours, the names, and the lines of the head */
	cr_expect(lines > 304 * 24 && lines < 304 * 24 + 30, "%zu lines", lines);
	client_close(c);
	free(c);
}

static bool is_refused(struct client *c)
{
	char status[13] = "";

	cr_assert_eq(recv(c->fd, status, 12, MSG_WAITALL), 12);
	cr_assert(!strcmp(status, "HTTP/1.1 200") || !strcmp(status, "HTTP/1.1 503"), "%s", status);
	return status[9] == '5';
}

/* Long answers that nobody reads are not kept without end. */
Test(http_analytics, clients_that_do_not_read)
{
	static const char request[] = "GET /v1/analytics/sales?by=hour&from=2021-04-01&to=2026-11-01 HTTP/1.1\r\n"
				      "host: x\r\n\r\n";
	struct client *c = xcalloc(30, sizeof(*c));
	unsigned refused = 0;
	int room = 4096;

	for (unsigned i = 0; i < 30; i++) {
		client_open(&c[i], f.port);
		setsockopt(c[i].fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
		client_send(&c[i], request, sizeof(request) - 1);
	}
	for (unsigned i = 0; i < 30; i++)
		refused += is_refused(&c[i]);
	cr_expect(refused > 0 && refused < 30, "%u of 30 were refused", refused);
	for (unsigned i = 0; i < 30; i++)
		client_close(&c[i]);
	free(c);
}

/* Clients that leave while theirs is worked out, and a server that stops meanwhile. */
Test(http_analytics, clients_leave_and_the_server_stops)
{
	static const char request[] = "GET /v1/analytics/engagement?by=hour&from=2026-06-01&to=2026-11-01 HTTP/1.1\r\n"
				      "host: x\r\n\r\n";
	struct client *c = xcalloc(20, sizeof(*c));

	for (unsigned i = 0; i < 20; i++) {
		client_open(&c[i], f.port);
		client_send(&c[i], request, sizeof(request) - 1);
	}
	for (unsigned i = 0; i < 10; i++)
		client_close(&c[i]);
	cr_expect_eq(ask(&f, "GET", "/healthz", NULL)->status, 200);
	cr_expect_eq(ask(&f, "GET", "/v1/analytics/sales", NULL)->status, 200);
	server_stop(f.server, 0);
	f.server = NULL;
	for (unsigned i = 10; i < 20; i++)
		client_close(&c[i]);
	free(c);
}
