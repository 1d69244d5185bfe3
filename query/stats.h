/*
 * stats.h - what may be said of figures that chance has a part in: intervals, differences, probabilities.
 *
 * The unit is a person. A figure that is a ratio of two sums over people (clicks / impressions, revenue / sessions) has
 * the variance of the delta method, since what one person does hangs together: A. Deng, U. Knoblich, J. Lu, "Applying the
 * Delta Method in Metric Analytics", KDD 2018, formula 3. A share of people has Wilson's interval (E. B. Wilson, JASA 22,
 * 1927), a difference of two shares Newcombe's (R. G. Newcombe, Statistics in Medicine 17, 1998, method 10).
 *
 * Everything is a function of its arguments, the same on every machine with IEEE doubles: no simulation, no random.
 * tests/query/stats_tables.h has the same numbers as SciPy gives them. Intervals are those of 95 %.
 * Thread: any.
 */
#ifndef AISLE_QUERY_STATS_H
#define AISLE_QUERY_STATS_H

#include "schemas/base.h"

#define STATS_BEST_MAX 9 /* variants that stats_best compares */

/*
 * A figure and what chance moves it by. Not known: fewer than two people, nothing to divide by, no two people differ, or
 * they have too much.
 */
struct estimate {
	double value, variance;
	bool known;
};

struct interval {
	double low, high;
};

/*
 * Sums over people of x, y >= 0 and their products: exact, so that no order of people gives other figures. All zero: nobody.
 * A sum of products that would be too large is as large as can be, and an estimate of it not known.
 */
struct moments {
	int64_t n;
	__int128 x, y, xx, xy, yy;
};

void moments_add(struct moments *m, int64_t x, int64_t y);

/* Sum of y / sum of x, in units of `unit`: MICROS of micros. */
struct estimate stats_ratio(const struct moments *m, double unit);
/* k of n people, 0 <= k <= n. */
struct estimate stats_share(int64_t k, int64_t n);
/* a - factor * b, of other people each. */
struct estimate stats_difference(struct estimate a, double factor, struct estimate b);
/*
 * The same of shares a_k / a_n and b_k / b_n. Where nobody or everybody of one side is counted, its own variance is 0, and
 * both have that of the two together (the pooled test); not known: nobody or everybody of both.
 */
struct estimate stats_shares_difference(int64_t a_k, int64_t a_n, double factor, int64_t b_k, int64_t b_n);

/* By the normal distribution; all of these of 95 %, and of estimates that are known and n > 0. */
struct interval stats_interval(struct estimate of);
struct interval stats_wilson(int64_t k, int64_t n);
/* a_k / a_n - b_k / b_n. */
struct interval stats_newcombe(int64_t a_k, int64_t a_n, int64_t b_k, int64_t b_n);

/* How probable a value at least so far from 0 is, on either side, when the true one is 0. */
double stats_p(struct estimate of);

/*
 * The same for a figure that is looked at as often as one likes while people come in: below x at any look with at most
 * probability x (R. Johari, P. Koomen, L. Pekelis, D. Walsh, "Peeking at A/B Tests", KDD 2017: the mixture sequential
 * probability ratio test, whose mixture has the variance that the figure has with the people it is planned for).
 * information: people / people planned for, above 0.
 */
double stats_p_always(struct estimate of, double information);

/* What is believed of a figure: BETA by shape a, b >= 1; NORMAL by mean a, standard deviation b > 0. */
struct belief {
	enum { BELIEF_NORMAL, BELIEF_BETA } kind;
	double a, b;
};

/* Of k of n people, when any share was as likely before. */
struct belief stats_belief_share(int64_t k, int64_t n);
/* Of an estimate that is known. */
struct belief stats_belief(struct estimate of);
/* How probable each of n <= STATS_BEST_MAX is the largest: ret[i]; they add up to 1. By numeric integration. */
void stats_best(const struct belief *beliefs, unsigned n, double *ret);

/* People per variant against the shares they should have (any positive scale): chi-square, and its p with n - 1 degrees. */
struct fit {
	double chi2, p;
};
struct fit stats_fit(const int64_t *people, const double *shares, unsigned n);

/* Distributions (stats_special.c). */
double stats_normal_cdf(double z);
double stats_chi_square_p(double x, unsigned degrees); /* of a value at least x */
double stats_beta_cdf(double x, double a, double b);
double stats_beta_density(double x, double a, double b);

#endif
