/*
 * The laws every registered view keeps, on generated streams with few items and actors, so that everything collides:
 * whatever the batches, the interleaving of partitions, a restart after any commit, or a record delivered twice, the
 * rows are the same. A failure prints its seed; LAW_SEED=N repeats it.
 */
#include "tests/lib/views_shop.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PARTITIONS 4
#define EVENTS_MAX 1500 /* a stream */
#define STREAMS 8
#define LINES_MAX 4

struct gen_event {
	struct event ev;
	struct event_item items[LINES_MAX];
	char user[8], visitor[8], session[130], order[130], event_id[64], item_ids[LINES_MAX][8];
};

/* What a stream is like. Its events are mostly minutes apart, one in `jumps` is up to `days` later. */
struct kind {
	size_t events, actors;
	uint64_t jumps, days;
	int id_width;       /* digits of session, order and event ids */
	unsigned event_ids; /* drawn from as many; 0: all different */
};

/* hours, days and epochs pass */
static const struct kind weeks = { .events = 600, .actors = 9, .jumps = 20, .days = 20, .id_width = 1 };
/* named sessions and orders end */
static const struct kind months = { .events = 600, .actors = 9, .jumps = 60, .days = 95, .id_width = 1 };
/* histories are long, cut into pieces and compacted; event ids come back */
static const struct kind busy = {
	.events = EVENTS_MAX, .actors = 2, .jumps = 20, .days = 20, .id_width = 60, .event_ids = 500
};

/* One partition's log: its records, in order. */
struct stream {
	struct gen_event *records[PARTITIONS];
	size_t n[PARTITIONS];
	uint64_t random;
};

static uint64_t draw(uint64_t *state, uint64_t below)
{
	/* splitmix64 */
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

static struct str text_of(char *buf, size_t size, const char *prefix, uint64_t n, int width)
{
	snprintf(buf, size, "%s%0*u", prefix, width, (unsigned)n);
	return str_of(buf);
}

static void generate_items(struct gen_event *g, uint64_t *r)
{
	g->ev.item_count = g->ev.type == EVENT_SEARCH ? 0 : 1 + (uint32_t)draw(r, draw(r, 3) ? 1 : LINES_MAX);
	for (uint32_t i = 0; i < g->ev.item_count; i++) {
		g->items[i].id = text_of(g->item_ids[i], sizeof(g->item_ids[i]), "p", draw(r, 12), 1);
		g->items[i].quantity = 1 + (uint32_t)draw(r, 3);
		g->items[i].has_price = draw(r, 2);
		g->items[i].price_micros = g->items[i].has_price ? (int64_t)draw(r, 5000000) : 0;
	}
}

/* Fill *g, whose strings point into itself: it must not move. */
static void generate(struct gen_event *g, const struct kind *kind, size_t actor, size_t number, int64_t t, uint64_t *r)
{
	static const enum event_type types[] = { EVENT_VIEW,     EVENT_VIEW,      EVENT_VIEW,     EVENT_VIEW,
						 EVENT_PURCHASE, EVENT_PURCHASE,  EVENT_CART_ADD, EVENT_RETURN,
						 EVENT_SEARCH,   EVENT_IMPRESSION };

	*g = (struct gen_event){ .ev = { .has_time = true, .t_ms = t, .position = -1 } };
	g->ev.type = types[draw(r, ARRAY_SIZE(types))];
	generate_items(g, r);
	if (actor % 2) {
		g->ev.user_id = text_of(g->user, sizeof(g->user), "a", actor, 1);
		if (draw(r, 4) == 0)
			g->ev.visitor_id = text_of(g->visitor, sizeof(g->visitor), "v", draw(r, 6), 1);
	} else {
		g->ev.visitor_id = text_of(g->visitor, sizeof(g->visitor), "a", actor, 1);
	}
	if (draw(r, 3) == 0)
		g->ev.session_id = text_of(g->session, sizeof(g->session), "s", draw(r, 3), kind->id_width);
	if (draw(r, 2) == 0)
		g->ev.order_id = text_of(g->order, sizeof(g->order), "o", draw(r, 5), kind->id_width);
	if (draw(r, 8))
		g->ev.event_id = text_of(g->event_id, sizeof(g->event_id), "e",
					 kind->event_ids ? draw(r, kind->event_ids) : number, kind->id_width);
}

static void stream_make(struct stream *st, const struct kind *kind, uint64_t seed)
{
	int64_t t = SHOP_START;

	*st = (struct stream){ .random = seed };
	for (int p = 0; p < PARTITIONS; p++)
		st->records[p] = xcalloc(kind->events, sizeof(*st->records[p]));
	for (size_t i = 0; i < kind->events; i++) {
		size_t actor = draw(&st->random, kind->actors), p = actor % PARTITIONS;
		int64_t back = draw(&st->random, 10) ? 0 : (int64_t)draw(&st->random, 3 * MS_PER_DAY);

		t += (int64_t)draw(&st->random,
				   draw(&st->random, kind->jumps) ? 20 * MS_PER_MINUTE : kind->days * MS_PER_DAY);
		generate(&st->records[p][st->n[p]++], kind, actor, i, t - back, &st->random);
	}
}

static void stream_free(struct stream *st)
{
	for (int p = 0; p < PARTITIONS; p++)
		free(st->records[p]);
}

/* ---- ways to play a stream ---- */

struct way {
	size_t batch_max; /* records a batch, drawn from 1..batch_max */
	unsigned
		restart_one_in; /* after a commit close and open the store; 0: never. What is pending is lost and read again */
	unsigned repeat_one_in;   /* deliver a record with an eventId twice; 0: never */
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
	struct shop s;
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
		struct gen_event *g = &st->records[p][next[p]++];
		deliver(&s, (int32_t)p, g);
		if (way.repeat_one_in && g->ev.event_id.n && draw(&way.seed, way.repeat_one_in) == 0)
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

/* Two ways of playing one stream give the same rows in every view. */
static void hold(const char *law, const struct kind *kind, struct way one, struct way other)
{
	uint64_t seed = first_seed();

	for (uint64_t i = 0; i < STREAMS; i++) {
		struct stream st;
		char *a, *b;

		stream_make(&st, kind, seed + i);
		one.seed = seed + i;
		other.seed = seed + i + 7777;
		a = play(&st, one);
		b = play(&st, other);
		cr_expect_str_eq(a, b, "%s: LAW_SEED=%llu\n%s\n%s", law, (unsigned long long)(seed + i), a, b);
		free(a);
		free(b);
		stream_free(&st);
	}
}

Test(laws, any_split_into_batches_and_any_interleaving)
{
	hold("batches", &weeks, (struct way){ .batch_max = 1 }, (struct way){ .batch_max = EVENTS_MAX });
	hold("batches", &weeks, (struct way){ .batch_max = 7 }, (struct way){ .batch_max = 50 });
	hold("batches", &busy, (struct way){ .batch_max = 1 }, (struct way){ .batch_max = EVENTS_MAX });
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
