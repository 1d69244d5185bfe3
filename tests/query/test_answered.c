/* What was answered, as loops count it and as somebody else reads it. */
#include "query/answered.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct answer answer;

/* n items from `first` on. */
static void count(struct answered *a, const char *scenario, const char *strategy, uint32_t first, unsigned n,
		  uint64_t took_us)
{
	answer.scenario = scenario;
	answer.count = 10;
	answer.item_count = n;
	for (unsigned i = 0; i < n; i++) {
		answer.items[i].item = first + i;
		answer.items[i].strategy = strategy;
	}
	answered_count(a, &answer, took_us * 1000);
}

static unsigned seen(const struct answered_sum *s, uint32_t below)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < below; i++)
		n += answered_has(s, i);
	return n;
}

Test(answered, two_loops_are_added_up)
{
	struct answered *loops[] = { answered_new(), answered_new() };
	struct answered_sums *s;

	answer.lag_ms = 7;
	answer.out_of_stock = 2;
	count(loops[0], "home", "trending", 0, 10, 100);
	count(loops[1], "home", "also-bought", 5, 8, 300);
	count(loops[1], "cart", "trending", 70000, 1, 5);
	s = answered_read(loops, 2, ANSWERED_SCENARIO, 0);
	cr_assert_eq(s->n, 2);
	cr_expect_str_eq(s->v[0].name, "cart");
	cr_expect_eq(seen(&s->v[0], 80000), 1);
	cr_expect(answered_has(&s->v[0], 70000));
	cr_expect_eq(s->v[1].lists, 2);
	cr_expect_eq(s->v[1].items, 18);
	cr_expect_eq(s->v[1].short_lists, 1);
	cr_expect_eq(s->v[1].out_of_stock, 4);
	cr_expect_eq(seen(&s->v[1], 80000), 13);
	cr_expect_eq(histogram_quantile(&s->v[1].lag_ms, 0.5), 7);
	cr_expect_eq(answered_out_of_stock(loops[0]) + answered_out_of_stock(loops[1]), 6);
	answered_sums_free(s);
	s = answered_read(loops, 2, ANSWERED_STRATEGY, 0);
	cr_assert_eq(s->n, 2);
	cr_expect_str_eq(s->v[1].name, "trending");
	cr_expect_eq(s->v[1].lists, 2);
	cr_expect_eq(s->v[1].items, 11);
	answered_sums_free(s);
	answered_free(loops[0]);
	answered_free(loops[1]);
}

/* Another generation gives items other numbers. */
Test(answered, items_are_forgotten_with_their_generation)
{
	struct answered *a = answered_new();
	struct answered_sums *s;

	count(a, "home", "trending", 0, 10, 100);
	s = answered_read(&a, 1, ANSWERED_SCENARIO, 1);
	cr_expect_eq(seen(&s->v[0], 100), 0, "nothing was answered from it yet");
	answered_sums_free(s);
	answer.generation = 1;
	count(a, "home", "trending", 50, 3, 100);
	s = answered_read(&a, 1, ANSWERED_SCENARIO, 1);
	cr_expect_eq(seen(&s->v[0], 100), 3);
	cr_expect_eq(s->v[0].items, 13);
	answered_sums_free(s);
	answered_free(a);
}

Test(answered, names_and_items_are_bounded)
{
	struct answered *loops[] = { answered_new(), answered_new() };
	struct answered_sums *s;
	uint64_t lists = 0;
	char name[32];

	for (unsigned i = 0; i < 2 * (ANSWERED_NAMES_MAX + 20); i++) {
		snprintf(name, sizeof(name), "s%u", i);
		count(loops[i % 2], name, "trending", UINT32_MAX - 20, 10, 1);
	}
	s = answered_read(loops, 2, ANSWERED_SCENARIO, 0);
	cr_expect_eq(s->n, ANSWERED_NAMES_MAX + 1);
	cr_expect_str_eq(s->v[0].name, "");
	for (unsigned i = 0; i < s->n; i++)
		lists += s->v[i].lists;
	cr_expect_eq(lists, 2 * (ANSWERED_NAMES_MAX + 20));
	answered_sums_free(s);
	answered_free(loops[0]);
	answered_free(loops[1]);
}

/* A quantile is what a sorted list has there, or at most an eighth more. */
Test(answered, quantiles)
{
	static struct histogram h;
	static struct histogram_sum sum;
	static uint64_t all[10000];
	unsigned n = 0;

	cr_expect_eq(histogram_quantile(&sum, 0.5), 0);
	for (uint64_t v = 0; n < 10000; v += 1 + v / 700)
		all[n++] = v;
	for (unsigned i = 0; i < n; i++)
		histogram_count(&h, all[i * 7919ul % n]);
	histogram_add(&sum, &h);
	cr_expect_eq(sum.total, n);
	for (unsigned i = 1; i <= n; i++) {
		uint64_t exact = all[i - 1], have = histogram_quantile(&sum, (double)i / n);

		cr_assert(have >= exact && have <= exact + exact / 8, "%u: %llu for %llu", i, (unsigned long long)have,
			  (unsigned long long)exact);
	}
	histogram_count(&h, UINT64_MAX);
	sum = (struct histogram_sum){ 0 };
	histogram_add(&sum, &h);
	cr_expect_gt(histogram_quantile(&sum, 1), UINT64_C(1) << 40);
}
