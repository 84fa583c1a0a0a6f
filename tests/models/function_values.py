#!/usr/bin/python3
"""Prints function_values.json: values of library functions and their derivatives, from 50-digit arithmetic.

    function_values.py > function_values.json

Formulas are written from the definitions, not from the program's. A value is the list of its elements, matrices row by row; the
gradient is that of the sum of 1, 2, ... times the elements, by each argument; integers have none.
"""
import json

import mpmath as m
from mpmath import mp, mpf

mp.dps = 50


def flat(value):
    if isinstance(value, m.matrix):
        return [value[i, j] for i in range(value.rows) for j in range(value.cols)]
    if isinstance(value, (list, tuple)):
        return [x for part in value for x in flat(part)]
    return [mpf(value)]


def weighted(value):
    return sum((k + 1) * x for k, x in enumerate(flat(value)))


def with_element(value, place, x):
    if not place:
        return x
    copy = list(value)
    copy[place[0]] = with_element(value[place[0]], place[1:], x)
    return copy


def places(value):
    if not isinstance(value, list):
        return [()]
    return [(i,) + rest for i, part in enumerate(value) for rest in places(part)]


def element(value, place):
    for i in place:
        value = value[i]
    return value


def slope(function, x):
    """The derivative by x, with steps in proportion to x."""
    return m.diff(lambda step: function(x * (1 + step)), 0) / x if x else m.diff(function, 0)


def exact(value):
    return [exact(x) for x in value] if isinstance(value, list) else mpf(value)


def row(name, types, arguments, function, gradient=True):
    given = [a if "int" in t else exact(a) for t, a in zip(types, arguments)]
    value = flat(function(*given))
    slopes = []
    for i, kind in enumerate(types):
        if "int" in kind or not gradient:
            slopes.append(None)
            continue

        def moved(x, place):
            return weighted(function(*(with_element(a, place, x) if k == i else a for k, a in enumerate(given))))

        slopes.append([float(slope(lambda x: moved(x, place), element(given[i], place))) for place in places(given[i])])
    return {"name": name, "types": types, "arguments": arguments, "value": [float(x) for x in value], "gradient": slopes}


def reals(name, function, *arguments):
    for a in arguments:
        a = a if isinstance(a, tuple) else (a,)
        yield row(name, ["real"] * len(a), list(a), function)


def int_and_reals(name, function, *arguments):
    for a in arguments:
        yield row(name, ["int"] + ["real"] * (len(a) - 1), list(a), function)


def mat(a):
    return m.matrix(a)


def col(v):
    return m.matrix([[x] for x in v])


def by_rows(v):
    return m.matrix([list(v)])


def positive_diagonal_qr(a):
    q, r = m.qr(mat(a), mode="skinny")
    for j in range(r.rows):
        if r[j, j] < 0:
            for k in range(q.rows):
                q[k, j] = -q[k, j]
            for k in range(r.cols):
                r[j, k] = -r[j, k]
    return q, r


def symmetric_part(a):
    return (mat(a) + mat(a).T) / 2


def from_upper(a):
    return m.matrix([[a[min(i, j)][max(i, j)] for j in range(len(a))] for i in range(len(a))])


def eigenvectors(a):
    values, vectors = m.eigsy(symmetric_part(a))
    for j in range(vectors.cols):
        largest = max(abs(vectors[i, j]) for i in range(vectors.rows))
        first = next(vectors[i, j] for i in range(vectors.rows) if abs(vectors[i, j]) >= 0.9 * largest)
        for i in range(vectors.rows):
            vectors[i, j] *= m.sign(first)
    return vectors


def lower(a):
    return m.matrix([[x if j <= i else 0 for j, x in enumerate(r)] for i, r in enumerate(a)])


def moore_penrose(a):
    a = mat(a)
    return (a.T * a) ** -1 * a.T if a.rows >= a.cols else a.T * (a * a.T) ** -1


def distance(x, y, scale):
    x, y = (x, y) if isinstance(x, list) else ([x], [y])
    scales = scale if isinstance(scale, list) else [scale] * len(x)
    squares = sum(((a - b) / s) ** 2 for a, b, s in zip(x, y, scales))
    return m.sqrt(squares) if squares else squares


def covariance(kernel):
    def value(*arguments):
        x, y = arguments[0], arguments[-3] if len(arguments) == 4 else arguments[0]
        sigma, scale = arguments[-2:]
        return [[sigma**2 * kernel(distance(a, b, scale)) for b in y] for a in x]

    return value


def periodic(x, sigma, scale, period):
    return [
        [sigma**2 * m.exp(-2 * m.sin(m.pi * distance(a, b, mpf(1)) / period) ** 2 / scale**2) for b in x] for a in x
    ]


def dot_covariance(x, sigma):
    def product(a, b):
        return sum(p * q for p, q in zip(a, b)) if isinstance(a, list) else a * b

    return [[sigma**2 + product(a, b) for b in x] for a in x]


def gp(name, kernel):
    function = covariance(kernel)
    points, others = [[0.5, 1.0], [1.5, -0.25], [2.0, 0.75]], [[0.25, 0.5], [-1.0, 2.0]]
    yield row(name, ["array[] real", "real", "real"], [[0.5, 1.25, 3.0], 1.5, 0.75], function)
    yield row(name, ["array[] vector", "array[] vector", "real", "real"], [points, others, 1.5, 0.75], function)
    yield row(name, ["array[] vector", "real", "array[] real"], [points, 0.5, [1.25, 2.0]], function)


A = [[2.0, 0.5, -1.0], [0.25, 3.0, 0.75], [-0.5, 1.0, 1.5]]
S = [[2.0, 0.5, -0.75], [0.5, 3.0, 0.25], [-0.75, 0.25, 1.5]]
B = [[1.0, -0.5], [0.25, 2.0], [-1.5, 0.75]]
L = [[1.5, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.25, 0.75, 1.25]]
v, w = [0.5, -1.25, 2.0], [1.0, 0.25]
half = mpf(1) / 2

rows = [
    *reals("inv_Phi", lambda p: m.sqrt(2) * m.erfinv(2 * p - 1) if p > half / 2 else -m.sqrt(2) * m.findroot(
        lambda z: m.log(m.erfc(z)) - m.log(2 * p), m.sqrt(-m.log(p))), 0.5, 0.975, 0.3, 1e-4, 1e-30, 0.999999),
    *reals("std_normal_qf", lambda p: m.sqrt(2) * m.erfinv(2 * p - 1), 0.5, 0.975, 0.125, 1e-4),
    *reals("std_normal_log_qf", lambda q: -m.sqrt(2) * m.findroot(
        lambda z: m.log(m.erfc(z)) - m.log(2) - q, m.sqrt(-q)), -0.75, -2.0, -30.0, -1000.0),
    *reals("inv_erfc", lambda x: m.erfinv(1 - x), 0.5, 1.25, 1e-3, 1.999),
    *reals("tgamma", m.gamma, 0.5, 4.25, -1.5, 1e-3, 150.5),
    *reals("lambert_w0", lambda x: m.lambertw(x).real, -0.3678, -0.36, -0.25, -1e-6, 0.0, 0.1, 1.0, 12.5, 1e10, 1e300),
    *reals("lambert_wm1", lambda x: m.lambertw(x, -1).real, -0.3678, -0.36, -0.2, -0.01, -1e-10, -1e-300),
    *reals("beta", m.beta, (0.5, 2.5), (3.0, 40.0), (1e-3, 1.0)),
    *reals("gamma_p", lambda a, x: m.gammainc(a, 0, x, regularized=True), (0.5, 1.25), (3.0, 0.1), (40.0, 35.0)),
    *reals("gamma_q", lambda a, x: m.gammainc(a, x, regularized=True), (0.5, 1.25), (3.0, 20.0), (40.0, 45.0)),
    *reals("inc_beta", lambda a, b, x: m.betainc(a, b, 0, x, regularized=True), (0.5, 2.5, 0.3), (8.0, 2.0, 0.05), (3.0, 4.0, 0.9)),
    *reals("inv_inc_beta", lambda a, b, p: m.findroot(lambda x: m.betainc(a, b, 0, x, regularized=True) - p, mpf(3) / 10),
           (1.5, 2.5, 0.3), (4.0, 6.0, 0.25)),
    *reals("owens_t", lambda h, a: m.quad(lambda x: m.exp(-h * h * (1 + x * x) / 2) / (1 + x * x), [0, a]) / (2 * m.pi),
           (0.5, 1.25), (2.0, -0.75), (0.0, 3.0)),
    *reals("hypot", lambda x, y: m.sqrt(x * x + y * y), (3.0, -4.0), (1e200, 1e200), (1.5, 0.0)),
    *reals("fmod", lambda x, y: x - y * (m.floor(abs(x) / abs(y)) * m.sign(x) * m.sign(y)), (7.25, 2.0), (-7.25, 2.0), (5.5, -1.5)),
    *reals("log_modified_bessel_first_kind", lambda v, z: m.log(m.besseli(v, z)), (0.5, 1.25), (3.0, 0.25), (2.5, 40.0), (200.0, 1.0),
           (1.0, 400.0)),
    *reals("hypergeometric_1F0", lambda a, z: (1 - z) ** -a, (1.5, 0.25), (-2.0, -0.5)),
    *reals("hypergeometric_2F1", m.hyp2f1, (0.5, 1.25, 2.0, 0.3), (1.0, 2.0, 3.5, -0.75)),
    *int_and_reals("bessel_first_kind", m.besselj, (0, 1.25), (3, 0.5), (2, 30.0)),
    *int_and_reals("bessel_second_kind", m.bessely, (0, 1.25), (3, 0.5), (2, 30.0)),
    *int_and_reals("modified_bessel_first_kind", m.besseli, (0, 1.25), (3, 0.5), (2, 30.0)),
    *int_and_reals("modified_bessel_second_kind", m.besselk, (0, 1.25), (3, 0.5), (2, 30.0)),
    *int_and_reals("lmgamma", lambda k, x: mpf(k) * (k - 1) / 4 * m.log(m.pi) + sum(m.loggamma(x + mpf(1 - j) / 2) for j in range(1, k + 1)),
                   (1, 2.5), (3, 4.25), (5, 30.0)),
    *int_and_reals("binary_log_loss", lambda y, p: -m.log(p) if y else -m.log(1 - p), (0, 0.25), (1, 1e-8)),
    row("rising_factorial", ["real", "int"], [1.5, 4], m.rf),
    row("rising_factorial", ["real", "int"], [2.25, 60], m.rf),
    row("falling_factorial", ["real", "int"], [2.5, 4], m.ff),
    row("falling_factorial", ["real", "int"], [90.5, 50], m.ff),
    row("ldexp", ["real", "int"], [1.5, -3], lambda x, n: x * mpf(2) ** n),
    row("hypergeometric_3F2", ["vector", "vector", "real"], [[1.0, 0.5, 2.25], [1.5, 3.0], 0.4], lambda a, b, z: m.hyper(a, b, z)),
    row("hypergeometric_pFq", ["array[] real", "row_vector", "real"], [[0.5], [1.5, 2.25], -3.0], lambda a, b, z: m.hyper(a, b, z)),
    row("hypergeometric_pFq", ["vector", "vector", "real"], [[-2.0, 1.5], [0.75], 0.5], lambda a, b, z: m.hyper(a, b, z), gradient=False),
    row("mdivide_left", ["matrix", "vector"], [A, v], lambda a, b: m.lu_solve(mat(a), col(b))),
    row("mdivide_left", ["matrix", "matrix"], [A, B], lambda a, b: mat(a) ** -1 * mat(b)),
    row("mdivide_right", ["row_vector", "matrix"], [v, A], lambda b, a: by_rows(b) * mat(a) ** -1),
    row("mdivide_left_spd", ["matrix", "matrix"], [S, B], lambda a, b: from_upper(a) ** -1 * mat(b)),
    row("mdivide_right_spd", ["row_vector", "matrix"], [v, S], lambda b, a: by_rows(b) * from_upper(a) ** -1),
    row("mdivide_left_tri_low", ["matrix", "vector"], [A, v], lambda a, b: lower(a) ** -1 * col(b)),
    row("mdivide_right_tri_low", ["row_vector", "matrix"], [v, A], lambda b, a: by_rows(b) * lower(a) ** -1),
    row("inverse", ["matrix"], [A], lambda a: mat(a) ** -1),
    row("inverse_spd", ["matrix"], [S], lambda a: from_upper(a) ** -1),
    row("chol2inv", ["matrix"], [L], lambda a: (lower(a) * lower(a).T) ** -1),
    row("generalized_inverse", ["matrix"], [B], moore_penrose),
    row("determinant", ["matrix"], [A], lambda a: m.det(mat(a))),
    row("log_determinant", ["matrix"], [[[0.5, 2.0], [1.0, 0.25]]], lambda a: m.log(abs(m.det(mat(a))))),
    row("log_determinant_spd", ["matrix"], [S], lambda a: m.log(m.det(from_upper(a)))),
    row("cholesky_decompose", ["matrix"], [S], lambda a: m.cholesky(from_upper(a))),
    row("eigenvalues_sym", ["matrix"], [S], lambda a: list(m.eigsy(symmetric_part(a), eigvals_only=True))),
    row("eigenvectors_sym", ["matrix"], [S], eigenvectors),
    row("qr_thin_Q", ["matrix"], [B], lambda a: positive_diagonal_qr(a)[0]),
    row("qr_thin_R", ["matrix"], [B], lambda a: positive_diagonal_qr(a)[1]),
    row("qr_R", ["matrix"], [B], lambda a: [positive_diagonal_qr(a)[1], 0, 0]),
    row("singular_values", ["matrix"], [B], lambda a: list(m.svd_r(mat(a), compute_uv=False))),
    row("matrix_exp", ["matrix"], [A], lambda a: m.expm(mat(a))),
    row("matrix_exp_multiply", ["matrix", "matrix"], [A, B], lambda a, b: m.expm(mat(a)) * mat(b)),
    row("scale_matrix_exp_multiply", ["real", "matrix", "matrix"], [0.5, A, B], lambda t, a, b: m.expm(t * mat(a)) * mat(b)),
    row("matrix_power", ["matrix", "int"], [A, 3], lambda a, n: mat(a) ** n),
    row("matrix_power", ["matrix", "int"], [A, 0], lambda a, n: m.eye(3)),
    row("trace_gen_quad_form", ["matrix", "matrix", "matrix"], [[[1.0, 0.5], [0.25, 2.0]], A, B],
        lambda d, a, b: sum((mat(d) * mat(b).T * mat(a) * mat(b))[i, i] for i in range(2))),
    row("trace_dot", ["matrix", "matrix"], [A, S], lambda a, b: sum((mat(a) * mat(b))[i, i] for i in range(3))),
    row("csr_matrix_times_vector", ["int", "int", "vector", "array[] int", "array[] int", "vector"],
        [3, 2, [1.5, -0.5, 2.0], [1, 2, 1], [1, 3, 3, 4], w],
        lambda k, n, x, columns, starts, b: [x[0] * b[0] + x[1] * b[1], 0, x[2] * b[0]]),
    row("csr_to_dense_matrix", ["int", "int", "vector", "array[] int", "array[] int"], [3, 2, [1.5, -0.5, 2.0], [1, 2, 1], [1, 3, 3, 4]],
        lambda k, n, x, columns, starts: [x[0], x[1], 0, 0, x[2], 0]),
    row("sort_asc", ["vector"], [v], sorted),
    row("sort_desc", ["array[] real"], [v], lambda x: sorted(x, reverse=True)),
    *gp("gp_exp_quad_cov", lambda d: m.exp(-d * d / 2)),
    *gp("gp_exponential_cov", lambda d: m.exp(-d)),
    *gp("gp_matern32_cov", lambda d: (1 + m.sqrt(3) * d) * m.exp(-m.sqrt(3) * d)),
    *gp("gp_matern52_cov", lambda d: (1 + m.sqrt(5) * d + 5 * d * d / 3) * m.exp(-m.sqrt(5) * d)),
    row("gp_periodic_cov", ["array[] vector", "real", "real", "real"], [[[0.5, 1.0], [1.5, -0.25]], 1.5, 0.75, 2.5], periodic),
    row("gp_dot_prod_cov", ["array[] vector", "real"], [[[0.5, 1.0], [1.5, -0.25]], 1.5], dot_covariance),
]

print("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]")
