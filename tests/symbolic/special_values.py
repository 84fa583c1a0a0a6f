#!/usr/bin/python3
"""Prints special_values.txt: special functions at chosen and random doubles, from 60-digit arithmetic.

    special_values.py [points a region] > special_values.txt

A line is: name, arguments (hexadecimal, exact), value (25 digits), and, where a function has zeros that are not written into its
formula, the size of the largest term that cancels in the value.
"""
import math
import random
import sys

from mpmath import (besseli, besselj, besselk, bessely, betainc, erfc, exp, expm1, fabs, gammainc, hyp2f1, inf, isinf, isnan, linspace, log,
                    log1p, loggamma, mp, mpf, nan, nstr, pi, psi, quad, rf, sqrt, zeta)

mp.dps = 60


def is_pole(x):
    return x <= 0 and x == mp.floor(x)


def log_sum(a, b):
    if isinf(a) or isinf(b):
        return nan if isnan(a) or isnan(b) else max(a, b)
    return max(a, b) + log1p(exp(-fabs(a - b)))


def logarithm(x):
    return -inf if x == 0 else nan if x < 0 or isnan(x) else log(x)


def lgamma(x):
    if is_pole(x) or isinf(x):
        return inf
    return loggamma(x).real


def polygamma(order):
    def value(x):
        if is_pole(x) or x == -inf:  # at zero the sign of zero decides, which mpmath does not know
            return inf if order == 1 and x != -inf else nan
        if x == inf:
            return inf if order == 0 else mpf(0)
        # mpmath takes steps of 1 in the number of the argument
        if x < -10:
            cotangent = mp.cospi(x) / mp.sinpi(x)
            derivatives = (pi * cotangent, -((pi / mp.sinpi(x)) ** 2), 2 * pi**3 * cotangent / mp.sinpi(x) ** 2)
            return (-1) ** order * value(1 - x) - derivatives[order]
        if x > 1e8 and order > 0:
            series = 1 / x + 1 / (2 * x**2) + 1 / (6 * x**3) - 1 / (30 * x**5) + 1 / (42 * x**7)
            return series if order == 1 else -(1 / x**2 + 1 / x**3 + 1 / (2 * x**4) - 1 / (6 * x**6) + 1 / (6 * x**8))
        return psi(order, x)

    return value


def reflected(order):
    """Size of what is added where a gamma function is reflected."""

    def size(x):
        if not (-1e15 < x < 0) or is_pole(x):
            return None
        if order < 0:
            return max(fabs(log(pi / fabs(x * mp.sinpi(x)))), fabs(loggamma(-x).real))
        if order == 1:
            return None
        if order == 2:
            return fabs(polygamma(2)(1 - x)) + fabs(polygamma(2)(x))
        return max(fabs(polygamma(0)(1 - x)), fabs(pi * mp.cospi(x) / mp.sinpi(x)))

    return size


def sigmoid(x):
    return 1 / (1 + exp(-x)) if x != -inf else mpf(0)


def log1mexp(x):
    return nan if x > 0 else log1p(-exp(x)) if x < -1 else logarithm(-expm1(x))


def logit(p):
    return nan if not 0 <= p <= 1 else -inf if p == 0 else inf if p == 1 else log(p / (1 - p))


def xlogy(x, y):
    return mpf(0) if x == 0 and not isnan(y) else x * logarithm(y)


UNARY = {
    "sigmoid": sigmoid,
    "softplus": lambda x: log1p(exp(x)) if x < 1000 else x,
    "log_sigmoid": lambda x: -log1p(exp(-x)) if x > -1000 else x,
    "log1mexp": log1mexp,
    "logit": logit,
    "gaussian": lambda x: exp(-x * x),
    "lgamma": lgamma,
    "digamma": polygamma(0),
    "trigamma": polygamma(1),
    "tetragamma": polygamma(2),
}
BINARY = {"logaddexp": log_sum, "xlogy": xlogy}

LINE = [(-750, 750), (-40, 40), (-1, 1), (-1e-9, 1e-9)]
GAMMA = [(0, 1e-5), (0, 1), (0.9999, 1.0001), (1.9999, 2.0001), (1.4, 1.5), (1, 2.4), (2.3, 2.5), (2.5, 9), (7.9, 8.1),
         (9, 200), (200, 1e10), (-0.4, 0), (-1, -0.3), (-5, 0), (-60, -3), (-3.00001, -2.99999)]
REGIONS = {name: LINE for name in ("sigmoid", "softplus", "log_sigmoid")}
REGIONS |= {name: GAMMA for name in ("lgamma", "digamma", "trigamma", "tetragamma")}
REGIONS["log1mexp"] = [(-750, 0), (-40, 0), (-1, 0), (-0.7, -0.68), (-1e-9, 0)]
REGIONS["logit"] = [(0, 1), (0, 1e-5), (0.41, 0.59), (0.4999, 0.5001), (0.9999, 1)]
REGIONS["gaussian"] = [(-30, 30), (-1, 1), (25, 27.3)]

SPECIAL = [0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 7e-155, 1.4e-154, 1e-110, 1e-103, 1e-99, 1e-20, 1e-8,
           0.5, math.nextafter(1, 0), 1.0, math.nextafter(1, 2), 2.0, math.nextafter(2, 0), math.nextafter(2, 3), 3.0, 8.0,
           math.nextafter(8, 0), 10.0, 36.0, 40.0, 100.0, 171.6, 708.3, 709.5, 710.0, 740.0, 745.13, 745.14, 800.0, 1e5,
           1e10, 1e15 + 0.5, 1e16, 1e22, 1e100, 1e300, 2.5e305, 1.7976931348623157e308, math.inf, 0.6931471805599453, 1.4616321449683622,
           1.4616321449683624, 2.4570247382208006, 2.5, 1e15 + 0.25]


def number(x):
    return "nan" if isnan(x) else "inf" if x == inf else "-inf" if x == -inf else nstr(x, 25, min_fixed=1, max_fixed=0)


def line(name, arguments, value, size):
    return " ".join([name, *(float(a).hex() for a in arguments), number(value), *([] if size is None else [nstr(size, 5)])])


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    draw = random.Random(1)
    for name, f in UNARY.items():
        points = SPECIAL + [-x for x in SPECIAL] + [math.nan]
        for low, high in REGIONS[name]:
            points += [draw.uniform(low, high) for _ in range(count)]
        size = {"lgamma": reflected(-1), "digamma": reflected(0), "tetragamma": reflected(2)}.get(name, lambda x: None)
        for x in points:
            if x == 0 and name in ("digamma", "tetragamma"):
                value = math.copysign(mp.inf, -x if x else -math.copysign(1, x))
                print(line(name, [x], mpf(value), None))
            else:
                print(line(name, [x], nan if isnan(x) else f(mpf(x)), None if isnan(x) else size(mpf(x))))
    few = [0.0, -0.0, 5e-324, 1e-300, 1e-8, 0.5, 1.0, -1.0, 2.0, -0.6931471805599453, 40.0, -700.0, 745.0, 1e10, -1e300, 1e308,
           math.inf, -math.inf, math.nan]
    for name, f in BINARY.items():
        pairs = [(a, b) for a in few for b in few]
        for low, high in LINE:
            pairs += [(draw.uniform(low, high), draw.uniform(low, high)) for _ in range(count)]
        if name == "xlogy":
            pairs += [(draw.uniform(-5, 5), draw.lognormvariate(0, 2)) for _ in range(5 * count)]
        for a, b in pairs:
            value = f(mpf(a), mpf(b))
            terms = name == "logaddexp" and not isnan(value) and not isinf(value)
            print(line(name, [a, b], value, max(fabs(max(mpf(a), mpf(b))), fabs(value)) if terms else None))


# --- functions of one number that have vector versions, appended so that what is above keeps its random numbers ---


def erfcx(x):
    if x == inf:
        return mpf(0)
    if x == -inf or x < -1e5:
        return inf
    if x < 100:
        return exp(x * x) * erfc(x)
    fraction = x
    for k in range(200, 0, -1):
        fraction = x + mpf(k) / 2 / fraction
    return 1 / (fraction * sqrt(pi))


def ierfcx(x):
    if x > 1e200:
        return mpf(0)
    with mp.workdps(60 if x < 0 else 60 + 2 * int(mp.log10(1 + x)) + 40):
        return 1 / sqrt(pi) - x * erfcx(x) if x > -1e5 else inf


def log_ndtr(x):
    if isinf(x) or x < -1e200:
        return mpf(0) if x > 0 else -inf
    if x > 200:
        return mpf(0)
    return log1p(-erfc(x / sqrt(2)) / 2) if x > 0 else log(erfcx(-x / sqrt(2)) / 2) - x * x / 2


def quantile_of_log(level):
    """below the median, by Newton's method"""
    x = -sqrt(-2 * level) if level < -2.3 else (exp(level) - mpf(1) / 2) * mpf("2.5")
    for _ in range(100):
        step = (log_ndtr(x) - level) * erfcx(-x / sqrt(2)) * sqrt(pi / 2)
        x -= step
        if fabs(step) <= mpf(10) ** -45 * fabs(x):
            break
    return x


def quantile(p, rest):
    """of p, where rest = 1 - p"""
    if p < 0 or rest < 0 or isnan(p):
        return nan
    if p == rest:
        return mpf(0)
    if p == 0 or rest == 0:
        return -inf if p == 0 else inf
    return quantile_of_log(log(p)) if p < rest else -quantile_of_log(log(rest))


def ndtri_exp(y):
    if y > 0:
        return nan
    if y == 0 or y == -inf:
        return inf if y == 0 else -inf
    return quantile_of_log(y) if y < -log(2) else -quantile_of_log(log(-expm1(y)))


def gamma(x):
    if x > 1e4 or x == 0:  # at zero with its sign, which mpmath does not know
        return inf
    if x == -inf or (x < 0 and x == mp.floor(x)):
        return nan
    return mpf(0) if x < -1e4 else mp.gamma(x)


MORE = {
    "erfcx": (erfcx, [(-27, 0), (0, 1), (1, 10), (10, 1e4)]),
    "ierfcx": (ierfcx, [(-26, 0), (0, 1), (1, 10), (10, 1e4)]),
    "ndtr": (lambda x: erfc(-x / sqrt(2)) / 2 if x > -1e5 else mpf(0), [(-38, -5), (-5, 0), (0, 6)]),
    "log_ndtr": (log_ndtr, [(-1e5, -30), (-30, 0), (0, 3), (3, 37)]),
    "ndtri": (lambda p: quantile(p, 1 - p), [(0, 1), (0, 0.1), (0.49, 0.51), (0, 1e-10), (0, 1e-300), (0.999, 1)]),
    "erfinv": (lambda y: y * sqrt(pi) / 2 if fabs(y) < 1e-30 else quantile((1 + y) / 2, (1 - y) / 2) / sqrt(2), [(-1, 1), (-1e-5, 1e-5), (0.999, 1)]),
    "erfcinv": (lambda z: -quantile(z / 2, 1 - z / 2) / sqrt(2), [(0, 2), (0, 1e-10), (0, 1e-300), (1.99, 2)]),
    "ndtri_exp": (ndtri_exp, [(-1, 0), (-1e-6, 0), (-40, 0), (-800, -700), (-1e6, -800)]),
    "gamma": (gamma, GAMMA + [(9, 60), (60, 171), (-170, -100), (-0.4, 0.4)]),
}


# --- functions that are not made of selects: a few points in each of their regions, and their edges ---


def lower_gamma(a, x):
    return gammainc(a, 0, x, regularized=True)


def upper_gamma(a, x):
    return gammainc(a, x, inf, regularized=True)


def lower_beta(a, b, x):
    return betainc(a, b, 0, x, regularized=True)


def slope(f, place, order=1):
    """derivative by one argument, from differences in many digits"""

    def value(*x):
        with mp.workdps(3 * mp.dps + 100):
            h = max(fabs(x[place]), mpf(10) ** -20) * mpf(10) ** -40
            at = lambda k: f(*[v + k * h if i == place else v for i, v in enumerate(x)])
            return (at(1) - at(-1)) / (2 * h) if order == 1 else (at(1) - 2 * at(0) + at(-1)) / h**2

    return value


def many_digits(f):
    def value(*x):
        with mp.workdps(200):
            return f(*x)

    return value


def root(f, density, highest):
    """of f(x) = p, f increasing: Newton's method between brackets"""

    def value(*arguments):
        *parameters, p = arguments
        low, high = mpf(0), mpf(highest(*arguments))
        x = high / 2
        for _ in range(500):
            excess = f(*parameters, x) - p
            low, high = (low, x) if excess > 0 else (x, high)
            moved = x - excess / density(*parameters, x)
            if not low < moved < high:
                moved = (low + high) / 2 if low > 0 else high / 16
            if fabs(moved - x) < mpf(10) ** -40 * x:
                return moved
            x = moved
        raise ArithmeticError(arguments)

    return value


def gamma_density(a, x):
    return exp((a - 1) * log(x) - x - loggamma(a))


def beta_density(a, b, x):
    return exp((a - 1) * log(x) + (b - 1) * log1p(-x) + loggamma(a + b) - loggamma(a) - loggamma(b))


def owens_t(h, a):
    ends = [0] + [k / h for k in (1, 2, 4, 8, 16) if k / h < a] + [k for k in (1, 4) if k < a and k * h < 5] + [a]
    return exp(-h * h / 2) * quad(lambda t: exp(-h * h * t * t / 2) / (1 + t * t), sorted(ends)) / (2 * pi)


def spread(draw, low, high):
    return math.exp(draw.uniform(math.log(low), math.log(high)))


def gamma_points(draw):
    """small, moderate, around the mean of large ones"""
    yield spread(draw, 1e-3, 2), spread(draw, 1e-3, 5)
    yield spread(draw, 0.5, 30), spread(draw, 0.5, 50)
    a = spread(draw, 30, 300)
    yield a, a + draw.gauss(0, 3) * math.sqrt(a)


def beta_points(draw):
    yield spread(draw, 0.3, 30), spread(draw, 0.3, 30), draw.random()
    yield spread(draw, 1e-3, 1), spread(draw, 1e-3, 1), draw.random()
    yield spread(draw, 1e-3, 1), spread(draw, 1, 50), spread(draw, 1e-8, 1)
    yield spread(draw, 1, 50), spread(draw, 1e-3, 1), 1 - spread(draw, 1e-10, 1)
    yield spread(draw, 20, 200), spread(draw, 20, 200), draw.uniform(0.2, 0.8)


def bessel_points(draw):
    yield draw.uniform(0, 5), spread(draw, 1e-3, 3)
    yield draw.uniform(0, 20), spread(draw, 1, 60)
    yield draw.uniform(-5, 0), spread(draw, 0.1, 20)
    yield float(draw.randint(-4, 9)), spread(draw, 0.1, 100)
    yield draw.uniform(0, 10), spread(draw, 60, 600)


def hypergeometric_points(draw):
    parameters = draw.uniform(-3, 5), draw.uniform(-3, 5), draw.uniform(0.2, 6)
    yield *parameters, draw.uniform(-0.3, 0.9)
    yield *parameters, -spread(draw, 0.3, 1e3)
    yield *parameters, 1 - spread(draw, 1e-6, 0.1)


def pairs_of(low, high):
    def points(draw):
        yield tuple(spread(draw, a, b) for a, b in zip(low, high))

    return points


NAN, INF = math.nan, math.inf
log_beta = many_digits(lambda a, b: loggamma(a) + loggamma(b) - loggamma(a + b))
SEVERAL = {
    "owens_t": (owens_t, pairs_of((0.01, 0.01), (15, 30)), 12, {(0.0, INF): 0.25, (INF, 1.0): 0, (1.0, 0.0): 0, (NAN, 1.0): NAN}),
    "betaln": (log_beta, pairs_of((1e-6, 1e-6), (1e8, 1e8)), 20, {(1.0, 1.0): 0, (0.0, 1.0): INF, (1.0, INF): -INF, (NAN, 1.0): NAN}),
    "beta": (lambda a, b: exp(log_beta(a, b)), pairs_of((1e-4, 1e-4), (300, 300)), 20, {(2.0, 3.0): mpf(1) / 12, (-1.5, 0.5): 0}),
    "poch": (rf, pairs_of((0.01, 0.01), (100, 20)), 20, {(2.0, 3.0): 24, (-2.0, 3.0): 0, (-2.5, 2.0): 3.75, (3.0, -2.0): 0.5, (5.0, 0.0): 1}),
    "digamma_rise": (many_digits(lambda x, h: psi(0, x + h) - psi(0, x)), pairs_of((1e-3, 1e-12), (1e9, 1e3)), 25, {}),
    "zeta": (many_digits(zeta), pairs_of((1.01, 0.01), (25, 1e3)), 15, {(1.0, 2.0): INF, (0.5, 1.0): NAN, (2.0, 1.0): pi**2 / 6, (3.0, -2.0): INF}),
    "polygamma": (lambda n, x: psi(int(n), x), lambda draw: iter([(float(draw.randint(3, 12)), spread(draw, 0.05, 200)), (float(draw.randint(3, 9)), draw.uniform(-5, 0))]), 12,
                  {(3.0, 0.0): INF, (0.5, 1.0): NAN, (-1.0, 1.0): NAN, (3.0, INF): 0, (3.0, -1.0): INF}),
    "gammainc": (many_digits(lower_gamma), gamma_points, 12, {(2.0, 0.0): 0, (0.0, 1.0): 1, (0.0, 0.0): NAN, (2.0, INF): 1, (-1.0, 1.0): NAN, (1.0, -1.0): NAN, (INF, 2.0): 0}),
    "gammaincc": (many_digits(upper_gamma), gamma_points, 12, {(2.0, 0.0): 1, (0.0, 1.0): 0, (2.0, INF): 0, (NAN, 1.0): NAN, (1.0, 700.0): exp(-mpf(700))}),
    "gamma_density": (gamma_density, gamma_points, 8, {(1.0, 0.0): 1, (2.0, 0.0): 0, (0.5, 0.0): INF, (0.0, 1.0): NAN}),
    "gammainc_da": (slope(lower_gamma, 0), gamma_points, 8, {(2.0, INF): 0, (2.0, 0.0): 0}),
    "gammainc_daa": (slope(lower_gamma, 0, 2), gamma_points, 6, {}),
    "gammaincinv": (root(many_digits(lower_gamma), gamma_density, lambda a, p: 20 * a + 100),
                    lambda draw: iter([(spread(draw, 0.05, 100), draw.uniform(0, 0.9)), (spread(draw, 0.5, 100), spread(draw, 1e-50, 1))]), 10,
                    {(2.0, 0.0): 0, (2.0, 1.0): INF, (2.0, 1.5): NAN, (2.0, -0.5): NAN, (0.0, 0.5): NAN}),
    "gammainccinv": (root(many_digits(lambda a, x: -upper_gamma(a, x)), gamma_density, lambda a, q: 1), None, 0,
                     {(1.0, 0.0): INF, (1.0, 1.0): 0, (1.0, 0.25): 2 * log(mpf(2)), (1.0, 1e-100): -log(mpf(1e-100))}),
    "betainc": (many_digits(lower_beta), beta_points, 10, {(2.0, 3.0, 0.0): 0, (2.0, 3.0, 1.0): 1, (0.0, 1.0, 0.5): 1, (1.0, 0.0, 0.5): 0, (2.0, 2.0, 1.5): NAN, (-1.0, 1.0, 0.5): NAN}),
    "beta_density": (beta_density, beta_points, 6, {(1.0, 3.0, 0.0): 3, (2.0, 3.0, 0.0): 0, (0.5, 1.0, 0.0): INF, (2.0, 1.0, 1.0): 2}),
    "betainc_da": (slope(lower_beta, 0), beta_points, 6, {(2.0, 3.0, 0.0): 0, (2.0, 3.0, 1.0): 0}),
    "betainc_db": (slope(lower_beta, 1), beta_points, 6, {(2.0, 3.0, 0.0): 0, (2.0, 3.0, 1.0): 0}),
    "betaincinv": (root(many_digits(lower_beta), beta_density, lambda a, b, p: 1),
                   lambda draw: iter([(spread(draw, 0.5, 20), spread(draw, 0.5, 20), draw.uniform(0, 0.6))]), 12,
                   {(2.0, 3.0, 0.0): 0, (2.0, 3.0, 1.0): 1, (1.0, 1.0, 0.3): mpf(0.3), (2.0, 3.0, -1.0): NAN}),
    "jv": (many_digits(besselj), bessel_points, 6, {(0.0, 0.0): 1, (2.0, 0.0): 0, (0.5, -1.0): NAN, (1.0, INF): 0, (0.0, -2.0): besselj(0, 2)}),
    "yv": (many_digits(bessely), bessel_points, 6, {(0.0, 0.0): -INF, (1.0, -1.0): NAN, (1.0, INF): 0}),
    "iv": (many_digits(besseli), bessel_points, 6, {(0.0, 0.0): 1, (1.0, INF): INF, (1.0, -2.0): -besseli(1, 2), (0.5, -1.0): NAN}),
    "ive": (many_digits(lambda v, x: exp(-x) * besseli(v, x)), bessel_points, 6, {(0.0, 0.0): 1, (1.0, INF): 0}),
    "kv": (many_digits(besselk), bessel_points, 6, {(0.0, 0.0): INF, (1.0, INF): 0, (1.0, -1.0): NAN}),
    "kve": (many_digits(lambda v, x: exp(x) * besselk(v, x)), bessel_points, 6, {(0.0, 0.0): INF}),
    "hyp2f1": (many_digits(hyp2f1), hypergeometric_points, 8, {(1.0, 1.0, 2.0, -1.0): log(mpf(2)), (1.0, 2.0, 4.5, 1.0): mpf(7) / 3, (-2.0, 3.0, 1.0, 5.0): 121, (1.0, 1.0, 2.0, 0.0): 1,
                                                             (1.0, 1.0, 2.0, 1.5): NAN, (1.0, 1.0, -1.0, 0.5): NAN, (1.0, 1.0, 1.5, 1.0): INF}),
    "hyp2f1_da": (slope(hyp2f1, 0), hypergeometric_points, 5, {(-2.0, 3.0, 1.0, 0.5): slope(hyp2f1, 0)(mpf(-2), mpf(3), mpf(1), mpf(0.5))}),
    "hyp2f1_dc": (slope(hyp2f1, 2), hypergeometric_points, 5, {}),
}
# Where a function crosses 0: sizes of what cancels. Elsewhere the condition numbers count.
AMPLITUDE = {"jv", "yv"}


def condition(f, arguments, value):
    """Sum of |x df/dx|: what errors of one unit in the arguments make of the value."""
    total = mpf(0)
    for place, x in enumerate(arguments):
        total += fabs(x * slope(f, place)(*arguments))
    return max(fabs(value), total)


def more():
    draw = random.Random(2)
    for name, (f, regions) in MORE.items():
        points = SPECIAL + [-x for x in SPECIAL] + [math.nan]
        for low, high in regions:
            points += [draw.uniform(low, high) for _ in range(5)]
        if name == "erfinv" or name == "erfcinv":
            points = [x for x in points if x == 0 or abs(x) > 1e-305]
        for x in points:
            value = nan if isnan(x) else f(mpf(x))
            if name == "gamma" and x == 0:
                value = math.copysign(mp.inf, x)
            size = None
            if name == "ndtri_exp" and -1 < x < -0.5:
                size = max(fabs(value), mpf(1))
            print(line(name, [x], mpf(value), size))
    for name, (f, points, count, edges) in SEVERAL.items():
        for arguments, value in edges.items():
            print(line(name, arguments, mpf(value), None))
        for _ in range(count):
            for arguments in points(draw):
                exact = [mpf(x) for x in arguments]
                value = f(*exact)
                if fabs(value) < 1e-290 or fabs(value) > 1e290:
                    continue
                if name in ("gammaincinv", "betaincinv"):
                    size = fabs(value)
                else:
                    size = condition(f if name != "polygamma" else (lambda n, x: f(n, x)), exact, value) if name not in ("polygamma", "gammainc_da", "gammainc_daa", "betainc_da", "betainc_db", "hyp2f1_da", "hyp2f1_dc", "owens_t") else fabs(value)
                print(line(name, arguments, value, size))


main()
more()
