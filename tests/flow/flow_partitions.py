#!/usr/bin/python3
"""Partitions added while running are read from their first record."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
from harness import check, compare_with_batch, say  # noqa: E402

EVENTS = 6000


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    topics = t.topics(partitions=2)
    lines = harness.log_lines(path, topics, partitions=4)
    aisle = t.aisle("run", store=t.path("store"), settings=topics.settings())
    aisle.wait_ready()
    old = [text for text in lines if '"partition": 2' not in text and '"partition": 3' not in text]
    topics.produce(old)
    aisle.wait_caught_up(topics)
    say(f"{len(old)} records from 2 partitions")
    topics.tool("partitions", topics.events, 4)
    new = [text for text in lines if '"partition": 2' in text or '"partition": 3' in text]
    check(new, "no record for the new partitions")
    topics.produce(new)
    aisle.wait_caught_up(topics)
    check(set(aisle.next_offsets(topics.events)) == {0, 1, 2, 3}, "offsets are not kept for 4 partitions")
    aisle.stop()
    compare_with_batch("4 partitions", aisle.store, harness.reference_of(topics))
    say(f"{len(new)} more from partitions added while running: rows equal the batch program's")


if __name__ == "__main__":
    harness.main(flow)
