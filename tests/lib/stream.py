"""Small hostile streams, each from one seed: few items and actors, so that everything collides; times in disorder, long
silences, ids reused, records that cannot be read."""
import collections
import datetime
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "reference"))

import engagement  # noqa: E402

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
EPOCH = 30 * DAY
START = 560 * EPOCH
STEPS = {
    "still": (0,),
    "seconds": (0, 1, SECOND, 30 * SECOND),
    "sessions": (0, 1, 20 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1),
    "days": (HOUR, HOUR - 1, DAY, 3 * DAY, 14 * DAY),
    "months": (MINUTE, HOUR, 30 * DAY, 44 * DAY, 90 * DAY, 90 * DAY + 1),
    "epochs": (MINUTE, 29 * DAY, EPOCH, 90 * DAY, 180 * DAY, 180 * DAY + 1, 399 * DAY, 400 * DAY),
}
EVENT_TYPES = ("view",) * 6 + ("purchase",) * 5 + ("return", "cart-add", "cart-remove", "search", "impression", "click",
                                                   "dislike")
PRICES = (None, 0, 0.01, 0.1, 1.25, 19.999999, 250, 1e6, 1e8, 0.0000005, 2.5e-6)
QUERIES = ("cup", " Red\tCUP\n", "red\u00a0 cup", "\u00c4RGER Stra\u00dfe \u0130", "\u041a\u0410\u0424\u0415 \u039f\u039a", "x" * 127 + "\u00e9 y",
           "y" * 127 + " z", "\u3000")
# members that make a good event a dead letter
BAD = ({"type": "teleport"}, {"eventTime": "yesterday"}, {"itemId": ""}, {"itemId": 5}, {"quantity": 0},
       {"userId": "u" * 129}, {"eventTime": True})
DOCUMENTS = {
    "scenario": ({"chain": [{"strategy": "trending"}]}, {"name": "\u20ac \n", "chain": [{"strategy": "also-bought", "share": 2}], "count": 3}),
    "rule": ({"action": {"filter": "price < 5"}}, {"action": {"pin": {"itemIds": ["i0", "i1"]}}, "priority": 7, "enabled": False}),
    "experiment": ({"variants": [{"name": "a", "weight": 1}, {"name": "b", "weight": 2, "scenario": {"diversity": 0.5}}]},),
    "segment": ({"filter": "orders >= 3"}, {"members": True, "description": "x" * 2000}),
    "offer": ({"discount": {"percent": 10}, "code": "C"},),
    "promotion": ({"discount": {"amount": 4.99}, "from": "2026-01-01T00:00:00Z"},),
}
BAD_DOCUMENTS = (("rule/r0", {"document": {"action": {}}}), ("rule/r0", {"document": {"action": {"filter": "x"}, "colour": 1}}),
                 ("rule/R0", {"document": None}), ("theme/t0", {"document": None}), ("rule/r0", {"replaces": -1, "document": None}),
                 ("rule/r0", {"id": "r1", "document": None}), ("rule/r0", {}))
GARBAGE = (b"{oops", b"null", b"[1]", b"\xff\xfe\x01", b'{"type":"view","userId":"a0"', b'{"type":"view","itemId":"i0"}')
SIZES = (20, 60, 150, 400, 700)
# with this one in the store, the ids of the streams are good ones
PERSON_KEY = b"the key of these streams: 32 byt"
TOKEN_KEY = engagement.token_key(PERSON_KEY)
SCENARIOS, VARIANTS = ("home", "cart"), ("", "", "layout/a", "layout/b", "layout/b,price/x", *(f"e{n}/v" for n in range(18)))

# actor: whose events must stay in order, None when no event; dead: it must become a dead letter
Record = collections.namedtuple("Record", "topic key value timestamp actor dead")


class Answers:
    """recommendationIds for the events of a stream: good ones, used too late, for other items and by other people, forged."""

    def __init__(self, seed, items):
        self.random = rnd = random.Random(f"answers {seed}")
        self.items = items
        self.share = rnd.choice((0, 0.2, 0.9))
        self.fresh = rnd.choice((0.1, 0.5, 0.95))
        self.given = []                     # (id, items, actor)
        self.nonces = 0

    def answer(self, event):
        rnd = self.random
        items = rnd.sample(self.items, min(len(self.items), rnd.choice((1, 2, 3, 9))))
        ids = [("u", event.get("userId")), ("v", event.get("visitorId"))]
        kind, raw = rnd.choice([*ids, *ids, (None, None), ("u", "a0")])
        person = engagement.person_of(PERSON_KEY, kind, raw) if raw else None
        while True:
            self.nonces += 1
            if len({engagement.mark(TOKEN_KEY, self.nonces, item) for item in items}) == len(items):
                break
        t = event["eventTime"] - rnd.choice((*(0, 1, MINUTE, HOUR) * 4, DAY, DAY + 1, 7 * DAY, 7 * DAY + 1, -HOUR, -HOUR - 1))
        text = engagement.make(TOKEN_KEY, person, rnd.choice(SCENARIOS), rnd.choice(VARIANTS), t, self.nonces,
                               [(rnd.choice((0, 7, 255, 200)), item) for item in items])
        if rnd.random() < 0.05:
            at = rnd.randrange(len(text))
            text = text[:at] + rnd.choice("Aa-_9z!") + text[at + 1:]
        self.given = [*self.given[-99:], (text, items, event.get("userId") or event["visitorId"])]
        return text, items

    def old_answer(self, event):
        """Mostly one of the same actor."""
        own = [given for given in self.given if given[2] == (event.get("userId") or event["visitorId"])]
        return self.random.choice(own if own and self.random.random() < 0.9 else self.given)[:2]

    def add_to(self, event):
        """May make it an impression or the like, of what an answer had."""
        rnd = self.random
        if rnd.random() >= self.share:
            return
        event["type"] = rnd.choice(("impression", "impression", "click", "cart-add", "purchase", "purchase", "view"))
        fresh = not self.given or rnd.random() < self.fresh
        text, items = self.answer(event) if fresh else self.old_answer(event)
        if rnd.random() < 0.8:
            event["recommendationId"] = text
        lines = event.get("items", [event] if "itemId" in event else [])
        for line in lines:
            if rnd.random() < 0.8:
                line["itemId"] = rnd.choice(items)
            if line is not event and rnd.random() < 0.2:
                line["recommendationId"] = rnd.choice(self.given)[0]


class Stream:
    """One small log. What is drawn first decides its character."""

    def __init__(self, seed, sizes=SIZES):
        self.random = rnd = random.Random(seed)
        self.events = rnd.choice(sizes)
        self.actors = [f"a{n}" for n in range(rnd.choice((1, 1, 2, 5, 12)))]
        kind = rnd.choice("avv")            # a visitor may be called as a user is
        self.visitors = [f"{kind}{n}" for n in range(rnd.choice((1, 3, 40)))]
        self.items = [f"i{n}" for n in range(rnd.choice((2, 5, 12, 150)))]
        self.sessions = [None] * rnd.choice((0, 1, 4)) + [f"s{n}" for n in range(rnd.choice((1, 3)))]
        self.orders = [None] * rnd.choice((0, 1, 4)) + [f"o{n}" for n in range(rnd.choice((1, 4)))]
        self.event_ids = [None] * rnd.choice((0, 1, 20)) + [f"e{n}" for n in range(rnd.choice((3, 50, 2000)))]
        self.steps = STEPS[rnd.choice(tuple(STEPS))]
        self.back = rnd.choice((0, 0, 0.1, 0.5))
        self.lines_max = rnd.choice((1, 3, 8, 130))
        self.t = START + rnd.choice((-1, 0, 1, 7 * DAY))
        self.answers = Answers(seed, self.items)
        self.changes = []

    def time(self):
        rnd = self.random
        if rnd.random() < self.back:
            return self.t - rnd.choice(self.steps) * rnd.randrange(4)
        self.t += rnd.choice(self.steps)
        return self.t

    def spelled(self, t):
        """t as an event may say it."""
        rnd = self.random
        if rnd.random() < 0.8:
            return t
        minutes = rnd.choice((0, 0, 330, -570, 1439, -1439))
        local = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=t, minutes=minutes)
        if minutes:
            return f"{local.isoformat(timespec='milliseconds')}{minutes // abs(minutes) * (abs(minutes) // 60):+03d}:{abs(minutes) % 60:02d}"
        if t % DAY == 0 and rnd.random() < 0.5:  # the leap second that ends the day before
            return f"{(local - datetime.timedelta(seconds=1)).isoformat()[:17]}60z"
        return local.isoformat(timespec="milliseconds").replace("T", rnd.choice("Tt")) + rnd.choice(("Z", "999Z", "-00:00"))

    def item_line(self):
        ret = {"itemId": self.random.choice(self.items)}
        if self.random.random() < 0.6:
            ret["quantity"] = self.random.choice((1, 2, 10000))
        price = self.random.choice(PRICES)
        if price is not None:
            ret["price"] = price
        return ret

    def event_value(self):
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
        if rnd.random() < 0.3:
            ret["context"] = {"country": rnd.choice(("DE", "AT", None, "Fran\u00e7ais" * 6))}
        if rnd.random() < 0.3:
            ret["offerId"] = rnd.choice(("spring", "SAVE 10", "x" * 64))
        if rnd.random() < 0.03:             # with a type it is an event whatever else it has
            ret.update({"topic": "shop.stock", "value": None})
        if ret["type"] == "search":
            ret["query"] = rnd.choice(QUERIES)
        if ret["type"] != "search" or rnd.random() >= 0.7:
            if rnd.random() < 0.5:
                ret.update(self.item_line())
            else:
                ret["items"] = [self.item_line() for _ in range(rnd.randrange(self.lines_max) + 1)]
        if ret["type"] != "search":
            self.answers.add_to(ret)
        return ret

    def event(self):
        value = self.event_value()
        return self.event_record({**value, "eventTime": self.spelled(value["eventTime"])}, None, False)

    @staticmethod
    def event_record(value, timestamp, dead):
        actor = value.get("userId") or value["visitorId"]
        return Record("shop.events", actor, json.dumps(value).encode(), timestamp, actor, dead)

    def stamped_event(self):
        """An event whose time is its record's, or is near it."""
        value = self.event_value()
        t = value["eventTime"]
        stamp = t - self.random.choice((0, 0, HOUR, HOUR + 1, -DAY))
        if stamp == t:
            del value["eventTime"]
        return self.event_record(value, stamp, t > stamp + HOUR)

    def bad_event(self):
        if self.random.random() < 0.4:
            return Record("shop.events", "a0", self.random.choice(GARBAGE), None, "a0", True)
        good = {"type": "view", "userId": "a0", "itemId": "i0", "eventTime": self.t}
        return self.event_record({**good, **self.random.choice(BAD)}, None, True)

    def timestamp(self):
        return self.t + self.random.choice((0, HOUR, -HOUR, DAY)) if self.random.random() < 0.7 else None

    def catalog(self):
        item = self.random.choice(self.items)
        value = None
        if self.random.random() < 0.8:
            value = json.dumps({"title": f"t{self.random.randrange(99)}", "price": self.random.choice((0, 1, 9.99)),
                                "categories": ["A > B", "C"], "attributes": {"color": "red"}}).encode()
        return Record("shop.catalog", item, value, self.timestamp(), None, False)

    def stock(self):
        item = self.random.choice(self.items) + self.random.choice(("", "", "", "|berlin"))
        place = self.random.choice((None, "berlin", "paris"))
        value = {"quantity": self.random.randrange(50), "asOf": self.t + self.random.choice((-1, 0, DAY, -DAY))}
        if place and self.random.random() < 0.5:
            value["location"] = place
        if self.random.random() < 0.3:
            value["itemId"] = item
        timestamp = self.timestamp()
        if self.random.random() < 0.15:
            return Record("shop.stock", f"{item}|{place}" if place else item, None, timestamp, None, False)
        dead = timestamp is not None and value["asOf"] > timestamp + HOUR
        return Record("shop.stock", f"{item}|{place}" if place else item, json.dumps(value).encode(), timestamp, None, dead)

    def config(self):
        """A change of one of few documents: of what is there, of something else, forced, or once more."""
        rnd = self.random
        if self.changes and rnd.random() < 0.15:
            return rnd.choice(self.changes)
        if rnd.random() < 0.1:
            key, value = rnd.choice(BAD_DOCUMENTS)
            return Record("aisle.config", key, json.dumps(value).encode(), None, None, True)
        if rnd.random() < 0.1:
            return self.members()
        kind = rnd.choice(tuple(DOCUMENTS))
        key = f"{kind}/{rnd.choice('ab')}"
        if rnd.random() < 0.1:
            value = rnd.choice((None, b'{"changeId": "0000000000000000", "document": null}'))
            return Record("aisle.config", key, value, self.timestamp(), None, False)
        value = {"changeId": f"{rnd.getrandbits(64):016x}", "document": rnd.choice((*DOCUMENTS[kind] * 3, None))}
        if rnd.random() < 0.8:
            value["replaces"] = rnd.choice((0, 0, 1, 1, 2, 3, 30, 2 ** 53 - 1))
        if rnd.random() < 0.7:
            value.update({"kind": kind, "id": key.partition("/")[2], "changedBy": "J\u00f6rg", "changedAt": self.t})
        if self.changes and rnd.random() < 0.2:
            value["overrules"] = json.loads(rnd.choice(self.changes).value)["changeId"]
        self.changes.append(Record("aisle.config", key, json.dumps(value, indent=rnd.choice((None, 1))).encode(), self.timestamp(), None, False))
        return self.changes[-1]

    def members(self):
        """An imported list; one that is none, and the end of one too."""
        users = [self.random.choice(self.actors) for _ in range(self.random.randrange(5))]
        value = self.random.choice((users, users, users, [*users, 7], None))
        return Record("aisle.config", "members/" + self.random.choice("ab"), None if value is None else json.dumps(value).encode(),
                      self.timestamp(), None, bool(value) and 7 in value)

    def records(self):
        makers = (self.event,) * 30 + (self.stamped_event, self.catalog, self.stock, self.config, self.config, self.bad_event)
        for _ in range(self.events):
            yield self.random.choice(makers)()


def robot(seed):
    """One session with more items, and more of them bought after views, than are told apart."""
    rnd = random.Random(f"robot {seed}")
    events = [{"type": "search", "userId": f"person {n}", "query": "all"} for n in range(5)]
    events.append({"type": "search", "userId": "robot", "sessionId": "s", "query": "all"})
    events += [{"type": "view", "userId": "robot", "sessionId": "s", "items": many_lines(rnd, n * 1500, 2000)} for n in range(4)]
    for n in range(3):
        events.append({"type": "purchase", "userId": "robot", "sessionId": "s", "orderId": "o", "items": many_lines(rnd, n * 1700, 1900)})
        events.append({"type": "view", "userId": "robot", "sessionId": "s", "items": many_lines(rnd, 4000 + n * 3, 30)})
    for n, event in enumerate(events):
        yield Stream.event_record({**event, "eventTime": START + n // 2}, None, False)


def many_lines(rnd, first, count):
    return [{"itemId": f"m{first + n}", "quantity": rnd.choice((1, 2)), "price": 1.5} for n in range(count)]


def line_of(record):
    """As a line of a file: an envelope when it has more than a value."""
    if record.topic == "shop.events" and record.timestamp is None:
        return record.value + b"\n"
    stamp = {} if record.timestamp is None else {"timestamp": record.timestamp}
    value = None if record.value is None else json.loads(record.value)
    return json.dumps({"topic": record.topic, "key": record.key, "value": value, **stamp}).encode() + b"\n"


def feed(shop, record, partition=0):
    """To the batch program, which trusts that it gets no event that cannot be read."""
    if not record.dead:
        shop.feed(line_of(record), partition)
