"""The log end to end on real Kafka: catching up from the beginning, and from event to visible answer."""
import datetime
import json
import os
import shutil

import harness
import steady
from machine import BenchFailed, count, cpu_seconds, median, program, run_json, spread

EVENTS_A_DAY = 200_000  # of simulated time
RATES = (1_000, 10_000, 50_000)


class Shop:
    """One shop's topics and the store that has caught up with them; the later sections go on with both."""

    def __init__(self, flow, options):
        self.flow, self.options = flow, options
        self.topics = flow.topics(partitions=4)
        self.settings = {**self.topics.settings(), "store.mapSize": "64g", "log.level": "warn"}
        del self.settings["topics.discovery"]
        self.store = None
        self.records = 0

    def sets(self):
        return [word for key, value in self.settings.items() for word in ("--set", f"{key}={value}")]

    def simulate(self, events=None, seed=None):
        """Event times end about now. `seed`: other events than before."""
        events, seed = events or self.options.events, seed or self.options.seed
        start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=events / EVENTS_A_DAY)
        harness.run([harness.AISLE, "simulate", "--events", str(events), "--seed", str(seed), "--start",
                     f"{start:%Y-%m-%dT%H:%M:%SZ}", "--to-kafka", *self.sets()], 300)

    def simulate_catalog(self):
        """Later, so that catching up is measured in events alone."""
        harness.run([harness.AISLE, "simulate", "--events", "0", "--seed", str(self.options.seed), "--catalog",
                     "--to-kafka", *self.sets()], 120)

    def names(self):
        return [self.topics.events, self.topics.catalog, self.topics.stock]

    def ends(self):
        return [(name, p, end) for name in self.names() for p, end in self.topics.high(name).items() if end > 0]

    def consume_raw(self):
        got = run_json([program("raw_consume"), self.topics.broker.bootstrap, *self.names()], 120)
        if got["records"] != self.records:
            raise BenchFailed(f"raw consumption gave {got['records']} of {self.records} events")
        return got

    def catch_up(self, number):
        """A fresh store each time; the last one stays."""
        if self.store:
            shutil.rmtree(self.store)
        self.store = self.flow.path(f"store-{number}")
        ends = [f"{name}:{p}:{end}" for name, p, end in self.ends()]
        broker = self.topics.broker.pid
        before = cpu_seconds(broker)
        got = run_json([program("catch_up"), self.store, 240, *ends, "--", harness.AISLE, "process", "--store",
                        self.store, *self.sets()], 300)
        got["broker_cpu_s"] = cpu_seconds(broker) - before
        if got["records"] != self.records or got["dead_letters"]:
            raise BenchFailed(f"{got['records']} of {self.records} events applied, {got['dead_letters']} dead letters")
        return got


def catching_up(report, shop, options):
    report.section("3. End to end: aisle process from real Kafka into a fresh store, beside librdkafka alone")
    shop.simulate()
    shop.records = sum(end for _, _, end in shop.ends())
    raw_runs = [shop.consume_raw() for _ in range(options.repeat)]
    runs = [shop.catch_up(0)]
    while len(runs) < options.repeat and runs[0]["wall_s"] * options.repeat < 90:
        runs.append(shop.catch_up(len(runs)))
    raw, got = median(raw_runs, "wall_s"), median(runs, "wall_s")
    n = shop.records
    report.say(f"  {count(n)} events, {raw['bytes'] / n:.0f} bytes each with their keys, 4 partitions; {len(runs)} "
               f"runs, spread {spread([row['wall_s'] for row in runs]):.2f}")
    rate, limit = (n / (row["wall_s"] - row["first_s"]) for row in (got, raw))
    rows = [(name, count(n / (row["wall_s"] - row["first_s"])), f"{row['first_s']:.2f}", f"{row['wall_s']:.2f}",
             f"{row['cpu_s'] / n * 1e6:.2f}") for name, row in (("librdkafka alone", raw), ("aisle process", got))]
    report.table(("", "events/s from the first on", "first after s", "seconds", "CPU s/M"), rows)
    report.say(f"  aisle: {got['commits']} transactions, {got['commit_s'] / got['wall_s'] * 100:.0f} % of the time in "
               f"them, {count(got['duplicates'])} duplicates dropped, peak {got['peak_mib']} MiB, the broker used "
               f"{got['broker_cpu_s'] / n * 1e6:.2f} CPU s/M beside it")
    report.add("end to end from Kafka", f"{count(rate)} events/s", f"{count(limit)} (librdkafka)", rate / limit,
               got["cpu_s"] / n * 1e6, raw["cpu_s"] / n * 1e6)


def live(report, shop, options):
    report.section("4. Event to visible answer: aisle run on that store and a catalogue, traffic at a steady rate, "
                   "probes among it")
    shop.simulate_catalog()
    aisle = shop.flow.aisle("run", store=shop.store, settings=shop.settings)
    aisle.wait_ready(60)
    port = aisle.url.rsplit(":", 1)[1]
    aisle.wait_caught_up(shop.topics)
    echo = shop.topics.prefix + ".echo"
    shop.topics.tool("create", echo, 1)
    steady.warm_up(shop.topics, echo, port)
    rows = []
    for rate in RATES:
        before = cpu_seconds(aisle.pid)
        got = run_json([program("live"), shop.topics.broker.bootstrap, shop.topics.events, echo, port, rate,
                        options.live_s], options.live_s + 60)
        cpu = cpu_seconds(aisle.pid) - before
        rows.append(live_row(report, rate, got, cpu, options))
        # what was left behind must not be measured with the next rate
        aisle.wait_caught_up(shop.topics, [shop.topics.events], deadline_s=60)
    report.table(("events/s asked", "sent", "probes", "unseen", "p50 ms", "p90 ms", "p99 ms", "p50 1st half",
                  "2nd half", "behind at end s", "Kafka's p50", "p99", "CPU s/M"), rows)
    aisle.stop()


def live_row(report, rate, got, cpu, options):
    cpu_million = cpu / (rate * options.live_s) * 1e6
    sent = got["sent_a_second"] > 0.97 * rate
    kept = sent and not got["unseen"] and got["second_half_ms"] < 1.5 * got["first_half_ms"] + 50
    if not kept:
        behind = count(got["behind_s"] * got["sent_a_second"])
        report.say(f"  {count(rate)} a second is not kept: " + ("" if sent else "Kafka did not take it; ") +
                   f"answers {got['behind_s']:.1f} s (about {behind} events) behind after {options.live_s} s, "
                   f"{got['unseen']} of {got['probes']} probes never seen")
    figure = f"p50 {got['p50_ms']:.1f} ms, p99 {got['p99_ms']:.1f} ms"
    if not kept:
        figure += ", not kept"
    report.add(f"event to answer at {count(rate)}/s", figure,
               f"p50 {got['echo_p50_ms']:.1f} ms, p99 {got['echo_p99_ms']:.1f} ms (Kafka alone)",
               got["echo_p50_ms"] / got["p50_ms"], cpu_million)
    return (count(rate), count(got["sent_a_second"]), got["probes"], got["unseen"],
            *(f"{got[name]:.1f}" for name in ("p50_ms", "p90_ms", "p99_ms", "first_half_ms", "second_half_ms",
                                              "behind_s", "echo_p50_ms", "echo_p99_ms")), f"{cpu_million:.2f}")


def traffic_sample(shop, events):
    """Items, users and baskets as they come in the log, so popular ones come often: lists of strings."""
    path = shop.flow.path("sample.ndjson")
    harness.run([harness.AISLE, "simulate", "--events", str(events), "--seed", str(shop.options.seed), "--to-file",
                 path])
    items, users = [], []
    with open(path, encoding="utf-8") as f:
        for line in f:
            event = json.loads(line)
            if "itemId" in event:
                items.append(event["itemId"])
            if "userId" in event:
                users.append(event["userId"])
    os.unlink(path)
    return items, users
