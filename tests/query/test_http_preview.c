/* POST /v1/preview: both answers, and what became of each item. */
#include "tests/lib/query_http.h"
#include "views/fold.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct shopfront front;

static void decide(struct fold *f, const char *key, const char *document)
{
	struct control_record rec;
	struct error e = { 0 };
	char value[512];
	int n = snprintf(value, sizeof(value), "{\"document\":%s}", document);

	cr_assert_eq(control_record_decode(str_of(key), value, (size_t)n, &rec, &e), 0, "%s", e.text);
	cr_assert_geq(fold_config(f, &rec, 0), 0);
}

/* Best sellers p1 to p4, of which p2 is dropped by a rule. */
static void open_front(void)
{
	const char *sets[] = { "http.listen=127.0.0.1:0", NULL };
	struct error e = { 0 };
	struct fold *f;

	shopfront_prepare(&front, sets);
	front.opt.answers = NULL;
	cr_assert_eq(fold_new(front.store, &f, &e), 0, "%s", e.text);
	for (unsigned i = 1; i <= 4; i++) {
		char id[8];
		struct event_item line = { .quantity = 10 - i };
		struct event ev = { .type = EVENT_PURCHASE,
				    .has_time = true,
				    .t_ms = INT64_C(1600000000000),
				    .items = &line,
				    .item_count = 1,
				    .user_id = STR("u1"),
				    .position = -1 };

		line.id = (struct str){ id, (uint32_t)snprintf(id, sizeof(id), "p%u", i) };
		cr_assert_eq(fold_event(f, &ev, -1, NULL), 0);
	}
	decide(f, "rule/no-p2", "{\"action\":{\"exclude\":{\"itemIds\":[\"p2\"]}}}");
	decide(f, "rule/no-p1", "{\"segments\":[\"lapsing\"],\"action\":{\"exclude\":{\"itemIds\":[\"p1\"]}}}");
	decide(f, "scenario/mine", "{\"chain\":[{\"strategy\":\"best-sellers\"}]}");
	decide(f, "scenario/dark", "{\"chain\":[{\"strategy\":\"best-sellers\"}],\"enabled\":false}");
	decide(f, "segment/off", "{\"filter\":\"orders >= 1\",\"enabled\":false}");
	decide(f, "segment/big-spender", "{\"filter\":\"orders >= 1\",\"enabled\":false}");
	decide(f, "rule/of-off", "{\"segments\":[\"off\"],\"action\":{\"exclude\":{\"itemIds\":[\"p3\"]}}}");
	cr_assert_eq(fold_commit(f, NULL), 0);
	fold_free(f);
	shopfront_start(&front);
}

static void close_front(void)
{
	shopfront_close(&front);
}

TestSuite(preview, .init = open_front, .fini = close_front);

static const struct reply *look(const char *kind, const char *id, const char *document)
{
	char body[1024];

	snprintf(
		body, sizeof(body),
		"{\"request\":{\"scenario\":\"mine\",\"count\":4},\"change\":{\"kind\":\"%s\",\"id\":\"%s\",\"document\":%s}}",
		kind, id, document);
	return ask(&front, "POST", "/v1/preview", body);
}

static void expect_items(const char *kind, const char *id, const char *document, const char *expected)
{
	const struct reply *r = look(kind, id, document);
	const char *items;

	cr_assert_eq(r->status, 200, "%s", r->body);
	items = strstr(r->body, ",\"items\":[{\"itemId\":\"p1\",\"before\"");
	cr_assert(items, "%s", r->body);
	cr_assert_str_eq(items, expected);
}

#define HERE(id, before, after, effects) \
	"{\"itemId\":\"" id "\",\"before\":" before ",\"after\":" after ",\"effects\":[" effects "]}"
#define RANK(n) "{\"rank\":" #n "}"

Test(preview, says_what_became_of_each_item)
{
	expect_items("rule", "pin", "{\"action\":{\"pin\":{\"itemIds\":[\"p4\"],\"position\":2}}}",
		     ",\"items\":[" HERE("p1", RANK(1), RANK(1), "") "," HERE(
			     "p4", RANK(3), RANK(2),
			     "{\"rule\":\"pin\",\"what\":\"pinned\",\"position\":2}") "," HERE("p3", RANK(2), RANK(3),
											       "") "]}");
	expect_items("rule", "gate", "{\"action\":{\"filter\":\"itemId != 'p3'\"}}",
		     ",\"items\":[" HERE("p1", RANK(1), RANK(1), "") "," HERE("p4", RANK(3), RANK(2), "") "," HERE(
			     "p3", RANK(2), "null", "{\"rule\":\"gate\",\"what\":\"filtered\"}") "]}");
	expect_items("rule", "few", "{\"action\":{\"quota\":{\"filter\":\"itemId in ('p3','p4')\",\"max\":1}}}",
		     ",\"items\":[" HERE("p1", RANK(1), RANK(1), "") "," HERE("p3", RANK(2), RANK(2), "") "," HERE(
			     "p4", RANK(3), "null", "{\"rule\":\"few\",\"what\":\"quota\"}") "]}");
	expect_items("rule", "no-p2", "null",
		     ",\"items\":[" HERE("p1", RANK(1), RANK(1), "") "," HERE("p2", "null", RANK(2), "") "," HERE(
			     "p3", RANK(2), RANK(3), "") "," HERE("p4", RANK(3), RANK(4), "") "]}");
	expect_items("scenario", "mine", "{\"chain\":[{\"strategy\":\"best-sellers\"}],\"minScore\":7}",
		     ",\"items\":[" HERE("p1", RANK(1), RANK(1), "") "," HERE("p3", RANK(2), RANK(2), "") "," HERE(
			     "p4", RANK(3), "null", "{\"scenario\":\"mine\",\"what\":\"removed\"}") "]}");
	cr_assert(
		strstr(look("rule", "x", "null")->body, "\"before\":{\"recommendationId\":null,\"scenario\":\"mine\""));
}

Test(preview, of_a_scenario_that_comes_or_goes_has_one_answer)
{
	const struct reply *r = look("scenario", "mine", "null");

	cr_assert_eq(r->status, 200, "%s", r->body);
	cr_assert(strstr(r->body, "\"after\":null,\"problem\":{\"type\":\"urn:aisle:problem:unknown-scenario\""), "%s",
		  r->body);
	r = ask(&front, "POST", "/v1/preview",
		"{\"request\":{\"scenario\":\"mine\",\"window\":\"1h\"},\"change\":{\"kind\":\"scenario\",\"id\":\"mine\","
		"\"document\":{\"chain\":[{\"strategy\":\"trending\"}]}}}");
	cr_assert_eq(r->status, 200, "%s", r->body);
	cr_assert(strstr(r->body, "{\"before\":null,\"after\":{"), "best sellers have no window: %s", r->body);
	cr_assert(strstr(r->body, "\"field\":\"request.window\""), "%s", r->body);
	r = ask(&front, "POST", "/v1/preview",
		"{\"request\":{\"scenario\":\"new\"},\"change\":{\"kind\":\"scenario\",\"id\":\"new\",\"document\":{\"chain\":["
		"{\"strategy\":\"best-sellers\"}]}}}");
	cr_assert_eq(r->status, 200, "%s", r->body);
	cr_assert(strstr(r->body, "{\"before\":null,\"after\":{"));
	cr_assert(strstr(r->body, "\"problem\":{"));
	r = ask(&front, "POST", "/v1/preview",
		"{\"request\":{\"scenario\":\"new\"},\"change\":{\"kind\":\"scenario\",\"id\":\"old\",\"document\":null}}");
	expect_problem(r, 404, "unknown-scenario", "request.scenario", "neither has it");
}

Test(preview, of_a_segment_says_who_belongs_and_what_its_rules_do)
{
	static const char rule[] =
		"{\"request\":{\"scenario\":\"mine\",\"userId\":\"u1\",\"count\":4},\"change\":{\"kind\":\"segment\","
		"\"id\":\"%s\",\"document\":%s}}";
	char body[512];
	const struct reply *r;

	snprintf(body, sizeof(body), rule, "lapsing", "{\"filter\":\"orders >= 1\"}");
	r = ask(&front, "POST", "/v1/preview", body);
	cr_assert_eq(r->status, 200, "%s", r->body);
	cr_assert(strstr(r->body, "\"segments\":{\"before\":[\"frequent\"],\"after\":[\"frequent\",\"lapsing\"]}"),
		  "%s", r->body);
	cr_assert(strstr(r->body, "{\"itemId\":\"p1\",\"before\":{\"rank\":1},\"after\":null,\"effects\":[{\"rule\":"
				  "\"no-p1\",\"what\":\"excluded\"}]}"),
		  "%s", r->body);
	snprintf(body, sizeof(body), rule, "lapsing", "{\"filter\":\"orders >= 1\",\"enabled\":false}");
	cr_assert(strstr(ask(&front, "POST", "/v1/preview", body)->body,
			 "\"segments\":{\"before\":[\"frequent\"],\"after\":[\"frequent\"]}"));
	snprintf(body, sizeof(body), rule, "lapsing", "{\"filter\":\"ordres >= 1\"}");
	expect_problem(ask(&front, "POST", "/v1/preview", body), 400, "bad-config", "change.document.filter", "ordres");
}

Test(preview, what_a_document_names_may_be_switched_off)
{
	static const char *const segments = "change.document.segments[0]", *off = "\"segment 'off' is switched off\"";
	const struct reply *r = look("rule", "x", "{\"segments\":[\"off\"],\"action\":{\"filter\":\"inStock\"}}");

	expect_problem(r, 400, "bad-config", segments, "rule");
	cr_assert(strstr(r->body, off), "%s", r->body);
	r = look("offer", "x", "{\"segments\":[\"off\"],\"discount\":{\"percent\":5}}");
	expect_problem(r, 400, "bad-config", segments, "offer");
	cr_assert(strstr(r->body, off), "%s", r->body);
	r = look("rule", "x", "{\"segments\":[\"big-spender\"],\"action\":{\"filter\":\"inStock\"}}");
	expect_problem(r, 400, "bad-config", segments, "shipped");
	cr_assert(strstr(r->body, "\"segment 'big-spender' is switched off\""), "%s", r->body);
	r = look("rule", "x", "{\"segments\":[\"none\"],\"action\":{\"filter\":\"inStock\"}}");
	expect_problem(r, 400, "bad-config", segments, "none");
	cr_assert(strstr(r->body, "there is no segment 'none'"), "%s", r->body);
	r = look("rule", "x", "{\"placements\":[\"dark\"],\"action\":{\"filter\":\"inStock\"}}");
	expect_problem(r, 400, "bad-config", "change.document.placements[0]", "scenario");
	cr_assert(strstr(r->body, "\"scenario 'dark' is switched off\""), "%s", r->body);
	r = ask(&front, "GET", "/v1/rules/of-off", NULL);
	cr_assert(strstr(r->body, off), "%s", r->body);
}

Test(preview, strategies_list_what_was_decided)
{
	const struct reply *r = ask(&front, "GET", "/v1/strategies", NULL);

	cr_assert(
		strstr(r->body,
		       "{\"slug\":\"mine\",\"kind\":\"scenario\",\"meaning\":\"\",\"inputs\":[\"userId\",\"visitorId\","
		       "\"category\"],\"required\":[],\"chain\":[\"best-sellers\"],\"shares\":[0]}"));
}

Test(preview, changes_nothing)
{
	const struct reply *r;

	look("rule", "gate", "{\"action\":{\"filter\":\"itemId != 'p3'\"}}");
	r = ask(&front, "GET", "/v1/recommendations/mine?explain=true", NULL);
	cr_assert(strstr(r->body, "\"itemId\":\"p3\""));
	cr_assert(strstr(r->body, "\"recommendationId\":\""));
}

Test(preview, bad_ones_are_refused)
{
	static const struct {
		const char *body, *slug, *field;
	} cases[] = {
		{ "{\"request\":{\"scenario\":\"mine\"}}", "bad-parameter", "change" },
		{ "{\"request\":{\"scenario\":\"mine\"},\"change\":{\"kind\":\"x\",\"id\":\"a\",\"document\":null}}",
		  "bad-parameter", "change.kind" },
		{ "{\"request\":{\"scenario\":\"mine\"},\"change\":{\"kind\":\"rule\",\"id\":\"A\",\"document\":null}}",
		  "bad-parameter", "change.id" },
		{ "{\"request\":{\"scenario\":\"mine\"},\"change\":{\"kind\":\"rule\",\"id\":\"a\",\"document\":1}}",
		  "bad-parameter", "change.document" },
		{ "{\"request\":{\"scenario\":\"mine\"},\"change\":{\"kind\":\"rule\",\"id\":\"a\",\"document\":null,\"x\":1}}",
		  "unknown-parameter", "change.x" },
		{ "{\"request\":{},\"change\":{\"kind\":\"rule\",\"id\":\"a\",\"document\":null}}", "bad-parameter",
		  "request.scenario" },
		{ "{\"request\":{\"scenario\":\"mine\",\"validateOnly\":true},\"change\":{\"kind\":\"rule\",\"id\":\"a\",\"document\":null}}",
		  "bad-parameter", "request.validateOnly" },
		{ "{\"request\":{\"scenario\":\"mine\",\"cuont\":1},\"change\":{\"kind\":\"rule\",\"id\":\"a\",\"document\":null}}",
		  "unknown-parameter", "request.cuont" },
		{ "{\"request\":{\"scenario\":\"mine\",\"exclude\":{\"itemIds\":1}},\"change\":{\"kind\":\"rule\",\"id\":\"a\",\"document\":null}}",
		  "bad-parameter", "request.exclude.itemIds" },
		{ "{\"request\":{\"scenario\":\"product-page\"},\"change\":{\"kind\":\"rule\",\"id\":\"a\",\"document\":null}}",
		  "bad-request", "request.itemIds" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_problem(ask(&front, "POST", "/v1/preview", cases[i].body), 400, cases[i].slug, cases[i].field,
			       cases[i].body);
	expect_problem(look("rule", "a", "{\"action\":{\"filter\":\"prize < 5\"}}"), 400, "bad-config",
		       "change.document.action.filter", "a filter");
	expect_problem(look("scenario", "trending", "{\"chain\":[{\"strategy\":\"trending\"}]}"), 400, "bad-config",
		       "change.id", "the name of a strategy");
	expect_problem(ask(&front, "POST", "/v1/preview?x=1", "{}"), 400, "unknown-parameter", "x", "a parameter");
}
