/*
 * The probability that one of several independent figures is the largest: the integral of its density times the
 * others' distribution functions. Gauss-Legendre between points that lie a standard deviation of each apart, so that
 * no piece is wide for any of them.
 */
#include "query/stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const double steps[] = { -24, -16, -12, -10, -8, -7, -6, -5, -4, -3, -2, -1, 0,
				1,   2,   3,   4,   5,  6,  7,  8,  10, 12, 16, 24 };
#define CUTS_MAX (STATS_BEST_MAX * ARRAY_SIZE(steps))

/* Nodes and weights of five points on [-1, 1]. */
static const double nodes[] = { -0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831, 0.9061798459386640 };
static const double weights[] = { 0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665,
				  0.2369268850561891 };

struct belief stats_belief_share(int64_t k, int64_t n)
{
	return (struct belief){ BELIEF_BETA, (double)k + 1, (double)(n - k) + 1 };
}

struct belief stats_belief(struct estimate of)
{
	return (struct belief){ BELIEF_NORMAL, of.value, sqrt(of.variance) };
}

static double mean_of(const struct belief *b)
{
	return b->kind == BELIEF_BETA ? b->a / (b->a + b->b) : b->a;
}

static double deviation_of(const struct belief *b)
{
	double sum = b->a + b->b;

	return b->kind == BELIEF_BETA ? sqrt(b->a * b->b / (sum + 1)) / sum : b->b;
}

static double cdf_of(const struct belief *b, double x)
{
	return b->kind == BELIEF_BETA ? stats_beta_cdf(x, b->a, b->b) : stats_normal_cdf((x - b->a) / b->b);
}

static double density_of(const struct belief *b, double x)
{
	double z = (x - b->a) / b->b;

	return b->kind == BELIEF_BETA ? stats_beta_density(x, b->a, b->b) : 0.3989422804014327 * exp(-z * z / 2) / b->b;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Adds what lies at x to the integral of each. */
static void add_at(const struct belief *beliefs, unsigned n, double x, double weight, double *ret)
{
	double cdf[STATS_BEST_MAX];

	for (unsigned i = 0; i < n; i++)
		cdf[i] = cdf_of(&beliefs[i], x);
	for (unsigned i = 0; i < n; i++) {
		double product = weight * density_of(&beliefs[i], x);

		for (unsigned j = 0; j < n; j++)
			product *= j == i ? 1 : cdf[j];
		ret[i] += product;
	}
}

void stats_best(const struct belief *beliefs, unsigned n, double *ret)
{
	double cuts[CUTS_MAX], sum = 0;
	unsigned m = 0;

	assert(n >= 1 && n <= STATS_BEST_MAX);
	for (unsigned i = 0; i < n; i++) {
		ret[i] = 0;
		for (unsigned s = 0; s < ARRAY_SIZE(steps); s++) {
			double x = mean_of(&beliefs[i]) + steps[s] * deviation_of(&beliefs[i]);

			cuts[m++] = beliefs[i].kind == BELIEF_BETA ? fmin(fmax(x, 0), 1) : x;
		}
	}
	qsort(cuts, m, sizeof(*cuts), by_value);
	for (unsigned c = 0; c + 1 < m; c++) {
		double half = (cuts[c + 1] - cuts[c]) / 2, middle = (cuts[c] + cuts[c + 1]) / 2;

		for (unsigned k = 0; half > 0 && k < ARRAY_SIZE(nodes); k++)
			add_at(beliefs, n, middle + half * nodes[k], half * weights[k], ret);
	}
	for (unsigned i = 0; i < n; i++)
		sum += ret[i];
	for (unsigned i = 0; i < n; i++)
		ret[i] /= sum;
}
