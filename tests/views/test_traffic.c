/* What went on in the shop, hour by hour, by hand. */
#include "tests/lib/views_shop.h"
#include "views/traffic.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(traffic, .init = setup, .fini = teardown);

struct text {
	char p[2000];
	size_t n;
};

/* "hour: actors newActors sessions views carts orders units revenue", hours from SHOP_START. */
static int write_hour(void *arg, int64_t start_ms, const struct traffic *t)
{
	struct text *text = arg;

	text->n += (size_t)snprintf(text->p + text->n, sizeof(text->p) - text->n,
				    "%s%lld: %lld %lld %lld %lld %lld %lld %lld %lld", text->n ? "; " : "",
				    (long long)((start_ms - SHOP_START) / MS_PER_HOUR), (long long)t->actors,
				    (long long)t->new_actors, (long long)t->sessions, (long long)t->views,
				    (long long)t->carts, (long long)t->orders, (long long)t->units,
				    (long long)t->revenue_micros);
	return 0;
}

static const char *hours_between(int64_t first_ms, int64_t end_ms)
{
	static struct text text;

	text = (struct text){ .n = 0 };
	cr_assert_eq(traffic_scan(shop.snap, first_ms, end_ms, write_hour, &text), 0);
	return text.p;
}

static const char *hours(void)
{
	return hours_between(0, TIME_END_MS);
}

Test(traffic, an_empty_shop_has_none)
{
	cr_expect_str_eq(hours(), "");
}

Test(traffic, an_actor_counts_once_a_day_in_the_hour_of_its_first_event)
{
	shop_play(&shop, "u1 search - @10m; u1 search - @70m; u2 search - @80m; u1 search - @1d");
	cr_expect_str_eq(hours(), "0: 1 1 0 0 0 0 0 0; 1: 1 1 0 0 0 0 0 0; 24: 1 0 0 0 0 0 0 0");
	shop_play(&shop, "u1 search - @12h; u1 search - @1.5d");
	cr_expect_str_eq(hours(), "0: 1 1 0 0 0 0 0 0; 1: 1 1 0 0 0 0 0 0; 24: 1 0 0 0 0 0 0 0",
			 "neither a late event nor a later one of the day");
}

Test(traffic, impressions_make_nobody_active)
{
	shop_play(&shop, "u1 show a @0s");
	cr_expect_str_eq(hours(), "");
	shop_play(&shop, "u1 search - @1h");
	cr_expect_str_eq(hours(), "1: 1 1 0 0 0 0 0 0");
}

Test(traffic, a_session_counts_at_its_first_view)
{
	shop_play(&shop, "u1 search - @0s s=a; u1 view p @1h s=a; u1 view q @2h s=a; u1 view p @2h s=b; v1 view p @2h");
	cr_expect_str_eq(hours(), "0: 1 1 0 0 0 0 0 0; 1: 0 0 1 1 0 0 0 0; 2: 1 1 2 3 0 0 0 0");
}

Test(traffic, lines_of_views_and_carts_orders_once)
{
	shop_play(
		&shop,
		"u1 view a,b @1s; u1 add a,b,c @2s; u1 buy a,b @3s o=1 q=2 p=1.5; u1 buy c @4s o=1 p=4; u1 buy a @5s");
	cr_expect_str_eq(hours(), "0: 1 1 1 2 3 2 6 10000000");
}

Test(traffic, returns_count_in_their_own_hour)
{
	shop_play(&shop, "u1 buy a @1s o=1 q=2 p=1.5; u1 return a @1h o=1 p=1.5");
	cr_expect_str_eq(hours(), "0: 1 1 0 0 0 1 2 3000000; 1: 0 0 0 0 0 0 -1 -1500000");
}

Test(traffic, more_than_a_sum_holds_is_the_same_in_any_batches)
{
	static const char *const kinds[] = { "buy", "return" };
	char all[2000];
	size_t n = 0;

	for (int i = 0; i < 24; i++) {
		char event[80];

		snprintf(event, sizeof(event), "u1 %s a @1s o=%d q=10000 p=100000000", kinds[i / 12], i % 12);
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", i ? "; " : "", event);
		shop_play(&shop, event);
	}
	cr_expect_str_eq(hours(), "0: 1 1 0 0 0 12 0 0");
	shop_close(&shop);
	shop_open(&shop);
	shop_play(&shop, all);
	cr_expect_str_eq(hours(), "0: 1 1 0 0 0 12 0 0");
}

Test(traffic, duplicates_change_nothing)
{
	shop_play(&shop, "u1 buy a @1s e=1 p=2; u1 buy a @1s e=1 p=2");
	cr_expect_str_eq(hours(), "0: 1 1 0 0 0 1 1 2000000");
}

Test(traffic, a_scan_takes_whole_hours_from_the_first_to_before_the_end)
{
	shop_play(&shop, "u1 search - @23h; u1 search - @24h; u1 search - @49h");
	cr_expect_str_eq(hours_between(SHOP_START + 24 * MS_PER_HOUR, SHOP_START + 49 * MS_PER_HOUR),
			 "24: 1 0 0 0 0 0 0 0");
	cr_expect_str_eq(hours_between(SHOP_START + 24 * MS_PER_HOUR, SHOP_START + 24 * MS_PER_HOUR), "");
}

Test(traffic, days_are_kept_400)
{
	shop_play(&shop, "u1 search - @0d; u1 search - @1d; u1 search - @400.9d");
	cr_expect_str_eq(hours(), "24: 1 0 0 0 0 0 0 0; 9621: 1 0 0 0 0 0 0 0");
}
