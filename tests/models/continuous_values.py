#!/usr/bin/python3
"""Prints continuous_values.json: log densities and distribution functions of real outcomes with their derivatives, from
50-digit arithmetic, in both tails.

    continuous_values.py > continuous_values.json      (half a minute; only some distributions: their names behind it)

Formulas are written from the definitions, not from the program's. Each distribution has its density and two functions that
keep their digits: the probabilities below and above.
"""
import sys
from functools import cache

from mpmath import atan, besseli, betainc, cos, erfc, exp, gamma, gammainc, hyp2f1, log, loggamma, mp, mpf, pi, sqrt
from mpmath.calculus.quadrature import GaussLegendre

from density_values import print_rows, row_of, univariate

HALF = mpf(1) / 2
NODES = GaussLegendre(mp).calc_nodes(4, 600)


def integral(f, ends):
    """By 24 points in each piece: exact to 25 digits where a piece is about as wide as the function's features."""
    result = mpf(0)
    for left, right in zip(ends, ends[1:]):
        middle, half = (left + right) / 2, (right - left) / 2
        result += half * sum(w * f(middle + half * x) for x, w in NODES)
    return result


def phi(z):
    return exp(-z * z / 2) / sqrt(2 * pi)


def normal_below(z):
    return erfc(-z / sqrt(2)) / 2


def cauchy_below(z):
    return atan(-1 / z) / pi if z < 0 else HALF + atan(z) / pi


def student_t_below(t, nu):
    if t * t < nu:
        density_at_0 = gamma((nu + 1) / 2) / gamma(nu / 2) / sqrt(pi * nu)
        return HALF + t * density_at_0 * hyp2f1(HALF, (nu + 1) / 2, HALF * 3, -t * t / nu)
    tail = betainc(nu / 2, HALF, 0, nu / (nu + t * t), regularized=True) / 2
    return tail if t <= 0 else 1 - tail


def laplace_below(z):
    return exp(z) / 2 if z < 0 else 1 - exp(-z) / 2


def logistic_below(z):
    return 1 / (1 + exp(-z))


def gamma_below(a, x):
    return gammainc(a, 0, x, regularized=True)


def gamma_above(a, x):
    return gammainc(a, x, mp.inf, regularized=True)


def beta_below(y, a, b):
    return betainc(a, b, 0, y, regularized=True)


def log_beta_density(y, a, b):
    return (a - 1) * log(y) + (b - 1) * log(1 - y) + loggamma(a + b) - loggamma(a) - loggamma(b)


def log_gamma_density(y, a, b):
    return a * log(b) - loggamma(a) + (a - 1) * log(y) - b * y


def log_inv_gamma_density(y, a, b):
    return log_gamma_density(1 / y, a, b) - 2 * log(y)


def skew_laplace_density(z, tau):
    return log(2 * tau * (1 - tau)) + (2 * (1 - tau) * z if z < 0 else -2 * tau * z)


def skew_laplace_below(z, tau):
    return tau * exp(2 * (1 - tau) * z) if z < 0 else 1 - (1 - tau) * exp(-2 * tau * z)


def exp_mod_part(z, v):
    return exp(v * v / 2 - v * z) * normal_below(z - v)


@cache
def skew_normal_below(z, alpha):
    if z > 0:
        return 1 - skew_normal_below(-z, -alpha)
    return integral(lambda t: 2 * phi(t) * normal_below(alpha * t), [z - k for k in (15, 9, 6, 4, 3, 2, 1, 0)])


def von_mises_below(y, mu, kappa):
    pieces = [-pi + (y + pi) * k / 6 for k in range(7)]
    return integral(lambda t: exp(kappa * cos(t - mu)), pieces) / (2 * pi * besseli(0, kappa))


# name: log density, probability below, probability above
DISTRIBUTIONS = {
    "normal": (lambda y, m, s: log(phi((y - m) / s) / s), lambda y, m, s: normal_below((y - m) / s),
               lambda y, m, s: normal_below((m - y) / s)),
    "std_normal": (lambda y: log(phi(y)), normal_below, lambda y: normal_below(-y)),
    "cauchy": (lambda y, m, s: -log(pi * s * (1 + ((y - m) / s) ** 2)), lambda y, m, s: cauchy_below((y - m) / s),
               lambda y, m, s: cauchy_below((m - y) / s)),
    "student_t": (lambda y, nu, m, s: loggamma((nu + 1) / 2) - loggamma(nu / 2) - log(pi * nu) / 2 - log(s)
                  - (nu + 1) / 2 * log(1 + ((y - m) / s) ** 2 / nu),
                  lambda y, nu, m, s: student_t_below((y - m) / s, nu), lambda y, nu, m, s: student_t_below((m - y) / s, nu)),
    "double_exponential": (lambda y, m, s: -abs(y - m) / s - log(2 * s), lambda y, m, s: laplace_below((y - m) / s),
                           lambda y, m, s: laplace_below((m - y) / s)),
    "logistic": (lambda y, m, s: log(logistic_below((y - m) / s)) + log(logistic_below((m - y) / s)) - log(s),
                 lambda y, m, s: logistic_below((y - m) / s), lambda y, m, s: logistic_below((m - y) / s)),
    "gumbel": (lambda y, m, s: -(y - m) / s - exp(-(y - m) / s) - log(s), lambda y, m, s: exp(-exp(-(y - m) / s)),
               lambda y, m, s: -mp.expm1(-exp(-(y - m) / s))),
    "skew_normal": (lambda y, m, s, a: log(2 * phi((y - m) / s) / s * normal_below(a * (y - m) / s)),
                    lambda y, m, s, a: skew_normal_below((y - m) / s, a), lambda y, m, s, a: skew_normal_below((m - y) / s, -a)),
    "skew_double_exponential": (lambda y, m, s, tau: skew_laplace_density((y - m) / s, tau) - log(s),
                                lambda y, m, s, tau: skew_laplace_below((y - m) / s, tau),
                                lambda y, m, s, tau: skew_laplace_below((m - y) / s, 1 - tau)),
    "exp_mod_normal": (lambda y, m, s, v: log(v * exp_mod_part((y - m) / s, s * v)),
                       lambda y, m, s, v: normal_below((y - m) / s) - exp_mod_part((y - m) / s, s * v),
                       lambda y, m, s, v: normal_below((m - y) / s) + exp_mod_part((y - m) / s, s * v)),
    "exponential": (lambda y, b: log(b) - b * y, lambda y, b: -mp.expm1(-b * y), lambda y, b: exp(-b * y)),
    "gamma": (log_gamma_density, lambda y, a, b: gamma_below(a, b * y), lambda y, a, b: gamma_above(a, b * y)),
    "inv_gamma": (log_inv_gamma_density, lambda y, a, b: gamma_above(a, b / y), lambda y, a, b: gamma_below(a, b / y)),
    "chi_square": (lambda y, nu: log_gamma_density(y, nu / 2, HALF), lambda y, nu: gamma_below(nu / 2, y / 2),
                   lambda y, nu: gamma_above(nu / 2, y / 2)),
    "inv_chi_square": (lambda y, nu: log_inv_gamma_density(y, nu / 2, HALF), lambda y, nu: gamma_above(nu / 2, 1 / (2 * y)),
                       lambda y, nu: gamma_below(nu / 2, 1 / (2 * y))),
    "scaled_inv_chi_square": (lambda y, nu, s: log_inv_gamma_density(y, nu / 2, nu * s * s / 2),
                              lambda y, nu, s: gamma_above(nu / 2, nu * s * s / (2 * y)),
                              lambda y, nu, s: gamma_below(nu / 2, nu * s * s / (2 * y))),
    "weibull": (lambda y, a, s: log(a / s) + (a - 1) * log(y / s) - (y / s) ** a, lambda y, a, s: -mp.expm1(-((y / s) ** a)),
                lambda y, a, s: exp(-((y / s) ** a))),
    "frechet": (lambda y, a, s: log(a / s) - (a + 1) * log(y / s) - (y / s) ** -a, lambda y, a, s: exp(-((y / s) ** -a)),
                lambda y, a, s: -mp.expm1(-((y / s) ** -a))),
    "rayleigh": (lambda y, s: log(y / s ** 2) - y * y / (2 * s * s), lambda y, s: -mp.expm1(-y * y / (2 * s * s)),
                 lambda y, s: exp(-y * y / (2 * s * s))),
    "lognormal": (lambda y, m, s: log(phi((log(y) - m) / s) / (s * y)), lambda y, m, s: normal_below((log(y) - m) / s),
                  lambda y, m, s: normal_below((m - log(y)) / s)),
    "loglogistic": (lambda y, a, b: log(b / a) + (b - 1) * log(y / a) - 2 * log(1 + (y / a) ** b),
                    lambda y, a, b: 1 / (1 + (y / a) ** -b), None),
    "pareto": (lambda y, m, a: log(a) + a * log(m) - (a + 1) * log(y), lambda y, m, a: -mp.expm1(a * log(m / y)),
               lambda y, m, a: (m / y) ** a),
    "pareto_type_2": (lambda y, m, s, a: log(a / s) - (a + 1) * log(1 + (y - m) / s),
                      lambda y, m, s, a: -mp.expm1(-a * log(1 + (y - m) / s)), lambda y, m, s, a: (1 + (y - m) / s) ** -a),
    "beta": (log_beta_density, beta_below, lambda y, a, b: beta_below(1 - y, b, a)),
    "beta_proportion": (lambda y, m, k: log_beta_density(y, m * k, k - m * k), lambda y, m, k: beta_below(y, m * k, k - m * k),
                        lambda y, m, k: beta_below(1 - y, k - m * k, m * k)),
    "uniform": (lambda y, a, b: -log(b - a), lambda y, a, b: (y - a) / (b - a), lambda y, a, b: (b - y) / (b - a)),
    "von_mises": (lambda y, m, k: k * cos(y - m) - log(2 * pi * besseli(0, k)), von_mises_below,
                  lambda y, m, k: 1 - von_mises_below(y, m, k)),
}
WITHOUT = {"beta_proportion_cdf", "loglogistic_lcdf", "loglogistic_lccdf"}  # Stan has none

# The middle, one tail, the other; then containers.
LOCATION = [[0.3, 0.4, 2.1], [0.4, 0.4, 2.1], [-22.0, 0.5, 0.75], [19.5, 0.5, 0.75], [[0.5, 1.5, -3.0], 0.25, [1.25, 0.5, 2.0]]]
POSITIVE = [[1.3, 0.4, 2.1], [0.0009765625, 4.5, 0.75], [30.0, 0.5, 0.75], [60.0, 3.5, 4.0], [[0.5, 8.0], 1.5, [0.75, 2.0]]]
CASES = {
    "normal": LOCATION, "cauchy": LOCATION, "double_exponential": LOCATION, "logistic": LOCATION,
    "std_normal": [[0.5], [-9.75], [-30.0], [9.75], [[1.5, -0.5]]],
    "gumbel": [[0.3, 0.4, 2.1], [-3.0, 0.5, 0.75], [60.0, 0.5, 0.75], [[0.5, 1.5], 0.25, [1.25, 0.5]]],
    "student_t": [[0.0, 3.0, 0.0, 10.0], [1.5, 2.5, 0.25, 0.5], [-900.0, 4.0, 0.0, 1.0], [900.0, 4.0, 0.0, 1.0],
                  [0.5, 80.0, 0.25, 1.5], [-20.0, 80.0, 0.25, 1.5], [[1.0, 2.0], 3.0, 0.0, 2.5]],
    "skew_normal": [[0.3, 0.4, 2.1, 1.5], [-3.5, 0.5, 0.75, -2.0], [3.5, 0.5, 0.75, 2.0], [[0.5, 1.5], 0.25, 1.25, [0.5, -3.0]]],
    "skew_double_exponential": [[0.3, 0.4, 2.1, 0.25], [-22.0, 0.5, 0.75, 0.25], [22.0, 0.5, 0.75, 0.25], [[0.5, 0.0], 0.25, 1.25, [0.5, 0.75]]],
    "exp_mod_normal": [[0.3, 0.4, 2.1, 0.5], [-22.0, 0.5, 0.75, 0.25], [22.0, 0.5, 0.75, 1.25], [1.5, 0.5, 0.25, 40.0], [-2.5, 0.5, 0.25, 40.0],
                       [[0.5, 0.0], 0.25, 1.25, [0.5, 3.0]]],
    "exponential": [[1.3, 0.4], [1e-9, 0.5], [400.0, 1.5], [[0.5, 8.0], 1.5]],
    "gamma": POSITIVE + [[1e-10, 1.5, 2.0], [500.0, 2.5, 1.0], [20.0, 30.0, 1.0]],
    "inv_gamma": [[1.3, 0.4, 2.1], [60.0, 3.5, 4.0], [[0.5, 8.0], 1.5, [0.75, 2.0]], [0.004, 1.5, 2.0], [1e20, 2.5, 1.0]],
    "chi_square": [[1.3, 0.4], [1e-20, 3.0], [900.0, 5.0], [[0.5, 8.0], 1.5]],
    "inv_chi_square": [[1.3, 0.4], [0.001, 3.0], [1e20, 5.0], [[0.5, 8.0], 1.5]],
    "scaled_inv_chi_square": [[1.3, 0.4, 2.1], [0.02, 5.0, 1.5], [1e10, 5.0, 0.5], [[0.5, 8.0], 1.5, [0.75, 2.0]]],
    "weibull": [[1.3, 0.4, 2.1], [0.0009765625, 1.5, 0.75], [30.0, 1.5, 0.75], [[0.5, 8.0], 1.5, [0.75, 2.0]]],
    "frechet": [[1.3, 0.4, 2.1], [0.0625, 1.5, 2.75], [3e10, 1.5, 0.75], [[0.5, 8.0], 1.5, [0.75, 2.0]]],
    "rayleigh": [[1.3, 0.4], [1e-9, 0.5], [30.0, 1.5], [[0.5, 3.0], 1.5]],
    "lognormal": POSITIVE,
    "loglogistic": [[1.3, 0.4, 2.1], [0.0009765625, 1.5, 3.75], [30.0, 1.5, 0.75], [[0.5, 8.0], 1.5, [0.75, 2.0]]],
    "pareto": [[1.3, 0.4, 2.1], [0.50001, 0.5, 0.75], [3e10, 0.5, 0.75], [[2.5, 8.0], 1.5, [0.75, 2.0]]],
    "pareto_type_2": [[1.3, 0.4, 2.1, 0.75], [0.50001, 0.5, 0.75, 3.0], [3e10, 0.5, 0.75, 1.5], [[2.5, 8.0], 1.5, [0.75, 2.0], 1.5]],
    "beta": [[0.3, 2.4, 0.7], [1e-10, 5.5, 2.0], [0.9999, 2.0, 30.0], [0.25, 80.0, 120.0], [[0.25, 0.75], 0.5, [1.5, 2.0]]],
    "beta_proportion": [[0.3, 0.75, 2.4], [1e-10, 0.5, 6.0], [0.99, 0.25, 40.0], [[0.25, 0.75], 0.5, [1.5, 2.0]]],
    "uniform": [[0.3, -1.0, 2.0], [[0.25, 0.75], -0.5, [1.5, 2.0]]],
    "von_mises": [[0.3, -1.0, 2.0], [-3.0, 0.5, 0.75], [2.5, 8.0, 5.0], [-2.25, -2.5, 40.0], [[0.25, 0.75], 0.5, [1.5, 0.25]]],
}


def log_of_smaller(probability, complement):
    def value(*arguments):
        p = probability(*arguments)
        return log(p) if p < HALF else mp.log1p(-complement(*arguments))

    return value


def cdf_row(lcdf_row):
    cdf = exp(lcdf_row["value"])
    gradient = [[cdf * slope for slope in slopes] for slopes in lcdf_row["gradient"]]
    return {**lcdf_row, "name": lcdf_row["name"].replace("_lcdf", "_cdf"), "value": cdf, "gradient": gradient}


def main():
    rows = []
    for name, (log_density, below, above) in DISTRIBUTIONS.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        for case in CASES[name]:
            rows.append(row_of(name, univariate(log_density), case))
            above = above or (lambda *a, f=below: 1 - f(*a))
            rows.append(row_of(f"{name}_lcdf", univariate(log_of_smaller(below, above)), case))
            rows.append(cdf_row(rows[-1]))
            rows.append(row_of(f"{name}_lccdf", univariate(log_of_smaller(above, below)), case))
    print_rows([row for row in rows if row["name"] not in WITHOUT])


if __name__ == "__main__":
    main()
