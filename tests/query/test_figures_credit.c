/* What recommendations led to, by strategy and by category, by hand. */
#include "tests/lib/query_figures.h"
#include "views/engagement.h"
#include "views/labels.h"

#include <stdlib.h>

TestSuite(figures_credit, .init = figures_init, .fini = figures_fini);

static struct figures_ask of_strategies(unsigned by)
{
	return (struct figures_ask){ .kind = FIGURES_STRATEGIES, .from_ms = day(0), .to_ms = day(2), .by = by };
}

Test(figures_credit, strategies_by_all_that_tells_them_apart)
{
	json_t *j;

	recommend_for_a_day();
	j = json_of(of_strategies(BY_SCENARIO | BY_STRATEGY | BY_VARIANT));
	expect_at(j, "rows/0",
		  "{\"scenario\":\"home\",\"strategy\":\"also-bought\",\"variant\":null,\"impressions\":1,\"clicks\":0,"
		  "\"carts\":0,\"orders\":0,\"units\":0,\"revenue\":0,\"ctr\":0,\"conversion\":null,"
		  "\"revenuePerImpression\":0,\"share\":0,\"itemsShown\":null,\"coverage\":null}");
	expect_at(j, "rows/1",
		  "{\"scenario\":\"home\",\"strategy\":\"trending\",\"variant\":null,\"impressions\":1,\"clicks\":1,"
		  "\"carts\":0,\"orders\":1,\"units\":2,\"revenue\":5,\"ctr\":1,\"conversion\":1,"
		  "\"revenuePerImpression\":5,\"share\":0.25,\"itemsShown\":null,\"coverage\":null}");
	expect_at(j, "rows/2/variant", "\"x/b\"");
	expect_at(j, "rows/2/clicks", "1");
	expect_at(j, "rows/3", "absent");
	expect_at(j, "total/impressions", "3");
	expect_at(j, "total/ctr", "0.666667");
}

Test(figures_credit, strategies_by_less_and_by_time)
{
	struct figures_ask ask = of_strategies(BY_DAY | BY_STRATEGY);
	json_t *j;

	put_in_catalog("p1", "Mugs", "");
	put_in_catalog("p3", "Mugs", "");
	recommend_for_a_day();
	ask.csv = true;
	cr_expect_str_eq(made(ask), "start,strategy,impressions,clicks,carts,orders,units,revenue,ctr,conversion,"
				    "revenuePerImpression,share,itemsShown,coverage\r\n"
				    "2052-02-20T00:00:00.000Z,also-bought,1,0,0,0,0,0,0,,0,,0,0\r\n"
				    "2052-02-20T00:00:00.000Z,trending,2,2,0,0,0,0,1,0,0,,1,0.5\r\n"
				    "2052-02-21T00:00:00.000Z,trending,0,0,0,1,2,5,,,,0.25,0,0\r\n");
	j = json_of(of_strategies(BY_HOUR | BY_VARIANT));
	expect_at(j, "rows/0/variant", "null");
	expect_at(j, "rows/0/impressions", "2");
	expect_at(j, "rows/2/start", "\"2052-02-20T02:00:00.000Z\"");
	expect_at(j, "rows/0/itemsShown", "null");
	expect_at(j, "total/coverage", "null");
	ask = of_strategies(BY_SCENARIO);
	ask.from_ms = day(1);
	j = json_of(ask);
	expect_at(j, "rows/0/impressions", "0");
	expect_at(j, "rows/0/orders", "1");
	expect_at(j, "total/orders", "1");
}

Test(figures_credit, what_of_the_sales_came_from_recommendations)
{
	recommend_for_a_day();
	expect_at(json_of(sales(0, 2)), "recommended", "{\"orders\":1,\"units\":2,\"revenue\":5,\"share\":0.25}");
	expect_at(json_of(sales(0, 1)), "recommended/share", "null");
}

/* p2 and p9 are in no catalogue. */
Test(figures_credit, coverage_is_of_all_that_a_row_and_the_catalogue_have)
{
	struct figures_ask ask = of_strategies(BY_SCENARIO);
	char *more;
	json_t *j;

	put_in_catalog("p1", "", "");
	put_in_catalog("p3", "", "");
	put_in_catalog("p4", "", "");
	put_in_catalog("p5", "", "");
	recommend_for_a_day();
	more = shop_answer(&shop, "u3", "cart p3:trending,p4:trending,p1:trending @2d");
	shop_playf(&shop, "u3 show p1 @2d r=%s; u3 show p1,p3 @3d r=%s; u3 click p4 @3d r=%s", more, more, more);
	free(more);
	ask.to_ms = day(4);
	j = json_of(ask);
	expect_at(j, "rows/0/scenario", "\"cart\"");
	expect_at(j, "rows/0/itemsShown", "2");
	expect_at(j, "rows/1/itemsShown", "1");
	expect_at(j, "rows/1/coverage", "0.25");
	expect_at(j, "total/itemsShown", "2");
	expect_at(j, "total/coverage", "0.5");
	expect_at(j, "items", "4");
	ask.from_ms = day(3);
	expect_at(json_of(ask), "total/itemsShown", "1");
	ask.by = BY_DAY | BY_VARIANT;
	ask.from_ms = day(2);
	j = json_of(ask);
	expect_at(j, "rows/0/itemsShown", "1");
	expect_at(j, "rows/1/coverage", "0.25");
	expect_at(j, "total/coverage", "0.5");
}

/* As when `engagement` was made anew of a log that has lost its first records: `engagement-items` still has that day. */
Test(figures_credit, what_has_no_figures_has_no_row)
{
	struct figures_ask ask = of_strategies(BY_DAY | BY_STRATEGY | BY_VARIANT);
	struct answer_token lost = { .scenario = "lost" };
	uint64_t second_day = (uint64_t)(day(1) / MS_PER_DAY);
	json_t *j;

	put_in_catalog("p1", "", ""); /* item 0 */
	fold_add(shop.fold, TBL_ENGAGEMENT_ITEMS, second_day << 32 | fold_label_of_answer(shop.fold, &lost, 0), 0,
		 CREDIT_IMPRESSION, 1);
	recommend_for_a_day();
	j = json_of(ask);
	expect_at(j, "rows/3/orders", "1");
	expect_at(j, "rows/3/itemsShown", "0");
	expect_at(j, "rows/4", "absent");
	expect_at(j, "total/itemsShown", "1");
}

Test(figures_credit, categories_have_what_is_under_them)
{
	struct figures_ask ask = { .kind = FIGURES_CATEGORIES, .from_ms = day(0), .to_ms = day(2) };
	json_t *j;

	put_in_catalog("p1", "Home > Mugs", "Home > Gifts");
	put_in_catalog("p3", "Home > Lamps", "");
	put_in_catalog("p4", "", "");
	recommend_for_a_day();
	j = json_of(ask);
	expect_at(j, "rows/0/category", "null");
	expect_at(j, "rows/0/impressions", "1");
	expect_at(j, "rows/0/sales", "15");
	expect_at(j, "rows/0/share", "0");
	expect_at(j, "rows/0/coverage", "0");
	expect_at(j, "rows/1/category", "\"Home\"");
	expect_at(j, "rows/1/impressions", "2");
	expect_at(j, "rows/1/revenue", "5");
	expect_at(j, "rows/1/sales", "5");
	expect_at(j, "rows/1/share", "1");
	expect_at(j, "rows/1/coverage", "0.5");
	expect_at(j, "total/share", "0.25");
	expect_at(j, "rows/2/category", "\"Home > Gifts\"");
	expect_at(j, "rows/2/coverage", "1");
	expect_at(j, "rows/3/category", "\"Home > Lamps\"");
	expect_at(j, "rows/3/sales", "0");
	expect_at(j, "rows/3/itemsShown", "0");
	expect_at(j, "rows/4/category", "\"Home > Mugs\"");
	expect_at(j, "rows/5", "absent");
	expect_at(j, "total/impressions", "3");
	expect_at(j, "total/sales", "20");
	expect_at(j, "items", "3");
	expect_at(j, "total/itemsShown", "1");
	expect_at(j, "total/coverage", "0.333333");
}

Test(figures_credit, more_categories_than_an_answer_has_rows)
{
	struct figures_ask ask = { .kind = FIGURES_CATEGORIES, .from_ms = day(0), .to_ms = day(2) };

	for (unsigned i = 0; i <= FIGURES_ROWS_MAX / 50; i++) {
		char id[16], deep[256];
		int n = snprintf(id, sizeof(id), "%u", i);

		memcpy(deep, id, (size_t)n + 1);
		for (unsigned k = 1; k < 50; k++)
			n += snprintf(deep + n, sizeof(deep) - (size_t)n, " > x");
		put_in_catalog(id, deep, "");
	}
	shop_play(&shop, "u1 view a @0s");
	cr_expect_str_eq(made(ask), "the catalogue has more than 50000 categories");
}

Test(figures_credit, categories_grow_by_the_days_that_are_over)
{
	struct figures_ask ask = { .kind = FIGURES_CATEGORIES, .from_ms = day(4), .to_ms = day(7) };
	json_t *j;

	put_in_catalog("a", "Mugs", "");
	put_in_catalog("b", "Mugs", "");
	put_in_catalog("c", "Lamps", "");
	put_in_catalog("d", "New", "");
	shop_play(&shop,
		  "u1 buy c @0.9d o=1 p=500; u1 buy a @1d o=2 p=10; u1 buy c @2d o=3 p=8; u1 buy b @3.9d o=4 p=100;"
		  "u2 buy a @4d o=5 p=10; u2 buy b @5d o=6 p=5; u2 buy c @5.9d o=7 p=2; u2 buy d @5d o=8 p=1;"
		  "u2 buy a @6.5d o=9 p=1000");
	j = json_of(ask);
	expect_at(j, "rows/0/category", "\"Lamps\"");
	expect_at(j, "rows/0/salesBefore", "8");
	expect_at(j, "rows/0/growth", "-0.75");
	expect_at(j, "rows/1/sales", "1015");
	expect_at(j, "rows/1/salesBefore", "10");
	expect_at(j, "rows/1/growth", "0.5");
	expect_at(j, "rows/2/growth", "null");
	expect_at(j, "total/salesBefore", "18");
	expect_at(j, "compared", "{\"from\":\"2052-02-24T00:00:00.000Z\",\"to\":\"2052-02-26T00:00:00.000Z\"}");
	expect_at(j, "before", "{\"from\":\"2052-02-21T00:00:00.000Z\",\"to\":\"2052-02-23T00:00:00.000Z\"}");
	/* a period that is over, and the day that is not */
	ask.to_ms = day(6);
	expect_at(json_of(ask), "rows/1/salesBefore", "100");
	ask.from_ms = day(6), ask.to_ms = day(7);
	j = json_of(ask);
	expect_at(j, "rows/1/growth", "null");
	expect_at(j, "compared/to", "\"2052-02-26T00:00:00.000Z\"");
}

Test(figures_credit, cells_of_csv_are_quoted_where_they_must_be)
{
	struct figures_ask ask = { .kind = FIGURES_CATEGORIES, .from_ms = day(0), .to_ms = day(2), .csv = true };

	put_in_catalog("p1", "Mugs, \"large\"", "");
	recommend_for_a_day();
	cr_expect(strstr(made(ask), "\r\n\"Mugs, \"\"large\"\"\",2,"), "%s", made(ask));
}
