/* One view made anew beside the others: what it holds then is what a fold of the whole log would have made of it. */
#include "tests/lib/views_stream.h"
#include "views/fold_alone.h"
#include "views/ids.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define STREAMS 3

static const struct kind weeks = { .events = 500, .actors = 9, .jumps = 20, .days = 20, .id_width = 1 };

/* Of a stream the records first[p] .. end[p] of each partition. */
struct part {
	size_t first[PARTITIONS], end[PARTITIONS];
};

static struct part part_of(const struct stream *st, unsigned from_percent, unsigned to_percent)
{
	struct part ret;

	for (int p = 0; p < PARTITIONS; p++) {
		ret.first[p] = st->n[p] * from_percent / 100;
		ret.end[p] = st->n[p] * to_percent / 100;
	}
	return ret;
}

/* With the key of another one, as generations of one store have. */
static void open_store(struct shop *s, const struct shop *key_of)
{
	char key[96];
	struct store_options opt;
	struct error e = { 0 };

	*s = (struct shop){ .dir = "/tmp/aisle-alone-XXXXXX" };
	cr_assert(mkdtemp(s->dir));
	opt = shop_store_options(s);
	snprintf(key, sizeof(key), "%s/person.key", key_of ? key_of->dir : s->dir);
	opt.key_file = key;
	cr_assert_eq(store_open(&opt, &s->store, &e), 0, "%s", e.text);
	cr_assert_eq(snap_open(s->store, &s->snap), 0);
}

static void begin_fold(struct shop *s)
{
	struct error e = { 0 };

	cr_assert_eq(fold_new(s->store, &s->fold, &e), 0, "%s", e.text);
}

/* Catalogue and stock, now and then; a description that is cut into parts. */
static void tell_item(struct fold *f, size_t number)
{
	static char attributes[6000];
	char name[16];
	struct catalog_item item;
	struct stock_record stock = { .location = STR("shop"), .quantity = (int64_t)number, .lead_time_hours = -1 };

	catalog_item_init(&item);
	snprintf(name, sizeof(name), "p%zu", number % 12);
	memset(attributes, 'x', sizeof(attributes));
	memcpy(attributes, "{\"a\":\"", 6);
	memcpy(attributes + sizeof(attributes) - 2, "\"}", 2);
	item.item_id = stock.item_id = str_of(name);
	if (number % 3)
		item.attributes = (struct str){ attributes, sizeof(attributes) };
	cr_assert_eq(fold_catalog(f, &item, number % 7 == 0), 0);
	cr_assert_eq(fold_stock(f, &stock, false, (int64_t)number, NULL), 0);
}

static void play(struct shop *s, struct stream *st, struct part part, uint64_t seed)
{
	size_t left = 0;

	for (int p = 0; p < PARTITIONS; p++)
		left += part.end[p] - part.first[p];
	for (; left; left--) {
		size_t p = 0, skip = draw(&seed, left);
		struct gen_event *g;

		for (; skip >= part.end[p] - part.first[p]; p++)
			skip -= part.end[p] - part.first[p];
		g = st->records[p][part.first[p]];
		fold_partition(s->fold, "law", (int32_t)p);
		g->ev.items = g->items;
		cr_assert_geq(fold_event(s->fold, &g->ev, -1, NULL), 0);
		if (p == 0 && part.first[p] % 5 == 0) /* in the order of one partition, as each key's records are */
			tell_item(s->fold, part.first[p]);
		part.first[p]++;
		if (draw(&seed, 30) == 0)
			cr_assert_eq(fold_commit(s->fold, NULL), 0);
	}
	cr_assert_eq(fold_commit(s->fold, NULL), 0);
	cr_assert_eq(snap_renew(s->snap), 0);
}

static void close_store(struct shop *s)
{
	shop_close(s);
}

/* What a fold of this part makes, as digests. */
static char *fresh(struct stream *st, struct part part)
{
	struct shop s;
	char *ret;

	open_store(&s, NULL);
	begin_fold(&s);
	play(&s, st, part, 1);
	ret = shop_digests(&s);
	close_store(&s);
	return ret;
}

static void digest_of(struct shop *s, const struct view *v, char ret[VIEW_DIGEST_HEX])
{
	uint64_t rows;

	cr_assert_eq(snap_renew(s->snap), 0);
	cr_assert_eq(view_digest(v, s->snap, ret, &rows), 0);
}

/* The view's rows are gone, and a program that makes another version of it wrote what is left. */
static void spoil(struct shop *s, const struct view *v)
{
	uint32_t version = 99;
	struct store_txn *t;
	struct shop empty;

	open_store(&empty, NULL);
	cr_assert_eq(store_graft(s->store, empty.store, v->tables, NULL), 0);
	close_store(&empty);
	cr_assert_eq(store_begin(s->store, &t), 0);
	cr_assert_eq(store_put(t, TBL_VIEW_VERSIONS, str_of(v->name), &version, sizeof(version)), 0);
	cr_assert_eq(store_commit(t), 0);
}

static enum alone_state state_of(struct shop *s, const struct view *v)
{
	enum alone_state ret;

	cr_assert_eq(alone_state(s->store, v, &ret), 0);
	return ret;
}

static void expect_no_rows(struct shop *s, const struct view *v)
{
	char hex[VIEW_DIGEST_HEX];
	uint64_t rows;

	cr_assert_eq(view_digest(v, s->snap, hex, &rows), 0);
	cr_expect_eq(rows, 0, "%s was folded too", v->name);
}

/* `next` becomes `live` with the view made of `log`, each step done twice as after a kill. */
static void make_alone(struct shop *next, const struct shop *live, const struct view *v, struct stream *st,
		       struct part log)
{
	struct shop scratch;

	open_store(next, live);
	open_store(&scratch, live);
	cr_assert_eq(state_of(next, v), ALONE_EMPTY);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(alone_copy(next->store, live->store, v, NULL), 0);
	cr_assert_eq(state_of(next, v), ALONE_COPIED);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(alone_begin(scratch.store, next->store, v, NULL), 0);
	begin_fold(&scratch);
	play(&scratch, st, log, 2);
	for (size_t i = 0; view_registry[i]; i++)
		if (view_registry[i]->apply && view_registry[i] != v)
			expect_no_rows(&scratch, view_registry[i]);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(alone_take(next->store, scratch.store, v, NULL), 0);
	cr_assert_eq(state_of(next, v), ALONE_WHOLE);
	close_store(&scratch);
	cr_assert_eq(snap_renew(next->snap), 0);
}

/* Digests of all views, as text that names them. */
static void expect_digests(struct shop *s, const char *expected, const struct view *v, const char *when)
{
	char *got = shop_digests(s);

	cr_expect_str_eq(got, expected, "%s, %s: got\n%sexpected\n%s", v->name, when, got, expected);
	free(got);
}

static const struct view *alone(size_t *i)
{
	for (; view_registry[*i]; ++*i)
		if (view_registry[*i]->tables)
			return view_registry[(*i)++];
	return NULL;
}

/* Where the log stands; what lies in a history; and what names sessions by the numbers that the journal gave them. */
static bool goes_with_all(const struct view *v)
{
	return v == view_find("offsets") || v == view_find("sessions") || v == view_find("item-sessions") ||
	       v == view_find("profile");
}

Test(alone, each_table_is_of_one_view)
{
	uint64_t owned = 0;

	for (size_t i = 0; view_registry[i]; i++) {
		const struct view *v = view_registry[i];

		cr_expect_eq(!v->tables, goes_with_all(v), "%s", v->name);
		cr_expect_eq(owned & v->tables, 0, "%s", v->name);
		owned |= v->tables;
	}
	cr_expect_eq(owned >> TABLE_COUNT, 0);
}

Test(alone, is_as_a_fold_of_the_whole_log, .timeout = 120)
{
	for (uint64_t seed = 1; seed <= STREAMS; seed++) {
		const struct view *v;
		struct stream st;
		char *half, *whole;

		stream_make(&st, &weeks, seed);
		half = fresh(&st, part_of(&st, 0, 60));
		whole = fresh(&st, part_of(&st, 0, 100));
		cr_assert_str_neq(half, whole);
		for (size_t i = 0; (v = alone(&i));) {
			struct shop live, next;

			open_store(&live, NULL);
			begin_fold(&live);
			play(&live, &st, part_of(&st, 0, 60), seed);
			spoil(&live, v);
			make_alone(&next, &live, v, &st, part_of(&st, 0, 60));
			expect_digests(&next, half, v, "made anew");
			begin_fold(&next);
			play(&next, &st, part_of(&st, 60, 100), seed + 5);
			expect_digests(&next, whole, v, "and gone on with");
			close_store(&next);
			close_store(&live);
		}
		free(half);
		free(whole);
		stream_free(&st);
	}
}

/* Is it made of the rows of v? */
static bool comes_with(const struct view *other, const struct view *v)
{
	return other == v || (other == view_find("profile") && v == view_find("history"));
}

/* Of a log that begins later than the store does or earlier, all others stay as they are. */
Test(alone, another_log_changes_no_other_view, .timeout = 120)
{
	static const struct {
		unsigned live, log; /* where each begins */
	} logs[] = { { 0, 40 }, { 58, 0 } };
	const struct view *v;
	struct stream st;

	stream_make(&st, &weeks, 9);
	for (size_t l = 0; l < ARRAY_SIZE(logs); l++) {
		for (size_t i = 0; (v = alone(&i));) {
			struct shop live, next, log;
			char want[VIEW_DIGEST_HEX], got[VIEW_DIGEST_HEX];

			open_store(&live, NULL);
			begin_fold(&live);
			play(&live, &st, part_of(&st, logs[l].live, 60), 3);
			open_store(&log, NULL);
			begin_fold(&log);
			play(&log, &st, part_of(&st, logs[l].log, 60), 4);
			make_alone(&next, &live, v, &st, part_of(&st, logs[l].log, 60));
			for (size_t other = 0; view_registry[other]; other++) {
				digest_of(comes_with(view_registry[other], v) ? &log : &live, view_registry[other],
					  want);
				digest_of(&next, view_registry[other], got);
				cr_expect_str_eq(got, want, "%s alone, log %zu: %s", v->name, l,
						 view_registry[other]->name);
			}
			/* names that only the log had have their numbers, new ones get others */
			begin_fold(&next);
			shop_play(&next, "u7 view fresh1,p3 @900d; u8 view fresh2 @900d");
			for (int item = 0; item < 12; item++) {
				char name[16];
				uint32_t number;

				snprintf(name, sizeof(name), "p%d", item);
				number = snap_item(next.snap, str_of(name));
				cr_expect(str_eq(snap_item_name(next.snap, number), str_of(name)), "%s", name);
			}
			cr_expect_neq(snap_item(next.snap, STR("fresh1")), snap_item(next.snap, STR("fresh2")));
			close_store(&next);
			close_store(&log);
			close_store(&live);
		}
	}
	stream_free(&st);
}
