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
# sin(pi r) = r P(r^2), |r| <= 1/2
fit("sinpi_tail", lambda z: sin(pi * mp.sqrt(z)) / mp.sqrt(z), mpf(10) ** -20, mpf(1) / 4, 8)
# lgamma(1 + w) = w (w - 1) P(w) / Q(w), -3/8 <= w <= 11/8
fit("lgamma_near", lambda w: loggamma(1 + w) / (w * (w - 1)), mpf(-3) / 8, mpf(11) / 8, 9, 9)
# lgamma(x) = (x - 1/2) (log(x) - 1) + (log(2 pi) - 1) / 2 + P(1 / x^2) / x, x >= 8
fit("lgamma_far", lambda z: (loggamma(1 / mp.sqrt(z)) - (1 / mp.sqrt(z) - mpf(1) / 2) * (log(1 / mp.sqrt(z)) - 1) - (log(2 * pi) - 1) / 2) / mp.sqrt(z),
    mpf(10) ** -12, mpf(1) / 64, 5)
# digamma(y) = (y - zero) P(y - 3/2) / Q(y - 3/2), 1 <= y <= 2
zero = findroot(lambda x: psi(0, x), mpf("1.46"))
print("// zero of digamma in three parts")
parts, left = [], zero
for bits in (30, 60):
    part = mp.floor(left * mpf(2) ** bits) / mpf(2) ** bits
    parts.append(part)
    left -= part
show("digamma_zero", parts + [left])
fit("digamma_near", lambda u: psi(0, u + mpf(3) / 2) / (u + mpf(3) / 2 - zero), mpf(-1) / 2, mpf(1) / 2, 6, 6)
# digamma(x) = log(x) - 1 / (2 x) - P(1 / x^2) / x^2, x >= 8
fit("digamma_far", lambda z: -(psi(0, 1 / mp.sqrt(z)) - log(1 / mp.sqrt(z)) + mp.sqrt(z) / 2) / z, mpf(10) ** -12, mpf(1) / 64, 5)
# trigamma(x) = 1 / x + 1 / (2 x^2) + P(1 / x^2) / x^3
fit("trigamma_far", lambda z: (psi(1, 1 / mp.sqrt(z)) - mp.sqrt(z) - z / 2) / mp.sqrt(z) ** 3, mpf(10) ** -12, mpf(1) / 64, 7)
# tetragamma(x) = -1 / x^2 - 1 / x^3 - P(1 / x^2) / x^4
fit("tetragamma_far", lambda z: -(psi(2, 1 / mp.sqrt(z)) + z + mp.sqrt(z) ** 3) / z**2, mpf(10) ** -12, mpf(1) / 64, 7)
