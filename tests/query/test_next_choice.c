/* What the formula leaves unlooked-at changes nothing: the neighbours are the best of all touched ones, and each candidate is handed out in its turn. */
#include "query/next_internal.h"
#include "schemas/error.h"
#include "tests/lib/draw.h"
#include "tests/lib/views_shop.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ITEMS 60
#define SESSIONS 500
#define REQUESTS 200

static struct shop shop;
static struct session_index *idx;
static struct rank_totals totals[ITEMS];
static unsigned seed;
static uint64_t state;

static unsigned below(unsigned n)
{
	return (unsigned)draw(&state, n);
}

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

TestSuite(next_choice, .init = setup, .fini = teardown, .timeout = 60);

/* Some items are in most of them, so that rings are long; of the days of two months. */
static void play_sessions(void)
{
	for (int i = 0; i < SESSIONS; i++) {
		char text[512];
		int n = 0;

		for (unsigned k = 1 + below(6); k > 0; k--)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "%sv%d view p%u @%dm", n ? "; " : "", i,
				      below(2) ? below(ITEMS) : below(3), i * 160);
		shop_play(&shop, text);
	}
}

static int newer_first(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

static int better_first(const void *a, const void *b)
{
	const struct next_neighbour *x = a, *y = b;

	if (x->v != y->v)
		return x->v < y->v ? 1 : -1;
	return newer_first(&x->number, &y->number);
}

/* The sessions of the rings, newest first, each once. */
static unsigned touched(const struct next_work *w, unsigned max, uint32_t *ret)
{
	unsigned all = 0, n = 0;

	for (unsigned y = 0; y < w->d_n; y++)
		for (uint32_t i = 0; i < w->rings[y].n; i++)
			ret[all++] = w->rings[y].numbers[i];
	qsort(ret, all, sizeof(*ret), newer_first);
	for (unsigned i = 0; i < all; i++)
		if (!i || ret[i] != ret[i - 1])
			ret[n++] = ret[i];
	return n < max ? n : max;
}

static double sim_of(const struct next_work *w, const struct next_source *src, uint32_t number)
{
	double sim = 0;

	for (unsigned y = 0; y < w->d_n; y++) {
		double rarity = log(1 + src->sessions / (next_df(src, w->d[y]) + 1.0));

		for (uint32_t i = 0; i < w->rings[y].n; i++)
			if (w->rings[y].numbers[i] == number)
				sim += next__powers()->place[y] * rarity * sqrt(rarity);
	}
	return sim;
}

static void expect_best_neighbours(struct next_work *w, const struct next_source *src, const struct next_options *opt)
{
	static uint32_t numbers[NEXT_ITEMS_MAX * SESSIONS];
	static struct next_neighbour all[SESSIONS];
	unsigned n = touched(w, opt->touched_max, numbers);

	for (unsigned i = 0; i < n; i++) {
		struct session s;

		cr_assert_eq(session_get(src->index, numbers[i], &s), 0);
		all[i] = (struct next_neighbour){ .number = numbers[i] };
		all[i].v = sim_of(w, src, numbers[i]) *
			   (next__powers()->length[s.n] * next__age(session_age(src->index, numbers[i])));
	}
	qsort(all, n, sizeof(*all), better_first);
	qsort(w->heap, w->heap_n, sizeof(*w->heap), better_first);
	cr_assert_eq(w->heap_n, n < opt->neighbours_max ? n : opt->neighbours_max);
	for (unsigned i = 0; i < w->heap_n; i++)
		cr_assert(w->heap[i].number == all[i].number && w->heap[i].v == all[i].v, "seed %u: %u of %u", seed, i,
			  n);
}

static void expect_all_in_order(struct next_work *w, const struct next_source *src)
{
	const struct next_candidate *c, *before = NULL;
	size_t n = 0;

	for (; (c = next_take(w, src)); before = c, n++)
		cr_assert(!before || before->score > c->score ||
				  (before->score == c->score && next__breaks_tie(src, before, c)),
			  "seed %u: number %zu", seed, n);
	cr_assert_eq(n, w->v_n);
	cr_assert_null(next_take(w, src));
}

Test(next_choice, is_of_the_best)
{
	struct next_source src = {
		.index = idx, .sn = shop.snap, .self = SESSION_NONE, .totals = totals, .totals_n = ITEMS
	};
	const struct next_options opt = { .kappa = 0.25, .ring_max = 150, .touched_max = 200, .neighbours_max = 12 };
	struct next_work w = { 0 };
	size_t most = 0;

	state = seed = (unsigned)getpid();
	printf("seed %u\n", seed);
	play_sessions();
	cr_assert_eq(snap_renew(shop.snap), 0);
	cr_assert_eq(session_index_begin(idx, shop.snap), 0);
	cr_assert_eq(sessions_total(shop.snap, &src.sessions), 0);
	for (unsigned i = 0; i < ITEMS; i++)
		totals[i].view_sessions = below(3);
	for (int i = 0; i < REQUESTS; i++) {
		uint32_t views[4];
		size_t n = 1 + below(4);

		for (size_t k = 0; k < n; k++)
			views[k] = below(2) ? below(ITEMS) : below(3);
		next_begin(&w, views, n);
		cr_assert_eq(next_score(&w, &src, &opt), 0);
		expect_all_in_order(&w, &src);
		expect_best_neighbours(&w, &src, &opt);
		most = w.v_n > most ? w.v_n : most;
	}
	cr_assert_gt(most, NEXT_BEST, "more than is put in order at once");
	next_work_fini(&w);
}
