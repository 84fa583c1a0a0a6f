#!/usr/bin/python3
"""Prints stability_values.txt: values and derivatives of formulas that overflow or cancel in doubles, from 1,500-digit arithmetic.

    stability_values.py > stability_values.txt

A line of a formula of one variable: name, x, f, f', f'', f'''. Of more: name, their number, the variables, f, the gradient, the
Hessian row by row. `nan` stands for what is no double: the derivative does not exist there, or is beyond the range.
"""
from mpmath import (acosh, asinh, atanh, cbrt, cos, cosh, erf, erfc, exp, expm1, fabs, isfinite, log, log1p, loggamma, mp, mpf, nstr, pi,
                    power, sin, sinh, sqrt, tan, tanh)

mp.dps = 1500
STEP = mpf(10) ** -200
LARGEST = mpf('1.79e308')

WIDE = [-800, -50, -5.5, -1, -1e-9, -1e-20, 0, 1e-20, 1e-9, 0.3, 1, 2.5, 17, 50, 800]
POSITIVE = [1e-300, 1e-200, 1e-20, 1e-9, 0.3, 1, 2.5, 50, 800, 1e10, 1e200, 1e300]
SIGNED = [-1e300, -1e200, -800, -2.5, -1e-9, -1e-20, -1e-200, 1e-300, 1e-20, 1e-9, 0.3, 1, 50, 1e10, 1e200]
NEGATIVE = [-800, -50, -3, -0.3, -1e-9, -1e-20, -1e-200]
ABOVE = [1e-200, 1e-20, 1e-9, 0.3, 1, 2.5, 17, 50, 800]
UNIT = [1e-300, 1e-200, 1e-20, 1e-9, 0.3, 0.5, 0.75, 0.9999999990686774]
ABOVE_MINUS_ONE = [-0.9990234375, -0.5, -1e-9, -1e-20, 0, 1e-300, 1e-20, 1e-9, 0.3, 2.5, 1e10, 1e200, 1e300]


def erfc_(x):
    """mpmath's is slow far out."""
    return 2 - erfc_(-x) if x < 0 else erfc(x)


def sigmoid(x):
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def softplus(x):
    return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))


def phi(x):
    return exp(-x * x / 2) / sqrt(2 * pi)


def Phi(x):
    return erfc_(-x / sqrt(2)) / 2


TAIL = [-40, -12, -5, -1, 0, 1e-20, 0.3, 3, 12, 40]
ONE = {
    'log1p': (log1p, ABOVE_MINUS_ONE),
    'expm1': (expm1, WIDE),
    'softplus': (softplus, WIDE),
    'log1mexp': (lambda x: log(-expm1(x)), NEGATIVE),
    'log_expm1': (lambda x: log(expm1(x)), ABOVE),
    'sigmoid': (sigmoid, WIDE),
    '3_sigmoid(-x)': (lambda x: 3 * sigmoid(-x), WIDE),
    'e^x/(e^x+3)': (lambda x: sigmoid(x - log(mpf(3))), WIDE),
    'log_sigmoid': (lambda x: -softplus(-x), WIDE),
    'xent': (lambda x: 3 * softplus(-x) + 2 * softplus(x), WIDE),
    'xent0.3': (lambda x: mpf(0.25) * softplus(-x) + mpf(0.75) * softplus(x), WIDE),
    'xent1': (lambda x: softplus(-x), WIDE),
    'logit_of_sigmoid': (lambda x: x, WIDE),
    'sigmoid_of_logit': (lambda x: x, UNIT),
    'logit': (lambda x: log(x) - log1p(-x), UNIT),
    'odds': (exp, WIDE),
    'log_p+log(1-p)': (lambda x: -softplus(x) - softplus(-x), WIDE),
    'entropy': (lambda x: sigmoid(x) * softplus(-x) + sigmoid(-x) * softplus(x), WIDE),
    'focal': (lambda x: sigmoid(-x) ** 2 * softplus(-x), WIDE),
    'binomial': (lambda x: -3 * softplus(-x) - 7 * softplus(x), WIDE),
    'softplus-x': (lambda x: softplus(-x), WIDE),
    'swish': (lambda x: x * sigmoid(x), WIDE),
    'e^x+e^2x': (lambda x: x + softplus(x), WIDE),
    'e^2x-e^x': (lambda x: x + log(expm1(x)), ABOVE),
    'four_exponentials': (lambda x: log(exp(x) + exp(2 * x) + exp(-x) + 3), WIDE),
    'tanh': (tanh, WIDE + [1e-300]),
    'coth': (lambda x: cosh(x) / sinh(x), ABOVE),
    'sech': (lambda x: 1 / cosh(x), WIDE),
    'csch': (lambda x: 1 / sinh(x), ABOVE),
    'sinh': (sinh, WIDE),
    'log_cosh': (lambda x: log1p(2 * sinh(x / 2) ** 2), WIDE),
    'log(2cosh)': (lambda x: log(2 * cosh(x)), WIDE),
    'log_sinh': (lambda x: log(sinh(x)), ABOVE),
    'log_tanh': (lambda x: log(tanh(x)), ABOVE),
    '1-tanh': (lambda x: 2 * sigmoid(-2 * x), WIDE),
    '1-tanh^2': (lambda x: 1 / cosh(x) ** 2, WIDE),
    'log(1-tanh)': (lambda x: log(2 * sigmoid(-2 * x)), WIDE),
    'log(1-tanh^2)': (lambda x: -2 * log(cosh(x)), WIDE),
    'cosh-1': (lambda x: 2 * sinh(x / 2) ** 2, WIDE),
    '1-cos': (lambda x: 2 * sin(x / 2) ** 2, [-1, -1e-9, -1e-20, 1e-200, 1e-20, 1e-9, 0.001, 0.3, 2.5, 50]),
    '(1-cos)/x^2': (lambda x: 2 * sin(x / 2) ** 2 / x ** 2, [-1, -1e-9, -1e-20, 1e-20, 1e-9, 0.001, 0.3, 2.5, 50]),
    '(1-cos)/x': (lambda x: 2 * sin(x / 2) ** 2 / x, [-1, -1e-9, -1e-20, 1e-20, 1e-9, 0.001, 0.3, 2.5, 50]),
    '(1-cos)/sin': (lambda x: tan(x / 2), [-1, -1e-9, -1e-20, 1e-20, 1e-9, 0.001, 0.3, 2.5]),
    'expm1/x': (lambda x: expm1(x) / x, [-800, -50, -1, -1e-9, -1e-20, 1e-200, 1e-20, 1e-9, 1, 50]),
    'sqrt(1+x)-1': (lambda x: x / (1 + sqrt(1 + x)), ABOVE_MINUS_ONE),
    'sqrt(1+x^2)-1': (lambda x: x * x / (1 + sqrt(1 + x * x)), SIGNED),
    '1-sqrt(1-x^2)': (lambda x: x * x / (1 + sqrt(1 - x * x)), [-0.5, 1e-100, 1e-20, 1e-9, 0.3, 0.9]),
    'sqrt(x+1)-sqrt(x)': (lambda x: 1 / (sqrt(x + 1) + sqrt(x)), [1e-20, 0.3, 1, 50, 1e10, 1e16, 1e30, 1e200]),
    'sqrt(x^2+1)-x': (lambda x: 1 / (sqrt(x * x + 1) + x), [-800, -1, 0, 1e-20, 0.3, 1, 50, 1e8, 1e20, 1e100]),
    '1/x-1/(x+1)': (lambda x: 1 / (x * (x + 1)), [1e-20, 0.3, 1, 50, 1e9, 1e16, 1e100]),
    '1-1/(1+x)': (lambda x: x / (1 + x), [-0.5, -1e-20, 1e-300, 1e-20, 1e-9, 0.3, 1, 50, 1e10, 1e200]),
    'x^2/(1+x^2)': (lambda x: x * x / (1 + x * x), SIGNED),
    'x/(1+x^2)': (lambda x: x / (1 + x * x), SIGNED),
    'log(1+x^2)': (lambda x: log1p(x * x), SIGNED),
    'student': (lambda x: -mpf(2.5) * log1p(x * x / 4), SIGNED),
    'log(1+x+x^2)': (lambda x: log1p(x + x * x), [-800, -1, -0.5, -1e-20, 0, 1e-200, 1e-20, 1e-9, 0.3, 2.5, 1e10]),
    'asinh': (asinh, [-1e200, -1e10, -50, -0.3, -1e-9, -1e-20, 0, 1e-200, 1e-20, 1e-9, 0.3, 2.5, 50, 1e10, 1e200]),
    'acosh': (acosh, [1.0009765625, 1.5, 2.5, 50, 1e10, 1e100, 1e200]),
    'atanh': (atanh, [-0.75, -1e-9, -1e-20, 0, 1e-300, 1e-20, 1e-9, 0.3, 0.9990234375]),
    'identity': (lambda x: x, SIGNED),
    'identity_small': (lambda x: x, WIDE),
    'identity_above_0': (lambda x: x, ABOVE),
    'identity_below_1': (lambda x: x, [-0.75, -1e-9, -1e-20, 0, 1e-300, 1e-20, 1e-9, 0.3, 0.9990234375]),
    'positive_identity': (lambda x: x, POSITIVE),
    'abs': (fabs, SIGNED),
    'square': (lambda x: x * x, SIGNED),
    'one': (lambda x: mpf(1), WIDE),
    'log(x^2)': (lambda x: 2 * log(fabs(x)), SIGNED),
    'log(x^3)': (lambda x: 3 * log(x), POSITIVE),
    'log(1/x)': (lambda x: -log(x), POSITIVE),
    'log(sqrt)': (lambda x: log(x) / 2, POSITIVE),
    'x^1.5': (lambda x: x * sqrt(x), POSITIVE),
    'gamma_density': (lambda x: mpf(2.5) * log(x) - x, POSITIVE),
    'beta_density': (lambda x: 3 * log(x) + mpf(1.5) * log1p(-x), UNIT),
    'weibull_cdf': (lambda x: log(-expm1(-x * x)), [1e-200, 1e-20, 1e-9, 0.3, 1, 2.5, 6, 50]),
    'gumbel': (lambda x: -x - exp(-x), [-5.5, -1, 0, 1e-20, 0.3, 1, 50, 800]),
    'cloglog': (lambda x: log(-expm1(-exp(x))), [-800, -50, -5.5, -1, 0, 1e-20, 0.3, 1, 2.5]),
    'cloglog_p': (lambda x: -expm1(-exp(x)), [-700, -50, -5.5, -1, 0, 1e-20, 0.3, 1, 2.5]),
    'normal_density': (lambda x: -x * x / 2 - log(2 * pi) / 2, [-800, -50, -1, 0, 1e-20, 0.3, 40, 1e10]),
    'laplace_density': (lambda x: -fabs(x) - log(mpf(2)), [-800, -50, -1, 1e-20, 0.3, 40, 1e10]),
    'logistic_density': (lambda x: -softplus(x) - softplus(-x), WIDE),
    'mixture': (lambda x: log(mpf(0.25) * exp(-(x - 1) ** 2 / 2) + mpf(0.75) * exp(-(x + 2) ** 2 / 2)),
                [-100, -30, -2, 0, 0.3, 1, 30, 60]),
    'erfc': (erfc_, [-20, -3, -1, -1e-20, 0, 1e-20, 0.3, 1, 3, 10, 20]),
    'erf': (erf, [-20, -3, -1, -1e-20, 0, 1e-20, 0.3, 1, 3, 10, 20]),
    'log_erfc': (lambda x: log(erfc_(x)), [-20, -3, -1, -1e-20, 0, 1e-20, 0.3, 5, 27, 100, 1e5]),
    'erfcx': (lambda x: exp(x * x) * erfc_(x), [-20, -3, -1, 0, 1e-20, 0.3, 5, 27, 100, 1e5]),
    'log_Phi': (lambda x: log(Phi(x)), TAIL),
    'log(1-Phi)': (lambda x: log(Phi(-x)), TAIL),
    '1-Phi': (lambda x: Phi(-x), TAIL),
    'hazard': (lambda x: phi(x) / Phi(-x), TAIL),
    'mills': (lambda x: Phi(-x) / phi(x), [-30, -12, -5, -1, 0, 1e-20, 0.3, 3, 12, 40, 100]),
    'compound': (lambda x: expm1(10 * log1p(x)), [-0.5, -1e-9, -1e-20, 1e-300, 1e-20, 1e-9, 0.3, 2.5, 1e10]),
    '(1+x)^100': (lambda x: exp(100 * log1p(x)), [-0.5, -1e-9, -1e-20, 1e-300, 1e-20, 1e-9, 0.3, 2.5]),
    'lgamma_step': (log, [0.3, 1, 2.5, 50, 1e10, 1e100]),
    'hypotenuse': (lambda x: sqrt(mpf(5)) * fabs(x), SIGNED),
    'log_hypotenuse': (lambda x: log(mpf(5)) + 2 * log(fabs(x)), SIGNED),
    'x/(x^2+1)^.5': (lambda x: x / sqrt(1 + x * x), SIGNED),
    '(1+x)^2-1': (lambda x: x * (2 + x), [-0.5, -1e-9, -1e-20, 1e-300, 1e-20, 1e-9, 0.3, 2.5, 1e10]),
    'cbrt(1+x)-1': (lambda x: expm1(log1p(x) / 3), [-0.5, -1e-9, -1e-20, 1e-300, 1e-20, 1e-9, 0.3, 2.5, 1e10, 1e100]),
    'log(1+1/x)': (lambda x: log1p(1 / x), [1e-200, 1e-20, 0.3, 1, 50, 1e9, 1e16, 1e100]),
    'log(1+3/x)': (lambda x: log1p(3 / x), [1e-200, 1e-20, 0.3, 1, 50, 1e9, 1e16, 1e100]),
    'log_cauchy': (lambda x: -log(3 * (1 + x * x)), SIGNED),
    '(1+x)log(1+x)': (lambda x: (1 + x) * log1p(x), [-0.5, -1e-9, -1e-20, 1e-300, 1e-20, 1e-9, 0.3, 2.5, 1e10]),
}
PAIRS = [(800, 799), (-800, -799), (800, -800), (0.3, -1.7), (1e-9, -1e-9), (-50, 50), (0, 0), (2.5, 800)]
APART = [p for p in PAIRS if fabs(p[0] - p[1]) > 1e-3]  # elsewhere terms of one size cancel in any form
DOWN = [(800, 799), (-799, -800), (800, -800), (0.3, -1.7), (1e-9, -1e-9), (2.5, 2.4999995)]
LENGTHS = [(3, 4), (1e200, 1e200), (-1e200, 3e199), (1e-200, 2e-200), (-1e-300, 1e-20), (1e200, 1), (0.3, 1e-20), (5e-170, -1e-165)]
MORE = {
    'logaddexp': (lambda x, y: max(x, y) + log1p(exp(-fabs(x - y))), PAIRS),
    'weighted_logaddexp': (lambda x, y: log(exp(x) * mpf(0.25) + exp(y) * mpf(0.75)), APART),
    'logsubexp': (lambda x, y: x + log(-expm1(y - x)), DOWN),
    'share': (lambda x, y: sigmoid(x - y), PAIRS),
    'e^x/e^y': (lambda x, y: exp(x - y), PAIRS),
    'log(sigmoid sigmoid)': (lambda x, y: -softplus(-x) - softplus(-y), PAIRS),
    'hypot': (lambda x, y: sqrt(x * x + y * y), LENGTHS),
    'log_hypot2': (lambda x, y: log(x * x + y * y), LENGTHS),
    '1/hypot': (lambda x, y: 1 / sqrt(x * x + y * y), LENGTHS),
    'x/hypot': (lambda x, y: x / sqrt(x * x + y * y), LENGTHS),
    'log_quotient': (lambda x, y: x - y, PAIRS),
    'log_power': (lambda x, y: y * log(x), [(2.5, 800), (1e200, 3), (1e-200, 2), (1e-200, -2.5), (0.3, 50)]),
    'power_of_power': (lambda x, y: power(x, 2 * y), [(1e200, 0.25), (1e-200, 0.5), (2.5, 3), (0.3, 0.3)]),
    'erf-erf': (lambda x, y: erfc_(y) - erfc_(x), [(10, 9), (-9, -10), (3, -3), (0.3, 0.2), (5, 4.5), (1e-9, -1e-9)]),
    'distributed': (lambda x, y: 2 * sigmoid(y) + 3 * sigmoid(x), PAIRS),
    'kl': (lambda x, y: sigmoid(x) * (softplus(-y) - softplus(-x)) + sigmoid(-x) * (softplus(y) - softplus(x)), APART),
    'xent_y': (lambda x, y: y * softplus(-x) + (1 - y) * softplus(x), [(800, 0), (800, 1), (-800, 0), (-800, 1), (50, 0.5), (0.3, 1), (-50, 0.25)]),
    'log(sigmoid-sigmoid)': (lambda x, y: -softplus(-x) - softplus(y) + log(-expm1(y - x)), DOWN),
    'sigmoid-sigmoid': (lambda x, y: -sigmoid(x) * sigmoid(-y) * expm1(y - x), DOWN + [(50, 50.5), (-3, 40)]),
    'log_ratio': (lambda x, y: softplus(x) - softplus(y), APART),
}


def at(f, point, offsets):
    return f(*[x + k * h for x, (k, h) in zip(point, offsets)])


def step(x):
    return STEP * (fabs(x) if x != 0 else 1)


def number(x, digits=20):
    if not isfinite(x) or fabs(x) > LARGEST:
        return 'nan'
    return '0' if fabs(x) < mpf(10) ** -330 else nstr(x, digits, strip_zeros=True)


def one_line(name, f, x):
    x, h = mpf(x), step(mpf(x))
    a, b, c, d, e = (f(x + k * h) for k in (-2, -1, 0, 1, 2))
    smooth = [(d - b) / (2 * h), (d - 2 * c + b) / h ** 2, (e - 2 * d + 2 * b - a) / (2 * h ** 3)]
    return ' '.join([name, repr(float(x)), number(c), number(smooth[0]), number(smooth[1]), number(smooth[2], 3)])


def many_line(name, f, point):
    point = [mpf(x) for x in point]
    n, h = len(point), [step(x) for x in point]

    def moved(**k):
        return f(*[x + k.get('v%d' % i, 0) * h[i] for i, x in enumerate(point)])

    gradient, hessian = [], []
    for i in range(n):
        gradient.append((moved(**{'v%d' % i: 1}) - moved(**{'v%d' % i: -1})) / (2 * h[i]))
        for j in range(n):
            if i == j:
                hessian.append((moved(**{'v%d' % i: 1}) - 2 * moved() + moved(**{'v%d' % i: -1})) / h[i] ** 2)
            else:
                corners = [s * t * moved(**{'v%d' % i: s, 'v%d' % j: t}) for s in (1, -1) for t in (1, -1)]
                hessian.append(sum(corners) / (4 * h[i] * h[j]))
    return ' '.join([name, str(n)] + [repr(float(x)) for x in point] + [number(moved())] + [number(g) for g in gradient] +
                    [number(x, 3) for x in hessian])


def print_all():
    for name, (f, points) in ONE.items():
        for x in points:
            print(one_line(name.replace(' ', '_'), f, x), flush=True)
    print('--')
    for name, (f, points) in MORE.items():
        for point in points:
            print(many_line(name.replace(' ', '_'), f, point), flush=True)


if __name__ == '__main__':
    print_all()
