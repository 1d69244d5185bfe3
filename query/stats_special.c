/*
 * Distribution functions: incomplete gamma and beta by series and continued fractions (Lentz), as in W. H. Press et al.,
 * Numerical Recipes, 3rd edition, 6.2 and 6.4.
 */
#include "query/stats.h"

#include <float.h>
#include <math.h>

#define TERMS_MAX 10000
#define TINY (DBL_MIN / DBL_EPSILON)

static double log_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

double stats_normal_cdf(double z)
{
	return 0.5 * erfc(-z * M_SQRT1_2);
}

static double not_zero(double x)
{
	return fabs(x) < TINY ? TINY : x;
}

/* The regularised lower incomplete gamma function for x < a + 1. */
static double gamma_series(double a, double x)
{
	double term = 1 / a, sum = term;

	for (int n = 1; n < TERMS_MAX && term > sum * DBL_EPSILON; n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum * exp(a * log(x) - x - log_gamma(a));
}

/* The upper one for x >= a + 1. */
static double gamma_fraction(double a, double x)
{
	double b = x + 1 - a, c = 1 / TINY, d = 1 / b, h = d;

	for (int n = 1; n < TERMS_MAX; n++) {
		double an = -n * (n - a), step;

		b += 2;
		d = 1 / not_zero(an * d + b);
		c = not_zero(b + an / c);
		step = c * d;
		h *= step;
		if (fabs(step - 1) <= DBL_EPSILON)
			break;
	}
	return h * exp(a * log(x) - x - log_gamma(a));
}

double stats_chi_square_p(double x, unsigned degrees)
{
	double a = degrees / 2.0, half = x / 2;

	if (half <= 0 || !degrees)
		return 1;
	return half < a + 1 ? 1 - gamma_series(a, half) : gamma_fraction(a, half);
}

static double beta_fraction(double x, double a, double b)
{
	double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), h = d;

	for (int m = 1; m < TERMS_MAX; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double step;

		d = 1 / not_zero(1 + even * d);
		c = not_zero(1 + even / c);
		h *= d * c;
		d = 1 / not_zero(1 + odd * d);
		c = not_zero(1 + odd / c);
		step = d * c;
		h *= step;
		if (fabs(step - 1) <= DBL_EPSILON)
			break;
	}
	return h;
}

/* x^a (1 - x)^b / B(a, b), 0 < x < 1 */
static double beta_power(double x, double a, double b)
{
	return exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
}

double stats_beta_cdf(double x, double a, double b)
{
	if (x <= 0)
		return 0;
	if (x >= 1)
		return 1;
	if (x < (a + 1) / (a + b + 2))
		return beta_power(x, a, b) * beta_fraction(x, a, b) / a;
	return 1 - beta_power(x, a, b) * beta_fraction(1 - x, b, a) / b;
}

double stats_beta_density(double x, double a, double b)
{
	return x <= 0 || x >= 1 ? 0 : beta_power(x, a, b) / (x * (1 - x));
}
