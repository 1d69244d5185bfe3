#include "tests/lib/query_http.h"

#include "query/route_recommend.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

static struct shopfront f;

static void setup(void)
{
	shopfront_open(&f, "http.threads=1", "http.batchMax=200", NULL);
}

static void teardown(void)
{
	shopfront_close(&f);
}

TestSuite(http_batch, .init = setup, .fini = teardown, .timeout = 60);

#define BATCH "/v1/recommendations:batch"

/* What the batch answers, parsed; the caller's. */
static json_t *entries_of(const char *path, const char *body)
{
	struct reply *r = ask(&f, "POST", path, body);
	json_t *v = json_loads(r->body, JSON_REJECT_DUPLICATES, NULL);

	cr_assert_eq(r->status, 200, "%s: %d %s", body, r->status, r->body);
	cr_assert(json_is_array(v), "%s", r->body);
	return v;
}

/* One request each, and how its entry of the batch ends. */
static const struct {
	const char *request;
	int status;
	const char *says;
} elements[] = {
	{ "{\"scenario\":\"home\",\"userId\":\"u1\",\"count\":3}", 200, "u=u1 v= s= c= w=0 n=3 " },
	{ "{\"scenario\":\"nowhere\"}", 404, "urn:aisle:problem:unknown-scenario" },
	{ "{\"userId\":\"u1\"}", 400, "'scenario' must be there" },
	{ "{\"scenario\":7}", 400, "'scenario' must be there" },
	{ "{\"scenario\":\"\"}", 200, "u= v= " },
	{ "7", 400, "urn:aisle:problem:bad-body" },
	{ "[]", 400, "a request for a list is a JSON object" },
	{ "{\"scenario\":\"home\",\"usrId\":\"u\"}", 400, "did you mean 'userId'?" },
	{ "{\"scenario\":\"home\",\"count\":0}", 400, "'count' is 1 to 100" },
	{ "{\"scenario\":\"home\" \"count\"}", 400, "line 10 column 26: the body is not JSON\"" },
	{ "{\"scenario\":\"x\",\"itemIds\":[\"a\",\"b\"]}", 200, "items=2/a " },
	{ "{\"scenario\":\"home\",\"validateOnly\":true}", 200, "\"valid\": true" },
	{ "{\"scenario\":\"broken\"}", 500, "urn:aisle:problem:store-io" },
	{ "{\"scenario\":\"x\"}", 200, " ex=0/000 " },
};

Test(http_batch, each_has_its_own_status)
{
	char body[4096] = "[";
	json_t *v, *entry;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(elements); i++)
		snprintf(body + strlen(body), sizeof(body) - strlen(body), "%s%s", i ? " ,\n" : "",
			 elements[i].request);
	strcat(body, "]");
	v = entries_of(BATCH, body);
	cr_assert_eq(json_array_size(v), ARRAY_SIZE(elements));
	json_array_foreach(v, i, entry)
	{
		char *text = json_dumps(entry, 0);
		bool good = elements[i].status == 200;

		cr_assert_eq(json_integer_value(json_object_get(entry, "index")), (json_int_t)i);
		cr_assert_eq(json_integer_value(json_object_get(entry, "status")), elements[i].status, "%s", text);
		cr_assert_eq(json_object_size(entry), 3, "%s", text);
		cr_assert(json_is_object(json_object_get(entry, good ? "recommendations" : "error")), "%s", text);
		cr_assert(strstr(text, elements[i].says), "%s: %s", elements[i].request, text);
		free(text);
	}
	json_decref(v);
}

static const struct {
	const char *path, *body;
	int status;
	const char *slug, *field;
} bad[] = {
	{ BATCH, "", 400, "bad-body", NULL },
	{ BATCH, "[]", 400, "bad-body", NULL },
	{ BATCH, "{}", 400, "bad-body", NULL },
	{ BATCH, "[{}", 400, "bad-body", NULL },
	{ BATCH, "[{}]]", 400, "bad-body", NULL },
	{ BATCH "?distinct=1", "[{}]", 400, "bad-parameter", "distinct" },
	{ BATCH "?distinct=true&distinct=true", "[{}]", 400, "bad-parameter", "distinct" },
	{ BATCH "?distinct=true&count=1", "[{}]", 400, "unknown-parameter", "count" },
};

Test(http_batch, what_is_no_batch_is_refused_whole)
{
	struct reply *r;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_problem(ask(&f, "POST", bad[i].path, bad[i].body), bad[i].status, bad[i].slug, bad[i].field,
			       bad[i].body);
	r = ask(&f, "GET", BATCH, NULL);
	expect_problem(r, 405, "method-not-allowed", NULL, "GET");
	cr_assert(strstr(r->head, "allow: post, options\r\n"), "%s", r->head);
}

static void many(char *body, size_t size, size_t n)
{
	size_t at = (size_t)snprintf(body, size, "[");

	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(body + at, size - at, "%s{\"scenario\":\"x\",\"userId\":\"u%zu\"}", i ? "," : "",
				       i);
	snprintf(body + at, size - at, "]");
}

Test(http_batch, a_long_one_comes_in_pieces_and_in_order)
{
	static char body[1 << 14];
	struct reply *r;
	json_t *v;

	many(body, sizeof(body), 200);
	r = ask(&f, "POST", BATCH, body);
	cr_assert(strstr(r->head, "transfer-encoding: chunked"), "%s", r->head);
	cr_assert_gt(r->n, 60000u);
	v = entries_of(BATCH, body);
	for (size_t i = 0; i < 200; i++) {
		json_t *list = json_object_get(json_array_get(v, i), "recommendations");
		json_t *item = json_array_get(json_object_get(list, "items"), 0);
		char user[16];

		snprintf(user, sizeof(user), "u=u%zu ", i);
		cr_assert(strstr(json_string_value(json_object_get(item, "reason")), user), "%zu", i);
	}
	json_decref(v);
	many(body, sizeof(body), 201);
	expect_problem(ask(&f, "POST", BATCH, body), 413, "body-too-large", NULL, "201");
}

/* The stub always answers the item p"1; it says in its reason how many are shown already. */
Test(http_batch, distinct_tells_each_list_of_those_before)
{
	static const char body[] = "[{\"scenario\":\"x\"},{\"scenario\":\"nowhere\"},{\"scenario\":\"y\"}]";

	for (int distinct = 0; distinct < 2; distinct++) {
		json_t *v = entries_of(distinct ? BATCH "?distinct=true" : BATCH "?distinct=false", body);
		char *text = json_dumps(json_array_get(v, 2), 0);

		cr_assert(strstr(text, distinct ? "shown=1" : "shown=0"), "%s", text);
		free(text);
		json_decref(v);
	}
}

#define LARGE "{\"scenario\":\"large\",\"count\":100}"

/* Bytes of what the link to the next page of the entry's list says was shown; 0: there is no link. */
static size_t shown_in(json_t *entries, size_t i)
{
	json_t *list = json_object_get(json_array_get(entries, i), "recommendations");
	const char *next = json_string_value(json_object_get(list, "next"));
	const char *shown = next ? strstr(next, "&shown=") : NULL;

	return shown ? strlen(shown + 7) : 0;
}

Test(http_batch, the_next_page_leaves_out_the_lists_before_too)
{
	json_t *v = entries_of(BATCH "?distinct=true",
			       "[{\"scenario\":\"x\",\"count\":1},{\"scenario\":\"y\",\"count\":1}]");
	size_t first = shown_in(v, 0);

	cr_expect_eq(first, 6, "%zu", first);
	cr_expect_eq(shown_in(v, 1), 13);
	json_decref(v);
	v = entries_of(BATCH, "[{\"scenario\":\"x\",\"count\":1},{\"scenario\":\"y\",\"count\":1}]");
	cr_expect_eq(shown_in(v, 1), 6);
	json_decref(v);
	v = entries_of(BATCH "?distinct=true", "[" LARGE "," LARGE "," LARGE "," LARGE "," LARGE "," LARGE "]");
	cr_expect_gt(shown_in(v, 3), 2100);
	cr_expect_eq(shown_in(v, 4), 0, "500 items were shown");
	cr_expect_eq(shown_in(v, 5), 0);
	json_decref(v);
}

/* The stub says as its strategy how many its list has shown on the pages before. */
Test(http_batch, the_next_page_goes_on_from_the_rank_of_its_own_list)
{
	json_t *v = entries_of(BATCH "?distinct=true",
			       "[{\"scenario\":\"x\",\"count\":1},{\"scenario\":\"y\",\"count\":1}]");
	json_t *list = json_object_get(json_array_get(v, 1), "recommendations");
	struct reply *r = ask(&f, "GET", json_string_value(json_object_get(list, "next")), NULL);
	json_t *page;

	cr_assert_eq(r->status, 200, "%s", r->body);
	cr_expect(strstr(r->body, "after=1"), "%s", r->body);
	page = json_loads(r->body, 0, NULL);
	r = ask(&f, "GET", json_string_value(json_object_get(page, "next")), NULL);
	cr_expect(strstr(r->body, "after=2"), "%s", r->body);
	json_decref(page);
	json_decref(v);
}

Test(http_batch, one_that_is_too_large_is_refused_alone)
{
	static char body[RECOMMEND_BODY_MAX + 200];
	size_t at = (size_t)snprintf(body, sizeof(body), "[{\"scenario\":\"x\"},{\"scenario\":\"");
	static char request[sizeof(body) + 200];
	static struct client c;
	static struct reply r;
	json_t *v;

	memset(body + at, 'x', RECOMMEND_BODY_MAX);
	snprintf(body + at + RECOMMEND_BODY_MAX, sizeof(body) - at - RECOMMEND_BODY_MAX, "\"}]");
	snprintf(request, sizeof(request),
		 "POST " BATCH
		 " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		 strlen(body), body);
	client_open(&c, f.port);
	client_send(&c, request, strlen(request));
	cr_assert(client_read(&c, false, &r));
	v = json_loads(r.body, 0, NULL);
	cr_assert_eq(json_integer_value(json_object_get(json_array_get(v, 0), "status")), 200);
	cr_assert_eq(json_integer_value(json_object_get(json_array_get(v, 1), "status")), 413);
	json_decref(v);
	client_close(&c);
}

Test(http_batch, a_client_that_leaves_in_the_middle_is_no_trouble)
{
	static char body[1 << 14], request[1 << 15];
	static struct client c;

	many(body, sizeof(body), 200);
	snprintf(request, sizeof(request),
		 "POST " BATCH
		 " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		 strlen(body), body);
	for (int i = 0; i < 50; i++) {
		client_open(&c, f.port);
		client_send(&c, request, strlen(request));
		if (i % 2)
			cr_assert(client_wait(&c, "\"index\":0"));
		client_close(&c);
	}
	cr_assert_eq(ask(&f, "GET", "/healthz", NULL)->status, 200);
}

/* Nothing tells such a client where the answer ends but the connection's end. */
Test(http_batch, http_1_0_is_closed_behind_the_answer)
{
	static const char post[] =
		"POST " BATCH " HTTP/1.0\r\nConnection: keep-alive\r\n"
		"Content-Type: application/json\r\nContent-Length: 21\r\n\r\n[{\"scenario\":\"home\"}]";
	static struct client c;

	client_open(&c, f.port);
	client_send(&c, post, sizeof(post) - 1);
	cr_assert(client_wait(&c, "\r\n\r\n["));
	cr_expect(client_closed(&c));
	cr_expect_null(strcasestr(c.buf, "keep-alive"), "%s", c.buf);
	client_close(&c);
}
