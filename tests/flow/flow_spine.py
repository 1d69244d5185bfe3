#!/usr/bin/python3
"""The spine: events through four partitions and through a file; the rows equal the batch program's."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import traffic  # noqa: E402
from harness import check, compare_with_batch, digests_of, say  # noqa: E402

EVENTS = int(os.environ.get("FLOW_EVENTS", "40000"))
UNFRIENDLY_EVENTS = 8000
BATCH = 7000
SMALL_BATCH = 97


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
    def in_order():
        # ranked lists follow the store after a moment
        sold = [units.get(entry["itemId"], 0) for entry in aisle.good("/v1/best-sellers", count=10)["items"]]
        return sold if sold and sold == sorted(sold, reverse=True) else None
    sold = harness.poll("best sellers in the order of units", in_order)
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


def check_kafka(t, path, name, sizes, answers=False):
    """The file's lines through Kafka, once a batch size; returns the digests, the same for each."""
    topics = t.topics(suffix="-" + name)
    topics.produce(harness.log_lines(path, topics))
    shop = harness.reference_of(topics)
    say(f"{name}: {shop.applied} events, {shop.duplicates} duplicates, left out {dict(shop.left_out)}")
    check(shop.applied > 0 and not shop.left_out, "the batch program does not read these events")
    digests = []
    for size in sizes:
        aisle = consume(t, topics, f"{name}-{size}", batch_settings(size))
        if answers:
            check_answers(aisle, shop)
            answers = False
        aisle.stop()
        compare_with_batch(f"{name}, Kafka, batch {size}", aisle.store, shop)
        digests.append(digests_of(aisle.store, harness.VIEWS))
        say(f"{name}: from Kafka, batches of {size or 'the default size'}: rows equal the batch program's")
    check(all(one == digests[0] for one in digests), f"{name}: digests differ by batch size")
    return digests[0]


def check_file(t, path, name, sizes, kafka_digests):
    shop = harness.batch.compute([path])
    for size in sizes:
        store = t.path(f"file-{name}-{size}")
        harness.run([harness.AISLE, "replay", "--from-file", path, "--store", store,
                     *harness.sets({"store.mapSize": "4g", **batch_settings(size)})], timeout_s=120)
        compare_with_batch(f"{name}, file, batch {size}", store, shop)
        if kafka_digests:
            check(digests_of(store, harness.VIEWS) == kafka_digests,
                  f"{name}: digests from the file and from Kafka differ")
    say(f"{name}: from a file, {len(sizes)} batch sizes: rows equal the batch program's" +
        (", digests those from Kafka" if kafka_digests else ""))


def check_straight_to_kafka(t):
    """The simulator as producer; the catalogue too."""
    topics = t.topics(suffix="-straight")
    harness.run([harness.AISLE, "simulate", "--events", "4000", "--items", "200", "--users", "300", "--seed", str(t.seed),
                 "--catalog", "--to-kafka", *harness.sets(topics.settings())])
    shop = harness.reference_of(topics, topics.events, topics.catalog, topics.stock)
    check(shop.applied > 3500 and not shop.left_out, f"{shop.applied} events, left out {shop.left_out}")
    aisle = consume(t, topics, "straight", {})
    aisle.stop()
    compare_with_batch("straight to Kafka", aisle.store, shop)
    for view, key in (("catalog", "itemId"), ("stock", "itemId")):
        expected = sorted(row[key] for row in shop.rows(view))
        have = sorted(row[key] for row in harness.rows_of(aisle.store, view))
        check(expected and have == expected, f"{view}: {len(have)} rows, not {len(expected)}")
    say("simulate --to-kafka: rows equal the batch program's, the catalogue and the stock are there")


def flow(t):
    simulated, unfriendly = t.path("simulated.ndjson"), t.path("unfriendly.ndjson")
    traffic.write(unfriendly, UNFRIENDLY_EVENTS, t.seed)
    check_kafka(t, unfriendly, "unfriendly", (None, SMALL_BATCH))
    # its sessions are silent for months, and end by their partition's watermark: a file is another partition
    check_file(t, unfriendly, "unfriendly", (None, SMALL_BATCH), None)
    harness.simulate(simulated, EVENTS, t.seed)
    digests = check_kafka(t, simulated, "simulated", (None, BATCH), answers=True)
    check_file(t, simulated, "simulated", (None, BATCH), digests)
    check_straight_to_kafka(t)


if __name__ == "__main__":
    harness.main(flow)
