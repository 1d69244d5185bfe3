/* Experiments in answers: the scenario as the person's variant has it, its name, and what the recommendationId says. */
#include "schemas/token.h"
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct stall s;

/* Best sellers: p1 p2 p3 p4; newest: p4 alone. */
static void open_shop(void)
{
	stall_open(&s, "answers.minSupport=1", NULL);
	stall_records(&s, "{'itemId':'p1','brand':'x','price':10}\n"
			  "{'itemId':'p2','brand':'x','price':20}\n"
			  "{'itemId':'p3','brand':'y','price':30}\n"
			  "{'itemId':'p4','brand':'y','price':40}");
	for (int i = 1; i <= 4; i++)
		shop_playf(&s.shop, "w%d buy p%d @%ds q=%d", i, i, i, 50 - 10 * i);
	stall_rank(&s);
	stall_decide(&s, "scenario/shelf", "{'chain':[{'strategy':'best-sellers'}]}");
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(variants, .init = open_shop, .fini = close_shop);

/* A running experiment of all people; `more` are members with commas before them. Weights give everybody variant b. */
static void decide(const char *key, const char *scenario, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "{'status':'running','variants':[{'name':'a','weight':0},{'name':'b','weight':1,'scenario':%s}]%s}",
		 scenario, more);
	stall_decide(&s, key, text);
}

/* The list, the variant in the answer, and the one in its recommendationId. */
static void expect(const char *request, const char *list, const char *variant, const char *signed_variant)
{
	struct answer_token_text t;

	stall_expect(&s, request, list);
	cr_assert_str_eq(s.answer.variant, variant, "%s: %s", request, s.answer.variant);
	cr_assert(token_read(str_of(s.answer.recommendation_id), &t));
	cr_assert_str_eq(t.token.variant, signed_variant, "%s: %s", request, t.token.variant);
}

Test(variants, take_the_place_of_the_scenarios_fields)
{
	expect("shelf; user=u1", "p1 p2 p3 p4", "", "");
	decide("experiment/x", "{'filter':\"brand = 'y'\"}", "");
	expect("shelf; user=u1", "p3 p4", "x/b", "x/b");
	expect("shelf; visitor=v1", "p3 p4", "x/b", "x/b");
	expect("shelf", "p1 p2 p3 p4", "", "");
	decide("experiment/x", "{'count':2}", "");
	expect("shelf; user=u1", "p1 p2", "x/b", "x/b");
	expect("shelf; user=u1; count=3", "p1 p2 p3", "x/b", "x/b");
	decide("experiment/x", "{'boost':[{'filter':\"itemId = 'p4'\",'factor':50}]}", "");
	expect("shelf; user=u1", "p4 p1 p2 p3", "x/b", "x/b");
	decide("experiment/x", "{'chain':[{'strategy':'recently-viewed'}],'fill':'none'}", "");
	expect("shelf; user=u1", "", "x/b", "x/b");
	decide("experiment/x", "{}", "");
	expect("shelf; user=u1", "p1 p2 p3 p4", "x/b", "x/b");
	stall_decide(&s, "experiment/x", NULL);
	expect("shelf; user=u1", "p1 p2 p3 p4", "", "");
}

Test(variants, read_what_the_scenario_reads)
{
	stall_decide(&s, "scenario/also", "{'chain':[{'strategy':'also-bought'},{'strategy':'best-sellers'}]}");
	decide("experiment/x", "{'chain':[{'strategy':'best-sellers'}]}", "");
	expect("also; user=u1; items=p1", "p2 p3 p4", "x/b", "x/b");
}

Test(variants, are_for_their_placements)
{
	decide("experiment/x", "{'count':1}", ",'placements':['home','recommended-for-you']");
	expect("shelf; user=u1", "p1 p2 p3 p4", "", "");
	cr_assert_eq(stall_ask(&s, "home; user=u1"), 0);
	cr_assert_str_eq(s.answer.variant, "x/b");
	expect("recommended-for-you; user=u1", "p1", "x/b", "x/b");
	decide("experiment/x", "{'count':1}", "");
	expect("recommended-for-you; user=u1", "p1 p2 p3 p4", "", "");
	expect("shelf; user=u1", "p1", "x/b", "x/b");
}

Test(variants, held_out_is_the_scenario_as_it_is)
{
	decide("experiment/x", "{'count':1}", ",'holdout':100");
	expect("shelf; user=u1", "p1 p2 p3 p4", "x/holdout", "x/holdout");
}

Test(variants, of_the_allow_list_are_seen_and_not_counted)
{
	decide("experiment/x", "{'count':1}", ",'traffic':0,'allowList':[{'userId':'boss','variant':'b'}]");
	expect("shelf; user=boss", "p1", "x/b", "");
	expect("shelf; user=u1", "p1 p2 p3 p4", "", "");
}

Test(variants, of_two_layers_stand_beside_each_other)
{
	decide("experiment/x", "{'count':1,'filter':\"brand = 'y'\"}", ",'layer':'b'");
	decide("experiment/y", "{'count':2}", ",'layer':'a'");
	expect("shelf; user=u1", "p3 p4", "y/b,x/b", "y/b,x/b");
	decide("experiment/y", "{'count':2}", ",'layer':'a','traffic':0,'allowList':[{'userId':'u1','variant':'b'}]");
	expect("shelf; user=u1", "p3 p4", "y/b,x/b", "x/b");
}

Test(variants, that_mean_nothing_have_no_effect)
{
	struct error e = { 0 };
	struct control_change change = {
		CONTROL_EXPERIMENT, STR("x"),
		STR("{\"variants\":[{\"name\":\"a\",\"weight\":1},{\"name\":\"b\",\"weight\":1,"
		    "\"scenario\":{\"requires\":[\"itemIds\"]}}]}")
	};

	decide("experiment/x", "{'chain':[{'strategy':'best-seller'}]}", "");
	expect("shelf; user=u1", "p1 p2 p3 p4", "", "");
	decide("experiment/x", "{'count':1}", ",'enabled':false");
	expect("shelf; user=u1", "p1 p2 p3 p4", "", "");
	cr_assert_eq(control_check(NULL, &change, &e), ERR_BAD_CONFIG);
	cr_assert_str_eq(e.field, "variants[1].scenario.requires");
}
