#!/usr/bin/python3
"""Prints the coefficients of special.c: rational functions through Chebyshev points, found in 60-digit arithmetic.

Each line is a C array; the comment gives the largest relative error of the fit before rounding to double.
"""
from mpmath import mp, mpf, log, exp, sin, pi, psi, loggamma, lu_solve, matrix, cos, findroot

mp.dps = 60


def fit(name, f, low, high, top, bottom=0):
    """f on [low, high] by a polynomial of degree `top` over one of degree `bottom` whose constant term is 1."""
    low, high, n = mpf(low), mpf(high), top + bottom + 1
    points = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * n)) for i in range(n)]
    rows, right = matrix(n, n), matrix(n, 1)
    for i, x in enumerate(points):
        y = f(x)
        for j in range(top + 1):
            rows[i, j] = x**j
        for j in range(1, bottom + 1):
            rows[i, top + j] = -y * x**j
        right[i] = y
    c = lu_solve(rows, right)
    p, q = [c[j] for j in range(top + 1)], [mpf(1)] + [c[top + j] for j in range(1, bottom + 1)]

    def value(x):
        return sum(a * x**j for j, a in enumerate(p)) / sum(a * x**j for j, a in enumerate(q))

    grid = [low + (high - low) * (i + mpf(1) / 3) / 401 for i in range(401)]
    error = max(abs(value(x) / f(x) - 1) for x in grid)
    print(f"// {name}: error {float(error):.1e}")
    show(name, p)
    if bottom:
        show(name + "_below", q)


def show(name, values):
    print(f"static const double {name}[] = {{" + ", ".join(repr(float(v)) for v in values) + "};")


# exp(r) = 1 + r + r^2 (1/2 + ...), |r| <= log(2) / 2
half = log(2) / 2 * mpf("1.0001")
fit("exp_tail", lambda r: (exp(r) - 1 - r) / r**2 if abs(r) > 1e-20 else mpf(1) / 2, -half, half, 10)
# log((1 + s) / (1 - s)) = 2 s + s^3 P(s^2), |s| <= 3 - 2 sqrt(2)
s_end = (3 - 2 * mp.sqrt(2)) * mpf("1.0001")
fit("log_tail", lambda z: (log((1 + mp.sqrt(z)) / (1 - mp.sqrt(z))) - 2 * mp.sqrt(z)) / mp.sqrt(z) ** 3, mpf(10) ** -12, s_end**2, 7)
# sin(pi r) = pi r (1 + r^2 P(r^2)), |r| <= 1/2
fit("sinpi_tail", lambda z: (sin(pi * mp.sqrt(z)) / (pi * mp.sqrt(z)) - 1) / z, mpf(10) ** -12, mpf(1) / 4, 7)
# lgamma(1 + w) = w (w - 1) P(w + 3/8) / Q(w + 3/8), -3/8 <= w <= 11/8
fit("lgamma_near", lambda v: loggamma(v + mpf(5) / 8) / ((v - mpf(3) / 8) * (v - mpf(11) / 8)), 0, mpf(7) / 4, 9, 9)


def stirling_rest(x):
    return loggamma(x) - (x - mpf(1) / 2) * (log(x) - 1) - (log(2 * pi) - 1) / 2


# lgamma(x) = (x - 1/2) (log(x) - 1) + (log(2 pi) - 1) / 2 + P(1 / x^2) / (x Q(1 / x^2)), x >= 35/8
fit("lgamma_far", lambda z: stirling_rest(1 / mp.sqrt(z)) / mp.sqrt(z), mpf(10) ** -12, (mpf(8) / 35) ** 2, 4, 4)
# digamma(1 + w) = (w + 1 - zero) P(w + 1/8) / Q(w + 1/8), -1/8 <= w <= 11/8
zero = findroot(lambda x: psi(0, x), mpf("1.46"))
fit("digamma_near", lambda v: psi(0, v + mpf(7) / 8) / (v + mpf(7) / 8 - zero), 0, mpf(3) / 2, 7, 7)
parts, left = [], zero - 1
for bits in (30, 60):
    parts.append(mp.floor(left * mpf(2) ** bits) / mpf(2) ** bits)
    left -= parts[-1]
print("// zero of digamma less 1, in three parts")
show("digamma_zero", [*parts, left])
# digamma(x) = log(x) - s P(s) / Q(s), s = 1 / x, x >= 19/8
fit("digamma_far", lambda s: (log(1 / s) - psi(0, 1 / s)) / s, mpf(10) ** -6, mpf(8) / 19, 7, 7)
# trigamma(x) = s + s^2 P(s) / Q(s), x >= 1
fit("trigamma_far", lambda s: (psi(1, 1 / s) - s) / s**2, mpf(10) ** -6, 1, 10, 10)
# tetragamma(x) = -s^2 - s^3 P(s) / Q(s), x >= 1
fit("tetragamma_far", lambda s: -(psi(2, 1 / s) + s**2) / s**3, mpf(10) ** -6, 1, 11, 11)
