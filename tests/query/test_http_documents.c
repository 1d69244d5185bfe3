/* Documents over HTTP: a log of its own takes the records and folds each at once, or when the test says so. */
#include "config/clock.h"
#include "schemas/members.h"
#include "tests/lib/query_http.h"
#include "views/config.h"
#include "views/fold.h"
#include "views/segment_members.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define JSON "content-type: application/json\r\n"
#define RULE "{\"action\": {\"filter\": \"inStock\"}, \"priority\": %d}"

static struct shopfront front;

/* A publisher that is its own processor. */
static struct log {
	struct publisher base; /* first */
	pthread_mutex_t lock;
	struct fold *fold;
	int64_t offset;
	bool holds;         /* acknowledged, not folded */
	const char *before; /* what somebody else's record, folded before the next one, replaces; NULL: there is none */
	unsigned after;     /* so many of somebody else's are folded behind the next one */
	unsigned sent;
	char last[2048];
} shop_log;

static void fold_one(struct log *l, struct str key, const void *value, size_t n)
{
	struct control_record rec;
	struct error e = { 0 };
	struct str segment;

	if (members_key(key, &segment)) {
		cr_assert_eq(fold_members(l->fold, segment, value, n, &e), 0, "%s", e.text);
	} else {
		cr_assert_eq(control_record_decode(key, value, n, &rec, &e), 0, "%s", e.text);
		cr_assert_geq(fold_config(l->fold, &rec, 1000), 0);
	}
	l->offset++;
	fold_position(l->fold, "aisle.config", 0, &(struct position){ .next = l->offset, .last = l->offset - 1 });
	cr_assert_eq(fold_commit(l->fold, NULL), 0);
}

static int log_send(struct publisher *base, const char *topic, int32_t partition, struct str key, const void *value,
		    size_t n, int64_t timestamp_ms, const struct header *headers, size_t header_count,
		    publish_done done, void *arg)
{
	struct log *l = (struct log *)base;
	char other[256];
	int64_t offset;

	(void)partition, (void)timestamp_ms, (void)headers, (void)header_count;
	cr_assert_str_eq(topic, "aisle.config");
	pthread_mutex_lock(&l->lock);
	snprintf(l->last, sizeof(l->last), "%.*s %.*s", STR_FMT(key), (int)n, (const char *)value);
	if (l->before) {
		int len = snprintf(
			other, sizeof(other),
			"{\"replaces\":%s,\"changedBy\":\"bob\",\"document\":{\"action\":{\"filter\":\"inStock\"}}}",
			l->before);

		l->before = NULL;
		fold_one(l, key, other, (size_t)len);
	}
	l->sent++;
	offset = l->offset;
	if (!l->holds)
		fold_one(l, key, value, n);
	for (; l->after; l->after--) {
		int len = snprintf(other, sizeof(other), "{\"changeId\":\"%016x\",\"document\":" RULE "}", l->after, 1);

		fold_one(l, key, other, (size_t)len);
	}
	pthread_mutex_unlock(&l->lock);
	if (done)
		done(arg, 0, 0, offset);
	return 0;
}

static void open_front_with(const char *const *sets)
{
	static const struct publisher_ops ops = { .send = log_send };
	struct error e = { 0 };

	shopfront_prepare(&front, sets);
	shop_log.base.ops = &ops;
	pthread_mutex_init(&shop_log.lock, NULL);
	cr_assert_eq(fold_new(front.store, &shop_log.fold, &e), 0, "%s", e.text);
	front.opt.publisher = &shop_log.base;
	shopfront_start(&front);
}

static void open_front(void)
{
	open_front_with((const char *const[]){ "http.publishTimeout=60s", NULL });
}

/* For what is never folded. */
static void open_hasty(void)
{
	open_front_with((const char *const[]){ "http.publishTimeout=100ms", NULL });
	shop_log.holds = true;
}

static void close_front(void)
{
	server_stop(front.server, 2000);
	front.server = NULL;
	fold_free(shop_log.fold);
	shopfront_close(&front);
}

TestSuite(documents, .init = open_front, .fini = close_front);
TestSuite(documents_held, .init = open_hasty, .fini = close_front);

static const char *rule(int priority)
{
	static char json[128];

	snprintf(json, sizeof(json), RULE, priority);
	return json;
}

/* The reply has this status and its body begins so; ETag NULL: any. */
static void expect(const struct reply *r, int status, const char *etag, const char *body)
{
	char line[48];

	cr_assert_eq(r->status, status, "%d %s", r->status, r->body);
	snprintf(line, sizeof(line), "\r\netag: \"%s\"\r\n", etag ? etag : "");
	cr_expect(!etag || strstr(r->head, line), "%s", r->head);
	cr_expect(strncmp(r->body, body, strlen(body)) == 0, "%s", r->body);
}

Test(documents, put_get_delete)
{
	expect(ask(&front, "GET", "/v1/rules/r", NULL), 404, NULL, "{\"type\":\"urn:aisle:problem:unknown-document\"");
	expect(ask_with(&front, "PUT", "/v1/rules/r", JSON "x-changed-by: J%C3%B6rg H\r\nif-none-match: *\r\n",
			rule(5)),
	       200, "1", "{\"id\":\"r\",\"revision\":1,\"changedAt\":\"20");
	expect(ask(&front, "GET", "/v1/rules/r", NULL), 200, "1", "{\"id\":\"r\",\"revision\":1,");
	cr_expect(strstr(
		ask(&front, "GET", "/v1/rules/r", NULL)->body,
		"\"changedBy\":\"J\xc3\xb6rg H\",\"document\":{\"action\":{\"filter\":\"inStock\"},\"priority\":5},"
		"\"shipped\":false}"));
	expect(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: \"9\"\r\nif-match: \"8\", \"1\" \r\n", rule(6)),
	       200, "2", "{\"id\":\"r\",\"revision\":2,");
	expect(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: *\r\n", rule(7)), 200, "3",
	       "{\"id\":\"r\",\"revision\":3,");
	expect(ask_with(&front, "DELETE", "/v1/rules/r", "if-match: \"3\"\r\n", NULL), 200, "4",
	       "{\"id\":\"r\",\"revision\":4,");
	cr_expect(strstr(shop_log.last, "rule/r {\"kind\":\"rule\",\"id\":\"r\",\"replaces\":3,\"changeId\":\""), "%s",
		  shop_log.last);
	cr_expect(strstr(shop_log.last, "\"document\":null}"), "%s", shop_log.last);
	expect(ask(&front, "GET", "/v1/rules/r", NULL), 404, NULL, "");
	expect(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: \"4\"\r\n", rule(5)), 412, "4", "");
	cr_expect(strstr(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: \"4\"\r\n", rule(5))->body,
			 "it was deleted, as revision 4: create it again with if-none-match: *"));
	expect(ask(&front, "PUT", "/v1/rules/r", rule(5)), 200, "5", "");
	expect_problem(ask(&front, "GET", "/v1/rules/q/history", NULL), 404, "unknown-document", "id", "no such rule");
	expect(ask(&front, "GET", "/v1/scenarios/home/history", NULL), 200, NULL, "{\"items\":[]}");
	expect(ask(&front, "GET", "/v1/rules/r/history", NULL), 200, NULL, "{\"items\":[{\"id\":\"r\",\"revision\":5,");
	cr_expect(strstr(ask(&front, "GET", "/v1/rules/r/history", NULL)->body, "\"revision\":4,\"changedAt\":\"20"));
}

Test(documents, who_has_the_revision_is_told_so)
{
	static const char *const has[] = { "if-none-match: \"1\"\r\n", "if-none-match: \"7\", W/\"1\"\r\n",
					   "if-none-match: *\r\n" };
	const struct reply *r;

	expect(ask(&front, "PUT", "/v1/rules/r", rule(5)), 200, "1", "");
	for (size_t i = 0; i < ARRAY_SIZE(has); i++) {
		r = ask_with(&front, "GET", "/v1/rules/r", has[i], NULL);
		expect(r, 304, "1", "");
		cr_expect_eq(r->n, 0);
	}
	expect(ask_with(&front, "GET", "/v1/rules/r", "if-none-match: \"11\"\r\n", NULL), 200, "1", "{\"id\"");
	expect(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: \"1\"\r\n", rule(6)), 200, "2", "");
	expect(ask_with(&front, "GET", "/v1/rules/r", has[0], NULL), 200, "2", "{\"id\":\"r\",\"revision\":2,");
	expect(ask_with(&front, "GET", "/v1/scenarios/home", "if-none-match: \"0\"\r\n", NULL), 200, "0", "{\"id\"");
}

Test(documents, a_problem_comes_and_goes_with_the_tag)
{
	static const char segment[] = "{\"filter\":\"orders >= 1\"}",
			  off[] = "{\"filter\":\"orders >= 1\",\"enabled\":false}",
			  of_it[] = "{\"segments\":[\"s\"],\"action\":{\"filter\":\"inStock\"}}";

	expect(ask(&front, "PUT", "/v1/segments/s", segment), 200, "1", "");
	expect(ask(&front, "PUT", "/v1/rules/r", of_it), 200, "1", "");
	expect(ask_with(&front, "PUT", "/v1/segments/s", JSON "if-match: \"1\"\r\n", off), 200, "2", "");
	expect(ask_with(&front, "GET", "/v1/rules/r", "if-none-match: \"1\", \"1p\"\r\n", NULL), 200, "1p", "{\"id\"");
	expect(ask_with(&front, "PUT", "/v1/segments/s", JSON "if-match: \"2\"\r\n", segment), 200, "3", "");
	expect(ask_with(&front, "GET", "/v1/rules/r", "if-none-match: \"1p\"\r\n", NULL), 200, "1", "{\"id\"");
	expect(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: \"1p\"\r\n", of_it), 200, "2", "");
}

Test(documents, what_is_replaced_must_be_said)
{
	struct reply *r;

	expect(ask(&front, "PUT", "/v1/rules/r", rule(5)), 200, "1", "");
	expect_problem(ask(&front, "PUT", "/v1/rules/r", rule(6)), 428, "precondition-required", "if-match",
		       "no header");
	expect_problem(ask(&front, "DELETE", "/v1/rules/r", NULL), 428, "precondition-required", "if-match",
		       "no header");
	expect_problem(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-none-match: *\r\n", rule(6)), 412,
		       "precondition-failed", "if-none-match", "is there");
	expect_problem(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: \"2\"\r\n", rule(6)), 412,
		       "precondition-failed", "if-match", "another revision");
	expect_problem(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: W/\"1\"\r\n", rule(6)), 412,
		       "precondition-failed", "if-match", "weak");
	expect_problem(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: 1\r\n", rule(6)), 400, "bad-parameter",
		       "if-match", "without quotes");
	expect_problem(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: \"1\"\r\nif-none-match: *\r\n", rule(6)),
		       412, "precondition-failed", "if-none-match", "both, and it is there");
	expect_problem(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: \"2\"\r\nif-match: \"3\"\r\n", rule(6)),
		       412, "precondition-failed", "if-match", "two lines, neither right");
	r = ask_with(&front, "PUT", "/v1/rules/s", JSON "if-match: *\r\n", rule(6));
	cr_expect_null(strstr(r->head, "etag"), "nobody has written it");
	expect_problem(r, 412, "precondition-failed", "if-match", "not there");
	expect_problem(ask_with(&front, "DELETE", "/v1/rules/s", "if-match: *\r\n", NULL), 404, "unknown-document",
		       "id", "not there");
	expect_problem(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-none-match: \"1\"\r\n", rule(6)), 400,
		       "bad-parameter", "if-none-match", "a tag");
	expect_problem(ask_with(&front, "DELETE", "/v1/rules/r", "if-none-match: *\r\n", NULL), 400, "bad-parameter",
		       "if-none-match", "deletion");
	cr_expect_eq(shop_log.sent, 1);
}

Test(documents, of_two_editors_one_is_refused_and_the_log_is_settled)
{
	const char *row;

	expect(ask(&front, "PUT", "/v1/rules/r", rule(5)), 200, "1", "");
	shop_log.before = "1";
	expect_problem(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: \"1\"\r\n", rule(6)), 412,
		       "precondition-failed", "if-match", "bob was first");
	cr_expect_eq(shop_log.sent, 3, "the refused one, and what is there once more");
	cr_expect(strstr(shop_log.last, "\"replaces\":1,") && strstr(shop_log.last, "\"changedBy\":\"bob\""), "%s",
		  shop_log.last);
	row = ask(&front, "GET", "/v1/rules/r", NULL)->body;
	cr_expect(strstr(row, "\"revision\":2,") && strstr(row, "\"changedBy\":\"bob\""), "%s", row);
	cr_expect(strstr(ask(&front, "GET", "/metrics", NULL)->body, "\naisle_config_refused_total 1\n"));
	expect(ask_with(&front, "PUT", "/v1/rules/r", JSON "if-match: \"2\"\r\n", rule(6)), 200, "3", "");
	shop_log.before = "0";
	expect_problem(ask_with(&front, "PUT", "/v1/rules/s", JSON "if-none-match: *\r\n", rule(6)), 412,
		       "precondition-failed", "if-none-match", "bob was first here too");
}

Test(documents, a_change_that_is_known_no_longer_is_not_called_refused)
{
	shop_log.after = CONFIG_HISTORY_MAX - 1;
	expect(ask(&front, "PUT", "/v1/rules/r", rule(5)), 200, "1", "");
	shop_log.after = CONFIG_HISTORY_MAX;
	expect(ask(&front, "PUT", "/v1/rules/s", rule(5)), 202, NULL, "{\"status\":\"accepted\",\"id\":\"s\"}");
}

Test(documents, one_of_many_changes_is_still_refused)
{
	char match[64];

	for (unsigned i = 0; i <= CONFIG_HISTORY_MAX; i++) {
		snprintf(match, sizeof(match), JSON "if-match: \"%u\"\r\n", i);
		ask_with(&front, "PUT", "/v1/rules/r", i ? match : JSON, rule(5 + (int)i % 2));
	}
	snprintf(match, sizeof(match), JSON "if-match: \"%d\"\r\n", CONFIG_HISTORY_MAX + 1);
	shop_log.before = "21";
	expect(ask_with(&front, "PUT", "/v1/rules/r", match, rule(9)), 412, NULL, "");
}

Test(documents_held, a_change_that_is_not_folded_in_time_is_accepted)
{
	expect(ask(&front, "PUT", "/v1/rules/r", rule(5)), 202, NULL, "{\"status\":\"accepted\",\"id\":\"r\"}");
}

static bool is_settled(void)
{
	bool ret;

	pthread_mutex_lock(&shop_log.lock);
	ret = shop_log.sent == 2 && strstr(shop_log.last, "\"changedBy\":\"bob\"");
	pthread_mutex_unlock(&shop_log.lock);
	return ret;
}

Test(documents_held, who_is_refused_after_its_answer_does_not_stay_the_last_one)
{
	static const char bob[] = "{\"changedBy\":\"bob\",\"document\":null}";
	const char *late = shop_log.last + strlen("rule/r ");
	uint64_t until;

	expect(ask(&front, "PUT", "/v1/rules/r", rule(5)), 202, NULL, "");
	pthread_mutex_lock(&shop_log.lock);
	shop_log.holds = false;
	fold_one(&shop_log, STR("rule/r"), bob, strlen(bob));
	fold_one(&shop_log, STR("rule/r"), late, strlen(late));
	pthread_mutex_unlock(&shop_log.lock);
	until = clock_now_ns() + UINT64_C(10000000000);
	while (!is_settled() && clock_now_ns() < until)
		ask(&front, "GET", "/healthz", NULL);
	cr_expect(is_settled(), "%s", shop_log.last);
}

Test(documents, all_of_a_kind)
{
	struct reply *r;

	ask(&front, "PUT", "/v1/segments/b", "{\"filter\":\"orders > 1\"}");
	ask(&front, "PUT", "/v1/segments/a", "{\"members\":true}");
	ask(&front, "PUT", "/v1/rules/r", rule(5));
	r = ask(&front, "GET", "/v1/segments?after=a", NULL);
	expect(r, 200, NULL, "{\"items\":[{\"id\":\"b\",\"revision\":1,");
	cr_expect_null(strstr(r->body, "\"id\":\"a\""));
	cr_expect_null(strstr(r->body, "\"id\":\"r\""));
	expect(ask(&front, "GET", "/v1/offers", NULL), 200, NULL, "{\"items\":[]}");
	expect_problem(ask(&front, "GET", "/v1/offers?limit=1", NULL), 400, "unknown-parameter", "limit", "only after");
	expect_problem(ask(&front, "GET", "/v1/offers?after=a&after=b", NULL), 400, "bad-parameter", "after", "twice");
}

Test(documents, shipped_ones_are_there_and_come_back)
{
	static const char *const doc = "{\"chain\":[{\"strategy\":\"trending\"}]}";
	struct scenario_info info;
	char path[96];

	for (size_t i = 0; stub_answers.info(i, &info) && info.is_strategy; i++)
		;
	cr_assert_not(info.is_strategy);
	snprintf(path, sizeof(path), "/v1/scenarios/%s", info.slug);
	cr_expect(strstr(ask(&front, "GET", path, NULL)->body, "\"changedBy\":null,\"document\":{"));
	expect(ask_with(&front, "DELETE", path, "if-match: *\r\n", NULL), 404, NULL, "");
	expect(ask_with(&front, "PUT", path, JSON "if-match: \"1\"\r\n", doc), 412, "0", "");
	expect(ask_with(&front, "PUT", path, JSON "if-match: \"0\"\r\n", doc), 200, "1", "");
	cr_expect(strstr(ask(&front, "GET", "/v1/scenarios", NULL)->body,
			 "[{\"strategy\":\"trending\"}]},\"shipped\":false}"));
	expect(ask_with(&front, "DELETE", path, "if-match: \"1\"\r\n", NULL), 200, "2", "");
	cr_expect(strstr(ask(&front, "GET", path, NULL)->body, "\"revision\":2,\"changedAt\":null,"));
	expect(ask_with(&front, "PUT", path, JSON "if-match: \"2\"\r\n", doc), 200, "3", "");
}

Test(documents, wrong_ones_are_refused_with_the_path)
{
	cr_assert(strstr(ask(&front, "PUT", "/v1/rules/r", "{\"placement\":[]}")->body,
			 "is no field here; did you mean 'placements'?\",\"field\":\"placement\",\"suggestion\":"));
	expect_problem(ask(&front, "PUT", "/v1/rules/r", "{\"action\":{\"pin\":{}}}"), 400, "bad-config",
		       "action.pin.itemIds", "missing");
	expect_problem(ask(&front, "PUT", "/v1/rules/r?validateOnly=true", "{"), 400, "bad-config", NULL, "no JSON");
	expect_problem(ask(&front, "PUT", "/v1/rules/r?validateOnly=true", " "), 400, "bad-body", NULL, "empty");
	expect_problem(ask(&front, "PUT", "/v1/rules/r", ""), 400, "bad-body", NULL, "empty");
	expect(ask_with(&front, "PUT", "/v1/rules/r?validateOnly=true", JSON "if-match: *\r\n", rule(1)), 200, NULL,
	       "{\"status\":\"valid\"}");
	expect_problem(ask(&front, "PUT", "/v1/rules/r?validateOnly=1", rule(1)), 400, "bad-parameter", "validateOnly",
		       "1");
	expect_problem(ask(&front, "PUT", "/v1/rules/r?validateOnly=true&validateOnly=false", rule(1)), 400,
		       "bad-parameter", "validateOnly", "twice");
	expect_problem(ask(&front, "PUT", "/v1/rules/r?dry=true", rule(1)), 400, "unknown-parameter", "dry", "dry");
	expect_problem(ask(&front, "PUT", "/v1/rules/R", rule(1)), 400, "bad-parameter", "id", "upper case");
	expect_problem(ask_with(&front, "PUT", "/v1/rules/r", JSON "x-changed-by: %FF\r\n", rule(1)), 400,
		       "bad-parameter", "x-changed-by", "no UTF-8");
	cr_expect_eq(shop_log.sent, 0);
}

/* ---- imported lists ---- */

Test(documents, a_list_of_members)
{
	struct reply *r;

	expect_problem(ask(&front, "GET", "/v1/segments/vip/members", NULL), 404, "unknown-document", "id", "none");
	expect_problem(ask(&front, "PUT", "/v1/segments/vip/members", "[\"u1\"]"), 404, "unknown-document", "id",
		       "none");
	expect(ask(&front, "PUT", "/v1/segments/vip", "{\"members\":true}"), 200, NULL, "");
	expect(ask(&front, "GET", "/v1/segments/vip/members", NULL), 200, NULL, "{\"segment\":\"vip\",\"members\":0}");
	r = ask(&front, "PUT", "/v1/segments/vpi/members", "[\"u1\"]");
	expect_problem(r, 404, "unknown-document", "id", "misspelt");
	cr_expect(strstr(r->body, "\"suggestion\":\"vip\""), "%s", r->body);
	expect(ask(&front, "PUT", "/v1/segments/vip/members", " [\"u1\",\"u2\",\"u1\"]\n"), 200, NULL,
	       "{\"segment\":\"vip\",\"members\":2}");
	cr_expect_str_eq(shop_log.last, "members/vip [\"u1\",\"u2\",\"u1\"]");
	expect_problem(ask(&front, "DELETE", "/v1/segments/vip/members", "[\"u1\"]"), 400, "bad-request", NULL,
		       "who sends one means to take u1 off");
	expect(ask(&front, "GET", "/v1/segments/vip/members", NULL), 200, NULL, "{\"segment\":\"vip\",\"members\":2}");
	expect(ask(&front, "DELETE", "/v1/segments/vip/members", NULL), 200, NULL,
	       "{\"segment\":\"vip\",\"members\":0}");
	cr_expect_str_eq(shop_log.last, "members/vip ");
}

Test(documents, a_list_that_is_none_is_refused)
{
	struct reply *r = ask(&front, "PUT", "/v1/segments/vip/members", "[\"u1\",7]");

	cr_expect_eq(r->status, 400);
	cr_expect(strstr(r->body, "bad-config") && strstr(r->body, "[1]"), "%s", r->body);
	cr_expect_eq(ask(&front, "PUT", "/v1/segments/vip/members", "{}")->status, 400);
	cr_expect_eq(ask(&front, "PUT", "/v1/segments/VIP/members", "[]")->status, 400);
	cr_expect_eq(ask(&front, "PUT", "/v1/segments/vip/members?x=1", "[]")->status, 400);
	cr_expect_eq(ask(&front, "PUT", "/v1/segments/vip/members", NULL)->status, 400);
	cr_expect_eq(shop_log.sent, 0);
}

Test(documents_held, a_list_that_is_not_folded_in_time_is_accepted)
{
	expect(ask(&front, "PUT", "/v1/segments/new/members", "[]"), 202, NULL,
	       "{\"status\":\"accepted\",\"id\":\"new\"}");
}
