"""How well a basket is completed: one item of each later order is hidden, and asked for over HTTP.

The oldest 80 % of the orders of a real shop (online-retail.tsv.gz: UCI Online Retail) are learnt by `aisle replay
--from-file`; of each later order one item, chosen at random, is hidden and the rest is the basket that is asked about. For a
customer who is known, what is new in the first later order is what a list for that person should find.
"""
import csv
import datetime
import gzip
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time

from machine import percentile

ITEMS_MAX = 100 # itemIds of a request
COUNT = 20
LEARNT = 0.8
STRATEGIES = ("cart-cross-sell", "frequently-bought-together", "also-bought", "best-sellers")
PERSONAL = ("recommended-for-you", "best-sellers")


def orders_of(path):
    """(time, order, customer, {item: (units, price)}), oldest first; cancellations and returns left out."""
    orders = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            number, units = line["invoiceNo"], int(line["quantity"])
            if number.startswith("C") or units <= 0:
                continue
            at = datetime.datetime.strptime(line["invoiceDate"] + "+0000", "%Y-%m-%d %H:%M:%S%z")
            order = orders.setdefault(number, (int(at.timestamp() * 1000), number, line["customerId"], {}))
            order[3].setdefault(line["stockCode"], (min(units, 10000), float(line["unitPrice"])))
    return sorted(orders.values(), key=lambda order: order[0])


def event_of(order):
    at_ms, number, customer, items = order
    event = {"eventId": f"order-{number}", "type": "purchase", "eventTime": at_ms, "orderId": number, "currency": "GBP",
             "items": [{"itemId": item, "quantity": units, "price": max(price, 0)}
                       for item, (units, price) in items.items()]}
    event["userId" if customer else "visitorId"] = customer or f"guest-{number}"
    return event


def baskets_of(orders, chance):
    """({hidden item}, request) of each order with at least two items."""
    for order in orders:
        items = list(order[3])
        if len(items) > 1:
            hidden = chance.choice(items)
            yield {hidden}, {"itemIds": [item for item in items if item != hidden][:ITEMS_MAX]}


def people_of(learnt, later):
    """({what is new to the customer}, request) of each known customer's first later order."""
    known = {}
    for _, _, customer, items in learnt:
        if customer:
            known.setdefault(customer, set()).update(items)
    for _, _, customer, items in later:
        new = set(items) - known.pop(customer, set(items))
        if new:
            yield new, {"userId": customer}


class Server:
    """`aisle serve` (or `run`) on a store of its own."""

    def __init__(self, aisle, store, settings=None, command="serve"):
        pairs = {"store.path": store, "http.listen": "127.0.0.1:0", **(settings or {})}
        sets = [word for key, value in pairs.items() for word in ("--set", f"{key}={value}")]
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen([aisle, command, *sets], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=self.log)
        try:
            self.connection = http.client.HTTPConnection(self._address(), timeout=60)
        except RuntimeError:
            self.process.kill()
            raise

    def _address(self):
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            self.log.seek(0)
            for line in self.log:
                if "ready: http://" in line:
                    return line.split("ready: http://")[1].strip()
            time.sleep(0.05)
        self.log.seek(0)
        raise RuntimeError(f"aisle serve does not get ready: {self.log.read()[-1000:]}")

    def post(self, path, value):
        """What the answer says, which must be 200. A connection that was closed for its idleness is opened again."""
        body = json.dumps(value)
        for attempt in range(2):
            try:
                self.connection.request("POST", path, body, {"content-type": "application/json"})
                answer = self.connection.getresponse()
                break
            except ConnectionError:
                self.connection.close()
                if attempt:
                    raise
        said = json.loads(answer.read())
        if answer.status != 200:
            raise RuntimeError(f"POST {path}: {answer.status} {said}")
        return said

    def ask(self, strategy, request):
        return self.post(f"/v1/recommendations/{strategy}", request)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.connection.close()
        if kind and self.process.poll() is not None:
            self.log.seek(0)
            print(f"aisle ended with {self.process.returncode}: {self.log.read()[-2000:]}", file=sys.stderr)
        self.process.terminate()
        self.process.wait()
        self.log.close()


def learn(aisle, store, orders, directory):
    path = os.path.join(directory, "orders.ndjson")
    with open(path, "w", encoding="utf-8") as file:
        for order in orders:
            file.write(json.dumps(event_of(order)) + "\n")
    done = subprocess.run([aisle, "replay", "--set", f"store.path={store}", "--from-file", path], check=False,
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"aisle replay ended with {done.returncode}: {done.stderr[-1000:]}")


def measure(server, strategy, cases, sold):
    """HR@20: lists with something that was wanted; MRR@20: one by the place of the first such; coverage: share of the items sold that were in some list; popularity: mean place of what is shown among
    all items by orders, 0 the most sold; latency as the client sees it."""
    hits = ranks = 0
    shown, places, took = set(), [], []
    by_orders = sorted(sold, key=lambda item: -sold[item])
    place = {item: at / len(by_orders) for at, item in enumerate(by_orders)}
    for wanted, request in cases:
        request = {"count": COUNT} | (request if strategy != "best-sellers" else {})
        start = time.perf_counter()
        ids = [item["itemId"] for item in server.ask(strategy, request)["items"]]
        took.append(time.perf_counter() - start)
        shown.update(ids)
        places += [place.get(item, 1) for item in ids]
        first = next((at for at, item in enumerate(ids) if item in wanted), None)
        if first is not None:
            hits += 1
            ranks += 1 / (first + 1)
    return {"strategy": strategy, "cases": len(cases), "hr": hits / len(cases), "mrr": ranks / len(cases),
            "coverage": len(shown & set(sold)) / len(sold), "popularity": sum(places) / max(len(places), 1),
            "p50_ms": percentile(took, 0.5) * 1e3, "p99_ms": percentile(took, 0.99) * 1e3}


def quality(aisle, path, seed=1, strategies=STRATEGIES, personal=PERSONAL):
    """One row a strategy, and one for each that is asked about people."""
    orders = orders_of(path)
    cut = int(len(orders) * LEARNT)
    cases = list(baskets_of(orders[cut:], random.Random(seed)))
    people = list(people_of(orders[:cut], orders[cut:]))
    sold = {}
    for order in orders[:cut]:
        for item in order[3]:
            sold[item] = sold.get(item, 0) + 1
    with tempfile.TemporaryDirectory() as directory:
        store = os.path.join(directory, "store")
        learn(aisle, store, orders[:cut], directory)
        with Server(aisle, store) as server:
            rows = [measure(server, strategy, cases, sold) for strategy in strategies]
            for strategy in personal:
                row = measure(server, strategy, people, sold)
                rows.append(row | {"strategy": f"{strategy}, new in the next order of a customer"})
            return rows


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: baskets.py AISLE online-retail.tsv.gz [SEED]")
    for row in quality(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1):
        print("  ".join(f"{key} {value:.4f}" if isinstance(value, float) else f"{key} {value}"
                        for key, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
