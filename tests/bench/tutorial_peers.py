#!/usr/bin/python3
"""The work of tutorial_bench with PyTensor: the Theano tutorial's sampler and its smaller examples.

    tutorial_peers.py [--work FOLDER] [--linker c|numba]

Makes a virtual environment with PyTensor in FOLDER first. Cold and warm compilations are processes of their own, the
compile directory being empty or not. Medians, to be read beside what tutorial_bench prints on the same machine.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
import venv

PACKAGES = ["pytensor==2.31.7", "numpy<2", "scipy"]


def prepared(work):
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(work / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def sampler():
    import numpy
    import pytensor
    import pytensor.tensor as pt
    from pytensor.tensor.random.utils import RandomStream

    rng = numpy.random.RandomState(123)
    mu = rng.rand(5) * 10
    cov = rng.rand(5, 5)
    cov = (cov + cov.T) / 2
    cov[numpy.arange(5), numpy.arange(5)] = 1
    inverse = numpy.linalg.inv(cov)
    positions = pytensor.shared(rng.randn(3, 5))
    step, rate = pytensor.shared(1e-3), pytensor.shared(0.9)
    streams = RandomStream(12345)

    def energy(x):
        return 0.5 * (pt.dot(x - mu, inverse) * (x - mu)).sum(axis=1)

    def slope(x):
        return pytensor.grad(energy(x).sum(), x)

    def hamiltonian(x, v):
        return energy(x) + 0.5 * (v**2).sum(axis=1)

    def leapfrog(x, v, size):
        v = v - size * slope(x)
        return [x + size * v, v]

    velocity = streams.normal(size=positions.shape)
    half = velocity - 0.5 * step * slope(positions)
    (xs, vs), _ = pytensor.scan(leapfrog, outputs_info=[positions + step * half, half], non_sequences=[step], n_steps=19)
    x, v = xs[-1], vs[-1] - 0.5 * step * slope(xs[-1])
    accept = (pt.exp(hamiltonian(positions, velocity) - hamiltonian(x, v)) - streams.uniform(size=(3,))) >= 0
    updates = {
        positions: pt.switch(accept.dimshuffle(0, "x"), x, positions),
        step: pt.clip(pt.switch(rate > 0.9, step * 1.02, step * 0.98), 0.001, 0.5),
        rate: 0.9 * rate + 0.1 * accept.mean(dtype="float64"),
    }
    return pytensor.function([], [], updates=updates)


def timed(function, calls, repeats=7):
    for _ in range(calls // 10 + 1):
        function()
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(calls):
            function()
        found.append((time.perf_counter() - start) / calls)
    return statistics.median(found)


def worker(what):
    import pytensor  # its import is not counted
    import pytensor.tensor as pt
    from pytensor.tensor.random.utils import RandomStream

    if what == "compile":
        start = time.perf_counter()
        sampler()()
        print(time.perf_counter() - start)
        return
    rows = [("HMC draw, 3 x 5, 20 leapfrogs", timed(sampler(), 300))]
    x, y = pt.dscalars("x", "y")
    f = pytensor.function([x, y], x + y)
    rows.append(("x + y, one call", timed(lambda: f(2.0, 1.5), 3000)))
    f.trust_input = True
    import numpy
    a, b = numpy.asarray(2.0), numpy.asarray(1.5)
    rows.append(("  with trusted arrays", timed(lambda: f(a, b), 3000)))
    state, inc = pytensor.shared(0), pt.iscalar("inc")
    accumulator = pytensor.function([inc], state, updates=[(state, state + inc)])
    rows.append(("accumulator", timed(lambda: accumulator(1), 3000)))
    rows.append(("uniform(2, 2)", timed(pytensor.function([], RandomStream(234).uniform(size=(2, 2))), 3000)))
    matrix = pt.dmatrix("x")
    logistic = pytensor.function([matrix], 1 / (1 + pt.exp(-matrix)))
    big = numpy.full((1000, 1000), 0.5)
    rows.append(("logistic, 1000 x 1000", timed(lambda: logistic(big), 10)))
    k, vector = pt.iscalar("k"), pt.dvector("A")
    results, _ = pytensor.scan(lambda prior, A: prior * A, outputs_info=pt.ones_like(vector), non_sequences=vector, n_steps=k)
    power = pytensor.function([vector, k], results[-1])
    numbers = numpy.full(10, 0.999)
    for steps in (2, 1000):
        rows.append((f"power loop of 10 numbers, {steps} steps", timed(lambda: power(numbers, steps), 200)))
    w, start = pt.dvector("w"), pt.dvector("start")
    states, _ = pytensor.scan(lambda h, u: pt.tanh(h * u), outputs_info=start, non_sequences=w, n_steps=1000)
    slope = pytensor.function([w, start], pytensor.grad(states[-1].sum(), w))
    at, origin = numpy.full(10, 1.1), numpy.full(10, 0.5)
    rows.append(("gradient of 1000 tanh steps of 10 numbers", timed(lambda: slope(at, origin), 20)))
    for name, seconds in rows:
        print(f"{name:<58} {seconds * 1e6:12.4g} us")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path.home() / ".cache" / "leapgraph-tutorial-peers")
    parser.add_argument("--linker", choices=["c", "numba"], default="c")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return worker(arguments.worker)
    python = prepared(arguments.work)
    compiledir = arguments.work / "compiledir"

    def run(what):
        mode = {"c": "FAST_RUN", "numba": "NUMBA"}[arguments.linker]
        environment = dict(os.environ, PYTENSOR_FLAGS=f"base_compiledir={compiledir},mode={mode}")
        return subprocess.run([python, __file__, "--worker", what], env=environment, check=True, capture_output=True,
                              text=True).stdout

    cold, warm = [], []
    for _ in range(3):
        shutil.rmtree(compiledir, ignore_errors=True)
        cold.append(float(run("compile")))
        warm.append(float(run("compile")))
    print(f"{'HMC sampler, expressions to first draw, empty cache':<58} {statistics.median(cold):12.4g} s")
    print(f"{'  warm cache':<58} {statistics.median(warm):12.4g} s")
    sys.stdout.write(run("calls"))


main()
