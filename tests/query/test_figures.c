/* Figures of a period, by hand: the shop's day 0 is SHOP_START, 2052-02-20. */
#include "query/figures_cache.h"
#include "tests/lib/query_figures.h"

TestSuite(figures, .init = figures_init, .fini = figures_fini);

Test(figures, an_empty_store_has_no_rows)
{
	json_t *j = json_of((struct figures_ask){ .kind = FIGURES_SALES, .from_ms = TIME_NONE, .to_ms = TIME_NONE });

	expect_at(j, "rows", "[]");
	expect_at(j, "asOf", "null");
	expect_at(j, "from", "null");
	expect_at(j, "total/orders", "0");
	expect_at(j, "total/revenuePerOrder", "null");
	expect_at(j, "growth/orders", "null");
	expect_at(json_of((struct figures_ask){ .kind = FIGURES_CATEGORIES, .from_ms = TIME_NONE, .to_ms = TIME_NONE }),
		  "total/impressions", "0");
}

Test(figures, csv_without_rows_has_its_names)
{
	static const char *const names[] = {
		[FIGURES_SALES] = "start,orders,units,revenue\r\n",
		[FIGURES_ENGAGEMENT] = "start,people,newPeople,sessions,views,carts,orders\r\n",
		[FIGURES_STRATEGIES] = "scenario,strategy,variant,impressions,clicks,carts,orders,units,revenue,ctr,"
				       "conversion,revenuePerImpression,share,itemsShown,coverage\r\n",
		[FIGURES_CATEGORIES] = "category,impressions,clicks,carts,orders,units,revenue,ctr,conversion,"
				       "revenuePerImpression,share,sales,salesBefore,growth,itemsShown,coverage\r\n",
	};

	for (unsigned kind = 0; kind < ARRAY_SIZE(names); kind++) {
		struct figures_ask ask = { (enum figures_kind)kind, TIME_NONE, TIME_NONE, 0, true, "" };

		if (kind == FIGURES_STRATEGIES)
			ask.by = BY_SCENARIO | BY_STRATEGY | BY_VARIANT;
		cr_expect_str_eq(made(ask), names[kind]);
	}
}

static void sell_for_a_week(void)
{
	shop_play(&shop, "u1 buy a @0d o=1 p=10; u1 buy b @1d o=2 q=2 p=2.5; u2 buy c @3.9d o=3 p=1; "
			 "u1 buy a @4d o=4 p=10; u1 buy b @5d o=5 p=4; u1 return a @5.5d o=4 p=10; u1 view a @6.5d");
}

Test(figures, sales_have_a_row_a_day_and_their_total)
{
	json_t *j;

	sell_for_a_week();
	j = json_of(sales(0, 4));
	cr_expect_eq(json_array_size(json_object_get(j, "rows")), 4);
	expect_at(j, "rows/0/start", "\"2052-02-20T00:00:00.000Z\"");
	expect_at(j, "rows/0/orders", "1");
	expect_at(j, "rows/1/units", "2");
	expect_at(j, "rows/1/revenue", "5");
	expect_at(j, "rows/2/orders", "0");
	expect_at(j, "total", "{\"orders\":3,\"units\":4,\"revenue\":16,\"revenuePerOrder\":5.33333}");
}

Test(figures, sales_beside_the_period_before)
{
	json_t *j;

	sell_for_a_week();
	j = json_of(sales(4, 6));
	expect_at(j, "before/from", "\"2052-02-22T00:00:00.000Z\"");
	expect_at(j, "before/to", "\"2052-02-24T00:00:00.000Z\"");
	expect_at(j, "before/total/orders", "1");
	expect_at(j, "before/rows/1/revenue", "1");
	expect_at(j, "total/revenue", "4");
	expect_at(j, "growth", "{\"orders\":1,\"units\":0,\"revenue\":3}");
}

/* Orders of the dearest lines, each day: sums stay at the largest number, and shares of them are no surprise. */
Test(figures, what_is_too_much_to_count_stays_at_the_most)
{
	struct figures_ask ask = { .kind = FIGURES_CATEGORIES, .from_ms = day(2), .to_ms = day(4) };
	const char *items = "a,b,c,d,e,f,g,h,i";
	json_t *j;
	char *id = shop_answer(&shop, "u1",
			       "home a:trending,b:trending,c:trending,d:trending,e:trending,f:trending,"
			       "g:trending,h:trending,i:trending @0s");
	shop_playf(&shop, "u1 show %s @0d r=%s; u2 return %s @1d q=10000 p=100000000", items, id, items);
	for (int n = 2; n < 4; n++)
		shop_playf(&shop, "u1 buy %s @%dd q=10000 p=100000000 o=%d r=%s", items, n, n, id);
	shop_play(&shop, "u3 view a @4d");
	free(id);
	j = json_of(sales(2, 4));
	expect_at(j, "total/orders", "2");
	expect_at(j, "total/revenue", "9.22337e12");
	j = json_of(ask);
	expect_at(j, "total/revenue", "9000000000000");
	expect_at(j, "total/sales", "9.22337e12");
	expect_at(j, "total/share", "0.975782");
}

Test(figures, a_period_that_is_not_over_is_compared_with_as_much_of_the_one_before)
{
	json_t *j;

	sell_for_a_week();
	/* the watermark is in day 6, at noon: the days 0, 1, 2 and 3 to 13:00 */
	j = json_of(sales(3, 7));
	expect_at(j, "before/from", "\"2052-02-19T00:00:00.000Z\"");
	expect_at(j, "before/to", "\"2052-02-22T13:00:00.000Z\"");
	expect_at(j, "before/total/orders", "2");
	cr_expect_eq(json_array_size(json_object_get(json_object_get(j, "before"), "rows")), 4);
	j = json_of(sales(4, 8));
	expect_at(j, "before/to", "\"2052-02-22T13:00:00.000Z\"");
	/* none of day 3: there was an order behind 13:00, and a row of nothing would deny it */
	cr_expect_eq(json_array_size(json_object_get(json_object_get(j, "before"), "rows")), 3);
	cr_expect_eq(json_array_size(json_object_get(json_object_get(json_of(sales(7, 9)), "before"), "rows")), 0);
	expect_at(json_of(sales(4, 8)), "before/total/orders", "2");
}

Test(figures, the_default_is_28_days_to_the_end_of_the_watermarks)
{
	json_t *j;

	sell_for_a_week();
	j = json_of((struct figures_ask){ .kind = FIGURES_SALES, .from_ms = TIME_NONE, .to_ms = TIME_NONE });
	expect_at(j, "from", "\"2052-01-30T00:00:00.000Z\"");
	expect_at(j, "to", "\"2052-02-27T00:00:00.000Z\"");
	expect_at(j, "asOf", "\"2052-02-26T12:00:00.000Z\"");
	expect_at(j, "total/orders", "5");
	cr_expect_eq(json_array_size(json_object_get(j, "rows")), 28);
}

/* Today, before anybody has come. */
Test(figures, from_a_day_that_the_log_has_not_reached)
{
	struct figures_ask ask = { .kind = FIGURES_SALES, .from_ms = day(8), .to_ms = TIME_NONE };
	json_t *j;

	sell_for_a_week();
	j = json_of(ask);
	expect_at(j, "from", "\"2052-02-28T00:00:00.000Z\"");
	expect_at(j, "to", "\"2052-02-29T00:00:00.000Z\"");
	expect_at(j, "total/orders", "0");
	cr_expect_eq(json_array_size(json_object_get(j, "rows")), 1);
	ask.by = BY_HOUR;
	expect_at(json_of(ask), "to", "\"2052-02-28T01:00:00.000Z\"");
	ask.from_ms = day(7);
	expect_at(json_of(ask), "from", "\"2052-02-27T00:00:00.000Z\"");
}

Test(figures, hours_and_periods_that_do_not_begin_on_one)
{
	struct figures_ask ask = sales(3.5, 3.97);
	json_t *j;

	sell_for_a_week();
	ask.by = BY_HOUR;
	j = json_of(ask);
	expect_at(j, "from", "\"2052-02-23T12:00:00.000Z\"");
	expect_at(j, "to", "\"2052-02-24T00:00:00.000Z\"");
	expect_at(j, "rows/9/start", "\"2052-02-23T21:00:00.000Z\"");
	expect_at(j, "rows/9/orders", "1");
	expect_at(json_of(sales(3.5, 3.97)), "from", "\"2052-02-23T00:00:00.000Z\"");
}

Test(figures, periods_that_make_no_sense)
{
	struct figures_ask ask = sales(0, 4000);

	cr_expect_str_eq(made(sales(4, 2)), "'from' is not before 'to'");
	cr_expect_str_eq(made(sales(4, 4)), "'from' is not before 'to'");
	sell_for_a_week();
	cr_expect_str_eq(made((struct figures_ask){ .from_ms = TIME_NONE, .to_ms = 0 }), "'from' is not before 'to'");
	ask.by = BY_HOUR;
	cr_expect_str_eq(made(ask), "the period has more than 50000 rows: ask for a shorter one, or by=day");
}

Test(figures, csv_is_the_rows)
{
	struct figures_ask ask = sales(0, 2);

	sell_for_a_week();
	ask.csv = true;
	cr_expect_str_eq(made(ask), "start,orders,units,revenue\r\n"
				    "2052-02-20T00:00:00.000Z,1,1,10\r\n"
				    "2052-02-21T00:00:00.000Z,1,2,5\r\n");
}

Test(figures, engagement)
{
	struct figures_ask ask = { .kind = FIGURES_ENGAGEMENT, .from_ms = day(1), .to_ms = day(3) };
	json_t *j;

	shop_play(&shop,
		  "u1 view a @0d; u1 view a,b @1d; u2 view a @1.2d; u1 add a @1.3d; u1 view b @1.31d; u1 buy a @1.4d; "
		  "u3 search - @0.5d; v4 show a @2d; u2 view a @2d");
	j = json_of(ask);
	expect_at(j, "rows/0/people", "2");
	expect_at(j, "rows/0/newPeople", "1");
	expect_at(j, "rows/0/sessions", "3");
	expect_at(j, "rows/0/views", "4");
	expect_at(j, "rows/0/carts", "1");
	expect_at(j, "rows/0/orders", "1");
	expect_at(j, "rows/1/people", "1");
	expect_at(j, "total/activePeople", "2");
	expect_at(j, "total/sessions", "4");
	expect_at(j, "total/viewsPerSession", "1.25");
	ask.to_ms = day(2);
	expect_at(json_of(ask), "total/activePeople", "null");
	ask.csv = true;
	cr_expect_str_eq(made(ask), "start,people,newPeople,sessions,views,carts,orders\r\n"
				    "2052-02-21T00:00:00.000Z,2,1,3,4,1,1\r\n");
}

/* A clock that goes on by `step_ns` whenever it is looked at. */
static uint64_t now_ns, step_ns;

static uint64_t tick(const struct clock *c)
{
	(void)c;
	now_ns += step_ns;
	return now_ns;
}

static const struct clock ticking = { .monotonic_ns = tick };

static bool says_one_order(struct figures_cache *cache, struct figures_ask *ask, uint64_t now)
{
	struct json_out out = { 0 };
	bool ret;

	now_ns = now;
	cr_assert_eq(figures_cache_make(cache, shop.snap, ask, &out, NULL), 0);
	ret = memmem(out.p, out.n, "\"total\":{\"orders\":1,", 20) != NULL;
	json_out_fini(&out);
	return ret;
}

Test(figures, what_is_asked_again_within_a_second_is_the_same)
{
	struct figures_cache *cache = figures_cache_new(&ticking);
	struct figures_ask ask = sales(0, 1), other = sales(0, 2);
	const uint64_t second = FIGURES_KEPT_NS;

	cr_expect_not(says_one_order(cache, &ask, second));
	shop_play(&shop, "u1 buy a @0d o=1 p=10");
	cr_expect(says_one_order(cache, &other, second));
	cr_expect_not(says_one_order(cache, &ask, 2 * second - 1));
	cr_expect(says_one_order(cache, &ask, 2 * second));
	figures_cache_free(cache);
}

/* The first look is when it is asked for, the second when it is made. */
Test(figures, what_takes_long_is_kept_longer)
{
	struct figures_cache *cache = figures_cache_new(&ticking);
	struct figures_ask ask = sales(0, 1);
	const uint64_t second = FIGURES_KEPT_NS;

	step_ns = second;
	cr_expect_not(says_one_order(cache, &ask, 0));
	shop_play(&shop, "u1 buy a @0d o=1 p=10");
	cr_expect_not(says_one_order(cache, &ask, (FIGURES_KEPT_COSTS - 1) * second));
	cr_expect(says_one_order(cache, &ask, FIGURES_KEPT_COSTS * second));
	figures_cache_free(cache);
}
