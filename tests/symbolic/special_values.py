#!/usr/bin/python3
"""Prints special_values.txt: special functions at chosen and random doubles, from 60-digit arithmetic.

    special_values.py [points a region] > special_values.txt

A line is: name, arguments (hexadecimal, exact), value (25 digits), and, where a function has zeros that are not written into its
formula, the size of the largest term that cancels in the value.
"""
import math
import random
import sys

from mpmath import exp, expm1, fabs, inf, isinf, isnan, log, log1p, loggamma, mp, mpf, nan, nstr, pi, psi

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


main()
