#!/usr/bin/python3
"""`process` and `serve` on one store: each is killed and started again under requests, the other does not notice."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402

from harness import check, compare_with_batch, poll, say  # noqa: E402

EVENTS = 6000
KILLS = 3


class Asker:
    """Asks without pause on a thread of its own; keeps what was no 200."""

    def __init__(self, aisle):
        self.aisle, self.count, self.failed, self.stopping = aisle, 0, [], False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping:
            try:
                status, answer = self.aisle.get("/v1/best-sellers")
                if status != 200 or not answer["items"]:
                    self.failed.append((status, answer))
            except OSError as error:
                self.failed.append(error)
            self.count += 1

    def stop(self):
        self.stopping = True
        self.thread.join(20)
        check(not self.failed, f"{len(self.failed)} of {self.count} requests failed: {self.failed[:2]}")


def expect_refused(command, holder, topics):
    """A second writer names the first."""
    _, err = harness.run([harness.AISLE, *command, "--store", holder.store, *harness.sets(topics.settings())], status=1)
    check(f"pid {holder.pid}" in err, f"{command[0]}: {err}")


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    topics = t.topics()
    lines = harness.log_lines(path, topics)
    share = len(lines) // (KILLS + 1)
    store = t.path("store")
    topics.produce(lines[:share])
    process = t.aisle("process", store=store, settings=topics.settings())
    process.wait_caught_up(topics)
    for command in (["process"], ["run", "--set", "http.listen=127.0.0.1:0"], ["replay", "--from-file", path]):
        expect_refused(command, process, topics)
    say("process, run and replay are refused with the holder's pid")
    serve = t.aisle("serve", store=store, settings=topics.settings())
    serve.wait_ready()
    asker = Asker(serve)
    for number in range(1, KILLS + 1):
        process.kill()
        topics.produce(lines[number * share:(number + 1) * share])
        process = t.aisle("process", store=store, settings=topics.settings())
        process.wait_caught_up(topics)
    topics.produce(lines[(KILLS + 1) * share:])
    asker.stop()
    say(f"process killed {KILLS} times: {asker.count} requests to serve, none failed")
    for number in range(KILLS):
        serve.kill()
        began = time.monotonic()
        serve = t.aisle("serve", store=store, settings=topics.settings())
        serve.wait_ready()
        check(serve.good("/v1/best-sellers")["items"], "the first answer is empty")
        seconds = time.monotonic() - began
        topics.produce([harness.line(topics.events, {"type": "view", "visitorId": "late", "itemId": f"late-{number}",
                                                     "eventTime": 1_000_000_000_000 + number}, "late", 0)])
        process.wait_caught_up(topics)
    check(process.running(), "process ended")
    say(f"serve killed {KILLS} times: process went on; first answer {seconds:.2f} s after the start")
    poll("serve is ready", lambda: serve.get("/readyz")[0] == 200, 20)
    serve.stop()
    process.stop()
    compare_with_batch("after kills of both", store, harness.reference_of(topics))


if __name__ == "__main__":
    harness.main(flow)
