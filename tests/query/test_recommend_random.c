/* Lists of neighbours, chosen without looking at everything, against a reference that does look at everything. */
#include "tests/lib/query_shop.h"
#include "views/ids.h"
#include "views/pairs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEMS 120
#define MIN_SUPPORT 2

static struct stall s;
static bool hidden[ITEMS];

struct scored {
	char id[16];
	double score;
};

static int best_first(const void *pa, const void *pb)
{
	const struct scored *a = pa, *b = pb;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return strcmp(a->id, b->id);
}

/* Skewed: small numbers are popular. */
static int some_item(void)
{
	return rand() % ITEMS * (rand() % ITEMS) / ITEMS;
}

static void play_random_shop(void)
{
	for (int i = 0; i < 700; i++) {
		char basket[64];
		int n = 0, lines = 1 + rand() % 4, visitor = rand() % 80;

		for (int k = 0; k < lines; k++)
			n += snprintf(basket + n, sizeof(basket) - (size_t)n, "%si%d", k ? "," : "", some_item());
		for (int k = rand() % 5; k > 0; k--)
			shop_playf(&s.shop, "u%d view i%d @%dm s=%d", visitor, some_item(), i * 60, i);
		shop_playf(&s.shop, "u%d buy %s @%dm s=%d", visitor, basket, i * 60 + 1, i);
	}
}

static void hide_some(void)
{
	for (int i = 0; i < ITEMS; i++) {
		char id[16];

		snprintf(id, sizeof(id), "i%d", i);
		hidden[i] = rand() % 4 == 0;
		if (hidden[i] && i % 2)
			stall_stock(&s, id, 0);
		else if (hidden[i])
			stall_delete(&s, id);
	}
	cr_assert_eq(snap_renew(s.shop.snap), 0);
}

struct strategy_case {
	const char *slug;
	enum pair_view view;
	size_t of_item, of_other; /* places in struct item_totals */
};

static const struct strategy_case cases[] = {
	{ "frequently-bought-together", PAIR_BOUGHT_TOGETHER, offsetof(struct item_totals, orders),
	  offsetof(struct item_totals, orders) },
	{ "also-bought", PAIR_ALSO_BOUGHT, offsetof(struct item_totals, buyers), offsetof(struct item_totals, buyers) },
	{ "also-viewed", PAIR_ALSO_VIEWED, offsetof(struct item_totals, view_sessions),
	  offsetof(struct item_totals, view_sessions) },
	{ "viewed-then-bought", PAIR_VIEWED_THEN_BOUGHT, offsetof(struct item_totals, view_sessions),
	  offsetof(struct item_totals, orders) },
};

static int64_t total(uint32_t item, size_t place)
{
	struct item_totals totals;

	cr_assert_eq(item_totals_get(s.shop.snap, item, &totals), 0);
	return *(int64_t *)((char *)&totals + place);
}

static uint32_t item_id(int i)
{
	char id[16];

	snprintf(id, sizeof(id), "i%d", i);
	return snap_item(s.shop.snap, str_of(id));
}

static double score_of(const struct strategy_case *c, const int *seeds, int seed_n, int other)
{
	struct snap_counts list = { 0 };
	uint32_t b = item_id(other);
	double sum = 0;

	for (int k = 0; k < seed_n; k++) {
		uint32_t a = item_id(seeds[k]);

		if (a == ID_NONE || b == ID_NONE)
			continue;
		cr_assert_eq(pairs_get(s.shop.snap, c->view, a, 1, &list), 0);
		for (size_t i = 0; i < list.n; i++)
			if (list.v[i].member == b && list.v[i].count >= MIN_SUPPORT) {
				int64_t n = list.v[i].count, either = total(a, c->of_item) + total(b, c->of_other) - n;

				sum += (double)n / (double)(either > n ? either : n);
			}
	}
	snap_counts_fini(&list);
	return sum;
}

static void compare(const struct strategy_case *c, const int *seeds, int seed_n, int count)
{
	struct scored v[ITEMS];
	char request[256], text[4096] = "";
	size_t n = 0, at = 0;

	for (int i = 0; i < ITEMS; i++) {
		bool asked = false;

		for (int k = 0; k < seed_n; k++)
			asked |= seeds[k] == i;
		v[n].score = hidden[i] || asked ? 0 : score_of(c, seeds, seed_n, i);
		snprintf(v[n].id, sizeof(v[n].id), "i%d", i);
		n += v[n].score > 0;
	}
	qsort(v, n, sizeof(v[0]), best_first);
	for (size_t i = 0; i < n && i < (size_t)count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s=%.6g", i ? " " : "", v[i].id, v[i].score);
	at = (size_t)snprintf(request, sizeof(request), "%s; count=%d; items=", c->slug, count);
	for (int k = 0; k < seed_n; k++)
		at += (size_t)snprintf(request + at, sizeof(request) - at, "%si%d", k ? "," : "", seeds[k]);
	stall_expect(&s, request, text);
}

Test(recommend_random, neighbours_are_exact, .timeout = 120)
{
	srand(11);
	stall_open(&s, NULL);
	play_random_shop();
	hide_some();
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++)
		for (int i = 0; i < 40; i++) {
			int seeds[4], n = 1 + rand() % 4;

			for (int k = 0; k < n; k++)
				for (bool again = true; again;) {
					seeds[k] = some_item();
					again = false;
					for (int j = 0; j < k; j++)
						again |= seeds[j] == seeds[k];
				}
			compare(&cases[c], seeds, n, 1 + rand() % 20);
		}
	stall_close(&s);
}
