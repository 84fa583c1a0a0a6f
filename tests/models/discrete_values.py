#!/usr/bin/python3
"""Prints discrete_values.json: log masses of counts and their distribution functions, rows like those of density_values.json.

    discrete_values.py > discrete_values.json

Distribution functions are sums of masses, written from the definitions.
"""
from mpmath import binomial, exp, log, loggamma, mp, mpf

from density_values import print_values, univariate

mp.dps = 110  # what is one less a tail of 1e-50 has its digits too


def bernoulli(n, theta):
    return theta if n == 1 else 1 - theta


def binomial_mass(n, N, theta):
    return binomial(N, n) * theta ** n * (1 - theta) ** (N - n)


def beta_binomial(n, N, a, b):
    return binomial(N, n) * exp(log_beta(n + a, N - n + b) - log_beta(a, b))


def log_beta(a, b):
    return loggamma(a) + loggamma(b) - loggamma(a + b)


def poisson(n, rate):
    return exp(n * log(rate) - rate - loggamma(n + 1))


def neg_binomial(n, a, b):
    return exp(loggamma(n + a) - loggamma(a) - loggamma(n + 1) + a * log(b / (1 + b)) - n * log(1 + b))


def neg_binomial_2(n, mu, phi):
    return neg_binomial(n, phi, phi / mu)


def beta_neg_binomial(n, r, a, b):
    return exp(log_beta(n + r, a + b) - log_beta(r, a) + loggamma(n + b) - loggamma(n + 1) - loggamma(b))


def discrete_range(y, low, high):
    return mpf(1) / (high - low + 1) if low <= y <= high else mpf(0)


def hypergeometric(n, N, a, b):
    return binomial(a, n) * binomial(b, N - n) / binomial(a + b, N)


def yule_simon(n, a):
    return a * exp(log_beta(n, a + 1))


def lower(mass, least):
    return lambda n, *rest: sum(mass(k, *rest) for k in range(least(*rest), n + 1))


def zero(*_):
    return 0


# The mass and the least outcome.
DISTRIBUTIONS = {
    "bernoulli": (bernoulli, zero), "binomial": (binomial_mass, zero), "beta_binomial": (beta_binomial, zero),
    "discrete_range": (discrete_range, lambda low, high: low), "poisson": (poisson, zero), "neg_binomial": (neg_binomial, zero),
    "neg_binomial_2": (neg_binomial_2, zero), "beta_neg_binomial": (beta_neg_binomial, zero), "yule_simon": (yule_simon, lambda a: 1),
}
CASES_OF = {
    "bernoulli": [[0, 0.25], [[0, 0, 0], [0.25, 0.5, 0.75]]],
    "binomial": [[3, 7, 0.3125], [[0, 5], 12, [0.25, 0.75]], [300, 400, 0.875], [90, 400, 0.0625], [0, 7, 1e-12]],
    "beta_binomial": [[3, 7, 1.75, 0.75], [[0, 5, 2], 12, [0.25, 0.75, 3.0], 0.5], [3, 60, 40.0, 2.5], [57, 60, 2.5, 40.0], [30, 60, 0.25, 0.5]],
    "discrete_range": [[3, 1, 7], [[0, 2], [-3, 1], 4]],
    "poisson": [[3, 2.25], [[0, 5], [0.25, 11.5]], [200, 400.0], [150, 40.0], [2, 1e-9], [0, 30.0]],
    "neg_binomial": [[3, 1.75, 0.75], [[0, 5], [0.25, 4.0], 0.5], [60, 2.5, 4.0], [1, 40.0, 0.125]],
    "neg_binomial_2": [[3, 2.25, 1.75], [[0, 5], [0.25, 4.0], 0.5], [80, 2.5, 4.0], [1, 300.0, 40.0]],
    "beta_neg_binomial": [[3, 1.75, 2.5, 0.75], [[0, 5, 2], [0.25, 4.0, 1.0], 0.5, 1.5], [25, 4.0, 3.5, 2.0]],
    "yule_simon": [[1, 1.75], [[3, 20, 1], [0.25, 4.0, 8.0]], [60, 0.125], [40, 40.0]],
}
MASSES = {
    "neg_binomial": [[1000000000, 1.5, 1e-9], [0, 1.5, 2.0], [[3, 3, 0, 3], 1.5, 2.0], [7, 1e9, 1e9]],
    "neg_binomial_2": [[0, 1.5, 2.0], [[3, 3, 0, 3], 1.5, 2.0], [7, 5.0, 4e8]],
    "beta_neg_binomial": [[3, 1.75, 2.5, 0.75], [[0, 5, 2], [0.25, 4.0, 1.0], 0.5, 1.5], [5, 10.0, 1e6, 3.0]],
    "beta_binomial": [[3, 7, 1e7, 2e8], [[0, 5, 2], 12, [0.25, 0.75, 3.0], 0.5]],
    "discrete_range": [[3, 1, 7], [[0, 2], [-3, 1], 4]],
    "hypergeometric": [[3, 5, 4, 7], [0, 0, 0, 0], [[1, 2], 3, [2, 4], 4], [7, 20, 15, 40]],
    "yule_simon": [[1, 1.75], [[3, 20, 1], [0.25, 4.0, 8.0]], [5, 1e9]],
    "binomial": [[400, 1000, 0.5], [0, 0, 0.5]],
}


def all_functions():
    functions, cases = {}, {}
    for name, rows in MASSES.items():
        mass = {"hypergeometric": hypergeometric}.get(name) or DISTRIBUTIONS[name][0]
        functions[name] = univariate(lambda *a, mass=mass: log(mass(*a)))
        cases[name] = rows
    for name, (mass, least) in DISTRIBUTIONS.items():
        below = lower(mass, least)
        functions[f"{name}_cdf"] = lambda *a, below=below: product_over(below, a)
        functions[f"{name}_lcdf"] = univariate(lambda *a, below=below: log(below(*a)))
        functions[f"{name}_lccdf"] = univariate(lambda *a, below=below: log(1 - below(*a)))
        for end in ("cdf", "lcdf", "lccdf"):
            cases[f"{name}_{end}"] = CASES_OF[name]
    return functions, cases


def product_over(value, arguments):
    return exp(univariate(lambda *a: log(value(*a)))(*arguments))


if __name__ == "__main__":
    print_values(*all_functions())
