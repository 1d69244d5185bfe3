#!/usr/bin/python3
"""The numbers that tests/query/test_stats.c compares with, by SciPy (python3-scipy): stats_tables.py >tests/query/stats_tables.h"""
import itertools
import math

import numpy
import scipy
from scipy import integrate, stats


TABLES = {}


def row(name, *values):
    TABLES.setdefault(name, []).append(values)


def wilson(k, n):
    interval = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    return interval.low, interval.high


def chances(distributions):
    """How probable each is the largest, by adaptive quadrature over where it lies."""
    result = []
    for i, one in enumerate(distributions):
        others = [d for j, d in enumerate(distributions) if j != i]
        points = sorted(d.ppf(q) for d in distributions for q in (1e-12, 1e-4, 0.1, 0.5, 0.9, 1 - 1e-4, 1 - 1e-12))
        result.append(sum(integrate.quad(lambda x: one.pdf(x) * math.prod(d.cdf(x) for d in others), low, high,
                                         epsabs=1e-13, limit=200)[0] for low, high in itertools.pairwise(points)))
    return result


def best(name, parameters, make):
    padded = [p for one in parameters for p in one] + [0.0] * (2 * (3 - len(parameters)))
    found = chances([make(*p) for p in parameters])
    row(name, len(parameters), *padded, *(found + [0.0] * (3 - len(found))))


for z in (-6.0, -1.959963984540054, -0.3, 0.0, 0.5, 2.5, 5.0):
    row("normal", z, stats.norm.cdf(z))
for x, degrees in ((0.001, 1), (3.84, 1), (10.83, 1), (60.0, 1), (0.5, 2), (9.21, 2), (8.0, 8), (40.0, 8)):
    row("chi_square", x, degrees, stats.chi2.sf(x, degrees))
for x, a, b in ((0.5, 1, 1), (0.01, 1, 100), (0.02, 21, 981), (0.3, 3, 9), (0.05, 5001, 95001), (0.0502, 5001, 95001),
                (0.999, 40, 2), (1e-5, 2, 200000)):
    row("beta", x, a, b, stats.beta.cdf(x, a, b))
    row("beta_density", x, a, b, stats.beta.pdf(x, a, b))
for k, n in ((0, 10), (1, 10), (10, 10), (5, 1000), (333, 1000), (12345, 100000)):
    row("wilson", k, n, *wilson(k, n))
for a_k, a_n, b_k, b_n in ((56, 70, 48, 80), (9, 10, 3, 10), (0, 20, 0, 10), (520, 10000, 480, 10000)):
    a, b, d = wilson(a_k, a_n), wilson(b_k, b_n), a_k / a_n - b_k / b_n
    row("newcombe", a_k, a_n, b_k, b_n, d - math.hypot(a_k / a_n - a[0], b[1] - b_k / b_n),
        d + math.hypot(a[1] - a_k / a_n, b_k / b_n - b[0]))
    p, q = a_k / a_n, b_k / b_n
    if 0 < q < 1:
        z = d / math.sqrt(p * (1 - p) / a_n + q * (1 - q) / b_n)
        row("shares", a_k, a_n, b_k, b_n, 2 * stats.norm.sf(abs(z)))
for n in (2, 10, 1000):
    i = numpy.arange(n)
    x, y = 1.0 + i * 7 % 5, (i * 11 % 4) * 0.25
    ratio = y.sum() / x.sum()
    variance = numpy.var((y - ratio * x) / x.mean(), ddof=1) / n
    row("ratio", n, ratio, variance, *stats.norm.interval(0.95, ratio, math.sqrt(variance)))
for d, variance, information in ((0.0, 1.0, 1.0), (3.0, 1.0, 1.0), (3.66, 1.0, 1.0), (-0.02, 2.5e-5, 4.0), (4.0, 1.0, 0.1)):
    null, mixed = stats.norm(0, math.sqrt(variance)), stats.norm(0, math.sqrt(variance * (1 + information)))
    row("always", d, variance, information, min(1, null.pdf(d) / mixed.pdf(d)))
for people, shares in (((5000, 5000), (1, 1)), ((5200, 4800), (1, 1)), ((821, 1588), (1, 2))):
    found = stats.chisquare(people, [sum(people) * s / sum(shares) for s in shares])
    row("fit", *people, *shares, found.statistic, found.pvalue)
best("best_beta", [(1, 1), (1, 1)], stats.beta)
best("best_beta", [(21, 981), (31, 971)], stats.beta)
best("best_beta", [(1, 11), (3, 9), (2, 400)], stats.beta)
best("best_beta", [(5001, 95001), (5101, 94901), (90, 1912)], stats.beta)
best("best_normal", [(0, 1), (1, 1)], stats.norm)
best("best_normal", [(2.31, 0.04), (2.4, 0.05), (2.0, 0.5)], stats.norm)
best("best_normal", [(1, 0.001), (1, 1), (1.5, 0.3)], stats.norm)

print(f"/* Made by tests/reference/stats_tables.py with SciPy {scipy.__version__}. */")
for table, rows in TABLES.items():
    print(f"static const double {table}_table[][{len(rows[0])}] = {{")
    for values in rows:
        print("\t{ " + ", ".join(f"{float(v)!r}" for v in values) + " },")
    print("};")
