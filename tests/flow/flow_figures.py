#!/usr/bin/python3
"""The figures of the API are the truth of a simulation: every count exactly, rates as far as chance allows; the same from a
replay, and from partitions in any order."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import base64  # noqa: E402
import csv  # noqa: E402
import decimal  # noqa: E402
import harness  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import math  # noqa: E402

from harness import AISLE, check, digests_of, poll, run, say, sets, store_with_key  # noqa: E402

EVENTS = int(os.environ.get("FLOW_FIGURES_EVENTS", "16000"))
PERIOD = {"from": "2024-01-01", "to": "2024-02-01"}
CREDIT = ("impressions", "clicks", "carts", "orders", "units", "revenue")
SHOP = ("views", "carts", "orders", "units", "revenue")
VIEWS = ("engagement", "engagement-items", "experiment-people", "traffic", "actor-days")


def simulate(t, key):
    """(path, truth)"""
    path, truth = t.path("events.ndjson"), t.path("truth.json")
    run([AISLE, "simulate", "--events", str(EVENTS), "--seed", str(t.seed), "--items", "300", "--users", str(EVENTS // 80), "--days", "20",
         "--catalog", "--recommendations", "--truth", truth, "--to-file", path, "--set", f"person.key.file={key}"])
    with open(truth, encoding="utf-8") as f:
        return path, json.load(f, parse_float=decimal.Decimal)


def figures_of(rows, names, figures):
    """{names: figures}, money as a number of its own kind; what is all zero is left out."""
    ret = {tuple(row[name] for name in names): tuple(decimal.Decimal(str(row[figure])) for figure in figures)
           for row in rows}
    return {key: value for key, value in ret.items() if any(value)}


def expect_equal(what, expected, have):
    wrong = [key for key in expected.keys() | have.keys() if expected.get(key) != have.get(key)]
    check(not wrong, f"{what}: {len(wrong)} of {len(expected)} rows differ, e.g. {wrong[:2]}: "
                     f"{[(expected.get(key), have.get(key)) for key in wrong[:2]]}")


def summed(figures):
    return tuple(map(sum, zip(*figures.values())))


def check_counts(aisle, truth):
    names = ("scenario", "strategy", "variant", "start")
    expected = figures_of(truth["rows"], names, CREDIT)
    check(len(expected) > 100 and all(summed(expected)), f"the simulation made too little: {len(expected)} rows")
    answer = aisle.good("/v1/analytics/strategies", by="scenario,strategy,variant,hour", **PERIOD)
    expect_equal("strategies", expected, figures_of(answer["rows"], names, CREDIT))
    total = tuple(decimal.Decimal(str(answer["total"][name])) for name in CREDIT)
    check(total == summed(expected), f"the total is {total}, not {summed(expected)}")
    by_day = aisle.good("/v1/analytics/strategies", by="day", **PERIOD)["rows"]
    check(summed(figures_of(by_day, ("start",), CREDIT)) == total, "days do not add up to the total")
    table = list(csv.DictReader(io.StringIO(aisle.good("/v1/analytics/strategies", by="strategy", format="csv", **PERIOD))))
    check(sum(int(row["clicks"]) for row in table) == total[1], f"the CSV is {table}")
    categories = aisle.good("/v1/analytics/categories", **PERIOD)
    check(tuple(decimal.Decimal(str(categories["total"][name])) for name in CREDIT) == total, "categories: another total")
    say(f"{len(expected)} rows of what recommendations led to, each as in the truth: {dict(zip(CREDIT, map(str, total)))}")
    return total


def coverage_of(aisle):
    """{strategy: itemsShown}, None: of all. The catalogue has all that is shown."""
    answer = aisle.good("/v1/analytics/strategies", by="strategy", **PERIOD)
    return {row["strategy"]: row["itemsShown"] for row in answer["rows"]} | {None: answer["total"]["itemsShown"]}


def check_coverage(store, have):
    seen = {}
    for row in harness.rows_of(store, "engagement-items"):
        if row["impressions"]:
            for key in (row["strategy"], None):
                seen.setdefault(key, set()).add(row["itemId"])
    expected = {key: len(items) for key, items in seen.items()}
    check(expected and have == expected, f"items shown: {have}, not {expected}")


def check_shop(aisle, truth, credited):
    expected = figures_of(truth["shop"], ("start",), SHOP)
    sales = aisle.good("/v1/analytics/sales", by="hour", **PERIOD)
    visits = aisle.good("/v1/analytics/engagement", by="hour", **PERIOD)
    have = {row["start"]: row for row in sales["rows"]}
    for row in visits["rows"]:
        check(row["orders"] == have[row["start"]]["orders"], f"{row} and {have[row['start']]}")
        have[row["start"]].update(row)
    expect_equal("sales and engagement", expected, figures_of(have.values(), ("start",), SHOP))
    check(decimal.Decimal(str(sales["recommended"]["revenue"])) == credited[5], f"{sales['recommended']}")
    say(f"{len(expected)} hours of the shop, each as in the truth; {sales['recommended']['share']:.0%} recommended")


SEGMENTS = {"many": "orders >= 3", "few": "orders < 3", "spends": "spend > 200 and orders >= 2"}


def people_of(path):
    """{person: [orders, spend]} of all that did something, from the events of the file: a user with the visitors linked to it."""
    with open(path, encoding="utf-8") as f:
        events = {ev["eventId"]: ev for ev in map(json.loads, f) if "eventId" in ev}.values()
    users, people, orders = {}, {}, set()
    for ev in events:
        if ev.get("userId") and ev.get("visitorId"):
            users[ev["visitorId"]] = max(users.get(ev["visitorId"], ("",)), (ev["eventTime"], ev["userId"]))
    for ev in events:
        if ev["type"] == "impression":
            continue
        user = ev.get("userId") or users.get(ev["visitorId"], (None, None))[1]
        person = people.setdefault(user or ("visitor", ev["visitorId"]), [0, decimal.Decimal(0)])
        order = (ev.get("userId") or ev["visitorId"], ev.get("orderId"))
        if ev["type"] == "purchase" and order not in orders:
            orders.add(order)
            person[0] += 1
        if ev["type"] in ("purchase", "return"):
            sign = 1 if ev["type"] == "purchase" else -1
            person[1] += sign * sum(line["quantity"] * decimal.Decimal(str(line["price"])) for line in ev["items"])
    return people


def check_segments(aisle, path, credited):
    """The whole of the simulation is in the period, so that what a person did in it is what is known of it."""
    for id, condition in SEGMENTS.items():
        status, answer = harness.http("PUT", f"{aisle.url}/v1/segments/{id}", {"filter": condition})
        check(status == 200, f"{id}: {status} {answer}")
    people = people_of(path)
    holds = {"many": lambda n, spend: n >= 3, "few": lambda n, spend: n < 3, "spends": lambda n, spend: spend > 200 and n >= 2}
    answer = aisle.good("/v1/analytics/segments", **PERIOD)
    have = {row["segment"]: row for row in answer["rows"]}
    for id, is_in in holds.items():
        them = [(n, spend) for n, spend in people.values() if is_in(n, spend)]
        expected = (len(them), sum(n > 0 for n, _ in them), sum(n for n, _ in them), sum(spend for _, spend in them))
        got = tuple(decimal.Decimal(str(have[id][name])) for name in ("people", "buyers", "orders", "revenue"))
        check(got == expected and len(them) > 5, f"{id}: {got}, not {expected}")
    for name, total in (("impressions", 0), ("clicks", 1), ("recommendedOrders", 3), ("recommendedRevenue", 5)):
        parts = sum(decimal.Decimal(str(have[id][name])) for id in ("many", "few", None))
        check(parts == credited[total] == decimal.Decimal(str(answer["total"][name])), f"{name}: {parts}, {credited[total]}")
    sales = aisle.good("/v1/analytics/sales", **PERIOD)["total"]
    check(all(answer["total"][name] == sales[name] for name in ("orders", "revenue")), f"{answer['total']} and {sales}")
    say(f"{len(people)} people by segment, as in the events: { {id: have[id]['people'] for id in holds} }")


def check_rates(truth):
    """Clicks of all answers lie where their probabilities say, within 5 standard deviations."""
    chances = {(row["scenario"], row["strategy"], row["variant"]): float(row["click"]) for row in truth["probabilities"]}
    clicks = expected = variance = 0
    for row in truth["rows"]:
        p = chances[row["scenario"], row["strategy"], row["variant"]]
        clicks += row["clicks"]
        expected += row["impressions"] * p
        variance += row["impressions"] * p * (1 - p)
    check(abs(clicks - expected) < 5 * math.sqrt(variance) + 0.02 * expected, f"{clicks} clicks, {expected:.0f} expected")


def check_experiment(store, truth):
    have = {}
    for row in harness.rows_of(store, "experiment-people"):
        people = have.setdefault(f"{row['experiment']}/{row['variant']}", [0] * 5)
        for at, amount in enumerate((1, row["impressions"], row["clicks"], row["orders"], row["revenue"])):
            people[at] += amount
    expected = {row["variant"]: [row[name] for name in ("people", "impressions", "clicks", "orders", "revenue")]
                for row in truth["experiments"]}
    check(expected and have == expected, f"people of the experiment: {have}, not {expected}")
    say(f"{sum(row['people'] for row in truth['experiments'])} people of an experiment, as in the truth")


def check_refused(aisle, truth):
    metrics = aisle.metrics()
    have = {reason: metrics.get(f'aisle_attribution_refused_total{{reason="{reason}"}}') for reason in truth["refused"]}
    check(have == truth["refused"], f"refused {have}, not {truth['refused']}")
    check(sum(have.values()) > 0, "no id was to be refused")
    say(f"ids that count nowhere: {truth['refused']}")


def check_again(t, topics, lines, store, key):
    digests = digests_of(store, VIEWS)
    run([AISLE, "replay", "--from", "earliest", "--store", store, *sets({"store.mapSize": "4g", **topics.settings()})])
    check(digests_of(store, VIEWS) == digests, "the replay has other digests")
    files = {}
    for text in lines:
        record = json.loads(text)
        if record["topic"] == topics.events:
            files.setdefault(record["partition"], []).append(base64.b64decode(record["value"]))
    paths = []
    for partition, values in files.items():
        paths.append(t.path(f"partition-{partition}.ndjson"))
        with open(paths[-1], "wb") as out:
            out.write(b"\n".join(values) + b"\n")
    t.random.shuffle(paths)
    shuffled = store_with_key(t.path("shuffled"), key)
    run([AISLE, "replay", "--from-file", *paths, "--store", shuffled, "--set", "store.mapSize=4g"])
    check(digests_of(shuffled, VIEWS) == digests, f"digests of {paths} differ")
    say("a replay, and its partitions one after the other, have the same digests")


def flow(t):
    key = t.random.randbytes(32)
    store = store_with_key(t.path("store"), key)
    path, truth = simulate(t, os.path.join(store, "person.key"))
    topics = t.topics()
    lines = harness.log_lines(path, topics)
    topics.produce(lines)
    aisle = t.aisle("run", store=store, settings=topics.settings())
    aisle.wait_ready()
    aisle.wait_caught_up(topics)
    poll("the catalogue", lambda: aisle.good("/v1/analytics/categories", **PERIOD)["items"] == 300)
    credited = check_counts(aisle, truth)
    check_shop(aisle, truth, credited)
    check_segments(aisle, path, credited)
    check_rates(truth)
    check_refused(aisle, truth)
    covered = coverage_of(aisle)
    aisle.stop()
    check_coverage(store, covered)
    check_experiment(store, truth)
    check_again(t, topics, lines, store, key)


if __name__ == "__main__":
    harness.main(flow)
