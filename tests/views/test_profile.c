/* What an actor is to the shop, by hand. */
#include "tests/lib/views_shop.h"
#include "views/identity.h"
#include "views/ids.h"
#include "views/profile.h"

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

TestSuite(profile, .init = setup, .fini = teardown);

static uint32_t user(const char *id)
{
	return snap_actor(shop.snap, ACTOR_USER, str_of(id));
}

/* "first last orders units spend", times in seconds from SHOP_START, or "-". */
static const char *text_of(int rc, const struct profile *p)
{
	static char text[160];

	if (rc) {
		cr_assert_eq(rc, ERR_NOT_FOUND);
		return "-";
	}
	snprintf(text, sizeof(text), "%lld %lld %lld %lld %lld", (long long)(p->first_ms - SHOP_START) / 1000,
		 (long long)(p->last_ms - SHOP_START) / 1000, (long long)p->orders, (long long)p->units,
		 (long long)p->spend_micros);
	return text;
}

static const char *profile(const char *id)
{
	struct profile p;

	return text_of(profile_get(shop.snap, user(id), &p), &p);
}

Test(profile, times_of_what_it_did)
{
	shop_play(&shop, "u1 show a @0s");
	cr_expect_str_eq(profile("u1"), "-", "an impression is what the shop did");
	shop_play(&shop, "u1 view a @10s; u1 search - @30s; u1 add a @20s; u1 show a @40s");
	cr_expect_str_eq(profile("u1"), "10 30 0 0 0");
	cr_expect_str_eq(profile("u2"), "-");
}

Test(profile, orders_units_and_spend)
{
	shop_play(&shop,
		  "u1 buy a,b @1s o=1 q=2 p=1.5; u1 buy c @2s o=1 p=4; u1 buy a @3s; u1 buy a @4s q=3 p=0.000001");
	cr_expect_str_eq(profile("u1"), "1 4 3 9 10000003");
	shop_play(&shop, "u1 return a @5s o=1 q=2 p=1.5; u1 return z @6s q=9 p=2");
	cr_expect_str_eq(profile("u1"), "1 6 3 -2 -10999997");
}

Test(profile, duplicates_change_nothing)
{
	shop_play(&shop, "u1 buy a @1s e=1 p=2; u1 buy a @1s e=1 p=2");
	shop_play(&shop, "u1 buy a @1s e=1 p=2");
	cr_expect_str_eq(profile("u1"), "1 1 1 1 2000000");
}

Test(profile, an_order_that_comes_back_after_90_days_is_another)
{
	shop_play(&shop, "u1 buy a @0d o=1; u1 buy b @90d o=1; u2 view a @180.1d; u1 buy c @180.1d o=1");
	cr_expect_str_eq(profile("u1"), "0 15560640 2 3 0");
}

Test(profile, outlives_the_history)
{
	for (int i = 0; i < 400; i++)
		shop_playf(&shop, "u1 buy i%d @%ds p=1", i, i);
	cr_expect_str_eq(profile("u1"), "0 399 400 400 400000000");
}

Test(profile, of_a_person_is_that_of_all_its_actors)
{
	uint32_t actors[PERSON_ACTORS_MAX];
	struct profile p;
	int n;

	shop_play(&shop, "v1 view a @5s; u1+v1 buy a @10s p=1; v2 show a @20s; u1+v2 view a @15s; v1 return a @7s p=1");
	n = person_actors(shop.snap, STR("u1"), (struct str){ 0 }, actors);
	cr_assert_eq(n, 3);
	cr_expect_str_eq(text_of(profile_of(shop.snap, actors, (unsigned)n, &p), &p), "5 15 1 0 0");
	cr_expect_str_eq(text_of(profile_of(shop.snap, actors, 0, &p), &p), "-");
}

static int count_actor(void *arg, uint32_t actor, const struct profile *p)
{
	(void)actor;
	*(int64_t *)arg += p->orders;
	return 0;
}

Test(profile, each_actor_once)
{
	int64_t orders = 0;

	shop_play(&shop, "u1 buy a @0s; u2 buy a @1s; u3 show a @2s; u2 buy b @3s");
	cr_assert_eq(profile_each(shop.snap, count_actor, &orders), 0);
	cr_expect_eq(orders, 3);
}
