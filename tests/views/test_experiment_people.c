/* Who is in which variant of an experiment, and what it did from then on. */
#include "tests/lib/views_shop.h"
#include "views/experiments.h"

#include <criterion/criterion.h>
#include <inttypes.h>
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

TestSuite(experiment_people, .init = setup, .fini = teardown);

struct text {
	char v[4096];
	size_t n;
};

static int put_person(void *arg, struct str variant, uint32_t actor, const struct exposed *p)
{
	struct text *t = arg;

	(void)actor;
	t->n += (size_t)snprintf(t->v + t->n, sizeof(t->v) - t->n,
				 "%s%.*s @%" PRId64 "s: %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %.2f",
				 t->n ? "; " : "", STR_FMT(variant), (p->first_ms - SHOP_START) / 1000, p->sessions,
				 p->impressions, p->clicks, p->orders, (double)p->revenue_micros / 1e6);
	return 0;
}

/* "variant @first: sessions impressions clicks orders revenue" of each, in the order of variants' numbers. */
static void expect(const char *experiment, const char *expected)
{
	struct text got = { .n = 0 };

	got.v[0] = '\0';
	cr_assert_eq(experiment_people(shop.snap, str_of(experiment), put_person, &got), 0);
	cr_assert_str_eq(got.v, expected);
}

Test(experiment_people, from_the_first_event_on)
{
	char *id = shop_answer(&shop, "u1", "home p1:trending,p2:trending @1h x=layout/b");

	shop_play(&shop, "u1 buy p9 @1s p=7 s=one");
	shop_playf(&shop, "u1 show p1,p2 @1h r=%s s=two; u1 view p1 @1.01h s=two; u1 click p1 @1.02h r=%s s=two", id,
		   id);
	expect("layout", "b @3600s: 1 2 1 0 0.00");
	shop_play(&shop, "u1 buy p1,p8 @2h q=2 p=1.5 s=two o=a; u1 buy p7 @2h p=1 s=two o=a; u1 buy p1 @3h p=1 s=three;"
			 "u1 view p1 @4h s=three; u1 view p1 @5h; u1 view p1 @5.1h; u1 view p1 @9h");
	expect("layout", "b @3600s: 4 2 1 2 8.00");
	expect("layou", "");
	expect("other", "");
	free(id);
}

/* Ten lines of the most are 10 trillion: more than a number holds, and 2^64 micros less. */
Test(experiment_people, of_any_revenue)
{
	char *id = shop_answer(&shop, "u1", "home p1:trending @0s x=layout/b");

	shop_playf(&shop, "u1 buy p1,p2,p3,p4,p5,p6,p7,p8,p9,p10 @1s q=10000 p=100000000 r=%s", id);
	shop_play(&shop, "u1 buy p1 @2s p=1");
	expect("layout", "b @1s: 1 0 0 2 -8446744073708.55");
	free(id);
}

Test(experiment_people, of_two_layers_and_of_two_variants)
{
	char *both = shop_answer(&shop, "v1", "home p1:trending @0s x=layout/b,price/a");
	char *other = shop_answer(&shop, "v1", "home p1:trending @0s x=layout/a");

	shop_playf(&shop,
		   "v1 show p1 @1s r=%s; v1 view p1 @2s; v2 show p1 @1s r=%s; v1 show p1 @3s r=%s; v1 buy p1 @4s p=1",
		   both, both, other);
	expect("price", "a @1s: 1 1 0 1 1.00");
	expect("layout", "a @3s: 1 1 0 1 1.00; b @1s: 1 1 0 1 1.00");
	free(both);
	free(other);
}

Test(experiment_people, a_forged_id_brings_nobody_in)
{
	char *id = shop_answer(&shop, "v1", "home p1:trending @0s x=layout/b");

	shop_playf(&shop, "v2 show p1 @1s r=%s; v1 show p2 @1s r=%s", id, id);
	expect("layout", "");
	free(id);
}

Test(experiment_people, they_go_four_epochs_after_their_first_event)
{
	char *id = shop_answer(&shop, "v1", "home p1:trending @0s x=layout/b"), *again;

	shop_playf(&shop, "v1 show p1 @1s r=%s; v1 buy p1 @80d p=1; v2 view p1 @119.9d", id);
	expect("layout", "b @1s: 2 1 0 1 1.00");
	shop_play(&shop, "v1 buy p1 @120d p=1");
	expect("layout", "");
	again = shop_answer(&shop, "v1", "home p1:trending @120d x=layout/b");
	shop_playf(&shop, "v1 show p1 @120d r=%s; v1 buy p1 @121d p=2", again);
	expect("layout", "b @10368000s: 2 1 0 1 2.00");
	free(id);
	free(again);
}

Test(experiment_people, rows_name_the_actor)
{
	char *id = shop_answer(&shop, "u1", "home p1:trending @0s x=layout/b"), *rows;

	shop_playf(&shop, "u1 show p1 @1s r=%s", id);
	rows = shop_rows(&shop, "experiment-people", NULL);
	cr_assert(strstr(rows, "{\"experiment\":\"layout\",\"variant\":\"b\",\"actor\":\""), "%s", rows);
	cr_assert(strstr(rows, "\",\"first\":2592000001000,\"sessions\":1,\"impressions\":1,\"clicks\":0,\"orders\":0,"
			       "\"revenue\":0}"),
		  "%s", rows);
	free(rows);
	free(id);
}
