"""hmc-run from outside: what a run leaves behind, prints and answers to its shell.

Environment: HMC_RUN, the executable. Messages of bad models and data are golden files, bad/NAME.expected, beside
bad/NAME.stan or bad/NAME.json; UPDATE_GOLDEN=1 writes them anew.
"""

import fcntl
import json
import math
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

try:
    import numpy as np
    import xarray
except ImportError:
    xarray = None

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = os.environ["HMC_RUN"]
MODEL = ROOT / "examples" / "eight_schools.stan"
DATA = ROOT / "data" / "eight_schools.json"
SHORT = ["--warmup", "200", "--draws", "200"]
TIMEOUT = 120  # seconds: only for machines that do much else; a run takes a fraction of one


def environment(**changes):
    """Nothing of the caller's terminal or cache takes part."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LEAPGRAPH_CC") if name in os.environ}
    cache = pathlib.Path(os.environ.get("LEAPGRAPH_TEST_CACHE", tempfile.gettempdir())) / "hmc-run-test-cache"
    kept["XDG_CACHE_HOME"] = str(cache)
    cache.mkdir(parents=True, exist_ok=True)
    kept.update(changes)
    return kept


def hmc_run(*arguments, cwd, **changes):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=cwd, env=environment(**changes), capture_output=True, text=True, timeout=TIMEOUT, check=False,
    )


def needs_xarray(test):
    return unittest.skipIf(xarray is None, "numpy or xarray is not installed")(test)


def open_group(path, group):
    with xarray.open_dataset(path, group=group, engine="h5netcdf") as data:
        return data.load()


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hmc-run-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_here(self, *arguments, **changes):
        return hmc_run(*arguments, cwd=self.folder, **changes)

    def expect(self, status, *arguments, **changes):
        result = self.run_here(*arguments, **changes)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result


class Sampling(Case):
    """A model and data in, a trace and a table out."""

    def test_two_words_are_enough(self):
        result = self.expect(0, MODEL, DATA)
        self.assertNotIn("warning", result.stderr)
        self.assertTrue((self.folder / "eight_schools.h5").exists(), "the trace is named after the model")
        self.assertEqual(sorted(os.listdir(self.folder)), ["eight_schools.h5"])
        table = result.stdout.splitlines()
        self.assertEqual(table[0].split(), "mean mcse sd q5 q50 q95 ess_bulk ess_tail rhat".split())
        names = [line.split()[0] for line in table[1:] if len(line.split()) == 10]
        self.assertEqual(
            names, ["mu", "tau", *(f"eta[{i}]" for i in range(1, 9)), *(f"theta[{i}]" for i in range(1, 9))])
        self.assertRegex(result.stderr, r"seed \d+")
        self.assertRegex(result.stderr, r"compiled in .* sampled in .* in all")
        self.assertNotIn("\x1b", result.stdout + result.stderr)

    def test_the_posterior_is_that_of_eight_schools(self):
        # mu is about 4.4 with a Monte Carlo error of 0.06 (reference posterior: 4.41), tau 3.6; 8 standard errors.
        result = self.expect(0, MODEL, DATA, "--seed", 1, "--json", "--quiet")
        self.assertEqual(result.stderr, "")
        answer = json.loads(result.stdout)
        self.assertEqual(answer["diagnostics"]["chains"], 4)
        self.assertEqual(answer["diagnostics"]["draws"], 1000)
        self.assertEqual(
            set(answer["variables"]["theta[1]"]),
            {"mean", "mcse_mean", "sd", "q5", "q50", "q95", "ess_bulk", "ess_tail", "rhat"})
        mu, tau = answer["variables"]["mu"], answer["variables"]["tau"]
        self.assertAlmostEqual(mu["mean"], 4.4, delta=8 * mu["mcse_mean"])
        self.assertAlmostEqual(tau["mean"], 3.6, delta=8 * tau["mcse_mean"])
        self.assertLess(answer["diagnostics"]["rhat_max"], 1.02)
        again = self.expect(0, "summary", "eight_schools.h5", "--json")
        self.assertEqual(again.stdout, result.stdout, "summary says what sample said")
        self.assertIn("theta[8]", self.expect(0, "summary", "eight_schools.h5").stdout)

    @needs_xarray
    def test_the_trace_says_where_it_comes_from(self):
        self.expect(0, MODEL, DATA, "--seed", 5, "--chains", 3, "--save-warmup", "--thin", 2, *SHORT, "-o", "a b.h5")
        path = self.folder / "a b.h5"
        posterior = open_group(path, "posterior")
        self.assertEqual(posterior["theta"].shape, (3, 100, 8))
        self.assertEqual(posterior["mu"].dims, ("chain", "draw"))
        self.assertTrue(all(np.isfinite(posterior[name]).all() for name in ("mu", "tau", "eta", "theta")))
        np.testing.assert_allclose(
            posterior["theta"], (posterior["mu"] + posterior["tau"] * posterior["eta"].rename(eta_dim_0="theta_dim_0")),
            rtol=1e-12)
        self.assertEqual(open_group(path, "warmup_posterior")["mu"].shape, (3, 100))
        statistics = open_group(path, "sample_stats")
        self.assertEqual(
            set(statistics.data_vars),
            {"lp", "acceptance_rate", "step_size", "tree_depth", "n_steps", "diverging", "reached_max_treedepth",
             "energy"})
        self.assertEqual(statistics["diverging"].dtype, bool)
        constants = open_group(path, "constant_data")
        self.assertEqual(constants["y"].values.tolist(), [28, 8, -3, 7, -1, 1, 18, 12])
        self.assertEqual(int(constants["J"]), 8)
        attributes = open_group(path, None).attrs
        self.assertEqual(attributes["stan_code"], MODEL.read_text())
        self.assertEqual(attributes["model_name"], "eight_schools")
        self.assertEqual(
            attributes["data_sha256"], subprocess.run(["sha256sum", DATA], capture_output=True, text=True, check=True)
            .stdout.split()[0])
        self.assertEqual(attributes["seed"], "5")
        self.assertIn("--seed 5 --chains 3", attributes["cmdline"])
        self.assertIn("-o 'a b.h5'", attributes["cmdline"])
        for name, value in {"algorithm": "nuts", "metric": "diagonal", "warmup": "200", "draws": "200", "thin": "2",
                            "adapt_delta": "0.8", "max_depth": "10"}.items():
            self.assertEqual(attributes[name], value, name)
        for name in ("created_at", "creation_library_version", "hmc_version", "host"):
            self.assertTrue(attributes[name], name)

    @needs_xarray
    def test_a_seed_gives_the_same_bits_for_any_number_of_threads(self):
        for threads in (1, 2):
            self.expect(0, MODEL, DATA, "--seed", 7, "--threads", threads, *SHORT, "-o", f"{threads}.h5")
        self.expect(0, MODEL, DATA, "--seed", 8, *SHORT, "-o", "other.h5")
        for group in ("posterior", "sample_stats", "constant_data"):
            one, two, other = (open_group(self.folder / f"{name}.h5", group) for name in ("1", "2", "other"))
            self.assertEqual(list(one.variables), list(two.variables))
            for name in one.variables:
                self.assertEqual(one[name].values.tobytes(), two[name].values.tobytes(), name)
            if group == "posterior":
                self.assertNotEqual(one["mu"].values.tobytes(), other["mu"].values.tobytes())

    @needs_xarray
    def test_a_drawn_seed_is_printed_stored_and_new_each_time(self):
        seeds = []
        for name in ("a.h5", "b.h5"):
            printed = re.search(r"seed (\d+)", self.expect(0, MODEL, DATA, *SHORT, "-o", name).stderr).group(1)
            self.assertEqual(printed, open_group(self.folder / name, None).attrs["seed"])
            seeds.append(printed)
        self.assertNotEqual(*seeds)

    @needs_xarray
    def test_algorithms_and_metrics_do_what_they_are_asked(self):
        for metric in ("diag", "dense", "unit"):
            self.expect(0, MODEL, DATA, "--metric", metric, *SHORT, "-o", f"{metric}.h5")
        self.expect(0, MODEL, DATA, "--algorithm", "hmc", "--steps", 5, "--step-size", 0.25, "--jitter", 0.5, *SHORT,
                    "-o", "hmc.h5")
        statistics = open_group(self.folder / "hmc.h5", "sample_stats")
        self.assertTrue((statistics["n_steps"] == 5).all())
        self.assertTrue(((statistics["step_size"] >= 0.125) & (statistics["step_size"] <= 0.375)).all())
        self.assertGreater(float(statistics["step_size"].std()), 0.01)
        self.expect(0, MODEL, DATA, "--max-depth", 2, *SHORT, "-o", "shallow.h5")
        self.assertLessEqual(int(open_group(self.folder / "shallow.h5", "sample_stats")["tree_depth"].max()), 2)

    @needs_xarray
    def test_starts_come_from_a_file_or_a_radius(self):
        # With no warm-up and a tiny fixed step, the first draw is the start, up to a distance of some steps.
        still = ["--warmup", 0, "--draws", 1, "--algorithm", "hmc", "--steps", 1, "--step-size", "1e-9"]
        (self.folder / "start.json").write_text('{"mu": 17.5, "tau": 3, "nu": 1}')
        result = self.expect(0, MODEL, DATA, "--init", "start.json", *still, "-o", "file.h5")
        self.assertIn("no parameter nu", result.stderr)
        posterior = open_group(self.folder / "file.h5", "posterior")
        np.testing.assert_allclose(posterior["mu"], 17.5, atol=1e-6)
        np.testing.assert_allclose(posterior["tau"], 3, atol=1e-6)
        self.assertGreater(float(posterior["eta"].std()), 0.1)
        self.expect(0, MODEL, DATA, "--init", 0, *still, "-o", "radius.h5")
        np.testing.assert_allclose(open_group(self.folder / "radius.h5", "posterior")["tau"], 1, atol=1e-6)

    def test_a_density_that_becomes_nan_is_counted_and_sampling_goes_on(self):
        result = self.expect(0, HERE / "models" / "edge.stan", "--seed", 3, "--json")
        self.assertRegex(result.stderr, r"chain \d: \d+ evaluations? of the log density failed; first: .*nan")
        self.assertGreater(json.loads(result.stdout)["diagnostics"]["divergences"], 0)

    def test_without_a_compiler_the_interpreter_does_the_work(self):
        result = self.expect(0, MODEL, DATA, "--seed", 2, "--warmup", 20, "--draws", 20, "--json", LEAPGRAPH_CC="none")
        self.assertEqual(len(re.findall("warning: .*compiler", result.stderr)), 1, result.stderr)
        self.assertTrue(math.isfinite(json.loads(result.stdout)["variables"]["mu"]["mean"]))

    def test_no_cache_leaves_no_cache(self):
        (self.folder / "cache").mkdir()
        self.expect(0, MODEL, DATA, "--no-cache", *SHORT, XDG_CACHE_HOME=str(self.folder / "cache"))
        self.assertEqual([f for f in (self.folder / "cache").rglob("*") if f.is_file()], [])


class LogDensity(Case):
    """Log density and gradient at given points."""

    def log_density(self, points, *arguments, **changes):
        (self.folder / "points.json").write_text(json.dumps(points))
        return self.expect(0, "log-density", HERE / "models" / "line.stan", HERE / "models" / "line.json",
                           "--unconstrained", "points.json", *arguments, **changes)

    @staticmethod
    def by_hand(point):
        """Stan's value: constants of `~` dropped, the Jacobian of sigma = exp(u) included."""
        data = json.loads((HERE / "models" / "line.json").read_text())
        alpha, beta1, beta2, u = point
        sigma = math.exp(u)
        value = -sum(b * b for b in (alpha, beta1, beta2)) / (2 * data["scale"] ** 2)
        value += -sigma**2 / 2 + u
        for x, y in zip(data["x"], data["y"]):
            value += -math.log(sigma) - (y - alpha - beta1 * x - beta2 * x * x) ** 2 / (2 * sigma**2)
        return value

    def test_values_are_stans_and_gradients_fit_them(self):
        points = [[0, 0, 0, 0], [1.5, -0.5, 0.25, -1.0], [0.1, 0.9, 0.0, 0.7]]
        answer = json.loads(self.log_density(points).stdout)
        self.assertEqual(list(answer), ["parameters", "log_density", "gradient"])
        self.assertEqual(answer["parameters"], ["alpha", "beta[1]", "beta[2]", "sigma"])
        for point, value, gradient in zip(points, answer["log_density"], answer["gradient"]):
            self.assertAlmostEqual(value, self.by_hand(point), delta=1e-12 * max(1, abs(value)))
            for i, slope in enumerate(gradient):
                left, right = ([x + h * (i == j) for j, x in enumerate(point)] for h in (-1e-5, 1e-5))
                # Central differences: the error of order h^2 and that of rounding are below 1e-7 here.
                self.assertAlmostEqual(slope, (self.by_hand(right) - self.by_hand(left)) / 2e-5, delta=1e-6)

    def test_numbers_have_17_digits_and_those_that_are_not_finite_are_strings(self):
        text = self.log_density([[0.1, 0.2, 0.3, 0.4], [0, 0, 0, 800]]).stdout
        self.assertRegex(text, r"-?\d\.\d{15,16}")
        answer = json.loads(text, parse_constant=lambda name: self.fail(f"{name} is not JSON"))
        self.assertIsInstance(answer["log_density"][0], float)
        self.assertIn(answer["log_density"][1], ("NaN", "-Infinity"))

    def test_repeat_times_the_gradient(self):
        answer = json.loads(self.log_density([[0, 0, 0, 0]], "--repeat", 20).stdout)
        self.assertGreater(answer["ns_per_gradient"], 1)
        self.assertLess(answer["ns_per_gradient"], 1e6)

    def test_the_interpreter_says_the_same(self):
        points = [[1.5, -0.5, 0.25, -1.0]]
        native = json.loads(self.log_density(points).stdout)
        slow = json.loads(self.log_density(points, LEAPGRAPH_CC="none").stdout)
        for a, b in zip([*native["log_density"], *native["gradient"][0]], [*slow["log_density"], *slow["gradient"][0]]):
            self.assertAlmostEqual(a, b, delta=1e-12 * max(1, abs(a)))

    def test_no_points_are_fine_and_wrong_ones_are_not(self):
        self.assertEqual(json.loads(self.log_density([]).stdout)["gradient"], [])
        (self.folder / "wrong.json").write_text("[[1, 2]]")
        result = self.expect(65, "log-density", HERE / "models" / "line.stan", HERE / "models" / "line.json",
                             "--unconstrained", "wrong.json")
        self.assertIn("4 unconstrained coordinates, found 2", result.stderr)
        result = self.expect(66, "log-density", MODEL, DATA, "--unconstrained", "nowhere.json")
        self.assertIn("nowhere.json", result.stderr)


class CheckAndDump(Case):
    def test_check_says_ok(self):
        self.assertEqual(self.expect(0, "check", MODEL).stdout, f"{MODEL}: ok\n")
        self.assertEqual(self.expect(0, "check", MODEL, DATA).stdout, f"{MODEL}: ok\n")

    def test_check_formats(self):
        (self.folder / "m.stan").write_text("parameters{real x;}// why\nmodel{x~normal(0,1);}")
        formatted = self.expect(0, "check", "m.stan", "--format").stdout
        self.assertEqual(formatted, "parameters {\n  real x;\n} // why\nmodel {\n  x ~ normal(0, 1);\n}\n")
        (self.folder / "m.stan").write_text(formatted)
        self.assertEqual(self.expect(0, "check", "m.stan", "--format").stdout, formatted)

    def test_check_warns_of_what_modellers_regret(self):
        (self.folder / "m.stan").write_text("parameters { real x; real y; } model { x ~ normal(0, y); }")
        self.assertEqual(self.expect(0, "check", "m.stan").stderr, "")
        warnings = self.expect(0, "check", "m.stan", "--pedantic").stderr
        self.assertIn("m.stan:1:54: warning: 'sigma' of 'normal' must be positive", warnings)

    def test_functions_prints_the_reference(self):
        self.assertIn("\nDistributions\n", self.expect(0, "functions").stdout)
        self.assertIn("  normal_lpdf(y | mu, sigma) => real\n", self.expect(0, "functions", "normal").stdout)
        self.assertIn("did you mean 'normal_lpdf'?", self.expect(64, "functions", "normal_lpd").stderr)

    def test_data_may_come_from_r(self):
        (self.folder / "m.stan").write_text("data { int N; vector[N] y; } parameters { real m; } model { y ~ normal(m, 1); }")
        (self.folder / "d.R").write_text("N <- 2\ny <- c(1, 2.5)\n")
        self.expect(0, "check", "m.stan", "d.R")

    def test_every_stage_can_be_looked_at(self):
        for stage, expected in {"ast": "normal", "graph": "log", "gradient": "", "rewritten": "", "kernels": "",
                                "c": "double"}.items():
            text = self.expect(0, "dump", MODEL, DATA, "--stage", stage).stdout
            self.assertGreater(len(text), 100, stage)
            self.assertIn(expected, text, stage)
        result = self.expect(64, "dump", MODEL, DATA, "--stage", "cuda")
        self.assertIn("not in this build", result.stderr)


class BadInput(Case):
    def test_messages_are_the_golden_ones(self):
        checks = {path.stem: [path.name] for path in (HERE / "bad").glob("*.stan")}
        checks |= {path.stem: ["../models/line.stan", path.name] for path in (HERE / "bad").glob("*.json")}
        self.assertGreater(len(checks), 6)
        for name, arguments in sorted(checks.items()):
            with self.subTest(name):
                result = hmc_run("check", *arguments, cwd=HERE / "bad")
                self.assertEqual(result.returncode, 65, result.stderr)
                self.assertEqual(result.stdout, "")
                golden = HERE / "bad" / f"{name}.expected"
                if os.environ.get("UPDATE_GOLDEN"):
                    golden.write_text(result.stderr)
                self.assertEqual(result.stderr, golden.read_text())
                again = hmc_run(*arguments, "-o", self.folder / "x.h5", cwd=HERE / "bad")
                self.assertEqual((again.returncode, again.stderr), (65, result.stderr), "sample says the same")
                self.assertEqual(os.listdir(self.folder), [])

    def test_missing_files(self):
        for arguments in (["nowhere.stan"], [MODEL, "nowhere.json"], ["check", "nowhere.stan"],
                          ["summary", "nowhere.h5"], [MODEL, DATA, "--init", "nowhere.json"],
                          ["dump", "nowhere.stan", "--stage", "ast"]):
            with self.subTest(arguments):
                self.assertIn("nowhere", self.expect(66, *arguments).stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_model_that_is_impossible_everywhere(self):
        result = self.expect(65, HERE / "models" / "impossible.stan")
        self.assertIn("100 starts", result.stderr)
        self.assertIn("impossible.stan:6", result.stderr, "the statement that is not finite")
        self.assertEqual(os.listdir(self.folder), [], "no trace without draws is left behind")

    def test_a_trace_that_is_none(self):
        (self.folder / "t.h5").write_text("not HDF5")
        self.assertIn("t.h5", self.expect(65, "summary", "t.h5").stderr)

    def test_a_start_outside_the_support(self):
        (self.folder / "start.json").write_text('{"tau": -3}')
        self.assertIn("tau", self.expect(65, MODEL, DATA, "--init", "start.json").stderr)
        self.assertEqual(os.listdir(self.folder), ["start.json"])

    def test_a_start_on_the_bound(self):
        (self.folder / "start.json").write_text('{"tau": 0}')
        self.assertIn("tau cannot start", self.expect(65, MODEL, DATA, "--init", "start.json").stderr)

    def test_a_terminal_is_not_told_what_it_would_obey(self):
        (self.folder / "d.json").write_bytes(b"\x1b[31m\x07")
        self.assertIn("?[31m?", self.expect(65, "check", MODEL, "d.json").stderr)


class Usage(Case):
    def test_mistakes_cost_64_and_one_line(self):
        for arguments in ([], [MODEL, DATA, "--chians", "3"], [MODEL, DATA, "--chains", "0"], ["sumary", "t.h5"],
                          [MODEL, DATA, "--chains", "1000000000"],
                          ["report", "t.h5", "-o", "r.html"], ["sample", "--resume", "t.h5"], ["summary"], ["dump", MODEL]):
            with self.subTest(arguments):
                result = self.expect(64, *arguments)
                self.assertEqual(result.stdout, "")
                self.assertRegex(result.stderr, r"^hmc-run: .*\n$")
        self.assertEqual(os.listdir(self.folder), [])

    def test_an_empty_word_is_a_missing_model(self):
        self.expect(66, "")

    def test_help_goes_to_stdout(self):
        for arguments in (["--help"], ["help"], ["help", "sample"], *([c, "--help"] for c in (
                "sample", "log-density", "check", "summary", "dump"))):
            result = self.expect(0, *arguments)
            self.assertIn("hmc-run", result.stdout)
            self.assertEqual(result.stderr, "")
        self.assertRegex(self.expect(0, "--version").stdout, r"^hmc-run \d+\.\d+\.\d+\n$")

    def test_a_full_stdout_is_an_error(self):
        with open("/dev/full", "w") as full:
            status = subprocess.run([PROGRAM, "--help"], stdout=full, stderr=subprocess.DEVNULL, check=False).returncode
        self.assertEqual(status, 74)

    def test_nobody_needs_to_listen_to_stderr(self):
        run = f'"{PROGRAM}" "{MODEL}" "{DATA}" {" ".join(SHORT)} --force -o t.h5'
        for silence in ("2>&-", "2>/dev/full"):
            with self.subTest(silence):
                result = subprocess.run(["sh", "-c", f"{run} {silence}"], cwd=self.folder, env=environment(),
                                        capture_output=True, check=False)
                self.assertEqual(result.returncode, 0)
                self.assertIn(b"tau", result.stdout)
                self.expect(0, "summary", "t.h5")  # and no message went into the trace
                status = subprocess.run(["sh", "-c", f'"{PROGRAM}" check missing.stan {silence}'], check=False).returncode
                self.assertEqual(status, 66)


class Output(Case):
    def test_nothing_is_overwritten_without_force(self):
        trace = self.folder / "eight_schools.h5"
        trace.write_text("precious")
        result = self.expect(73, MODEL, DATA, *SHORT)
        self.assertIn("--force", result.stderr)
        self.assertEqual(trace.read_text(), "precious")
        self.expect(0, MODEL, DATA, "--force", *SHORT)
        self.expect(0, "summary", trace)

    def test_inputs_are_not_overwritten_even_with_force(self):
        copy = self.folder / "m.stan"
        copy.write_text(MODEL.read_text())
        self.expect(64, copy, DATA, "--force", "-o", copy)
        self.assertEqual(copy.read_text(), MODEL.read_text())

    def test_folders_that_cannot_be_written(self):
        self.assertIn("missing", self.expect(73, MODEL, DATA, "-o", "missing/t.h5").stderr)
        self.expect(73, MODEL, DATA, "-o", self.folder)
        locked = pathlib.Path("/proc") if os.geteuid() == 0 else self.folder / "locked"  # root writes anywhere else
        if os.geteuid() != 0:
            locked.mkdir(mode=0o555)
        self.assertIn(str(locked), self.expect(73, MODEL, DATA, "-o", locked / "t.h5").stderr)

    def test_a_disk_without_room(self):
        if os.geteuid() != 0:
            self.skipTest("only root can mount a small file system")
        small = self.folder / "small"
        small.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        result = self.expect(74, MODEL, DATA, "--draws", 100000, "-o", small / "t.h5")
        self.assertRegex(result.stderr, r"needs \d+ bytes .* has \d+ bytes available")
        self.assertEqual(os.listdir(small), [])


class Interrupts(Case):
    """A run of some hours is stopped after a second."""

    LONG = ["--draws", "10000000", "--thin", "100", "--chains", "2", "--seed", "1"]

    def start(self, *arguments):
        process = subprocess.Popen([PROGRAM, MODEL, DATA, *self.LONG, *arguments], cwd=self.folder, env=environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + TIMEOUT
        while not (self.folder / "eight_schools.h5").exists():
            self.assertIsNone(process.poll(), "ended by itself")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        time.sleep(1.0)
        return process

    def test_ctrl_c_leaves_the_draws_so_far_and_prints_the_table(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 130, stderr)
        self.assertIn("theta[8]", stdout)
        self.assertIn("a second signal ends at once", stderr)
        draws = int(re.search(r"stopped by SIGINT after (\d+) of 100000 draws of each chain", stderr).group(1))
        self.assertGreater(draws, 0)
        self.assertEqual(json.loads(self.expect(0, "summary", "eight_schools.h5", "--json").stdout)["diagnostics"]["draws"],
                         draws)
        if xarray is not None:
            posterior = open_group(self.folder / "eight_schools.h5", "posterior")
            self.assertEqual(posterior["mu"].shape, (2, draws), "trimmed")
            self.assertTrue(np.isfinite(posterior["theta"]).all())

    def test_sigterm_does_so_too_quietly(self):
        process = self.start("--quiet")
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 143, stderr)
        self.assertIn("stopped by SIGTERM", stderr)
        self.assertIn("theta[8]", stdout)

    def test_a_killed_run_leaves_a_trace_that_opens(self):
        process = self.start()
        process.kill()
        process.communicate(timeout=TIMEOUT)
        self.expect(0, "summary", "eight_schools.h5")


class Progress(Case):
    def on_terminal(self, *arguments, **changes):
        """What appears on a terminal of 100 columns that stderr is connected to."""
        try:
            master, slave = pty.openpty()
        except OSError as error:
            self.skipTest(f"no pseudo-terminal: {error}")
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        process = subprocess.Popen([PROGRAM, MODEL, DATA, *map(str, arguments)], cwd=self.folder,
                                   env=environment(**changes), stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        text = b""
        while select.select([master], [], [], TIMEOUT)[0]:
            try:
                block = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not block:
                break
            text += block
        os.close(master)
        self.assertEqual(process.wait(timeout=TIMEOUT), 0, text)
        return text.decode()

    def test_a_terminal_has_one_line_a_chain(self):
        text = self.on_terminal("--draws", 20000, TERM="xterm", LANG="C.UTF-8")
        self.assertIn("\x1b[4A", text, "four lines are drawn again")
        self.assertIn("\x1b[32m", text)
        self.assertIn("━", text)
        last = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text.split("\x1b[4A")[-1])
        lines = [line for line in last.split("\n") if line.strip("\r").startswith("chain")]
        self.assertEqual(len(lines), 4, lines)
        for i, line in enumerate(lines):
            self.assertRegex(line, rf"chain {i + 1} .*done +21000/21000 ")
            self.assertLess(len(line.strip()), 100)

    def test_colours_and_redrawing_can_be_declined(self):
        self.assertNotIn("\x1b[3", self.on_terminal(*SHORT, TERM="xterm", NO_COLOR="1"))
        self.assertNotIn("\x1b", self.on_terminal(*SHORT, "--force", TERM="dumb"))
        self.assertEqual("", self.on_terminal(*SHORT, "--force", "--quiet", TERM="xterm"))

    def test_a_log_has_few_lines(self):
        result = self.expect(0, MODEL, DATA, "--draws", 20000)
        lines = re.findall(r"^ *(\d+) %: \d+ of 84000 transitions", result.stderr, re.MULTILINE)
        self.assertTrue(1 <= len(lines) <= 10, result.stderr)
        self.assertEqual(lines[-1], "100")


if __name__ == "__main__":
    unittest.main()
