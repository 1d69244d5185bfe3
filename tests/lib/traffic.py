"""Unfriendly traffic for comparisons: late and repeated events, sessions without ids, orders over several events, huge
baskets, returns, long spans. Deterministic by seed; not a shop, but everything the definitions speak of."""
import json
import random

START = 1_700_000_000_000
HOUR, DAY = 3_600_000, 86_400_000
SPAN_DAYS = 300
PRICES = (None, 0, 0.01, 1.25, 19.999999, 250, 2.5e-6)


class Traffic:
    def __init__(self, seed, events, actors=60, items=80):
        self.random = random.Random(seed)
        self.last_part = events * 6 // 10
        self.items = [f"item {n}" if n % 7 else f"i\u00e9{n}" for n in range(items)]
        self.clock = [START] * actors
        self.sent = [[] for _ in range(actors)]
        self.number = 0

    def item(self):
        """Few items are in most events; some are in one."""
        if self.random.random() < 0.05:
            return f"rare {self.random.randrange(100_000)}"
        return self.items[int(len(self.items) * self.random.random() ** 2)]

    def line(self):
        ret = {"itemId": self.item()}
        if self.random.random() < 0.7:
            ret["quantity"] = self.random.choice((1, 1, 2, 3, 12, 10000))
        price = self.random.choice(PRICES)
        if price is not None:
            ret["price"] = price
        return ret

    def today(self):
        """Where the shop is: SPAN_DAYS pass in the first part, the last part is full of events."""
        return START + SPAN_DAYS * DAY * min(self.number, self.last_part) // self.last_part

    def time(self, actor):
        """Mostly minutes apart, sometimes days; sometimes at once with what came earlier, or before it, or as a day began."""
        chance = self.random.random()
        if chance < 0.05:
            return self.clock[actor]
        if chance < 0.08:
            return self.clock[actor] // DAY * DAY
        if chance < 0.75:
            self.clock[actor] += self.random.randrange(25 * 60_000)
        elif chance < 0.9:
            self.clock[actor] += self.random.choice((30 * 60_000, 30 * 60_000 + 1, HOUR))
        elif chance < 0.95:
            self.clock[actor] = max(self.clock[actor], self.today())
        else:
            back = self.random.choice((DAY, 20 * DAY, 400 * DAY))
            return max(START - 400 * DAY, self.clock[actor] - back + self.random.randrange(DAY))
        return self.clock[actor]

    def fill(self, event, actor):
        kind = event["type"]
        if kind == "search":
            event["query"] = self.random.choice(("cup", "red cup"))
            if self.random.random() < 0.3:
                event["itemId"] = self.item()
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

    def meet(self):
        """A third of the actors come together, so that the days before the watermark are full."""
        late = max(*self.clock, self.today())
        for actor in range(0, len(self.clock), 3):
            self.clock[actor] = late - self.random.randrange(16 * DAY)

    def event(self):
        if self.number == self.last_part:
            self.meet()
        # the first ones do most
        actor = int(len(self.clock) * self.random.random() ** 3)
        if self.sent[actor] and self.random.random() < 0.04:
            return self.random.choice(self.sent[actor][-300:])
        kind = self.random.choice(("view",) * 12 + ("purchase",) * 4 + ("cart-add",) * 3 + (
            "search", "cart-remove", "return", "impression", "click", "dislike"))
        event = {"type": kind, "eventTime": self.time(actor)}
        if actor % 3:
            event["visitorId"] = f"visitor {actor}"
        else:
            event["userId"] = f"user {actor}"
            if self.random.random() < 0.3:
                event["visitorId"] = f"device {self.random.choice((actor, 0))} {self.random.randrange(3)}"
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
    traffic = Traffic(seed, events)
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(events):
            out.write(json.dumps(traffic.event(), ensure_ascii=False) + "\n")
