/* What starts from likeness: up-sell and alternatives. */
#include "tests/lib/query_shop.h"
#include "views/view.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct stall s;

static void open_shop(void)
{
	stall_open(&s, NULL);
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(step_up, .init = open_shop, .fini = close_shop);

#define KETTLES \
	"{'itemId':'a','title':'Kettle','categories':['Kitchen > Kettles'],'brand':'Fleet','price':20,'rating':4,'ratingCount':9}\n" \
	"{'itemId':'good','categories':['Kitchen > Kettles > Glass'],'brand':'Fleet','price':29,'rating':5,'ratingCount':9}\n" \
	"{'itemId':'plain','categories':['Kitchen > Kettles'],'brand':'Fleet','price':30,'rating':4,'ratingCount':9}\n" \
	"{'itemId':'worse','categories':['Kitchen > Kettles'],'brand':'Fleet','price':25,'rating':3,'ratingCount':9}\n" \
	"{'itemId':'dear','categories':['Kitchen > Kettles'],'brand':'Fleet','price':31,'rating':5,'ratingCount':9}\n" \
	"{'itemId':'same','categories':['Kitchen > Kettles'],'brand':'Fleet','price':20,'rating':5,'ratingCount':9}\n" \
	"{'itemId':'pot','categories':['Kitchen > Pots'],'brand':'Fleet','price':25,'rating':5,'ratingCount':9}\n" \
	"{'itemId':'euro','categories':['Kitchen > Kettles'],'brand':'Fleet','price':25,'currency':'EUR','rating':5,'ratingCount':9}\n"

Test(step_up, a_better_one_for_the_same_need)
{
	stall_records(&s, KETTLES);
	stall_rank(&s);
	stall_expect(&s, "up-sell; items=a", "good plain");
	cr_assert_float_eq(s.answer.items[0].why.step_up.price_ratio, 1.45, 1e-9);
	/* the shop's mean is 4.5, its weight 9: (4.5 + 5) / 2 against (4.5 + 4) / 2 */
	cr_assert_eq(s.answer.items[0].why.step_up.rating, 5);
	cr_assert_eq(s.answer.items[0].why.step_up.with_rating, 4);
	cr_assert_float_eq(s.answer.items[0].score, s.answer.items[0].why.pair_score * 4.75 / 4.25, 1e-9);
	cr_assert_str_eq(s.answer.items[1].reason, "a step up from Kettle, 50 % dearer");
	cr_assert_str_eq(s.answer.items[0].reason, "a step up from Kettle: rated 5 instead of 4, 45 % dearer");
	stall_expect(&s, "up-sell; items=a; category=Kitchen > Kettles > Glass", "good");
	stall_stock(&s, "plain", 0);
	stall_expect(&s, "up-sell; items=a", "good");
	stall_expect(&s, "up-sell; items=dear", "");
	stall_expect(&s, "up-sell; items=a,dear", "good"); /* plain is a step up from one of them, out of stock */
	stall_expect(&s, "up-sell; items=nobody-knows", "");
	stall_records(&s, "{'itemId':'new','categories':['Kitchen > Kettles'],'brand':'Fleet','price':20}");
	stall_expect(&s, "up-sell; items=a,new", "good"); /* it is not in the index yet */
	stall_expect(&s, "alternatives; items=new", "");
}

Test(step_up, the_ratio_is_a_setting)
{
	struct stall t;

	stall_open(&t, "answers.upSellRatio=2", NULL);
	stall_records(&t, KETTLES);
	stall_rank(&t);
	stall_expect(&t, "up-sell; items=a; count=1", "dear");
	stall_close(&t);
}

Test(step_up, records_without_ratings_prices_or_categories)
{
	stall_records(&s, "{'itemId':'a','categories':['X'],'brand':'F','price':20}\n"
			  "{'itemId':'b','categories':['X'],'brand':'F','price':25}\n"
			  "{'itemId':'c','brand':'F','price':25}\n{'itemId':'d','categories':['X'],'brand':'F'}\n"
			  "{'itemId':'e','categories':['X'],'brand':'F','price':0}\n"
			  "{'itemId':'bad','categories':['X'],'brand':'F','price':25,'rating':0,'ratingCount':90}\n"
			  "{'itemId':'other','rating':5,'ratingCount':90}\n");
	stall_rank(&s);
	stall_expect(&s, "up-sell; items=a", "b");
	cr_assert_str_eq(s.answer.items[0].reason, "a step up from a, 25 % dearer");
	stall_expect(&s, "up-sell; items=c", "");
	stall_expect(&s, "up-sell; items=d", "");
	stall_expect(&s, "up-sell; items=e", "");
}

Test(step_up, alternatives_add_likeness_and_visits)
{
	stall_records(
		&s, "{'itemId':'a','brand':'F','groupId':'g','tags':['t']}\n{'itemId':'b','brand':'F','groupId':'g'}\n"
		    "{'itemId':'c','tags':['t']}\n");
	stall_rank(&s);
	stall_expect(&s, "alternatives; items=a", "b=0.5 c=0.5"); /* half of what a is; variants too, and no events */
	cr_assert_eq(s.answer.as_of_ms, TIME_NONE);
	cr_assert_str_eq(s.answer.items[0].reason, "alike in brand");
	shop_play(&s.shop,
		  "v1 view a @0s s=a; v1 view c @1s s=a; v2 view a @2s s=b; v2 view c @3s s=b;"
		  "v3 view a @4s s=c; v3 view d @5s s=c; v4 view a @6s s=d; v4 view d @7s s=d; v4 view d @8s s=e");
	stall_rank(&s);
	/* a 4 visits, c 2, d 3: c 2 / 4, d 2 / 5 */
	stall_expect(&s, "alternatives; items=a", "c=1 b=0.5 d=0.4");
	cr_assert_str_eq(s.answer.items[2].reason, "viewed together in 2 visits");
	cr_assert_eq(s.answer.items[2].why.other_total, 3);
	stall_stock(&s, "c", 0);
	stall_expect(&s, "alternatives; items=a", "b d");
	stall_expect(&s, "alternatives; items=nobody-knows", "");
}

Test(step_up, alternatives_of_several_tell_the_likeness_to_one)
{
	stall_records(&s, "{'itemId':'a','brand':'F'}\n{'itemId':'b','brand':'F'}\n{'itemId':'c','brand':'F'}\n");
	stall_rank(&s);
	stall_expect(&s, "alternatives; items=a,b", "c=2");
	cr_assert(str_eq(s.answer.items[0].why.with, STR("a")));
	cr_assert_float_eq(s.answer.items[0].why.pair_score, 1, 1e-9);
}

Test(step_up, what_is_less_alike_than_hundreds_of_others)
{
	char line[128];

	stall_records(&s, "{'itemId':'a','categories':['X'],'tags':['t'],'price':10}\n"
			  "{'itemId':'dear','categories':['X'],'price':14}\n");
	for (int i = 0; i < 300; i++) {
		snprintf(line, sizeof(line), "{'itemId':'twin-%d','categories':['X'],'tags':['t'],'price':9}\n", i);
		stall_records(&s, line);
	}
	stall_rank(&s);
	stall_expect(&s, "up-sell; items=a", "dear");
	stall_expect(&s, "alternatives; items=a; filter=price > 12", "dear");
}
