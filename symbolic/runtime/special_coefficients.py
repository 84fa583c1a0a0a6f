#!/usr/bin/python3
"""Prints the coefficients of special*.c and special_kernels.h: rational functions through Chebyshev points, found in 60-digit arithmetic.

Each line is a C array; the comment gives the largest relative error of the fit before rounding to double.
"""
from mpmath import cos, erfc, exp, findroot, log, loggamma, lu_solve, matrix, mp, mpf, pi, psi, sin, sqrt

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

# --- special_normal.c ---


def scaled_erfc(x):
    """exp(x^2) erfc(x), far out by its continued fraction"""
    if x < 100:
        return exp(x * x) * erfc(x)
    fraction = x
    for k in range(200, 0, -1):
        fraction = x + mpf(k) / 2 / fraction
    return 1 / (fraction * sqrt(pi))


def scaled_integral(x):
    """exp(x^2) times the integral of erfc from x on, which is 1 / sqrt(pi) - x exp(x^2) erfc(x)"""
    with mp.workdps(120):
        return 1 / sqrt(pi) - x * scaled_erfc(x)


def from_map(t):
    """[0, inf) as the image of t = (x - 15/4) / (x + 15/4) in [-1, 1): Shepherd & Laframboise 1981"""
    return mpf(15) / 4 * (1 + t) / (1 - t)


def lower_quantile(p):
    """of the standard normal distribution, p < 1/2: Newton's method for the logarithm of p"""
    level = log(p)
    x = -sqrt(-2 * level) if p < 0.1 else (p - mpf(1) / 2) * mpf("2.5")
    for _ in range(60):
        below = erfc(-x / sqrt(2)) / 2
        step = (log(below) - level) * below * sqrt(2 * pi) * exp(x * x / 2)
        x -= step
        if abs(step) < mpf(10) ** -50:
            return x


nearly_one = 1 - mpf(10) ** -9
# erfcx(x) = (1 + (1 + t) P(t)) / (1 + 2 x), x >= 0
fit("erfcx_map", lambda t: ((1 + 2 * from_map(t)) * scaled_erfc(from_map(t)) - 1) / (1 + t), mpf(10) ** -12 - 1, nearly_one, 24)
# exp(x^2) times the integral of erfc = P(t) / (1 + 2 x)^2, x >= 0
fit("ierfcx_map", lambda t: (1 + 2 * from_map(t)) ** 2 * scaled_integral(from_map(t)), -1, nearly_one, 28)
# quantile(1/2 + q) = q P(v) / Q(v), v = 0.180625 - q^2, |q| <= 0.425: the form of Wichura 1988 (AS 241), as the next two
centre = mpf("0.180625")
fit("quantile_centre", lambda v: -lower_quantile(mpf(1) / 2 - sqrt(centre - v)) / sqrt(centre - v) if v < centre else sqrt(2 * pi), 0, centre, 8, 8)
# -quantile(p) = P(r - 8/5) / Q(r - 8/5), r = sqrt(-log(p)), 8/5 <= r <= 5
fit("quantile_tail", lambda v: -lower_quantile(exp(-((v + mpf(8) / 5) ** 2))), 0, mpf("3.4"), 8, 8)
# the same with r - 5, up to r = 28
fit("quantile_far", lambda v: -lower_quantile(exp(-((v + 5) ** 2))), 0, 23, 10, 10)

# --- special_gamma.c: gamma(n), that from 151 on divided by 2^600 ---
with mp.workdps(400):
    show("gamma_table", [mpf(0)] + [mp.factorial(n - 1) / (mpf(2) ** 600 if n > 150 else 1) for n in range(1, 188)])

# --- special_bessel.c: 1 / gamma(1 + z) = sum of c_k z^k ---
print("static const long double inverse_gamma_series[] = {" + ", ".join(mp.nstr(c, 22) + "L" for c in mp.taylor(lambda z: mp.rgamma(1 + z), 0, 27)) + "};")
