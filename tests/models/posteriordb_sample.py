#!/usr/bin/python3
"""Samples the posteriors of a posteriordb checkout with hmc-run and compares them with their reference draws.

Means and mean squares of every quantity of the reference, each as z = (found - reference) / sqrt(mcse^2 + reference
mcse^2); |z| below 5 everywhere is agreement. For some 20 quantities a posterior a correct sampler fails one posterior in
about 50,000. Posteriors whose program hmc-run refuses are left out.
"""

import argparse
import json
import math
import pathlib
import sys
import tempfile

import h5py
import numpy

from posteriordb_report import Checkout, Tool, first_message

BIASED = {"eight_schools-eight_schools_centered"}  # NUTS with default settings misses the neck of its funnel


def batch_mean(x, batches_a_chain=25):
    """Mean of draws x[chain, draw] and its Monte Carlo standard error from the means of batches."""
    length = x.shape[1] // batches_a_chain
    means = x[:, : length * batches_a_chain].reshape(-1, length).mean(axis=1)
    return x.mean(), means.std(ddof=1) / math.sqrt(means.size)


def draws_of(trace, name):
    """The draws [chain, draw] of theta, theta[2] or theta[2,3]."""
    variable, _, index = name.partition("[")
    values = trace["posterior"][variable][...]
    if index:
        values = values[(..., *(int(i) - 1 for i in index.rstrip("]").split(",")))]
    return values


def z_of(found, reference):
    (mean, mcse), (expected, expected_mcse) = found, reference
    return (mean - expected) / math.hypot(mcse, expected_mcse)


def worst(zs):
    """(z, name) of the largest |z|; a z that is not a number is the worst of all."""
    return max(((z, name) for name, z in zs.items()), key=lambda pair: math.inf if math.isnan(pair[0]) else abs(pair[0]))


def compare(tool, checkout, posterior, arguments, folder):
    """One line on the posterior, and whether it agrees; None where the program is refused."""
    name, reference = posterior["name"], posterior["reference_posterior_name"]
    trace_path = folder / "trace.h5"
    info = checkout.root / "reference_posteriors" / "draws" / "info" / f"{reference}.info.json"
    control = json.loads(info.read_text())["inference"]["method_arguments"].get("control", {})
    delta = max(0.8, control.get("adapt_delta", 0.8))
    options = ["-o", trace_path, "--force", "--json", "--quiet", "--seed", arguments.seed, "--draws", arguments.draws]
    options += ["--adapt-delta", delta]
    files = (checkout.program(posterior["model_name"]), checkout.data(posterior["data_name"]))
    fate, out, message, seconds = tool("sample", *files, *options)
    if fate == "refused":
        return f"{name:48} {fate}: {first_message(message)}", None
    if fate != "done":
        return f"{name:48} {fate}: {message}", False
    summary = json.loads(out)["variables"]
    means, squares = {}, {}
    with h5py.File(trace_path, "r") as trace:
        steps = trace["sample_stats"]["n_steps"][...].mean()
        divergences = int(trace["sample_stats"]["diverging"][...].sum())
        for quantity, expected in checkout.summary(reference, "mean_value").items():
            row = summary[quantity]
            means[quantity] = z_of((row["mean"], row["mcse_mean"]), expected)
        for quantity, expected in checkout.summary(reference, "mean_squared_value").items():
            squares[quantity] = z_of(batch_mean(draws_of(trace, quantity) ** 2), expected)
    rhat = max(float(summary[quantity]["rhat"]) for quantity in means)
    (z_mean, who_mean), (z_square, who_square) = worst(means), worst(squares)
    agrees = bool(abs(z_mean) < 5 and abs(z_square) < 5)
    line = f"{name:48} {len(means):4} {z_mean:6.2f} {who_mean:9} {z_square:6.2f} {who_square:9}"
    line += f" {divergences:4} {rhat:6.3f} {steps:6.1f} {seconds:7.2f}" + ("" if agrees else "  DISAGREES")
    if not agrees and name in BIASED:
        return f"{line}, as it is known to", True
    return line, agrees


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", help="folder of a posteriordb checkout")
    parser.add_argument("hmc_run", help="path of hmc-run")
    parser.add_argument("--only", nargs="+", metavar="POSTERIOR", help="names of posteriors; by default all with draws")
    parser.add_argument("--draws", type=int, default=2500, help="draws of each of 4 chains")
    parser.add_argument("--seed", type=int, default=20241)
    parser.add_argument("--timeout", type=float, default=300, help="seconds that one posterior may take")
    arguments = parser.parse_args()

    failures, agreeing, refused = [], 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        checkout = Checkout(arguments.checkout, scratch)
        tool = Tool(arguments.hmc_run, scratch, arguments.timeout)
        print(f"{'posterior':48} {'n':>4} {'z':>6} {'of mean':9} {'z':>6} {'of square':9} {'div.':>4} {'R-hat':>6} "
              f"{'steps':>6} {'seconds':>7}")
        for posterior in checkout.posteriors:
            name, reference = posterior["name"], posterior.get("reference_posterior_name")
            if arguments.only and name not in arguments.only:
                continue
            if not reference or not checkout.summary(reference, "mean_value"):
                continue
            line, agrees = compare(tool, checkout, posterior, arguments, pathlib.Path(scratch))
            print(line, flush=True)
            agreeing += agrees is True
            refused += agrees is None
            if agrees is False:
                failures.append(name)
    print(f"\n{agreeing} agree, {refused} are refused, {len(failures)} fail" + "".join(f" {name}" for name in failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
