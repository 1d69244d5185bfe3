/* Documents of the control plane, and the records that carry them. */
#include "schemas/control.h"
#include "schemas/scan.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

static struct control *parse(enum control_kind kind, const char *json)
{
	struct error e = { 0 };
	struct control *c = NULL;

	cr_assert_eq(control_parse(kind, str_of(json), &c, &e), 0, "%s: %s", json, e.text);
	cr_assert_eq(c->kind, kind);
	return c;
}

#define EQ(s, literal) cr_expect(str_eq(s, STR(literal)), "'%.*s'", STR_FMT(s))

Test(control, scenario)
{
	struct control *c = parse(
		CONTROL_SCENARIO,
		"{\"name\":\"Start\",\"chain\":[{\"strategy\":\"trending\",\"share\":2},"
		"{\"strategy\":\"best-sellers\"}],\"requires\":[\"itemIds\"],\"filter\":\"inStock\","
		"\"diversity\":0.5,\"minScore\":-1,\"count\":12,\"boost\":[{\"filter\":\"price < 5\",\"factor\":0.5}],"
		"\"fill\":\"filtered\",\"description\":null}");

	EQ(c->name, "Start");
	cr_expect(c->enabled);
	cr_expect_eq(c->scenario.given, 0xff);
	cr_assert_eq(c->scenario.chain.n, 2);
	EQ(c->scenario.chain.v[0].strategy, "trending");
	cr_expect_eq(c->scenario.chain.v[0].share, 2);
	cr_expect_eq(c->scenario.chain.v[1].share, 0);
	EQ(c->scenario.requires.v[0], "itemIds");
	EQ(c->scenario.filter, "inStock");
	cr_expect_eq(c->scenario.diversity, 0.5);
	cr_expect_eq(c->scenario.min_score, -1);
	cr_expect_eq(c->scenario.count, 12);
	EQ(c->scenario.boost.v[0].filter, "price < 5");
	cr_expect_eq(c->scenario.boost.v[0].factor, 0.5);
	cr_expect_eq(c->scenario.fill, CONTROL_FILL_FILTERED);
	control_free(c);
}

Test(control, rule)
{
	struct control *c =
		parse(CONTROL_RULE,
		      "{\"enabled\":false,\"placements\":[\"home\",\"cart\"],\"categories\":[\"Shoes > Running\"],"
		      "\"segments\":[\"frequent\"],\"countries\":[\"DE\"],\"from\":\"2026-01-01T00:00:00Z\","
		      "\"to\":\"2026-01-01T00:00:01Z\",\"priority\":7,"
		      "\"action\":{\"pin\":{\"itemIds\":[\"p\\u00e9\",\"p2\"]}}}");

	cr_expect_not(c->enabled);
	cr_expect_eq(c->rule.placements.n, 2);
	EQ(c->rule.placements.v[1], "cart");
	EQ(c->rule.categories.v[0], "Shoes > Running");
	EQ(c->rule.segments.v[0], "frequent");
	EQ(c->rule.countries.v[0], "DE");
	cr_expect_eq(c->rule.to_ms - c->rule.from_ms, 1000);
	cr_expect_eq(c->rule.priority, 7);
	cr_expect_eq(c->rule.action.effect, CONTROL_PIN);
	EQ(c->rule.action.item_ids.v[0], "p\xc3\xa9");
	cr_expect_eq(c->rule.action.position, 1);
	control_free(c);
}

Test(control, every_action)
{
	static const struct {
		const char *json;
		enum control_effect effect;
	} actions[] = {
		{ "{\"filter\":\"inStock\"}", CONTROL_FILTER },
		{ "{\"exclude\":{\"itemIds\":[\"a\"]}}", CONTROL_EXCLUDE },
		{ "{\"exclude\":{\"filter\":\"inStock\"}}", CONTROL_EXCLUDE },
		{ "{\"boost\":{\"filter\":\"inStock\",\"factor\":100}}", CONTROL_BOOST },
		{ "{\"bury\":{\"filter\":\"inStock\",\"factor\":0}}", CONTROL_BURY },
		{ "{\"pin\":{\"itemIds\":[\"a\"],\"position\":3}}", CONTROL_PIN },
		{ "{\"quota\":{\"filter\":\"inStock\",\"max\":0}}", CONTROL_QUOTA },
	};
	char json[128];

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		struct control *c;

		snprintf(json, sizeof(json), "{\"action\":%s}", actions[i].json);
		c = parse(CONTROL_RULE, json);
		cr_expect_eq(c->rule.action.effect, actions[i].effect, "%s", json);
		cr_expect_eq(c->rule.priority, CONTROL_PRIORITY_DEFAULT);
		cr_expect_eq(c->rule.from_ms, CONTROL_TIME_NONE);
		control_free(c);
	}
}

Test(control, experiment)
{
	struct control *c = parse(
		CONTROL_EXPERIMENT,
		"{\"status\":\"running\",\"variants\":[{\"name\":\"now\",\"weight\":1},{\"name\":\"new\",\"weight\":3,"
		"\"scenario\":{\"diversity\":1,\"filter\":\"\"}}],\"traffic\":12.5,\"holdout\":5,"
		"\"allowList\":[{\"userId\":\"u1\",\"variant\":\"new\"},{\"visitorId\":\"v1\",\"variant\":\"holdout\"}],"
		"\"primary\":\"revenuePerSession\",\"guardRails\":[{\"metric\":\"conversion\",\"maxLossPercent\":2}],"
		"\"startedAt\":\"2026-01-01T00:00:00Z\"}");
	const struct control_experiment *x = &c->experiment;

	EQ(x->layer, "default");
	cr_expect_eq(x->status, CONTROL_RUNNING);
	cr_assert_eq(x->variants.n, 2);
	cr_expect_eq(x->variants.v[0].scenario.given, 0);
	cr_expect_eq(x->variants.v[1].scenario.given, SCENARIO_DIVERSITY | SCENARIO_FILTER);
	cr_expect_eq(x->variants.v[1].weight, 3);
	cr_expect_eq(x->traffic_percent, 12.5);
	cr_expect_eq(x->holdout_percent, 5);
	EQ(x->allow.v[0].user_id, "u1");
	EQ(x->allow.v[1].visitor_id, "v1");
	cr_expect_eq(x->primary, CONTROL_REVENUE_PER_SESSION);
	cr_expect_eq(x->guards.v[0].metric, CONTROL_CONVERSION);
	cr_expect_eq(x->minimum_people, 1000);
	cr_expect_eq(x->minimum_days, 7);
	cr_expect_neq(x->started_ms, CONTROL_TIME_NONE);
	cr_expect_eq(x->stopped_ms, CONTROL_TIME_NONE);
	control_free(c);
}

Test(control, segments_offers_promotions)
{
	struct control *c = parse(CONTROL_SEGMENT, "{\"filter\":\"orders >= 3\"}");

	EQ(c->segment.filter, "orders >= 3");
	cr_expect_not(c->segment.members);
	control_free(c);
	c = parse(CONTROL_SEGMENT, "{\"members\":true}");
	cr_expect(c->segment.members);
	control_free(c);
	c = parse(CONTROL_OFFER,
		  "{\"segments\":[\"lapsing\"],\"discount\":{\"amount\":4.99,\"currency\":\"EUR\"},\"code\":\"BACK\","
		  "\"budget\":500,\"oncePerPerson\":true,\"itemIds\":[\"p1\"]}");
	cr_expect_eq(c->offer.discount.amount_micros, 4990000);
	EQ(c->offer.discount.currency, "EUR");
	EQ(c->offer.code, "BACK");
	cr_expect_eq(c->offer.budget, 500);
	cr_expect(c->offer.once_per_person);
	control_free(c);
	c = parse(CONTROL_PROMOTION, "{\"discount\":{\"percent\":10},\"filter\":\"price > 3\"}");
	cr_expect_eq(c->offer.discount.percent, 10);
	EQ(c->offer.filter, "price > 3");
	control_free(c);
}

struct wrong {
	enum control_kind kind;
	char json[200];
	char field[64];
};

#define CHAIN "\"chain\":[{\"strategy\":\"trending\"}]"
#define TWO "\"variants\":[{\"name\":\"a\",\"weight\":1},{\"name\":\"b\",\"weight\":1}]"

static struct wrong wrongs[] = {
	{ CONTROL_SCENARIO, "", "" },
	{ CONTROL_SCENARIO, "[]", "" },
	{ CONTROL_SCENARIO, "{" CHAIN "} x", "" },
	{ CONTROL_SCENARIO, "{\"chain\"", "" },
	{ CONTROL_SCENARIO, "{\"name\":\"\xff\"}", "" },
	{ CONTROL_SCENARIO, "{}", "chain" },
	{ CONTROL_SCENARIO, "{\"chain\":null}", "chain" },
	{ CONTROL_SCENARIO, "{\"chain\":[]}", "chain" },
	{ CONTROL_SCENARIO, "{\"chain\":[{}]}", "chain[0].strategy" },
	{ CONTROL_SCENARIO, "{\"chain\":[{\"strategy\":\"Trending\"}]}", "chain[0].strategy" },
	{ CONTROL_SCENARIO, "{" CHAIN "," CHAIN "}", "chain" },
	{ CONTROL_SCENARIO, "{" CHAIN ",\"colour\":1}", "colour" },
	{ CONTROL_SCENARIO, "{" CHAIN ",\"enabled\":1}", "enabled" },
	{ CONTROL_SCENARIO, "{" CHAIN ",\"requires\":[\"userid\"]}", "requires" },
	{ CONTROL_SCENARIO, "{" CHAIN ",\"diversity\":1.5}", "diversity" },
	{ CONTROL_SCENARIO, "{" CHAIN ",\"count\":0}", "count" },
	{ CONTROL_SCENARIO, "{" CHAIN ",\"count\":2.5}", "count" },
	{ CONTROL_SCENARIO, "{" CHAIN ",\"fill\":\"\"}", "fill" },
	{ CONTROL_SCENARIO, "{" CHAIN ",\"boost\":[{\"filter\":\"inStock\",\"factor\":0}]}", "boost[0].factor" },
	{ CONTROL_RULE, "{}", "action" },
	{ CONTROL_RULE, "{\"action\":{}}", "action" },
	{ CONTROL_RULE, "{\"action\":{\"filter\":\"inStock\",\"pin\":{\"itemIds\":[\"a\"]}}}", "action" },
	{ CONTROL_RULE, "{\"action\":{\"filter\":\"\"}}", "action.filter" },
	{ CONTROL_RULE, "{\"action\":{\"exclude\":{}}}", "action.exclude" },
	{ CONTROL_RULE, "{\"action\":{\"boost\":{\"filter\":\"inStock\",\"factor\":1}}}", "action.boost.factor" },
	{ CONTROL_RULE, "{\"action\":{\"bury\":{\"filter\":\"inStock\",\"factor\":1}}}", "action.bury.factor" },
	{ CONTROL_RULE, "{\"action\":{\"pin\":{\"itemIds\":[\"a\",\"\"]}}}", "action.pin.itemIds[1]" },
	{ CONTROL_RULE, "{\"action\":{\"filter\":\"inStock\"},\"from\":\"tomorrow\"}", "from" },
	{ CONTROL_RULE,
	  "{\"action\":{\"filter\":\"inStock\"},\"from\":\"2026-01-02T00:00:00Z\",\"to\":\"2026-01-02T00:00:00Z\"}",
	  "to" },
	{ CONTROL_RULE, "{\"action\":{\"filter\":\"inStock\"},\"priority\":1001}", "priority" },
	{ CONTROL_RULE, "{\"action\":{\"filter\":\"inStock\"},\"placements\":\"home\"}", "placements" },
	{ CONTROL_EXPERIMENT, "{\"variants\":[{\"name\":\"a\",\"weight\":1}]}", "variants" },
	{ CONTROL_EXPERIMENT, "{\"variants\":[{\"name\":\"a\",\"weight\":1},{\"name\":\"b\",\"weight\":-1}]}",
	  "variants[1].weight" },
	{ CONTROL_EXPERIMENT, "{\"variants\":[{\"name\":\"a\",\"weight\":1},{\"name\":\"a\",\"weight\":1}]}",
	  "variants[1].name" },
	{ CONTROL_EXPERIMENT, "{\"variants\":[{\"name\":\"holdout\",\"weight\":1},{\"name\":\"a\",\"weight\":1}]}",
	  "variants[0].name" },
	{ CONTROL_EXPERIMENT, "{\"variants\":[{\"name\":\"a\",\"weight\":0},{\"name\":\"b\",\"weight\":0}]}",
	  "variants" },
	{ CONTROL_EXPERIMENT,
	  "{\"variants\":[{\"name\":\"a\",\"weight\":1},{\"name\":\"b\",\"weight\":1,\"scenario\":{\"name\":\"x\"}}]}",
	  "variants[1].scenario.name" },
	{ CONTROL_EXPERIMENT, "{" TWO ",\"allowList\":[{\"userId\":\"u\",\"variant\":\"c\"}]}",
	  "allowList[0].variant" },
	{ CONTROL_EXPERIMENT, "{" TWO ",\"allowList\":[{\"variant\":\"a\"}]}", "allowList[0]" },
	{ CONTROL_EXPERIMENT, "{" TWO ",\"status\":\"paused\"}", "status" },
	{ CONTROL_EXPERIMENT, "{" TWO ",\"traffic\":101}", "traffic" },
	{ CONTROL_SEGMENT, "{}", "filter" },
	{ CONTROL_SEGMENT, "{\"members\":false}", "filter" },
	{ CONTROL_OFFER, "{\"code\":\"A\"}", "discount" },
	{ CONTROL_OFFER, "{\"discount\":{}}", "discount" },
	{ CONTROL_OFFER, "{\"discount\":{\"percent\":0}}", "discount.percent" },
	{ CONTROL_OFFER, "{\"discount\":{\"percent\":10,\"amount\":1}}", "discount" },
	{ CONTROL_OFFER, "{\"discount\":{\"amount\":1,\"currency\":\"eur\"}}", "discount.currency" },
	{ CONTROL_OFFER, "{\"discount\":{\"percent\":1},\"itemIds\":[\"a\"],\"filter\":\"inStock\"}", "filter" },
	{ CONTROL_PROMOTION, "{\"discount\":{\"percent\":1},\"code\":\"A\"}", "code" },
};

ParameterizedTestParameters(control, refused_with_the_path)
{
	return cr_make_param_array(struct wrong, wrongs, ARRAY_SIZE(wrongs));
}

ParameterizedTest(struct wrong *w, control, refused_with_the_path)
{
	struct error e = { 0 };
	struct control *c = NULL;

	cr_assert_eq(control_parse(w->kind, str_of(w->json), &c, &e), ERR_BAD_CONFIG, "%s", w->json);
	cr_expect_null(c);
	cr_expect_eq(e.code, ERR_BAD_CONFIG);
	cr_expect_str_eq(e.field, w->field, "%s: %s", w->json, e.text);
	cr_expect_neq(e.text[0], 0);
}

Test(control, quotes_whole_characters)
{
	char text[100] = "{\"";
	struct control *c;
	struct error e = { 0 };

	for (unsigned i = 2; i < 82; i += 2)
		memcpy(text + i, "\xc3\xa4", 3);
	memcpy(text + 82, "\":1}", 5);
	cr_assert_eq(control_parse(CONTROL_RULE, str_of(text), &c, &e), ERR_BAD_CONFIG);
	cr_assert(utf8_valid(e.field, strlen(e.field)) && utf8_valid(e.text, strlen(e.text)), "%s", e.text);
}

Test(control, largest_document)
{
	static char json[CONTROL_DOCUMENT_MAX + 2];
	int n = snprintf(json, sizeof(json), "{\"filter\":\"orders > 1\"");
	struct control *c;
	struct error e = { 0 };

	memset(json + n, ' ', sizeof(json) - (size_t)n - 1);
	json[CONTROL_DOCUMENT_MAX - 1] = '}';
	cr_assert_eq(control_parse(CONTROL_SEGMENT, (struct str){ json, CONTROL_DOCUMENT_MAX }, &c, &e), 0, "%s",
		     e.text);
	control_free(c);
	cr_assert_eq(control_parse(CONTROL_SEGMENT, (struct str){ json, CONTROL_DOCUMENT_MAX + 1 }, &c, &e),
		     ERR_BAD_CONFIG);
}

static int decode(const char *key, const char *value, struct control_record *ret, struct error *e)
{
	*e = (struct error){ 0 };
	return control_record_decode(str_of(key), value, value ? strlen(value) : 0, ret, e);
}

Test(control_record, whole)
{
	struct control_record rec;
	struct error e;

	cr_assert_eq(
		decode("segment/big",
		       "{\"kind\":\"segment\",\"id\":\"big\",\"replaces\":4,\"changeId\":\"00ff00ff00ff00ff\","
		       "\"changedBy\":\"a\\u00e9\",\"changedAt\":1700000000000,\"document\": {\"filter\":\"orders > 1\"} }",
		       &rec, &e),
		0, "%s", e.text);
	cr_expect_eq(rec.kind, CONTROL_SEGMENT);
	EQ(rec.id, "big");
	cr_expect_eq(rec.replaces, 4);
	cr_expect_eq(rec.change_id, UINT64_C(0x00ff00ff00ff00ff));
	cr_expect_str_eq(rec.changed_by, "a\xc3\xa9");
	cr_expect_eq(rec.changed_at_ms, INT64_C(1700000000000));
	cr_expect(control_is_object(rec.document));
}

Test(control_record, deletions)
{
	struct control_record rec;
	struct error e;

	cr_assert_eq(decode("rule/r", NULL, &rec, &e), 0);
	cr_expect_eq(rec.document.n, 0);
	cr_expect_eq(rec.replaces, CONTROL_REPLACES_ANY);
	cr_assert_eq(decode("rule/r", "{\"replaces\":2,\"document\":null}", &rec, &e), 0, "%s", e.text);
	cr_expect_eq(rec.document.n, 0);
	cr_expect_eq(rec.replaces, 2);
	cr_expect_neq(rec.change_id, 0);
	cr_assert_eq(decode("rule/r", "{\"changeId\":\"0000000000000000\",\"document\":null}", &rec, &e), 0, "%s", e.text);
	cr_expect_neq(rec.change_id, 0, "it would pass for a tombstone");
}

Test(control_record, refused)
{
	static const struct {
		const char *key, *value, *field;
	} v[] = {
		{ "", "{}", "key" },
		{ "rule", "{}", "key" },
		{ "rules/a", "{}", "key" },
		{ "rule/", "{}", "key" },
		{ "rule/A", "{}", "key" },
		{ "rule/a/b", "{}", "key" },
		{ "rule/a", "{}", "document" },
		{ "rule/a", "[]", "" },
		{ "rule/a", "{\"document\":null,\"kind\":\"segment\"}", "kind" },
		{ "rule/a", "{\"document\":null,\"id\":\"b\"}", "id" },
		{ "rule/a", "{\"document\":null,\"replaces\":-1}", "replaces" },
		{ "rule/a", "{\"document\":null,\"replaces\":9007199254740992}", "replaces" },
		{ "rule/a", "{\"document\":null,\"changeId\":\"1\"}", "changeId" },
		{ "rule/a", "{\"document\":null,\"changeId\":\"00FF00ff00ff00ff\"}", "changeId" },
		{ "rule/a", "{\"document\":null,\"changedAt\":\"now\"}", "changedAt" },
		{ "rule/a", "{\"document\":null,\"document\":null}", "document" },
		{ "rule/a", "{\"document\":false}", "document" },
		{ "rule/a", "{\"document\":[]}", "document" },
		{ "rule/a", "{\"document\":null,\"more\":1}", "" },
		{ "rule/a", "{\"document\":{\"action\":{}}}", "action" },
		{ "rule/a", "{\"document\":null", "" },
		{ "rule/a", "{\"document\":null} 1", "" },
	};
	struct control_record rec;
	struct error e;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		cr_expect_eq(decode(v[i].key, v[i].value, &rec, &e), ERR_BAD_CONFIG, "%s %s", v[i].key, v[i].value);
		cr_expect_eq(e.code, ERR_BAD_CONFIG);
		cr_expect_str_eq(e.field, v[i].field, "%s %s: %s", v[i].key, v[i].value, e.text);
	}
}

Test(control_record, compact)
{
	char room[64];
	struct str json = STR(" { \"a b\" : [ 1 , \"\\\" \\\\\" ] }\n");
	struct str to = { room, control_compact(json, room) };

	EQ(to, "{\"a b\":[1,\"\\\" \\\\\"]}");
}
