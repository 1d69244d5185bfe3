#!/usr/bin/python3
"""Drives the libFuzzer programs.

    run.py run --seconds N NAME...   each fuzzer for N seconds of CPU, one after the other, from tests/fuzz/corpus/NAME and
                                     what earlier runs left in WORK/corpus/NAME; a finding is kept in WORK/findings
    run.py keep NAME...              the smallest set of inputs with the same coverage to tests/fuzz/corpus/NAME
    run.py table                     the sums of all runs, as tests/fuzz/README.md has them

Each run adds a line to WORK/runs.tsv: date, fuzzer, seconds of CPU, executions, edges, features, findings.
"""
import argparse
import datetime
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

KEPT = "tests/fuzz/corpus"
FILES_MAX = 270
BYTES_MAX = 1 << 19
CHUNK_SECONDS = 60  # libFuzzer counts wall time, and may be stopped meanwhile: short runs until the CPU time is used
INPUT_MAX = 16384
OPTIONS = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:allocator_may_return_null=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
LAST = re.compile(rb"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+)")
EXECUTED = re.compile(rb"stat::number_of_executed_units: (\d+)")


def corpus(work, name):
    path = os.path.join(work, "corpus", name)
    os.makedirs(path, exist_ok=True)
    return path


def dictionary(name):
    path = f"tests/fuzz/{name}.dict"
    return [f"-dict={path}"] if os.path.exists(path) else []


def chunk(args, name, seconds):
    """One run of the program: CPU seconds, executions, edges, features, whether it found something."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    kept = [os.path.join(KEPT, name)] if os.path.isdir(os.path.join(KEPT, name)) else []
    command = [os.path.join(args.programs, "fuzz_" + name), f"-max_total_time={seconds}", f"-max_len={INPUT_MAX}",
               "-timeout=600", "-report_slow_units=600", "-rss_limit_mb=2048", "-print_final_stats=1", "-use_value_profile=0",
               f"-artifact_prefix={args.work}/findings/{name}-", *dictionary(name), corpus(args.work, name), *kept]
    with open(f"{args.work}/{name}.log", "wb") as log:
        status = subprocess.run(command, stdout=log, stderr=log, env={**os.environ, **OPTIONS}, check=False).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(f"{args.work}/{name}.log", "rb") as log:
        text = log.read()
    lines, executed = LAST.findall(text), EXECUTED.findall(text)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    edges, features = (int(lines[-1][1]), int(lines[-1][2])) if lines else (0, 0)
    return cpu, int(executed[-1]) if executed else int(lines[-1][0]) if lines else 0, edges, features, status != 0


def run(args):
    os.makedirs(f"{args.work}/findings", exist_ok=True)
    failed = 0
    for name in args.names:
        used, executions, edges, features, found = 0.0, 0, 0, 0, False
        while used < args.seconds and not found:
            cpu, n, edges, features, found = chunk(args, name, max(1, min(CHUNK_SECONDS, int(args.seconds - used) + 1)))
            used += cpu
            executions += n
        with open(f"{args.work}/runs.tsv", "a", encoding="utf-8") as out:
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            out.write(f"{now}\t{name}\t{used:.1f}\t{executions}\t{edges}\t{features}\t{int(found)}\n")
        print(f"{'FAILED' if found else 'ok':6} {name}: {used:.0f} s of CPU, {executions} executions, {edges} edges"
              + (f"; see {args.work}/{name}.log and {args.work}/findings" if found else ""), flush=True)
        failed += found
    return 1 if failed else 0


def read(path):
    with open(path, "rb") as f:
        return f.read()


def keep(args):
    """-merge=1 keeps what reaches an edge that nothing before it reached, smaller inputs first."""
    for name in args.names:
        target = os.path.join(KEPT, name)
        os.makedirs(target, exist_ok=True)
        with tempfile.TemporaryDirectory() as merged:
            subprocess.run([os.path.join(args.programs, "fuzz_" + name), "-merge=1", "-use_counters=0",
                            f"-max_len={INPUT_MAX}", merged, corpus(args.work, name), target],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **OPTIONS}, check=True)
            for old in os.listdir(target):
                if re.fullmatch(r"[0-9a-f]{40}", old):
                    os.remove(os.path.join(target, old))
            by_hand = {read(os.path.join(target, n)) for n in os.listdir(target)}
            found = {n: read(os.path.join(merged, n)) for n in os.listdir(merged)}
            found = {n: text for n, text in found.items() if text not in by_hand}
            total = 0
            for n in sorted(found, key=lambda n: -len(found[n]))[:FILES_MAX]:
                total += len(found[n])
                if total <= BYTES_MAX:
                    shutil.copy(os.path.join(merged, n), os.path.join(target, n))
        print(f"{name}: {len(by_hand)} by hand, {len(found)} found, {len(os.listdir(target))} kept, {total} bytes")
    return 0


def table(args):
    rows = {}
    with open(f"{args.work}/runs.tsv", encoding="utf-8") as runs:
        for line in runs:
            _, name, cpu, executions, edges, _, _ = line.split("\t")
            seconds, count, most = rows.get(name, (0.0, 0, 0))
            rows[name] = seconds + float(cpu), count + int(executions), max(most, int(edges))
    for name, (seconds, count, edges) in sorted(rows.items()):
        print(f"| `{name}` | {seconds / 60:.1f} | {count:,} | {edges:,} |")
    print(f"| sum | {sum(r[0] for r in rows.values()) / 60:.1f} | {sum(r[1] for r in rows.values()):,} | |")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default="build/fuzz/tests/fuzz")
    parser.add_argument("--work", default="build/fuzz")
    parser.add_argument("what", choices=["run", "keep", "table"])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("names", nargs="*")
    args = parser.parse_intermixed_args()
    return {"run": run, "keep": keep, "table": table}[args.what](args)


if __name__ == "__main__":
    sys.exit(main())
