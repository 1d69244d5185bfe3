"""A replay beside live traffic: what requests and events notice of it, killed on the way, equal to a fresh build."""
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time

import answers
import harness
import stream
from machine import BenchFailed, CHILD, count, wrk
from steady import APPLIED, Events, warm_up

REQUESTS = 2_000   # a second
CALM_S = 10        # without a replay
REPLAY_LIMIT_S = 900
VIEWS = (*harness.ALL_VIEWS, "offsets")


class Requests:
    """wrk at about REQUESTS a second until the block ends; then .got has its figures. None may fail."""

    def __init__(self, url, path_file):
        self.command = wrk(answers.THREADS, answers.CONNECTIONS, REPLAY_LIMIT_S, url, path_file,
                           answers.CONNECTIONS / REQUESTS * 1000)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, **CHILD)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)  # wrk prints what it has
        out, error = self.process.communicate(timeout=60)
        if self.process.returncode:
            raise BenchFailed(f"wrk ended with {self.process.returncode}: {error[-500:]}")
        self.got = json.loads(out.strip().splitlines()[-1])
        if self.got["bad_status"] or self.got["broken"]:
            raise BenchFailed(f"{self.got['bad_status']} of {self.got['requests']} requests beside a replay failed, "
                              f"{self.got['broken']} connections broke")


class Beside:
    """The shop that is served meanwhile, and how to replay it."""

    def __init__(self, shop, options):
        self.shop, self.kills = shop, options.kills
        self.chance = random.Random(options.seed)
        shop.simulate_catalog()
        self.aisle = shop.flow.aisle("run", store=shop.store, settings=shop.settings)
        self.aisle.wait_ready(60)
        self.aisle.wait_caught_up(shop.topics)
        self.port = self.aisle.url.rsplit(":", 1)[1]
        self.echo = shop.topics.prefix + ".replay"
        shop.topics.tool("create", self.echo, 1)
        self.path_file = shop.flow.path("paths-replay")
        routes = answers.paths_of(*stream.traffic_sample(shop, answers.SAMPLE_EVENTS))
        paths = [path for name in ("trending", "also-bought", "recently-viewed", "cart") for path in routes[name]]
        self.chance.shuffle(paths)
        with open(self.path_file, "w", encoding="utf-8") as f:
            f.write("\n".join(paths) + "\n")

    def command(self, store):
        return [harness.AISLE, "replay", "--from", "earliest", "--store", store, "--json", *self.shop.sets()]

    def replay(self, store):
        return json.loads(harness.run(self.command(store), REPLAY_LIMIT_S)[0])

    def measured(self, seconds, work):
        """(what wrk and the probes say of the time of work(), what that gave)."""
        events = Events(self.shop.topics, self.echo, self.port, seconds)
        with events:
            with Requests(self.aisle.url, self.path_file) as requests:
                done = work()
        return requests.got, events.got, done

    def killed(self, seconds):
        """Replays that each go on with the one before, killed until only the last bit is left. How many were alive then."""
        killed = 0
        for _ in range(self.kills):
            process = subprocess.Popen(self.command(self.shop.store), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1 + self.chance.random() * 2 * seconds / (self.kills + 1))
            killed += process.poll() is None
            process.kill()
            process.wait()
        return killed

    def killed_and_ended(self, seconds):
        alive = self.killed(seconds)
        self.replay(self.shop.store)
        return alive

    def check_digests(self):
        """The store that was swapped to and folded on, against one made of the log in one go."""
        self.aisle.wait_caught_up(self.shop.topics, deadline_s=60)
        self.aisle.stop()
        fresh = self.shop.flow.path("store-fresh")
        os.makedirs(fresh, mode=0o700)
        shutil.copy2(os.path.join(self.shop.store, "person.key"), fresh)
        self.replay(fresh)
        served, built = (harness.digests_of(store, VIEWS) for store in (self.shop.store, fresh))
        different = [view for view in VIEWS if served[view] != built[view]]
        if different:
            raise BenchFailed(f"after the replays these views are not those of a fresh build: {', '.join(different)}")


def row(name, got, events, calm):
    """A row of the table; `calm` is the time without a replay."""
    return (name, count(got["requests"] / got["seconds"]), f"{got['p50_ms']:.2f}", f"{got['p99_ms']:.2f}",
            f"{got['p99_ms'] / calm['p99_ms']:.2f}", f"{events['p50_ms']:.1f}", f"{events['p99_ms']:.1f}")


def replaying(report, shop, options):
    report.section(f"6. A replay from the beginning beside {APPLIED:,} events and about {REQUESTS:,} requests a second")
    beside = Beside(shop, options)
    warm_up(shop.topics, beside.echo, beside.port)
    calm, calm_events, _ = beside.measured(CALM_S, lambda: time.sleep(CALM_S))
    estimate = max(5.0, shop.records / 100_000 * 1.1)
    got, events, done = beside.measured(estimate, lambda: beside.replay(shop.store))
    seconds = done["milliseconds"] / 1000
    rows = [row("no replay", calm, calm_events, calm), row("one replay", got, events, calm)]
    again, events, alive = beside.measured(2 * seconds + beside.kills, lambda: beside.killed_and_ended(seconds))
    rows.append(row(f"{beside.kills} killed, one that ended", again, events, calm))
    report.table(("", "answers/s", "p50 ms", "p99 ms", "of no replay's", "event to answer p50 ms", "p99 ms"), rows)
    beside.check_digests()
    report.say(f"  {count(done['records'])} records in {seconds:.1f} s, {count(done['records'] / seconds)}/s; {alive} were killed "
               f"while at work; no request failed; digests of all views as those of a fresh build")
    report.add("answers beside a replay", f"p99 {got['p99_ms']:.2f} ms", f"p99 {calm['p99_ms']:.2f} ms (no replay)",
               calm["p99_ms"] / got["p99_ms"])
