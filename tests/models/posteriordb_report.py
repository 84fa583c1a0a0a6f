#!/usr/bin/python3
"""What hmc-run makes of every program of a posteriordb checkout: refused or not, log density and gradient, times.

For each program, with one of its data sets: whether it is parsed and checked (else the first message), how far the
gradient is from CmdStan's (where --gradients has it) or else from finite differences, the milliseconds from the start of
the process to the first gradient with an empty and with a filled compile cache, the nanoseconds of a gradient, the nodes
of the rewritten graph of log density and gradient, and the lines of C emitted for it and for a leapfrog step.
"""

import argparse
import json
import math
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

MOST_FINITE_DIFFERENCES = 60  # coordinates; each costs twelve evaluations


class Checkout:
    """A posteriordb checkout: programs, data sets, posteriors, reference means."""

    def __init__(self, folder, scratch):
        root = pathlib.Path(folder)
        self.root = root / "posterior_database" if (root / "posterior_database").is_dir() else root
        self.scratch = pathlib.Path(scratch)
        if not (self.root / "models" / "stan").is_dir():
            sys.exit(f"{folder}: not a checkout of posteriordb: there is no posterior_database/models/stan")
        files = sorted((self.root / "posteriors").glob("*.json"))
        self.posteriors = [json.loads(file.read_text()) for file in files]

    def programs(self):
        return sorted(path.stem for path in (self.root / "models" / "stan").glob("*.stan"))

    def program(self, name):
        return self.root / "models" / "stan" / f"{name}.stan"

    def data_of(self, program):
        """The first data set of a program, by the names of its posteriors."""
        return next((p["data_name"] for p in self.posteriors if p["model_name"] == program), None)

    def data(self, name):
        """The unpacked file, or None where the checkout lacks it."""
        unpacked = self.scratch / f"{name}.json"
        packed = self.root / "data" / "data" / f"{name}.json.zip"
        if not unpacked.exists():
            if not packed.exists():
                return None
            with zipfile.ZipFile(packed) as archive:
                unpacked.write_bytes(archive.read(f"{name}.json"))
        return unpacked

    def summary(self, reference, kind):
        """{name: (value, mcse)} of `kind`: mean_value or mean_squared_value; empty where there is no reference."""
        file = self.root / "reference_posteriors" / "summary_statistics" / kind / kind / f"{reference}.json"
        if not file.exists():
            return {}
        table = json.loads(file.read_text())
        return dict(zip(table["names"], zip(table[kind], table["mcse_mean"])))


class Tool:
    """hmc-run with compile caches of its own and a limit on its time."""

    def __init__(self, path, scratch, timeout):
        self.path, self.scratch, self.timeout = path, scratch, timeout
        self.forget()

    def forget(self):
        """Goes on with an empty compile cache."""
        self.environment = dict(os.environ, XDG_CACHE_HOME=tempfile.mkdtemp(dir=self.scratch))

    def __call__(self, *arguments):
        """(fate, stdout, message, seconds); fate: done, refused, CRASH or HANG."""
        start = time.perf_counter()
        process = subprocess.Popen([self.path, *map(str, arguments)], env=self.environment, text=True, errors="replace",
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return "HANG", "", f"no end after {self.timeout:g} s", self.timeout
        seconds = time.perf_counter() - start
        if process.returncode == 0:
            return "done", out, err, seconds
        if process.returncode == 65:
            return "refused", out, err, seconds
        died = process.returncode < 0
        fate = signal.Signals(-process.returncode).name if died else f"status {process.returncode}"
        return "CRASH", out, f"{fate}: {err}", seconds


def first_message(text):
    """The first line of a message, without the folders of its file."""
    lines = [line for line in text.splitlines() if ": error: " in line] or text.splitlines() or [""]
    place, _, message = lines[0].partition(": error: ")
    return f"{os.path.basename(place)}: {message}" if message else lines[0]


def point(number, dimension):
    """The points at which the values of CmdStan were recorded."""
    if number == 0:
        return [0.1 + 0.05 * (i % 7) - 0.15 * (i % 3) for i in range(dimension)]
    if number == 1:
        return [0.02 * (i % 5 - 2) for i in range(dimension)]
    return [0.0] * dimension


def numbers(values):
    return [float(value) for value in values]  # "NaN", "Infinity" and "-Infinity" are strings


def difference_from_reference(log_density, gradient, reference):
    """Largest difference in units of max(1, |value|, 1e-6 * largest component), or nan; 1e-8 is the limit."""
    expected = [reference["log_density"], *numbers(reference["gradient"])]
    found = [log_density, *gradient]
    if len(found) != len(expected):
        return math.nan
    largest = max((abs(e) for e in expected[1:]), default=0.0)
    worst = 0.0
    for f, e in zip(found, expected):
        difference = 0.0 if f == e else abs(f - e) / max(1.0, abs(e), 1e-6 * largest)
        worst = difference if not difference <= worst else worst
    return worst


class Report:
    def __init__(self, tool, scratch):
        self.tool, self.points = tool, pathlib.Path(scratch) / "points.json"

    def log_density(self, files, points, *options):
        self.points.write_text(json.dumps(points))
        fate, out, message, seconds = self.tool("log-density", *files, "--unconstrained", self.points, *options)
        return fate, json.loads(out) if fate == "done" else None, message, seconds

    def dimension(self, files):
        fate, answer, message, _ = self.log_density(files, [], "--no-cache")
        return (len(answer["parameters"]) if answer else 0), fate, message

    def difference_from_finite(self, files, q, gradient):
        """Largest difference in units of max(1, largest component), over the first coordinates, each with the step
        that suits it best: wide steps where the density is smooth, narrow ones where its curvature changes fast."""
        steps, count = (1e-3, 1e-4, 1e-5), min(len(q), MOST_FINITE_DIFFERENCES)
        shifted = [[x + (k * h if j == i else 0.0) for j, x in enumerate(q)]
                   for i in range(count) for h in steps for k in (-2, -1, 1, 2)]
        _, answer, message, _ = self.log_density(files, shifted)
        if answer is None:
            return math.nan
        values, worst = numbers(answer["log_density"]), 0.0
        unit = max(1.0, *(abs(g) for g in gradient))
        for i in range(count):
            differences = []
            for h in steps:
                far_left, left, right, far_right = [values.pop(0) for _ in range(4)]
                estimate = (8 * (right - left) - (far_right - far_left)) / (12 * h)
                differences.append(abs(estimate - gradient[i]) / unit)
            worst = min(differences) if not min(differences) <= worst else worst
        return worst

    def nodes(self, files):
        """The nodes of the graph of log density and gradient as it is compiled."""
        _, text, _, _ = self.tool("dump", *files, "--stage", "rewritten")
        first_graph = re.split(r"^%0 = input", text, flags=re.MULTILINE)[1] if text else ""
        return len(re.findall(r"^ *%\d+ = (?!parameter)", first_graph, flags=re.MULTILINE))

    def lines_of_c(self, files):
        _, text, _, _ = self.tool("dump", *files, "--stage", "c")
        return sum(1 for line in text.splitlines() if line.strip())

    def row(self, files, reference, repeat):
        """(fate, kind of comparison, difference, cold ms, warm ms, ns, dimension, nodes, lines) or (fate, message)."""
        fate, _, message, _ = self.tool("check", *files)
        if fate != "done":
            return fate, message
        dimension, fate, message = self.dimension(files)
        if fate != "done":
            return fate, message
        q = point(reference["point"] if reference else 0, dimension)
        self.tool.forget()
        fate, answer, message, cold = self.log_density(files, [q])
        if fate != "done":
            return fate, message
        warm = min(self.log_density(files, [q])[3] for _ in range(3))
        _, timed, _, _ = self.log_density(files, [q], "--repeat", repeat)
        log_density, gradient = numbers(answer["log_density"])[0], numbers(answer["gradient"][0])
        if reference:
            kind, difference = "CmdStan", difference_from_reference(log_density, gradient, reference)
        elif dimension:
            kind, difference = "finite", self.difference_from_finite(files, q, gradient)
        else:
            kind, difference = "none", 0.0
        return fate, kind, difference, 1e3 * cold, 1e3 * warm, float(timed["ns_per_gradient"]), dimension, \
            self.nodes(files), self.lines_of_c(files)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", help="folder of a posteriordb checkout")
    parser.add_argument("hmc_run", help="path of hmc-run")
    parser.add_argument("--gradients", help="cmdstan_gradients.json: CmdStan's values at known points")
    parser.add_argument("--only", nargs="+", metavar="PROGRAM", help="names of programs; by default all")
    parser.add_argument("--repeat", type=int, default=21, help="timings of a gradient, of which the median is printed")
    parser.add_argument("--timeout", type=float, default=120, help="seconds that one call of hmc-run may take")
    arguments = parser.parse_args()

    references = json.loads(pathlib.Path(arguments.gradients).read_text()) if arguments.gradients else {}
    count = {"done": 0, "refused": 0, "CRASH": 0, "HANG": 0, "no data": 0}
    parsed = checked = 0
    disagreeing, colds = [], []
    with tempfile.TemporaryDirectory() as scratch:
        checkout = Checkout(arguments.checkout, scratch)
        report = Report(Tool(arguments.hmc_run, scratch, arguments.timeout), scratch)
        print(f"{'program':44} {'dim':>5} {'against':>8} {'difference':>10} {'cold ms':>8} {'warm ms':>8} {'ns':>10} "
              f"{'nodes':>6} {'C':>6}")
        for name in arguments.only or checkout.programs():
            program = checkout.program(name)
            parses = report.tool("check", program, "--format")[0] == "done"
            checks = parses and report.tool("check", program)[0] == "done"
            parsed, checked = parsed + parses, checked + checks
            reference = references.get(name)
            data_name = reference["data"] if reference else checkout.data_of(name)
            data = checkout.data(data_name) if data_name else None
            if data is None:  # the language can still be checked
                row = report.tool("check", program)
                row = (row[0], row[2]) if row[0] != "done" else ("no data", f"{data_name} is not in the checkout")
            else:
                row = report.row((program, data), reference, arguments.repeat)
            count[row[0]] += 1
            if row[0] != "done":
                stage = "checked, " if checks else "parsed, " if parses else ""
                print(f"{name:44} {stage}{row[0]}: {first_message(row[1])}", flush=True)
                continue
            _, kind, difference, cold, warm, nanoseconds, dimension, nodes, lines = row
            colds.append(cold)
            if not difference <= {"CmdStan": 1e-8, "finite": 1e-6, "none": 0}[kind]:
                disagreeing.append(name)
            print(f"{name:44} {dimension:5} {kind:>8} {difference:10.1e} {cold:8.0f} {warm:8.0f} {nanoseconds:10.0f} "
                  f"{nodes:6} {lines:6}", flush=True)
    print(f"\n{sum(count.values())} programs: {parsed} parsed, {checked} checked; " + ", ".join(f"{number} {fate}" for fate, number in count.items() if number))
    if colds:
        print(f"milliseconds to the first gradient, cold: median {statistics.median(colds):.0f}, worst {max(colds):.0f}")
    if disagreeing:
        print("gradients that disagree: " + ", ".join(disagreeing))
    sys.exit(1 if disagreeing or count["CRASH"] or count["HANG"] else 0)


if __name__ == "__main__":
    main()
