#!/usr/bin/python3
"""The views of the shop's log, computed the slow and obvious way: an independent check of `aisle inspect`.

    batch.py VIEW [--key STORE/person.key] [--topic-events NAME ...] FILE...    rows of one view, sorted, as NDJSON
    batch.py all ...                                                            each row with a "view" member in front

Each FILE is the log of one partition: a line is an event, or {"topic","key","value","timestamp"} for any topic. One
actor's events are in one file. Lines that are not good events are left out and counted on stderr: this program does
not judge them, it trusts that the caller knows which are good.

Written from the definitions of the views alone. Where those leave a choice, this is what holds:

- t is eventTime, else the line's timestamp. An event later than its line's timestamp by more than 1 h is left out;
  a line without a timestamp has no such bound. The watermark is the largest t of the events that were applied.
- A duplicate has an eventId that is among its actor's last 256 events by (t, eventId bytes); events without an
  eventId count in the 256 with an empty one. Only applied events are in the 256.
- Items of one event are handled in their order, for purchases and views alike: an earlier item of the same event was
  bought, or viewed, before.
- An item counts once an order in `orders`, at its first event in that order; every distinct item of an order counts,
  only the first 100 distinct ones make bought-together pairs. The pair's epoch is that of the event that completes it.
- quantity is 1 when absent; money is integer micros, half of one rounded up, in 64 bits. revenue = sum(quantity x price) of purchases less that of
  returns; units = quantities of purchases less those of returns. A return counts in its own time's bucket.
- views count lines of view events, carts lines of cart-add events. Impressions, clicks, searches, dislikes and
  cart-remove change none of the counting views.
- also-bought: of the actor's other items, ordered by their last purchase in log order, those whose latest purchase
  time is >= t - 180 days; the newest 50 of them.
- viewed-then-bought: the last 20 distinct items other than the bought one, by their last view in the session in log
  order; once a session and pair.
- A session without a sessionId goes on while |t - t of the actor's previous event without a sessionId| <= 30 min, any
  type; duplicates are not events here.
- The largest t applied from a partition is its watermark. When that has moved on by more than 90 days since a session's
  last view, search or purchase in log order, before the event at hand, the session has ended: the event begins another. The
  same holds for an order and its last purchase, and for a session without an id and its last event.
- history has what comes with a search too. A time of a leap second is that of the second after it.
- identity: of the users that a visitor was linked to at its largest t the one with the larger hash; of a user the 16 newest
  visitors, of equal t those with the smaller hashes.
- 4,096 items and 59,000 viewed-then-bought pairs of a session, 10,000 items of an order, 30,000 of an actor are told apart. A
  later one is not viewed, in the order or bought for the first time; it is no click, and no purchase of an answer's item.
- buyers: +1 when an actor first buys the item, ever. viewSessions: +1 on the first view of the item in a session.
- A null stock record deletes whatever it comes after; a later record counts unless its asOf is before the deletion's
  timestamp or before the asOf of what was deleted.
- sessions: the views of a session, one for each line of a view event. What a session has viewed ends, and begins anew
  with its next view, as a session does, but by its last view alone. `last` is the t of its last view in log order; what
  has a last view of more than 90 days before the watermark is not printed. The hash is that of the actor and the
  sessionId, or the t of the first view.
- item-sessions: the views of an item among those that `sessions` prints, the 1,000 with the largest (t, position, hash),
  newest first; the position counts the session's views from 0. Items without one are not printed.
- revisits: before each view of a session that `sessions` has, over the 40 views before it (later lines of an event after
  the earlier ones): each distinct item among them is a chance, at the distance of its latest view's place in the order of
  latest views; "items" are the distinct ones, printed as the least number of their class. The last of them is "same"
  when the one before it is of the same item, "earlier" when another one before it is, else "new".
- profile: first and last are the smallest and largest t of the actor's events, impressions left out; an actor with
  nothing else is not printed. An order counts with its first purchase; units and spend as popularity's.
- countries: context.country of the actor's last event in log order that has one, impressions left out.
- redemptions: an order counts for the offerId of its first purchase event. Of an offer: its orders and the actors that
  have one; of an offer and an actor: its orders and the largest t of the events that counted.
- segment-members: the userIds of the last record with the key members/SEGMENT.
- searched-then-bought: clicks, +1 on the first view of an item since the session's last search; orders, +1 when an item
  first comes in an order, with the query of the purchase's session. A query is lower-cased by the table in
  `lower_case`, white space (Unicode's White_Space) at its ends goes and elsewhere becomes one space, and it ends before
  the character that would be beyond 128 bytes. One that is empty then is none. Rows of a query that fewer than 5 actors
  have ever searched for are not printed.
- engagement, engagement-items, experiment-people: in engagement.py. Without the person key nothing counts in them.
- config: a record is applied when nothing is there of its key (what was deleted is there), when it has no `replaces`, when
  that is the revision there, or when `overrules` is the changeId there; revision = replaces + 1, or changedAt + 1. A record that says what is there changes nothing; a
  null record leaves nothing. changedAt is the line's timestamp when absent, else 0. Revisions end at 2^53.
- Not printed: pairs and item-totals of epochs <= the watermark's - 6, hours <= the watermark's - 360, days <= the
  watermark's - 400.
- traffic: views, carts, units and revenue as popularity's, orders as profile's; sessions, the first view of what
  `sessions` has; actors, events (no impressions) on a later day than all the actor's before in log order; newActors, an actor's first
  event that is no impression. By the hour of the event, for the days that popularity has.
- actor-days: by actor and day, of traffic its actors (`came`), sessions, orders and revenue, of engagement its impressions, clicks,
  orders and revenue (`recommended...`).
- A row whose figures are all zero is printed when something was counted in it.
"""
import argparse
import bisect
import collections
import datetime
import decimal
import gzip
import hashlib
import itertools
import json
import sys

import engagement

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
EPOCH = 30 * DAY
EXACT = decimal.Context(prec=1000)
# so many are told apart; an item that comes after them is no new one
SESSION_ITEMS, SESSION_PAIRS, ORDER_ITEMS, ACTOR_ITEMS = 4096, 59_000, engagement.ORDER_ITEMS, 30_000
NO_CHANGE = "0" * 16
TYPES = {"view", "search", "cart-add", "cart-remove", "purchase", "return", "impression", "click", "dislike"}
PAIR_VIEWS = ("bought-together", "also-bought", "also-viewed", "viewed-then-bought")
COUNTING_VIEWS = ("popularity", *PAIR_VIEWS, "searched-then-bought", "item-totals", "revisits", "traffic",
                  "engagement", "engagement-items")
PERSON_VIEWS = ("history", "identity", "profile", "sessions", "item-sessions", "countries", "redemptions", "segment-members",
                "experiment-people", "actor-days")  # they print hashes
PLAIN_VIEWS = ("catalog", "stock", "config")
OTHER_VIEWS = (*PERSON_VIEWS, *PLAIN_VIEWS)
POPULARITY_COLUMNS = ("views", "carts", "orders", "units", "revenue")
TRAFFIC_COLUMNS = ("actors", "newActors", "sessions", "views", "carts", "orders", "units", "revenue")
TOTALS_COLUMNS = ("viewSessions", "orders", "buyers")


class NotAnEvent(Exception):
    """The line is left out; the text says why."""


def parse_time(value):
    if isinstance(value, bool) or not isinstance(value, (int, decimal.Decimal, str)):
        raise NotAnEvent("eventTime")
    if not isinstance(value, str):
        return int(value)
    text = value.upper().replace("Z", "+00:00")
    leap = text[17:19] == "60"
    moment = datetime.datetime.fromisoformat(text[:17] + "59" + text[19:] if leap else text)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(milliseconds=1) + 1000 * leap


def time_text(t):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=t)
    return moment.isoformat(timespec="milliseconds") + "Z"


def stock_name(key, value):
    """(item, location) of a stock record; a key A|B is split where the value says, else at its last bar."""
    item, place = value.get("itemId"), value.get("location")
    if item:
        return item, place or (key[len(item) + 1:] if key.startswith(item + "|") else "")
    if place:
        return key.removesuffix("|" + place), place
    item, _, place = key.rpartition("|")
    return (item, place) if item else (key, "")


def newness(as_of):
    """A stock record without a time is older than any other."""
    return -1 if as_of is None else as_of


def micros(price):
    return int(EXACT.multiply(decimal.Decimal(price), 1_000_000).to_integral_value(decimal.ROUND_HALF_UP))


def money(amount):
    """Micros, 64 bits of them, as the shortest JSON number."""
    amount = (amount + 2 ** 63) % 2 ** 64 - 2 ** 63
    text = f"{abs(amount) // 1_000_000}.{abs(amount) % 1_000_000:06d}".rstrip("0").rstrip(".")
    return decimal.Decimal("-" + text if amount < 0 else text)


WHITE_SPACE = {*"\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000", *map(chr, range(0x2000, 0x200B))}
HAVE_LOWER_CASE = (range(0x80), range(0xC0, 0xDF), range(0x100, 0x180), range(0x386, 0x3AC), range(0x400, 0x430),
                   range(0x1EA0, 0x1F00))


def lower_case(char):
    lower = char.lower()
    return lower if len(lower) == 1 and any(ord(char) in chars for chars in HAVE_LOWER_CASE) else char


def normalised(query):
    ret = ""
    for word in "".join(" " if char in WHITE_SPACE else char for char in query).split(" "):
        for place, char in enumerate(word):
            longer = ret + (" " if ret and not place else "") + lower_case(char)
            if len(longer.encode()) > 128:
                return ret
            ret = longer
    return ret


class Event:
    def __init__(self, value, timestamp):
        if not isinstance(value, dict) or value.get("type") not in TYPES:
            raise NotAnEvent("type")
        self.type = value["type"]
        if value.get("eventTime") is not None:
            self.t = parse_time(value["eventTime"])
        elif timestamp is not None:
            self.t = timestamp
        else:
            raise NotAnEvent("no time")
        if timestamp is not None and self.t > timestamp + HOUR:
            raise NotAnEvent("time in future")
        self.user, self.visitor = value.get("userId"), value.get("visitorId")
        if not self.user and not self.visitor:
            raise NotAnEvent("no actor")
        self.actor = ("u", self.user) if self.user else ("v", self.visitor)
        self.event_id = (value.get("eventId") or "").encode()
        self.query = normalised(value.get("query") or "") if self.type == "search" else ""
        self.session_id, self.order_id = value.get("sessionId"), value.get("orderId")
        self.country, self.offer = (value.get("context") or {}).get("country"), value.get("offerId")
        lines = value.get("items") or ([value] if value.get("itemId") else [])
        self.lines = [(line["itemId"], int(decimal.Decimal(line.get("quantity") or 1)), line.get("price")) for line in lines]
        self.ids = [line.get("recommendationId") or value.get("recommendationId") or "" for line in lines]


class Actor:
    """What one actor did before."""

    def __init__(self):
        self.recent = []                    # (t, eventId) ascending, at most 256
        self.bare_session = None            # the session without a sessionId
        self.bare_t = None                  # t of the last event without one
        self.bare_seen = None               # what its partition's watermark was then
        self.sessions = {}
        self.orders = {}
        self.bought = {}                    # item -> largest t, in the order of the last purchase
        self.times = []                     # of all but impressions
        self.country = None
        self.orders_n = self.units = self.spend = 0
        self.history = []                   # (t, eventId, event, line) as they came

    def is_duplicate(self, ev):
        return bool(ev.event_id) and any(ev.event_id == event_id for _, event_id in self.recent)

    def remember(self, ev):
        bisect.insort(self.recent, (ev.t, ev.event_id))
        del self.recent[:-256]

    def session_of(self, ev, passed):
        ev.new_session = False              # is this the first event that is noted of it?
        if ev.session_id is not None:
            session = kept(self.sessions, ev.session_id, Session, passed)
            if ev.type in ("view", "search", "purchase"):
                ev.new_session = session.seen is None
                session.seen = now(ev, passed)
            return session
        if self.bare_t is None or abs(ev.t - self.bare_t) > 30 * MINUTE or is_over(self.bare_seen, passed):
            self.bare_session = Session()
            ev.new_session = True
        self.bare_t, self.bare_seen = ev.t, now(ev, passed)
        return self.bare_session

    def order_of(self, ev, passed):
        if ev.order_id is None:
            return Order()
        order = kept(self.orders, ev.order_id, Order, passed)
        order.seen = now(ev, passed)
        return order


def now(ev, passed):
    """The partition's watermark with this event in it."""
    return ev.t if passed is None else max(passed, ev.t)


def is_over(seen, passed):
    """What went on last when the partition's watermark was `seen` has ended when it is `passed` (None: no event yet)."""
    return seen is not None and passed is not None and passed - seen > 90 * DAY


def kept(things, name, make, passed):
    if name not in things or is_over(things[name].seen, passed):
        things[name] = make()
    return things[name]


class Order:
    def __init__(self):
        self.seen = None                    # the partition's watermark at its last event
        self.items = []                     # distinct ones


class Viewed:
    """What a session has viewed."""

    def __init__(self, ev):
        self.kind, self.name = ("s", ev.session_id) if ev.session_id is not None else ("t", ev.t)
        self.actor = ev.actor
        self.seen = None                    # the partition's watermark at its last view
        self.count = 0
        self.views = []                     # (item, t, position), the last 64

    def add(self, item, t):
        self.views = [*self.views[-63:], (item, t, self.count)]
        self.count += 1

    def last(self):
        return self.views[-1][1]

    def hash(self, person_key):
        name = self.name.encode() if self.kind == "s" else self.name.to_bytes(8, "big")
        return hashlib.blake2b(self.kind.encode() + "".join(self.actor).encode() + b"\0" + name, digest_size=16,
                               key=person_key).hexdigest()[:16]


class Session:
    def __init__(self):
        self.seen = None                    # the partition's watermark at its last view, search or purchase
        self.viewed = None
        self.query = ""                     # of its last search
        self.found = set()                  # what was viewed since
        self.first_views = []               # distinct items in the order of their first view
        self.last_views = {}                # item -> None, in the order of the last view
        self.counted = set()                # (viewed, bought)


class Shop:
    """All views. feed() lines in log order, saying which partition each is from, then rows()."""

    def __init__(self, topics=None, person_key=None):
        """With the store's key recommendationIds count."""
        self.engagement = engagement.Engagement(person_key) if person_key else None
        self.topics = {"events": "shop.events", "catalog": "shop.catalog", "stock": "shop.stock",
                       "config": "aisle.config", **(topics or {})}
        self.actors = collections.defaultdict(Actor)
        self.watermark = None
        self.passed = {}                                             # partition -> largest t applied from it
        self.popularity = collections.defaultdict(lambda: [0] * 5)   # (item, bucket, start)
        self.pairs = {view: collections.Counter() for view in PAIR_VIEWS}  # (item, with, epoch)
        self.totals = collections.defaultdict(lambda: [0] * 3)       # (item, epoch)
        self.traffic = collections.defaultdict(collections.Counter)  # start
        self.actor_days = collections.defaultdict(collections.Counter)  # (actor, start)
        self.sessions = []                                           # Viewed
        self.revisits = collections.defaultdict(lambda: [0] * 2)     # (distance, seen, items, last)
        self.searched = collections.defaultdict(lambda: [0] * 2)     # (query, item, epoch)
        self.searchers = collections.defaultdict(set)                # query -> actors
        self.redeemed = collections.defaultdict(dict)                # offer -> {actor: [t of each order]}
        self.links = {}                                              # visitor -> (largest t, users it was linked to then)
        self.catalog, self.stock, self.config = {}, {}, {}
        self.members = {}                                            # segment -> userIds
        self.applied = self.duplicates = 0
        self.left_out = collections.Counter()

    def feed(self, line, partition=0):
        try:
            value = json.loads(line, parse_float=decimal.Decimal)
            topic, key, timestamp = self.topics["events"], None, None
            if isinstance(value, dict) and "topic" in value and "value" in value and "type" not in value:
                topic, key, timestamp = value["topic"], value.get("key"), value.get("timestamp")
                value = value["value"]
            if topic == self.topics["events"]:
                self.apply(Event(value, timestamp), partition)
            elif topic == self.topics["catalog"]:
                self.apply_catalog(key, value)
            elif topic == self.topics["stock"]:
                self.apply_stock(key, value, timestamp)
            elif topic == self.topics["config"]:
                if (key or "").startswith("members/"):
                    self.members[key.removeprefix("members/")] = set(value or [])
                else:
                    self.apply_config(key, value, timestamp)
            else:
                raise NotAnEvent("topic")
        except (NotAnEvent, ValueError, KeyError, TypeError, AttributeError) as why:
            self.left_out[str(why)[:60]] += 1

    # ---- events ----

    def apply(self, ev, partition):
        actor = self.actors[ev.actor]
        if actor.is_duplicate(ev):
            self.duplicates += 1
            return
        self.applied += 1
        self.watermark = ev.t if self.watermark is None else max(self.watermark, ev.t)
        actor.remember(ev)
        passed = self.passed.get(partition)
        self.passed[partition] = ev.t if passed is None else max(passed, ev.t)
        session = actor.session_of(ev, passed)
        if ev.user and ev.visitor:
            self.link(ev)
        if ev.type != "purchase":
            self.engage(ev, passed)
        if ev.type == "view":
            self.view(ev, session, passed)
        elif ev.type == "search":
            session.query, session.found = ev.query, set()
            self.searchers[ev.query].add(ev.actor)
        elif ev.type == "cart-add":
            self.go_on("carts", ev, len(ev.lines))
            for item, _, _ in ev.lines:
                self.count(item, ev.t, "carts", 1)
        elif ev.type == "purchase":
            order = actor.order_of(ev, passed).items
            self.engage(ev, passed, list(order))
            self.purchase(ev, actor, session, order)
        elif ev.type == "return":
            self.sell(ev, actor, -1)
        if ev.type != "impression":
            self.go_on("newActors", ev, not actor.times)
            self.go_on("actors", ev, not actor.times or ev.t // DAY > actor.times[1] // DAY)
            actor.times = [min(actor.times + [ev.t]), max(actor.times + [ev.t])]
            actor.country = ev.country or actor.country
        if ev.type != "impression":
            for line in ev.lines:
                actor.history.append((ev.t, ev.event_id, ev, line))

    def link(self, ev):
        t, users = self.links.get(ev.visitor, (ev.t, set()))
        if ev.t > t:
            t, users = ev.t, set()
        if ev.t == t:
            users.add(ev.user)
        self.links[ev.visitor] = t, users

    def engage(self, ev, passed, order=None):
        if self.engagement:
            lines, ev.lines = ev.lines, [(item, quantity, micros(price or 0)) for item, quantity, price in ev.lines]
            self.engagement.take(ev, passed, ev.new_session, order, order == [])
            ev.lines = lines

    def go_on(self, column, ev, amount):
        if amount:
            self.traffic[ev.t // HOUR * HOUR][column] += amount
            if column in ("actors", "sessions", "orders", "revenue"):
                self.actor_days[ev.actor, ev.t // DAY * DAY][column] += amount

    def view(self, ev, session, passed):
        if session.viewed is None or is_over(session.viewed.seen, passed):
            session.viewed = Viewed(ev)
            self.sessions.append(session.viewed)
            self.go_on("sessions", ev, 1)
        session.viewed.seen = now(ev, passed)
        self.go_on("views", ev, len(ev.lines))
        for item, _, _ in ev.lines:
            self.count_revisits([before for before, _, _ in session.viewed.views[-40:]], item)
            session.viewed.add(item, ev.t)
            self.count(item, ev.t, "views", 1)
            if item not in session.last_views and len(session.last_views) == SESSION_ITEMS:
                continue
            if session.query and item not in session.found:
                self.searched[session.query, item, ev.t // EPOCH][0] += 1
            session.found.add(item)
            if item not in session.last_views:
                self.totals[item, ev.t // EPOCH][0] += 1
                for other in session.first_views[-5:]:
                    self.pair("also-viewed", item, other, ev.t)
                session.first_views.append(item)
            session.last_views.pop(item, None)
            session.last_views[item] = None

    def count_revisits(self, before, item):
        if not before:
            return
        latest = list(dict.fromkeys(reversed(before)))
        size = max(least for least in (1, 2, 3, 5, 9, 17) if len(latest) >= least)
        last = "same" if before[-2:-1] == before[-1:] else "earlier" if before[-1] in before[:-1] else "new"
        for distance, seen in enumerate(latest):
            cell = self.revisits[distance, min(before.count(seen), 3), size, last]
            cell[0] += 1
            cell[1] += seen == item

    def purchase(self, ev, actor, session, order):
        actor.orders_n += not order
        self.go_on("orders", ev, not order)
        if ev.offer and not order:
            self.redeemed[ev.offer].setdefault(ev.actor, []).append(ev.t)
        self.sell(ev, actor, 1)
        for item, _, _ in ev.lines:
            if item not in order and len(order) < ORDER_ITEMS:
                self.count(item, ev.t, "orders", 1)
                self.totals[item, ev.t // EPOCH][1] += 1
                if session.query:
                    self.searched[session.query, item, ev.t // EPOCH][1] += 1
                if len(order) < 100:
                    for other in order:
                        self.pair("bought-together", item, other, ev.t)
                order.append(item)
            self.count_viewed(ev, session, item)
            if item not in actor.bought:
                if len(actor.bought) == ACTOR_ITEMS:
                    continue
                self.totals[item, ev.t // EPOCH][2] += 1
                recent = (other for other in reversed(actor.bought) if actor.bought[other] >= ev.t - 180 * DAY)
                for other in itertools.islice(recent, 50):
                    self.pair("also-bought", item, other, ev.t)
            latest = max(ev.t, actor.bought.pop(item, ev.t))
            actor.bought[item] = latest

    def count_viewed(self, ev, session, bought):
        viewed = [item for item in itertools.islice(reversed(session.last_views), 21) if item != bought]
        for item in viewed[:20]:
            if (item, bought) not in session.counted and len(session.counted) < SESSION_PAIRS:
                session.counted.add((item, bought))
                self.pairs["viewed-then-bought"][item, bought, ev.t // EPOCH] += 1

    def sell(self, ev, actor, sign):
        self.go_on("units", ev, sign * sum(quantity for _, quantity, _ in ev.lines))
        self.go_on("revenue", ev, sign * sum(quantity * micros(price or 0) for _, quantity, price in ev.lines))
        for item, quantity, price in ev.lines:
            actor.units += sign * quantity
            actor.spend += sign * quantity * micros(price or 0)
            self.count(item, ev.t, "units", sign * quantity)
            self.count(item, ev.t, "revenue", sign * quantity * micros(price or 0))

    def count(self, item, t, column, amount):
        for bucket, span in (("hour", HOUR), ("day", DAY)):
            self.popularity[item, bucket, t // span * span][POPULARITY_COLUMNS.index(column)] += amount

    def pair(self, view, a, b, t):
        self.pairs[view][a, b, t // EPOCH] += 1
        self.pairs[view][b, a, t // EPOCH] += 1

    # ---- catalogue and stock ----

    def apply_catalog(self, key, value):
        if value is None:
            self.catalog.pop(key, None)
        else:
            self.catalog[value.get("itemId") or key] = value

    def apply_config(self, key, value, timestamp):
        if value is None:
            self.config.pop(key, None)
            return
        before, replaces, overrules = self.config.get(key), value.get("replaces"), value.get("overrules")
        overruled = overrules not in (None, NO_CHANGE) and overrules == (before or {}).get("changeId")
        if before and replaces is not None and replaces != before["revision"] and not overruled:
            return
        kind, _, name = key.partition("/")
        at = value.get("changedAt")
        at = timestamp or 0 if at is None else at
        self.config[key] = {"kind": kind, "id": name, "revision": min((at if replaces is None else replaces) + 1, 2 ** 53),
                            "changeId": value.get("changeId") or NO_CHANGE, "changedBy": value.get("changedBy") or "",
                            "changedAt": at, "document": value.get("document")}

    def apply_stock(self, key, value, timestamp):
        name = stock_name(key or "", value or {})
        as_of = timestamp if value is None or value.get("asOf") is None else parse_time(value["asOf"])
        if value is not None and value.get("asOf") is not None and timestamp is not None and as_of > timestamp + HOUR:
            raise NotAnEvent("time in future")
        before = self.stock.get(name, (None, None))[0]
        if value is None:
            self.stock[name] = (max(as_of, before, key=newness), None)
        elif newness(as_of) >= newness(before):
            self.stock[name] = (as_of, value)

    # ---- rows ----

    def rows(self, view, person_key=None):
        if self.watermark is None and view in COUNTING_VIEWS:
            return []
        if view == "popularity":
            return self.popularity_rows()
        if view in PAIR_VIEWS:
            return [{"itemId": a, "with": b, "epoch": epoch, "count": n}
                    for (a, b, epoch), n in sorted(self.pairs[view].items()) if self.epoch_alive(epoch)]
        if view == "item-totals":
            return [{"itemId": item, "epoch": epoch, **dict(zip(TOTALS_COLUMNS, figures))}
                    for (item, epoch), figures in sorted(self.totals.items()) if self.epoch_alive(epoch)]
        if view == "searched-then-bought":
            return [{"query": query, "itemId": item, "epoch": epoch, **dict(zip(("clicks", "orders"), figures))}
                    for (query, item, epoch), figures in sorted(self.searched.items())
                    if self.epoch_alive(epoch) and len(self.searchers[query]) >= 5]
        if view == "traffic":
            return [{"start": start, **{name: figures[name] for name in TRAFFIC_COLUMNS[:-1]},
                     "revenue": money(figures["revenue"])}
                    for start, figures in sorted(self.traffic.items())
                    if start >= (self.watermark // DAY - 399) * DAY]
        if view == "actor-days":
            return self.actor_day_rows(person_key)
        if view == "revisits":
            return [dict(zip(("distance", "seen", "items", "last", "chances", "hits"), (*cell, *figures)))
                    for cell, figures in sorted(self.revisits.items())]
        if view in ("engagement", "engagement-items", "experiment-people"):
            return self.engagement_rows(view)
        if view == "history":
            return self.history_rows(person_key)
        if view == "profile":
            rows = [{"actor": hash_of(person_key, *actor), "first": state.times[0], "last": state.times[1],
                     "orders": state.orders_n, "units": state.units, "spend": money(state.spend)}
                    for actor, state in self.actors.items() if state.times]
            return sorted(rows, key=lambda row: row["actor"])
        if view == "countries":
            rows = [{"actor": hash_of(person_key, *actor), "country": state.country}
                    for actor, state in self.actors.items() if state.country]
            return sorted(rows, key=lambda row: row["actor"])
        if view == "redemptions":
            return self.redemption_rows(person_key)
        if view == "sessions":
            return self.session_rows(person_key)
        if view == "item-sessions":
            return self.item_session_rows(person_key)
        if view == "identity":
            return self.identity_rows(person_key)
        if view == "catalog":
            return [{**value, "itemId": item} for item, value in sorted(self.catalog.items())]
        if view == "stock":
            return [self.stock_row(*entry) for entry in sorted(self.stock.items()) if entry[1][1] is not None]
        if view == "segment-members":
            return [{"segment": segment, "actor": actor} for segment, users in sorted(self.members.items())
                    for actor in sorted(hash_of(person_key, "u", user) for user in users)]
        if view == "config":
            return [row for _, row in sorted(self.config.items()) if row["document"] is not None]
        raise KeyError(view)

    def actor_day_rows(self, person_key):
        nothing, ret = collections.Counter(), []
        credited = self.engagement.days if self.engagement else {}
        for actor, start in self.actor_days.keys() | {key for key, row in credited.items() if set(row) != {"carts"}}:
            did, led = self.actor_days.get((actor, start), nothing), credited.get((actor, start), nothing)
            if start >= (self.watermark // DAY - 399) * DAY:
                ret.append({"actor": hash_of(person_key, *actor), "start": start, "came": did["actors"],
                            "sessions": did["sessions"], "orders": did["orders"], "impressions": led["impressions"],
                            "clicks": led["clicks"], "recommendedOrders": led["orders"],
                            "revenue": money(did["revenue"]), "recommendedRevenue": money(led["revenue"])})
        return sorted(ret, key=lambda row: (row["actor"], row["start"]))

    def engagement_rows(self, view):
        if not self.engagement:
            return []
        rows = {"engagement": self.engagement.hour_rows, "engagement-items": self.engagement.item_rows,
                "experiment-people": self.engagement.people_rows}[view]
        return sorted(rows(self.watermark or 0, money), key=lambda row: json.dumps(row, default=str))

    def epoch_alive(self, epoch):
        return epoch > self.watermark // EPOCH - 6

    def popularity_rows(self):
        first = {"hour": (self.watermark // HOUR - 359) * HOUR, "day": (self.watermark // DAY - 399) * DAY}
        ret = []
        for (item, bucket, start), figures in sorted(self.popularity.items()):
            if start >= first[bucket]:
                row = {"itemId": item, "bucket": bucket, "start": start, **dict(zip(POPULARITY_COLUMNS, figures))}
                row["revenue"] = money(row["revenue"])
                ret.append(row)
        return ret

    @staticmethod
    def stock_row(name, entry):
        (item, place), (as_of, value) = name, entry
        row = {**value, "itemId": item, **({"location": place} if place else {})}
        return row if as_of is None else {**row, "asOf": time_text(as_of)}

    def history_rows(self, person_key):
        ret = []
        for actor, state in self.actors.items():
            for t, _, ev, (item, quantity, price) in sorted(state.history, key=lambda row: row[:2])[-256:]:
                row = {"actor": hash_of(person_key, *actor), "type": ev.type, "itemId": item, "t": t}
                if ev.session_id is not None:
                    row["sessionId"] = ev.session_id
                if ev.order_id is not None:
                    row["orderId"] = ev.order_id
                row["quantity"] = quantity
                if price is not None:
                    row["price"] = money(micros(price))
                ret.append(row)
        return sorted(ret, key=lambda row: (row["actor"], row["t"], row["type"], row["itemId"]))

    def remembered_sessions(self):
        return [viewed for viewed in self.sessions if viewed.last() >= self.watermark - 90 * DAY]

    def session_rows(self, person_key):
        ret = [{"session": viewed.hash(person_key), "actor": hash_of(person_key, *viewed.actor),
                "last": viewed.last(), "items": [item for item, _, _ in viewed.views]}
               for viewed in self.remembered_sessions()]
        return sorted(ret, key=lambda row: (row["session"], row["last"]))

    def item_session_rows(self, person_key):
        by_item = collections.defaultdict(list)
        for viewed in self.remembered_sessions():
            session = viewed.hash(person_key)
            for item, t, position in viewed.views:
                by_item[item].append((t, position, session))
        return [{"itemId": item, "sessions": [{"session": session, "position": position, "t": t}
                                              for t, position, session in sorted(entries, reverse=True)[:1000]]}
                for item, entries in sorted(by_item.items())]

    def redemption_rows(self, person_key):
        ret = []
        for offer, people in sorted(self.redeemed.items()):
            ret.append({"offerId": offer, "orders": sum(map(len, people.values())), "people": len(people)})
            ret += [{"offerId": offer, "actor": hash_of(person_key, *actor), "orders": len(times), "last": max(times)}
                    for actor, times in people.items()]
        return ret

    def identity_rows(self, person_key):
        by_user = collections.defaultdict(list)
        for visitor, (t, users) in self.links.items():
            user = max(hash_of(person_key, "u", user) for user in users)
            by_user[user].append((-t, hash_of(person_key, "v", visitor)))
        ret = []
        for user, visitors in by_user.items():
            for back, visitor in sorted(visitors)[:16]:
                ret.append({"visitor": visitor, "user": user, "t": -back})
        return sorted(ret, key=lambda row: row["visitor"])


def hash_of(person_key, kind, raw_id):
    """As stored: hex of BLAKE2b-128 keyed with the store's person.key."""
    return hashlib.blake2b((kind + raw_id).encode(), digest_size=16, key=person_key).hexdigest()


def read_lines(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as f:
        for line in f:
            if line.strip():
                yield line


def compute(paths, topics=None, person_key=None):
    shop = Shop(topics, person_key)
    for path in paths:
        for line in read_lines(path):
            shop.feed(line, path)
    return shop


class RowEncoder(json.JSONEncoder):
    def default(self, o):
        return float(o) if isinstance(o, decimal.Decimal) else super().default(o)


def dumps(row):
    return json.dumps(row, cls=RowEncoder, ensure_ascii=False, separators=(",", ":"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("view", choices=["all", *COUNTING_VIEWS, *OTHER_VIEWS])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--key", help="file with the store's person key, for views with hashes")
    parser.add_argument("--topic-events", default="shop.events")
    parser.add_argument("--topic-catalog", default="shop.catalog")
    parser.add_argument("--topic-stock", default="shop.stock")
    parser.add_argument("--topic-config", default="aisle.config")
    args = parser.parse_args()
    person_key = None
    if args.key:
        with open(args.key, "rb") as f:
            person_key = f.read()
    shop = compute(args.files, {"events": args.topic_events, "catalog": args.topic_catalog, "stock": args.topic_stock,
                                "config": args.topic_config}, person_key)
    views = [args.view]
    if args.view == "all":
        views = COUNTING_VIEWS + (OTHER_VIEWS if person_key else PLAIN_VIEWS)
    elif args.view in PERSON_VIEWS and not person_key:
        parser.error(f"{args.view} needs --key")
    for view in views:
        for row in shop.rows(view, person_key):
            print(dumps({"view": view, **row} if args.view == "all" else row))
    print(f"batch.py: {shop.applied} events, {shop.duplicates} duplicates, left out {dict(shop.left_out)}",
          file=sys.stderr)


if __name__ == "__main__":
    main()
