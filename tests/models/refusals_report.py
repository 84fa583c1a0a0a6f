#!/usr/bin/python3
"""Bad programs beside the messages of another compiler: are they refused, and at the same line?

FOLDER holds .stan files and in each of its folders a file stanc.expected with what stanc says about them (as
test/integration/bad of stanc3 does). Prints the programs that pass although they should not, those that are refused at
another line or only because something is not supported yet, and how many are refused as they should.
"""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys


def expected_lines(folder):
    """{program: line, or None where stanc names no place}"""
    lines = {}
    for file in pathlib.Path(folder).rglob("stanc.expected"):
        pieces = re.split(r"^ +\$ stanc.*?([^\s/]+\.stan)$", file.read_text(errors="replace"), flags=re.MULTILINE)
        for name, text in zip(pieces[1::2], pieces[2::2]):
            place = re.search(r"error in '[^']*', line (\d+)", text)
            if "rror" in text:
                lines[file.parent / name] = int(place.group(1)) if place else None
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="bad programs with stanc.expected beside them")
    parser.add_argument("hmc_run", help="path of hmc-run")
    arguments = parser.parse_args()

    found = collections.defaultdict(list)
    for program, line in sorted(expected_lines(arguments.folder).items()):
        if not program.exists():
            continue
        run = subprocess.run([arguments.hmc_run, "check", program], capture_output=True, text=True, errors="replace",
                             check=False)
        name = os.path.relpath(program, arguments.folder)
        places = [int(number) for number in re.findall(r":(\d+):\d+: error:", run.stderr)]
        if run.returncode == 0:
            found["passes"].append(name)
        elif run.returncode != 65:
            found["no orderly end"].append(name)
        elif line is None or line in places:
            found["refused there"].append(name)
        elif "not supported" in run.stderr:
            found["not supported, elsewhere"].append(f"{name}: line {line}, found {places}")
        else:
            found["refused elsewhere"].append(f"{name}: line {line}, found {places}")
    for kind, names in found.items():
        if kind != "refused there":
            print(f"{kind}:")
            for name in names:
                print(f"  {name}")
    print(", ".join(f"{len(names)} {kind}" for kind, names in found.items()))
    sys.exit(1 if found["no orderly end"] else 0)


if __name__ == "__main__":
    main()
