#!/usr/bin/python3
"""A broker that is slow, paused or without a topic: nothing is lost, the lag is told, answers go on, writes are refused in time."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import time  # noqa: E402

from harness import check, compare_with_batch, poll, say  # noqa: E402

EVENTS = 1500
PUBLISH_S = 1
REFUSED_WITHIN_S = 8  # the client waits for 10
WAITING = 'aisle_processor_waiting{for="log"}'


def post(aisle, number):
    """(status, answer, seconds) of one event through HTTP. An old one, so that lists of days stay filled."""
    began = time.monotonic()
    event = {"type": "view", "visitorId": f"posted-{number}", "itemId": "posted", "eventId": f"posted-{number}",
             "eventTime": 1_000_000_000_000}
    status, answer = aisle.request("POST", "/v1/events", event)
    return status, answer, time.monotonic() - began


def expect_answers(aisle):
    check(aisle.get("/healthz")[0] == 200, "/healthz says no")
    check(aisle.good("/v1/best-sellers")["items"], "no answers while the broker is in trouble")


def expect_refused(aisle, number):
    """The broker does not acknowledge: said as a problem, in time."""
    status, answer, seconds = post(aisle, number)
    check(status in (503, 504), f"POST /v1/events: {status} {answer}")
    check(isinstance(answer, dict) and answer.get("status") == status and answer.get("title"), f"no problem: {answer}")
    check(seconds < REFUSED_WITHIN_S * harness.SLOWER, f"POST /v1/events was answered after {seconds:.1f} s")
    return seconds


def slow(aisle, topics, proxy, lines):
    """Every answer of the broker is late and trickles: it takes longer, that is all."""
    proxy.delay_s, proxy.bytes_per_s = 0.1, 300_000
    topics.produce(lines)
    lag = poll("the lag is told", lambda: (lag := aisle.metrics()["aisle_lag_seconds"]) > 1 and lag, 20)
    expect_answers(aisle)
    check(post(aisle, 0)[0] in (202, 503), "a slow broker takes an event or is refused")
    aisle.wait_caught_up(topics, deadline_s=60)
    proxy.delay_s, proxy.bytes_per_s = 0.0, None
    poll("no lag any more", lambda: aisle.metrics()["aisle_lag_seconds"] < 1, 10)
    say(f"slow: {len(lines)} records through a line of 300 kB/s with 100 ms; lag {lag:.2f} s told")


def paused(aisle, topics, broker, lines):
    broker.pause()
    seconds = expect_refused(aisle, 1)
    lag = poll("the lag grows", lambda: (lag := aisle.metrics()["aisle_lag_seconds"]) > 2 and lag, 15)
    poll("waiting is told", lambda: aisle.metrics()[WAITING] == 1, 10)
    check(aisle.get("/readyz")[1]["waitingFor"] == "log", f"{aisle.get('/readyz')}")
    expect_answers(aisle)
    broker.resume()
    topics.produce(lines)
    aisle.wait_caught_up(topics, deadline_s=60)
    poll("it goes on by itself", lambda: aisle.get("/readyz")[0] == 200 and aisle.metrics()[WAITING] == 0, 20)
    poll("events are taken again", lambda: post(aisle, 2)[0] == 202, 20)
    say(f"paused: lag of {lag:.1f} s told, an event refused after {seconds:.1f} s, went on by itself")


def stopped(aisle, topics, broker, lines):
    """The broker goes away just when the last offsets are told to the group."""
    topics.produce(lines)
    aisle.wait_caught_up(topics, deadline_s=60)
    broker.pause()
    began = time.monotonic()
    try:
        aisle.stop()
    finally:
        broker.resume()
    seconds = time.monotonic() - began
    check(seconds < 15 * harness.SLOWER, f"it ended {seconds:.1f} s after SIGTERM, with a paused broker")
    say(f"ended {seconds:.1f} s after SIGTERM beside a paused broker")


def deleted(aisle, topics, lines):
    """A topic that is gone is waited for, and the others go on."""
    topics.tool("delete", topics.events)
    poll("the missing topic is told", lambda: topics.events in aisle.get("/readyz")[1].get("waitingBecause", ""), 20)
    check("does not exist" in aisle.log(), "the log does not tell of the missing topic")
    expect_answers(aisle)
    topics.produce([harness.line(topics.catalog, {"itemId": "new", "title": "New"}, "new")])
    poll("the catalogue goes on", lambda: aisle.get("/v1/items/new")[0] == 200, 20)
    check(aisle.running(), "aisle ended")
    lag = aisle.metrics()["aisle_lag_seconds"]
    poll("the lag grows", lambda: aisle.metrics()["aisle_lag_seconds"] > lag, 10)
    say(f"deleted: told, {len(lines)} records stay counted, the catalogue goes on")


def mistyped(t, topics, settings):
    """The name of no topic: told from the start on, and no reason to be ready once the lag is too large."""
    wrong = {**settings, "topics.events": "evnets", "http.readyLagMax": "2s"}
    aisle = t.aisle("run", store=t.path("mistyped"), settings=wrong)
    aisle.wait_ready()
    poll("the catalogue is read", lambda: aisle.get("/v1/items/new")[0] == 200, 60)
    poll("the missing topic is told", lambda: aisle.get("/readyz")[0] == 503, 20)
    answer = aisle.get("/readyz")[1]
    check("'evnets' does not exist" in answer["detail"] and answer["waitingFor"] == "log", f"{answer}")
    aisle.stop()
    say(f"a mistyped topic: {answer['detail']}")


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, 3 * EVENTS, t.seed)
    broker, proxy, address = t.slow_broker()
    topics = t.topics(broker=broker)
    lines = harness.log_lines(path, topics)
    share = len(lines) // 3 + 1
    settings = {**topics.settings(), "kafka.bootstrap.servers": address, "http.publishTimeout": f"{PUBLISH_S}s"}
    aisle = t.aisle("run", store=t.path("store"), settings=settings)
    aisle.wait_ready()
    topics.produce(lines[:share])
    aisle.wait_caught_up(topics)
    poll("answers", lambda: aisle.good("/v1/best-sellers")["items"], 10)
    slow(aisle, topics, proxy, lines[share:2 * share])
    paused(aisle, topics, broker, lines[2 * share:])
    aisle.wait_caught_up(topics)
    compare_with_batch("after a slow and a paused broker", aisle.store, harness.reference_of(topics))
    say("rows equal the batch program's on what the topic holds")
    stopped(aisle, topics, broker, lines[:50])
    aisle = t.aisle("run", store=aisle.store, settings=settings)
    aisle.wait_ready()
    aisle.wait_caught_up(topics)
    before = harness.digests_of(aisle.store, harness.VIEWS)
    deleted(aisle, topics, lines)
    aisle.stop()
    check(harness.digests_of(aisle.store, harness.VIEWS) == before, "a deleted topic changed the views")
    mistyped(t, topics, settings)


if __name__ == "__main__":
    harness.main(flow)
