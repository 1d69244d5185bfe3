#!/usr/bin/python3
"""Power cuts: what a processor writes is recorded, and the store is put together as a cut at many moments would leave it.

    power.py [--seeds N] [--seed FIRST] [--cuts N] [--jobs N] [--player PROGRAM] [--recorder PROGRAM] [--unsynced PATTERN]

Each seed is two lives over a small hostile log, the first perhaps killed. Then, for every cut: what was synced is on the
disk, of the rest any part, some writes torn (disk.py). Where something was said to be durable the store must open, its rows equal the
batch program's over just the records that its offsets name, and the dead letters of those records are there. A
processor must be able to go on from it to the log's end, where everything is as if nothing had happened.

--unsynced PATTERN takes no notice of syncs of what has such a name: the harness must find that out.
"""
import argparse
import glob
import os
import random
import shutil
import signal
import struct
import sys
import traceback

import crash
import disk
import world

CUTS = 12


class Run:
    """One seed."""

    def __init__(self, seed, arguments, directory):
        self.arguments = arguments
        self.random = rnd = random.Random(seed)
        self.place, self.cut_place = os.path.join(directory, "machine"), os.path.join(directory, "cut")
        self.events_path = os.path.join(directory, "events")
        os.mkdir(self.place)
        log = world.Log(os.path.join(self.place, "log"), seed)
        settings = [setting for setting in world.draw_settings(rnd, directory) if "durability" not in setting]
        self.durability = rnd.choice(("sync", "sync", "nometasync"))
        self.world = world.World(arguments.player, log, self.place, [*settings, f"store.durability={self.durability}"],
                                 rnd.choice(("topic", "file")))
        self.strict = self.durability == "sync" and "young.bytesMax=0" in settings
        self.world.stderr = os.path.join(directory, "stderr")
        self.cuts = 0

    def record(self):
        """Two lives; the events of both."""
        rnd, before = self.random, [self.arguments.recorder, self.place, self.events_path]
        plan = rnd.choice(("", str(rnd.randrange(1, 200))))
        status = self.world.play(rnd.randrange(1 << 32), rnd.randrange(1, 101), plan, before=before)
        if status not in (0, 128 + signal.SIGKILL):
            raise world.Difference(f"the first life ended with {status}:\n{self.world.errors()}")
        status = self.world.play(rnd.randrange(1 << 32), 100, before=before)
        if status != 0:
            raise world.Difference(f"the second life ended with {status}:\n{self.world.errors()}")
        return disk.read_events(self.events_path)

    def moments(self, events):
        """When to cut: half of them just after something was made durable."""
        rnd, cuts = self.random, self.arguments.cuts
        durable = [n + 1 for n, event in enumerate(events[:-1])
                   if event[0] == "sync" or (event[0] == "write" and event[4])]
        return {*rnd.sample(durable, min(cuts // 2, len(durable))), *rnd.sample(range(len(events)), cuts - cuts // 2)}

    def is_swallowed(self, event, machine):
        if event[0] != "sync" or not self.arguments.unsynced:
            return False
        wanted = machine.inodes[int(event[1])]
        return any(node is wanted for node in machine.named(self.arguments.unsynced))

    def forget_memory(self):
        """Young levels are gone. The page that numbers them may have any of its states, of an earlier run of the machine."""
        for page in glob.glob(os.path.join(self.cut_place, "store/generations/*/levels")):
            with open(page, "r+b") as f:
                f.write(struct.pack("<Q36s", self.random.randrange(100), b"another run"))

    def check_cut(self, number, machine):
        what = f"cut after {number} changes"
        machine.build(self.cut_place, self.random)
        self.forget_memory()
        after = self.world.moved(self.cut_place)
        os.makedirs(after.log.directory, exist_ok=True)
        for name in os.listdir(self.world.log.directory):
            source, target = os.path.join(self.world.log.directory, name), os.path.join(after.log.directory, name)
            if name in ("told", "letters"):  # what the outside was told before the cut, it knows
                with open(target, "wb") as out:
                    out.write(machine.seen(f"log/{name}"))
            else:
                shutil.copyfile(source, target)
        told = after.has_begun()
        if not self.strict:  # the last commits may be lost, but nothing else
            os.unlink(os.path.join(after.log.directory, "told"))
        if told:
            after.compare_letters(after.compare(what))
        status = after.play(self.random.randrange(1 << 32), 100)
        if status != 0:
            raise world.Difference(f"{what}: the life after it ended with {status}:\n{after.errors()}")
        after.compare(f"{what}, read to the end", whole=True)
        after.compare_letters()
        self.cuts += 1

    def run(self):
        machine = disk.Disk(self.place)
        events = self.record()
        self.world.compare("undisturbed", whole=True)
        cuts = self.moments(events)
        for number, event in enumerate(events):
            if number in cuts:
                self.check_cut(number, machine.in_the_middle_of(event))
            if not self.is_swallowed(event, machine):
                machine.step(event)
        machine.expect_same(self.place)
        return self.cuts


def one_seed(seed, arguments, scratch):
    """(seed, cuts made, None or the difference)"""
    directory = os.path.join(scratch, str(seed))
    os.mkdir(directory)
    run = Run(seed, arguments, directory)
    difference = None
    try:
        run.run()
    except (world.Difference, OSError) as found:
        difference = f"{found}\n  settings: {' '.join(run.world.settings)} {run.world.letters}"
    except Exception:  # a broken harness is a failure too
        difference = f"{world.BROKEN}: {traceback.format_exc()}"
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return seed, run.cuts, difference


def main(description, one, target, what, cuts, *programs):
    """Both kinds of power cuts: one(seed, arguments, scratch) -> (seed, cuts, difference). `programs`: more arguments."""
    parser = argparse.ArgumentParser(description=description)
    crash.add_arguments(parser)
    parser.add_argument("--cuts", type=int, default=cuts)
    parser.add_argument("--recorder", default=os.path.join(world.ROOT, "build/crash/tests/crash/recorder"))
    parser.add_argument("--unsynced", default="")
    for name, path in programs:
        parser.add_argument(name, default=os.path.join(world.ROOT, path))
    arguments = parser.parse_args()
    made = 0

    def count(n):
        nonlocal made
        made += n

    failed, seconds = crash.run_seeds(arguments, one, (arguments,), target, count)
    print(f"{arguments.seeds} seeds from {arguments.seed}: {made} {what}; {len(failed)} differences; {seconds:.0f} s")
    print(f"{arguments.seeds - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(__doc__.splitlines()[0], one_seed, "powercut", "power cuts", CUTS))
