#!/usr/bin/python3
"""Replays that are killed at each of their fault points and at random ones: what is answered from stays whole, and the
next replay ends as if nothing had happened.

    replay.py [--seed N] [--random N] [--aisle PROGRAM]

Files stand for the log, so no broker is needed; catching up with live traffic is in tests/flow/flow_replay_live.py.
"""
import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PREFIXES = ("generation:", "swap:", "drop:", "replay:", "rollback:", "alone:")
# only a replay of Kafka, and only the first writer of a store, come past these
ELSEWHERE = ("replay:caught-up", "generation:folder-made", "generation:made")
EVENTS = 3000
VIEWS = ("identity", "history", "popularity", "also-bought", "also-viewed", "searched-then-bought", "item-totals", "revisits")


class Failed(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failed(text)


def fault_points():
    found = set()
    for layer in ("views", "cmd"):
        for name in os.listdir(os.path.join(ROOT, layer)):
            if name.endswith(".c"):
                with open(os.path.join(ROOT, layer, name), encoding="utf-8") as text:
                    found.update(re.findall(r'FAULT_POINT\("([^"]+)"\)', text.read()))
    return sorted(point for point in found if point.startswith(PREFIXES) and point not in ELSEWHERE)


class Shop:
    def __init__(self, aisle, directory, seed):
        self.aisle, self.directory = aisle, directory
        self.store, self.events = os.path.join(directory, "store"), os.path.join(directory, "events.ndjson")
        self.run("simulate", "--events", str(EVENTS), "--seed", str(seed), "--to-file", self.events, store=False)
        self.run("replay", "--from-file", self.events)
        self.digests = self.run("inspect", "--digest")
        self.replay()  # from now on each drops the one before the last

    def run(self, *args, plan=None, store=True):
        """Standard output; with a plan True when it was killed."""
        command = [self.aisle, *args, "--set", "batch.recordsMax=500", "--set", "store.mapSize=1g"]
        if store:
            command += ["--store", self.store]
        environment = {key: value for key, value in os.environ.items() if key != "FAULT_PLAN"}
        if plan:
            environment["FAULT_PLAN"] = plan
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=False)
        if plan and done.returncode == -signal.SIGKILL:
            return True
        check(done.returncode == 0, f"'{' '.join(args)}' with plan {plan} ended with {done.returncode}: {done.stderr}")
        return False if plan else done.stdout

    def replay(self, *what, plan=None):
        return self.run("replay", *(what or ("--rebuild",)), "--from-file", self.events, plan=plan)

    def expect_whole(self, when):
        check(self.run("inspect", "--digest") == self.digests, f"{when}: the views are not as before")

    def expect_tidy(self, when):
        names = set(os.listdir(os.path.join(self.store, "generations"))) - {"last"}
        check(len(names) == 2 and all(name.isdigit() for name in names), f"{when}: {names} are left")
        check("current.new" not in os.listdir(self.store), f"{when}: current.new is left")
        marked = [name for name in names if os.path.exists(os.path.join(self.store, "generations", name, "building"))]
        check(not marked, f"{when}: {marked} are marked still")

    def die_at(self, plan, *what):
        """True when the process came past the plan's end and was killed."""
        if plan.startswith("rollback:"):
            self.replay()
            killed = self.run("replay", "--rollback", plan=plan)
        else:
            killed = self.replay(*what, plan=plan)
        self.expect_whole(f"killed at {plan}")
        self.replay(*what)
        self.expect_whole(f"a replay after one killed at {plan}")
        self.expect_tidy(f"a replay after one killed at {plan}")
        self.run("replay", "--rollback")
        self.expect_whole(f"a rollback after one killed at {plan}")
        return killed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1 << 31))
    parser.add_argument("--random", type=int, default=8)
    parser.add_argument("--aisle", default=os.path.join(ROOT, "build", "crash", "aisle"))
    arguments = parser.parse_args()
    rnd = random.Random(arguments.seed)
    directory = tempfile.mkdtemp(prefix="aisle-crash-replay-")
    passed, failed, points = 0, [], fault_points()
    print(f"seed {arguments.seed} (--seed repeats it), {len(points)} points", flush=True)
    shop = Shop(arguments.aisle, directory, arguments.seed)
    one = ("--view", rnd.choice(VIEWS))
    lives = [(point, one if point.startswith("alone:") else ()) for point in points]
    lives += [(str(rnd.randrange(1, 150)), what) for _ in range(arguments.random) for what in ((), one)]
    for plan, what in lives:
        try:
            killed = shop.die_at(plan, *what)
            check(killed or plan.isdigit(), f"no replay comes past {plan}")
            passed += 1
        except (Failed, subprocess.SubprocessError) as failure:
            failed.append(plan)
            print(f"FAILED {plan}: {failure}", flush=True)
            break  # the store is no longer what the next plan needs
    if failed:
        print(f"left in {directory}")
    else:
        shutil.rmtree(directory)
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
