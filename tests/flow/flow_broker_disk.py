#!/usr/bin/python3
"""The broker's disk is full and it halts: nothing that was answered 202 is lost, no offset passes a dead letter that is not
safe, answers go on, and so does everything else once it runs on a larger disk."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import contextlib  # noqa: E402
import json  # noqa: E402
import kafka  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402

from harness import check, compare_with_batch, poll, say  # noqa: E402

DISK_MB = 32
EVENTS = 4000  # so many that half of them hold purchases with any seed
POSTS = 40
FEWEST_BAD = 8
PUBLISH_S = 1
REFUSED_WITHIN_S = 8  # the client waits for 10
BIG = 200_000


def broker_on(t, disk):
    """A broker whose data, and nothing else, is on that disk."""
    kafka.install()
    data = os.path.join(disk, "data")
    shutil.copytree(kafka.TEMPLATE, data)
    return t.own_broker({"log.dirs": data})


def fill(disk, left):
    """Others take all of the disk but so many bytes."""
    path = os.path.join(disk, "others")
    with open(path, "wb") as out:
        free = os.statvfs(disk)
        os.posix_fallocate(out.fileno(), 0, free.f_bavail * free.f_frsize - left)
    return path


def bad(topics, number):
    """Readable, but no event; its letter is as large as it is."""
    value = {"type": "teleport", "visitorId": f"bad-{number}", "junk": "x" * BIG}
    return harness.line(topics.events, value, f"bad-{number}", 0)


def post(aisle, number):
    """Is it acknowledged? If not it is refused as a problem, in time."""
    began = time.monotonic()
    event = {"type": "view", "visitorId": f"posted-{number}", "itemId": "posted", "eventId": f"posted-{number}",
             "eventTime": 1_000_000_000_000}
    status, answer = aisle.request("POST", "/v1/events", event)
    if status == 202:
        return True
    check(status in (503, 504), f"POST /v1/events: {status} {answer}")
    check(isinstance(answer, dict) and answer.get("status") == status and answer.get("title"), f"no problem: {answer}")
    check(time.monotonic() - began < REFUSED_WITHIN_S * harness.SLOWER, "POST /v1/events was answered too late")
    return False


def run_full(topics, aisle, broker):
    """Events, bad records and posts until the broker has halted; what was acknowledged."""
    taken, number = set(), 0
    while broker.running():
        check(number < POSTS * 10, "the broker does not halt though its disk is full")
        with contextlib.suppress(subprocess.TimeoutExpired):  # there, or not: what counts is what the log holds later
            harness.run([harness.KTOOL, broker.bootstrap, "produce", "-"], status=None, timeout_s=2,
                        stdin=bad(topics, number).encode())
        if post(aisle, number):
            taken.add(f"posted-{number}")
        number += 1
        if broker.process is not None:
            broker.process.poll()
    check(taken, "the disk was full before an event was acknowledged")
    check(not post(aisle, number), "an event is acknowledged without a broker")
    return taken


def expect_waiting(aisle):
    poll("waiting is told", lambda: aisle.metrics()['aisle_processor_waiting{for="log"}'] == 1 or
         aisle.metrics()['aisle_processor_waiting{for="dead-letters"}'] == 1, 20)
    check(aisle.get("/readyz")[1]["waitingFor"] in ("log", "dead-letters"), f"{aisle.get('/readyz')}")
    lag = aisle.metrics()["aisle_lag_seconds"]
    poll("the lag grows", lambda: aisle.metrics()["aisle_lag_seconds"] > lag, 10)
    check(aisle.good("/v1/best-sellers")["items"], "no answers while the broker is away")
    check(aisle.running(), "aisle ended")


def expect_letters(topics, records):
    """Each bad record that is in the log is among the dead letters."""
    wanted = {(str(r["partition"]), str(r["offset"])) for r in records if b"teleport" in r["value"]}
    there = {(r["headers"]["aisle-partition"], r["headers"]["aisle-offset"]) for r in topics.dump(topics.dead_letters)}
    check(wanted <= there, f"dead letters of {sorted(wanted - there)} are missing")
    return len(wanted)


def reference(topics, records):
    shop = harness.batch.Shop(topics.names())
    for record in records:
        if b"teleport" not in record["value"]:
            harness.feed_record(shop, topics.events, record)
    return shop


def on_disk(t, disk):
    path = t.path("events.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    broker = broker_on(t, disk)
    topics = t.topics(broker=broker)
    lines = harness.log_lines(path, topics)
    aisle = t.aisle("run", store=t.path("store"), settings={**topics.settings(), "http.publishTimeout": f"{PUBLISH_S}s"})
    aisle.wait_ready()
    topics.produce(lines[:len(lines) // 2])
    aisle.wait_caught_up(topics)
    poll("answers", lambda: aisle.good("/v1/best-sellers")["items"], 10)
    others = fill(disk, FEWEST_BAD * BIG)
    taken = run_full(topics, aisle, broker)
    expect_waiting(aisle)
    say(f"disk full: the broker halted after {len(taken)} acknowledged posts; told, answers went on")
    os.unlink(others)
    harness.resize_disk(disk, 8 * DISK_MB)
    broker.start()
    topics.produce(lines[len(lines) // 2:])
    aisle.wait_caught_up(topics, deadline_s=60)
    poll("it goes on by itself", lambda: aisle.get("/readyz")[1]["waitingFor"] is None, 20)
    check(post(aisle, "again"), "no event is taken after the restart")
    aisle.wait_caught_up(topics)
    aisle.stop()
    records = topics.dump(topics.events)
    found = {json.loads(record["value"]).get("eventId") for record in records}
    check(taken <= found, f"acknowledged and lost: {sorted(taken - found)}")
    letters = expect_letters(topics, records)
    compare_with_batch("after the broker's full disk", aisle.store, reference(topics, records))
    say(f"a larger disk and a restart: all {len(taken)} acknowledged events and {letters} dead letters there, rows equal the "
        "batch program's")


def flow(t):
    with t.small_disk(DISK_MB) as disk:
        if disk:
            on_disk(t, disk)


if __name__ == "__main__":
    harness.main(flow)
