/* Every formula of stats.h against numbers of SciPy: stats_tables.h, made by tests/reference/stats_tables.py. */
#include "query/stats.h"
#include "tests/query/stats_tables.h"

#include <criterion/criterion.h>
#include <math.h>

/* `what` is the row's first number. */
static void expect_near(double got, double want, double relative, double what)
{
	cr_assert(fabs(got - want) <= relative * fmax(fabs(got), fabs(want)) + 1e-14, "of %g: %.17g, not %.17g", what,
		  got, want);
}

#define EACH(r, table) \
	(const double *r = (table)[0]; r < (table)[0] + sizeof(table) / sizeof(*r); r += ARRAY_SIZE((table)[0]))

Test(stats, distributions_are_those_of_scipy)
{
	for
		EACH(r, normal_table)
	expect_near(stats_normal_cdf(r[0]), r[1], 1e-12, r[0]);
	for
		EACH(r, chi_square_table)
	expect_near(stats_chi_square_p(r[0], (unsigned)r[1]), r[2], 1e-10, r[0]);
	for
		EACH(r, beta_table)
	expect_near(stats_beta_cdf(r[0], r[1], r[2]), r[3], 1e-9, r[0]);
	for
		EACH(r, beta_density_table)
	expect_near(stats_beta_density(r[0], r[1], r[2]), r[3], 1e-8, r[0]);
	cr_assert_eq(stats_beta_cdf(0, 2, 3), 0);
	cr_assert_eq(stats_beta_cdf(1, 2, 3), 1);
	cr_assert_eq(stats_beta_density(0, 2, 3), 0);
	cr_assert_eq(stats_chi_square_p(0, 3), 1);
}

static void expect_interval(struct interval got, const double *want, double what)
{
	expect_near(got.low, want[0], 1e-9, what);
	expect_near(got.high, want[1], 1e-9, what);
}

Test(stats, shares_are_those_of_scipy)
{
	for
		EACH(r, wilson_table)
	expect_interval(stats_wilson((int64_t)r[0], (int64_t)r[1]), r + 2, r[0]);
	for
		EACH(r, newcombe_table)
	expect_interval(stats_newcombe((int64_t)r[0], (int64_t)r[1], (int64_t)r[2], (int64_t)r[3]), r + 4, r[0]);
	for
		EACH(r, shares_table)
		{
			struct estimate a = stats_share((int64_t)r[0], (int64_t)r[1]),
					b = stats_share((int64_t)r[2], (int64_t)r[3]);

			cr_assert(a.known && b.known);
			expect_near(stats_p(stats_difference(a, 1, b)), r[4], 1e-9, r[0]);
			expect_near(stats_difference(a, 0.9, b).value, a.value - 0.9 * b.value, 1e-12, r[0]);
			expect_near(stats_difference(a, 0.9, b).variance, a.variance + 0.81 * b.variance, 1e-12, r[0]);
			expect_near(stats_shares_difference((int64_t)r[0], (int64_t)r[1], 0.9, (int64_t)r[2],
							    (int64_t)r[3])
					    .variance,
				    a.variance + 0.81 * b.variance, 1e-12, r[0]);
		}
}

Test(stats, ratios_are_those_of_scipy)
{
	for
		EACH(r, ratio_table)
		{
			struct moments m = { 0 };
			struct estimate got;

			for (int i = 0; i < (int)r[0]; i++) /* the same people as in the script */
				moments_add(&m, 1 + i * 7 % 5, i * 11 % 4);
			got = stats_ratio(&m, 4);
			cr_assert(got.known);
			expect_near(got.value, r[1], 1e-12, r[0]);
			expect_near(got.variance, r[2], 1e-9, r[0]);
			expect_interval(stats_interval(got), r + 3, r[0]);
		}
}

Test(stats, tests_are_those_of_scipy)
{
	for
		EACH(r, always_table)
	expect_near(stats_p_always((struct estimate){ r[0], r[1], true }, r[2]), r[3], 1e-10, r[0]);
	for
		EACH(r, fit_table)
		{
			struct fit got = stats_fit((const int64_t[]){ (int64_t)r[0], (int64_t)r[1] }, r + 2, 2);

			expect_near(got.chi2, r[4], 1e-12, r[0]);
			expect_near(got.p, r[5], 1e-10, r[0]);
		}
	cr_assert_eq(stats_fit((const int64_t[]){ 0, 0 }, (const double[]){ 1, 1 }, 2).p, 1, "nobody is no mismatch");
}

/* r: how many, two parameters of each of three, then their probabilities. */
static void expect_best(int kind, const double *r)
{
	unsigned n = (unsigned)r[0];
	struct belief beliefs[3];
	double got[3];

	for (unsigned i = 0; i < 3; i++)
		beliefs[i] = (struct belief){ kind, r[1 + 2 * i], r[2 + 2 * i] };
	stats_best(beliefs, n, got);
	for (unsigned i = 0; i < n; i++)
		cr_assert_float_eq(got[i], r[7 + i], 1e-7, "%u of %u: %.9f, not %.9f", i, n, got[i], r[7 + i]);
}

Test(stats, probabilities_to_be_best_are_those_of_scipy)
{
	for
		EACH(r, best_beta_table)
	expect_best(BELIEF_BETA, r);
	for
		EACH(r, best_normal_table)
	expect_best(BELIEF_NORMAL, r);
}

Test(stats, nine_alike_have_the_same_chance)
{
	struct belief alike[STATS_BEST_MAX];
	double got[STATS_BEST_MAX];

	for (unsigned i = 0; i < STATS_BEST_MAX; i++)
		alike[i] = stats_belief_share(40, 1000);
	stats_best(alike, STATS_BEST_MAX, got);
	for (unsigned i = 0; i < STATS_BEST_MAX; i++)
		cr_assert_float_eq(got[i], 1.0 / STATS_BEST_MAX, 1e-12);
}

/* Three squares of it are more than 127 bits. */
Test(stats, people_of_the_largest_revenue)
{
	struct moments m = { 0 };

	for (int i = 1; i <= 5; i++) {
		moments_add(&m, 1, INT64_MAX);
		moments_add(&m, 1, 0);
		cr_assert_float_eq(stats_ratio(&m, 1).value, (double)INT64_MAX / 2, 1);
		cr_assert_eq(stats_ratio(&m, 1).known, i < 3);
	}
}

Test(stats, what_cannot_be_estimated_is_not_known)
{
	struct moments none = { 0 }, one = { 0 }, same = { 0 }, nothing = { 0 }, paid = { 0 };

	moments_add(&one, 10, 1);
	moments_add(&paid, 1, 7030000);
	for (int i = 1; i < 50; i++) {
		moments_add(&same, 10 * i, i);
		moments_add(&nothing, 0, 0);
	}
	cr_assert_not(stats_ratio(&none, 1).known);
	cr_assert_not(stats_ratio(&nothing, 1).known);
	cr_assert_eq(stats_ratio(&nothing, 1).value, 0);
	cr_assert_not(stats_ratio(&one, 1).known);
	cr_assert_float_eq(stats_ratio(&one, 1).value, 0.1, 1e-15);
	cr_assert_eq(stats_ratio(&paid, MICROS).value, 7.03);
	cr_assert_not(stats_ratio(&same, 1).known, "no two people differ");
	cr_assert_not(stats_share(0, 0).known);
	cr_assert_not(stats_share(0, 10).known);
	cr_assert_not(stats_share(10, 10).known);
	cr_assert(stats_share(1, 10).known);
	cr_assert_not(stats_difference(stats_share(1, 10), 1, stats_share(0, 10)).known);
	cr_assert_not(stats_shares_difference(0, 10, 1, 0, 20).known);
	cr_assert_not(stats_shares_difference(10, 10, 1, 20, 20).known);
	cr_assert_not(stats_shares_difference(1, 10, 1, 0, 0).known);
	cr_assert(stats_shares_difference(10, 10, 1, 0, 1).known);
}
