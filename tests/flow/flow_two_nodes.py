#!/usr/bin/python3
"""Two nodes on one log, one that followed it and one that read each partition wholly before the next, give the same lists."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
from harness import check, poll, say  # noqa: E402

EVENTS, PARTITIONS, ASKED = 8000, 4, 6


def request(t, about, people, items):
    """What the strategy or placement reads, as GET /v1/strategies tells it."""
    reads = set(about["inputs"])
    asked = {"count": t.random.choice((5, 10, 20)), "explain": "true"}
    if reads & {"userId", "visitorId"}:
        name = t.random.choice(people)
        asked["userId" if "userId" in name else "visitorId"] = next(iter(name.values()))
    if "itemIds" in reads:
        asked["itemIds"] = ",".join(t.random.sample(items, t.random.choice((1, 2))))
    if "sessionItems" in reads and t.random.random() < 0.7:
        asked["sessionItems"] = ",".join(t.random.sample(items, 3))
    if "category" in about["required"]:
        asked["category"] = about["category"]
    if "query" in reads:
        asked["query"] = about["query"]
    if "context" in about["required"]:
        asked["country"] = "DE"
    return asked


def same(nodes, path, asked):
    """What both say, or None; lists are ranked anew within rank.refresh."""
    one, other = (node.good(path, **asked) for node in nodes)
    one, other = ({name: answer[name] for name in ("items", "asOf", "fallback")} for answer in (one, other))
    return one if one == other else None


def by_partition(lines):
    """The same log with each partition wholly before the next; what has none, the catalogue, first."""
    return sorted(lines, key=lambda text: json.loads(text).get("partition") or 0)


def flow(t):
    path = t.path("shop.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    with open(path, encoding="utf-8") as raw:
        values = [json.loads(text) for text in raw]
    events = [value for value in values if "type" in value]
    records = [value["value"] for value in values if value.get("topic", "").endswith("catalog")]
    people = [{name: event[name]} for event in events[-400:] for name in ("userId", "visitorId") if name in event]
    items = sorted({event["itemId"] for event in events if "itemId" in event})
    about = {"category": records[0]["categories"][0],
             "query": next(event["query"] for event in events if "query" in event)}

    nodes, key = [], os.urandom(32)
    for name, order in (("followed", list), ("read", by_partition)):
        topics = t.topics(PARTITIONS, suffix=f"-{name}")
        lines = order(harness.log_lines(path, topics, PARTITIONS))
        nodes.append(t.aisle("run", store=harness.store_with_key(t.path(name), key),
                             settings={**topics.settings(), "rank.refresh": "100ms"}))
        nodes[-1].wait_ready()
        for start in range(0, len(lines), 2000):
            topics.produce(lines[start:start + 2000])
            nodes[-1].wait_caught_up(topics)
    told = nodes[0].good("/v1/strategies")
    listed, names = 0, [("strategies", row) for row in told["strategies"]] + [("scenarios", row) for row in told["scenarios"]]
    for kind, row in names:
        for _ in range(ASKED):
            asked = request(t, {**row, **about}, people, items)
            where = f"/v1/recommendations/{row['slug']}"
            answer = poll(f"{kind} {row['slug']} {asked}", lambda: same(nodes, where, asked), 10)
            listed += len(answer["items"])
    check(listed > 500, f"{listed} items")
    say(f"{len(names) * ASKED} lists of {len(names)} strategies and placements, {listed} items with their scores and reasons: "
        "the same from both")


if __name__ == "__main__":
    harness.main(flow)
