#!/usr/bin/python3
"""Prints discrete_values.json: log masses of counts and their distribution functions, rows like those of density_values.json.

    discrete_values.py > discrete_values.json

Distribution functions are sums of masses, written from the definitions.
"""
from mpmath import beta, binomial, exp, gamma, hyp2f1, inf, log, loggamma, mpf, nsum

from density_values import each, over, print_values, univariate


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


def above(mass, greatest, terms=None):
    """The masses above n: all of them, or those that matter."""
    return lambda n, *rest: sum(mass(k, *rest) for k in range(n + 1, (greatest(*rest) if greatest else n + terms) + 1))


def zero(*_):
    return 0


def first(N, *_):
    return N


DISTRIBUTIONS = {
    "bernoulli": (bernoulli, zero, lambda *_: 1), "binomial": (binomial_mass, zero, first),
    "beta_binomial": (beta_binomial, zero, first), "discrete_range": (discrete_range, lambda l, u: l, lambda l, u: u),
    "poisson": (poisson, zero, None), "neg_binomial": (neg_binomial, zero, None), "neg_binomial_2": (neg_binomial_2, zero, None),
    "beta_neg_binomial": (beta_neg_binomial, zero, None), "yule_simon": (yule_simon, lambda *_: 1, None),
}
UPPER = {"yule_simon": lambda n, a: exp(loggamma(n + 1) + loggamma(a + 1) - loggamma(n + a + 1)),
         "beta_neg_binomial": lambda n, *rest: 1 - lower(beta_neg_binomial, zero)(n, *rest)}
CASES_OF = {
    "bernoulli": [[0, 0.25], [[0, 0, 0], [0.25, 0.5, 0.75]]],
    "binomial": [[3, 7, 0.3125], [[0, 5], 12, [0.25, 0.75]], [90, 400, 0.875], [310, 400, 0.0625], [0, 7, 1e-12]],
    "beta_binomial": [[3, 7, 1.75, 0.75], [[0, 5, 2], 12, [0.25, 0.75, 3.0], 0.5], [3, 60, 40.0, 2.5], [57, 60, 2.5, 40.0], [30, 60, 0.25, 0.5]],
    "discrete_range": [[3, 1, 7], [[0, 2], [-3, 1], 4]],
    "poisson": [[3, 2.25], [[0, 5], [0.25, 11.5]], [40, 400.0], [400, 40.0], [2, 1e-9], [0, 30.0]],
    "neg_binomial": [[3, 1.75, 0.75], [[0, 5], [0.25, 4.0], 0.5], [200, 2.5, 4.0], [1, 40.0, 0.125]],
    "neg_binomial_2": [[3, 2.25, 1.75], [[0, 5], [0.25, 4.0], 0.5], [300, 2.5, 4.0], [1, 300.0, 40.0]],
    "beta_neg_binomial": [[3, 1.75, 2.5, 0.75], [[0, 5, 2], [0.25, 4.0, 1.0], 0.5, 1.5], [25, 4.0, 3.5, 2.0]],
    "yule_simon": [[1, 1.75], [[3, 20, 1], [0.25, 4.0, 8.0]], [1000, 0.125], [200, 40.0]],
}
OUTSIDE = {"bernoulli": [[-1, 0.25], [1, 0.25], [5, 0.25]], "binomial": [[-1, 4, 0.5], [4, 4, 0.5], [9, 4, 0.5]],
           "beta_binomial": [[-1, 4, 0.5, 2.0], [4, 4, 0.5, 2.0]], "discrete_range": [[0, 1, 3], [3, 1, 3], [4, 1, 3]], "poisson": [[-1, 2.5]],
           "neg_binomial": [[-2, 1.5, 2.0]], "neg_binomial_2": [[-2, 1.5, 2.0]], "beta_neg_binomial": [[-1, 1.5, 2.0, 2.0]], "yule_simon": [[0, 1.5]]}
MASSES = {
    "neg_binomial": [[1000000000, 1.5, 1e-9], [0, 1.5, 2.0], [[3, 3, 0, 3], 1.5, 2.0], [7, 1e9, 1e9]],
    "neg_binomial_2": [[1000000000, 2e9, 1.5], [0, 1.5, 2.0], [[3, 3, 0, 3], 1.5, 2.0], [7, 5.0, 1e10]],
    "beta_neg_binomial": [[3, 1.75, 2.5, 0.75], [[0, 5, 2], [0.25, 4.0, 1.0], 0.5, 1.5], [5, 1e7, 1e8, 1e6]],
    "beta_binomial": [[3, 7, 1e8, 2e8], [[0, 5, 2], 12, [0.25, 0.75, 3.0], 0.5]],
    "discrete_range": [[3, 1, 7], [[0, 2], [-3, 1], 4]],
    "hypergeometric": [[3, 5, 4, 7], [0, 0, 0, 0], [[1, 2], 3, [2, 4], 4], [20, 1000000, 30, 1000000000]],
    "yule_simon": [[1, 1.75], [[3, 20, 1], [0.25, 4.0, 8.0]], [5, 1e9]],
    "binomial": [[400000000, 1000000000, 0.5], [0, 0, 0.5]],
}


def all_functions():
    functions, cases = {}, {}
    for name, rows in MASSES.items():
        mass = {"hypergeometric": hypergeometric}.get(name) or DISTRIBUTIONS[name][0]
        functions[name] = univariate(lambda *a, mass=mass: log(mass(*a)))
        cases[name] = rows
    for name, (mass, least, greatest) in DISTRIBUTIONS.items():
        below = lower(mass, least)
        upper = UPPER.get(name) or above(mass, greatest, 1500)
        functions[f"{name}_cdf"] = lambda *a, below=below: product_over(below, a)
        functions[f"{name}_lcdf"] = univariate(lambda *a, below=below: log(below(*a)))
        functions[f"{name}_lccdf"] = univariate(lambda *a, upper=upper: log(upper(*a)))
        for end in ("cdf", "lcdf", "lccdf"):
            cases[f"{name}_{end}"] = CASES_OF[name]
    return functions, cases


def product_over(value, arguments):
    return exp(univariate(lambda *a: log(value(*a)))(*arguments))


if __name__ == "__main__":
    print_values(*all_functions())
