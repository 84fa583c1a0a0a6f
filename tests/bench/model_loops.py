#!/usr/bin/python3
"""Nanoseconds of a gradient for loops of model programs beside their vectorised spelling, each pair in one run of this script.

    tests/bench/model_loops.py HMC_RUN
"""

import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

HEAD = """
data { int N; int G; array[N] real y; array[N] int g; array[N] real x; }
parameters { vector[G] mu; real b; real<lower=0> sigma; }
model {
"""
PAIRS = {
    "normal(mu[g[n]], sigma)": (
        "for (n in 1:N) y[n] ~ normal(mu[g[n]], sigma);",
        "y ~ normal(mu[g], sigma);",
    ),
    "a local predictor": (
        "for (n in 1:N) { real m = mu[g[n]] + b * x[n]; y[n] ~ normal(m, sigma); }",
        "y ~ normal(mu[g] + b * to_vector(x), sigma);",
    ),
    "a predictor array": (
        "vector[N] m; for (n in 1:N) m[n] = mu[g[n]] + b * x[n]; y ~ normal(m, sigma);",
        "y ~ normal(mu[g] + b * to_vector(x), sigma);",
    ),
}


def nanoseconds(hmc_run, folder, name, body, data):
    model = folder / f"{name}.stan"
    model.write_text(HEAD + body + "\n}\n")
    points = folder / "points.json"
    points.write_text(json.dumps([[0.1 * math.sin(i) for i in range(data["G"] + 2)]]))
    answer = subprocess.run(
        [hmc_run, "log-density", model, folder / "data.json", "--unconstrained", points, "--repeat", "2001"],
        check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)["ns_per_gradient"]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = {"N": 20000, "G": 500}
    data["y"] = [math.sin(1.3 * n) for n in range(data["N"])]
    data["x"] = [math.cos(0.7 * n) for n in range(data["N"])]
    data["g"] = [1 + (n * 7919 + n // 500) % data["G"] for n in range(data["N"])]
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        (folder / "data.json").write_text(json.dumps(data))
        print(f"{'20,000 observations, 500 groups':34} {'loop us':>9} {'vector us':>9} {'ratio':>6}   (medians of 5 runs, range)")
        for name, (loop, vectorised) in PAIRS.items():
            pairs = [(nanoseconds(sys.argv[1], folder, "loop", loop, data),
                      nanoseconds(sys.argv[1], folder, "vectorised", vectorised, data)) for _ in range(5)]
            ours = [pair[0] / 1000 for pair in pairs]
            theirs = [pair[1] / 1000 for pair in pairs]
            ratio = statistics.median(a / b for a, b in pairs)
            print(f"{name:34} {statistics.median(ours):9.1f} {statistics.median(theirs):9.1f} {ratio:6.2f}"
                  f"   {min(ours):.1f}-{max(ours):.1f}, {min(theirs):.1f}-{max(theirs):.1f}")


if __name__ == "__main__":
    main()
