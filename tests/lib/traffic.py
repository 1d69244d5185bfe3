"""Unfriendly traffic for comparisons: late and repeated events, sessions without ids, orders over several events, huge
baskets, returns, long spans. Deterministic by seed; not a shop, but everything the definitions speak of."""
import json
import random

START = 1_700_000_000_000
HOUR, DAY = 3_600_000, 86_400_000
PRICES = (None, 0, 0.01, 1.25, 19.999999, 250)


class Traffic:
    def __init__(self, seed, actors=60, items=80):
        self.random = random.Random(seed)
        self.items = [f"item {n}" if n % 7 else f"i\u00e9{n}" for n in range(items)]
        self.clock = [START] * actors
        self.sent = [[] for _ in range(actors)]
        self.number = 0

    def item(self):
        """Few items are in most events."""
        return self.items[int(len(self.items) * self.random.random() ** 2)]

    def line(self):
        ret = {"itemId": self.item()}
        if self.random.random() < 0.7:
            ret["quantity"] = self.random.choice((1, 1, 2, 3, 12, 10000))
        price = self.random.choice(PRICES)
        if price is not None:
            ret["price"] = price
        return ret

    def time(self, actor):
        """Mostly minutes apart, sometimes days; sometimes before what came earlier."""
        chance = self.random.random()
        if chance < 0.75:
            self.clock[actor] += self.random.randrange(25 * 60_000)
        elif chance < 0.9:
            self.clock[actor] += self.random.choice((30 * 60_000, 30 * 60_000 + 1, HOUR))
        elif chance < 0.95:
            self.clock[actor] += self.random.randrange(60 * DAY)
        else:
            return max(START - 400 * DAY, self.clock[actor] - self.random.randrange(200 * DAY))
        return self.clock[actor]

    def fill(self, event, actor):
        kind = event["type"]
        if kind == "search":
            event["query"] = self.random.choice(("cup", "red cup"))
        elif kind in ("purchase", "return"):
            event["items"] = [self.line() for _ in range(self.random.choice((1, 1, 2, 3, 5, 8)))]
            if kind == "purchase" and self.random.random() < 0.02:
                event["items"] = [{"itemId": name} for name in self.random.sample(self.items, len(self.items))]
                event["items"] += [{"itemId": f"bulk {n}"} for n in range(50)]
            if self.random.random() < 0.5:
                event["orderId"] = f"order {self.random.randrange(8)} of {self.clock[actor] // (30 * DAY)}"
        elif self.random.random() < 0.2:
            event["items"] = [{"itemId": self.item()} for _ in range(self.random.randrange(2, 9))]
        else:
            event["itemId"] = self.item()

    def event(self):
        actor = self.random.randrange(len(self.clock))
        if self.sent[actor] and self.random.random() < 0.04:
            return self.random.choice(self.sent[actor][-250:])
        kind = self.random.choice(("view",) * 12 + ("purchase",) * 4 + ("cart-add",) * 3 + (
            "search", "cart-remove", "return", "impression", "click", "dislike"))
        event = {"type": kind, "eventTime": self.time(actor)}
        if actor % 3:
            event["visitorId"] = f"visitor {actor}"
        else:
            event["userId"] = f"user {actor}"
            if self.random.random() < 0.3:
                event["visitorId"] = f"device {actor} {self.random.randrange(3)}"
        if self.random.random() < 0.5:
            event["sessionId"] = f"s{self.random.randrange(6)}"
        self.fill(event, actor)
        self.number += 1
        if self.random.random() < 0.8:
            event["eventId"] = f"e{self.number}"
            self.sent[actor].append(event)
        return event


def write(path, events, seed):
    """NDJSON of so many events."""
    traffic = Traffic(seed)
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(events):
            out.write(json.dumps(traffic.event(), ensure_ascii=False) + "\n")
