#!/usr/bin/python3
"""Runs one suite and keeps its counts.

    suite.py NAME -- COMMAND...   runs it; counts come from its last line "N passed, N failed", else its status is one test
    suite.py --sum                prints each suite's counts and, as the last line, their sum; fails when anything failed

A suite's own status does not end the run, so that the others are still run; --sum tells.
"""
import os
import re
import subprocess
import sys
import time

RESULTS = "build/results"
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed$")


def run(name, command):
    counts = None
    started = time.monotonic()
    print(f"== {name}", flush=True)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace")
    for line in process.stdout:
        match = COUNTS.match(line.strip())
        if match:
            counts = (int(match[1]), int(match[2]))
        else:
            print(line, end="", flush=True)
    status = process.wait()
    passed, failed = counts or (int(status == 0), int(status != 0))
    if status != 0 and failed == 0:
        failed = 1
    seconds = time.monotonic() - started
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, name), "w", encoding="utf-8") as out:
        out.write(f"{passed} {failed} {seconds:.0f}\n")
    print(f"== {name}: {passed} good, {failed} bad, {seconds:.0f} s", flush=True)


def print_sum():
    passed = failed = 0
    for name in sorted(os.listdir(RESULTS), key=lambda n: os.path.getmtime(os.path.join(RESULTS, n))):
        with open(os.path.join(RESULTS, name), encoding="utf-8") as counts:
            good, bad, seconds = map(int, counts.read().split())
        print(f"{name:10} {good:6} good {bad:6} bad {seconds:6} s")
        passed += good
        failed += bad
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def main(arguments):
    if arguments == ["--sum"]:
        return print_sum()
    if len(arguments) < 3 or arguments[1] != "--":
        print(__doc__, file=sys.stderr)
        return 2
    run(arguments[0], arguments[2:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
