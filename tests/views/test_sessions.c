/* The rules of sessions and item-sessions, by hand, and that an index never tells what was so before. */
#include "tests/lib/views_stream.h"
#include "views/ids.h"
#include "views/journal.h"
#include "views/session_rows.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct shop shop;
static struct session_index *idx;

static void setup(void)
{
	shop_open(&shop);
	idx = session_index_new();
}

static void teardown(void)
{
	session_index_free(idx);
	shop_close(&shop);
}

TestSuite(sessions, .init = setup, .fini = teardown);

static void append_item(char *text, size_t size, uint32_t item)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s%.*s", n ? " " : "", STR_FMT(snap_item_name(shop.snap, item)));
}

/* "a b c" of a session, or "-" when there is none. */
static const char *items_of(uint32_t number)
{
	static char text[1024];
	struct session s;
	int rc;

	cr_assert_eq(session_index_begin(idx, shop.snap), 0);
	rc = session_get(idx, number, &s);
	if (rc) {
		cr_assert_eq(rc, ERR_NOT_FOUND);
		return "-";
	}
	text[0] = '\0';
	for (uint32_t i = 0; i < s.n; i++)
		append_item(text, sizeof(text), session_item(&s, i));
	return text;
}

static uint32_t running(const char *user, const char *session)
{
	uint32_t number;

	cr_assert_eq(session_index_begin(idx, shop.snap), 0);
	cr_assert_eq(session_running(idx, snap_actor(shop.snap, ACTOR_USER, str_of(user)), str_of(session), &number),
		     0);
	return number;
}

/* The items of the sessions that viewed an item, newest first: "a b|c a". */
static const char *newest(const char *item, uint32_t max)
{
	static char text[4096];
	struct session_list list;

	text[0] = '\0';
	cr_assert_eq(session_index_begin(idx, shop.snap), 0);
	cr_assert_eq(session_newest(idx, snap_item(shop.snap, str_of(item)), max, &list), 0);
	for (uint32_t i = 0; i < list.n; i++) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof(text) - at, "%s%s", i ? "|" : "", items_of(list.numbers[i]));
	}
	return text;
}

/* The rows without the hashes: {"session":"16 hex","actor":"32 hex", and {"session":"16 hex", */
static char *bare_rows(const char *view, const char *item)
{
	char *rows = shop_rows(&shop, view, item), *to = rows;

	for (char *p = rows; *p;) {
		if (strncmp(p, "\"session\":\"", 11) == 0)
			p += 11 + 16 + 2;
		else if (strncmp(p, "\"actor\":\"", 9) == 0)
			p += 9 + 32 + 2;
		else
			*to++ = *p++;
	}
	*to = '\0';
	return rows;
}

static void expect_rows(const char *view, const char *item, const char *expected)
{
	char *rows = bare_rows(view, item);

	cr_expect_str_eq(rows, expected, "%s\ngot:\n%s\nexpected:\n%s", view, rows, expected);
	free(rows);
}

Test(sessions, keep_what_was_viewed_in_log_order)
{
	shop_play(&shop, "u1 view a @0s s=x; u1 view b,a @5s s=x; u2 view c @1s; u1 buy d @2s s=x; u1 view c @3s s=y");
	cr_expect_str_eq(items_of(running("u1", "x")), "a b a");
	cr_expect_str_eq(items_of(running("u1", "y")), "c");
	cr_expect_str_eq(items_of(running("u2", "")), "c");
	cr_expect_eq(running("u2", "x"), SESSION_NONE);
	cr_expect_eq(running("nobody", "x"), SESSION_NONE);
	cr_expect_str_eq(newest("a", 9), "a b a");
	cr_expect_str_eq(newest("c", 9), "c|c");
	cr_expect_str_eq(newest("c", 1), "c");
	cr_expect_str_eq(newest("d", 9), "", "a purchase is no view");
	cr_expect_str_eq(newest("unknown", 9), "");
	expect_rows("sessions", "b", "{\"last\":2592000005000,\"items\":[\"a\",\"b\",\"a\"]}");
	expect_rows("item-sessions", "a",
		    "{\"itemId\":\"a\",\"sessions\":[{\"position\":2,\"t\":2592000005000},"
		    "{\"position\":0,\"t\":2592000000000}]}");
}

Test(sessions, without_an_id_one_ends_after_30_minutes)
{
	shop_play(&shop, "u1 view a @0s; u1 add x @20m; u1 view b @40m; u1 view c @71m");
	cr_expect_str_eq(newest("a", 9), "a b");
	cr_expect_str_eq(items_of(running("u1", "")), "c");
	shop_play(&shop, "u2 view d @101m");
	cr_expect_str_eq(items_of(running("u1", "")), "c");
	shop_play(&shop, "u2 view d @102m");
	cr_expect_eq(running("u1", ""), SESSION_NONE);
}

Test(sessions, keep_the_last_64_views)
{
	char *rows;

	for (int i = 0; i < 70; i++)
		shop_playf(&shop, "u1 view i%d @%ds s=x", i % 65, i);
	shop_playf(&shop, "u1 view i6 @%ds s=x", 70);
	rows = bare_rows("sessions", NULL);
	cr_expect(strstr(rows, "\"items\":[\"i7\",\"i8\",") && strstr(rows, "\"i4\",\"i6\"]}"), "%s", rows);
	free(rows);
	/* the first view of i6 was the 7th; i5 is no more */
	expect_rows("item-sessions", "i6", "{\"itemId\":\"i6\",\"sessions\":[{\"position\":70,\"t\":2592000070000}]}");
	expect_rows("item-sessions", "i5", "");
	shop_play(&shop, "u1 view i5 @71s s=x");
	expect_rows("item-sessions", "i5", "{\"itemId\":\"i5\",\"sessions\":[{\"position\":71,\"t\":2592000071000}]}");
}

Test(sessions, are_forgotten_90_days_behind_the_watermark)
{
	shop_play(&shop, "u1 view a @0s s=x");
	shop_play(&shop, "u2 view b @90d l=1");
	cr_expect_str_eq(items_of(running("u1", "x")), "a");
	shop_play(&shop, "u2 view b @90.001d l=1");
	cr_expect_str_eq(items_of(running("u1", "x")), "-");
	expect_rows("item-sessions", "a", "");
	expect_rows("sessions", "a", "");
	/* its partition has not moved: it goes on */
	shop_play(&shop, "u1 view c @89d s=x");
	expect_rows("sessions", "a", "{\"last\":2599689600000,\"items\":[\"a\",\"c\"]}");
	/* moved by more than 90 days since its last view, it is another one */
	shop_play(&shop, "u3 view d @179.1d");
	shop_play(&shop, "u1 view e @179.1d s=x");
	expect_rows("sessions", "a", "");
	cr_expect_str_eq(items_of(running("u1", "x")), "e");
	/* and the rows of what has ended are gone after a turn of the hand */
	shop_play(&shop, "u3 view d @400d l=1; u3 view d @400d");
	shop_play(&shop, "u4 view d @400d");
	cr_expect_eq(shop_stored(&shop, TBL_SESSIONS), 2, "%zu", shop_stored(&shop, TBL_SESSIONS));
}

Test(sessions, have_a_hash_of_actor_and_id)
{
	char *one, *again;

	shop_play(&shop, "u1 view a @0s s=x");
	one = shop_rows(&shop, "sessions", "a");
	shop_play(&shop, "u2 view b @0s s=x; u1 view c @0s s=y; v1 view d @0s s=x; u1 view e @0s");
	for (const char *item = "b"; *item <= 'e'; item = item[0] == 'b'   ? "c"
							  : item[0] == 'c' ? "d"
							  : item[0] == 'd' ? "e"
									   : "f") {
		again = shop_rows(&shop, "sessions", item);
		cr_expect(strncmp(one, again, 28) != 0, "%s\n%s", one, again);
		free(again);
	}
	free(one);
}

static int count_group(void *arg, uint64_t group, uint32_t member, const int64_t *columns)
{
	(void)group, (void)member, (void)columns;
	++*(int *)arg;
	return 0;
}

static uint64_t stored_number(const char *user, const char *session)
{
	uint64_t number;
	int64_t last_ms;

	cr_assert_eq(journal_session(shop.snap, snap_actor(shop.snap, ACTOR_USER, str_of(user)), str_of(session),
				     &number, &last_ms),
		     0);
	return number;
}

Test(sessions, move_to_new_numbers_so_that_old_blocks_go)
{
	struct session_state state;
	uint64_t before;
	int left = 0;

	shop_play(&shop, "u1 view a,b @0s s=x; u2 view a @0s s=y");
	before = stored_number("u1", "x");
	shop_play(&shop, "u1 view c @49d s=x");
	cr_expect_eq(stored_number("u1", "x"), before);
	shop_play(&shop, "u1 view c @50d s=x");
	cr_expect_gt(stored_number("u1", "x"), before + SESSION_MOVES);
	cr_expect_str_eq(items_of(running("u1", "x")), "a b c c");
	cr_expect_str_eq(newest("a", 9), "a b c c|a|-", "where it was nothing is found any more");
	cr_expect_str_eq(newest("a", 1), "a b c c");
	expect_rows("item-sessions", "a",
		    "{\"itemId\":\"a\",\"sessions\":[{\"position\":0,\"t\":2592000000000},"
		    "{\"position\":0,\"t\":2592000000000}]}");
	/* the last session of the first block ends */
	for (int day = 60; day < 400; day += 20)
		shop_playf(&shop, "u1 view c @%dd s=x", day);
	cr_assert_eq(session_state_get(shop.snap, &state), 0);
	cr_assert_eq(snap_sums(shop.snap, TBL_ITEM_SESSIONS, 0, session_group(state.newest, 0) - 1, count_group, &left),
		     0);
	cr_expect_eq(left, 0);
	cr_expect_str_eq(newest("c", 1), items_of(running("u1", "x")));
}

/* Of two partitions, as somebody sees it who reads the first, then the second, wholly. */
static const char *order_and_ages(const char *first, const char *second)
{
	static char text[2][512];
	static int turn;
	char *ret = text[turn ^= 1];
	struct session_index *x = session_index_new();
	struct session_list list;
	struct shop s = { 0 };
	size_t at = 0;

	shop_open(&s);
	shop_play(&s, first);
	shop_play(&s, second);
	cr_assert_eq(session_index_begin(x, s.snap), 0);
	cr_assert_eq(session_newest(x, snap_item(s.snap, STR("a")), 100, &list), 0);
	cr_expect_eq(list.n, 7);
	for (uint32_t i = 0; i < list.n; i++) {
		struct session found;

		cr_assert_eq(session_get(x, list.numbers[i], &found), 0);
		at += (size_t)snprintf(ret + at, sizeof(text[0]) - at, "%.*s age %.6f, ",
				       STR_FMT(snap_item_name(s.snap, session_item(&found, 1))),
				       session_age(x, list.numbers[i]));
	}
	session_index_free(x);
	shop_close(&s);
	return ret;
}

Test(sessions, are_as_old_whichever_partition_is_read_first)
{
	const char *one = "u1 view a,b @0s; u2 view a,c @3d; u3 view a,d @3d; u4 view a,e @20d",
		   *two = "u5 view a,f @1d l=1; u6 view a,g @2.9d l=1; u7 view a,h @20d l=1";

	cr_expect_str_eq(order_and_ages(one, two), order_and_ages(two, one));
	cr_expect_not_null(strstr(order_and_ages(one, two), "b age 6."), "%s", order_and_ages(one, two));
}

Test(sessions, have_an_age_in_sessions)
{
	struct session_list list;

	for (int i = 0; i < 100; i++)
		shop_playf(&shop, "u%d view a @%dh", i, i);
	cr_assert_eq(session_index_begin(idx, shop.snap), 0);
	cr_assert_eq(session_newest(idx, snap_item(shop.snap, STR("a")), 100, &list), 0);
	cr_assert_eq(list.n, 100);
	for (uint32_t i = 0; i < list.n; i++) /* in a part that is not full to within a few */
		cr_expect_float_eq(session_age(idx, list.numbers[i]), i, 4, "%u: %f", i,
				   session_age(idx, list.numbers[i]));
}

Test(sessions, index_of_an_empty_store)
{
	uint32_t n = 7;

	cr_expect_str_eq(items_of(1), "-");
	cr_expect_str_eq(newest("a", 9), "");
	cr_expect_eq(sessions_total(shop.snap, &n), 0);
	cr_expect_eq(n, 0);
}

/* ---- an index over levels, commits and merges against one that begins anew each time ---- */

static void compare_with_fresh(struct shop *s, struct session_index *old)
{
	struct session_index *fresh = session_index_new();
	uint32_t items, *numbers = NULL;
	size_t numbers_n;

	cr_assert_eq(snap_renew(s->snap), 0);
	cr_assert_eq(session_index_begin(old, s->snap), 0);
	cr_assert_eq(session_index_begin(fresh, s->snap), 0);
	cr_assert_eq(snap_items(s->snap, &items), 0);
	cr_assert_eq(session_all(old, &numbers, &numbers_n), 0);
	for (size_t i = 0; i < numbers_n; i++) {
		struct session a, b;
		uint32_t number = numbers[i];
		int rc = session_get(old, number, &a);

		cr_assert_eq(rc, session_get(fresh, number, &b));
		if (rc)
			continue;
		cr_assert(a.number == number && a.n == b.n && a.views == b.views && a.actor == b.actor &&
				  a.last_ms == b.last_ms && !memcmp(a.items, b.items, a.n * 4),
			  "session %u", number);
	}
	for (uint32_t item = 0; item < items; item++) {
		struct session_list a, b;
		uint32_t max = item % 3 ? 1000 : 5;

		cr_assert_eq(session_newest(old, item, max, &a), 0);
		cr_assert_eq(session_newest(fresh, item, max, &b), 0);
		cr_assert(a.n == b.n && (a.n == 0 || !memcmp(a.numbers, b.numbers, a.n * 4)),
			  "item %u: %u and %u sessions", item, a.n, b.n);
		for (uint32_t i = 0; i < a.n; i++) {
			struct session got, placed = { 0 };
			int rc = session_get(old, a.numbers[i], &got);

			cr_assert(i == 0 || a.numbers[i] < a.numbers[i - 1], "newest first, each once");
			cr_assert_eq(session_at(old, a.places[i], &placed), rc);
			cr_assert(rc ||
				  (placed.number == got.number && placed.n == got.n && placed.items == got.items));
		}
	}
	free(numbers);
	session_index_free(fresh);
}

Test(sessions, an_index_follows_every_commit)
{
	static const struct kind kind = { .events = 1500, .actors = 40, .jumps = 200, .days = 60, .id_width = 1 };
	struct shop s = { 0 };
	struct stream st;
	uint64_t seed = (uint64_t)getpid();

	printf("LAW_SEED=%llu\n", (unsigned long long)seed);
	shop_open_young(&s, 400000);
	stream_make(&st, &kind, seed);
	for (size_t i = 0; i < st.n_events; i++) {
		struct gen_event *g = &st.events[i];

		fold_partition(s.fold, "law", (int32_t)g->partition);
		g->ev.items = g->items;
		cr_assert_geq(fold_event(s.fold, &g->ev, -1, NULL), 0);
		if (draw(&st.random, 12))
			continue;
		cr_assert_eq(draw(&st.random, 20) ? fold_commit(s.fold, NULL) : fold_commit_bulk(s.fold, NULL), 0);
		cr_assert_eq(fold_tend(s.fold, 1000), 0);
		if (draw(&st.random, 3) == 0)
			compare_with_fresh(&s, idx);
	}
	stream_free(&st);
	shop_close(&s);
}
