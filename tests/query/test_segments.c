/* Which segments a person is in, and what they choose. */
#include "query/ranker_internal.h"
#include "tests/lib/query_shop.h"
#include "views/segment_members.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define NOW_DAY 400
/* Places in segments.def. */
enum { NEW, FIRST, FREQUENT, LAPSING, SPENDER };
#define IN(s) (UINT64_C(1) << (s))

static const struct {
	int64_t first_day, last_day, orders, spend;
	uint64_t in;
} people[] = {
	{ 390, 399, 0, 0, IN(NEW) },
	{ 386, 399, 0, 0, 0 }, /* 14 days ago */
	{ 387, 399, 0, 0, IN(NEW) },
	{ 399, 399, 1, 10, IN(FIRST) },
	{ 10, 399, 1, 100, IN(FIRST) | IN(SPENDER) },
	{ 10, 341, 3, 99, 0 },
	{ 10, 340, 3, 99, IN(LAPSING) },
	{ 10, 341, 4, 99, IN(FREQUENT) },
	{ 10, 340, 4, 500, IN(LAPSING) | IN(SPENDER) },
	{ 10, 399, 0, 500, 0 }, /* no order: returns of what was bought before the log began */
	{ 10, 340, 0, 0, 0 },
};

static uint64_t in_of(const struct segment_set *set, int64_t orders, int64_t first_day, int64_t last_day, bool is_big)
{
	struct filter_person p = { .orders = (double)orders,
				   .days_since_first = (double)(NOW_DAY - first_day),
				   .days_since_last = (double)(NOW_DAY - last_day),
				   .is_big_spender = is_big };

	return segments_of(set, &p, NULL, 0);
}

Test(segments, follow_from_a_profile)
{
	struct segment_set *set = segments_shipped();

	for (size_t i = 0; i < ARRAY_SIZE(people); i++) {
		uint64_t in =
			in_of(set, people[i].orders, people[i].first_day, people[i].last_day, people[i].spend >= 100);

		cr_assert_eq(in, people[i].in, "%zu: %llx", i, (unsigned long long)in);
	}
	segments_release(set);
}

static struct stall s;

static uint64_t segments_now(const char *user)
{
	struct person_segments got;

	cr_assert_eq(answerer_segments(s.answerer, str_of(user), &got, &s.e), 0);
	segments_release(got.set);
	return got.in;
}

Test(segments, nobody_is_a_big_spender_before_spends_were_counted)
{
	stall_open(&s, NULL);
	shop_play(&s.shop, "u1 buy a @0d p=1");
	cr_assert_eq(segments_now("u1"), IN(FIRST));
	stall_rank(&s);
	cr_assert_eq(segments_now("u1"), IN(FIRST) | IN(SPENDER));
	stall_close(&s);
}

Test(segments, choose_what_their_people_buy)
{
	stall_open(&s, NULL);
	cr_assert_eq(segments_now("u1"), 0);
	/* u1 and u2 buy once, u3 four times and most; v1 is new and looks only */
	shop_play(&s.shop,
		  "u1 buy a,b @0d p=1; u2 buy a,c @0d p=1; u3 buy d @0d p=9; u3 buy e @1d p=9; u3 buy d @2d p=9; "
		  "u3 buy d @3d p=9; v1 view x @3d; v1 view y @3d; v2 view x @3d; v2 view x @3d; u5+v5 view x @3d");
	shop_play(&s.shop, "u4 buy a @0d p=1; u4 buy b @1d p=1; v5 buy a @3d p=1");
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u1", "a=1 b=0.333333 c=0.333333");
	cr_assert_str_eq(s.answer.items[0].reason, "bought by 3 first-time buyers");
	cr_assert_eq(s.answer.items[0].why.segment_people, 3);
	stall_expect(&s, "segment-picks; user=u3",
		     "d=2 e=2");                        /* frequent, and the tenth of five buyers that spends most */
	stall_expect(&s, "segment-picks; user=u4", ""); /* two orders: in none */
	stall_expect(&s, "segment-picks; visitor=v1", "x=1 y=0.333333");
	cr_assert_str_eq(s.answer.items[0].reason, "viewed by 3 new visitors");
	stall_expect(&s, "segment-picks; visitor=v1; language=de; not=x", "y");
	cr_assert_str_eq(s.answer.items[0].reason, "von 1 neuen Besucher angesehen");
	cr_assert_eq(segments_now("u3"), IN(FREQUENT) | IN(SPENDER));
	cr_assert_eq(segments_now("u5"), IN(FIRST), "what its visitor bought");
	cr_assert_eq(segments_now("nobody"), 0);
	shop_play(&s.shop, "u6 return a @3d p=1; u7 view a @3d");
	cr_assert_eq(segments_now("u6"), 0, "it bought before the log began");
	cr_assert_eq(segments_now("u7"), IN(NEW));
	stall_expect(&s, "segment-picks; user=nobody", "");
	stall_refuses(&s, "segment-picks", ERR_BAD_REQUEST, "userId");
	stall_close(&s);
}

Test(segments, are_of_their_people_alone_and_follow_the_catalogue)
{
	stall_open(&s, NULL);
	shop_play(&s.shop, "u1 buy a,b @0d; u2 buy a @0d; u3 buy z @0d; u3 buy z @1d");
	stall_item(&s, "b", "Hats", TIME_ABSENT, TIME_ABSENT);
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u2", "a b");
	stall_expect(&s, "segment-picks; user=u2; category=Hats", "b");
	stall_item(&s, "a", "Hats > Caps", TIME_ABSENT, TIME_ABSENT);
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u2; category=Hats", "a b");
	stall_stock(&s, "a", 0);
	stall_expect(&s, "segment-picks; user=u2", "b");
	/* u2 buys again, and the others have been away since: u1 is lapsing as u3 is, and the one who bought once */
	shop_play(&s.shop, "u2 buy k @61d");
	cr_assert_eq(stall_ask(&s, "segment-picks; user=u1"), 0);
	cr_assert_eq(s.answer.as_of_ms, SHOP_START + MS_PER_DAY, "that of the lists");
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u1", "b=2 z=1");
	cr_assert_str_eq(s.answer.items[0].reason, "bought by 1 first-time buyer");
	stall_close(&s);
}

/* ---- documents ---- */

/* "id id", in the order of the set. */
static const char *names_now(const char *user)
{
	static char text[256];
	struct person_segments got;
	size_t n = 0;

	cr_assert_eq(answerer_segments(s.answerer, str_of(user), &got, &s.e), 0);
	text[0] = '\0';
	for (unsigned i = 0; i < segments_count(got.set); i++)
		if (got.in >> i & 1)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "",
					      segment_at(got.set, i)->id);
	segments_release(got.set);
	return text;
}

Test(segments, are_documents)
{
	stall_open(&s, NULL);
	stall_item(&s, "a", "Shoes > Running", TIME_ABSENT, TIME_ABSENT);
	stall_item(&s, "b", "Hats", TIME_ABSENT, TIME_ABSENT);
	shop_play(&s.shop,
		  "u1 buy a @0d p=10 c=DE; u1 buy b @1d p=10; u2 view a @1d c=at; u3 view b @1d; u1+v1 view b @1d; "
		  "v1 buy a @1d p=5 c=CH");
	stall_decide(&s, "segment/big-spender",
		     "{\"filter\":\"orders = 0\",\"enabled\":false}"); /* when it begins is the ranker's to say */
	stall_decide(&s, "segment/runners",
		     "{\"filter\":\"viewedCategory = 'Shoes' or boughtCategory = 'Shoes > Running'\"}");
	stall_decide(&s, "segment/hatters",
		     "{\"filter\":\"viewedCategory = 'Hats'\",\"description\":\"looks at hats\"}");
	stall_decide(&s, "segment/austria", "{\"filter\":\"country = 'AT' and orders = 0\"}");
	stall_decide(&s, "segment/three", "{\"filter\":\"orders = 3 and spend = 25 and averageOrder > 8.3\"}");
	stall_decide(&s, "segment/off", "{\"filter\":\"orders >= 0\",\"enabled\":false}");
	stall_decide(&s, "segment/wrong", "{\"filter\":\"price > 3\"}");
	cr_expect_str_eq(names_now("u1"), "hatters runners three");
	cr_expect_str_eq(names_now("u2"), "new austria runners");
	cr_expect_str_eq(names_now("u3"), "new hatters");
	cr_expect_str_eq(names_now("nobody"), "");
	stall_decide(&s, "segment/new", "{\"filter\":\"orders = 3\"}");
	stall_decide(&s, "segment/austria", NULL);
	cr_expect_str_eq(names_now("u1"), "hatters new runners three");
	cr_expect_str_eq(names_now("u2"), "runners");
	stall_decide(&s, "segment/new", NULL);
	cr_expect_str_eq(names_now("u2"), "new runners");
	stall_close(&s);
}

Test(segments, see_what_a_linked_visitor_did_last_behind_a_long_history)
{
	char categories[CATALOG_LIST_MAX * 8];
	size_t n = 0;

	for (int i = 0; i < CATALOG_LIST_MAX; i++)
		n += (size_t)snprintf(categories + n, sizeof(categories) - n, "%sold %d", i ? "|" : "", i);
	stall_open(&s, NULL);
	stall_item(&s, "many", categories, TIME_ABSENT, TIME_ABSENT);
	stall_item(&s, "hat", "Hats", TIME_ABSENT, TIME_ABSENT);
	stall_decide(&s, "segment/hatters", "{\"filter\":\"viewedCategory = 'Hats'\"}");
	stall_decide(&s, "segment/first", "{\"filter\":\"viewedCategory = 'old 0'\"}");
	stall_decide(&s, "segment/last", "{\"filter\":\"viewedCategory = 'old 63'\"}");
	shop_play(&s.shop, "u1+v1 view many @0d; u1 view many @1d; v1 view hat @2d");
	cr_expect_str_eq(names_now("u1"), "new first hatters");
	stall_close(&s);
}

/* 1/5 + 2/5 is a little more than 3/5 in doubles. */
Test(segments, of_equal_sums_go_by_id)
{
	stall_open(&s, NULL);
	shop_play(&s.shop, "u1 buy m,a,z @0d p=9 c=DE; u2 buy m,a @0d p=1 c=DE; u3 buy m,a @0d p=1 c=DE; "
			   "u4 buy m @0d p=1 c=DE; u5 buy m @0d p=1 c=DE; u5 buy n @1d p=1");
	shop_play(&s.shop, "u6 buy n,z @0d p=1; u6 buy n @1d p=1; u7 buy n,z @0d p=1; u7 buy n @1d p=1; "
			   "u8 buy n @0d p=1; u8 buy n @1d p=1; u9 buy n @0d p=1; u9 buy n @1d p=1");
	stall_decide(&s, "segment/german", "{\"filter\":\"country = 'DE'\"}");
	stall_decide(&s, "segment/two", "{\"filter\":\"orders = 2\"}");
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u5", "m=1.2 n=1.2 a=0.6 z=0.6");
	stall_close(&s);
}

Test(segments, of_documents_choose_too)
{
	stall_open(&s, NULL);
	shop_play(&s.shop, "u1 buy a,b @0d; u1 buy a @1d; u2 buy a @0d; u2 buy c @1d; u3 view x @1d; u4 view x,y @1d");
	stall_decide(&s, "segment/two", "{\"filter\":\"orders = 2\"}");
	stall_decide(&s, "segment/lookers", "{\"filter\":\"orders = 0\"}");
	stall_decide(&s, "segment/new", "{\"filter\":\"orders = 0\",\"enabled\":false}");
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u1", "a=1 b=0.5 c=0.5");
	cr_assert_str_eq(s.answer.items[0].reason, "chosen by 2 customers like you");
	cr_assert(str_eq(s.answer.items[0].why.with, STR("two")));
	stall_expect(&s, "segment-picks; user=u3", "x=1 y=0.5");
	/* the lists are of the segments that were counted, until there are new ones */
	stall_decide(&s, "segment/two", "{\"filter\":\"orders = 5\"}");
	stall_expect(&s, "segment-picks; user=u1", "a=1 b=0.5 c=0.5");
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u1", "");
	stall_expect(&s, "segment-picks; user=u3", "x=1 y=0.5");
	stall_decide(&s, "segment/lookers", NULL);
	stall_decide(&s, "segment/new", NULL);
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u3", "x=1 y=0.5");
	cr_assert_str_eq(s.answer.items[0].reason, "viewed by 2 new visitors");
	stall_close(&s);
}

Test(segments, keep_their_lists_when_another_comes_before_them)
{
	stall_open(&s, NULL);
	shop_play(&s.shop, "u1 buy a @0d; u1 buy b @1d; u2 view x @1d");
	stall_decide(&s, "segment/two", "{\"filter\":\"orders = 2\"}");
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u1", "a=1 b=1");
	stall_decide(&s, "segment/lookers", "{\"filter\":\"orders = 0\"}");
	cr_assert_eq(ranker__refresh(s.ranker, REFRESH_QUICK), 0);
	stall_expect(&s, "segment-picks; user=u1", "a=1 b=1");
	stall_expect(&s, "segment-picks; user=u2", "x=1");
	cr_assert_eq(ranker__refresh(s.ranker, REFRESH_FULL), 0);
	stall_expect(&s, "segment-picks; user=u1", "a=1 b=1");
	stall_expect(&s, "segment-picks; user=u2", "x=2");
	stall_close(&s);
}

Test(segments, are_at_most_so_many)
{
	struct str one = STR("{\"filter\":\"orders = 1\"}"), wrong = STR("{\"filter\":\"oders = 1\"}");
	const struct control_set *set;
	struct person_segments got;
	struct error e = { 0 };

	stall_open(&s, NULL);
	for (int i = 0; i < SEGMENTS_MAX; i++) {
		char key[32];

		snprintf(key, sizeof(key), "segment/s%02d", i);
		stall_decide(&s, key, "{\"filter\":\"orders >= 0\"}");
	}
	shop_play(&s.shop, "u1 view a @0d");
	cr_assert_eq(answerer_segments(s.answerer, STR("u1"), &got, &s.e), 0);
	cr_expect_eq(segments_count(got.set), SEGMENTS_MAX);
	cr_expect_eq(got.in, ~UINT64_C(0) & ~(IN(FIRST) | IN(FREQUENT) | IN(LAPSING) | IN(SPENDER)));
	cr_expect_eq(segment_find(got.set, STR("s58")), 63);
	cr_expect_eq(segment_find(got.set, STR("s59")), -1);
	segments_release(got.set);
	set = control_set_acquire(s.control);
	cr_expect_eq(control_check(set, &(struct control_change){ CONTROL_SEGMENT, STR("more"), one }, &e),
		     ERR_BAD_CONFIG);
	cr_expect_str_eq(e.text, "there are 64 segments already, which is the most");
	cr_expect_eq(control_check(set, &(struct control_change){ CONTROL_SEGMENT, STR("s10"), one }, &e), 0);
	cr_expect_eq(control_check(set, &(struct control_change){ CONTROL_SEGMENT, STR("new"), one }, &e), 0);
	cr_expect_eq(control_check(set, &(struct control_change){ CONTROL_SEGMENT, STR("s10"), wrong }, &e),
		     ERR_BAD_CONFIG);
	cr_expect_str_eq(e.field, "filter");
	control_set_release(set);
	stall_close(&s);
}

static void put_members(const char *segment, const char *list)
{
	cr_assert_eq(fold_members(s.shop.fold, str_of(segment), list, strlen(list), NULL), 0);
	cr_assert_eq(fold_commit(s.shop.fold, NULL), 0);
	cr_assert_eq(control_watch_follow(s.control), 0);
}

Test(segments, have_imported_lists)
{
	stall_open(&s, NULL);
	stall_decide(&s, "segment/big-spender", "{\"filter\":\"orders = 0\",\"enabled\":false}");
	stall_decide(&s, "segment/vip", "{\"members\":true}");
	stall_decide(&s, "segment/both", "{\"members\":true,\"filter\":\"orders = 2 and country != 'DE'\"}");
	stall_decide(&s, "segment/loose", "{\"filter\":\"orders = 2\"}");
	shop_play(&s.shop, "u1 buy a @0d; u2 buy a @0d; u2 buy b @1d; u3+v3 view a @1d");
	put_members("vip", "[\"u1\",\"u3\",\"u1\",\"u77\"]");
	put_members("both", "[\"u1\"]");
	put_members("loose", "[\"u1\"]"); /* its document does not ask for it */
	cr_expect_str_eq(names_now("u1"), "first-time-buyer both vip");
	cr_expect_str_eq(names_now("u2"), "both loose");
	cr_expect_str_eq(names_now("u77"), "vip"); /* who was never here */
	cr_expect_str_eq(names_now("u78"), "");
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u77", "a");
	stall_expect(&s, "segment-picks; visitor=v3", "a"); /* whose user is on the list; and it is new */
	put_members("vip", "[\"u2\"]");
	cr_expect_str_eq(names_now("u1"), "first-time-buyer both");
	cr_expect_str_eq(names_now("u2"), "both loose vip");
	put_members("vip", "");
	cr_expect_str_eq(names_now("u2"), "both loose");
	stall_close(&s);
}

Test(segments, picks_follow_a_list_that_another_segment_takes_over)
{
	stall_open(&s, NULL);
	stall_decide(&s, "segment/new", "{\"filter\":\"orders = 0\",\"enabled\":false}");
	stall_decide(&s, "segment/one", "{\"members\":true,\"filter\":\"orders = 1\"}");
	stall_decide(&s, "segment/two", "{\"members\":true}");
	shop_play(&s.shop, "u1 view a @0d; u2 buy b @0d");
	put_members("one", "[\"u1\",\"u8\"]");
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u8", "a b");
	put_members("one", "");
	put_members("two", "[\"u1\",\"u8\"]");
	stall_rank(&s);
	stall_expect(&s, "segment-picks; user=u8", "a");
	stall_close(&s);
}
