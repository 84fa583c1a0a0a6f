#!/usr/bin/python3
"""Prints multivariate_values.json: more rows like those of density_values.json, of distributions of vectors, matrices and counts.

    multivariate_values.py > multivariate_values.json

Formulas are written from the definitions (determinants, inverses, sums over states), not from the program's.
"""
from itertools import product

from mpmath import erfc, exp, gamma, log, loggamma, matrix, mpf, pi, sqrt

from density_values import BETA, L3, S3, X, VECTORS, dot, each, over, ordered_logistic, print_values


def symmetric(S):
    """The lower triangle, twice: derivatives are by both elements of a pair as the program's factor has them."""
    K = len(S)
    return matrix(K, K, ) if K == 0 else matrix([[(S[i][j] + S[j][i]) / 2 for j in range(K)] for i in range(K)])


def determinant(M):
    K = M.rows
    if K == 1:
        return M[0, 0]
    return sum((-1) ** j * M[0, j] * determinant(minor(M, j)) for j in range(K))


def minor(M, j):
    return matrix([[M[i, k] for k in range(M.cols) if k != j] for i in range(1, M.rows)])


def product_with_transpose(L):
    K = len(L)
    return matrix([[sum(L[i][k] * L[j][k] for k in range(min(i, j) + 1)) for j in range(K)] for i in range(K)])


def trace(M):
    return sum(M[i, i] for i in range(M.rows))


def listed(v):
    return v if isinstance(v[0], list) else [v]


def over_vectors(one):
    """Sums over outcomes where y and mu may be arrays."""
    def value(y, mu, *rest):
        ys, mus = listed(y), listed(mu)
        return over(max(len(ys), len(mus)), lambda n: one(matrix(ys[n % len(ys)]) - matrix(mus[n % len(mus)]), *rest))

    return value


def normal_prec(d, P):
    P = symmetric(P)
    return log(determinant(P)) / 2 - (d.T * P * d)[0] / 2 - d.rows * log(2 * pi) / 2


def student_t(d, nu, S):
    K = d.rows
    square = (d.T * S ** -1 * d)[0]
    return (loggamma((nu + K) / 2) - loggamma(nu / 2) - K * log(nu * pi) / 2 - log(determinant(S)) / 2
            - (nu + K) / 2 * log(1 + square / nu))


def multi_gp(y, S, w):
    result = mpf(0)
    for row, weight in zip(y, w):
        d, C = matrix(row), S / weight
        result += -log(determinant(C)) / 2 - (d.T * C ** -1 * d)[0] / 2 - d.rows * log(2 * pi) / 2
    return result


def log_multigamma(K, x):
    return mpf(K * (K - 1)) / 4 * log(pi) + sum(loggamma(x - mpf(i) / 2) for i in range(K))


def wishart(W, nu, S):
    K = W.rows
    return (-nu * K / 2 * log(2) - log_multigamma(K, nu / 2) - nu / 2 * log(determinant(S))
            + (nu - K - 1) / 2 * log(determinant(W)) - trace(S ** -1 * W) / 2)


def inv_wishart(W, nu, S):
    K = W.rows
    return (-nu * K / 2 * log(2) - log_multigamma(K, nu / 2) + nu / 2 * log(determinant(S))
            - (nu + K + 1) / 2 * log(determinant(W)) - trace(S * W ** -1) / 2)


def factor_jacobian(L):
    K = len(L)
    return K * log(2) + sum((K - i) * log(L[i][i]) for i in range(K))


def lkj_constant(K, eta):
    # One over the integral of det^(eta - 1), by the beta densities of the partial correlations (the vine's levels).
    result = mpf(0)
    for level in range(1, K):
        b = eta + mpf(K - 1 - level) / 2
        result -= (K - level) * ((2 * b - 1) * log(2) + 2 * loggamma(b) - loggamma(2 * b))
    return result


def lkj_cov(y, mu, sigma, eta):
    S = symmetric(y)
    K = S.rows
    deviations = [sqrt(S[k, k]) for k in range(K)]
    result = lkj_constant(K, eta) + (eta - 1) * (log(determinant(S)) - 2 * sum(log(d) for d in deviations))
    for d, m, s in zip(deviations, mu, sigma):
        result += -((log(d) - m) / s) ** 2 / 2 - log(s * d) - log(2 * pi) / 2
    return result


def dlm(y, F, G, V, W, m0, C0):
    """The joint normal density of all observations, by its mean and covariance."""
    F, G, W, C0 = matrix(F), matrix(G), matrix(W), symmetric(C0)
    W = symmetric(W.tolist())
    R, T = len(y), len(y[0])
    V = symmetric(V) if isinstance(V[0], list) else matrix([[V[i] if i == j else mpf(0) for j in range(R)] for i in range(R)])
    mean, covariance = [], {}
    state, spread = matrix(m0), C0
    means, spreads = [], []
    for t in range(T):
        state, spread = G * state, G * spread * G.T + W
        means.append(state)
        spreads.append(spread)
    whole = matrix(R * T, R * T)
    d = matrix(R * T, 1)
    for t in range(T):
        f = F.T * means[t]
        for i in range(R):
            d[t * R + i] = y[i][t] - f[i]
        cross = spreads[t]
        for u in range(t, T):
            block = F.T * cross * F
            for i in range(R):
                for j in range(R):
                    value = block[i, j] + (V[i, j] if u == t else 0)
                    whole[u * R + i, t * R + j] = value
                    whole[t * R + j, u * R + i] = value
            cross = G * cross
    from mpmath import det
    return -log(det(whole)) / 2 - (d.T * whole ** -1 * d)[0] / 2 - R * T * log(2 * pi) / 2


def normal_cdf(z):
    return erfc(-z / sqrt(2)) / 2


def ordered_probit(n, eta, c):
    def one(k, e, c):
        above = normal_cdf(c[k - 1] - e) if k <= len(c) else mpf(1)
        below = normal_cdf(c[k - 2] - e) if k >= 2 else mpf(0)
        return log(above - below)

    outcomes = n if isinstance(n, list) else [n]
    cuts = listed(c)
    return over(len(outcomes), lambda i: one(outcomes[i], each(eta, i), cuts[i % len(cuts)]))


def softmax_log(logits):
    total = log(sum(exp(v) for v in logits))
    return [v - total for v in logits]


def multinomial_logit(n, beta):
    return loggamma(sum(n) + 1) + sum(k * p - loggamma(k + 1) for k, p in zip(n, softmax_log(beta)))


def dirichlet_multinomial(n, alpha):
    N, total = sum(n), sum(alpha)
    return (loggamma(total) + loggamma(N + 1) - loggamma(N + total)
            + sum(loggamma(k + a) - loggamma(a) - loggamma(k + 1) for k, a in zip(n, alpha)))


def rows_of(x, *others):
    return x if isinstance(x[0], list) else [x] * max([len(o) for o in others if isinstance(o, list)] or [1])


def binomial_logit_glm(n, N, x, alpha, beta):
    def one(n, N, eta):
        return loggamma(N + 1) - loggamma(n + 1) - loggamma(N - n + 1) - n * log(1 + exp(-eta)) - (N - n) * log(1 + exp(eta))

    rows = rows_of(x, n, N, alpha)
    return over(len(rows), lambda i: one(each(n, i), each(N, i), each(alpha, i) + dot(rows[i], beta)))


def categorical_logit_glm(y, x, alpha, beta):
    def one(k, row):
        return softmax_log([a + sum(row[m] * beta[m][c] for m in range(len(row))) for c, a in enumerate(alpha)])[k - 1]

    rows = rows_of(x, y)
    return over(len(rows), lambda i: one(each(y, i), rows[i]))


def ordered_logistic_glm(y, x, beta, c):
    rows = rows_of(x, y)
    return over(len(rows), lambda i: ordered_logistic(each(y, i), dot(rows[i], beta), c))


def scattered(mu, S):
    """Outcomes that are many enough for the program to summarise."""
    return [[[0.5, -1.0, 2.0], [0.25, 0.0, 1.0], [1.5, 0.5, -0.5]] * 4 + [[-0.75, 0.25, 3.0]], mu, S]


FUNCTIONS = {
    "multi_normal": over_vectors(lambda d, S: normal_prec(d, (symmetric(S) ** -1).tolist())),
    "multi_normal_cholesky": over_vectors(lambda d, L: normal_prec(d, (product_with_transpose(L) ** -1).tolist())),
    "multi_normal_prec": over_vectors(normal_prec),
    "multi_student_t": lambda y, nu, mu, S: over_vectors(student_t)(y, mu, nu, symmetric(S)),
    "multi_student_t_cholesky": lambda y, nu, mu, L: over_vectors(student_t)(y, mu, nu, product_with_transpose(L)),
    "multi_gp": lambda y, S, w: multi_gp(y, symmetric(S), w),
    "multi_gp_cholesky": lambda y, L, w: multi_gp(y, product_with_transpose(L), w),
    "wishart": lambda W, nu, S: wishart(symmetric(W), nu, symmetric(S)),
    "inv_wishart": lambda W, nu, S: inv_wishart(symmetric(W), nu, symmetric(S)),
    "wishart_cholesky": lambda L, nu, S: wishart(product_with_transpose(L), nu, product_with_transpose(S)) + factor_jacobian(L),
    "inv_wishart_cholesky":
        lambda L, nu, S: inv_wishart(product_with_transpose(L), nu, product_with_transpose(S)) + factor_jacobian(L),
    "lkj_corr": lambda y, eta: lkj_constant(len(y), eta) + (eta - 1) * log(determinant(symmetric(y))),
    "lkj_cov": lkj_cov,
    "gaussian_dlm_obs": dlm,
    "ordered_probit": ordered_probit,
    "multinomial_logit": multinomial_logit,
    "dirichlet_multinomial": dirichlet_multinomial,
    "binomial_logit_glm": binomial_logit_glm,
    "categorical_logit_glm": categorical_logit_glm,
    "ordered_logistic_glm": ordered_logistic_glm,
}

T3 = [[1.5, 0.0, 0.0], [-0.25, 0.75, 0.0], [0.5, -1.0, 1.25]]
Q3 = [[1.0, 0.25, -0.5], [0.25, 2.0, 0.125], [-0.5, 0.125, 1.5]]
R3 = [[1.0, 0.25, -0.5], [0.25, 1.0, 0.125], [-0.5, 0.125, 1.0]]
Y2 = [[0.5, -1.0, 2.0], [0.25, 0.0, 1.0]]
SERIES = [[0.5, -1.0, 2.0, 0.25], [1.0, 0.0, -0.5, 0.75]]
DLM = [[[1.0, 0.5], [0.25, -1.0]], [[1.0, 0.5], [0.0, 0.75]]], [[[0.5, 0.125], [0.125, 1.0]], [0.25, -0.5], [[1.0, 0.25], [0.25, 2.0]]]
CASES = {
    "multi_normal": [scattered([0.5, 0.25, -1.0], S3)], "multi_normal_cholesky": [scattered([0.5, 0.25, -1.0], T3)],
    "multi_normal_prec": [v + [S3] for v in VECTORS] + [[[0.5], [0.25], [[2.0]]], scattered([0.5, 0.25, -1.0], S3)],
    "multi_student_t": [[v[0], 3.5, v[1], S3] for v in VECTORS] + [[[0.5], 1e9, [0.25], [[2.0]]]],
    "multi_student_t_cholesky": [[v[0], 3.5, v[1], L3] for v in VECTORS],
    "multi_gp": [[Y2, S3, [0.5, 2.0]]], "multi_gp_cholesky": [[Y2, T3, [0.5, 2.0]]],
    "wishart": [[S3, 4.5, Q3], [S3, 2.25, Q3], [[[0.75]], 1.5, [[2.0]]]],
    "inv_wishart": [[S3, 4.5, Q3], [S3, 2.25, Q3], [[[0.75]], 1.5, [[2.0]]]],
    "wishart_cholesky": [[L3, 4.5, T3], [T3, 2.25, L3], [[[0.75]], 1.5, [[2.0]]]],
    "inv_wishart_cholesky": [[L3, 4.5, T3], [T3, 2.25, L3], [[[0.75]], 1.5, [[2.0]]]],
    "lkj_corr": [[R3, 1.0], [R3, 2.5], [[[1.0, 0.5], [0.5, 1.0]], 0.75], [[[1.0]], 2.0]],
    "lkj_cov": [[S3, [0.5, 0.25, -0.25], [1.5, 0.75, 2.0], 2.5]],
    "gaussian_dlm_obs": [[SERIES, *DLM[0], [[0.75, 0.25], [0.25, 0.5]], *DLM[1]], [SERIES, *DLM[0], [0.75, 0.5], *DLM[1]],
                         [SERIES[:1], [[1.0], [0.5]], DLM[0][1], [0.75], *DLM[1]], [[[0.5, 1.5]], [[1.0]], [[0.5]], [[2.0]], [[1.0]], [0.25], [[3.0]]]],
    "ordered_probit": [[1, 0.5, [-1.0, 0.5, 2.0]], [[1, 2, 4, 3], 0.5, [-1.0, 0.5, 2.0]],
                       [[1, 2, 4], [0.5, -0.25, 1.0], [-1.0, 0.5, 2.0]], [[1, 2], 0.25, [0.75]], [2, 9.0, [-1.0, 0.5, 2.0]],
                       [3, -8.0, [-1.0, 0.5, 2.0]], [1, 20.0, [-1.0, 0.5]], [[2, 3], [0.5, 0.25], [[-1.0, 0.5], [0.25, 2.0]]]],
    "multinomial_logit": [[[3, 0, 2], [0.5, -1.5, 0.25]], [[0, 0], [0.5, -1.5]], [[3, 1], [710.0, -720.0]], [[4], [0.5]]],
    "dirichlet_multinomial": [[[3, 0, 2], [0.5, 1.5, 0.25]], [[0, 0], [0.5, 1.5]], [[3, 1, 2], [1e9, 0.25, 1e6]], [[4], [0.5]]],
    "binomial_logit_glm": [[[1, 0, 7], [3, 4, 7], X, 0.5, BETA], [2, [3, 4, 7], X, [0.5, 0.25, 1.0], BETA],
                           [[1, 0], 3, [0.5, -1.25], 0.5, BETA], [1, 3, [2.0], -750.0, [0.5]]],
    "categorical_logit_glm": [[[1, 3, 2], X, [0.5, -0.25, 1.0], [[0.75, -0.5, 0.25], [1.5, 0.25, -1.0]]],
                              [2, X, [0.5, -0.25, 1.0], [[0.75, -0.5, 0.25], [1.5, 0.25, -1.0]]],
                              [[1, 3], [0.5, -1.25], [0.5, -0.25, 1.0], [[0.75, -0.5, 0.25], [1.5, 0.25, -1.0]]],
                              [2, [0.5, -1.25], [0.5, -0.25], [[0.75, -0.5], [1.5, 0.25]]], [[1, 1, 1], X, [0.5], [[0.75], [1.5]]]],
    "ordered_logistic_glm": [[[1, 3, 2], X, BETA, [-0.5, 1.25]], [2, X, BETA, [-0.5, 1.25]], [[1, 3], [0.5, -1.25], BETA, [-0.5, 1.25]],
                             [3, [0.5, -1.25], BETA, [-0.5, 1.25]]],
}

if __name__ == "__main__":
    print_values(FUNCTIONS, CASES)
