#!/usr/bin/python3
"""Prints density_values.json: log densities and log distribution functions with their derivatives, from 50-digit arithmetic.

    density_values.py > density_values.json

Formulas are written from the definitions, not from the program's. A derivative is a list like its argument; integers have none.
"""
import json

from mpmath import atan, betainc, diff, erfc, exp, gamma, loggamma, log, mp, mpf, pi, sqrt

mp.dps = 50


def normal_cdf(z):
    return erfc(-z / sqrt(2)) / 2


def logistic_cdf(z):
    return 1 / (1 + exp(-z))


def student_t_above(t, nu):
    tail = betainc(nu / 2, mpf(1) / 2, 0, nu / (nu + t * t), regularized=True) / 2
    return tail if t >= 0 else 1 - tail


def laplace_cdf(z):
    return exp(z) / 2 if z < 0 else 1 - exp(-z) / 2


def dot(x, beta):
    return sum(a * b for a, b in zip(x, beta))


def each(value, i):
    return value[i] if isinstance(value, list) else value


def over(count, term):
    return sum(term(i) for i in range(count))


def regression(term):
    def value(y, x, alpha, beta, *scale):
        rows = x if isinstance(x[0], list) else [x] * (len(y) if isinstance(y, list) else 1)
        return over(len(rows), lambda i: term(each(y, i), each(alpha, i) + dot(rows[i], beta), *(each(s, i) for s in scale)))

    return value


def negative_binomial(n, mu, phi):
    return log(gamma(n + phi) / (gamma(phi) * gamma(n + 1)) * (mu / (mu + phi)) ** n * (phi / (mu + phi)) ** phi)


def multinomial(n, theta):
    return loggamma(sum(n) + 1) + sum(k * log(t) - loggamma(k + 1) for k, t in zip(n, theta))


def dirichlet(theta, alpha):
    thetas = theta if isinstance(theta[0], list) else [theta]
    alphas = alpha if isinstance(alpha[0], list) else [alpha]
    count = max(len(thetas), len(alphas))
    result = mpf(0)
    for i in range(count):
        t, a = thetas[i % len(thetas)], alphas[i % len(alphas)]
        result += loggamma(sum(a)) + sum((b - 1) * log(p) - loggamma(b) for p, b in zip(t, a))
    return result


def picked(link):
    def value(n, theta):
        outcomes = n if isinstance(n, list) else [n]
        vectors = theta if isinstance(theta[0], list) else [theta]
        count = max(len(outcomes), len(vectors))
        return over(count, lambda i: link(vectors[i % len(vectors)], outcomes[i % len(outcomes)]))

    return value


def ordered_logistic(n, eta, c):
    def one(k, e):
        above = logistic_cdf(c[k - 1] - e) if k <= len(c) else mpf(1)
        below = logistic_cdf(c[k - 2] - e) if k >= 2 else mpf(0)
        return log(above - below)

    outcomes = n if isinstance(n, list) else [n]
    return over(len(outcomes), lambda i: one(outcomes[i], each(eta, i)))


def lkj_corr_cholesky(L, eta):
    K = len(L)
    result = mpf(0)
    # One over the integral of det^(eta - 1), by the beta densities of the partial correlations (the vine's levels).
    for level in range(1, K):
        b = eta + mpf(K - 1 - level) / 2
        log_integral = (2 * b - 1) * log(2) + 2 * loggamma(b) - loggamma(2 * b)
        result -= (K - level) * log_integral
    return result + sum((K - k - 1 + 2 * (eta - 1)) * log(L[k][k]) for k in range(1, K))


def factor_of(S):
    K = len(S)
    L = [[mpf(0)] * K for _ in range(K)]
    for j in range(K):
        for i in range(j, K):
            rest = S[j][i] - sum(L[i][k] * L[j][k] for k in range(j))  # of the upper triangle, as the program reads it
            L[i][j] = sqrt(rest) if i == j else rest / L[j][j]
    return L


def normal_vectors(y, mu, L):
    ys = y if isinstance(y[0], list) else [y]
    means = mu if isinstance(mu[0], list) else [mu]
    result = mpf(0)
    for n in range(max(len(ys), len(means))):
        z = []
        for i, row in enumerate(L):
            rest = ys[n % len(ys)][i] - means[n % len(means)][i] - sum(row[k] * z[k] for k in range(i))
            z.append(rest / row[i])
        result -= sum(log(L[i][i]) + z[i] ** 2 / 2 + log(2 * pi) / 2 for i in range(len(L)))
    return result


def univariate(term):
    return lambda *arguments: over(max([len(a) for a in arguments if isinstance(a, list)] or [1]),
                                   lambda i: term(*(each(a, i) for a in arguments)))


FUNCTIONS = {
    "normal_id_glm": regression(lambda y, mu, s: -((y - mu) / s) ** 2 / 2 - log(s) - log(2 * pi) / 2),
    "bernoulli_logit_glm": regression(lambda y, t: log(logistic_cdf(t if y == 1 else -t))),
    "poisson_log_glm": regression(lambda y, t: y * t - exp(t) - loggamma(y + 1)),
    "neg_binomial_2_log_glm": regression(lambda y, t, phi: negative_binomial(y, exp(t), phi)),
    "categorical": picked(lambda theta, n: log(theta[n - 1])),
    "categorical_logit": picked(lambda beta, n: log(exp(beta[n - 1]) / sum(exp(b) for b in beta))),
    "ordered_logistic": ordered_logistic,
    "multinomial": multinomial,
    "dirichlet": dirichlet,
    "lkj_corr_cholesky": lkj_corr_cholesky,
    "multi_normal_cholesky": normal_vectors,
    "multi_normal": lambda y, mu, S: normal_vectors(y, mu, factor_of(S)),
    "normal_lcdf": univariate(lambda y, mu, s: log(normal_cdf((y - mu) / s))),
    "normal_lccdf": univariate(lambda y, mu, s: log(normal_cdf((mu - y) / s))),
    "std_normal_lcdf": univariate(lambda y: log(normal_cdf(y))),
    "std_normal_lccdf": univariate(lambda y: log(normal_cdf(-y))),
    "lognormal_lcdf": univariate(lambda y, mu, s: log(normal_cdf((log(y) - mu) / s))),
    "lognormal_lccdf": univariate(lambda y, mu, s: log(normal_cdf((mu - log(y)) / s))),
    "logistic_lcdf": univariate(lambda y, mu, s: log(logistic_cdf((y - mu) / s))),
    "logistic_lccdf": univariate(lambda y, mu, s: log(logistic_cdf((mu - y) / s))),
    "cauchy_lcdf": univariate(lambda y, mu, s: log(mpf(1) / 2 + atan((y - mu) / s) / pi)),
    "cauchy_lccdf": univariate(lambda y, mu, s: log(mpf(1) / 2 - atan((y - mu) / s) / pi)),
    "double_exponential_lcdf": univariate(lambda y, mu, s: log(laplace_cdf((y - mu) / s))),
    "double_exponential_lccdf": univariate(lambda y, mu, s: log(laplace_cdf((mu - y) / s))),
    "exponential_lcdf": univariate(lambda y, beta: log(1 - exp(-beta * y))),
    "exponential_lccdf": univariate(lambda y, beta: -beta * y),
    "weibull_lcdf": univariate(lambda y, alpha, s: log(1 - exp(-((y / s) ** alpha)))),
    "weibull_lccdf": univariate(lambda y, alpha, s: -((y / s) ** alpha)),
    "student_t_lcdf": univariate(lambda y, nu, mu, s: log(student_t_above((mu - y) / s, nu))),
    "student_t_lccdf": univariate(lambda y, nu, mu, s: log(student_t_above((y - mu) / s, nu))),
}
NO_DERIVATIVES = {"student_t_lcdf", "student_t_lccdf"}

X = [[0.5, -1.25], [2.0, 0.25], [-0.75, 1.5]]
BETA = [0.75, -0.5]
L3 = [[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [-0.28, 0.576, 0.768]]
S3 = [[2.0, 0.5, -0.25], [0.5, 1.0, 0.125], [-0.25, 0.125, 1.5]]
VECTORS = [[[0.5, -1.0, 2.0], [0.25, 0.0, 1.0]], [[[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]], [0.25, 0.0, 1.0]],
           [[0.5, -1.0, 2.0], [[0.25, 0.0, 1.0], [1.5, 0.25, -0.5]]]]
SPREAD = [[0.3, 0.4, 2.1], [-40.0, 0.5, 0.75], [7.5, 0.5, 0.75], [-12.0, 0.0, 1.25], [0.4, 0.4, 2.1]]
POSITIVE = [[1.3, 0.4, 2.1], [0.0009765625, 0.5, 0.75], [30.0, 0.5, 0.75]]
CASES = {
    "normal_id_glm": [[[1.5, 0.25, -2.0], X, 0.5, BETA, 1.25], [[1.5, 0.25, -2.0], X, [0.5, 0.25, 1.0], BETA, [1.25, 0.5, 2.0]],
                      [1.5, X, 0.5, BETA, 1.25], [[1.5, 0.25], [0.5, -1.25], 0.5, BETA, 1.25], [1.5, [0.5, -1.25], 0.5, BETA, 1.25]],
    "bernoulli_logit_glm": [[[1, 0, 1], X, 0.5, BETA], [0, X, [0.5, 0.25, 1.0], BETA], [[1, 0], [0.5, -1.25], 0.5, BETA]],
    "poisson_log_glm": [[[1, 0, 7], X, 0.5, BETA], [2, X, [0.5, 0.25, 1.0], BETA]],
    "neg_binomial_2_log_glm": [[[1, 0, 7], X, 0.5, BETA, 1.5], [[1, 0, 7], X, 0.5, BETA, [1.5, 0.25, 2.0]]],
    "categorical": [[2, [0.25, 0.625, 0.125]], [[1, 3, 3, 2, 1], [0.25, 0.625, 0.125]], [[1, 2], [[0.25, 0.75], [0.5, 0.5]]],
                    [2, [[0.25, 0.75], [0.5, 0.5]]]],
    "categorical_logit": [[2, [0.5, -1.5, 0.25]], [[1, 3, 3, 2, 1], [0.5, -1.5, 0.25]], [[1, 2], [[0.25, 0.75], [0.5, -0.5]]]],
    "ordered_logistic": [[1, 0.5, [-1.0, 0.5, 2.0]], [[1, 2, 4, 3], 0.5, [-1.0, 0.5, 2.0]],
                         [[1, 2, 4], [0.5, -0.25, 1.0], [-1.0, 0.5, 2.0]], [[1, 2], 0.25, [0.75]]],
    "multinomial": [[[3, 0, 2], [0.25, 0.625, 0.125]]],
    "dirichlet": [[[0.25, 0.625, 0.125], [1.5, 0.75, 2.0]], [[[0.25, 0.75], [0.5, 0.5]], [1.5, 0.75]],
                  [[0.25, 0.75], [[1.5, 0.75], [2.0, 3.0]]], [[[0.25, 0.75], [0.5, 0.5]], [[1.5, 0.75], [2.0, 3.0]]]],
    "lkj_corr_cholesky": [[L3, 1.0], [L3, 2.5], [[[1.0, 0.0], [0.6, 0.8]], 0.75], [[[1.0]], 2.0]],
    "multi_normal_cholesky": [v + [L3] for v in VECTORS] + [[[0.5], [0.25], [[2.0]]]],
    "multi_normal": [v + [S3] for v in VECTORS] + [[[0.5], [0.25], [[2.0]]]],
    "std_normal_lcdf": [[y] for y in (0.5, -3.0, -9.75, -10.25, -45.0, 8.5)],
    "std_normal_lccdf": [[y] for y in (0.5, 3.0, 9.75, 10.25, 45.0, -8.5)],
    "lognormal_lcdf": POSITIVE, "lognormal_lccdf": POSITIVE, "weibull_lcdf": POSITIVE, "weibull_lccdf": POSITIVE,
    "exponential_lcdf": [[1.3, 0.4], [1e-9, 0.5], [[0.5, 80.0], 1.5]], "exponential_lccdf": [[1.3, 0.4], [[0.5, 80.0], 1.5]],
    "student_t_lcdf": [[0.0, 3.0, 0.0, 10.0], [1.5, 2.5, 0.25, 0.5], [-900.0, 4.0, 0.0, 1.0], [[1.0, 2.0], 3.0, 0.0, 2.5]],
    "student_t_lccdf": [[0.0, 3.0, 0.0, 10.0], [1.5, 2.5, 0.25, 0.5], [900.0, 4.0, 0.0, 1.0], [[1.0, 2.0], 3.0, 0.0, 2.5]],
}
for name in ("normal", "logistic", "cauchy", "double_exponential"):
    CASES[f"{name}_lcdf"] = SPREAD + [[[0.5, 1.5], 0.25, 1.25]]
    CASES[f"{name}_lccdf"] = [[-y, -mu, s] for y, mu, s in SPREAD]


def exact(value):
    if isinstance(value, list):
        return [exact(v) for v in value]
    return value if isinstance(value, int) else mpf(value)


def places(value, path=()):
    if isinstance(value, list):
        return [p for i, v in enumerate(value) for p in places(v, path + (i,))]
    return [path]


def changed(value, path, number):
    if not path:
        return number
    return [changed(v, path[1:], number) if i == path[0] else v for i, v in enumerate(value)]


def at(value, path):
    for i in path:
        value = value[i]
    return value


def digits(x):
    return float(mp.nstr(x, 25))


def print_values(functions, all_cases):
    rows = []
    for name, cases in all_cases.items():
        for arguments in cases:
            exact_arguments = [exact(a) for a in arguments]
            function = functions[name]
            row = {"name": name, "arguments": arguments, "value": digits(mpf(function(*exact_arguments)))}
            gradient = []
            for i, argument in enumerate(exact_arguments):
                flat = []
                for path in places(argument):
                    if isinstance(at(argument, path), int) or name in NO_DERIVATIVES:
                        continue
                    slope = diff(lambda t: function(*exact_arguments[:i], changed(argument, path, t), *exact_arguments[i + 1:]),
                                 at(argument, path))
                    flat.append(digits(slope))
                gradient.append(flat)
            row["gradient"] = gradient
            rows.append(row)
    print("[")
    print(",\n".join(json.dumps(row) for row in rows))
    print("]")


if __name__ == "__main__":
    print_values(FUNCTIONS, CASES)
