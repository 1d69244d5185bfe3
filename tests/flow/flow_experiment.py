#!/usr/bin/python3
"""Two nodes on one log put everybody into the same variant, show what it says, and report what happened to the last click."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import time  # noqa: E402

from harness import check, line, poll, say  # noqa: E402

PEOPLE = 150
EXPERIMENT = {"status": "running", "placements": ["home"], "traffic": 80, "holdout": 20, "minimumPeople": 30, "minimumDays": 0,
              "variants": [{"name": "as-is", "weight": 1},
                           {"name": "sellers", "weight": 1, "scenario": {"chain": [{"strategy": "best-sellers"}]}}],
              "allowList": [{"userId": "boss", "variant": "sellers"}]}
COUNTS = ("people", "buyers", "sessions", "impressions", "clicks", "orders", "revenue")


def put(topics, document, change):
    value = {"changeId": f"{change:016x}", "changedBy": "flow", "document": document}
    topics.produce([line(topics.config, value, "experiment/layout")])


def event(person, kind, **members):
    return {"type": kind, "userId": person, "eventId": f"{kind}-{person}-{time.monotonic_ns()}", **members}


def post(aisle, events):
    for part in range(0, len(events), 100):
        status, answer = aisle.request("POST", "/v1/events", events[part:part + 100])
        check(status == 200 and answer["refused"] == 0, f"POST /v1/events: {status} {answer}")


def ask(aisle, person):
    return aisle.good("/v1/recommendations/home", userId=person, count=5)


def variant_of(answer):
    return (answer["variant"] or "/").split("/")[1]


def check_both(nodes, person):
    """The first node's answer, after it was compared with the other's."""
    one, other = (ask(node, person) for node in nodes)
    for name in ("variant", "asOf", "items", "fallback"):
        check(one[name] == other[name], f"{person}, {name}: {one[name]} and {other[name]}")
    strategies = {item["strategy"] for item in one["items"]}
    check(one["items"], f"{person}: nothing to show")
    check((strategies == {"best-sellers"}) == (variant_of(one) == "sellers"), f"{person}: {one['variant']} {strategies}")
    return one


def live(t, person, answer, truth):
    """Events of somebody who was shown the answer; what they add up to is added to the truth of its variant."""
    items, token = [item["itemId"] for item in answer["items"]], answer["recommendationId"]
    events = [event(person, "impression", recommendationId=token, items=[{"itemId": item} for item in items])]
    clicked = [item for item in items if t.random.random() < 0.4]
    events += [event(person, "click", recommendationId=token, itemId=item) for item in clicked]
    events += [event(person, "click", recommendationId=token, itemId=item) for item in clicked[:1]]  # counts once
    orders = t.random.choice((0, 0, 1, 2))
    events += [event(person, "purchase", orderId=f"{person}-{i}", currency="EUR",
                     items=[{"itemId": "p1", "quantity": 2, "price": 10.25}]) for i in range(orders)]
    if answer["variant"]:
        row = truth.setdefault(variant_of(answer), dict.fromkeys(COUNTS, 0))
        for name, n in (("people", 1), ("buyers", min(orders, 1)), ("sessions", 1), ("impressions", len(items)),
                        ("clicks", len(clicked)), ("orders", orders), ("revenue", 20.5 * orders)):
            row[name] += n
    return events


def report_is(node, truth):
    report = node.good("/v1/analytics/experiments/layout")
    found = {row["name"]: {name: row[name] for name in COUNTS} for row in report["variants"]}
    return report if found == truth else None


def flow(t):
    topics = t.topics()
    topics.produce([line(topics.catalog, {"itemId": f"p{i}", "title": f"Thing {i}", "price": 10.25}, f"p{i}") for i in range(1, 9)])
    settings = {**topics.settings(), "person.key.file": t.path("person.key"), "rank.refresh": "200ms"}
    nodes = []
    for name in ("one", "other"):
        nodes.append(t.aisle("run", store=t.path(name), settings=settings))
        nodes[-1].wait_ready()
    events = [event(f"seed{i}", "purchase", orderId=f"seed{i}", currency="EUR",
                    items=[{"itemId": f"p{1 + i % 8}", "quantity": 1, "price": 10.25}]) for i in range(40)]
    post(nodes[0], events)
    put(topics, EXPERIMENT, 1)
    for node in nodes:
        poll("something to show", lambda n=node: len(ask(n, "boss")["items"]) == 5, 20)
        poll("the experiment", lambda n=node: ask(n, "boss")["variant"] == "layout/sellers", 20)
        poll("all that was sold", lambda n=node: sum(it["score"] for it in n.good("/v1/best-sellers")["items"]) == len(events), 20)

    truth, events = {}, []
    for i in range(PEOPLE):
        events += live(t, f"u{i}", check_both(nodes, f"u{i}"), truth)
    events += live(t, "boss", check_both(nodes, "boss"), {})
    stolen = check_both(nodes, "u0")["recommendationId"]
    events.append(event("thief", "impression", recommendationId=stolen, items=[{"itemId": "p1"}]))
    check(set(truth) == {"as-is", "sellers", "holdout"}, f"variants {set(truth)}")
    post(nodes[0], events)

    def reported():
        both = [report_is(node, truth) for node in nodes]
        return both[0] and both[0] == both[1] and both

    # a node may still be about to read the last event, which counts nowhere
    reports = poll("one report of both nodes that is the truth", reported, 20)
    check(reports[0]["people"] == sum(row["people"] for row in truth.values()), "people are not those of the variants")
    put(topics, {**EXPERIMENT, "status": "stopped", "allowList": []}, 2)
    for node in nodes:
        poll("the end of the experiment", lambda n=node: all(ask(n, f"u{i}")["variant"] is None for i in range(9)), 20)
    say(f"{reports[0]['people']} of {PEOPLE} people in {len(truth)} groups, the same lists on two nodes: {reports[0]['why']}")


harness.main(flow)
