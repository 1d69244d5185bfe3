#!/usr/bin/python3
"""The broker is killed (-9) and started again while events come and go: nothing is lost or counted twice."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import base64  # noqa: E402
import json  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402

from harness import check, compare_with_batch, poll, say  # noqa: E402

KILLS = int(os.environ.get("FLOW_BROKER_KILLS", "3"))
EVENTS_A_KILL = 4000
SETTINGS = {"batch.recordsMax": 100, "poll.recordsMax": 100}


def start_producing(topics, lines):
    """In the background: an idempotent producer waits for the broker and goes on."""
    producer = subprocess.Popen([harness.KTOOL, topics.broker.bootstrap, "produce", "-"], stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL)
    producer.stdin.write("".join(lines).encode())
    producer.stdin.close()
    return producer


def expected_rows(lines):
    """From what was handed to the producer: the log must hold each line once."""
    shop = harness.batch.Shop()
    for text in lines:
        record = json.loads(text)
        if not record["topic"].endswith(".events"):
            continue
        value = json.loads(base64.b64decode(record["value"]), parse_float=str)
        shop.feed(json.dumps({"topic": "shop.events", "value": value, "timestamp": record["timestamp"]}))
    return shop


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, KILLS * EVENTS_A_KILL, t.seed)
    broker = t.own_broker()
    topics = t.topics(broker=broker)
    lines = harness.log_lines(path, topics)
    share = len(lines) // KILLS + 1
    aisle = t.aisle("run", store=t.path("store"), settings={**topics.settings(), **SETTINGS})
    aisle.wait_ready()
    for number in range(KILLS):
        producer = start_producing(topics, lines[number * share:(number + 1) * share])
        time.sleep(t.random.uniform(0.0, 0.5))
        broker.kill()
        check(aisle.get("/healthz")[0] == 200, "no answers while the broker is away")
        check(aisle.get("/v1/best-sellers")[0] == 200, "no answers while the broker is away")
        broker.start()
        check(producer.wait(60 * harness.SLOWER) == 0, "the producer did not get through")
        poll("the broker's topics", lambda: topics.high(), 30)
    aisle.wait_caught_up(topics, deadline_s=60)
    check(aisle.running(), "aisle ended")
    aisle.stop()
    say(f"{KILLS} kills of the broker while producing and consuming; answers went on")
    compare_with_batch("after broker kills", aisle.store, expected_rows(lines))
    say("rows equal the batch program's on what was produced")


if __name__ == "__main__":
    harness.main(flow)
