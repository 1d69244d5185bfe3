#!/usr/bin/python3
"""The spine: simulated events through four partitions and through a file; the rows equal the batch program's."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
from harness import check, compare_with_batch, digests_of, say  # noqa: E402

EVENTS = int(os.environ.get("FLOW_EVENTS", "40000"))
# records of one transaction; None: the default
BATCHES = (None, 7000, 97)
SMALL_BATCH_EVENTS = 3000


def consume(t, topics, name, settings):
    store = t.path(name)
    aisle = t.aisle("run", store=store, settings={**topics.settings(), **settings})
    aisle.wait_ready()
    aisle.wait_caught_up(topics, deadline_s=90)
    return aisle


def batch_settings(size):
    return {} if size is None else {"batch.recordsMax": size, "poll.recordsMax": min(size, 5000)}


def sum_pairs(shop, view, a):
    """{other: count} over the epochs that are alive."""
    ret = {}
    for row in shop.rows(view):
        if row["itemId"] == a:
            ret[row["with"]] = ret.get(row["with"], 0) + row["count"]
    return ret


def totals_of(shop, column):
    ret = {}
    for row in shop.rows("item-totals"):
        ret[row["itemId"]] = ret.get(row["itemId"], 0) + row[column]
    return ret


def check_neighbours(aisle, shop, strategy, view, column):
    totals = totals_of(shop, column)
    item = max(totals, key=lambda name: (totals[name], name))
    counts = sum_pairs(shop, view, item)
    answer = aisle.good(f"/v1/items/{item}/{strategy}", count=20, explain="true")
    check(answer["items"], f"{strategy} of '{item}' has no items")
    for entry in answer["items"]:
        facts = entry["explain"]
        check(facts["together"] == counts.get(entry["itemId"]),
              f"{strategy} of '{item}': {entry['itemId']} explained with {facts}, the batch program counts "
              f"{counts.get(entry['itemId'])}")
        check(facts["itemTotal"] == totals[item], f"{strategy} of '{item}': {facts}, total is {totals[item]}")
        check(entry["strategy"] == strategy, f"{entry}")
    say(f"{strategy} of '{item}': {len(answer['items'])} items, each with the batch program's counts")


def check_best_sellers(aisle, shop):
    last = shop.watermark // harness.batch.DAY * harness.batch.DAY
    units = {}
    for row in shop.rows("popularity"):
        if row["bucket"] == "day" and row["start"] > last - 30 * harness.batch.DAY:
            units[row["itemId"]] = units.get(row["itemId"], 0) + row["units"]
    answer = harness.poll("best sellers", lambda: aisle.good("/v1/best-sellers", count=10)["items"])
    sold = [units.get(entry["itemId"], 0) for entry in answer]
    check(sold == sorted(sold, reverse=True), f"best sellers are not in the order of units: {sold}")
    check(sold[0] > 0, "the best seller sold nothing")
    say(f"best sellers in the order of units: {sold}")


def check_answers(aisle, shop):
    check_neighbours(aisle, shop, "frequently-bought-together", "bought-together", "orders")
    check_neighbours(aisle, shop, "also-viewed", "also-viewed", "viewSessions")
    check_neighbours(aisle, shop, "also-bought", "also-bought", "buyers")
    check_best_sellers(aisle, shop)
    for path in ("/v1/trending", "/v1/recommendations/home"):
        answer = harness.poll(path, lambda path=path: aisle.good(path)["items"])
        check(answer, f"{path} has no items")
    answer = aisle.good("/v1/trending")
    for member in ("recommendationId", "asOf", "lagMs", "tookMs"):
        check(member in answer, f"no {member} in {answer}")


def check_sizes(t, path):
    topics = t.topics()
    topics.produce(harness.log_lines(path, topics))
    shop = harness.reference_of(topics, topics.events)
    say(f"{shop.applied} events, {shop.duplicates} duplicates, left out {dict(shop.left_out)}")
    check(shop.applied > EVENTS * 0.9, "the simulator's events are not what the batch program reads")
    for size in BATCHES[:2]:
        aisle = consume(t, topics, f"store-{size}", batch_settings(size))
        if size is None:
            check_answers(aisle, shop)
        aisle.stop()
        compare_with_batch(f"Kafka, batch {size}", aisle.store, shop)
        say(f"from Kafka, batches of {size or 'the default size'}: rows equal the batch program's")
    return digests_of(t.path("store-None"), harness.VIEWS)


def check_smallest_batch(t):
    """Every transaction small: fewer events, as each costs a sync."""
    path = t.path("small.ndjson")
    harness.simulate(path, SMALL_BATCH_EVENTS, t.seed + 1)
    topics = t.topics(suffix="-small")
    topics.produce(harness.log_lines(path, topics))
    shop = harness.reference_of(topics, topics.events)
    aisle = consume(t, topics, "store-small", batch_settings(BATCHES[2]))
    aisle.stop()
    compare_with_batch("Kafka, small batches", aisle.store, shop)
    say(f"from Kafka, batches of {BATCHES[2]}: rows equal the batch program's")


def check_file(t, path, kafka_digests):
    for size in (None, 499):
        store = t.path(f"file-{size}")
        args = [harness.AISLE, "replay", "--from-file", path, "--store", store, "--set", "store.mapSize=4g"]
        for key, value in batch_settings(size).items():
            args += ["--set", f"{key}={value}"]
        harness.run(args, timeout_s=120)
        compare_with_batch(f"file, batch {size}", store, harness.batch.compute([path]))
        check(digests_of(store, harness.VIEWS) == kafka_digests, "digests from the file and from Kafka differ")
    say("from a file, two batch sizes: rows equal the batch program's, digests equal those from Kafka")


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    digests = check_sizes(t, path)
    check_file(t, path, digests)
    check_smallest_batch(t)


if __name__ == "__main__":
    harness.main(flow)
