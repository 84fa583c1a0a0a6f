#!/usr/bin/python3
"""Prints the tables of special_quadrature.h: the Gauss-Legendre rule on [0, 1], in 40-digit arithmetic.

    special_quadrature.py [points]
"""
import sys

from mpmath import cos, mp, mpf, pi

mp.dps = 40
count = int(sys.argv[1]) if len(sys.argv) > 1 else 64


def legendre_and_slope(x):
    before, value = mpf(1), x
    for k in range(2, count + 1):
        before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
    return value, count * (x * value - before) / (x * x - 1)


nodes, weights = [], []
for i in range(count):
    x = cos(pi * (count - i - mpf(1) / 4) / (count + mpf(1) / 2))
    for _ in range(20):
        value, slope = legendre_and_slope(x)
        x -= value / slope
    nodes.append((1 + x) / 2)
    weights.append(1 / ((1 - x * x) * slope**2))
print(f"static const double rule_nodes[{count}] = {{" + ", ".join(repr(float(x)) for x in nodes) + "};")
print(f"static const double rule_weights[{count}] = {{" + ", ".join(repr(float(w)) for w in weights) + "};")
