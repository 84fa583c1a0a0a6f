"""Installs the build tree, moves the result, and builds and runs the examples against it as somebody else's project.

    install_test.py SOURCE BUILD [CMAKE_ARGUMENT...]
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

source, build = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
cmake_arguments = sys.argv[3:]


def run(*words, **options):
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}\nended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def require(condition, what):
    if not condition:
        sys.exit(what)


def rows(text):
    """{"theta[1]": (mean, sd, rhat)} from lines like "theta[1]: 6.1 +- 5.4 (rhat 1.001)"."""
    found = re.findall(r"^(\S+): (\S+) \+- (\S+) \(rhat (\S+)\)$", text, re.M)
    return {name: tuple(map(float, numbers)) for name, *numbers in found}


def check_install(prefix):
    runtime = [p.name for p in prefix.glob("lib*/**/libleapgraph_runtime*.so")]
    require("libleapgraph_runtime.so" in runtime, f"the runtime library was not installed: {runtime}")
    for file in prefix.glob("lib*/cmake/leapgraph/*.cmake"):
        text = file.read_text()
        for place in (source, build):
            require(str(place) not in text, f"{file.name} names {place}, so that the package cannot be moved")
    # Every public header must find what it includes among what is installed.
    everything = "".join(f'#include "leapgraph/{layer}.hpp"\n' for layer in ("symbolic", "samplers", "models"))
    run(os.environ.get("CXX", "c++"), "-std=c++20", "-fsyntax-only", "-I", prefix / "include", "-x", "c++", "-",
        input=everything)


def check_eight_schools(program):
    table = rows(run(program))
    require(len(table) == 10, f"eight_schools printed {sorted(table)}")
    # Four standard errors and more around the reference: mean of mu 4.4 (mcse 0.08), of tau 3.6, of theta[1] 6.2.
    for name, low, high in (("mu", 3.7, 5.1), ("tau", 2.9, 4.3), ("theta[1]", 5.2, 7.2)):
        require(low < table[name][0] < high, f"eight_schools: the mean of {name} is {table[name][0]}")
    require(max(row[2] for row in table.values()) < 1.05, f"eight_schools did not converge: {table}")


def check_own_density(program):
    table = rows(run(program))
    require(len(table) == 20, f"own_density printed {sorted(table)}")
    # Standard normal margins; 4000 draws of which some 2000 are independent: standard errors of 0.02.
    for name, (mean, sd, rhat) in table.items():
        require(abs(mean) < 0.2 and 0.85 < sd < 1.15 and rhat < 1.05, f"own_density: {name} is {mean} +- {sd}, rhat {rhat}")


def check_theano_tutorial(program):
    text = run(program)
    # The last lines of the tutorial, bit for bit: a draw that differed would change them.
    for line in ("(x + y)", "28.4", "[[ 0.5         0.73105858]", "SUCCESS!", "19.0",
                 "empirical mean:  [ 6.94155164  2.81526039  2.26301715  5.46536853  7.19414496]",
                 "final stepsize 0.46044662809066544", "final acceptance_rate 0.9225020434283057"):
        require(line in text.splitlines(), f"theano_tutorial did not print {line!r}:\n{text}")
    final = re.search(r"^Final model: (\S+) (\S+)$", text, re.M)
    require(final and abs(float(final[1]) - 7.795152457538434) < 1e-9 and abs(float(final[2]) - 0.8536420249683847) < 1e-9,
            f"theano_tutorial: the logistic regression gave {final and final[0]}")
    short = run(program, "--burn-in", "10", "--draws", "10", "--seed", "7")
    require("final stepsize" in short and "0.46044662809066544" not in short, "theano_tutorial ignored its options")


def check_hmc_run(prefix, place):
    trace = place / "trace.h5"
    table = run(prefix / "bin" / "hmc-run", source / "examples" / "eight_schools.stan", source / "data" / "eight_schools.json",
                "--seed", "1", "--chains", "2", "--warmup", "300", "--draws", "200", "--quiet", "-o", trace)
    require("theta[8]" in table, f"hmc-run printed no table:\n{table}")
    text = run("/usr/bin/python3", source / "examples" / "read_trace.py", trace)
    require("2 chains of 200 draws" in text and "theta: mean [" in text and "divergences:" in text,
            f"read_trace.py printed\n{text}")


def main():
    place = pathlib.Path(tempfile.mkdtemp(prefix="leapgraph-install-"))
    try:
        os.environ["XDG_CACHE_HOME"] = str(place / "cache")
        run("cmake", "--install", build, "--prefix", place / "first")
        prefix = place / "moved" / "prefix"
        prefix.parent.mkdir()
        (place / "first").rename(prefix)
        check_install(prefix)
        run("cmake", "-S", source / "examples", "-B", place / "examples", f"-DCMAKE_PREFIX_PATH={prefix}",
            "-DCMAKE_BUILD_TYPE=Release", *cmake_arguments)
        run("cmake", "--build", place / "examples")
        check_eight_schools(place / "examples" / "eight_schools")
        check_own_density(place / "examples" / "own_density")
        check_theano_tutorial(place / "examples" / "theano_tutorial")
        check_hmc_run(prefix, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print("The installed package, the examples and hmc-run work from where they were moved to.")


main()
