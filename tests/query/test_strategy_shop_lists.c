/* Lists of the whole shop that come from records and from last year: top rated, new arrivals, seasonal. */
#include "query/ranker_internal.h"
#include "tests/lib/query_shop.h"
#include "views/view.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct stall s;

static void open_shop(void)
{
	stall_open(&s, "answers.newDays=10", "answers.seasons=now=09-20/09-30, spring=03-01/05-31", NULL);
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(shop_lists, .init = open_shop, .fini = close_shop);

Test(shop_lists, top_rated_counts_the_shops_mean_in)
{
	/* mean (5 + 3 x 4 + 20 x 4.5) / 24 = 4.458333, median count 3; d has no rating, e an uncounted one: it is the fourth */
	stall_records(&s, "{'itemId':'a','rating':5,'ratingCount':1,'categories':['X']}\n"
			  "{'itemId':'b','rating':4,'ratingCount':3,'categories':['X > Y']}\n"
			  "{'itemId':'c','rating':4.5,'ratingCount':20}\n"
			  "{'itemId':'d'}\n{'itemId':'f','rating':5,'ratingCount':0}\n");
	stall_rank(&s);
	stall_expect(&s, "top-rated", "a=4.59375 c=4.49457 b=4.22917");
	cr_assert_str_eq(s.answer.items[0].reason, "rated 5 of 5 by 1 customer");
	cr_assert_str_eq(s.answer.items[1].reason, "rated 4.5 of 5 by 20 customers");
	cr_assert_eq(s.answer.items[1].why.rated.prior.count, 3);
	stall_expect(&s, "top-rated; category=X", "a b");
	stall_expect(&s, "top-rated; category=X > Y", "b");
	stall_expect(&s, "top-rated; category=Z", "");
	stall_stock(&s, "a", 0);
	stall_expect(&s, "top-rated", "c b");
	stall_records(&s, "{'itemId':'e','rating':2}");
	stall_rank(&s);
	/* one rating more: mean 109 / 25, still median 3 of 1, 1, 3, 20 */
	stall_expect(&s, "top-rated", "c=4.48174 b=4.18 e=3.77");
}

Test(shop_lists, top_rated_holds_back_what_cannot_be_sold)
{
	char *lines = xmalloc(64 * (RANK_LIST_MAX + 20)), id[16];
	size_t n = 0;

	for (int i = 0; i < RANK_LIST_MAX + 20; i++)
		n += (size_t)snprintf(lines + n, 64, "{'itemId':'i%03d','rating':4,'ratingCount':%d}\n", i, 1000 - i);
	stall_records(&s, lines);
	free(lines);
	for (int i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "i%03d", i);
		stall_stock(&s, id, 0);
	}
	stall_rank(&s);
	const struct rankings *ra = ranker_acquire(s.ranker);

	cr_assert_eq(rankings_get(ra, RANK_TOP_RATED, (struct str){ NULL, 0 }).n, RANK_LIST_MAX + 20);
	rankings_release(ra);
	stall_expect(&s, "top-rated; count=2", "i010 i011"); /* all of one rating: ids decide */
	stall_stock(&s, "i004", 1);
	stall_expect(&s, "top-rated; count=1", "i004");
}

Test(shop_lists, new_arrivals_are_newest_first_and_not_old)
{
	/* the watermark is day 20; answers.newDays 10 */
	stall_item(&s, "old", NULL, SHOP_START + 9 * MS_PER_DAY, TIME_ABSENT);
	stall_item(&s, "edge", "X", SHOP_START + 10 * MS_PER_DAY, TIME_ABSENT);
	stall_item(&s, "week", "X", SHOP_START + 13 * MS_PER_DAY, TIME_ABSENT);
	stall_item(&s, "today", NULL, SHOP_START + 20 * MS_PER_DAY, TIME_ABSENT);
	stall_item(&s, "later", NULL, SHOP_START + 21 * MS_PER_DAY, TIME_ABSENT);
	stall_item(&s, "always", NULL, TIME_ABSENT, TIME_ABSENT);
	shop_play(&s.shop, "u1 view always @20d");
	s.clock.now_ms = SHOP_START + 20 * MS_PER_DAY;
	stall_rank(&s);
	stall_expect(&s, "new-arrivals", "today=1 week=0.125 edge=0.0909091");
	cr_assert_str_eq(s.answer.items[0].reason, "new since 2052-03-11");
	stall_expect(&s, "new-arrivals; category=X", "week edge");
	s.clock.now_ms = SHOP_START + 22 * MS_PER_DAY;
	stall_expect(&s, "new-arrivals", "later=1 today=1 week=0.125 edge=0.0909091");
}

Test(shop_lists, seasonal_compares_with_an_average_of_last_year)
{
	/*
	 * The watermark is day 400, 26 March: last year's season is days 28 to 55, its year days 28 to 392. xmas sold 20 of
	 * 20 there; all_year 30 in the season of 391, an average of 30; more 40 of 365.
	 */
	shop_play(&s.shop,
		  "u1 buy early @27.9d q=100; u1 buy xmas @28d q=15; u1 buy xmas @55.9d q=5;"
		  "u1 buy more @30d q=40; u1 buy more @56d q=325; u1 buy all_year @40d q=30;"
		  "u1 buy all_year @100d q=362; u1 buy late @393d q=50; u1 buy back @30d q=9; u1 return back @31d q=9;"
		  "u2 view xmas @400d");
	stall_records(&s, "{'itemId':'named','seasons':['winter','SPRING']}\n{'itemId':'xmas','seasons':['winter']}\n");
	stall_rank(&s);
	/* xmas 20 against 20 x 28 / 365 = 1.5342; more 40 against 28; named 10 against 0 */
	stall_expect(&s, "seasonal", "more=52.6316 xmas=52.019 named=20");
	cr_assert_str_eq(s.answer.items[1].reason, "20 sold at this time of last year, 2 at an average one");
	cr_assert_str_eq(s.answer.items[2].reason, "in season now");
	cr_assert_eq(s.answer.items[0].why.units, 40);
	cr_assert_not(s.answer.items[0].why.season_named);
	cr_assert(s.answer.items[2].why.season_named);
	/* seasons that the calendar knows, and none of today: out of season whatever was sold */
	stall_records(&s, "{'itemId':'more','seasons':['now']}\n{'itemId':'xmas','seasons':['spring']}\n");
	stall_rank(&s);
	stall_expect(&s, "seasonal", "xmas=104.038 named=20");
	stall_delete(&s, "xmas");
	stall_rank(&s);
	stall_expect(&s, "seasonal; category=X", "");
	stall_expect(&s, "seasonal", "named=20");
}

/* 5 in the season and 130 in the year, an average of 9.97: the season in the record decides. */
Test(shop_lists, seasonal_says_what_the_record_names_of_a_poor_seller)
{
	shop_play(&s.shop, "u1 buy slow @30d q=5; u1 buy slow @100d q=125; u2 view slow @400d");
	stall_records(&s, "{'itemId':'slow','seasons':['spring']}");
	stall_rank(&s);
	stall_expect(&s, "seasonal", "slow=18.7757");
	cr_assert_str_eq(s.answer.items[0].reason, "in season now");
}

Test(shop_lists, a_catalogue_without_events_has_them_too)
{
	stall_records(&s, "{'itemId':'a','rating':4,'ratingCount':2}");
	stall_rank(&s);
	stall_expect(&s, "top-rated", "a=4");
	cr_assert_eq(s.answer.as_of_ms, TIME_NONE);
	stall_expect(&s, "new-arrivals", "");
	stall_expect(&s, "seasonal", "");
}

Test(shop_lists, lists_are_made_anew_only_when_something_changed)
{
	struct rank_list before, after;
	const struct rankings *a, *b;

	stall_records(&s, "{'itemId':'a','rating':4,'ratingCount':2}");
	shop_play(&s.shop, "u1 buy a @0s");
	stall_rank(&s);
	a = ranker_acquire(s.ranker);
	shop_play(&s.shop, "u1 view a @1s");
	stall_rank(&s);
	b = ranker_acquire(s.ranker);
	before = rankings_get(a, RANK_TOP_RATED, (struct str){ NULL, 0 });
	after = rankings_get(b, RANK_TOP_RATED, (struct str){ NULL, 0 });
	cr_assert_neq(a, b);
	cr_assert_eq(before.v, after.v);
	rankings_release(a);
	stall_stock(&s, "a", 0);
	stall_rank(&s);
	a = ranker_acquire(s.ranker);
	cr_assert_neq(rankings_get(a, RANK_TOP_RATED, (struct str){ NULL, 0 }).v, after.v);
	rankings_release(a);
	rankings_release(b);
}
