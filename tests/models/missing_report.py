#!/usr/bin/python3
"""What a folder of Stan programs needs that hmc-run has not: functions and features by name, with counts.

Every .stan file below the folder is checked. For each name that is refused as not supported: in how many programs, and
in how many of these nothing else is missing. Then the other messages, and what did not end as it should.
"""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys


def check(tool, program, timeout):
    """(fate, messages): done, refused, CRASH or HANG."""
    try:
        run = subprocess.run([tool, "check", program], capture_output=True, text=True, errors="replace",
                             timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return "HANG", []
    fate = {0: "done", 65: "refused"}.get(run.returncode, "CRASH")
    return fate, re.findall(r": error: (.*)", run.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="programs, in folders of any depth")
    parser.add_argument("hmc_run", help="path of hmc-run")
    parser.add_argument("--timeout", type=float, default=60, help="seconds that one call of hmc-run may take")
    parser.add_argument("--list", action="store_true", help="name the programs of each line")
    arguments = parser.parse_args()

    programs = sorted(pathlib.Path(arguments.folder).rglob("*.stan"))
    if not programs:
        sys.exit(f"{arguments.folder}: there is no .stan file in this folder or below it")
    fates = collections.Counter()
    missing, alone, wrong, broken = (collections.defaultdict(list) for _ in range(4))
    for program in programs:
        fate, messages = check(arguments.hmc_run, program, arguments.timeout)
        fates[fate] += 1
        name = os.path.relpath(program, arguments.folder)
        if fate in ("CRASH", "HANG"):
            broken[fate].append(name)
        needs = set()
        for message in messages:
            unsupported = re.match(r"(.*) (?:is|are) not supported", message)
            if unsupported:
                needs.add(unsupported.group(1))
            else:
                wrong[message].append(name)
        for need in needs:
            missing[need].append(name)
        if len(needs) == 1 and all("not supported" in message for message in messages):
            alone[needs.pop()].append(name)

    def table(title, rows):
        if not rows:
            return
        print(f"\n{title}")
        for what, names in sorted(rows.items(), key=lambda row: (-len(row[1]), row[0])):
            only = f" {len(alone[what]):5}" if rows is missing else ""
            print(f"{len(names):6}{only}  {what}")
            if arguments.list:
                for name in names:
                    print(f"              {name}")

    print(f"{len(programs)} programs: " + ", ".join(f"{number} {fate}" for fate, number in fates.most_common()))
    table("Not supported: in how many programs, and in how many it is all that is missing", missing)
    table("Other messages", wrong)
    table("No orderly end", broken)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
