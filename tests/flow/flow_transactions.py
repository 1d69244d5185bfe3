#!/usr/bin/python3
"""Aborted transactions are never counted, committed ones are, and their markers stop nothing."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402

from flow_replay import current, replayed  # noqa: E402
from harness import check, expect_same_rows, poll, rows_of, say  # noqa: E402

GOOD = 40
ABORTED = 10_500  # more than a replay may be behind when it swaps


def purchase(topics, number, item):
    event = {"type": "purchase", "visitorId": f"v{number}", "eventTime": int(time.time() * 1000),
             "eventId": f"{item}-{number}", "items": [{"itemId": item, "quantity": 1, "price": 2.5}]}
    return harness.line(topics.events, event, f"v{number}")


def transaction(topics, item, outcome, count=GOOD):
    lines = [purchase(topics, number, item) for number in range(count)]
    topics.tool("transaction", "-", outcome, stdin="".join(lines).encode())


def units(store):
    ret = {}
    for row in rows_of(store, "popularity"):
        if row["bucket"] == "day":
            ret[row["itemId"]] = ret.get(row["itemId"], 0) + row["units"]
    return ret


def open_transaction(t, topics, item):
    """ktool with a transaction that waits for its end."""
    path = t.path(f"{item}.lines")
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(purchase(topics, number, item) for number in range(GOOD))
    tool = subprocess.Popen([harness.KTOOL, topics.broker.bootstrap, "transaction", path, "ask"], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    t.closers.append(tool.kill)
    check("open" in tool.stdout.readline(), "the transaction's records are not in the log")
    return tool


def held_back(t, topics, aisle, want):
    """Nothing behind the beginning of an open transaction is counted; what is waited for is told, and the rest goes on."""
    tool = open_transaction(t, topics, "late")
    topics.produce([purchase(topics, number, "behind") for number in range(GOOD)])
    poll("the lag is told", lambda: aisle.metrics()["aisle_lag_records"] >= 2 * GOOD, 20)
    named = poll("the transaction is named", lambda: [text for text in aisle.log().splitlines()
                                                      if "transaction that is open holds records back" in text], 20)
    check(topics.events in named[0] and "offset=" in named[0] and "records=" in named[0], f"not what it waits for: {named}")
    check(units(aisle.store) == want, f"{units(aisle.store)} while the transaction is open, not {want}")
    check(aisle.get("/readyz")[0] == 200, "/readyz says no, though all that may be read was")
    topics.produce([harness.line(topics.catalog, {"itemId": "new", "title": "New"}, "new")])
    poll("the catalogue goes on", lambda: aisle.get("/v1/items/new")[0] == 200, 20)
    tool.communicate("commit\n", timeout=30 * harness.SLOWER)
    check(tool.returncode == 0, f"ktool ended with {tool.returncode}")
    want["late"] = want["behind"] = GOOD
    poll("everything once it is committed", lambda: units(aisle.store) == want, 20)
    poll("its end is told", lambda: "transaction has ended" in aisle.log(), 20)
    poll("no lag is left", lambda: aisle.metrics()["aisle_lag_records"] == 0, 20)
    say("an open transaction: named, nothing counted until its end, other topics went on")


def replayed_behind_an_aborted_one(topics, store):
    """What holds no record at the end is nothing to catch up with, and is known as read in the new generation, too."""
    def stands():
        return harness.offsets_of(store, topics.events)

    transaction(topics, "aborted-last", "abort", ABORTED)
    before = stands()
    passed = poll("the aborted transaction is passed",
                  lambda: stands() if sum(stands().values()) > sum(before.values()) + ABORTED else None, 30)
    kept = replayed(topics, store, "--from", "earliest", "--no-swap")["generation"]
    beside = harness.offsets_of(f"{store}@{kept}", topics.events)
    check(beside == passed, f"{beside} in the new generation, not {passed}")
    done = replayed(topics, store, "--from", "earliest")
    check(current(store) == done["generation"], f"{current(store)} is current, not {done['generation']}")
    say(f"a replay whose log ends with {ABORTED} records of an aborted transaction is swapped in")


def flow(t):
    topics = t.topics()
    aisle = t.aisle("run", store=t.path("store"), settings={**topics.settings(), "topics.heldWarn": "1s"})
    aisle.wait_ready()
    transaction(topics, "committed", "commit")
    transaction(topics, "aborted", "abort")
    transaction(topics, "committed-too", "commit")
    transaction(topics, "aborted-too", "abort")
    want = {"committed": GOOD, "committed-too": GOOD}
    poll("the committed events", lambda: units(aisle.store) == want, 20)
    # records behind the last aborted ones: the markers were passed
    topics.produce([purchase(topics, number, "plain") for number in range(GOOD)])
    want["plain"] = GOOD
    poll("the events after the markers", lambda: units(aisle.store) == want, 20)
    poll("/readyz", lambda: aisle.get("/readyz")[0] == 200, 20)
    held_back(t, topics, aisle, want)
    aisle.stop()
    check(units(aisle.store) == want, f"{units(aisle.store)} after the stop, not {want}")
    say(f"counted: {want}; two aborted transactions of {GOOD} events are not")
    again = t.aisle("process", store=aisle.store, settings=topics.settings())
    topics.produce([purchase(topics, number, "later") for number in range(GOOD)])
    want["later"] = GOOD
    poll("the events after a new start", lambda: units(aisle.store) == want, 20)
    replayed_behind_an_aborted_one(topics, aisle.store)
    again.stop()
    say("a new start behind a transaction marker goes on")
    shop = harness.reference_of(topics)
    expect_same_rows("popularity", shop.rows("popularity"), rows_of(aisle.store, "popularity"))


if __name__ == "__main__":
    harness.main(flow)
