#!/usr/bin/python3
"""next-in-session's scores beside a program that computes them the slow and obvious way, over HTTP."""
import json
import os
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "reference")]

import harness  # noqa: E402
import next_in_session as reference  # noqa: E402
from harness import check, say  # noqa: E402

START, EVERY_MS = 1_700_000_000_000, 60_000
KAPPA = 0.9
SESSIONS, ITEMS, CASES = 400, 60, 60
# scores are printed with 9 digits, and rates are kept as float
TOLERANCE = 1e-6


def item(t):
    """Few items are in most sessions."""
    return f"item {int(ITEMS * t.random.random() ** 2)}"


def session(t, number):
    views = []
    for _ in range(t.random.randrange(60, 90) if number % 50 == 0 else t.random.randrange(1, 13)):
        chance = t.random.random()
        views.append(views[-1] if views and chance < 0.1 else t.random.choice(views) if views and chance < 0.2 else item(t))
    return views


def log(t, index, path):
    """Sessions of which some go on while others begin; each visitor has two, told apart by their ids."""
    running, begun, at = [], 0, 0
    with open(path, "w", encoding="utf-8") as out:
        while running or begun < SESSIONS:
            if begun < SESSIONS and (not running or t.random.random() < 0.15):
                running.append((begun, session(t, begun)))
                begun += 1
            place = t.random.randrange(len(running))
            number, left = running[place]
            viewed = left.pop(0)
            if not left:
                running.pop(place)
            index.view(number, viewed, START + at * EVERY_MS)
            out.write(json.dumps({"eventId": f"e{at}", "type": "view", "eventTime": START + at * EVERY_MS, "itemId": viewed,
                                  "visitorId": f"v{number // 2}", "sessionId": f"s{number % 2}"}) + "\n")
            at += 1


def compare(what, answer, expected, df):
    expected = {name: score for name, score in expected.items() if score > 0}
    listed = answer["items"]
    best = sorted(expected.values(), reverse=True)[:100]
    check(len(listed) == len(best), f"{what}: {len(listed)} items, {len(best)} expected")
    for place, (row, score) in enumerate(zip(listed, best)):
        for other in (expected[row["itemId"]], score):
            check(abs(row["score"] - other) <= TOLERANCE * other, f"{what}: place {place}: {row}, expected {other}")
        check(row["strategy"] == "next-in-session" and row["reason"], f"{what}: {row}")
    order = [(-row["score"], -df[row["itemId"]], row["itemId"].encode()) for row in listed]
    for one, two in zip(order, order[1:]):
        check(one < two, f"{what}: {one} stands before {two}")


def inline(t, aisle, index, number):
    views = [item(t) for _ in range(t.random.choice((1, 1, 2, 3, 5, 9, 14, 50)))]
    if t.random.random() < 0.2:
        views.append(views[-1])
    listed = ",".join(urllib.parse.quote(name) for name in views)
    status, answer = aisle.get(f"/v1/recommendations/next-in-session?count=100&sessionItems={listed}")
    check(status == 200, f"{status} {answer}")
    compare(f"case {number}: {views}", answer, reference.scores(index, views, KAPPA), index.df)


def stored(aisle, index, number):
    """A session of the log goes on: it is no neighbour of itself."""
    place = index.numbers[number]
    answer = aisle.good("/v1/recommendations/next-in-session", count=100, visitorId=f"v{number // 2}",
                        sessionId=f"s{number % 2}")
    compare(f"session {number}", answer, reference.scores(index, index.kept(place), KAPPA, place), index.df)


def flow(t):
    index, store, path = reference.Index(), t.path("store"), t.path("log.ndjson")
    log(t, index, path)
    harness.run([harness.AISLE, "replay", "--store", store, "--from-file", path])
    aisle = t.aisle("serve", store=store, settings={"next.kappa": KAPPA})
    aisle.wait_ready()
    for number in range(CASES):
        inline(t, aisle, index, number)
    for number in range(0, SESSIONS, 8):
        stored(aisle, index, number)
    say(f"{CASES} sessions passed inline and {SESSIONS // 8} of the store: all scores are the reference's")
    aisle.stop()


if __name__ == "__main__":
    harness.main(flow)
