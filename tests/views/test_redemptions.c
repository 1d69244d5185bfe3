/* Offers that orders redeemed, and where people are, by hand. */
#include "tests/lib/views_shop.h"
#include "views/countries.h"
#include "views/ids.h"
#include "views/redemptions.h"

#include <criterion/criterion.h>
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

TestSuite(redemptions, .init = setup, .fini = teardown);

static uint32_t user(const char *id)
{
	return snap_actor(shop.snap, ACTOR_USER, str_of(id));
}

static void expect_redeemed(const char *offer, int64_t orders, int64_t people)
{
	struct redemptions r;

	cr_assert_eq(redemptions_get(shop.snap, str_of(offer), &r), 0);
	cr_expect_eq(r.orders, orders, "%s: %lld orders", offer, (long long)r.orders);
	cr_expect_eq(r.people, people, "%s: %lld people", offer, (long long)r.people);
}

static void expect_own(const char *offer, const char *id, int64_t orders)
{
	uint32_t actor = user(id);
	int64_t n;

	cr_assert_eq(redemptions_of(shop.snap, str_of(offer), &actor, 1, &n), 0);
	cr_expect_eq(n, orders, "%s of %s: %lld", offer, id, (long long)n);
}

Test(redemptions, count_once_an_order)
{
	shop_play(&shop,
		  "u1 buy a @0s o=o1 f=ten; u1 buy b @1s o=o1 f=ten; u1 buy a @2s o=o2 f=ten; u2 buy a @3s f=ten; "
		  "u2 buy a @4s f=ten e=e1; u2 buy a @4s f=ten e=e1");
	expect_redeemed("ten", 4, 2);
	expect_own("ten", "u1", 2);
	expect_own("ten", "u2", 2);
	shop_play(&shop, "u1 buy c @5s o=o2 f=ten; u3 buy c @6s o=o2 f=ten");
	expect_redeemed("ten", 5, 3);
}

Test(redemptions, are_of_what_the_first_event_of_an_order_names)
{
	shop_play(&shop, "u1 buy a @0s o=o1; u1 buy b @1s o=o1 f=ten; u1 view a @2s f=ten; u1 return a @3s f=ten; "
			 "u1 add a @4s f=ten");
	expect_redeemed("ten", 0, 0);
	shop_play(&shop, "u1 buy a @5s o=o2 f=te; u1 buy a @6s o=o3 f=tenner");
	expect_redeemed("ten", 0, 0);
	expect_redeemed("te", 1, 1);
	expect_own("tenner", "u1", 1);
	expect_redeemed("", 0, 0);
	expect_own("a-name-that-is-longer-than-any-that-an-event-may-have-at-all-01234", "u1", 0);
}

Test(redemptions, rows)
{
	char *rows;

	shop_play(&shop, "u1 buy a @0s f=ten; v1 buy a @1s f=ten; u1 buy a @0s f=ten");
	rows = shop_rows(&shop, "redemptions", NULL);
	cr_expect(strstr(rows, "{\"offerId\":\"ten\",\"orders\":3,\"people\":2}"), "%s", rows);
	cr_expect(strstr(rows, ",\"orders\":2,\"last\":2592000000000}"), "%s", rows);
	cr_expect(strstr(rows, ",\"orders\":1,\"last\":2592000001000}"), "%s", rows);
	free(rows);
}

static void expect_country(const char *id, const char *country)
{
	struct str got;
	int rc = country_get(shop.snap, user(id), &got);

	if (!country) {
		cr_expect_eq(rc, ERR_NOT_FOUND);
		return;
	}
	cr_assert_eq(rc, 0);
	cr_expect(str_eq(got, str_of(country)), "%s: %.*s", id, STR_FMT(got));
}

Test(redemptions, the_last_country_that_was_named)
{
	shop_play(&shop, "u1 view a @9s c=DE; u1 view a @1s c=AT; u1 view a @2s; u1 show a @3s c=CH; u2 view a @1s; "
			 "u3 search - @1s c=fr; u2 show a @2s c=CH");
	expect_country("u1", "AT");
	expect_country("u2", NULL);
	expect_country("u3", "fr");
	shop_play(&shop, "u1 buy a @1s c=DE");
	expect_country("u1", "DE");
}
