/* Scenarios, what is refused, and what an answer says about itself. */
#include "query/strategy.h"
#include "tests/lib/query_shop.h"
#include "views/ids.h"
#include "views/view.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

static struct stall s;

static void open_shop(void)
{
	stall_open(&s, NULL);
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(recommend, .init = open_shop, .fini = close_shop);

Test(recommend, an_empty_store_answers_with_nothing)
{
	for (size_t i = 0;; i++) {
		struct scenario_info info;
		char request[128];

		if (!scenario_info(i, &info))
			break;
		snprintf(request, sizeof(request), "%s%s%s%s%s", info.slug,
			 info.required & INPUT_ITEM_IDS ? "; items=p1" : "",
			 info.required & INPUT_QUERY   ? "; query=q"
			 : info.required & INPUT_PLACE ? "; region=r"
						       : "",
			 info.required & INPUT_CATEGORY ? "; category=A > B" : "",
			 info.required & INPUT_USER_ID ? "; user=u1" : "");
		stall_expect(&s, request, "");
		cr_assert_eq(s.answer.as_of_ms, TIME_NONE);
		cr_assert_not(s.answer.fallback);
		cr_assert_str_eq(s.answer.scenario, info.slug);
	}
}

enum {
#define STRATEGY(name) +1
	STRATEGIES = 0
#include "schemas/strategies.def"
	,
#undef STRATEGY
#define SCENARIO(...) +1
	SCENARIOS = 0
#include "query/scenarios.def"
#undef SCENARIO
};

Test(recommend, every_strategy_is_a_scenario)
{
	struct scenario_info a, b;
	size_t n = 0, strategies = 0;

	for (; scenario_info(n, &a); n++) {
		strategies += a.is_strategy;
		cr_assert_eq(strategy_number(str_of(a.slug)) != TOKEN_PINNED, a.is_strategy);
		cr_assert(a.meaning && *a.meaning);
		cr_assert_eq(a.is_strategy, a.formula != NULL);
		cr_assert_eq(a.required & ~a.inputs, 0, "%s requires what it does not read", a.slug);
		for (size_t k = 0; k < n; k++) {
			cr_assert(scenario_info(k, &b));
			cr_assert_str_neq(a.slug, b.slug);
		}
	}
	cr_assert_eq(strategies, STRATEGIES);
	cr_assert_eq(n, STRATEGIES + SCENARIOS);
}

/* As no item of that id: the list would be empty, or another one. */
Test(recommend, an_id_that_cannot_be_read_is_no_unknown_id)
{
	struct store_txn *t;

	shop_play(&s.shop, "u1 buy p1,p2 @0s; u2 buy p1,p2 @1s");
	stall_expect(&s, "also-bought; items=p1; min=1", "p2=1");
	cr_assert_eq(store_begin(s.shop.store, &t), 0);
	cr_assert_eq(store_put(t, TBL_ITEM_IDS, STR("p1"), "xy", 2), 0);
	cr_assert_eq(store_commit(t), 0);
	cr_expect_eq(stall_ask(&s, "also-bought; items=p1; min=1"), ERR_STORE_CORRUPT);
	cr_expect_eq(stall_ask(&s, "also-bought; items=p3; min=1"), 0);
}

Test(recommend, the_product_page_falls_back_in_order)
{
	shop_play(&s.shop,
		  "u1 buy p1,p2 @0s; u2 buy p1,p2 @1s; u3 buy p1 @2s; u3 buy p3 @3s; u4 buy p1 @4s; u4 buy p3 @5s;"
		  "u5 buy p4 @6s q=9; u6 view p5 @7s");
	stall_rank(&s);
	stall_expect(&s, "product-page; items=p1; count=1", "p2");
	cr_assert_not(s.answer.fallback);
	stall_expect(&s, "product-page; items=p1; count=3", "p2 p3 p4");
	cr_assert(s.answer.fallback);
	cr_assert_str_eq(s.answer.items[0].strategy, "frequently-bought-together");
	cr_assert_str_eq(s.answer.items[1].strategy, "also-bought");
	cr_assert_str_eq(s.answer.items[2].strategy, "best-sellers");
	stall_expect(&s, "product-page; items=p1; user=u6; count=3", "p2 p3 p5");
	cr_assert_str_eq(s.answer.items[2].strategy, "recently-viewed");
	stall_expect(&s, "product-page; items=unknown; count=2", "p4 p1");
	cr_assert(s.answer.fallback);
	stall_expect(&s, "cart; items=p1,p2,p4; count=5", "p3");
}

/* What stands in a list, by strategy. */
static const char *strategies_of(char ret[400])
{
	size_t n = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < s.answer.item_count; i++)
		n += (size_t)snprintf(ret + n, 400 - n, "%s%s", i ? " " : "", s.answer.items[i].strategy);
	return ret;
}

Test(recommend, home_mixes_what_is_personal_with_what_moves)
{
	char text[400];

	shop_play(&s.shop,
		  "u1 view p1 @0s; u1 buy p2 @1s; u2 view p3 @2s; u2 view p3 @3s; u3 buy p4 @4s q=2; u4 buy p5 @5s");
	stall_rank(&s);
	stall_expect(&s, "home; count=3", "p2 p4 p5"); /* trending */
	cr_assert_not(s.answer.fallback, "without a visitor trending is the first strategy");
	stall_expect(&s, "home; user=u1; count=5", "p4 p1 p2 p5 p3");
	cr_assert_str_eq(strategies_of(text),
			 "recommended-for-you next-in-session trending recommended-for-you trending");
	cr_assert_not(s.answer.fallback, "best sellers alone are one here");
	stall_expect(&s, "home; visitor=new; count=2", "p4 p2");
}

Test(recommend, a_category_has_a_page)
{
	char text[400];

	for (int i = 1; i <= 6; i++) {
		shop_playf(&s.shop, "u%d buy c%d @%ds q=%d; u%d buy d%d @%ds q=%d", i, i, i, 10 - i, i, i, i, 20 - i);
		stall_item(&s, (char[]){ 'c', (char)('0' + i), 0 }, "C > D", TIME_ABSENT, TIME_ABSENT);
	}
	stall_rank(&s);
	stall_expect(&s, "category; category=C; count=4", "c1 c2 c3 c4");
	cr_assert_str_eq(strategies_of(text), "trending best-sellers trending best-sellers");
	stall_expect(&s, "category; category=C > E; count=3", "c1 c2 c3");
	cr_assert(str_eq(s.answer.widened_to, STR("C")));
	stall_refuses(&s, "category", ERR_BAD_REQUEST, "category");
}

Test(recommend, a_mail_shows_nothing_that_is_nearly_gone)
{
	shop_play(&s.shop, "u1 buy p1 @0s; u2 buy p1,p2 @1s; u3 buy p1,p3 @2s");
	stall_stock(&s, "p2", 5);
	stall_stock(&s, "p3", 6);
	stall_rank(&s);
	stall_expect(&s, "email; user=u1; not=p1", "p3");
	stall_expect(&s, "email; user=u1; not=p1; fill=any", "p3");
	stall_refuses(&s, "email", ERR_BAD_REQUEST, "userId");
}

Test(recommend, other_places_begin_with_their_own_strategy)
{
	shop_play(&s.shop,
		  "u1 buy p1,p2 @0s; u2 buy p1,p2 @1s; u3 view p1 @2s; u3 view p3 @3s; u4 view p1 @4s; u4 view p3 @5s");
	stall_rank(&s);
	stall_expect(&s, "checkout; items=p1; count=1", "p2");
	cr_assert_str_eq(s.answer.items[0].strategy, "cart-cross-sell");
	stall_expect(&s, "out-of-stock; items=p1; count=1", "p3");
	stall_expect(&s, "search; query=shoes; count=1", "p1");
	cr_assert(s.answer.fallback);
	stall_refuses(&s, "search", ERR_BAD_REQUEST, "query");
	stall_refuses(&s, "checkout", ERR_BAD_REQUEST, "itemIds");
	stall_refuses(&s, "out-of-stock", ERR_BAD_REQUEST, "itemIds");
}

struct refusal {
	char request[80], field[24];
	int code;
};

ParameterizedTestParameters(recommend, refuses)
{
	static struct refusal cases[] = {
		{ "nowhere", "scenario", ERR_NOT_FOUND },
		{ "productpage", "scenario", ERR_NOT_FOUND },
		{ "HOME", "scenario", ERR_NOT_FOUND },
		{ "home; items=p1", "itemIds", ERR_BAD_REQUEST },
		{ "cart; items=p1; session=s1", "sessionId", ERR_BAD_REQUEST },
		{ "home; session=s1", "sessionId", ERR_BAD_REQUEST },
		{ "next-in-session; seen=a; session=s1", "sessionId", ERR_BAD_REQUEST },
		{ "search; query=\t \t", "query", ERR_BAD_REQUEST },
		{ "product-page", "itemIds", ERR_BAD_REQUEST },
		{ "product-page; items=p1; window=1h", "window", ERR_BAD_REQUEST },
		{ "cart", "itemIds", ERR_BAD_REQUEST },
		{ "also-bought", "itemIds", ERR_BAD_REQUEST },
		{ "also-bought; items=p1; user=u1", "userId", ERR_BAD_REQUEST },
		{ "also-bought; items=p1; visitor=v1", "visitorId", ERR_BAD_REQUEST },
		{ "also-bought; items=p1; not-purchased", "exclude.purchased", ERR_BAD_REQUEST },
		{ "also-bought; items=p1; not-in-cart", "exclude.inCart", ERR_BAD_REQUEST },
		{ "home; not-viewed", "exclude.viewed", ERR_BAD_REQUEST },
		{ "also-bought; items=p1; not-purchased; by-query", "excludePurchased", ERR_BAD_REQUEST },
		{ "also-bought; items=p1; not-in-cart; by-query", "excludeInCart", ERR_BAD_REQUEST },
		{ "home; not-viewed; by-query", "excludeViewed", ERR_BAD_REQUEST },
		{ "recently-viewed", "userId", ERR_BAD_REQUEST },
		{ "buy-it-again; category=a", "userId", ERR_BAD_REQUEST },
		{ "best-sellers; window=7d", "window", ERR_BAD_REQUEST },
		{ "trending; items=p1", "itemIds", ERR_BAD_REQUEST },
		{ "trending; count=101", "count", ERR_BAD_REQUEST },
	};

	return cr_make_param_array(struct refusal, cases, ARRAY_SIZE(cases));
}

ParameterizedTest(struct refusal *r, recommend, refuses)
{
	stall_refuses(&s, r->request, r->code, r->field);
}

Test(recommend, personal_inputs_are_read_when_something_is_excluded)
{
	stall_expect(&s, "trending; user=u1; not-viewed", "");
	stall_expect(&s, "also-bought; items=p1; visitor=v1; not-in-cart", "");
}

Test(recommend, staleness_is_told_and_refused)
{
	struct status_page *page = status_page(s.status);

	page->fresh_ms = SHOP_START;
	s.clock.now_ms = SHOP_START + 500;
	stall_expect(&s, "trending; stale=500", "");
	cr_assert_eq(s.answer.lag_ms, 500);
	cr_assert_not(s.answer.stale);
	stall_refuses(&s, "trending; stale=499", ERR_TOO_STALE, "maxStalenessMs");
	cr_assert_eq(error_class(ERR_TOO_STALE), CLASS_RETRY);
	page->stopped_partitions = 1;
	stall_expect(&s, "trending", "");
	cr_assert(s.answer.stale);
	stall_refuses(&s, "trending; stale=500", ERR_TOO_STALE, "maxStalenessMs");
}

Test(recommend, as_of_is_the_older_of_snapshot_and_ranking)
{
	shop_play(&s.shop, "u1 view p1 @0s");
	stall_rank(&s);
	shop_play(&s.shop, "u1 view p1 @1s");
	stall_expect(&s, "recently-viewed; user=u1", "p1");
	cr_assert_eq(s.answer.as_of_ms, SHOP_START + 1000);
}

Test(recommend, the_id_is_signed_and_names_the_scenario)
{
	unsigned char key[TOKEN_KEY_BYTES], person[ACTOR_HASH_BYTES];
	const unsigned char *person_key = store_person_key(s.shop.store);
	struct recommend_request other = { 0 };
	struct answer_token_text t;

	shop_play(&s.shop, "u1 view p1,p2 @0s");
	stall_expect(&s, "recently-viewed; user=u1", "p2 p1");
	token_key_init(person_key, key);
	actor_hash(person_key, ACTOR_USER, STR("u1"), person);
	cr_assert(token_read(str_of(s.answer.recommendation_id), &t));
	cr_assert(token_is_for(key, &t, person));
	cr_assert_not(token_is_for(key, &t, NULL));
	cr_assert_str_eq(t.token.scenario, "recently-viewed");
	cr_assert_str_eq(t.token.variant, "");
	cr_assert_eq(t.token.t_ms, SHOP_START);
	cr_assert_eq(t.token.item_count, 2);
	cr_assert_eq(t.token.items[1].strategy, strategy_number(STR("recently-viewed")));
	cr_assert_eq(t.token.items[1].mark, token_mark(key, t.token.nonce, STR("p1")));
	other.user_id = STR("u1");
	cr_assert(recommendation_given(s.answerer, str_of(s.answer.recommendation_id), &other));
	other.user_id = STR("u2");
	cr_assert_not(recommendation_given(s.answerer, str_of(s.answer.recommendation_id), &other));
}

Test(recommend, events_with_the_id_are_credited_to_the_answer)
{
	char *rows;

	shop_play(&s.shop, "u1 view p1,p2 @0s");
	stall_expect(&s, "recently-viewed; user=u1", "p2 p1");
	shop_playf(&s.shop, "u1 show p1,p2 @1s r=%s; u1 click p2 @2s r=%s; u2 click p2 @2s r=%s",
		   s.answer.recommendation_id, s.answer.recommendation_id, s.answer.recommendation_id);
	rows = shop_rows(&s.shop, "engagement", NULL);
	cr_expect_str_eq(rows, "{\"scenario\":\"recently-viewed\",\"strategy\":\"recently-viewed\",\"variant\":\"\","
			       "\"start\":2592000000000,\"impressions\":2,\"clicks\":1,\"carts\":0,\"orders\":0,"
			       "\"units\":0,\"revenue\":0}");
	free(rows);
}

Test(recommend, validating_answers_nothing)
{
	shop_play(&s.shop, "u1 view p1 @0s");
	stall_expect(&s, "recently-viewed; user=u1; validate", "");
	stall_refuses(&s, "recently-viewed; validate", ERR_BAD_REQUEST, "userId");
}

Test(recommend, an_answer_outlives_its_snapshot)
{
	struct catalog_item record;

	shop_play(&s.shop, "u1 view p1 @0s");
	stall_item(&s, "p1", "Hats", TIME_ABSENT, TIME_ABSENT);
	stall_expect(&s, "recently-viewed; user=u1; properties=categories", "p1");
	for (int i = 0; i < 50; i++)
		stall_item(&s, "p1", "Something quite different", TIME_ABSENT, TIME_ABSENT);
	cr_assert(str_eq(s.answer.items[0].item_id, STR("p1")));
	cr_assert(s.answer.items[0].has_record);
	cr_assert_eq(catalog_item_unpack(s.answer.items[0].packed.p, s.answer.items[0].packed.n, &record), 0);
	cr_assert(str_eq(record.categories.v[0], STR("Hats")));
}

Test(recommend, answers_may_share_a_snapshot_for_a_while)
{
	struct answerer_options opt = { .store = s.shop.store,
					.status = s.status,
					.ranker = s.ranker,
					.settings = s.settings,
					.clock = &s.clock.base,
					.control = s.control,
					.look_ns = 1000000 };
	struct error e = { 0 };

	answerer_free(s.answerer);
	cr_assert_eq(answerer_new(&opt, &s.answerer, &e), 0, "%s", e.text);
	shop_play(&s.shop, "u1 view p1 @0s");
	stall_expect(&s, "recently-viewed; user=u1", "p1");
	shop_play(&s.shop, "u1 view p2 @1s");
	stall_expect(&s, "recently-viewed; user=u1", "p1");
	s.clock.now_ms++;
	stall_expect(&s, "recently-viewed; user=u1", "p2 p1");
	shop_play(&s.shop, "u1 view p3 @2s");
	answerer_rest(s.answerer);
	stall_expect(&s, "recently-viewed; user=u1", "p3 p2 p1");
}

Test(recommend, items_without_a_record_are_a_setting)
{
	struct stall strict;

	shop_play(&s.shop, "u1 view p1 @0s; u1 view p2 @1s");
	stall_expect(&s, "recently-viewed; user=u1", "p2 p1");
	stall_open(&strict, "answers.catalogRequired=true", NULL);
	shop_play(&strict.shop, "u1 view p1 @0s; u1 view p2 @1s");
	stall_item(&strict, "p1", NULL, TIME_ABSENT, TIME_ABSENT);
	stall_expect(&strict, "recently-viewed; user=u1", "p1");
	stall_close(&strict);
}
