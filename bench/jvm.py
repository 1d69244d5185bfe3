"""Catching up beside Kafka Streams, which keeps three of the views: same topic, same broker, same run."""
import glob
import json
import os
import shutil
import subprocess
import time
import zlib

import harness
import kafka
from machine import CHILD, ROOT, BenchFailed, count, cpu_seconds, median, program, run, run_json

CACHE = os.path.join(ROOT, ".cache", "kafka-streams")
LIBS = os.path.join(CACHE, "libs")
SOURCES = os.path.join(ROOT, "bench", "jvm")
CLASSES = os.path.join(ROOT, "build", "jvm")
VERSION = "3.9.1"
MASK = (1 << 64) - 1
LATER_EVENTS = 20_000  # in the log when what was killed starts again
TIMEOUT_S = 240
IN_MEMORY, ROCKSDB = "store=memory", "store=rocksdb"
MODES = (
    ("Kafka Streams in memory, no changelog", (IN_MEMORY, "changelog=off", "cache_mib=0")),
    ("Kafka Streams in memory", (IN_MEMORY,)),
    ("Kafka Streams, RocksDB", (ROCKSDB,)),
    ("Kafka Streams, RocksDB, exactly once", (ROCKSDB, "guarantee=exactly_once_v2", "commit_ms=5000")),
)


def build():
    """The jars once, the classes each time."""
    os.makedirs(CACHE, exist_ok=True)
    kafka.fetch_jars("kafka-streams", [("org.apache.kafka", "kafka-streams", VERSION)], CACHE)
    shutil.rmtree(CLASSES, ignore_errors=True)
    run(["javac", "--release", "17", "-Xlint:all", "-Werror", "-d", CLASSES, "-cp", os.path.join(LIBS, "*"),
         *sorted(glob.glob(os.path.join(SOURCES, "*.java")))], 120)


class Streams:
    """One application: its group, its directory, its changelog topics."""

    def __init__(self, shop, number, options):
        self.shop, self.options = shop, options
        self.name = f"bench-jvm-{os.getpid()}-{number}"
        self.directory = shop.flow.path(self.name)

    def jvm(self):
        """2 GiB hold the rows of a million events and leave the collector room; RocksDB's memory is beside the heap."""
        mib = 1024 if ROCKSDB in self.options else 2048 * max(1, round(self.shop.records / 1e6))
        return [f"-Xms{mib}m", f"-Xmx{mib}m", "-XX:+UseParallelGC"]

    def start(self, *options):
        events = self.shop.topics.events
        ends = [end for _, end in sorted(self.shop.topics.high(events).items())]
        command = ["java", *self.jvm(), "-cp", os.pathsep.join([CLASSES, os.path.join(LIBS, "*")]), "CatchUp",
                   self.shop.topics.broker.bootstrap, events, ",".join(map(str, ends)), self.name, self.directory,
                   f"{time.time() * 1000:.0f}", f"timeout_s={TIMEOUT_S}", *self.options, *options]
        return subprocess.Popen(command, **CHILD)

    def catch_up(self, hold=False):
        """The line it prints; it has ended then, or with `hold` it was killed."""
        broker = self.shop.topics.broker.pid
        before = cpu_seconds(broker)
        process = self.start(*(["hold=yes"] if hold else []))
        try:
            text = process.stdout.readline()
            if text and not hold:
                process.wait(60)
            if not text or process.poll():
                raise BenchFailed(f"Kafka Streams ended with {process.wait(10)}: {process.stderr.read()[-1500:]}")
            return {**json.loads(text), "broker_cpu_s": cpu_seconds(broker) - before}
        except subprocess.TimeoutExpired:
            raise BenchFailed("Kafka Streams does not end") from None
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()


# ---- the same counts ----

def crc(*words):
    return zlib.crc32("|".join(map(str, words)).encode())


def micros(amount):
    return round(amount * 1_000_000)


def rows_of(store, view):
    """One by one: there are millions."""
    with subprocess.Popen([harness.AISLE, "inspect", view, "--store", store], **CHILD) as inspect:
        yield from map(json.loads, inspect.stdout)
    if inspect.returncode:
        raise BenchFailed(f"'aisle inspect {view}' ended with {inspect.returncode}")


def sums_of(store):
    """As bench/jvm/Sums.java makes them, of what `aisle inspect` prints."""
    popularity, pairs, history = [0] * 6, [0] * 2, [0] * 3
    for row in rows_of(store, "popularity"):
        columns = [row["views"], row["carts"], row["orders"], row["units"], micros(row["revenue"])]
        total = sum(value << i for i, value in enumerate(columns))
        for i, value in enumerate([*columns, total * crc(row["bucket"], row["start"], row["itemId"])]):
            popularity[i] += value
    for row in rows_of(store, "also-viewed"):
        pairs[0] += row["count"]
        pairs[1] += row["count"] * crc(row["epoch"], row["itemId"], row["with"])
    for row in rows_of(store, "history"):
        price = micros(row["price"]) if "price" in row else -1
        history[0] += 1
        history[1] += row["quantity"]
        history[2] += crc(row["type"], row["itemId"], row["t"], row["quantity"], price)
    return {name: [*sums[:-1], sums[-1] & MASK] for name, sums in
            (("popularity", popularity), ("also-viewed", pairs), ("history", history))}


def check_same(name, got, expected):
    for view, sums in expected.items():
        if got["sums"][view] != sums:
            raise BenchFailed(f"{name}: sums of {view} are {got['sums'][view]}, aisle's {sums}")


# ---- the section ----

def line(name, n, row):
    """Of the table."""
    half = count(n / 2 / (row["wall_s"] - row["half_s"])) if "half_s" in row else "-"
    broker = f"{row['broker_cpu_s'] / n * 1e6:.2f}" if "broker_cpu_s" in row else "-"
    return (name, count(rate(n, row)), half, f"{row['first_s']:.2f}", f"{row['wall_s']:.2f}",
            f"{row['cpu_s'] / n * 1e6:.2f}", broker, row.get("peak_mib", "-"))


def rate(n, row):
    return n / (row["wall_s"] - row["first_s"])


def resume_aisle(shop):
    """It went on to the end and is killed; then it starts again."""
    process = shop.flow.aisle("process", store=shop.store, settings=shop.settings)
    process.wait_caught_up(shop.topics, [shop.topics.events])
    process.kill()
    shop.simulate(LATER_EVENTS, shop.options.seed + 1)
    ends = [f"{name}:{p}:{end}" for name, p, end in shop.ends()]
    return run_json([program("catch_up"), shop.store, TIMEOUT_S, *ends, "--", harness.AISLE, "process", "--store",
                     shop.store, *shop.sets()], TIMEOUT_S + 30)


def resume(report, shop, applications):
    rows = [("aisle process", "-", f"{resume_aisle(shop)['wall_s']:.2f}")]
    expected = sums_of(shop.store)
    for name, application in applications:
        got = application.catch_up()
        check_same(name + " after kill -9", got, expected)
        rows.append((name, f"{got['running_s']:.2f}", f"{got['wall_s']:.2f}"))
    report.say(f"  After kill -9, started again with {count(LATER_EVENTS)} more events in the log; the sums are the same "
               "again:")
    report.table(("", "state RUNNING after s", "all events committed after s"), rows)


def jvm(report, shop, options):
    report.section("6. Catching up beside Kafka Streams: all views of aisle process, three in Kafka Streams "
                   f"{VERSION}; the same topic, broker and run")
    build()
    shop.simulate()
    n = shop.records = sum(end for _, _, end in shop.ends())
    raw = median([shop.consume_raw() for _ in range(options.repeat)], "wall_s")
    aisle = median([shop.catch_up(number) for number in range(options.repeat)], "wall_s")
    expected = sums_of(shop.store)
    rows, applications = [line("librdkafka alone", n, raw), line("aisle process", n, aisle)], []
    report.add("aisle process", f"{count(rate(n, aisle))} events/s", f"{count(rate(n, raw))} (librdkafka)",
               rate(n, aisle) / rate(n, raw), aisle["cpu_s"] / n * 1e6, raw["cpu_s"] / n * 1e6)
    for number, (name, settings) in enumerate(MODES):
        application = Streams(shop, number, settings)
        kept = "changelog=off" not in settings
        got = application.catch_up(hold=kept)
        check_same(name, got, expected)
        rows.append(line(name, n, got))
        applications += [(name, application)] if kept else []
        report.add(name, f"{count(rate(n, got))} events/s", f"{count(rate(n, raw))} (librdkafka)",
                   rate(n, got) / rate(n, raw), got["cpu_s"] / n * 1e6, raw["cpu_s"] / n * 1e6)
    report.say(f"  {count(n)} events, 4 partitions; aisle {options.repeat} times, Kafka Streams once each, 2 threads")
    report.table(("", "events/s from the first on", "2nd half", "first after s", "seconds", "CPU s/M", "broker's",
                  "peak MiB"), rows)
    report.say(f"  The same in all: {count(expected['popularity'][0])} views by hour and day, "
               f"{count(expected['also-viewed'][0])} counts of pairs, {count(expected['history'][0])} rows of histories")
    resume(report, shop, applications)
