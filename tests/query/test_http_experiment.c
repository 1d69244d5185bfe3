/* GET /v1/analytics/experiments/{id}: from events with signed ids to a report. */
#include "tests/lib/query_http.h"
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define REPORT "/v1/analytics/experiments/"

static struct shopfront f;
static struct shop shop;

static void open_all(void)
{
	shop_open(&shop);
	shopfront_prepare(&f, NULL);
	f.opt.store = shop.store;
	shopfront_start(&f);
}

static void close_all(void)
{
	shopfront_close(&f);
	shop_close(&shop);
}

TestSuite(http_experiment, .init = open_all, .fini = close_all);

static void put(const char *id, const char *document)
{
	struct control_record rec;
	struct error e = { 0 };
	static unsigned changes;
	char key[128], json[1024];
	int n;

	snprintf(key, sizeof(key), "experiment/%s", id);
	n = snprintf(json, sizeof(json), "{\"changeId\":\"%016x\",\"changedBy\":\"ann\",\"document\":%s}", ++changes,
		     document);
	cr_assert_eq(control_record_decode(str_of(key), json, (size_t)n, &rec, &e), 0, "%s: %s", e.field, e.text);
	cr_assert_eq(fold_config(shop.fold, &rec, 1000), 0);
	cr_assert_eq(fold_commit(shop.fold, NULL), 0);
}

/* User N sees two items in the variant, clicks on the first of so many, and buys it for 10 if so. */
static void play(unsigned user, const char *variant, unsigned clicks, bool buys)
{
	char who[16], answer[64], *id;

	snprintf(who, sizeof(who), "u%u", user);
	snprintf(answer, sizeof(answer), "home a:trending,b:trending @0s x=layout/%s", variant);
	id = shop_answer(&shop, who, answer);
	shop_playf(&shop, "%s show a,b @1s r=%s", who, id);
	if (clicks)
		shop_playf(&shop, "%s click a @2s r=%s", who, id);
	if (clicks > 1)
		shop_playf(&shop, "%s click b @3s r=%s", who, id);
	if (buys)
		shop_playf(&shop, "%s buy a @4s p=10", who);
	free(id);
}

static void expect_has(const char *text)
{
	const struct reply *r = ask(&f, "GET", REPORT "layout", NULL);

	cr_assert_eq(r->status, 200);
	cr_assert(strstr(r->body, text), "no %s in %s", text, r->body);
}

static const char layout[] =
	"{\"status\":\"running\",\"holdout\":10,\"minimumPeople\":4,\"minimumDays\":0,\"primary\":\"ctr\","
	"\"variants\":[{\"name\":\"a\",\"weight\":1},{\"name\":\"b\",\"weight\":1}],"
	"\"guardRails\":[{\"metric\":\"conversion\",\"maxLossPercent\":5}]}";

Test(http_experiment, reports_what_people_of_each_variant_did)
{
	put("layout", layout);
	expect_has("\"people\":0,\"days\":0,\"asOf\":null,\"srm\":{\"chi2\":0,\"p\":1,\"ok\":true}");
	expect_has("\"winner\":null,\"why\":\"nobody has been in it yet\"");
	for (unsigned i = 1; i <= 4; i++)
		play(i, "a", i % 2, i == 1);
	for (unsigned i = 5; i <= 9; i++)
		play(i, "b", 1 + i % 2, i > 6);
	play(10, "holdout", 0, true);
	play(11, "gone", 2, true); /* a variant of an earlier document */
	put("layout", layout);     /* what was answered before is not given again */
	expect_has(
		"{\"experiment\":\"layout\",\"revision\":1001,\"status\":\"running\",\"primary\":\"ctr\",\"people\":10,\"days\":0,"
		"\"asOf\":");
	expect_has(
		"{\"name\":\"a\",\"holdout\":false,\"people\":4,\"buyers\":1,\"sessions\":4,\"impressions\":8,\"clicks\":2,"
		"\"orders\":1,\"revenue\":10,\"ctr\":{\"value\":0.25,\"low\":0,");
	expect_has(
		"{\"name\":\"b\",\"holdout\":false,\"people\":5,\"buyers\":3,\"sessions\":5,\"impressions\":10,\"clicks\":8,"
		"\"orders\":3,\"revenue\":30,\"ctr\":{\"value\":0.8,");
	expect_has("\"conversion\":{\"value\":0.6,");
	expect_has("\"revenuePerSession\":{\"value\":6,");
	expect_has("\"versusControl\":null,\"probabilityBest\":0.00");
	expect_has("\"versusControl\":{\"ctr\":{\"diff\":0.55,");
	expect_has(
		"{\"name\":\"holdout\",\"holdout\":true,\"people\":1,\"buyers\":1,\"sessions\":1,\"impressions\":2,\"clicks\":0,"
		"\"orders\":1,\"revenue\":10,");
	expect_has(
		"\"guardRails\":[{\"variant\":\"b\",\"metric\":\"conversion\",\"maxLossPercent\":5,\"state\":\"unclear\"}]");
	expect_has("\"winner\":null,\"why\":\"no difference in click-through rate is certain yet: 'b' is best with");
}

Test(http_experiment, is_csv_for_who_asks_for_it)
{
	static const char head[] =
		"variant,people,buyers,sessions,impressions,clicks,orders,revenue,ctr,ctrLow,ctrHigh,"
		"conversion,conversionLow,conversionHigh,revenuePerSession,revenuePerSessionLow,"
		"revenuePerSessionHigh,probabilityBest\r\na,1,1,1,2,1,1,10,0.5,,,1,0.2065";
	const struct reply *r;

	put("layout", layout);
	play(1, "a", 1, true);
	r = ask(&f, "GET", REPORT "layout?format=csv", NULL);
	cr_assert(strstr(r->head, "content-type: text/csv"));
	cr_assert_eq(strncmp(r->body, head, strlen(head)), 0, "%s", r->body);
	cr_assert(strstr(r->body, "\r\nholdout,0,0,0,0,0,0,0,,,,,,,,,,\r\n"), "%s", r->body);
	r = ask_with(&f, "GET", REPORT "layout", "accept: text/csv\r\n", NULL);
	cr_assert(strstr(r->head, "content-type: text/csv"));
	r = ask(&f, "GET", REPORT "layout?format=json", NULL);
	cr_assert(strstr(r->head, "content-type: application/json"));
}

Test(http_experiment, refuses_what_there_is_not)
{
	expect_problem(ask(&f, "GET", REPORT "layout", NULL), 404, "unknown-document", "id", "never put");
	expect_problem(ask(&f, "GET", REPORT "Layout", NULL), 400, "bad-parameter", "id", "no id");
	put("layout", layout);
	expect_problem(ask(&f, "GET", REPORT "layout?x=1", NULL), 400, "unknown-parameter", "x", "parameter");
	expect_problem(ask(&f, "GET", REPORT "layout?format=xml", NULL), 400, "bad-parameter", "format", "xml");
	expect_problem(ask(&f, "GET", REPORT "layout?format=csv&format=csv", NULL), 400, "bad-parameter", "format",
		       "twice");
	put("layout", "null");
	expect_problem(ask(&f, "GET", REPORT "layout", NULL), 404, "unknown-document", "id", "deleted");
}
