#!/usr/bin/python3
"""A log that is not what was read before is refused with a sentence; answers and the other partitions go on."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import json  # noqa: E402
import signal  # noqa: E402
import time  # noqa: E402

from harness import check, digests_of, poll, rows_of, run, say  # noqa: E402

PARTITIONS = 2
READ = 200


def view(number, item, partition):
    """An actor's events are on one partition."""
    return {"type": "view", "visitorId": f"v{partition}-{number % 40}", "itemId": item,
            "eventTime": int(time.time() * 1000), "eventId": f"{item}-{number}", "sessionId": "s"}


def produce(topics, item, count=READ, partitions=range(PARTITIONS)):
    topics.produce([harness.line(topics.events, view(number, item, partition), "k", partition)
                    for partition in partitions for number in range(count)])


def views_of(store, item):
    return sum(row["views"] for row in rows_of(store, "popularity") if row["itemId"] == item and row["bucket"] == "day")


class Case:
    """A store that has read READ records of each of two partitions."""

    def __init__(self, t, name, settings=None):
        self.t, self.name, self.settings = t, name, settings or {}
        self.topics = t.topics(PARTITIONS, suffix="-" + name)
        self.store = t.path(name)
        produce(self.topics, "old")
        self.aisle = None
        self.start()
        self.aisle.wait_caught_up(self.topics, [self.topics.events])

    def start(self):
        self.aisle = self.t.aisle("run", store=self.store, settings={**self.topics.settings(), **self.settings})
        self.aisle.wait_ready()

    def expect_refused(self, codes, item="old"):
        """codes: one of them is in the log, with a sentence that names the topic."""
        def refused():
            status, answer = self.aisle.get("/readyz")
            return status == 503 and any(code in json.dumps(answer) + self.aisle.log() for code in codes)
        poll(f"{self.name}: /readyz says no because of {codes}", refused, 30)
        sentences = [text for text in self.aisle.log().splitlines() if self.topics.events in text]
        check(sentences, f"{self.name}: no sentence names the topic:\n{self.aisle.log()[-1500:]}")
        answer = self.aisle.good("/v1/trending")
        check(answer.get("stale") is True, f"{self.name}: the answer does not say that it is stale: {answer}")
        check(any(entry["itemId"] == item for entry in answer["items"]),
              f"{self.name}: answers lost '{item}': {answer}")
        check(self.aisle.get("/healthz")[0] == 200, f"{self.name}: /healthz says no")
        check(self.aisle.running(), f"{self.name}: aisle ended")
        say(f"{self.name}: {sentences[-1].strip()}")

    def expect_views(self, item, count):
        have = views_of(self.store, item)
        check(have == count, f"{self.name}: {have} views of '{item}', not {count}")

    def end(self):
        self.aisle.stop()


def recreated_while_stopped(t):
    case = Case(t, "recreated-while-stopped")
    case.end()
    before = digests_of(case.store, harness.VIEWS)
    case.topics.recreate(case.topics.events, PARTITIONS)
    produce(case.topics, "new", 2 * READ)
    case.start()
    case.expect_refused({"log-recreated", "recreated", "not the one"})
    case.end()
    check(digests_of(case.store, harness.VIEWS) == before, "records of the other topic were counted")


def recreated_while_running(t):
    case = Case(t, "recreated-while-running")
    case.topics.recreate(case.topics.events, PARTITIONS)
    produce(case.topics, "new", 2 * READ)
    case.expect_refused({"log-recreated", "log-truncated", "log-gap"})
    case.end()
    case.expect_views("new", 0)
    case.expect_views("old", PARTITIONS * READ)


def recreated_with_fewer_partitions(t):
    """What is gone is refused as well, and a replay is followed at once."""
    case = Case(t, "recreated-with-fewer-partitions")
    case.topics.recreate(case.topics.events, 1)
    produce(case.topics, "new", 2 * READ, [0])
    for partition in range(PARTITIONS):
        case.expect_refused({f"partition={partition} code=log-recreated"})
    run([harness.AISLE, "replay", "--from", "earliest", "--store", case.store,
         *harness.sets({"store.mapSize": "4g", **case.topics.settings()})])
    poll("the new generation", lambda: "current=2" in case.aisle.log(), 2)
    poll("/readyz", lambda: case.aisle.get("/readyz")[0] == 200, 20)
    case.expect_views("new", 2 * READ)
    case.end()


def shorter_than_read(t):
    case = Case(t, "shorter-than-read")
    case.end()
    case.topics.recreate(case.topics.events, PARTITIONS)
    produce(case.topics, "new", READ // 4)
    case.start()
    case.expect_refused({"log-truncated", "log-recreated"})
    case.end()
    case.expect_views("new", 0)


def deleted_beyond_position(t):
    """Partition 0 loses records that were never read; partition 1 goes on."""
    case = Case(t, "deleted-beyond-position")
    case.end()
    produce(case.topics, "unread", READ, [0])
    case.topics.tool("delete-records", case.topics.events, 0, READ + READ // 2)
    case.start()
    case.expect_refused({"log-gap"})
    case.expect_views("unread", 0)
    produce(case.topics, "other", READ, [1])
    poll("partition 1 goes on", lambda: views_of(case.store, "other") == READ, 20)
    say("deleted-beyond-position: the other partition goes on")
    case.end()


def deleted_while_running(t):
    """The process does not run while records it has not read are deleted: out of range when it goes on."""
    # a fetch that is under way when it is stopped has left the broker long before there are records to bring
    case = Case(t, "deleted-while-running", {"kafka.fetch.wait.max.ms": 10})
    case.aisle.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    produce(case.topics, "unread", READ, [0])
    case.topics.tool("delete-records", case.topics.events, 0, READ + READ // 2)
    case.aisle.process.send_signal(signal.SIGCONT)
    case.expect_refused({"log-gap"})
    case.expect_views("unread", 0)
    case.end()


def deleted_up_to_position(t):
    """What was read may go, retention does that every day: no reason to refuse."""
    case = Case(t, "deleted-up-to-position")
    case.end()
    case.topics.tool("delete-records", case.topics.events, 0, READ)
    produce(case.topics, "more", READ, [0])
    case.start()
    poll("the log after retention", lambda: views_of(case.store, "more") == READ, 20)
    poll("/readyz", lambda: case.aisle.get("/readyz")[0] == 200, 20)
    check(case.aisle.good("/v1/trending").get("stale") is not True, "stale without a reason")
    say("deleted-up-to-position: goes on")
    case.end()


def deleted_up_to_a_marker(t):
    """The last records and the end of their transaction are gone: all was read, no reason to refuse."""
    case = Case(t, "deleted-up-to-a-marker")
    lines = [harness.line(case.topics.events, view(number, "committed", 0), "k", 0) for number in range(READ)]
    case.topics.tool("transaction", "-", "commit", stdin="".join(lines).encode())
    poll("the transaction is read", lambda: views_of(case.store, "committed") == READ, 20)
    poll("its end is passed", lambda: harness.offsets_of(case.store, case.topics.events)[0] == 2 * READ + 1, 30)
    case.aisle.kill()
    case.topics.tool("delete-records", case.topics.events, 0, 2 * READ + 1)
    for _again in range(2):
        case.start()
        poll("/readyz", lambda: case.aisle.get("/readyz")[0] == 200, 20)
        case.end()
    case.start()
    produce(case.topics, "more", READ, [0])
    poll("the log after its end", lambda: views_of(case.store, "more") == READ, 20)
    check(case.aisle.good("/v1/trending").get("stale") is not True, "stale without a reason")
    say("deleted-up-to-a-marker: goes on")
    case.topics.tool("transaction", "-", "abort", stdin="".join(lines).encode())
    high = case.topics.high()[0]
    poll("an aborted transaction is passed", lambda: harness.offsets_of(case.store, case.topics.events)[0] == high, 30)
    case.end()
    case.topics.tool("delete-records", case.topics.events, 0, high)
    case.start()
    produce(case.topics, "last", READ, [0])
    poll("the log after an aborted transaction", lambda: views_of(case.store, "last") == READ, 20)
    case.expect_views("committed", READ)
    case.end()


def flow(t):
    recreated_while_stopped(t)
    shorter_than_read(t)
    deleted_beyond_position(t)
    deleted_up_to_position(t)
    deleted_up_to_a_marker(t)
    recreated_while_running(t)
    recreated_with_fewer_partitions(t)
    deleted_while_running(t)


if __name__ == "__main__":
    harness.main(flow)
