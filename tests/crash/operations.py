#!/usr/bin/python3
"""An operator's commands in random order on one store with a real broker: records come in, the processor is started,
stopped and killed, replays build, are killed, go on, are swapped, rolled back and dropped, the broker goes away.

    operations.py [--seeds N] [--seed N] [--jobs N] [-v]

A command may be refused. None may hang, end by a signal that nobody sent, or find the store damaged; a generation's
number names one directory for ever; the processor lets go of what was deleted; and in the end every view of the
generation in use is that of a store that read the same log and files once. Which files those are is known for each view
of each generation: a replay takes those that it is given, not those that the generation before had.
"""
import argparse
import collections
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("AISLE", os.path.join(ROOT, "build", "crash", "aisle"))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))

import crash  # noqa: E402
import harness  # noqa: E402
import replay  # noqa: E402
import stream  # noqa: E402
import world  # noqa: E402

from harness import check, poll  # noqa: E402

COMMAND_S, STOP_S, LET_GO_S = 60, 20, 15
STEPS, RECORDS, PARTITIONS = 40, 1500, 4
VIEWS = (*harness.ALL_VIEWS, "offsets")
ALONE = (*replay.VIEWS, "catalog", "stock", "config", "engagement", "redemptions", "traffic")  # for --view
POINTS = (*replay.fault_points(), *replay.ELSEWHERE)
SWAPS = tuple(point for point in POINTS if point.startswith(("swap:", "rollback:", "drop:")))
WRONG = re.compile("corrupt|damaged", re.IGNORECASE)
# how often each is drawn
OPERATIONS = {"produce": 8, "start": 4, "stop": 2, "replay": 8, "resume": 4, "file": 2, "swap": 6, "letters": 1, "broker": 0.3}

Beside = collections.namedtuple("Beside", "what process holds")


class Operations:
    """One store, its log, and what is known of its generations."""

    def __init__(self, t, seed, verbose):
        self.t, self.seed, self.verbose = t, seed, verbose
        self.topics = t.topics(PARTITIONS, suffix=f"-{seed}")
        self.source = stream.Stream(seed, (RECORDS,))
        self.records = self.source.records()
        self.store = harness.store_with_key(t.path("store"), stream.PERSON_KEY)
        drawn = dict(text.split("=", 1) for text in world.draw_settings(random.Random(seed), t.directory))
        drawn.pop(world.KEY_FILE, None)
        self.settings = {**drawn, **self.topics.settings(), "log.level": "info"}
        self.processor = self.beside = self.stopped = None  # beside: a replay at work; stopped: arguments of one that was
        self.may_die = False
        self.files = []
        self.holds = {}        # generation -> {view: set of files}
        self.directories = {}  # generation -> a descriptor, so that its inode is not used again
        self.told, self.refused = [], 0
        t.closers.append(self.close)

    def close(self):
        if self.beside:
            self.beside.process.kill()
        for descriptor in self.directories.values():
            os.close(descriptor)

    def tell(self, text):
        self.told.append(text)
        if self.verbose:
            print(f"    {text}", flush=True)

    def begin(self, *args, plan=""):
        return subprocess.Popen([harness.AISLE, *args, "--store", self.store, *harness.sets(self.settings)], text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**os.environ, "FAULT_PLAN": plan})

    def end(self, what, process, sent, kill_after_s=None):
        """(status, standard output) of what was begun and may end by the signal `sent`. Refusals are told."""
        try:
            out, err = process.communicate(timeout=kill_after_s or COMMAND_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            check(kill_after_s, f"{what}: not done within {COMMAND_S} s: {err}")
        status, said = process.returncode, err.strip().splitlines()
        self.tell(f"{what}: {status}{' ' + said[-1] if status > 0 and said else ''}")
        check(status in (-sent, 0) or status > 0 and said, f"{what} ended with {status}: {err}")
        check(not WRONG.search(out + err), f"{what}: {out}{err}")
        self.refused += status > 0
        return status, out

    def command(self, *args, plan="", kill_after_s=None):
        what = " ".join([*args, *([f"FAULT_PLAN={plan}"] if plan else []), *(["killed"] if kill_after_s else [])])
        return self.end(what, self.begin(*args, plan=plan),
                        signal.SIGKILL if plan or kill_after_s else 0, kill_after_s)

    def current(self):
        with contextlib.suppress(FileNotFoundError):
            return int(os.path.basename(os.readlink(os.path.join(self.store, "current"))))
        return 0

    def held(self):
        return self.holds.get(self.current(), dict.fromkeys(VIEWS, frozenset()))

    def held_after(self, args):
        """What a replay with these arguments makes."""
        files = frozenset(word for word in args if word in self.files)
        if "--view" not in args:
            return dict.fromkeys(VIEWS, files)
        view = args[args.index("--view") + 1]
        return {**self.held(), **dict.fromkeys(("history", "profile") if view == "history" else (view,), files)}

    def look(self, holds):
        """Generations that are new hold this."""
        folder = os.path.join(self.store, "generations")
        names = os.listdir(folder) if os.path.exists(folder) else []
        for number in sorted(int(name) for name in names if name.isdigit()):
            with contextlib.suppress(FileNotFoundError):  # a replay beside may drop it
                descriptor = os.open(os.path.join(folder, str(number)), os.O_PATH)
                if number not in self.directories:
                    last = max(self.directories, default=0)
                    self.directories[number], self.holds[number] = descriptor, holds
                    check(number > last, f"generation {number} is new though there was {last}")
                    continue
                same = os.path.samestat(os.fstat(descriptor), os.fstat(self.directories[number]))
                os.close(descriptor)
                check(same, f"generation {number} is another directory than it was")

    def see(self):
        """What has happened meanwhile."""
        if self.beside and self.beside.process.poll() is not None:
            self.end_beside()
        self.look(self.beside.holds if self.beside else dict.fromkeys(VIEWS, frozenset()))
        if self.processor and not self.processor.running():
            self.ended()

    def deleted(self):
        """Files that the processor has though they are gone."""
        folder = f"/proc/{self.processor.pid}/fd"
        names = [os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)] if self.processor.running() else []
        return [name for name in names if name.endswith(" (deleted)")]

    def lets_go(self):
        def nothing_is_left():
            check(not self.deleted(), f"{self.current()} is in use, open are {self.deleted()}")
            return True
        if self.processor:
            poll("the processor lets go of what was deleted", nothing_is_left, LET_GO_S)

    def draw_replay(self, rnd):
        files, kind = sorted(self.held()["offsets"]), rnd.random()
        if kind < 0.4:
            ret = ["--from", "earliest", *(["--without-files"] if files and rnd.random() < 0.7 else [])]
            if rnd.random() < 0.2:
                ret += ["--to", ",".join(f"{partition}:{end // 2}" for partition, end in self.topics.high().items())]
        elif kind < 0.6 and self.files:
            ret = ["--rebuild", "--from-file", *rnd.sample(self.files, rnd.randrange(len(self.files)) + 1), "--from", "earliest"]
        else:
            named = rnd.choice((files, files, files, self.files, []))
            ret = ["--view", rnd.choice(ALONE), *(["--from-file", *named] if named else ["--without-files"])]
        return ret + rnd.choices(([], ["--no-swap"], ["--drop-old"]), (0.7, 0.2, 0.1))[0]

    def replayed(self, args, holds, status, out):
        self.look(holds)
        if status == 0:
            self.holds[json.loads(out)["generation"]] = holds
        self.stopped = args if status < 0 else None

    def op_replay(self, rnd, args=None):
        args, kind = args or self.draw_replay(rnd), rnd.choice(("whole", "point", "moment", "beside"))
        holds, words, death = self.held_after(args), ["replay", *args, "--json"], {}
        if self.beside:
            self.command("replay", "--from", "earliest", "--dry-run")
            return
        if kind == "point":
            death = {"plan": rnd.choice((rnd.choice(POINTS), str(rnd.randrange(1, 400))))}
        elif kind != "whole":
            words += ["--rate", rnd.choice(("30", "100", "300"))]
        if kind == "moment":
            death = {"kill_after_s": 0.1 + 2 * rnd.random() ** 2}
        if kind == "beside":
            self.tell(f"beside: {' '.join(words)}")
            self.beside = Beside(args, self.begin(*words), holds)
        else:
            self.replayed(args, holds, *self.command(*words, **death))

    def op_resume(self, rnd):
        if self.beside:
            self.end_beside(rnd.choice((0, signal.SIGTERM, signal.SIGKILL)))
        elif self.stopped:
            self.op_replay(rnd, self.stopped)

    def end_beside(self, number=0):
        beside, self.beside = self.beside, None
        beside.process.send_signal(number)
        self.replayed(beside.what, beside.holds, *self.end(f"(beside, signal {number})", beside.process, number))
        self.stopped = beside.what if number else None

    def op_produce(self, rnd):
        names, lines = dict(zip(("shop.events", "shop.catalog", "shop.stock", "aisle.config"), self.topics.names().values())), []
        for _, record in zip(range(rnd.choice((1, 5, 30, 120))), self.records):
            number = zlib.crc32(record.actor.encode()) % PARTITIONS if record.actor else 0
            lines.append(harness.line(names[record.topic], record.value, record.key, number, record.timestamp))
        self.tell(f"{len(lines)} records")
        self.topics.produce(lines)

    def op_start(self, rnd, lives=False):
        if self.processor:
            return
        command, plan = rnd.choice(("run", "process")), "" if lives or rnd.random() < 0.8 else str(rnd.randrange(1, 300))
        self.tell(f"start {command} {plan}")
        self.may_die, os.environ["FAULT_PLAN"] = bool(plan), plan
        self.processor = self.t.aisle(command, store=self.store, settings=self.settings)
        os.environ["FAULT_PLAN"] = ""

    def ended(self, *fine):
        p, self.processor = self.processor, None
        status = p.process.wait(STOP_S)
        self.tell(f"the processor ended with {status}")
        check(status in fine or (self.may_die and status == -signal.SIGKILL), f"it ended with {status}:\n{p.log()[-2000:]}")
        check(not WRONG.search(p.log()), f"the processor: {p.log()}")

    def op_stop(self, rnd):
        if self.processor:
            number = rnd.choice((signal.SIGTERM, signal.SIGKILL))
            self.may_die = self.may_die or number == signal.SIGKILL
            self.processor.process.send_signal(number)
            self.ended(0, *(() if self.processor.log() else (-number,)))  # it may not yet have got to its handler

    def op_file(self, rnd):
        """Its people are its own, since the order of one person's records counts."""
        if self.processor and "topic found" not in self.processor.log():
            return  # a processor that has only just begun would find the store held
        path, number = self.t.path(f"file-{len(self.files)}"), len(self.files)
        with open(path, "w", encoding="utf-8") as out:
            for n in range(rnd.choice((1, 20))):
                event = {"type": rnd.choice(("view", "purchase")), "userId": f"of file {number} {n % 3}", "eventId": str(n),
                         "itemId": rnd.choice(self.source.items), "eventTime": stream.START + n * stream.MINUTE}
                out.write(json.dumps(event) + "\n")
        self.files.append(path)
        if self.command("replay", "--from-file", path)[0] == 0:
            self.look(dict.fromkeys(VIEWS, frozenset()))
            self.holds[self.current()] = {view: files | {path} for view, files in self.held().items()}
            if self.beside and "--view" in self.beside.what:  # it ends well only if its copy was made after this
                self.beside = self.beside._replace(holds=self.held_after(self.beside.what))

    def op_swap(self, rnd):
        number = str(rnd.choice(list(self.directories) or [1]))
        what = rnd.choice((["--rollback"], ["--rollback"], ["--rollback"], ["--drop-old"], ["--drop-old"], ["--swap", number]))
        self.command("replay", *what, plan=rnd.choice(("",) * 2 * len(SWAPS) + SWAPS))

    def op_letters(self, rnd):
        ids = [json.loads(line)["id"] for line in self.command("dlq", "list", "--json")[1].splitlines()]
        if ids:
            self.command("dlq", "resend", *rnd.sample(ids, min(len(ids), 5)))

    def op_broker(self, rnd):
        self.tell("the broker goes away")
        rnd.choice((self.t.broker().stop, self.t.broker().kill))()
        rnd.choice((self.op_swap, self.op_replay, self.op_letters, self.op_start, self.op_stop))(rnd)
        self.t.broker().start()

    def compare(self, what):
        """Read to the log's end by a processor that has let go of what is gone, all is as if it had been read once."""
        if self.may_die:
            self.op_stop(random.Random(self.seed))
        self.op_start(random.Random(self.seed), lives=True)
        self.processor.wait_caught_up(self.topics, self.topics.names().values())
        self.lets_go()
        self.processor.stop()
        self.ended(0)
        fresh, found = {}, harness.digests_of(self.store, VIEWS)
        for view, files in self.held().items():
            fresh[files] = fresh.get(files) or self.fold(files)
            check(found[view] == fresh[files][view], f"{what}, {view} of generation {self.current()} with files {sorted(files)}: "
                  f"{found[view]}, not {fresh[files][view]}")

    def fold(self, files):
        store = harness.store_with_key(tempfile.mkdtemp(dir=self.t.directory) + "/store", stream.PERSON_KEY)
        if files:
            harness.run([harness.AISLE, "replay", "--from-file", *sorted(files), "--store", store, *harness.sets(self.settings)])
        aisle = self.t.aisle("process", store=store, settings=self.settings)
        aisle.wait_caught_up(self.topics, self.topics.names().values())
        aisle.stop()
        return harness.digests_of(store, VIEWS)

    def run(self):
        self.op_produce(random.Random(self.seed))
        for step in range(STEPS):
            rnd = random.Random(f"{self.seed} {step}")  # its own: how long another step took does not change what is drawn
            getattr(self, "op_" + rnd.choices(list(OPERATIONS), OPERATIONS.values())[0])(rnd)
            self.see()
            if rnd.random() < 0.3:
                self.lets_go()
        if self.beside:
            self.end_beside()
        self.compare("in the end")
        before = self.current()
        self.command("replay", "--rollback")
        if self.current() != before:
            self.compare("after a rollback")


def one_seed(seed, verbose, _scratch):
    """(seed, commands and refused ones, what is wrong)"""
    t = harness.Flow("operations")
    t.shared_broker, wrong = t.own_broker(), None
    operations = Operations(t, seed, verbose)
    try:
        operations.run()
    except (harness.FlowFailed, harness.Ended, OSError, subprocess.SubprocessError) as failure:
        wrong = "\n    ".join([f"{failure}\n  left in {t.directory}:", *operations.told])
    finally:
        t.close()
    if not wrong:
        shutil.rmtree(t.directory)
    return seed, {"steps": len(operations.told), "refused": operations.refused}, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    crash.add_arguments(parser)
    parser.set_defaults(seeds=20)
    parser.add_argument("-v", dest="verbose", action="store_true", help="print each command and what was answered")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, harness.end_on_term)
    harness.ktool_build()
    figures = collections.Counter()
    failed, seconds = crash.run_seeds(arguments, one_seed, (arguments.verbose,), "operations", figures.update)
    print(f"{figures['steps']} steps, {figures['refused']} commands refused, {seconds:.0f} s")
    print(f"{arguments.seeds - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
