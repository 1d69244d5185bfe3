/* Which segments a person is in, and what they choose. */
#include "query/segments.h"
#include "tests/lib/query_shop.h"

#include <criterion/criterion.h>

#define NOW (400 * MS_PER_DAY)
#define IN(s) (1u << SEGMENT_##s)

static const struct {
	int64_t first_day, last_day, orders, spend;
	unsigned in;
} people[] = {
	{ 390, 399, 0, 0, IN(NEW) },
	{ 386, 399, 0, 0, 0 }, /* 14 days ago */
	{ 387, 399, 0, 0, IN(NEW) },
	{ 399, 399, 1, 10, IN(FIRST_TIME_BUYER) },
	{ 10, 399, 1, 100, IN(FIRST_TIME_BUYER) | IN(BIG_SPENDER) },
	{ 10, 341, 3, 99, 0 },
	{ 10, 340, 3, 99, IN(LAPSING) },
	{ 10, 341, 4, 99, IN(FREQUENT) },
	{ 10, 340, 4, 500, IN(LAPSING) | IN(BIG_SPENDER) },
	{ 10, 399, 0, 500, 0 }, /* no order: returns of what was bought before the log began */
	{ 10, 340, 0, 0, 0 },
};

Test(segments, follow_from_a_profile)
{
	for (size_t i = 0; i < ARRAY_SIZE(people); i++) {
		struct profile p = { people[i].first_day * MS_PER_DAY, people[i].last_day * MS_PER_DAY,
				     people[i].orders, 0, people[i].spend };

		cr_assert_eq(segments_of(&p, NOW, 100), people[i].in, "%zu: %x", i, segments_of(&p, NOW, 100));
		cr_assert_eq(segments_of(&p, NOW, SEGMENT_SPEND_UNKNOWN), people[i].in & ~IN(BIG_SPENDER));
	}
}

static struct stall s;

static unsigned segments_now(const char *user)
{
	struct person_segments got;

	cr_assert_eq(answerer_segments(s.answerer, str_of(user), &got, &s.e), 0);
	return got.in;
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
	cr_assert_eq(s.answer.items[0].why.segment.people, 3);
	stall_expect(&s, "segment-picks; user=u3",
		     "d=2 e=2");                        /* frequent, and the tenth of five buyers that spends most */
	stall_expect(&s, "segment-picks; user=u4", ""); /* two orders: in none */
	stall_expect(&s, "segment-picks; visitor=v1", "x=1 y=0.333333");
	cr_assert_str_eq(s.answer.items[0].reason, "viewed by 3 new visitors");
	stall_expect(&s, "segment-picks; visitor=v1; language=de; not=x", "y");
	cr_assert_str_eq(s.answer.items[0].reason, "von 1 neuen Besucher angesehen");
	cr_assert_eq(segments_now("u3"), IN(FREQUENT) | IN(BIG_SPENDER));
	cr_assert_eq(segments_now("u5"), IN(FIRST_TIME_BUYER), "what its visitor bought");
	cr_assert_eq(segments_now("nobody"), 0);
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
