#!/usr/bin/python3
"""How good the lists are: real data learnt through `aisle replay`, asked for over HTTP.

    bench/quality.py DIR [--only sessions|parts|learning|speed|baskets ...] [--set NAME] [--every N] [--write FILE]

DIR holds NAME-train.txt.gz with NAME-test.txt.gz (sessions.py) and online-retail.tsv.gz (baskets.py); what is not there is
left out. parts: next-in-session with one part of its formula left out. speed and learning need Kafka (`make kafka`).
"""
import argparse
import os
import shutil
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "tests", "lib")]
os.environ.setdefault("AISLE", os.path.join(os.environ.get("BENCH_OUT", "build/release"), "aisle"))

import baskets  # noqa: E402
import harness  # noqa: E402
import machine  # noqa: E402
import sessions  # noqa: E402
import speed  # noqa: E402

KINDS = ("sessions", "parts", "learning", "speed", "baskets")
STRATEGIES = ("next-in-session", "also-viewed", "trending")
PARTS = ("before", "bigram", "order2", "step", "revisits", "context")
HEADER = ("", "cases", "HR@20", "MRR@20", "coverage", "popularity", "compute p50 ms", "p99 ms", "round trip p50 ms", "p99 ms")
BASKET_HEADER = ("", "cases", "HR@20", "MRR@20", "coverage", "popularity", "round trip p50 ms", "p99 ms")


def line(name, row):
    return (name, machine.count(row["cases"]), f"{row['hr']:.4f}", f"{row['mrr']:.4f}", f"{row['coverage']:.3f}",
            f"{row['popularity']:.3f}", *(f"{row[key]:.3f}" for key in ("p50_ms", "p99_ms", "trip_p50_ms", "trip_p99_ms")
                                          if key in row))


def store_mb(store):
    return sum(os.stat(os.path.join(at, name)).st_blocks * 512 for at, _, names in os.walk(store) for name in names) / 1e6


def asked(report, data, store, options):
    if "sessions" in options.kinds:
        rows = []
        with baskets.Server(harness.AISLE, store) as server:
            for strategy in STRATEGIES:
                rows.append(line(strategy, sessions.static(server, data, strategy, options.every)))
            memory = machine.private_mib(server.process.pid)
        report.table(HEADER, rows)
        report.say(f"  private memory of `aisle serve` {memory:.0f} MiB; the store takes {store_mb(store):.0f} MB")
    if "parts" in options.kinds:
        rows = []
        for part in PARTS:
            with baskets.Server(harness.AISLE, store, {"next.without": part}) as server:
                rows.append(line(f"without {part}", sessions.static(server, data, "next-in-session", options.every)))
        report.table(HEADER, rows)


def learnt(report, flow, data, store, options):
    topics = flow.topics(partitions=1, suffix="-learning")
    settings = {**topics.settings(), "log.level": "warn"}
    tests = data.tests[:len(data.tests) // options.every]
    with baskets.Server(harness.AISLE, store, settings, command="run") as server:
        row = sessions.learning(server, data, tests)
    report.table(HEADER, [line("next-in-session, learning", row)])


def sets(report, directory, options):
    for name in sessions.names_of(directory):
        if options.set and name != options.set:
            continue
        flow = harness.Flow("quality", quick_broker=False)
        try:
            data, store = sessions.Set(directory, name), flow.path("store")
            report.section(f"{name}: {machine.count(len(data.train))} sessions, {machine.count(sum(data.views.values()))} "
                           f"views, {machine.count(len(data.views))} items learnt; "
                           f"{'every case' if options.every == 1 else f'one case of {options.every}'}")
            data.learn(harness.AISLE, store, flow.path("sessions.ndjson"))
            asked(report, data, store, options)
            if "learning" in options.kinds:
                learnt(report, flow, data, store, options)
            # last: its events move the watermark, which learning waits for
            if "speed" in options.kinds:
                speed.speed(report, flow, data, store)
        finally:
            flow.close()
            shutil.rmtree(flow.directory, ignore_errors=True)


def orders(report, path, options):
    if "baskets" not in options.kinds or not os.path.exists(path):
        return
    report.section("online-retail: the oldest 80 % of the orders learnt, one random item of each later order hidden")
    rows = [line(row["strategy"], row) for row in baskets.quality(harness.AISLE, path)]
    report.table(BASKET_HEADER, rows)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--only", dest="kinds", nargs="+", choices=KINDS, default=KINDS, help="default all")
    parser.add_argument("--set", metavar="NAME", help="only this data set")
    parser.add_argument("--every", type=int, default=1, help="ask one case of so many, to see that all works")
    parser.add_argument("--write", metavar="FILE", help="put the figures there too")
    args = parser.parse_args()
    if args.every < 1:
        parser.error("--every is 1 or more")
    return args


def main():
    options = parse()
    report = machine.Report()
    signal.signal(signal.SIGTERM, harness.end_on_term)
    for text in machine.describe():
        report.say(text)
    try:
        if {"learning", "speed"} & set(options.kinds):
            harness.ktool_build()
        sets(report, options.directory, options)
        orders(report, os.path.join(options.directory, "online-retail.tsv.gz"), options)
    except (machine.BenchFailed, sessions.SessionsFailed, harness.FlowFailed, harness.Ended, harness.kafka.KafkaError,
            RuntimeError) as error:
        print(f"quality: {error}", file=sys.stderr)
        return 1
    if options.write:
        machine.write(options.write, report, "Quality", "make quality DATA=DIR")
    return 0


if __name__ == "__main__":
    sys.exit(main())
