#!/usr/bin/python3
"""kill -9 at random moments while consuming: the digests equal those of a run that nobody disturbed."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import re  # noqa: E402
import struct  # noqa: E402
import time  # noqa: E402

from harness import check, digests_of, say  # noqa: E402

KILLS = int(os.environ.get("FLOW_KILLS", "20"))
EVENTS_A_KILL = 1500
# so many small commits that a run does not reach the end of its share before it is killed
SETTINGS = {"batch.recordsMax": 10, "poll.recordsMax": 10}
VIEWS = (*harness.ALL_VIEWS, "offsets")


def read_all(t, topics, store):
    aisle = t.aisle("process", store=store, settings=topics.settings())
    aisle.wait_caught_up(topics, deadline_s=120)
    aisle.stop()
    return digests_of(store, VIEWS)


def offset_of_records():
    """Where the status page has the number of records: its fields up to there are words."""
    with open(os.path.join(harness.ROOT, "views", "status.h"), encoding="utf-8") as header:
        fields = header.read().split("struct status_page {")[1].split("uint64_t records,")[0]
    return 8 * len(re.findall(r"^\tu?int64_t \w+;", fields, re.MULTILINE))


RECORDS_AT = offset_of_records()


def records_applied(store):
    """The processor's own counter in the status page (views/status.h): cheap enough to choose a moment by."""
    try:
        with open(os.path.join(store, "status"), "rb") as page:
            return struct.unpack_from("<Q", page.read(RECORDS_AT + 8), RECORDS_AT)[0]
    except (OSError, struct.error):
        return 0


def kill_once(t, topics, store, command, share):
    """Start, kill after a random number of records; True when some were applied and some were left to read."""
    before, started = records_applied(store), harness.offsets_of(store, topics.events)
    aisle = t.aisle(command, store=store, settings={**topics.settings(), **SETTINGS})
    enough, deadline = t.random.randrange(share), time.monotonic() + 5 * harness.SLOWER
    while time.monotonic() < deadline:
        now = records_applied(store)
        before = min(before, now)  # a new processor may count from 0
        if now - before >= enough:
            break
        time.sleep(0.0005)  # the core is for others too
    check(aisle.running(), f"aisle ended by itself:\n{aisle.log()[-2000:]}")
    aisle.kill()
    ended = harness.offsets_of(store, topics.events)
    high = topics.high()
    return sum(started.values()) < sum(ended.values()) < sum(high.values())


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, KILLS * EVENTS_A_KILL, t.seed)
    topics = t.topics()
    lines = harness.log_lines(path, topics)
    share = len(lines) // KILLS + 1
    store = t.path("killed")
    in_the_middle = 0
    for number in range(KILLS):
        topics.produce(lines[number * share:(number + 1) * share])
        in_the_middle += kill_once(t, topics, store, ("process", "run")[number % 2], share)
    say(f"{KILLS} kills, {in_the_middle} between two commits of one run")
    check(in_the_middle >= KILLS // 4, "too few kills came between two commits of one run: little was tested")
    killed = read_all(t, topics, store)
    with open(os.path.join(store, "person.key"), "rb") as key:
        calm = read_all(t, topics, harness.store_with_key(t.path("calm"), key.read()))
    for view in VIEWS:
        check(killed[view] == calm[view], f"digest of {view}: {killed[view]} after kills, {calm[view]} without")
    say(f"digests of {len(VIEWS)} views equal those of the undisturbed run")
    harness.compare_with_batch("after kills", store, harness.reference_of(topics))
    say("rows equal the batch program's")


if __name__ == "__main__":
    harness.main(flow)
