/* Trending and best sellers: by hand, quick against full refreshes, and a random shop against a slow reference. */
#include "query/ranker_internal.h"
#include "tests/lib/query_shop.h"
#include "views/history_entry.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct stall s;

static void open_shop(void)
{
	stall_open(&s, NULL);
}

static void close_shop(void)
{
	stall_close(&s);
}

TestSuite(ranker, .init = open_shop, .fini = close_shop);

Test(ranker, trending_compares_a_window_with_the_one_before)
{
	/* the watermark's hour is 400 */
	shop_play(&s.shop, "u1 view a @398h; u1 view a @399h; u1 view a @400h; u2 view a @400.5h;"
			   "u1 buy b @399.9h; u1 add c @376.5h; u1 add c @377h; u1 view d @352.5h; u1 view d @376h");
	stall_rank(&s);
	/* a: 2 x 12 / 11 */
	stall_expect(&s, "trending; window=1h", "a=2.18182");
	cr_assert_str_eq(s.answer.items[0].reason, "activity 2 in the last hour, 1 in the hour before");
	/* hours 377..400 against 353..376: a 4 / 0, b 8 / 0, c 3 / 3; d only before */
	stall_expect(&s, "trending; window=24h", "b=14.4 a=5.6 c=3");
	stall_expect(&s, "trending", "b=14.4 a=5.6 c=3");
	cr_assert_eq(s.answer.items[2].why.recent, 3);
	cr_assert_eq(s.answer.items[2].why.before, 3);
	/* hours 233..400 */
	stall_expect(&s, "trending; window=7d", "b=14.4 c=9.6 a=5.6 d=2.4");
	cr_assert_eq(s.answer.as_of_ms, SHOP_START + 400 * MS_PER_HOUR + MS_PER_HOUR / 2);
}

Test(ranker, ties_are_by_name_when_names_come_later)
{
	shop_play(&s.shop, "u1 buy m @0s; u1 buy d @1s; u1 buy t @2s");
	stall_rank(&s);
	stall_expect(&s, "best-sellers", "d=1 m=1 t=1");
	shop_play(&s.shop, "u1 buy z @3s; u1 buy e @4s; u1 buy a @5s; u1 buy n @6s; u1 buy f @7s");
	stall_rank(&s);
	stall_expect(&s, "best-sellers", "a=1 d=1 e=1 f=1 m=1 n=1 t=1 z=1");
}

Test(ranker, weights_are_settings)
{
	struct stall t;

	stall_open(&t, "trending.viewWeight=0", "trending.cartWeight=2.5", "trending.purchaseWeight=0.5", NULL);
	shop_play(&t.shop, "u1 view a @0s; u1 add b @1s; u1 buy c @2s");
	stall_rank(&t);
	stall_expect(&t, "trending", "b=3.125 c=0.525");
	stall_close(&t);
}

Test(ranker, best_sellers_count_units_of_thirty_days)
{
	shop_play(&s.shop, "u1 buy old @9.9d q=50; u1 buy a @10d q=3; u1 buy b @39d q=5; u1 return b @39.5d q=3;"
			   "u1 buy c @39d; u1 return c @39.1d; u1 return d @39.2d; u2 view e @39.3d");
	stall_rank(&s);
	stall_expect(&s, "best-sellers", "a=3 b=2");
	cr_assert_str_eq(s.answer.items[0].reason, "3 sold in the last 30 days");
}

Test(ranker, categories_include_their_ancestors_once)
{
	shop_play(&s.shop, "u1 buy a @0s q=3; u1 buy b @1s q=2; u1 buy c @2s; u1 buy d @3s q=9");
	stall_item(&s, "a", "Shoes > Running > Trail|Shoes > Red", TIME_ABSENT, TIME_ABSENT);
	stall_item(&s, "b", "Shoes|Hats", TIME_ABSENT, TIME_ABSENT);
	stall_item(&s, "c", "Shoes > Running", TIME_ABSENT, TIME_ABSENT);
	stall_rank(&s);
	stall_expect(&s, "best-sellers; category=Shoes", "a=3 b=2 c=1");
	stall_expect(&s, "best-sellers; category=Shoes > Running", "a=3 c=1");
	stall_expect(&s, "best-sellers; category=Shoes > Running > Trail", "a=3");
	stall_expect(&s, "best-sellers; category=Hats", "b=2");
	stall_expect(&s, "best-sellers; category=Shoe", "");
	stall_expect(&s, "best-sellers", "d=9 a=3 b=2 c=1");
	stall_expect(&s, "trending; category=Hats; window=7d", "b=14.4");
	stall_item(&s, "b", "Hats", TIME_ABSENT, TIME_ABSENT);
	stall_expect(&s, "best-sellers; category=Shoes", "a=3 c=1"); /* today's catalogue, whatever was ranked */
}

Test(ranker, a_quick_refresh_follows_the_running_hour)
{
	shop_play(&s.shop, "u1 view a @10h; u1 view b @10.1h");
	stall_rank(&s);
	shop_play(&s.shop, "u2 view b @10.2h; u2 buy c @10.3h");
	cr_assert_eq(ranker__refresh(s.ranker, REFRESH_QUICK), 0);
	stall_expect(&s, "trending", "c=14.4 b=2.4 a=1.1");
	stall_expect(&s, "best-sellers", "c=1");
	/* late for its hour: the next full refresh has it */
	shop_play(&s.shop, "u3 view a @9h; u4 view a @9h; u5 view a @10h");
	cr_assert_eq(ranker__refresh(s.ranker, REFRESH_QUICK), 0);
	stall_expect(&s, "trending", "c=14.4 a=2.4 b=2.4");
	cr_assert_eq(ranker__refresh(s.ranker, REFRESH_FULL), 0);
	stall_expect(&s, "trending", "c=14.4 a=5.6 b=2.4");
}

Test(ranker, an_answer_is_as_old_as_its_list)
{
	shop_play(&s.shop, "u1 view a @10h");
	stall_rank(&s);
	shop_play(&s.shop, "u1 view a @10.5h");
	stall_expect(&s, "trending", "a=1.1");
	cr_assert_eq(s.answer.as_of_ms, SHOP_START + 10 * MS_PER_HOUR);
	stall_expect(&s, "recently-viewed; user=u1", "a");
	cr_assert_eq(s.answer.as_of_ms, SHOP_START + 10 * MS_PER_HOUR + MS_PER_HOUR / 2);
}

Test(ranker, another_hour_is_a_full_refresh)
{
	shop_play(&s.shop, "u1 view a @10h");
	stall_rank(&s);
	shop_play(&s.shop, "u1 view b @10.9h; u1 view c @11h");
	cr_assert_eq(ranker__refresh(s.ranker, REFRESH_DUE), 0);
	stall_expect(&s, "trending; window=1h", "c=1.1");
	stall_expect(&s, "trending", "a=1.1 b=1.1 c=1.1");
}

/* i000 to i519, the first sells best; all in C. */
static void many_items(void)
{
	char *lines = xmalloc(96 * (RANK_LIST_MAX + 20));
	size_t n = 0;

	for (int i = 0; i < RANK_LIST_MAX + 20; i++) {
		shop_playf(&s.shop, "u1 buy i%03d @%ds q=%d", i, i, 10000 - i);
		n += (size_t)snprintf(lines + n, 96, "{'itemId':'i%03d','categories':['C > D'],'brand':'%s'}\n", i,
				      i % 256 == 255 ? "rare" : "usual");
	}
	stall_records(&s, lines);
	free(lines);
}

Test(ranker, what_cannot_be_sold_takes_no_place)
{
	char id[16];

	many_items();
	for (int i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "i%03d", i);
		stall_stock(&s, id, 0);
	}
	stall_rank(&s);
	const struct rankings *ra = ranker_acquire(s.ranker);

	cr_assert_eq(rankings_get(ra, RANK_BEST_SELLERS, STR("C")).n, RANK_LIST_MAX + 10);
	cr_assert_eq(rankings_get(ra, RANK_BEST_SELLERS, (struct str){ NULL, 0 }).n, RANK_LIST_MAX + 20);
	rankings_release(ra);
	stall_expect(&s, "best-sellers; count=2", "i010 i011");
	stall_expect(&s, "best-sellers; count=2; category=C", "i010 i011");
	stall_stock(&s, "i004", 1);
	stall_expect(&s, "best-sellers; count=2", "i004 i010");
}

Test(ranker, a_filter_finds_what_is_far_down)
{
	many_items();
	stall_item(&s, "other", "E", TIME_ABSENT, TIME_ABSENT);
	shop_play(&s.shop, "u1 buy other @0s q=9600");
	stall_rank(&s);
	stall_expect(&s, "best-sellers; filter=brand = 'rare'", "i255 i511");
	stall_expect(&s, "best-sellers; category=C; filter=brand = 'rare'", "i255 i511");
	stall_expect(&s, "best-sellers; category=C > D; filter=brand = 'rare'; count=1", "i255");
	stall_expect(&s, "best-sellers; category=none; filter=brand = 'rare'", "");
}

Test(ranker, lists_stay_while_somebody_holds_them)
{
	shop_play(&s.shop, "u1 buy a @0s");
	stall_rank(&s);
	const struct rankings *held = ranker_acquire(s.ranker);

	shop_play(&s.shop, "u1 buy b @1h q=2");
	stall_rank(&s);
	cr_assert_eq(rankings_get(held, RANK_BEST_SELLERS, (struct str){ NULL, 0 }).n, 1);
	cr_assert_eq(rankings_watermark_ms(held), SHOP_START);
	rankings_release(held);
	stall_expect(&s, "best-sellers", "b=2 a=1");
}

Test(ranker, the_thread_follows_the_store)
{
	time_t deadline = time(NULL) + 10;
	struct stall t;

	stall_open(&t, "rank.refresh=10ms", NULL);
	shop_play(&t.shop, "u1 buy a @0s");
	do {
		cr_assert_eq(stall_ask(&t, "best-sellers"), 0);
	} while (t.answer.item_count == 0 && time(NULL) < deadline);
	stall_expect(&t, "best-sellers", "a=1");
	stall_close(&t);
}

/* ---- a random shop ---- */

#define ITEMS 60
#define HOURS 700

static int64_t counted[3][HOURS + 1][ITEMS]; /* views, carts, orders */

struct expected {
	int item;
	double score;
};

static int best_first(const void *pa, const void *pb)
{
	const struct expected *a = pa, *b = pb;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return a->item - b->item;
}

static void expect_trending(int last, int window, const char *name)
{
	static const double weights[3] = { 1, 3, 8 };
	struct expected v[ITEMS];
	char request[64], text[4096] = "";
	size_t n = 0, at = 0;

	for (int item = 0; item < ITEMS; item++) {
		double recent = 0, before = 0;

		for (int type = 0; type < 3; type++)
			for (int h = last - 2 * window + 1; h <= last; h++)
				if (h >= 0)
					*(h > last - window ? &recent : &before) +=
						weights[type] * (double)counted[type][h][item];
		if (recent > 0)
			v[n++] = (struct expected){ item, recent * (recent + 10) / (before + 10) };
	}
	qsort(v, n, sizeof(v[0]), best_first);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%si%02d=%.6g", i ? " " : "", v[i].item,
				       v[i].score);
	snprintf(request, sizeof(request), "trending; count=100; window=%s", name);
	stall_expect(&s, request, text);
}

Test(ranker, a_random_shop_ranks_as_counted_by_hand)
{
	static const char *const verbs[] = { "view", "add", "buy" };
	int last = 0;

	srand(7);
	for (int i = 0; i < 3000; i++) {
		int hour = i * HOURS / 3000, type = rand() % 3, item = rand() % ITEMS * (rand() % ITEMS) / ITEMS;

		hour -= rand() % 20 == 0 ? rand() % (hour + 1) : 0;
		shop_playf(&s.shop, "u%d %s i%02d @%dh", rand() % 50, verbs[type], item, hour);
		counted[type][hour][item]++;
		last = hour > last ? hour : last;
		if (i % 500 == 499) {
			cr_assert_eq(ranker__refresh(s.ranker, REFRESH_DUE), 0);
			stall_rank(&s);
			expect_trending(last, 1, "1h");
			expect_trending(last, 24, "24h");
			expect_trending(last, 7 * 24, "7d");
		}
	}
}

/* Rows of items that there are not: a place for each up to them would be more memory than there is. */
Test(ranker, damaged_rows_are_told)
{
	struct history_head head = { .entries = 1, .profile.last_ms = SHOP_START };
	unsigned char row[sizeof(head) + HISTORY_ENTRY_BYTES_MAX], line[HISTORY_LINE_BYTES_MAX];
	struct history_entry entry = { .t_ms = SHOP_START, .type = EVENT_VIEW, .lines_n = 1 };
	struct history_context ctx = { 0 };

	shop_play(&s.shop, "u1 view a @0s");
	stall_rank(&s);
	entry.lines =
		(struct str){ (char *)line,
			      (uint32_t)history_line_write(line, &(struct history_line){ .item = UINT32_MAX - 1 }) };
	head.profile.first_ms = SHOP_START;
	memcpy(row, &head, sizeof(head));
	fold_put(s.shop.fold, TBL_HISTORY, (struct str){ "\0\0\0", 4 }, row,
		 sizeof(head) + history_entry_write(row + sizeof(head), &ctx, &entry));
	shop_commit(&s.shop);
	for (int i = 0; i < 4; i++) /* a round that went on behind it would end in the third */
		cr_expect_eq(ranker_refresh(s.ranker), ERR_STORE_CORRUPT);
}

/* Several names of one item: it was put into the lists of its terms for each. */
Test(ranker, a_number_with_two_names_is_damage)
{
	static const uint32_t first = 0;

	stall_records(&s, "{'itemId':'a','brand':'x'}\n{'itemId':'b','brand':'x'}");
	stall_rank(&s);
	shop_play(&s.shop, "u1 view c,d,e @0s");
	for (const char *name = "c d e"; *name; name += name[1] ? 2 : 1)
		fold_put(s.shop.fold, TBL_ITEM_IDS, (struct str){ name, 1 }, &first, sizeof(first));
	stall_records(&s, "{'itemId':'a','brand':'y'}\n{'itemId':'b','brand':'y'}");
	shop_commit(&s.shop);
	cr_expect_eq(ranker_refresh(s.ranker), ERR_STORE_CORRUPT);
}
