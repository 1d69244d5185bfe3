"""What the crash and the power-cut harness share: a log on disk, a store, the player, and the comparison with the batch
program."""
import base64
import collections
import contextlib
import copy
import decimal
import json
import os
import select
import subprocess
import sys
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))

import harness  # noqa: E402
import stream  # noqa: E402

PARTITIONS = 4
SIZES = (20, 60, 150, 300)
LIFE_TIMEOUT_S = 60
KEY_FILE = "person.key.file"

BROKEN = "the harness is broken"
Difference = harness.FlowFailed
Placed = collections.namedtuple("Placed", "offset record")


def scratch_place():
    """Memory when there is some: what is killed here is a process, not the machine."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def draw_settings(rnd, directory):
    """From a commit for each record to one for all; from no young level to one that is merged all the time."""
    young = os.path.join(directory, "young")
    os.mkdir(young)
    values = {
        "batch.recordsMax": rnd.choice((1, 3, 10, 40, 200000)),
        "batch.linger": rnd.choice(("0ms", "2ms", "20ms")),
        "batch.timeMax": rnd.choice(("1ms", "5s")),
        "poll.recordsMax": rnd.choice((1, 5, 20, 1000)),
        "store.durability": rnd.choice(("sync", "nometasync", "nosync")),
        "store.mapSize": "256m",
        "young.bytesMax": rnd.choice((0, 1, 150_000, 400_000, 16_000_000)),
        "young.path": rnd.choice((young, young, young, "")),  # "": in the store
        "young.ageMax": rnd.choice(("10ms", "1h")),
        "log.level": "warn",
    }
    if rnd.random() < 0.75:  # else the store makes one, and no id of the stream is good
        values[KEY_FILE] = os.path.join(directory, "key")
        with open(values[KEY_FILE], "wb") as key:
            key.write(stream.PERSON_KEY)
    return [f"{key}={value}" for key, value in values.items()]


class Log:
    """A stream laid out as log_source.h reads it; offsets have gaps, as behind transactions."""

    def __init__(self, directory, seed):
        self.directory = directory
        self.partitions = collections.defaultdict(list)  # (topic, partition) -> Placed, in order
        os.mkdir(directory)
        source = stream.Stream(seed, SIZES)
        for record in source.records():
            number = zlib.crc32(record.actor.encode()) % PARTITIONS if record.actor else 0
            placed = self.partitions[record.topic, number]
            offset = placed[-1].offset if placed else -1
            placed.append(Placed(offset + source.random.choice((1, 1, 1, 1, 2, 5)), record))
        for number in range(PARTITIONS):
            self.partitions["shop.events", number]  # pylint: disable=pointless-statement
        for (topic, number), placed in self.partitions.items():
            self.write(topic, number, placed)

    def write(self, topic, number, placed):
        with open(os.path.join(self.directory, f"{topic}.{number}"), "wb") as out:
            for offset, record in placed:
                key, value = record.key.encode(), record.value
                timestamp = -1 if record.timestamp is None else record.timestamp
                length = -1 if value is None else len(value)
                out.write(f"{offset} {timestamp} {len(key)} {length}\n".encode() + key + (value or b"") + b"\n")

    def ends(self):
        return {where: placed[-1].offset + 1 for where, placed in self.partitions.items() if placed}

    def dead(self, ends=None):
        """What must be among the dead letters, as they tell it, when the log was read up to these offsets."""
        return {(topic, number, offset, record.value) for (topic, number), placed in self.partitions.items()
                for offset, record in placed if record.dead and (ends is None or offset < ends.get((topic, number), 0))}

    def shop(self, ends, person_key):
        """The batch program over the records before these offsets."""
        ret = harness.batch.Shop(None, person_key)
        for where, placed in self.partitions.items():
            for offset, record in placed:
                if offset < ends.get(where, 0):
                    stream.feed(ret, record, where)
        return ret


class World:
    """One store and what happened to it."""

    def __init__(self, player, log, directory, settings, letters):
        self.player, self.log = player, log
        self.store = os.path.join(directory, "store")
        self.stderr = os.path.join(directory, "stderr")
        self.settings = [f"store.path={self.store}", *settings]
        self.letters = letters

    def moved(self, directory):
        """The same in another directory, which has its own log and store."""
        ret = copy.copy(self)
        ret.log = copy.copy(self.log)
        ret.log.directory = os.path.join(directory, "log")
        ret.store, ret.stderr = os.path.join(directory, "store"), os.path.join(directory, "stderr")
        ret.settings = [f"store.path={ret.store}", *self.settings[1:]]
        return ret

    def play(self, seed, visible, plan="", after_s=None, before=()):
        """One life; its exit status. Killed after so many seconds, when given. `before`: a command to run it under."""
        command = [*before, self.player, "play", self.log.directory, str(seed), str(visible), self.letters, *self.settings]
        with open(self.stderr, "wb") as errors, \
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors,
                                 env={**os.environ, "FAULT_PLAN": plan}) as process:
            ended = os.pidfd_open(process.pid)
            try:
                in_time = select.select([ended], [], [], LIFE_TIMEOUT_S if after_s is None else after_s)[0]
            finally:
                os.close(ended)
            if not in_time:
                process.kill()
            if not in_time and after_s is None:
                raise Difference(f"a life did not end within {LIFE_TIMEOUT_S} s:\n{self.errors()}")
            return process.wait()

    def has_begun(self):
        """Something was said to be durable."""
        with contextlib.suppress(FileNotFoundError), open(os.path.join(self.log.directory, "told"), "rb") as told:
            return any(told.read())
        return False

    def key_path(self):
        settings = dict(setting.split("=", 1) for setting in self.settings)
        return settings.get(KEY_FILE, os.path.join(self.store, "person.key"))

    def errors(self):
        with open(self.stderr, encoding="utf-8", errors="replace") as text:
            return text.read()[-2000:]

    def rows(self):
        """{view: rows}"""
        done = subprocess.run([self.player, "rows", *self.settings], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=LIFE_TIMEOUT_S, check=False)
        if done.returncode != 0:
            raise Difference(f"the store cannot be read: {done.stderr.decode(errors='replace')[-2000:]}")
        ret = collections.defaultdict(list)
        for text in done.stdout.decode().splitlines():
            view, row = text.split("\t", 1)
            ret[view].append(json.loads(row, parse_float=decimal.Decimal))
        return ret

    def compare(self, what, whole=False):
        """Rows are those of the records that the offsets name; `whole`: of all records. Returns the offsets."""
        rows = self.rows()
        ends = {(row["topic"], row["partition"]): row["next"] for row in rows["offsets"]}
        if whole and ends != self.log.ends():
            raise Difference(f"{what}: offsets are {ends}, the log ends at {self.log.ends()}")
        with open(self.key_path(), "rb") as f:
            person_key = f.read()
        shop = self.log.shop(ends, person_key)
        for view in harness.ALL_VIEWS:
            harness.expect_same_rows(f"{what}, {view}", shop.rows(view, person_key), rows[view])
        return ends

    def letters_there(self):
        if self.letters == "file":
            return set(self.file_letters(os.path.join(self.store, "dead-letters.ndjson")))
        return set(self.topic_letters(os.path.join(self.log.directory, "letters")))

    @staticmethod
    def topic_letters(path):
        with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as lines:
            for line in lines:
                topic, partition, offset, value = line.rstrip("\n").split(" ")
                yield topic, int(partition), int(offset), base64.b64decode(value)

    @staticmethod
    def file_letters(path):
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as lines:
            for line in lines:
                try:
                    letter = json.loads(line)
                except ValueError:  # a crash may cut the last line of its life
                    continue
                yield letter["topic"], letter["partition"], letter["offset"], base64.b64decode(letter["value"])

    def compare_letters(self, ends=None):
        """All that must be there are there, and none of a good record."""
        there, expected, all_bad = self.letters_there(), self.log.dead(ends), self.log.dead()
        if not expected <= there <= all_bad:
            raise Difference(f"dead letters: {len(expected - there)} are missing, e.g. {sorted(expected - there)[:3]}; "
                             f"{len(there - all_bad)} should not be there, e.g. {sorted(there - all_bad)[:3]}")
