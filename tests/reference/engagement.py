#!/usr/bin/python3
"""recommendationIds, and what events that carry them are credited to, by a program that shares no code with aisle: see
schemas/token.h and docs/views.md."""
import base64
import collections
import hashlib
import os

MASK = 2**64 - 1


ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def strategies():
    with open(os.path.join(ROOT, "schemas", "strategies.def"), encoding="utf-8") as f:
        return [line[9:-1].replace("_", "-") for line in f.read().splitlines() if line.startswith("STRATEGY(")]


def siphash(key, message):
    """SipHash-2-4 (Aumasson, Bernstein 2012)."""
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:16], "little")
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def turn(x, bits):
        return (x << bits | x >> (64 - bits)) & MASK

    def rounds(n):
        for _ in range(n):
            v[0], v[2] = (v[0] + v[1]) & MASK, (v[2] + v[3]) & MASK
            v[1], v[3] = turn(v[1], 13) ^ v[0], turn(v[3], 16) ^ v[2]
            v[0], v[2] = (turn(v[0], 32) + v[3]) & MASK, (v[2] + v[1]) & MASK
            v[3], v[1] = turn(v[3], 21) ^ v[0], turn(v[1], 17) ^ v[2]
            v[2] = turn(v[2], 32)

    padded = message + bytes(-(len(message) + 1) % 8) + bytes([len(message) & 255])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at:at + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 255
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def token_key(person_key):
    return hashlib.blake2b(b"aisle recommendation token 2", digest_size=32, key=person_key).digest()


def person_of(person_key, kind, raw_id):
    return hashlib.blake2b((kind + raw_id).encode(), digest_size=16, key=person_key).digest()


def mark(key, nonce, item):
    return siphash(key[:16], nonce.to_bytes(4, "little") + item.encode()) & 0xFFFF


def signature(key, signed, person):
    return hashlib.blake2b(signed + (person or b""), digest_size=16, key=key).digest()


def make(key, person, scenario, variant, t, nonce, items):
    """items: (strategy's number, itemId); the nonce is one under which no two have the same mark."""
    signed = (bytes([2, len(scenario)]) + scenario.encode() + bytes([len(variant)]) + variant.encode() +
              t.to_bytes(6, "little") + nonce.to_bytes(4, "little") + bytes([len(items)]) +
              b"".join(bytes([strategy]) + mark(key, nonce, item).to_bytes(2, "little") for strategy, item in items))
    return base64.urlsafe_b64encode(signed + signature(key, signed, person)).rstrip(b"=").decode()


# ---- what is credited, by docs/views.md ----

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
EPOCH = 30 * DAY
KINDS = {"impression": "impressions", "click": "clicks", "cart-add": "carts", "purchase": "orders"}
COLUMNS = (*KINDS.values(), "units", "revenue")
NO_NAME = (-1, 0)
ORDER_ITEMS = 10_000                        # of an order are told apart


class Refused(Exception):
    """The item counts for no answer; the text is the reason."""


class Answer:
    """An id as it was read."""

    def __init__(self, text):
        try:
            self.bytes = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            if base64.urlsafe_b64encode(self.bytes).rstrip(b"=").decode() != text:
                raise ValueError
            self.read(self.bytes[:-16])
        except (ValueError, IndexError) as why:
            raise Refused("malformed") from why

    def read(self, rest):
        def take(n):
            nonlocal rest
            if len(rest) < n:
                raise ValueError
            part, rest = rest[:n], rest[n:]
            return part

        if take(1) != b"\2":
            raise ValueError
        self.scenario, self.variant = (take(take(1)[0]).decode() for _ in range(2))
        self.t, self.nonce = (int.from_bytes(take(n), "little") for n in (6, 4))
        entries = [take(3) for _ in range(take(1)[0])]
        self.items = [(entry[0], int.from_bytes(entry[1:], "little")) for entry in entries]
        if rest or not self.scenario or len(self.bytes) < 16 or len(self.items) > 100:
            raise ValueError
        if len(self.scenario) > 64 or len(self.variant) > 195 or "\0" in self.scenario + self.variant:
            raise ValueError

    def is_for(self, key, person):
        return signature(key, self.bytes[:-16], person) == self.bytes[-16:]

    def name(self):
        return self.t, self.nonce


class Memory:
    """What is remembered of an actor."""

    def __init__(self):
        self.seen = None                    # the partition's watermark then
        self.answers = {}                   # name -> {(kind, place)}
        self.shown = self.acted = NO_NAME   # the largest names that went
        self.sessions = []                  # the last 4 ids
        self.exposures = {}                 # variant -> t

    @staticmethod
    def was_acted_on(claims):
        return any(kind != "impression" for kind, _ in claims)

    def make_room(self):
        shown = [name for name, claims in self.answers.items() if not self.was_acted_on(claims)]
        out = min(shown or self.answers)
        del self.answers[out]
        if shown:
            self.shown = max(self.shown, out)
        else:
            self.acted = max(self.acted, out)

    def claim(self, name, kind, place, bought_before):
        claims = self.answers.get(name)
        if claims is None and (name <= self.acted or (kind == "impression" and name <= self.shown)):
            raise Refused("forgotten")
        if (claims and (kind, place) in claims) or bought_before:
            raise Refused("repeat")
        if claims is None:
            may_have_gone = name <= self.shown
            if len(self.answers) == 64:
                self.make_room()
            claims = self.answers[name] = set()
            if may_have_gone:
                claims |= {("impression", other) for other in range(104)}
        claims.add((kind, place))


class Engagement:
    """Events in log order, each with what the batch program knows of its session and order."""

    def __init__(self, person_key):
        self.person_key = person_key
        self.key = token_key(person_key)
        self.strategies = strategies()
        self.actors = collections.defaultdict(Memory)
        self.hours = collections.defaultdict(collections.Counter)    # (scenario, strategy, variant, start)
        self.items = collections.defaultdict(collections.Counter)    # (item, scenario, strategy, variant, start)
        self.days = collections.defaultdict(collections.Counter)     # (actor, start)
        self.people = collections.defaultdict(collections.Counter)   # (variant, actor, first)
        self.refused = collections.Counter()

    def take(self, ev, passed, new_session, order, new_order):
        """order: what was in it before, None of other events than purchases."""
        ids = ev.type in KINDS and any(ev.ids)
        if not ids and not new_session and ev.type != "purchase":
            return
        memory = self.actors[ev.actor]
        if memory.seen is not None and passed is not None and passed - memory.seen > 90 * DAY:
            memory = Memory()
        if passed is not None:
            memory.exposures = {variant: t for variant, t in memory.exposures.items()
                                if t // EPOCH > passed // EPOCH - 4}
        entered, before = set(), dict.fromkeys(order or ())
        credited = False
        for (item, quantity, price), text in zip(ev.lines, ev.ids) if ids else ():
            try:
                if text:
                    self.credit(ev, passed, memory, entered, (item, quantity, price), text,
                                item in before or len(before) >= ORDER_ITEMS)
                    credited = True
            except Refused as why:
                self.refused[str(why)] += 1
            before[item] = None
        follows = memory.exposures and (credited or new_session or ev.type == "purchase")
        if follows:
            self.follow(ev, memory, entered, new_session, new_order)
        if follows or credited:
            memory.seen = ev.t if passed is None else max(passed, ev.t)
            self.actors[ev.actor] = memory

    def credit(self, ev, passed, memory, entered, line, text, bought_before):
        item, quantity, price = line
        answer = self.read(ev, passed, text)
        wanted = mark(self.key, answer.nonce, item)
        place = next((at for at, (_, there) in enumerate(answer.items) if there == wanted), None)
        if place is None:
            raise Refused("item")
        memory.claim(answer.name(), ev.type, place, bought_before and ev.type == "purchase")
        strategy = answer.items[place][0]
        slug = ("pinned" if strategy == 255 else
                self.strategies[strategy] if strategy < len(self.strategies) else f"strategy-{strategy}")
        for row in (self.hours[answer.scenario, slug, answer.variant, ev.t // HOUR * HOUR],
                    self.items[item, answer.scenario, slug, answer.variant, ev.t // DAY * DAY],
                    self.days[ev.actor, ev.t // DAY * DAY]):
            row[KINDS[ev.type]] += 1
            if ev.type == "purchase":
                row["units"] += quantity
                row["revenue"] += quantity * price
        self.enter(ev, memory, entered, answer.variant)

    def read(self, ev, passed, text):
        answer = Answer(text)
        people = [person_of(self.person_key, kind, raw) for kind, raw in (("u", ev.user), ("v", ev.visitor)) if raw]
        if not any(answer.is_for(self.key, person) for person in (*people, None)):
            raise Refused("signature")
        most = DAY if ev.type in ("impression", "click") else 7 * DAY
        if not -HOUR <= ev.t - answer.t <= most or (passed is not None and passed - answer.t > 45 * DAY):
            raise Refused("expired")
        return answer

    def enter(self, ev, memory, entered, variants):
        for variant in filter(None, variants.split(",")):
            if variant not in memory.exposures:
                if len(memory.exposures) == 16:
                    continue
                memory.exposures[variant] = ev.t
                entered.add(variant)
            person = self.people[variant, ev.actor, memory.exposures[variant]]
            person["sessions"] += variant in entered and not person["sessions"]
            if ev.type in ("impression", "click"):
                person[KINDS[ev.type]] += 1

    def follow(self, ev, memory, entered, new_session, new_order):
        if ev.session_id is not None:
            new_session = ev.session_id not in memory.sessions
            memory.sessions = [ev.session_id, *memory.sessions][:4] if new_session else memory.sessions
        paid = sum(quantity * price for _, quantity, price in ev.lines) if ev.type == "purchase" else 0
        for variant, first in memory.exposures.items():
            person = self.people[variant, ev.actor, first]
            person["sessions"] += new_session and variant not in entered
            person["orders"] += ev.type == "purchase" and new_order
            person["revenue"] += paid

    # ---- rows ----

    def hour_rows(self, watermark, money):
        for (scenario, strategy, variant, start), row in self.hours.items():
            if start // DAY > watermark // DAY - 400:
                yield {"scenario": scenario, "strategy": strategy, "variant": variant, "start": start,
                       **self.figures(row, money)}

    def item_rows(self, watermark, money):
        for (item, scenario, strategy, variant, start), row in self.items.items():
            if start // DAY > watermark // DAY - 400:
                yield {"itemId": item, "scenario": scenario, "strategy": strategy, "variant": variant, "start": start,
                       **self.figures(row, money)}

    @staticmethod
    def figures(row, money):
        return {column: money(row[column]) if column == "revenue" else row[column] for column in COLUMNS}

    def people_rows(self, watermark, money):
        for (name, (kind, raw), first), row in self.people.items():
            experiment, _, variant = name.partition("/")
            if first // EPOCH > watermark // EPOCH - 4:
                yield {"experiment": experiment, "variant": variant,
                       "actor": person_of(self.person_key, kind, raw).hex(), "first": first,
                       **{column: row[column] for column in ("sessions", "impressions", "clicks", "orders")},
                       "revenue": money(row["revenue"])}
