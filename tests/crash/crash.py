#!/usr/bin/python3
"""Crashes: a processor is killed again and again while it reads a small hostile log, and goes on from its store.

    crash.py [--seeds N] [--seed FIRST] [--jobs N] [--player PROGRAM]

Each seed is one run: a stream of tests/lib/stream.py in four partitions with its catalogue and stock, settings that
make many small commits or few large ones, and 5 to 20 lives, each ended at a fault point (schemas/fault.h), at a random
moment, or by the end of what is visible of the log. At the end every view's rows equal the batch program's, every bad
record is among the dead letters and no good one, all offsets are at their ends. After one of the crashes the rows
equal the batch program's over just the records that the store's offsets name.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time

import world

# points that a run of this harness does not come past
ELSEWHERE = ("generation:unnamed", "generation:named", "generation:unmarked", "drop:", "graft:", "alone:")  # replay.py does
KINDS = ("name", "name", "name", "number", "moment")


def fault_points():
    """Names of all points, from the source."""
    found = set()
    for layer in ("schemas", "config", "views", "processor"):
        folder = os.path.join(world.ROOT, layer)
        for name in os.listdir(folder):
            if name.endswith(".c"):
                with open(os.path.join(folder, name), encoding="utf-8") as text:
                    found.update(re.findall(r'FAULT_POINT\("([^"]+)"\)', text.read()))
    return sorted(found)


class Run:
    """One seed."""

    def __init__(self, seed, player, points, directory):
        self.seed, self.points = seed, points
        self.random = rnd = random.Random(seed)
        self.log = world.Log(os.path.join(directory, "log"), seed)
        self.world = world.World(player, self.log, directory, world.draw_settings(rnd, directory),
                                 rnd.choice(("topic", "file")))
        self.lives = 0
        self.deaths = collections.Counter()  # what the process died of -> how often

    def life(self, visible):
        """One life, perhaps to be ended early; True when it was killed."""
        rnd = self.random
        kind, after_s, plan = rnd.choice(KINDS), None, ""
        self.lives += 1
        if self.lives == 1 and self.seed % 2 == 0:  # some points are come past in the first life alone: each has its turn
            kind, plan = "name", f"{self.points[self.seed // 2 % len(self.points)]}:1"
        elif kind == "name":
            plan = f"{rnd.choice(self.points)}:{rnd.choice((1, 1, 1, 2, 3, rnd.randrange(1, 30)))}"
        elif kind == "number":
            plan = str(rnd.randrange(1, rnd.choice((20, 100, 300))))
        else:
            after_s = rnd.random() ** 2 * 0.05
        status = self.world.play(rnd.randrange(1 << 32), visible, plan, after_s)
        if status == -signal.SIGKILL:
            self.deaths[plan.rpartition(":")[0] if kind == "name" else kind] += 1
        elif status != 0:
            raise world.Difference(f"a life with FAULT_PLAN='{plan}' ended with {status}:\n{self.world.errors()}")
        return status != 0

    def run(self):
        rnd = self.random
        crashes = rnd.randrange(5, 21)
        looked_at = rnd.randrange(crashes)
        for number, visible in enumerate(sorted(rnd.randrange(1, 101) for _ in range(crashes * 3))):
            if self.life(visible) and sum(self.deaths.values()) > looked_at and self.world.has_begun():
                self.world.compare(f"after life {number + 1}, visible {visible} %")
                looked_at = crashes
            if sum(self.deaths.values()) == crashes:
                break
        status = self.world.play(rnd.randrange(1 << 32), 100)
        if status != 0:
            raise world.Difference(f"the last life ended with {status}:\n{self.world.errors()}")
        self.world.compare("at the end", whole=True)
        self.world.compare_letters()
        return self.deaths


def one_seed(seed, player, points, scratch):
    """(seed, what it died of, None or the difference)"""
    directory = os.path.join(scratch, str(seed))
    os.mkdir(directory)
    run = Run(seed, player, points, directory)
    try:
        deaths = run.run()
    except (world.Difference, OSError) as difference:
        return seed, run.deaths, f"{difference}\n  settings: {' '.join(run.world.settings)}"
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return seed, deaths, None


def report(arguments, deaths, failed, points, seconds):
    at_points = sum(n for what, n in deaths.items() if what in points)
    print(f"{arguments.seeds} seeds from {arguments.seed}: {sum(deaths.values())} crashes, {at_points} at named points, "
          f"{deaths['number']} at the n-th point, {deaths['moment']} at random moments; {len(failed)} differences; "
          f"{seconds:.0f} s")
    missed = [point for point in points if not deaths[point] and not point.startswith(ELSEWHERE)]
    if missed and arguments.seeds >= 1000 and not failed:  # with fewer it is chance
        print(f"no crash at {' '.join(missed)}: the run does not come past these points")
        return 1
    return 1 if failed else 0


def add_arguments(parser):
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1 << 31))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--player", default=os.path.join(world.ROOT, "build/crash/tests/crash/crash_player"))
    parser.add_argument("--first", action="store_true", help="stop at the first difference")


def run_seeds(arguments, one, more, target, count):
    """one(seed, *more, scratch) -> (seed, figures, difference) for every seed; ([failed seeds], seconds)."""
    failed, started = [], time.monotonic()
    scratch = tempfile.mkdtemp(prefix="aisle-crash-", dir=world.scratch_place())
    print(f"  seeds {arguments.seed} to {arguments.seed + arguments.seeds - 1}", flush=True)
    pool = concurrent.futures.ProcessPoolExecutor(arguments.jobs)
    try:
        work = [pool.submit(one, arguments.seed + n, *more, scratch) for n in range(arguments.seeds)]
        for done in concurrent.futures.as_completed(work):
            seed, figures, difference = done.result()
            count(figures)
            if difference:
                failed.append(seed)
                print(f"  FAILED: `make {target} SEEDS=1 SEED={seed}`: {difference}", flush=True)
            if failed and arguments.first:
                break
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(scratch, ignore_errors=True)
    return failed, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    arguments = parser.parse_args()
    points, deaths = fault_points(), collections.Counter()
    failed, seconds = run_seeds(arguments, one_seed, (arguments.player, points), "crash", deaths.update)
    status = report(arguments, deaths, failed, points, seconds)
    print(f"{arguments.seeds - len(failed)} passed, {len(failed) or status} failed")
    return status


if __name__ == "__main__":
    sys.exit(main())
