/* From candidates to the page: what is filtered, multiplied, dropped, mixed, pinned, sorted, in which order. */
#include "views/idmap.h"
#include "query/strategy.h"
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

static struct stall s;

/* Six items that sold 60, 50, ... 10 times; u1 bought p1 with each of the others, p2 most often. */
static void open_shop(void)
{
	stall_open(&s, "answers.minSupport=1", NULL);
	stall_records(
		&s, "{'itemId':'p1','categories':['A > B'],'brand':'x','price':10,'rating':3,'ratingCount':9}\n"
		    "{'itemId':'p2','categories':['A > B'],'brand':'x','price':60,'rating':5,'ratingCount':1,"
		    "'regions':['DE','AT']}\n"
		    "{'itemId':'p3','categories':['A > B'],'brand':'x','price':20,'tags':['sale'],"
		    "'availableFrom':'2001-01-01T00:00:00Z'}\n"
		    "{'itemId':'p4','categories':['A > C'],'brand':'y','price':50,'rating':5,'ratingCount':7,"
		    "'regions':['FR']}\n"
		    "{'itemId':'p5','categories':['D'],'brand':'y','price':30,'availableFrom':'2002-01-01T00:00:00Z'}\n"
		    "{'itemId':'p6','categories':['D'],'brand':'z','ratingCount':2,'attributes':{'color':'red'}}");
	for (int i = 1; i <= 6; i++)
		shop_playf(&s.shop, "w%d buy p%d @%ds q=%d", i, i, i, 70 - 10 * i);
	for (int i = 2; i <= 6; i++)
		for (int n = i; n <= 6; n++)
			shop_playf(&s.shop, "u%d%d buy p1,p%d @%ds", i, n, i, 100 * i + n);
	stall_rank(&s);
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(pipeline, .init = open_shop, .fini = close_shop);

struct shaped {
	char request[120], list[60];
};

/* best-sellers: p1 p2 p3 p4 p5 p6; also-bought of p1: p2 p3 p4 p5 p6 */
ParameterizedTestParameters(pipeline, lists)
{
	static struct shaped cases[] = {
		{ "best-sellers", "p1 p2 p3 p4 p5 p6" },
		{ "best-sellers; filter=price < 35", "p1 p3 p5" },
		{ "best-sellers; filter=price < 35; count=2", "p1 p3" },
		{ "best-sellers; filter=category in ('A>C', \"D\"); count=2", "p4 p5" },
		{ "best-sellers; filter=attributes.color = 'red' or tags = 'sale'", "p3 p6" },
		{ "best-sellers; filter=stock > 0", "" },
		{ "best-sellers; filter=inStock and not brand = 'x'", "p4 p5 p6" },
		{ "best-sellers; category=A; filter=brand='y'", "p4" },
		{ "best-sellers; category=A>B; filter=brand='x'", "p1 p2 p3" },
		{ "also-bought; items=p1; filter=itemId != 'p2'; count=3", "p3 p4 p5" },
		{ "best-sellers; country=DE", "p1 p2 p3 p5 p6" },
		{ "best-sellers; country=fr", "p1 p3 p4 p5 p6" },
		{ "best-sellers; country=CH", "p1 p3 p5 p6" },
		{ "best-sellers; country=CH; region=at", "p1 p2 p3 p5 p6" },
		{ "best-sellers; sort=price", "p1 p3 p5 p4 p2 p6" },
		{ "best-sellers; sort=price; count=2", "p1 p3" },
		{ "best-sellers; sort=-price", "p2 p4 p5 p3 p1 p6" },
		{ "best-sellers; sort=rating", "p4 p2 p1 p3 p5 p6" },
		{ "best-sellers; sort=newest", "p5 p3 p1 p2 p4 p6" },
		{ "best-sellers; sort=popularity; count=3", "p1 p2 p3" },
		{ "also-bought; items=p2; sort=-price", "p1" },
		{ "best-sellers; boost=brand='y' -> 10", "p4 p5 p1 p2 p3 p6" },
		{ "best-sellers; boost=brand='x' -> 0.01", "p4 p5 p6 p1 p2 p3" },
		{ "best-sellers; boost=brand='x' -> 0", "p4 p5 p6 p1 p2 p3" },
		{ "best-sellers; min=35", "p1 p2 p3" },
		{ "best-sellers; min=35; boost=brand='y' -> 2", "p1 p4 p2 p3 p5" },
		{ "best-sellers; filter=price > 100; fill=none", "" },
		{ "also-bought; items=p1; filter=brand='y'; count=3", "p4 p5" },
		{ "also-bought; items=p2; filter=brand!='z'; fill=filtered; count=3", "p1 p3 p4" },
		{ "also-bought; items=p1; filter=price > 100; fill=filtered; count=3", "" },
		{ "also-bought; items=p1; filter=price > 55; fill=any; count=3", "p2 p3 p4" },
		{ "also-bought; items=p1; filter=price > 55; strict=false; count=3", "p2 p3 p4" },
		{ "also-bought; items=p1; filter=price > 55; strict=false; fill=filtered; count=3", "p2" },
		{ "also-bought; items=p1; filter=price > 55; strict=true; count=3", "p2" },
		{ "best-sellers; filter=price > 100; fill=any; country=CH; not=p1", "p3 p5 p6" },
	};

	return cr_make_param_array(struct shaped, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct shaped *c, pipeline, lists)
{
	stall_expect(&s, c->request, c->list);
}

Test(pipeline, scores_are_the_boosted_ones)
{
	stall_expect(&s, "best-sellers; boost=brand='y' -> 2; count=3", "p1=75 p4=66 p2=55");
}

/* also-bought's scores are below 1, best-sellers' above; top-rated drops what best-sellers before it has brought. */
Test(pipeline, what_is_too_low_in_one_list_may_come_from_another)
{
	stall_expect(&s, "also-bought; items=p1; min=1", "");
	stall_expect(&s, "also-bought; items=p1; min=1; fill=filtered; count=3", "p2=55 p3=44 p4=33");
	stall_expect(&s, "category; category=A; min=15; fill=any; count=5", "p1 p2 p3 p4 p5");
}

Test(pipeline, what_fills_up_is_said_to)
{
	stall_expect(&s, "also-bought; items=p1; filter=price > 55; fill=any; count=3", "p2 p3 p4");
	cr_assert(s.answer.fallback);
	cr_assert_str_eq(s.answer.items[1].strategy, "best-sellers");
	stall_stock(&s, "p3", 0);
	stall_rank(&s);
	stall_expect(&s, "also-bought; items=p1; filter=price > 55; fill=any; count=3", "p2 p4 p5");
}

Test(pipeline, what_was_left_out_for_its_stock_is_counted_once)
{
	stall_expect(&s, "also-bought; items=p1; fill=filtered; count=2", "p2 p3");
	cr_assert_eq(s.answer.out_of_stock, 0);
	stall_stock(&s, "p2", 0);
	stall_expect(&s, "product-page; items=p1; count=2", "p3 p4");
	cr_assert_eq(s.answer.out_of_stock, 1);
	stall_expect(&s, "product-page; items=p1; filter=itemId != 'p2'; count=2", "p3 p4");
	cr_assert_eq(s.answer.out_of_stock, 0, "the filter would not have let it through");
}

Test(pipeline, an_empty_category_is_widened_for_a_page)
{
	stall_item(&s, "p7", "A > E > F", TIME_ABSENT, TIME_ABSENT);
	stall_rank(&s);
	stall_expect(&s, "home; category=A > E > F; count=2", "p1 p2");
	cr_assert(str_eq(s.answer.widened_to, STR("A")));
	cr_assert_eq(stall_ask(&s, "home; category=A > E > F; validate"), 0);
	cr_assert_eq(s.answer.widened_to.n, 0, "nothing of the answer before");
	stall_expect(&s, "home; category=A > C", "p4");
	cr_assert_eq(s.answer.widened_to.n, 0);
	stall_expect(&s, "home; category=A > E > F; strict=true", "");
	stall_expect(&s, "best-sellers; category=A > E > F", "");
	stall_expect(&s, "home; category=Nowhere > Here", "");
	cr_assert_eq(s.answer.widened_to.n, 0);
}

Test(pipeline, the_end_of_a_category_is_not_widened)
{
	stall_expect(&s, "home; category=A > C; before=p4; count=1", "");
	stall_expect(&s, "home; category=A > C; before=p4; count=1; sort=price", "");
	cr_assert_eq(s.answer.widened_to.n, 0);
	stall_stock(&s, "p4", 0);
	stall_rank(&s);
	stall_expect(&s, "home; category=A > C; before=p4; count=1", "");
	stall_expect(&s, "home; category=A > E > F; before=p1; count=1", "p2");
	cr_assert(str_eq(s.answer.widened_to, STR("A")), "the page before was widened, too");
}

/* Best sellers: three of one brand and category, one near, two of another. */
Test(pipeline, diversity_moves_likes_apart)
{
	stall_expect(&s, "best-sellers; diversity=0.0001", "p1 p2 p3 p4 p5 p6");
	stall_expect(&s, "best-sellers; diversity=0.6", "p1 p5 p4 p6 p2 p3");
	stall_expect(&s, "best-sellers; diversity=1", "p1 p5 p4 p6 p2 p3");
	stall_expect(&s, "best-sellers; diversity=0.6; count=2", "p1 p5");
	stall_decide(&s, "scenario/home", "{'chain':[{'strategy':'best-sellers'}],'diversity':0.6}");
	stall_expect(&s, "home", "p1 p5 p4 p6 p2 p3");
	stall_expect(&s, "home; diversity=0", "p1 p2 p3 p4 p5 p6");
}

Test(pipeline, pins_have_their_places)
{
	stall_decide(&s, "rule/a", "{'action':{'pin':{'itemIds':['p6'],'position':2}}}");
	stall_decide(&s, "rule/b", "{'action':{'pin':{'itemIds':['p5'],'position':2}}}");
	stall_decide(&s, "rule/c", "{'action':{'pin':{'itemIds':['nothing']}}}");
	stall_decide(&s, "rule/d", "{'action':{'pin':{'itemIds':['p4'],'position':9}}}");
	stall_expect(&s, "best-sellers", "p1 p6 p5 p2 p3 p4");
	cr_assert(s.answer.items[1].promoted && s.answer.items[2].promoted && s.answer.items[5].promoted);
	cr_assert_not(s.answer.items[0].promoted || s.answer.items[3].promoted);
	cr_assert_str_eq(s.answer.items[1].strategy, "pinned");
	stall_expect(&s, "best-sellers; sort=-price", "p2 p6 p5 p3 p1 p4");
	stall_expect(&s, "best-sellers; not=p6; count=3", "p1 p5 p2");
	stall_expect(&s, "best-sellers; filter=brand != 'z'; count=3", "p1 p5 p2");
	stall_stock(&s, "p6", 0);
	stall_expect(&s, "best-sellers; count=2", "p1 p5");
	stall_expect(&s, "also-bought; items=p6", "p1 p5 p4");
}

Test(pipeline, quotas_limit_what_matches)
{
	stall_decide(&s, "rule/few-x", "{'action':{'quota':{'filter':\"brand = 'x'\",'max':1}}}");
	stall_decide(&s, "rule/few-d", "{'action':{'quota':{'filter':\"category = 'D'\",'max':1}}}");
	stall_expect(&s, "best-sellers; count=3", "p1 p4 p5");
	stall_expect(&s, "product-page; items=p1; count=3", "p2 p4 p5");
	stall_decide(&s, "rule/pin", "{'action':{'pin':{'itemIds':['p3']}}}");
	stall_expect(&s, "best-sellers", "p3 p4 p5");
}

Test(pipeline, what_was_shown_is_not_shown_again)
{
	struct recommend_request rq = {
		.scenario = STR("best-sellers"), .count = 2, .max_staleness_ms = -1, .rank_before = 2
	};
	struct idmap shown = { 0 };
	struct error e = { 0 };

	stall_expect(&s, "best-sellers; count=2", "p1 p2");
	for (unsigned i = 0; i < s.answer.item_count; i++)
		idmap_put(&shown, shown_key(s.answer.items[i].item_id), 0);
	rq.shown = &shown;
	cr_assert_eq(recommend(s.answerer, &rq, &s.answer, &e), 0);
	cr_assert_eq(s.answer.item_count, 2);
	cr_assert(str_eq(s.answer.items[0].item_id, STR("p3")));
	cr_assert_eq(s.answer.items[0].rank, 3);
	cr_assert_eq(s.answer.items[1].rank, 4);
	idmap_fini(&shown);
}

/* Of 300 the 250 that sold best are the newest, too; the others cost less. */
Test(pipeline, pages_of_a_sorted_list_are_of_one_order)
{
	char record[120];

	for (int i = 1; i <= 300; i++) {
		snprintf(record, sizeof(record),
			 "{'itemId':'s%d','price':%d,'availableFrom':'2003-01-01T00:%02d:%02dZ'}", i,
			 i <= 250 ? 1000 + i : i, (300 - i) / 60, (300 - i) % 60);
		stall_records(&s, record);
		shop_playf(&s.shop, "w%d buy s%d @%ds q=%d", i, i, i, 400 - i);
	}
	stall_rank(&s);
	stall_decide(&s, "scenario/mixed",
		     "{'chain':[{'strategy':'best-sellers','share':1},{'strategy':'new-arrivals','share':1}]}");
	stall_expect(&s, "mixed; sort=price; count=3", "s1 s2 s3");
	stall_expect(&s, "mixed; sort=price; count=3; before=s1,s2,s3", "s4 s5 s6");
}

/* ---- which strategies are asked ---- */

#define VIEWED_THEN_BEST "{'chain':[{'strategy':'recently-viewed'},{'strategy':'best-sellers'}]}"

Test(pipeline, a_pin_of_a_later_page_does_not_fill_this_one)
{
	stall_decide(&s, "scenario/mine", VIEWED_THEN_BEST);
	stall_decide(&s, "rule/pin", "{'action':{'pin':{'itemIds':['p6'],'position':9}}}");
	shop_play(&s.shop, "u1 view p2 @1000s; u1 view p3 @1001s");
	stall_expect(&s, "mine; user=u1; count=3", "p3 p2 p1");
	stall_expect(&s, "mine; user=u1; count=2; before=p3,p2", "p1 p4");
	stall_expect(&s, "mine; user=u1; count=2; before=p3,p2,p1,p4", "p5 p6");
	stall_expect(&s, "mine; user=u1; count=6", "p3 p2 p1 p4 p5 p6");
}

Test(pipeline, strategies_with_a_share_come_first_wherever_they_stand)
{
	stall_decide(&s, "scenario/mine",
		     "{'chain':[{'strategy':'best-sellers'},{'strategy':'recently-viewed','share':1}]}");
	shop_play(&s.shop, "u1 view p5 @1000s; u1 view p3 @1001s");
	stall_expect(&s, "mine; user=u1; count=4", "p3 p5 p1 p2");
	cr_assert(s.answer.fallback);
	stall_expect(&s, "mine; user=u1; count=2", "p3 p5");
	cr_assert_not(s.answer.fallback);
}

Test(pipeline, pins_stand_where_no_strategy_has_a_say)
{
	stall_decide(&s, "scenario/mine", "{'chain':[{'strategy':'recently-viewed'}]}");
	stall_decide(&s, "rule/pin", "{'action':{'pin':{'itemIds':['p6']}}}");
	stall_expect(&s, "mine", "p6");
	stall_expect(&s, "mine; fill=filtered; count=3", "p6 p1 p2");
}

struct wrong {
	char request[80], field[24];
};

ParameterizedTestParameters(pipeline, refuses)
{
	static struct wrong cases[] = {
		{ "best-sellers; filter=prize < 5", "filter" },
		{ "best-sellers; filter= ", "filter" },
		{ "best-sellers; boost=price < 5", "boost" },
		{ "best-sellers; diversity=1.5", "diversity" },
		{ "best-sellers; diversity=-0.1", "diversity" },
		{ "best-sellers; diversity=nan", "diversity" },
		{ "best-sellers; strict=true; fill=any", "fill" },
		{ "best-sellers; filter=price <; validate", "filter" },
		{ "best-sellers; boost=inStock -> 2000", "boost" },
		{ "best-sellers; category= > ", "category" },
	};

	return cr_make_param_array(struct wrong, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct wrong *c, pipeline, refuses)
{
	stall_refuses(&s, c->request, ERR_BAD_REQUEST, c->field);
}

/* Those of a later page stand on none before it, and take no place there. */
Test(pipeline, pins_of_a_later_page_take_no_place_of_this_one)
{
	stall_decide(&s, "rule/a", "{'action':{'pin':{'itemIds':['p1','p2'],'position':5}}}");
	stall_decide(&s, "rule/b", "{'action':{'pin':{'itemIds':['p6','p5','p4']}}}");
	stall_expect(&s, "best-sellers; count=2", "p6 p5");
	stall_expect(&s, "best-sellers; count=2; before=p6,p5", "p4 p3");
	stall_expect(&s, "best-sellers; count=6", "p6 p5 p4 p3 p1 p2");
}

Test(pipeline, a_quota_counts_the_pins_of_its_page)
{
	stall_decide(&s, "rule/few", "{'action':{'quota':{'filter':\"brand = 'x'\",'max':1}}}");
	stall_decide(&s, "rule/pin", "{'action':{'pin':{'itemIds':['p1'],'position':3}}}");
	stall_expect(&s, "best-sellers; count=2", "p2 p4");
	stall_expect(&s, "best-sellers; count=2; before=p2,p4", "p1 p5");
	stall_expect(&s, "best-sellers; count=3", "p4 p5 p1");
	stall_expect(&s, "best-sellers; count=2; filter=brand = 'x'", "p1"); /* too few: it stands here */
}

Test(pipeline, pins_of_later_pages_leave_room_for_this_one)
{
	char late[512], line[64];
	int n = snprintf(late, sizeof(late), "{'priority':900,'action':{'pin':{'position':11,'itemIds':[");

	for (int i = 0; i < 20; i++) {
		snprintf(line, sizeof(line), "{'itemId':'x%d'}\n", i);
		stall_records(&s, line);
		n += snprintf(late + n, sizeof(late) - (size_t)n, "%s'x%d'", i ? "," : "", i);
	}
	snprintf(late + n, sizeof(late) - (size_t)n, "]}}}");
	stall_rank(&s);
	stall_decide(&s, "rule/late", late);
	stall_decide(&s, "rule/now", "{'action':{'pin':{'itemIds':['p6'],'position':1}}}");
	stall_expect(&s, "best-sellers; count=2", "p6 p1");
}
