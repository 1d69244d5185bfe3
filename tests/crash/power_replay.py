#!/usr/bin/python3
"""Power cuts during a replay: what is answered from is the old generation or the new one, whole; the next replay ends well.

    power_replay.py [--seeds N] [--seed FIRST] [--cuts N] [--jobs N] [--aisle PROGRAM] [--recorder PROGRAM] [--unsynced PATTERN]

A store is filled from one file; then a new generation is made of two, and what that writes is recorded (recorder.c). A cut
leaves what disk.py says. When the command had ended, the new generation must be the one in use.
"""
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import traceback

import disk
import power
import world

CUTS = 16
EVENTS = (400, 300)


class Run:
    """One seed."""

    def __init__(self, seed, arguments, directory):
        self.arguments, self.directory = arguments, directory
        self.random = random.Random(seed)
        self.place, self.cut_place = os.path.join(directory, "machine"), os.path.join(directory, "cut")
        self.events_path = os.path.join(directory, "events")
        self.files = [os.path.join(directory, f"{number}.ndjson") for number in range(len(EVENTS))]
        self.cuts = 0
        os.mkdir(self.place)
        for number, (path, events) in enumerate(zip(self.files, EVENTS)):
            self.aisle(None, "simulate", "--events", str(events), "--seed", str(seed + number), "--to-file", path)

    def aisle(self, place, *args, before=(), status=0):
        """Standard output; None when it ends with another status and that may be."""
        command = [*before, self.arguments.aisle, *args, "--set", "batch.recordsMax=50", "--set", "store.mapSize=256m",
                   "--set", "young.bytesMax=0", *(("--store", os.path.join(place, "store")) if place else ())]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              timeout=world.LIFE_TIMEOUT_S, check=False)
        if status is not None and done.returncode != status:
            raise world.Difference(f"'{' '.join(args[:2])}' ended with {done.returncode}: {done.stderr[-1500:]}")
        return done.stdout

    def rebuild(self, place, before=()):
        self.aisle(place, "replay", "--rebuild", *(part for path in self.files for part in ("--from-file", path)),
                   before=before)

    def digests(self, place):
        return self.aisle(place, "inspect", "--digest")

    def is_swallowed(self, event, machine):
        return event[0] == "sync" and self.arguments.unsynced and \
            any(node is machine.inodes[int(event[1])] for node in machine.named(self.arguments.unsynced))

    def forget_boot(self):
        """The mark of a build says in which run of the machine it was begun: not in the one after the cut."""
        for mark in glob.glob(os.path.join(self.cut_place, "store/generations/*/building")):
            with open(mark, "r+b") as f:
                text = re.sub(rb"boot \S+", b"boot another", f.read())
                f.seek(0)
                f.truncate()
                f.write(text)

    def check_cut(self, what, machine, allowed, new):
        machine.build(self.cut_place, self.random)
        self.forget_boot()
        if self.digests(self.cut_place) not in allowed:
            raise world.Difference(f"{what}: the views are those of neither generation" if len(allowed) > 1 else
                                   f"{what}: the views are not those of the generation that was made")
        self.rebuild(self.cut_place)
        if self.digests(self.cut_place) != new:
            raise world.Difference(f"{what}: a replay after it made other views")
        left = set(os.listdir(os.path.join(self.cut_place, "store/generations"))) - {"last"}
        if len(left) != 2 or not all(name.isdigit() for name in left):
            raise world.Difference(f"{what}: a replay after it leaves {left}")
        self.cuts += 1

    def run(self):
        self.aisle(self.place, "replay", "--from-file", self.files[0])
        old = self.digests(self.place)
        if self.random.random() < 0.5:  # there is one to be dropped
            self.aisle(self.place, "replay", "--rebuild", "--from-file", self.files[0])
        machine = disk.Disk(self.place)
        self.rebuild(self.place, before=(self.arguments.recorder, self.place, self.events_path))
        new = self.digests(self.place)
        events = disk.read_events(self.events_path)
        cuts = self.moments(events)
        for number, event in enumerate(events):
            if number in cuts:
                self.check_cut(f"cut after {number} of {len(events)} changes", machine.in_the_middle_of(event), (old, new), new)
            if not self.is_swallowed(event, machine):
                machine.step(event)
        self.check_cut("cut after the end", machine, (new,), new)

    def moments(self, events):
        """Half of them just after a sync, or a change of names, which is where a swap can be torn."""
        names = [number + 1 for number, event in enumerate(events[:-1])
                 if event[0] in ("sync", "rename", "symlink", "unlink")]
        cuts = self.arguments.cuts
        return {*self.random.sample(names, min(cuts // 2, len(names))),
                *self.random.sample(range(len(events)), min(cuts // 2, len(events)))}


def one_seed(seed, arguments, scratch):
    """(seed, cuts made, None or the difference)"""
    directory = os.path.join(scratch, str(seed))
    os.mkdir(directory)
    run, difference = None, None
    try:
        run = Run(seed, arguments, directory)
        run.run()
    except (world.Difference, OSError) as found:
        difference = str(found)
    except Exception:  # a broken harness is a failure too
        difference = f"{world.BROKEN}: {traceback.format_exc()}"
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return seed, run.cuts if run else 0, difference


if __name__ == "__main__":
    sys.exit(power.main(__doc__.splitlines()[0], one_seed, "powercut-replay", "power cuts of a replay", CUTS,
                        ("--aisle", "build/crash/aisle")))
