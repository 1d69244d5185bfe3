/* What answers led to, and what counts for none. */
#include "tests/lib/views_shop.h"
#include "views/answer_rows.h"
#include "views/credit.h"
#include "views/ids.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ANSWERS_ALL 200

static struct shop shop;

static void setup(void)
{
	shop_open(&shop);
}

static void teardown(void)
{
	shop_close(&shop);
}

TestSuite(engagement, .init = setup, .fini = teardown);

/* ---- "scenario/strategy[/variant]: impressions clicks carts orders units revenue" of all hours, one a line ---- */

struct summary {
	char lines[64][160];
	struct engagement sums[64];
	size_t n;
};

static int sum_row(void *arg, int64_t hour, const struct engagement_label *of, const struct engagement *e)
{
	struct summary *s = arg;
	char name[160];
	size_t i = 0;

	(void)hour;
	snprintf(name, sizeof(name), "%.*s/%s%s%.*s", STR_FMT(of->scenario), of->strategy, of->variant.n ? "/" : "",
		 STR_FMT(of->variant));
	while (i < s->n && strcmp(s->lines[i], name) != 0)
		i++;
	if (i == s->n)
		memcpy(s->lines[s->n++], name, sizeof(name));
	for (int kind = 0; kind < CREDIT_KINDS; kind++)
		s->sums[i].counts[kind] += e->counts[kind];
	s->sums[i].units += e->units;
	s->sums[i].revenue_micros += e->revenue_micros;
	return 0;
}

static void expect(const char *expected)
{
	static struct summary s;
	char got[4096] = "";
	size_t n = 0;

	s = (struct summary){ 0 };
	cr_assert_eq(engagement_scan(shop.snap, 0, INT64_MAX, sum_row, &s), 0);
	for (size_t i = 0; i < s.n; i++) {
		const struct engagement *e = &s.sums[i];

		n += (size_t)snprintf(got + n, sizeof(got) - n,
				      "%s%s: %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %.2f",
				      i ? "; " : "", s.lines[i], e->counts[0], e->counts[1], e->counts[2], e->counts[3],
				      e->units, (double)e->revenue_micros / 1e6);
	}
	cr_assert_str_eq(got, expected);
}

static void expect_refused(enum credit_refusal why, uint64_t n)
{
	const uint64_t *refused = fold_credit_refused(shop.fold);

	for (int i = 0; i < CREDIT_REFUSAL_COUNT; i++)
		cr_assert_eq(refused[i], i == (int)why ? n : 0, "%s: %" PRIu64, credit_refusal_name(i), refused[i]);
}

static char *answer(const char *who, const char *text)
{
	return shop_answer(&shop, who, text);
}

#define PAGE "home p1:trending,p2:also-bought @0s"

Test(engagement, what_was_shown_clicked_and_bought)
{
	char *id = answer("u1", PAGE), *rows;

	shop_playf(&shop,
		   "u1 show p1,p2 @1s r=%s; u1 click p2 @5m r=%s; u1 add p2 @6m r=%s;"
		   "u1 buy p2,p3 @2d q=3 p=2.5 r=%s; u1 view p1 @2d r=%s; u1 return p2 @3d q=1 p=2.5 r=%s",
		   id, id, id, id, id, id);
	rows = shop_rows(&shop, "engagement", NULL);
	cr_assert_str_eq(rows,
			 "{\"scenario\":\"home\",\"strategy\":\"also-bought\",\"variant\":\"\",\"start\":2592000000000,"
			 "\"impressions\":1,\"clicks\":1,\"carts\":1,\"orders\":0,\"units\":0,\"revenue\":0}\n"
			 "{\"scenario\":\"home\",\"strategy\":\"also-bought\",\"variant\":\"\",\"start\":2592172800000,"
			 "\"impressions\":0,\"clicks\":0,\"carts\":0,\"orders\":1,\"units\":3,\"revenue\":7.5}\n"
			 "{\"scenario\":\"home\",\"strategy\":\"trending\",\"variant\":\"\",\"start\":2592000000000,"
			 "\"impressions\":1,\"clicks\":0,\"carts\":0,\"orders\":0,\"units\":0,\"revenue\":0}");
	free(rows);
	rows = shop_rows(&shop, "engagement-items", "p2");
	cr_assert_str_eq(
		rows,
		"{\"itemId\":\"p2\",\"scenario\":\"home\",\"strategy\":\"also-bought\",\"variant\":\"\",\"start\":2592000000000,\"impressions\":1,\"clicks\":1,\"carts\":1,"
		"\"orders\":0,\"units\":0,\"revenue\":0}\n"
		"{\"itemId\":\"p2\",\"scenario\":\"home\",\"strategy\":\"also-bought\",\"variant\":\"\",\"start\":2592172800000,\"impressions\":0,\"clicks\":0,\"carts\":0,"
		"\"orders\":1,\"units\":3,\"revenue\":7.5}");
	free(rows);
	expect_refused(REFUSED_ITEM, 1); /* p3 was bought with it, but not recommended */
	free(id);
}

Test(engagement, each_once)
{
	char *id = answer("u1", PAGE);

	shop_playf(&shop, "u1 show p1,p1 @1s r=%s; u1 show p1 @2s r=%s; u1 click p1 @3s r=%s; u1 click p1 @4s r=%s", id,
		   id, id, id);
	shop_playf(&shop, "u1 buy p1 @1h o=a r=%s; u1 buy p1 @2h o=b r=%s; u1 buy p2 @2h o=a r=%s; u1 buy p2 @3h o=a",
		   id, id, id);
	expect("home/trending: 1 1 0 1 1 0.00; home/also-bought: 0 0 0 1 1 0.00");
	expect_refused(REFUSED_REPEAT, 4);
	free(id);
}

Test(engagement, an_item_counts_once_an_order_whatever_ids_it_comes_with)
{
	char *a = answer("u1", PAGE), *b = answer("u1", "cart p1:trending @0s");

	shop_playf(&shop, "u1 buy p1 @1h o=a r=%s; u1 buy p1 @1h o=a r=%s", a, b);
	expect("home/trending: 0 0 0 1 1 0.00");
	expect_refused(REFUSED_REPEAT, 1);
	free(a);
	free(b);
}

Test(engagement, windows)
{
	char *id = answer("u1", "home p1:trending,p2:trending,p3:trending,p4:trending @10d");

	shop_playf(&shop,
		   "u1 show p1 @9.96d r=%s; u1 show p2 @9.95d r=%s; u1 click p1 @11d r=%s; u1 click p2 @11.01d r=%s",
		   id, id, id, id);
	shop_playf(&shop, "u1 add p1 @17d r=%s; u1 add p2 @17.01d r=%s; u1 buy p3 @17d r=%s; u1 buy p4 @17.01d r=%s",
		   id, id, id, id);
	expect("home/trending: 1 1 1 1 1 0.00");
	expect_refused(REFUSED_EXPIRED, 4);
	free(id);
}

/* However long ago the event says it was. */
Test(engagement, an_answer_long_behind_the_log_is_expired)
{
	char *id = answer("u1", PAGE);

	shop_playf(&shop, "v9 view p9 @45d; u1 show p1 @1s r=%s; v9 view p9 @45.1d; u1 show p2 @1s r=%s", id, id);
	expect("home/trending: 1 0 0 0 0 0.00");
	expect_refused(REFUSED_EXPIRED, 1);
	free(id);
}

Test(engagement, whose_it_is)
{
	char *user = answer("u1", PAGE), *visitor = answer("v1", PAGE), *nobody = answer(NULL, PAGE);

	shop_playf(&shop,
		   "u1 click p1 @1s r=%s; u1+v1 click p2 @1s r=%s; u1+v1 click p1 @1s r=%s; v1 click p2 @1s r=%s", user,
		   user, visitor, visitor);
	shop_playf(&shop, "u3 click p1 @1s r=%s; v4 click p1 @1s r=%s", nobody, nobody);
	expect("home/trending: 0 4 0 0 0 0.00; home/also-bought: 0 2 0 0 0 0.00");
	shop_playf(&shop, "u2 click p1 @1s r=%s; v1 click p1 @1s r=%s; u1 click p1 @1s r=%s; u2+v2 click p1 @1s r=%s",
		   user, user, visitor, visitor);
	expect("home/trending: 0 4 0 0 0 0.00; home/also-bought: 0 2 0 0 0 0.00");
	expect_refused(REFUSED_SIGNATURE, 4);
	free(user);
	free(visitor);
	free(nobody);
}

Test(engagement, a_line_may_have_an_id_of_its_own)
{
	char *event_id = answer("u1", PAGE), *line_id = answer("u1", "cart p1:cart-cross-sell @0s");
	struct event_item items[] = { { .id = STR("p1"), .quantity = 1, .recommendation_id = str_of(line_id) },
				      { .id = STR("p2"), .quantity = 2 } };
	struct event ev = { .type = EVENT_PURCHASE,
			    .has_time = true,
			    .t_ms = SHOP_START + 5,
			    .user_id = STR("u1"),
			    .recommendation_id = str_of(event_id),
			    .item_count = 2,
			    .items = items };

	cr_assert_eq(fold_event(shop.fold, &ev, -1, NULL), 0);
	ev.recommendation_id = (struct str){ NULL, 0 };
	cr_assert_eq(fold_event(shop.fold, &ev, -1, NULL), 0, "bought again, now p2 without any id");
	shop_play(&shop, "u1 view p1 @1s");
	expect("cart/cart-cross-sell: 0 0 0 1 1 0.00; home/also-bought: 0 0 0 1 2 0.00");
	expect_refused(REFUSED_REPEAT, 1);
	free(event_id);
	free(line_id);
}

Test(engagement, what_is_no_id_counts_nowhere)
{
	shop_play(&shop, "u1 click p1 @1s r=forged; u1 buy p1,p2 @1s r=AgRjYXJ0; u1 view p1 @1s r=forged");
	expect("");
	expect_refused(REFUSED_MALFORMED, 3);
}

/* What is remembered is bounded, and what was forgotten does not count again. */
Test(engagement, an_actor_of_many_answers)
{
	char *ids[ANSWERS_ALL];

	for (int i = 0; i < ANSWERS_ALL; i++) {
		char text[80];

		snprintf(text, sizeof(text), "home p1:trending,p2:also-bought @%ds", i);
		ids[i] = answer("u1", text);
		shop_playf(&shop, "u1 show p1 @%ds r=%s", i + 1, ids[i]);
		if (i % 2)
			shop_playf(&shop, "u1 click p1 @%ds r=%s", i + 2, ids[i]);
	}
	expect("home/trending: 200 100 0 0 0 0.00");
	/* one that was only shown and went: its impressions do not count again, what comes of it does */
	shop_playf(&shop, "u1 show p1 @1h r=%s; u1 show p2 @1h r=%s; u1 buy p1 @1h r=%s; u1 buy p1 @2h r=%s", ids[150],
		   ids[150], ids[150], ids[150]);
	expect("home/trending: 200 100 0 1 1 0.00");
	/* of one that was clicked and went, nothing does; of the newest all does */
	shop_playf(&shop, "u1 click p1 @1h r=%s; u1 buy p1 @3h r=%s; u1 click p1 @1h r=%s; u1 buy p1 @4h r=%s", ids[41],
		   ids[41], ids[199], ids[199]);
	expect("home/trending: 200 100 0 2 2 0.00");
	for (int i = 0; i < ANSWERS_ALL; i++)
		free(ids[i]);
}

/* One that comes late takes the room of an answer newer than itself, and is remembered like any other. */
Test(engagement, all_items_of_an_answer_older_than_those_remembered)
{
	char *late = answer("u1", PAGE), *id;

	for (int i = 1; i <= ANSWERS_MAX; i++) {
		char text[80];

		snprintf(text, sizeof(text), "home p1:trending @%ds", i);
		id = answer("u1", text);
		shop_playf(&shop, "u1 show p1 @%ds r=%s", i, id);
		free(id);
	}
	shop_playf(&shop, "u1 show p1,p2 @2m r=%s; u1 show p2 @3m r=%s", late, late);
	expect("home/trending: 65 0 0 0 0 0.00; home/also-bought: 1 0 0 0 0 0.00");
	expect_refused(REFUSED_REPEAT, 1);
	free(late);
}

Test(engagement, behind_the_retention)
{
	char *id = answer("u1", PAGE), *rows;

	shop_playf(&shop, "u1 show p1 @1s r=%s; v1 view p1 @399d", id);
	expect("home/trending: 1 0 0 0 0 0.00");
	shop_play(&shop, "v1 view p1 @400d");
	expect("");
	rows = shop_rows(&shop, "engagement-items", NULL);
	cr_assert_str_eq(rows, "");
	free(rows);
	free(id);
}
