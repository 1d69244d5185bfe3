/*
 * The laws every registered view keeps, on generated streams with few items and actors, so that everything collides:
 * whatever the batches, the interleaving of partitions, a restart after any commit, or a record delivered twice, the
 * rows are the same. A failure prints its seed and the smallest stream that still fails; LAW_SEED=N repeats it.
 */
#include "tests/lib/views_stream.h"
#include "views/credit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EVENTS_MAX 1500 /* a stream */
#define STREAMS 8
#define SHRINK_TRIES 400

/* hours, days and epochs pass */
static const struct kind weeks = { .events = 600, .actors = 9, .jumps = 20, .days = 20, .id_width = 1 };
/* named sessions and orders end */
static const struct kind months = { .events = 600, .actors = 9, .jumps = 60, .days = 95, .id_width = 1 };
/* histories are long, cut into pieces and compacted; event ids come back */
static const struct kind busy = {
	.events = EVENTS_MAX, .actors = 2, .jumps = 20, .days = 20, .id_width = 60, .event_ids = 500
};
static const struct kind rich = { .events = 600, .actors = 2, .jumps = 1000, .days = 1, .id_width = 3, .rich = true };

/* ---- ways to play a stream ---- */

struct way {
	size_t batch_max; /* records a batch, drawn from 1..batch_max */
	unsigned
		restart_one_in; /* after a commit close and open the store; 0: never. What is pending is lost and read again */
	unsigned repeat_one_in;   /* deliver a record with an eventId twice; 0: never */
	bool repeat_bare;         /* those without one too: this breaks the law */
	bool one_by_one;          /* a partition after the other, instead of mixed */
	uint64_t young_bytes_max; /* 0: one level */
	uint64_t seed;            /* of batches, interleaving and faults */
};

static void commit(struct shop *s, const size_t *next, bool bulk)
{
	for (int p = 0; p < PARTITIONS; p++) {
		struct position pos = { .next = (int64_t)next[p], .last = (int64_t)next[p] - 1 };

		fold_position(s->fold, "law", p, &pos);
	}
	cr_assert_eq(bulk ? fold_commit_bulk(s->fold, NULL) : fold_commit(s->fold, NULL), 0);
	cr_assert_eq(fold_tend(s->fold, 1000), 0);
}

static void reopen(struct shop *s, size_t *next)
{
	struct store_options opt = shop_store_options(s);

	snap_close(s->snap);
	fold_free(s->fold);
	store_close(s->store);
	cr_assert_eq(store_open(&opt, &s->store, NULL), 0);
	cr_assert_eq(fold_new(s->store, &s->fold, NULL), 0);
	cr_assert_eq(snap_open(s->store, &s->snap), 0);
	for (int p = 0; p < PARTITIONS; p++) {
		struct position pos;

		next[p] = fold_stored_position(s->fold, "law", p, &pos) ? (size_t)pos.next : 0;
	}
}

static void deliver(struct shop *s, int32_t partition, struct gen_event *g)
{
	fold_partition(s->fold, "law", partition);
	g->ev.items = g->items;
	cr_assert_geq(fold_event(s->fold, &g->ev, -1, NULL), 0);
}

/* The digests of all views after playing the stream this way; the caller frees. */
static char *play(struct stream *st, struct way way)
{
	size_t next[PARTITIONS] = { 0 }, left_in_batch = 1, left;
	struct shop s = { 0 };
	char *ret;

	shop_open_young(&s, way.young_bytes_max);
	for (;;) {
		size_t p, skip;

		left = 0;
		for (p = 0; p < PARTITIONS; p++)
			left += st->n[p] - next[p];
		if (left == 0)
			break;
		skip = way.one_by_one ? 0 : draw(&way.seed, left);
		for (p = 0; skip >= st->n[p] - next[p]; p++)
			skip -= st->n[p] - next[p];
		struct gen_event *g = st->records[p][next[p]++];
		deliver(&s, (int32_t)p, g);
		if (way.repeat_one_in && (g->ev.event_id.n || way.repeat_bare) &&
		    draw(&way.seed, way.repeat_one_in) == 0)
			deliver(&s, (int32_t)p, g);
		if (--left_in_batch > 0)
			continue;
		left_in_batch = 1 + draw(&way.seed, way.batch_max);
		if (way.restart_one_in && draw(&way.seed, way.restart_one_in) == 0) {
			reopen(&s, next); /* what was pending is gone */
			continue;
		}
		commit(&s, next, draw(&way.seed, 20) == 0);
	}
	commit(&s, next, false);
	cr_assert_eq(snap_renew(s.snap), 0);
	ret = shop_digests(&s);
	shop_close(&s);
	return ret;
}

static uint64_t first_seed(void)
{
	const char *text = getenv("LAW_SEED");

	return text ? strtoull(text, NULL, 10) : (uint64_t)getpid() * 1000;
}

struct trial {
	struct stream *st;
	struct way one, other;
};

/* Do the two ways of playing what is kept of the stream (NULL: all) end differently? */
static bool differ(void *arg, const bool *kept)
{
	struct trial *t = arg;
	char *a, *b;
	bool ret;

	if (kept)
		stream_keep(t->st, kept);
	a = play(t->st, t->one);
	b = play(t->st, t->other);
	ret = strcmp(a, b) != 0;
	free(a);
	free(b);
	return ret;
}

/* Leave the stream with the fewest events that still differ; returns how many. */
static size_t shrink_trial(struct trial *t)
{
	size_t n = t->st->n_events, left;
	bool *kept = xmalloc(n);

	memset(kept, true, n);
	left = shrink(n, kept, differ, t, SHRINK_TRIES);
	stream_keep(t->st, kept);
	free(kept);
	return left;
}

/* Two ways of playing one stream give the same rows in every view. */
static void hold(const char *law, const struct kind *kind, struct way one, struct way other)
{
	uint64_t seed = first_seed();

	for (uint64_t i = 0; i < STREAMS; i++) {
		struct stream st;
		struct trial t = { &st, one, other };

		stream_make(&st, kind, seed + i);
		t.one.seed = seed + i;
		t.other.seed = seed + i + 7777;
		if (differ(&t, NULL)) {
			size_t left = shrink_trial(&t);
			char *text = stream_text(&st);

			cr_expect(false, "%s: LAW_SEED=%llu; %zu events are enough:\n%s", law,
				  (unsigned long long)(seed + i), left, text);
			free(text);
			stream_free(&st);
			return;
		}
		stream_free(&st);
	}
}

Test(laws, any_split_into_batches_and_any_interleaving)
{
	hold("batches", &weeks, (struct way){ .batch_max = 1 }, (struct way){ .batch_max = EVENTS_MAX });
	hold("batches", &weeks, (struct way){ .batch_max = 7 }, (struct way){ .batch_max = 50 });
	hold("batches", &busy, (struct way){ .batch_max = 1 }, (struct way){ .batch_max = EVENTS_MAX });
	hold("batches", &rich, (struct way){ .batch_max = 1 }, (struct way){ .batch_max = EVENTS_MAX });
}

Test(laws, a_restart_after_any_commit)
{
	hold("restart", &weeks, (struct way){ .batch_max = EVENTS_MAX },
	     (struct way){ .batch_max = 20, .restart_one_in = 3 });
	hold("restart", &busy, (struct way){ .batch_max = 60 }, (struct way){ .batch_max = 20, .restart_one_in = 3 });
}

Test(laws, a_record_delivered_twice)
{
	hold("twice", &weeks, (struct way){ .batch_max = 30 }, (struct way){ .batch_max = 30, .repeat_one_in = 2 });
	hold("twice", &busy, (struct way){ .batch_max = 30 }, (struct way){ .batch_max = 30, .repeat_one_in = 2 });
}

Test(laws, sessions_and_orders_end_by_their_partitions_watermark)
{
	hold("end, batches", &months, (struct way){ .batch_max = 1 }, (struct way){ .batch_max = EVENTS_MAX });
	hold("end, one by one", &months, (struct way){ .batch_max = 5 },
	     (struct way){ .batch_max = 5, .one_by_one = true });
	hold("end, restart", &months, (struct way){ .batch_max = EVENTS_MAX },
	     (struct way){ .batch_max = 20, .restart_one_in = 3, .one_by_one = true });
	hold("end, twice", &months, (struct way){ .batch_max = 9 }, (struct way){ .batch_max = 9, .repeat_one_in = 2 });
}

Test(laws, levels)
{
	/* a young level of 1 byte is merged after each commit */
	hold("levels", &weeks, (struct way){ .batch_max = 20 }, (struct way){ .batch_max = 20, .young_bytes_max = 1 });
	hold("levels", &months, (struct way){ .batch_max = 20 },
	     (struct way){ .batch_max = 10, .young_bytes_max = 300000, .restart_one_in = 5 });
	hold("levels", &weeks, (struct way){ .batch_max = 20 },
	     (struct way){ .batch_max = 10, .young_bytes_max = 1 << 20, .restart_one_in = 7 });
	hold("levels", &busy, (struct way){ .batch_max = 100 },
	     (struct way){ .batch_max = 10, .young_bytes_max = 600000 });
}

Test(laws, a_stream_that_breaks_a_law_is_shrunk)
{
	struct stream st;
	struct trial t = { &st,
			   { .batch_max = 30, .seed = 5 },
			   { .batch_max = 30, .seed = 5, .repeat_one_in = 1, .repeat_bare = true } };
	char *text;

	stream_make(&st, &weeks, 5);
	cr_assert(differ(&t, NULL));
	cr_expect_eq(shrink_trial(&t), 1, "one bare event that is counted twice is enough");
	text = stream_text(&st);
	cr_expect(strstr(text, "\"items\":[{") && !strstr(text, "eventId"), "%s", text);
	free(text);
	stream_free(&st);
}

/* The streams are of use for what answers led to, and for what they did not. */
Test(laws, streams_have_answers)
{
	uint64_t row_n[4] = { 0 }, refused[CREDIT_REFUSAL_COUNT] = { 0 };
	static const char *const names[] = { "engagement", "engagement-items", "experiment-people", "actor-days" };
	struct stream st;
	struct shop s = { 0 };
	char hex[VIEW_DIGEST_HEX];

	shop_open(&s);
	stream_make(&st, &weeks, 3);
	for (size_t i = 0; i < st.n_events; i++)
		deliver(&s, (int32_t)st.events[i].partition, &st.events[i]);
	memcpy(refused, fold_credit_refused(s.fold), sizeof(refused));
	cr_assert_eq(fold_commit(s.fold, NULL), 0);
	cr_assert_eq(snap_renew(s.snap), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cr_assert_eq(view_digest(view_find(names[i]), s.snap, hex, &row_n[i]), 0);
		cr_expect_gt(row_n[i], 10, "%s", names[i]);
	}
	cr_expect(refused[REFUSED_SIGNATURE] > 5 && refused[REFUSED_EXPIRED] > 5 && refused[REFUSED_ITEM] > 5 &&
		  refused[REFUSED_REPEAT] > 5);
	stream_free(&st);
	shop_close(&s);
}

Test(laws, different_streams_differ)
{
	struct stream a, b;
	char *da, *db;

	stream_make(&a, &weeks, 1);
	stream_make(&b, &weeks, 2);
	da = play(&a, (struct way){ .batch_max = 9 });
	db = play(&b, (struct way){ .batch_max = 9 });
	cr_assert_str_neq(da, db);
	free(da);
	free(db);
	stream_free(&a);
	stream_free(&b);
}
