#!/usr/bin/python3
"""Many small hostile streams from files: few items and actors, times in disorder, long silences, ids reused. The rows
of every view equal the batch program's, whatever the batch size, and every line is accounted for."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import json  # noqa: E402
import shutil  # noqa: E402
import stream  # noqa: E402

from harness import check, say  # noqa: E402

STREAMS = int(os.environ.get("FLOW_STREAMS", "60"))
BATCHES = (1, 2, 7, 64, 200000)


def replay(path, store, batch_size):
    settings = {"store.mapSize": "1g", "batch.recordsMax": batch_size, "poll.recordsMax": min(batch_size, 5000)}
    out, _ = harness.run([harness.AISLE, "replay", "--from-file", path, "--store", harness.store_with_key(store, stream.PERSON_KEY),
                          "--json", *harness.sets(settings)])
    return json.loads(out)


def check_summary(what, summary, shop, lines, bad):
    seen = (summary["records"], summary["events"], summary["duplicates"], summary["deadLetters"])
    check(seen == (lines, shop.applied, shop.duplicates, bad),
          f"{what}: records, events, duplicates, dead letters are {seen}; {lines} lines, the batch program: "
          f"{shop.applied}, {shop.duplicates}; {bad} lines are bad")


def one_stream(t, name, records, sizes):
    path = t.path(f"{name}.ndjson")
    shop = harness.batch.Shop(None, stream.PERSON_KEY)
    with open(path, "wb") as out:
        for record in records:
            out.write(stream.line_of(record))
            stream.feed(shop, record)
    digests = []
    for size in sizes:
        what, store = f"stream {name}, batch {size}", t.path(f"{name}-{size}")
        check_summary(what, replay(path, store, size), shop, len(records), sum(record.dead for record in records))
        if not digests:
            harness.compare_with_batch(what, store, shop, harness.ALL_VIEWS)
        digests.append(harness.run([harness.AISLE, "inspect", "--digest", "--store", store])[0])
        shutil.rmtree(store)
    check(digests[0] == digests[1], f"stream {name}: digests of batches {sizes} differ:\n{digests[0]}\n{digests[1]}")
    os.unlink(path)
    return len(records)


def flow(t):
    events = 0
    for number in range(STREAMS):
        source = stream.Stream(t.seed + number)
        events += one_stream(t, str(t.seed + number), list(source.records()), source.random.sample(BATCHES, 2))
    events += one_stream(t, "robot", list(stream.robot(t.seed)), (2, 200000))
    say(f"{STREAMS} streams and a robot's, {events} lines: rows equal the batch program's, digests alike for two batch sizes")


if __name__ == "__main__":
    harness.main(flow)
