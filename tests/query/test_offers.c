/* Which offers a person may have, and what a promotion covers. */
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct stall s;

static void setup(void)
{
	stall_open(&s, NULL);
}

static void teardown(void)
{
	stall_close(&s);
}

TestSuite(offers, .init = setup, .fini = teardown);

/* "id:left id", in their order. */
static void expect_offers(const char *user, const char *expected)
{
	static struct person_offers got;
	char text[512] = "";
	size_t n = 0;

	cr_assert_eq(answerer_offers(s.answerer, str_of(user), &got, &s.e), 0);
	for (unsigned i = 0; i < got.n; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "", got.v[i].is->id);
		if (got.v[i].left >= 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n, ":%lld", (long long)got.v[i].left);
	}
	control_set_release(got.set);
	cr_expect_str_eq(text, expected, "%s: %s", user, text);
}

Test(offers, are_for_segments_and_a_period)
{
	shop_play(&s.shop, "u1 buy a @0d; u2 view a @0d");
	stall_decide(&s, "offer/all", "{\"discount\":{\"percent\":5}}");
	stall_decide(&s, "offer/buyers",
		     "{\"discount\":{\"percent\":5},\"segments\":[\"first-time-buyer\",\"frequent\"]}");
	stall_decide(&s, "offer/nobodys", "{\"discount\":{\"percent\":5},\"segments\":[\"nowhere\"]}");
	stall_decide(&s, "offer/off", "{\"discount\":{\"percent\":5},\"enabled\":false}");
	stall_decide(&s, "offer/wrong", "{\"discount\":{\"percent\":5},\"filter\":\"orders > 3\"}");
	stall_decide(&s, "offer/past", "{\"discount\":{\"percent\":5},\"to\":\"2001-01-01T00:00:00Z\"}");
	stall_decide(&s, "offer/future", "{\"discount\":{\"percent\":5},\"from\":\"9001-01-01T00:00:00Z\"}");
	stall_decide(
		&s, "offer/now",
		"{\"discount\":{\"percent\":5},\"from\":\"2001-01-01T00:00:00Z\",\"to\":\"9001-01-01T00:00:00Z\"}");
	stall_decide(&s, "promotion/a", "{\"discount\":{\"amount\":5},\"segments\":[\"new\"]}");
	expect_offers("u1", "all buyers now");
	expect_offers("u2", "all now a");
	expect_offers("nobody", "all now");
	stall_decide(&s, "segment/nowhere", "{\"filter\":\"orders = 1\"}");
	expect_offers("u1", "all buyers nobodys now");
	stall_decide(&s, "offer/all", NULL);
	expect_offers("nobody", "now");
}

/* A tool that gives all its records the same number and time. */
Test(offers, are_those_of_the_last_record_whatever_its_change_id)
{
	stall_decide(&s, "offer/one", "{'discount':{'percent':5}},'changeId':'0000000000000001'");
	expect_offers("u1", "one");
	stall_decide(&s, "offer/one", "{'discount':{'percent':5},'budget':7},'changeId':'0000000000000001'");
	expect_offers("u1", "one:7");
}

Test(offers, have_a_budget_and_are_taken_once)
{
	stall_decide(&s, "offer/few", "{\"discount\":{\"percent\":5},\"budget\":3,\"code\":\"few-5\"}");
	stall_decide(&s, "offer/once", "{\"discount\":{\"percent\":5},\"oncePerPerson\":true,\"code\":\"once\"}");
	expect_offers("u1", "few:3 once");
	shop_play(&s.shop, "u1 buy a @0s f=few; u1 buy a @1s f=few-5; u2 buy a @2s f=once; u2 view a @3s f=few");
	expect_offers("u1", "few:1 once");
	expect_offers("u2", "few:1");
	shop_play(&s.shop, "u1+v1 view a @4s; v1 buy a @5s f=once; u3 buy a @6s f=few-5");
	expect_offers("u1", "");
	expect_offers("u3", "once");
	stall_decide(&s, "offer/few", "{\"discount\":{\"percent\":5},\"budget\":5}");
	expect_offers("u3", "few:4 once"); /* without its code two of the three are of something else */
}

/* "item:promotion item", of best sellers. */
static void expect_promoted(const char *ask, const char *expected)
{
	char text[512] = "";
	size_t n = 0;

	cr_assert_eq(stall_ask(&s, ask), 0, "%s", s.e.text);
	for (unsigned i = 0; i < s.answer.item_count; i++) {
		const struct recommended *r = &s.answer.items[i];

		cr_expect_eq(r->promoted, r->promotion.n > 0);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s%s%.*s", i ? " " : "", STR_FMT(r->item_id),
				      r->promoted ? ":" : "", STR_FMT(r->promotion));
	}
	cr_expect_str_eq(text, expected, "%s: %s", ask, text);
}

Test(offers, a_promotion_marks_what_it_covers)
{
	shop_play(&s.shop, "u1 buy a q=4 @0d; u1 buy b q=3 @0d; u2 buy c q=2 @0d");
	stall_item(&s, "b", "Hats > Caps", TIME_ABSENT, TIME_ABSENT);
	stall_rank(&s);
	expect_promoted("best-sellers", "a b c");
	stall_decide(&s, "promotion/hats", "{\"discount\":{\"percent\":5},\"filter\":\"category = 'Hats'\"}");
	stall_decide(&s, "promotion/two", "{\"discount\":{\"percent\":5},\"itemIds\":[\"z\",\"c\",\"b\"]}");
	stall_decide(&s, "offer/all", "{\"discount\":{\"percent\":5}}");
	expect_promoted("best-sellers", "a b:hats c:two");
	stall_decide(&s, "promotion/hats", NULL);
	stall_decide(
		&s, "promotion/two",
		"{\"discount\":{\"percent\":5},\"itemIds\":[\"c\"],\"segments\":[\"first-time-buyer\"],\"oncePerPerson\":true}");
	expect_promoted("best-sellers", "a b c");
	expect_promoted("recently-viewed; user=u2", "");
	expect_promoted("segment-picks; user=u2", "c:two");
	shop_play(&s.shop, "u2 return c @1d f=two");
	expect_promoted("segment-picks; user=u2", "c:two");
	stall_decide(&s, "segment/twice", "{\"filter\":\"orders = 2\"}");
	stall_decide(&s, "promotion/again", "{\"discount\":{\"percent\":5},\"segments\":[\"twice\"]}");
	stall_rank(&s);
	expect_promoted("segment-picks; user=u1", "a:again b:again");
	expect_promoted("segment-picks; user=u1; filter=itemId = 'b'", "b:again");
}

Test(offers, are_at_most_so_many)
{
	struct str one = STR("{\"discount\":{\"percent\":5}}");
	static struct person_offers got;
	const struct control_set *set;
	struct error e = { 0 };

	for (int i = 0; i < OFFERS_MAX + 1; i++) {
		char key[32];

		snprintf(key, sizeof(key), "offer/o%03d", i);
		stall_decide(&s, key, one.p);
	}
	stall_decide(&s, "promotion/p", one.p);
	cr_assert_eq(answerer_offers(s.answerer, STR("u1"), &got, &s.e), 0);
	cr_expect_eq(got.n, OFFERS_MAX);
	cr_expect_str_eq(got.v[OFFERS_MAX - 1].is->id, "o255");
	control_set_release(got.set);
	set = control_set_acquire(s.control);
	cr_expect_eq(control_check(set, &(struct control_change){ CONTROL_PROMOTION, STR("q"), one }, &e),
		     ERR_BAD_CONFIG);
	cr_expect_str_eq(e.text, "there are 256 offers and promotions already, which is the most");
	cr_expect_eq(control_check(set, &(struct control_change){ CONTROL_OFFER, STR("o001"), one }, &e), 0);
	control_set_release(set);
}

/* An order that names what two have would draw on the budgets of both. */
Test(offers, an_order_can_mean_one_of_them_only)
{
	static const struct {
		enum control_kind kind;
		const char *id, *document, *field; /* "": it is good */
	} cases[] = {
		{ CONTROL_OFFER, "two", "{\"discount\":{\"percent\":5},\"code\":\"x\"}", "code" },
		{ CONTROL_OFFER, "two", "{\"discount\":{\"percent\":5},\"code\":\"one\"}", "code" },
		{ CONTROL_OFFER, "two", "{\"discount\":{\"percent\":5},\"code\":\"all\"}", "code" },
		{ CONTROL_OFFER, "x", "{\"discount\":{\"percent\":5}}", "id" },
		{ CONTROL_PROMOTION, "x", "{\"discount\":{\"percent\":5}}", "id" },
		{ CONTROL_PROMOTION, "one", "{\"discount\":{\"percent\":5}}", "id" },
		{ CONTROL_OFFER, "all", "{\"discount\":{\"percent\":5}}", "id" },
		{ CONTROL_PROMOTION, "one", "{\"discount\":{\"percent\":5},\"enabled\":false}", "" },
		{ CONTROL_OFFER, "two", "{\"discount\":{\"percent\":5},\"code\":\"off\"}", "" },
		{ CONTROL_OFFER, "two", "{\"discount\":{\"percent\":5},\"code\":\"x\",\"enabled\":false}", "" },
		{ CONTROL_OFFER, "two", "{\"discount\":{\"percent\":5},\"code\":\"two\"}", "" },
		{ CONTROL_OFFER, "one", "{\"discount\":{\"percent\":9},\"code\":\"x\"}", "" },
	};
	const struct control_set *set;

	stall_decide(&s, "offer/one", "{\"discount\":{\"percent\":5},\"code\":\"x\"}");
	stall_decide(&s, "offer/off-one", "{\"discount\":{\"percent\":5},\"code\":\"off\",\"enabled\":false}");
	stall_decide(&s, "promotion/all", "{\"discount\":{\"percent\":5}}");
	set = control_set_acquire(s.control);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct control_change change = { cases[i].kind, str_of(cases[i].id), str_of(cases[i].document) };
		struct error e = { 0 };

		cr_expect_eq(control_check(set, &change, &e), *cases[i].field ? ERR_BAD_CONFIG : 0, "%zu: %s", i,
			     e.text);
		cr_expect_str_eq(e.field, cases[i].field, "%zu: %s", i, e.text);
	}
	control_set_release(set);
}
