/* What each actor did on a day. */
#include "tests/lib/views_shop.h"
#include "views/actor_days.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(actor_days, .init = setup, .fini = teardown);

struct text {
	char p[2000];
	size_t n;
};

/* "day/actor: came sessions orders revenue, impressions clicks orders revenue", days from SHOP_START. */
static int write_row(void *arg, int64_t day, uint32_t actor, const struct actor_day *d)
{
	struct text *text = arg;

	text->n += (size_t)snprintf(text->p + text->n, sizeof(text->p) - text->n,
				    "%s%lld/%u: %lld %lld %lld %g, %lld %lld %lld %g", text->n ? "; " : "",
				    (long long)(day - SHOP_START / MS_PER_DAY), actor, (long long)d->came,
				    (long long)d->sessions, (long long)d->orders, (double)d->revenue_micros / 1e6,
				    (long long)d->impressions, (long long)d->clicks, (long long)d->recommended_orders,
				    (double)d->recommended_micros / 1e6);
	return 0;
}

static const char *days_between(int64_t first, int64_t last)
{
	static struct text text;

	text = (struct text){ .n = 0 };
	cr_assert_eq(actor_days_scan(shop.snap, first, last, write_row, &text), 0);
	return text.p;
}

static const char *days(void)
{
	return days_between(0, INT64_MAX);
}

Test(actor_days, an_empty_shop_has_none)
{
	cr_expect_str_eq(days(), "");
}

Test(actor_days, sessions_orders_and_revenue)
{
	shop_play(&shop,
		  "u1 view a @0s; u1 view b @2h; u1 add a @2h; u1 buy a,b @3h q=2 p=2.5 o=1; u1 buy c @4h p=1 o=1;"
		  "v2 search - @5h; u1 return a @1d p=2.5; u1 buy a @1d p=4");
	cr_expect_str_eq(days(), "0/0: 1 2 1 11, 0 0 0 0; 0/1: 1 0 0 0, 0 0 0 0; 1/0: 1 0 1 1.5, 0 0 0 0");
	shop_play(&shop, "u1 view a @20h");
	cr_expect_str_eq(days_between(SHOP_START / MS_PER_DAY, SHOP_START / MS_PER_DAY),
			 "0/0: 1 3 1 11, 0 0 0 0; 0/1: 1 0 0 0, 0 0 0 0",
			 "a late event: it came then, but counts there no more");
}

/* Impressions are what the shop did; carts are not kept here. */
Test(actor_days, what_recommendations_led_to)
{
	char *id = shop_answer(&shop, "u1", "home a:trending,b:trending,c:trending @0s");

	shop_playf(&shop, "u1 show a,b @1s r=%s; u1 click a @1d r=%s; u1 add a @1d r=%s; u1 add b @3d r=%s", id, id, id,
		   id);
	cr_expect_str_eq(days(), "0/0: 0 0 0 0, 2 0 0 0; 1/0: 1 0 0 0, 0 1 0 0; 3/0: 1 0 0 0, 0 0 0 0");
	shop_playf(&shop, "u1 buy a,c @3.1d q=2 p=5 o=1 r=%s; u1 buy z @3.1d p=1 o=1 r=%s", id, id);
	cr_expect_str_eq(days_between(SHOP_START / MS_PER_DAY + 3, INT64_MAX), "3/0: 1 0 1 21, 0 0 2 20");
	free(id);
}

/* An order of the dearest lines: 2^64 micros less than it was, the same in any batches. What is shown of days stays at the largest number. */
Test(actor_days, more_than_a_sum_holds)
{
	struct actor_day sum = { .revenue_micros = INT64_MAX, .recommended_micros = INT64_MAX };
	const char *items = "a,b,c,d,e,f,g,h,i,j,k,l";
	char *id = shop_answer(&shop, "u1",
			       "home a:trending,b:trending,c:trending,d:trending,e:trending,f:trending,"
			       "g:trending,h:trending,i:trending,j:trending,k:trending,l:trending @0s");

	shop_playf(&shop, "u1 show %s @1s r=%s; u1 buy %s @2s q=10000 p=100000000 o=1 r=%s", items, id, items, id);
	cr_expect_str_eq(days(), "0/0: 1 0 1 -6.44674e+12, 12 0 12 -6.44674e+12");
	actor_day_add(&sum, &(struct actor_day){ .revenue_micros = 1, .recommended_micros = 1 });
	cr_expect_eq(sum.revenue_micros, INT64_MAX);
	cr_expect_eq(sum.recommended_micros, INT64_MAX);
	free(id);
}

Test(actor_days, duplicates_change_nothing)
{
	shop_play(&shop, "u1 view a @0s e=1; u1 view a @0s e=1");
	cr_expect_str_eq(days(), "0/0: 1 1 0 0, 0 0 0 0");
}

Test(actor_days, days_are_kept_400)
{
	shop_play(&shop, "u1 view a @0d; u1 view a @1d");
	shop_play(&shop, "u2 view a @400d");
	cr_expect_str_eq(days(), "1/0: 1 1 0 0, 0 0 0 0; 400/1: 1 1 0 0, 0 0 0 0");
}

Test(actor_days, rows)
{
	char *rows;

	shop_play(&shop, "u2 buy b @1s p=3");
	rows = shop_rows(&shop, "actor-days", NULL);
	cr_expect(strstr(rows, "\",\"start\":2592000000000,\"came\":1,\"sessions\":0,\"orders\":1,\"impressions\":0,"
			       "\"clicks\":0,\"recommendedOrders\":0,\"revenue\":3,\"recommendedRevenue\":0}"),
		  "%s", rows);
	free(rows);
}
