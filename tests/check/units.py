#!/usr/bin/python3
"""Runs test programs, two at a time, each with a deadline; prints what failed and a closing "N passed, N failed".

Criterion programs count each test they ran; a program without Criterion's closing line (race_*) counts as one.
UNIT_TIMEOUT (seconds, 180) bounds a program.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import time

SYNTHESIS = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)")
TIMEOUT = float(os.environ.get("UNIT_TIMEOUT", "180"))
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1 suppressions=tests/check/tsan.supp",
}


def run(program):
    started = time.monotonic()
    environment = {**SANITIZERS, **os.environ}
    try:
        done = subprocess.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=TIMEOUT, env=environment, check=False)
        output, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace") + f"\nnot done within {TIMEOUT:.0f} s\n"
        status = 1
    match = SYNTHESIS.search(output)
    if match:
        tested, passed = int(match[1]), int(match[2])
        failed = tested - passed
    else:
        passed, failed = int(status == 0), int(status != 0)
    if status != 0 and failed == 0:
        failed = 1
    return program, passed, failed, output, time.monotonic() - started


def main(programs):
    total_passed = total_failed = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        for program, passed, failed, output, seconds in pool.map(run, programs):
            total_passed += passed
            total_failed += failed
            if failed:
                print(output)
            print(f"{'FAILED' if failed else 'ok':6} {program} ({passed} of {passed + failed}, {seconds:.1f} s)", flush=True)
    print(f"{total_passed} passed, {total_failed} failed", flush=True)
    return 1 if total_failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
