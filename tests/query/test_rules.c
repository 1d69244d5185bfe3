/* What people decided, in answers: rules by their conditions, the order of operations, scenarios of documents. */
#include "query/strategy.h"
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>

static struct stall s;

/* Best sellers: p1 p2 p3 p4 p5 p6, of brands x x x y y z. */
static void open_shop(void)
{
	stall_open(&s, "answers.minSupport=1", NULL);
	stall_records(&s, "{'itemId':'p1','categories':['A > B'],'brand':'x','price':10}\n"
			  "{'itemId':'p2','categories':['A > B'],'brand':'x','price':60}\n"
			  "{'itemId':'p3','categories':['A > C'],'brand':'x','price':20}\n"
			  "{'itemId':'p4','categories':['A > C'],'brand':'y','price':50}\n"
			  "{'itemId':'p5','categories':['D'],'brand':'y','price':30}\n"
			  "{'itemId':'p6','categories':['D'],'brand':'z','price':40}");
	for (int i = 1; i <= 6; i++)
		shop_playf(&s.shop, "w%d buy p%d @%ds q=%d", i, i, i, 70 - 10 * i);
	stall_rank(&s);
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(rules, .init = open_shop, .fini = close_shop);

struct ruled {
	char rule[200], request[80], list[40];
};

/* One rule each. */
ParameterizedTestParameters(rules, actions)
{
	static struct ruled cases[] = {
		{ "{'action':{'filter':\"brand = 'y'\"}}", "best-sellers", "p4 p5" },
		{ "{'action':{'filter':\"brand = 'y'\"}}", "best-sellers; filter=price < 40", "p5" },
		{ "{'action':{'filter':\"itemId in ('p5','p2')\"}}", "best-sellers; filter=brand = 'z'; fill=any",
		  "p2 p5" },
		{ "{'action':{'exclude':{'itemIds':['p1','p4','nothing']}}}", "best-sellers", "p2 p3 p5 p6" },
		{ "{'action':{'exclude':{'filter':\"category = 'A'\"}}}", "best-sellers", "p5 p6" },
		{ "{'action':{'boost':{'filter':\"brand = 'y'\",'factor':10}}}", "best-sellers", "p4 p5 p1 p2 p3 p6" },
		{ "{'action':{'bury':{'filter':\"brand = 'x'\",'factor':0.01}}}", "best-sellers", "p4 p5 p6 p1 p2 p3" },
		{ "{'action':{'bury':{'filter':\"brand = 'x'\",'factor':0}}}", "best-sellers; count=3", "p4 p5 p6" },
		{ "{'action':{'boost':{'filter':\"brand = 'y'\",'factor':2}}}", "best-sellers; min=35",
		  "p1 p4 p2 p3 p5" },
		{ "{'action':{'pin':{'itemIds':['p6','p5'],'position':2}}}", "best-sellers; count=4", "p1 p6 p5 p2" },
		{ "{'action':{'pin':{'itemIds':['p6']}}}", "best-sellers; sort=-price", "p6 p2 p4 p5 p3 p1" },
		{ "{'action':{'pin':{'itemIds':['p6']}}}", "best-sellers; filter=brand != 'z'; count=2", "p1 p2" },
		{ "{'action':{'pin':{'itemIds':['p6']}}}", "best-sellers; not=p6; count=2", "p1 p2" },
		{ "{'action':{'quota':{'filter':\"brand = 'x'\",'max':1}}}", "best-sellers; count=3", "p1 p4 p5" },
		{ "{'action':{'quota':{'filter':\"brand = 'x'\",'max':0}}}", "home; count=3", "p4 p5 p6" },
	};

	return cr_make_param_array(struct ruled, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct ruled *c, rules, actions)
{
	stall_decide(&s, "rule/r", c->rule);
	stall_expect(&s, c->request, c->list);
	stall_decide(&s, "rule/r", NULL);
	stall_expect(&s, "best-sellers", "p1 p2 p3 p4 p5 p6");
}

#define ONLY_P6 "'action':{'filter':\"itemId = 'p6'\"}}"
#define ALL "p1 p2 p3 p4 p5 p6"

/* Rules that keep p6 alone, when they hold. */
ParameterizedTestParameters(rules, conditions)
{
	static struct ruled cases[] = {
		{ "{" ONLY_P6, "best-sellers", "p6" },
		{ "{'enabled':false," ONLY_P6, "best-sellers", ALL },
		{ "{'placements':['home']," ONLY_P6, "best-sellers", ALL },
		{ "{'placements':['home']," ONLY_P6, "home", "p6" },
		{ "{'placements':['cart','best-sellers']," ONLY_P6, "best-sellers", "p6" },
		{ "{'countries':['DE','AT']," ONLY_P6, "best-sellers", ALL },
		{ "{'countries':['DE','AT']," ONLY_P6, "best-sellers; country=at", "p6" },
		{ "{'countries':['DE','AT']," ONLY_P6, "best-sellers; country=CH", ALL },
		{ "{'categories':['D']," ONLY_P6, "best-sellers", ALL },
		{ "{'categories':['D']," ONLY_P6, "best-sellers; category=D", "p6" },
		{ "{'categories':['A']," ONLY_P6, "best-sellers; category=D", "p5 p6" },
		{ "{'categories':['A']," ONLY_P6, "best-sellers; category=A>B", "" },
		{ "{'categories':['A>C','A>B']," ONLY_P6, "best-sellers; category=A > B", "" },
		{ "{'categories':['A > B']," ONLY_P6, "best-sellers; category=A", "p1 p2 p3 p4" },
		{ "{'categories':['A'],'placements':['home']," ONLY_P6, "best-sellers; category=A", "p1 p2 p3 p4" },
		{ "{'from':'2000-01-01T00:00:00Z','to':'2100-01-01T00:00:00Z'," ONLY_P6, "best-sellers", "p6" },
		{ "{'from':'2100-01-01T00:00:00Z'," ONLY_P6, "best-sellers", ALL },
		{ "{'to':'2000-01-01T00:00:00Z'," ONLY_P6, "best-sellers", ALL },
		{ "{'segments':['first-time-buyer']," ONLY_P6, "home; visitor=w9", ALL },
		{ "{'segments':['first-time-buyer']," ONLY_P6, "home", ALL },
		{ "{'segments':['lapsing','first-time-buyer']," ONLY_P6, "home; visitor=w1", "p6" },
		{ "{'segments':['frequent']," ONLY_P6, "home; visitor=w1", "p2 p1 p3 p4 p5 p6" },
	};

	return cr_make_param_array(struct ruled, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct ruled *c, rules, conditions)
{
	stall_decide(&s, "rule/r", c->rule);
	stall_expect(&s, c->request, c->list);
}

/* Step by step as query/README.md says: a rule of an earlier step is not undone by one of a later step, whatever its priority. */
Test(rules, come_in_the_order_of_the_pipeline)
{
	stall_decide(&s, "rule/pin", "{'priority':1000,'action':{'pin':{'itemIds':['p3','p4','p6']}}}");
	stall_expect(&s, "best-sellers", "p3 p4 p6 p1 p2 p5");
	stall_decide(&s, "rule/not-p3", "{'priority':1,'action':{'exclude':{'itemIds':['p3']}}}");
	stall_expect(&s, "best-sellers", "p1 p4 p6 p2 p5");
	stall_decide(&s, "rule/not-z", "{'priority':1,'action':{'filter':\"brand != 'z'\"}}");
	stall_expect(&s, "best-sellers", "p1 p4 p2 p5");
	stall_decide(&s, "rule/boost", "{'action':{'boost':{'filter':\"price <= 30\",'factor':3}}}");
	stall_decide(&s, "rule/bury", "{'action':{'bury':{'filter':\"itemId = 'p1'\",'factor':0.1}}}");
	stall_expect(&s, "best-sellers", "p5 p4 p2 p1");
	stall_decide(&s, "rule/few-x", "{'action':{'quota':{'filter':\"brand = 'x'\",'max':1}}}");
	stall_expect(&s, "best-sellers", "p5 p4 p2");
	stall_decide(&s, "rule/few-y", "{'action':{'quota':{'filter':\"brand = 'y'\",'max':1}}}");
	stall_expect(&s, "best-sellers", "p2 p4");
	stall_stock(&s, "p4", 0);
	stall_rank(&s);
	stall_expect(&s, "best-sellers", "p5 p2");
}

Test(rules, limit_what_diversity_chose)
{
	stall_decide(&s, "rule/no-p1", "{'action':{'quota':{'filter':\"itemId = 'p1'\",'max':0}}}");
	stall_expect(&s, "best-sellers; count=1; diversity=0.7", "p5");
}

Test(rules, of_higher_priority_place_their_pins_first)
{
	stall_decide(&s, "rule/a", "{'action':{'pin':{'itemIds':['p6']}}}");
	stall_decide(&s, "rule/b", "{'action':{'pin':{'itemIds':['p5','p6']}}}");
	stall_expect(&s, "best-sellers; count=3", "p6 p5 p1");
	stall_decide(&s, "rule/b", "{'priority':101,'action':{'pin':{'itemIds':['p5','p6']}}}");
	stall_expect(&s, "best-sellers; count=3", "p5 p6 p1");
}

Test(rules, what_is_left_out_for_its_stock_is_counted_once)
{
	stall_stock(&s, "p2", 0);
	stall_decide(&s, "rule/few", "{'action':{'quota':{'filter':\"brand = 'x'\",'max':1}}}");
	stall_expect(&s, "best-sellers; count=5", "p1 p4 p5 p6"); /* looked for twice */
	cr_expect_eq(s.answer.out_of_stock, 1);
	stall_decide(&s, "rule/none", "{'action':{'filter':\"itemId != 'p2'\"}}");
	stall_expect(&s, "best-sellers; count=5", "p1 p4 p5 p6");
	cr_expect_eq(s.answer.out_of_stock, 0, "a rule would not have let it through");
}

Test(rules, limit_by_so_many_quotas_at_most)
{
	char id[32];

	stall_decide(&s, "rule/a", "{'priority':1000,'action':{'quota':{'filter':\"brand = 'x'\",'max':1}}}");
	for (int i = 1; i < RULE_QUOTAS_MAX; i++) {
		snprintf(id, sizeof(id), "rule/b%d", i);
		stall_decide(&s, id, "{'action':{'quota':{'filter':\"itemId = 'nothing'\",'max':1}}}");
	}
	stall_decide(&s, "rule/c", "{'priority':1,'action':{'quota':{'filter':\"brand = 'y'\",'max':0}}}");
	stall_expect(&s, "best-sellers", "p1 p4 p5 p6");
}

Test(rules, many_hold_at_once)
{
	char id[32], text[120];

	for (int i = 0; i < 200; i++) {
		snprintf(id, sizeof(id), "rule/r%d", i);
		snprintf(text, sizeof(text), "{'priority':%d,'action':{'exclude':{'filter':\"itemId = 'p%d'\"}}}",
			 i % 7, i);
		stall_decide(&s, id, i % 2 ? text : "{'placements':['cart'],'action':{'filter':'inStock'}}");
	}
	stall_expect(&s, "best-sellers", "p2 p4 p6");
	stall_decide(&s, "rule/r3", NULL);
	stall_expect(&s, "best-sellers", "p2 p3 p4 p6");
}

static void expect_effects(unsigned at, const char *expected)
{
	static const char *const names[] = { "pinned", "boosted", "buried", "filtered", "excluded", "quota" };
	const struct recommended *r = &s.answer.items[at];
	char got[200] = "";
	size_t n = 0;

	for (unsigned i = 0; i < r->effect_n; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s %s", i ? ", " : "", r->effects[i].rule,
				      names[r->effects[i].what]);
	cr_assert_str_eq(got, expected);
}

Test(rules, are_tried_after_any_number_of_items)
{
	struct rules_on *on = &s.answerer->rules;

	stall_decide(&s, "rule/r", "{'action':{'exclude':{'filter':\"brand = 'x'\"}}}");
	stall_expect(&s, "best-sellers", "p4 p5 p6");
	on->stamp = on->seen[0] + UINT64_C(0xffffffff);
	stall_expect(&s, "best-sellers", "p4 p5 p6");
}

Test(rules, explain_what_they_did)
{
	stall_decide(&s, "rule/pin", "{'action':{'pin':{'itemIds':['p4']}}}");
	stall_decide(&s, "rule/low", "{'priority':5,'action':{'boost':{'filter':\"brand = 'x'\",'factor':2}}}");
	stall_decide(&s, "rule/high", "{'priority':6,'action':{'bury':{'filter':'price > 50','factor':0.5}}}");
	stall_expect(&s, "best-sellers; explain", "p4=0 p1=120 p3=80 p2=50 p5=20 p6=10");
	cr_assert(s.answer.items[0].promoted);
	expect_effects(0, "pin pinned");
	expect_effects(1, "low boosted");
	expect_effects(3, "high buried, low boosted");
	expect_effects(4, "");
	stall_expect(&s, "best-sellers", "p4 p1 p3 p2 p5 p6");
	expect_effects(0, "");
}

/* ---- scenarios ---- */

Test(rules, a_document_replaces_a_scenario)
{
	stall_decide(&s, "scenario/home",
		     "{'chain':[{'strategy':'best-sellers'}],'filter':\"brand != 'x'\",'count':2,"
		     "'boost':[{'filter':\"brand = 'z'\",'factor':100}]}");
	stall_expect(&s, "home", "p6 p4");
	stall_expect(&s, "home; count=5", "p6 p4 p5");
	stall_expect(&s, "home; filter=brand = 'y'", "p4 p5");
	cr_assert_str_eq(s.answer.scenario, "home");
	stall_decide(&s, "scenario/home", "{'enabled':false,'chain':[{'strategy':'best-sellers'}]}");
	stall_expect(&s, "home; count=3", "p1 p2 p3");
}

Test(rules, a_document_adds_a_placement)
{
	stall_refuses(&s, "footer", ERR_NOT_FOUND, "scenario");
	stall_decide(&s, "scenario/footer",
		     "{'chain':[{'strategy':'also-bought'}],'requires':['itemIds'],'fill':'filtered','minScore':25}");
	stall_refuses(&s, "footer", ERR_BAD_REQUEST, "itemIds");
	stall_expect(&s, "footer; items=p1", "p2 p3 p4");
	stall_expect(&s, "footer; items=p1; fill=none", "");
	stall_expect(&s, "footer; items=p1; min=45", "p2");
	stall_decide(&s, "rule/r", "{'placements':['footer'],'action':{'exclude':{'itemIds':['p2']}}}");
	stall_expect(&s, "footer; items=p1; user=w1", "p3 p4");
	stall_decide(&s, "scenario/footer", NULL);
	stall_refuses(&s, "footer; items=p1", ERR_NOT_FOUND, "scenario");
}

Test(rules, what_cannot_be_used_has_no_effect_and_says_why)
{
	const struct control_set *set;
	struct error e;

	stall_decide(&s, "rule/r", "{'action':{'filter':'prize < 5'}}");
	stall_decide(&s, "scenario/footer", "{'chain':[{'strategy':'best-seler'}]}");
	stall_expect(&s, "best-sellers", ALL);
	stall_refuses(&s, "footer", ERR_NOT_FOUND, "scenario");
	set = control_set_acquire(s.control);
	cr_assert(control_set_problem(set, CONTROL_RULE, STR("r"), &e));
	cr_assert_str_eq(e.field, "action.filter");
	cr_assert_str_eq(e.suggestion, "price");
	cr_assert(control_set_problem(set, CONTROL_SCENARIO, STR("footer"), &e));
	cr_assert_str_eq(e.field, "chain[0].strategy");
	cr_assert_str_eq(e.suggestion, "best-sellers");
	cr_assert_not(control_set_problem(set, CONTROL_RULE, STR("other"), &e));
	control_set_release(set);
}

/* The field of what has no effect now, "": it has. */
static void expect_without_effect(enum control_kind kind, const char *id, const char *field)
{
	const struct control_set *set = control_set_acquire(s.control);
	struct error e;

	cr_expect_eq(control_set_problem(set, kind, str_of(id), &e), *field != '\0', "%s: %s", id, e.text);
	cr_expect_str_eq(e.field, field, "%s: %s", id, e.text);
	control_set_release(set);
}

Test(rules, what_names_only_what_is_gone_has_no_effect_and_says_why)
{
	stall_decide(&s, "segment/vip", "{'members':true}");
	stall_decide(&s, "scenario/footer", "{'chain':[{'strategy':'trending'}]}");
	stall_decide(&s, "offer/o", "{'discount':{'percent':5},'segments':['vip']}");
	stall_decide(&s, "offer/two", "{'discount':{'percent':5},'segments':['vip','new']}");
	stall_decide(&s, "rule/of", "{'segments':['vip'],'action':{'filter':'inStock'}}");
	stall_decide(&s, "rule/at", "{'placements':['footer'],'action':{'filter':'inStock'}}");
	stall_decide(&s, "experiment/e",
		     "{'placements':['footer'],'variants':[{'name':'a','weight':1},{'name':'b','weight':1}]}");
	expect_without_effect(CONTROL_OFFER, "o", "");
	expect_without_effect(CONTROL_EXPERIMENT, "e", "");
	stall_decide(&s, "segment/vip", NULL);
	stall_decide(&s, "scenario/footer", NULL);
	expect_without_effect(CONTROL_OFFER, "o", "segments[0]");
	expect_without_effect(CONTROL_OFFER, "two", "");
	expect_without_effect(CONTROL_RULE, "of", "segments[0]");
	expect_without_effect(CONTROL_RULE, "at", "placements[0]");
	expect_without_effect(CONTROL_EXPERIMENT, "e", "placements[0]");
	stall_decide(&s, "segment/vip", "{'members':true}");
	expect_without_effect(CONTROL_RULE, "of", "");
}

/* 200 factors of 100 are more than a double holds, and what is buried stays at the end. */
Test(rules, many_boosts_leave_a_score)
{
	char key[32];

	for (int i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "rule/b%03d", i);
		stall_decide(&s, key, "{'action':{'boost':{'filter':\"itemId = 'p1'\",'factor':100}}}");
	}
	cr_assert_eq(stall_ask(&s, "best-sellers"), 0, "%s", s.e.text);
	cr_assert(str_eq(s.answer.items[0].item_id, STR("p1")));
	cr_expect(isfinite(s.answer.items[0].score), "%f", s.answer.items[0].score);
	stall_decide(&s, "rule/z", "{'action':{'bury':{'filter':\"itemId = 'p1'\",'factor':0}}}");
	cr_assert_eq(stall_ask(&s, "best-sellers"), 0, "%s", s.e.text);
	cr_expect_eq(s.answer.items[s.answer.item_count - 1].score, 0);
}

/* ---- checks before something is put ---- */

struct doubtful {
	enum control_kind kind;
	char id[20], document[200], field[40]; /* "": it is good */
};

ParameterizedTestParameters(rules, checks)
{
	static struct doubtful cases[] = {
		{ CONTROL_RULE, "r", "{'placements':['home','footer'],'action':{'filter':'inStock'}}", "" },
		{ CONTROL_RULE, "r", "{'placements':['home','foot'],'action':{'filter':'inStock'}}", "placements[1]" },
		{ CONTROL_RULE, "r", "{'segments':['new','vip'],'action':{'filter':'inStock'}}", "segments[1]" },
		{ CONTROL_RULE, "r", "{'action':{'exclude':{'filter':'x'}}}", "action.exclude.filter" },
		{ CONTROL_RULE, "r", "{'action':{'boost':{'filter':'price <','factor':2}}}", "action.boost.filter" },
		{ CONTROL_RULE, "r", "{'action':{'bury':{'filter':'x','factor':0.5}}}", "action.bury.filter" },
		{ CONTROL_RULE, "r", "{'action':{'quota':{'filter':'x','max':2}}}", "action.quota.filter" },
		{ CONTROL_RULE, "r", "{'categories':['A',' > '],'action':{'filter':'inStock'}}", "categories[1]" },
		{ CONTROL_RULE, "R", "{'action':{'filter':'inStock'}}", "id" },
		{ CONTROL_RULE, "r", "{'action':{'filtre':'inStock'}}", "action.filtre" },
		{ CONTROL_SCENARIO, "s", "{'chain':[{'strategy':'trending'},{'strategy':'x'}]}", "chain[1].strategy" },
		{ CONTROL_SCENARIO, "s", "{'chain':[{'strategy':'trending'}],'filter':'a'}", "filter" },
		{ CONTROL_SCENARIO, "s",
		  "{'chain':[{'strategy':'trending'}],'boost':[{'filter':'inStock','factor':2},{'filter':'a','factor':2}]}",
		  "boost[1].filter" },
		{ CONTROL_SCENARIO, "trending", "{'chain':[{'strategy':'trending'}]}", "id" },
		{ CONTROL_EXPERIMENT, "e",
		  "{'placements':['x'],'variants':[{'name':'a','weight':1},{'name':'b','weight':1}]}",
		  "placements[0]" },
		{ CONTROL_EXPERIMENT, "e",
		  "{'variants':[{'name':'a','weight':1},{'name':'b','weight':1,'scenario':{'filter':'a'}}]}",
		  "variants[1].scenario.filter" },
		{ CONTROL_PROMOTION, "p", "{'discount':{'percent':5},'segments':['x']}", "segments[0]" },
		{ CONTROL_PROMOTION, "p", "{'discount':{'percent':5},'filter':'x'}", "filter" },
		{ CONTROL_SEGMENT, "s", "{'filter':'orders >= 3'}", "" },
		{ CONTROL_SEGMENT, "s", "{'filter':'price >= 3'}", "filter" },
	};

	return cr_make_param_array(struct doubtful, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct doubtful *c, rules, checks)
{
	struct control_change change = { c->kind, str_of(c->id), str_of(c->document) };
	const struct control_set *set;
	struct error e = { 0 };
	int rc;

	for (char *p = c->document; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	stall_decide(&s, "scenario/footer", "{'chain':[{'strategy':'trending'}]}");
	set = control_set_acquire(s.control);
	rc = control_check(set, &change, &e);
	control_set_release(set);
	cr_assert_eq(rc, *c->field ? ERR_BAD_CONFIG : 0, "%s: %s %s", c->document, e.field, e.text);
	cr_assert_str_eq(e.field, c->field, "%s: %s", c->document, e.text);
}

/* ---- changes that are not made ---- */

static void expect_with(const struct control_set *set, const char *expected)
{
	struct recommend_request rq = { .scenario = STR("best-sellers"), .max_staleness_ms = -1, .set = set };
	struct error e = { 0 };
	char got[80] = "";
	size_t n = 0;

	cr_assert_eq(recommend(s.answerer, &rq, &s.answer, &e), 0, "%s", e.text);
	for (unsigned i = 0; i < s.answer.item_count; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%.*s", i ? " " : "",
				      STR_FMT(s.answer.items[i].item_id));
	cr_assert_str_eq(got, expected);
}

Test(rules, a_change_can_be_tried)
{
	struct control_change change = { CONTROL_RULE, STR("b"),
					 STR("{\"action\":{\"exclude\":{\"itemIds\":[\"p2\"]}}}") };
	const struct control_set *set, *with, *without;
	struct error e = { 0 };

	stall_decide(&s, "rule/a", "{'action':{'exclude':{'itemIds':['p1']}}}");
	stall_decide(&s, "rule/c", "{'action':{'exclude':{'itemIds':['p3']}}}");
	set = control_set_acquire(s.control);
	cr_assert_eq(control_set_with(set, &change, &with, &e), 0, "%s", e.text);
	change = (struct control_change){ CONTROL_RULE, STR("a"), STR("") };
	cr_assert_eq(control_set_with(with, &change, &without, &e), 0, "%s", e.text);
	control_set_release(set);
	expect_with(with, "p4 p5 p6");
	expect_with(without, "p1 p4 p5 p6");
	expect_with(NULL, "p2 p4 p5 p6");
	control_set_release(with);
	control_set_release(without);
}

/* Without anybody asking for it. */
Test(rules, are_followed_by_a_thread)
{
	const struct control_set *first = control_set_acquire(s.control), *now;
	struct control_record rec;
	struct error e = { 0 };
	uint64_t end_ns = clock_system.monotonic_ns(&clock_system) + 10 * UINT64_C(1000000000);
	bool has_changed = false;

	cr_assert_eq(control_record_decode(STR("rule/r"), "{\"document\":{\"action\":{\"filter\":\"inStock\"}}}", 44,
					   &rec, &e),
		     0);
	cr_assert_eq(fold_config(s.shop.fold, &rec, 0), 0);
	cr_assert_eq(fold_commit(s.shop.fold, NULL), 0);
	while (!has_changed) {
		cr_assert_lt(clock_system.monotonic_ns(&clock_system), end_ns, "a rule is in no set");
		now = control_set_acquire(s.control);
		has_changed = now != first;
		control_set_release(now);
	}
	control_set_release(first);
}

Test(rules, names_of_inputs_are_those_of_documents)
{
	for (unsigned i = 0; control_input_names[i]; i++)
		cr_assert(input_bit(str_of(control_input_names[i])), "%s", control_input_names[i]);
}
