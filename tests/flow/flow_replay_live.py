#!/usr/bin/python3
"""A replay beside live traffic and requests: no request fails, a separate serve and process go over, the digests are right."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import json  # noqa: E402
import subprocess  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402

from flow_replay import VIEWS, arguments, current, expect_same, replayed  # noqa: E402
from harness import check, digests_of, poll, say  # noqa: E402

KILLS = int(os.environ.get("FLOW_REPLAY_KILLS", "3"))
EVENTS = int(os.environ.get("FLOW_REPLAY_EVENTS", "20000"))
PATHS = ("/v1/trending?count=5", "/v1/best-sellers?count=5", "/v1/recommendations/home?count=5")


class Traffic:
    """Events into the log and requests to some servers, until it is stopped."""

    def __init__(self, topics, lines, servers):
        self.topics, self.lines, self.servers = topics, lines, servers
        self.stopping = threading.Event()
        self.asked, self.produced, self.failures, self.empty, self.slowest = 0, 0, [], 0, 0.0
        self.threads = [threading.Thread(target=work) for work in (self.produce, self.ask)]
        for thread in self.threads:
            thread.start()

    def produce(self):
        for start in range(0, len(self.lines), 50):
            if self.stopping.is_set():
                return
            self.topics.produce(self.lines[start:start + 50])
            self.produced = start + 50

    def ask(self):
        while not self.stopping.is_set():
            for server in self.servers:
                for path in PATHS:
                    began = time.monotonic()
                    try:
                        status, answer = harness.http("GET", server.url + path)
                    except OSError as error:
                        status, answer = 0, repr(error)
                    self.slowest = max(self.slowest, time.monotonic() - began)
                    self.asked += 1
                    if status != 200:
                        self.failures.append((path, status, str(answer)[:200]))
                    elif not answer["items"]:
                        self.empty += 1

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def killed_on_the_way(t, topics, store):
    command = arguments(topics, store, "--from", "earliest", "--rate", str(EVENTS // 2), "--set", "batch.recordsMax=500")
    for _ in range(KILLS):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(0.2 + t.random.random() * 2)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()


def dry_run_beside_another(t, topics, store):
    slow = subprocess.Popen(arguments(topics, store, "--from", "earliest", "--rate", "10"), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t.closers.append(slow.kill)
    poll("the other replay is told", lambda: replayed(topics, store, "--from", "earliest", "--dry-run")["otherAtWork"], 20)
    slow.kill()
    slow.wait()


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    topics = t.topics()
    lines = harness.log_lines(path, topics)
    lines, last = lines[:-2000], lines[-2000:]
    share = len(lines) // 2
    topics.produce(lines[:share])
    store = t.path("store")
    process = t.aisle("process", store=store, settings=topics.settings())
    process.wait_caught_up(topics, deadline_s=60)
    plan = replayed(topics, store, "--from", "earliest", "--dry-run")
    check(plan["bytesOfCurrent"] > plan["bytesOfYoungLevels"] > 0, f"a young level is not counted: {plan}")
    serve = t.aisle("serve", store=store, settings=topics.settings())
    serve.wait_ready()
    poll("an answer", lambda: serve.good("/v1/trending")["items"], 20)
    traffic = Traffic(topics, lines[share:], [serve])
    try:
        poll("traffic", lambda: traffic.produced, 20)
        dry_run_beside_another(t, topics, store)
        killed_on_the_way(t, topics, store)
        done = replayed(topics, store, "--from", "earliest")
        generation = done["generation"]
        check(current(store) == generation, f"{current(store)} is current, not {generation}")
        for name, aisle in (("serve", serve), ("process", process)):
            poll(f"{name} gone over", lambda aisle=aisle: f"current={generation}" in aisle.log(), 10)
        status = serve.good("/v1/admin/replay")
        check((status["phase"], status["current"]) == ("done", generation), f"{status}")
        plan = replayed(topics, store, "--from", "earliest", "--dry-run", "--set", "replay.rateMax=7")
        check(plan["recordsPerSecondLastTime"] == 7 and not plan["otherAtWork"], f"a dry run beside a processor: {plan}")
    finally:
        traffic.stop()
    check(not traffic.failures, f"{len(traffic.failures)} requests failed: {traffic.failures[:5]}")
    check(not traffic.empty, f"{traffic.empty} lists were empty")
    say(f"{traffic.asked} requests beside {KILLS} killed replays and one that ended, {traffic.produced} events on the way; "
        f"none failed, the slowest took {traffic.slowest * 1000:.0f} ms")
    topics.produce(lines[share + traffic.produced:])
    process.wait_caught_up(topics, deadline_s=60)
    run_goes_over(t, topics, store, process, serve, last)


def run_goes_over(t, topics, store, process, serve, lines):
    """One view made anew, with both halves in one process; back, and forth."""
    process.stop()
    both = t.aisle("run", store=store, settings=topics.settings())
    both.wait_ready()
    traffic = Traffic(topics, lines, [both, serve])
    try:
        before = current(store)
        poll("traffic", lambda: traffic.produced, 20)
        done = replayed(topics, store, "--view", "popularity")
        poll("run gone over", lambda: f"current={done['generation']}" in both.log(), 10)
        harness.run(arguments(topics, store, "--rollback"))
        poll("run gone back", lambda: f"current={before}" in both.log(), 10)
        poll("serve gone back", lambda: serve.good("/v1/admin/replay")["current"] == before, 10)
        harness.run(arguments(topics, store, "--rollback"))
        poll("run gone forth", lambda: both.log().count(f"current={done['generation']}") == 2, 10)
    finally:
        traffic.stop()
    check(not traffic.failures, f"{len(traffic.failures)} requests failed: {traffic.failures[:5]}")
    topics.produce(lines[traffic.produced:])
    both.wait_caught_up(topics, deadline_s=60)
    both.stop()
    serve.stop()
    fresh = t.path("fresh")
    os.makedirs(fresh, mode=0o700)
    harness.run(["cp", "-p", os.path.join(store, "person.key"), fresh])
    done = json.loads(harness.run(arguments(topics, fresh, "--from", "earliest", "--json"))[0])
    check(done["generation"] == 1, f"{done}")
    expect_same("after all that", digests_of(fresh, VIEWS), digests_of(store, VIEWS))
    say(f"over, back, and as a fresh build of {done['records']} records")
    harness.compare_with_batch("after all that", store, harness.reference_of(topics))


if __name__ == "__main__":
    harness.main(flow)
