#!/usr/bin/python3
"""Many small hostile streams from files: few items and actors, times in disorder, long silences, ids reused. The rows
of every view equal the batch program's, whatever the batch size, and every line is accounted for."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import json  # noqa: E402
import random  # noqa: E402
import shutil  # noqa: E402

from harness import check, say  # noqa: E402

STREAMS = int(os.environ.get("FLOW_STREAMS", "100"))
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
EPOCH = 30 * DAY
START = 560 * EPOCH
STEPS = {
    "still": (0,),
    "seconds": (0, 1, SECOND, 30 * SECOND),
    "sessions": (0, 1, 20 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1),
    "days": (HOUR, HOUR - 1, DAY, 3 * DAY, 14 * DAY),
    "epochs": (MINUTE, 29 * DAY, EPOCH, 90 * DAY, 180 * DAY, 180 * DAY + 1, 399 * DAY, 400 * DAY),
}
EVENT_TYPES = ("view",) * 6 + ("purchase",) * 5 + ("return", "cart-add", "cart-remove", "search", "impression", "click",
                                                   "dislike")
BATCHES = (1, 2, 7, 64, 200000)
PRICES = (None, 0, 0.01, 0.1, 1.25, 19.999999, 250, 1e6)
# members that make a good event a dead letter
BAD = ({"type": "teleport"}, {"eventTime": "yesterday"}, {"itemId": ""}, {"itemId": 5}, {"quantity": 0},
       {"userId": "u" * 129}, {"eventTime": True})


class Stream:
    """One small log. What is drawn first decides its character."""

    def __init__(self, seed):
        self.random = rnd = random.Random(seed)
        self.events = rnd.choice((20, 60, 150, 400, 700))
        self.actors = [f"a{n}" for n in range(rnd.choice((1, 1, 2, 5)))]
        self.visitors = [f"v{n}" for n in range(rnd.choice((1, 3, 40)))]
        self.items = [f"i{n}" for n in range(rnd.choice((2, 5, 12, 150)))]
        self.sessions = [None] * rnd.choice((0, 1, 4)) + [f"s{n}" for n in range(rnd.choice((1, 3)))]
        self.orders = [None] * rnd.choice((0, 1, 4)) + [f"o{n}" for n in range(rnd.choice((1, 4)))]
        self.event_ids = [None] * rnd.choice((0, 1, 20)) + [f"e{n}" for n in range(rnd.choice((3, 50, 2000)))]
        self.steps = STEPS[rnd.choice(tuple(STEPS))]
        self.back = rnd.choice((0, 0, 0.1, 0.5))
        self.lines_max = rnd.choice((1, 3, 8, 130))
        self.t = START + rnd.choice((-1, 0, 1, 7 * DAY))
        self.taken = set()
        self.bad = 0

    def time(self):
        rnd = self.random
        if rnd.random() < self.back:
            return self.t - rnd.choice(self.steps) * rnd.randrange(4)
        self.t += rnd.choice(self.steps)
        return self.t

    def free_time(self, t):
        """Which of two links, or of two events without an eventId, is newer at the same t is not defined."""
        while t in self.taken:
            t += 1
        self.taken.add(t)
        return t

    def item_line(self):
        ret = {"itemId": self.random.choice(self.items)}
        if self.random.random() < 0.6:
            ret["quantity"] = self.random.choice((1, 2, 10000))
        price = self.random.choice(PRICES)
        if price is not None:
            ret["price"] = price
        return ret

    def event(self):
        rnd = self.random
        ret = {"type": rnd.choice(EVENT_TYPES), "eventTime": self.time()}
        if rnd.random() < 0.7:
            ret["userId"] = rnd.choice(self.actors)
        if "userId" not in ret or rnd.random() < 0.3:
            ret["visitorId"] = rnd.choice(self.visitors)
        for member, values in (("sessionId", self.sessions), ("orderId", self.orders), ("eventId", self.event_ids)):
            value = rnd.choice(values)
            if value is not None:
                ret[member] = value
        if "eventId" not in ret or {"userId", "visitorId"} <= set(ret):
            ret["eventTime"] = self.free_time(ret["eventTime"])
        if ret["type"] == "search":
            ret["query"] = "cup"
        elif rnd.random() < 0.5:
            ret.update(self.item_line())
        else:
            ret["items"] = [self.item_line() for _ in range(rnd.randrange(self.lines_max) + 1)]
        return ret

    def envelope(self, topic, key, value):
        ret = {"topic": topic, "key": key, "value": value}
        if self.random.random() < 0.7:
            ret["timestamp"] = self.t + self.random.choice((0, HOUR, -HOUR, DAY))
        return ret

    def bare_event(self):
        """An event whose time is its record's, or is near it."""
        ret = self.event()
        stamp = ret["eventTime"] - self.random.choice((0, 0, HOUR, HOUR + 1, -DAY))
        if stamp == ret["eventTime"]:
            del ret["eventTime"]
        elif ret["eventTime"] > stamp + HOUR:
            self.bad += 1
        return {"topic": "shop.events", "key": "k", "value": ret, "timestamp": stamp}

    def catalog(self):
        item = self.random.choice(self.items)
        value = None
        if self.random.random() < 0.8:
            value = {"title": f"t{self.random.randrange(99)}", "price": self.random.choice((0, 1, 9.99)),
                     "categories": ["A > B", "C"], "attributes": {"color": "red"}}
        return self.envelope("shop.catalog", item, value)

    def stock(self):
        item, place = self.random.choice(self.items), self.random.choice((None, "berlin", "paris"))
        value = {"quantity": self.random.randrange(50), "asOf": self.t + self.random.choice((-1, 0, DAY, -DAY))}
        if place and self.random.random() < 0.5:
            value["location"] = place
        ret = self.envelope("shop.stock", f"{item}|{place}" if place else item, value)
        if value["asOf"] > ret.get("timestamp", value["asOf"]) + HOUR:
            self.bad += 1
        return ret

    def bad_event(self):
        self.bad += 1
        good = {"type": "view", "userId": "a0", "itemId": "i0", "eventTime": self.t}
        return {**good, **self.random.choice(BAD)}

    def lines(self):
        """(line, is it for the batch program)"""
        makers = (self.event,) * 30 + (self.bare_event, self.catalog, self.stock, self.bad_event)
        for _ in range(self.events):
            make = self.random.choice(makers)
            yield json.dumps(make()) + "\n", make != self.bad_event


def replay(path, store, batch_size):
    out, _ = harness.run([harness.AISLE, "replay", "--from-file", path, "--store", store, "--json", "--set",
                          "store.mapSize=1g", "--set", f"batch.recordsMax={batch_size}", "--set",
                          f"poll.recordsMax={min(batch_size, 5000)}"])
    return json.loads(out)


def stock_row(row):
    """A row of either program with its time as a number."""
    row = {name: value for name, value in row.items() if name != "key"}
    if "asOf" in row:
        row["asOf"] = harness.batch.parse_time(row["asOf"])
    return row


def stock_rows(shop):
    ret = []
    for name, (as_of, value) in shop.stock.items():
        if value is not None:
            item, _, place = name.partition("|")
            row = {"itemId": item, **({"location": place} if place else {}), **value}
            ret.append({**row, **({} if as_of is None else {"asOf": as_of})})
    return ret


def compare(what, store, shop):
    harness.compare_with_batch(what, store, shop)
    harness.expect_same_rows(f"{what}, catalog", shop.rows("catalog"), harness.rows_of(store, "catalog"))
    harness.expect_same_rows(f"{what}, stock", stock_rows(shop), map(stock_row, harness.rows_of(store, "stock")))


def check_summary(what, summary, shop, stream):
    seen = (summary["records"], summary["events"], summary["duplicates"], summary["deadLetters"])
    check(seen == (stream.events, shop.applied, shop.duplicates, stream.bad),
          f"{what}: records, events, duplicates, dead letters are {seen}; {stream.events} lines, the batch program: "
          f"{shop.applied}, {shop.duplicates}; {stream.bad} lines are bad")


def one_stream(t, seed):
    stream = Stream(seed)
    path = t.path(f"{seed}.ndjson")
    shop = harness.batch.Shop()
    with open(path, "w", encoding="utf-8") as out:
        for text, good in stream.lines():
            out.write(text)
            if good:
                shop.feed(text)
    sizes = stream.random.sample(BATCHES, 2)
    digests = []
    for size in sizes:
        what, store = f"stream {seed}, batch {size}", t.path(f"{seed}-{size}")
        check_summary(what, replay(path, store, size), shop, stream)
        if not digests:
            compare(what, store, shop)
        digests.append(harness.run([harness.AISLE, "inspect", "--digest", "--store", store])[0])
        shutil.rmtree(store)
    check(digests[0] == digests[1], f"stream {seed}: digests of batches {sizes} differ:\n{digests[0]}\n{digests[1]}")
    os.unlink(path)
    return stream.events


def flow(t):
    events = 0
    for number in range(STREAMS):
        events += one_stream(t, t.seed + number)
    say(f"{STREAMS} streams, {events} lines: rows equal the batch program's, digests alike for two batch sizes")


if __name__ == "__main__":
    harness.main(flow)
