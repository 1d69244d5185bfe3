#include "query/stats.h"

#include <assert.h>
#include <math.h>

static const double z_95 = 1.959963984540054;

#define MOMENT_MAX ((__int128)(~(unsigned __int128)0 >> 1))

static void add_product(__int128 *sum, int64_t a, int64_t b)
{
	if (__builtin_add_overflow(*sum, (__int128)a * b, sum))
		*sum = MOMENT_MAX;
}

void moments_add(struct moments *m, int64_t x, int64_t y)
{
	m->n++;
	m->x += x;
	m->y += y;
	add_product(&m->xx, x, x);
	add_product(&m->xy, x, y);
	add_product(&m->yy, y, y);
}

struct estimate stats_ratio(const struct moments *m, double unit)
{
	struct estimate ret = { 0 };
	double n = (double)m->n, x = (double)m->x, ratio, squares, spread;

	if (m->x <= 0)
		return ret;
	ratio = (double)m->y / x;
	ret.value = (double)m->y / (x * unit);
	if (m->n < 2)
		return ret;
	/* the sum of (y - ratio x)^2: the mean of y - ratio x is 0 */
	squares = (double)m->yy + ratio * ratio * (double)m->xx;
	spread = squares - 2 * ratio * (double)m->xy;
	ret.variance = n / (n - 1) * spread / (x * x) / (unit * unit);
	/* less is what rounding leaves of the difference when nobody differs */
	ret.known = spread > 1e-12 * squares && m->xx < MOMENT_MAX && m->xy < MOMENT_MAX && m->yy < MOMENT_MAX;
	return ret;
}

struct estimate stats_share(int64_t k, int64_t n)
{
	struct estimate ret = { 0 };

	if (n < 1)
		return ret;
	ret.value = (double)k / (double)n;
	ret.variance = ret.value * (1 - ret.value) / (double)n;
	ret.known = n > 1 && k > 0 && k < n;
	return ret;
}

struct estimate stats_difference(struct estimate a, double factor, struct estimate b)
{
	return (struct estimate){ a.value - factor * b.value, a.variance + factor * factor * b.variance,
				  a.known && b.known };
}

struct estimate stats_shares_difference(int64_t a_k, int64_t a_n, double factor, int64_t b_k, int64_t b_n)
{
	struct estimate a = stats_share(a_k, a_n), b = stats_share(b_k, b_n), both = stats_share(a_k + b_k, a_n + b_n);

	if (a_n > 0 && b_n > 0 && !(a.known && b.known)) {
		a.variance = both.variance * (double)(a_n + b_n) / (double)a_n;
		b.variance = both.variance * (double)(a_n + b_n) / (double)b_n;
		a.known = b.known = both.known;
	}
	return stats_difference(a, factor, b);
}

struct interval stats_interval(struct estimate of)
{
	double half = z_95 * sqrt(of.variance);

	return (struct interval){ of.value - half, of.value + half };
}

struct interval stats_wilson(int64_t k, int64_t n)
{
	double people = (double)n, p = (double)k / people, z2 = z_95 * z_95, scale = 1 + z2 / people;
	double centre = (p + z2 / (2 * people)) / scale;
	double half = z_95 * sqrt(p * (1 - p) / people + z2 / (4 * people * people)) / scale;

	assert(n > 0 && k >= 0 && k <= n);
	return (struct interval){ k ? centre - half : 0, k < n ? centre + half : 1 };
}

struct interval stats_newcombe(int64_t a_k, int64_t a_n, int64_t b_k, int64_t b_n)
{
	struct interval a = stats_wilson(a_k, a_n), b = stats_wilson(b_k, b_n);
	double pa = (double)a_k / (double)a_n, pb = (double)b_k / (double)b_n;

	return (struct interval){ pa - pb - hypot(pa - a.low, b.high - pb), pa - pb + hypot(a.high - pa, pb - b.low) };
}

double stats_p(struct estimate of)
{
	return erfc(fabs(of.value) / sqrt(2 * of.variance));
}

double stats_p_always(struct estimate of, double information)
{
	double z2 = of.value * of.value / of.variance, r = information;
	double ratio_log = 0.5 * (z2 * r / (1 + r) - log1p(r));

	return ratio_log > 0 ? exp(-ratio_log) : 1;
}

struct fit stats_fit(const int64_t *people, const double *shares, unsigned n)
{
	double all = 0, of = 0, chi2 = 0;

	for (unsigned i = 0; i < n; i++) {
		all += (double)people[i];
		of += shares[i];
	}
	for (unsigned i = 0; all > 0 && i < n; i++) {
		double expected = all * shares[i] / of, off = (double)people[i] - expected;

		chi2 += off * off / expected;
	}
	return (struct fit){ chi2, n > 1 ? stats_chi_square_p(chi2, n - 1) : 1 };
}
