#!/usr/bin/python3
"""A full disk, a full map, a full tmpfs, a stuck reader, a dead-letter topic that takes nothing: told, answers go on, nothing is lost."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import contextlib  # noqa: E402
import harness  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402

from harness import check, compare_with_batch, poll, say  # noqa: E402

EVENTS = 24000
PORTION = 100


class Shop:
    """A log that is produced in two parts: into a store that is well, and into one that is not any more."""

    def __init__(self, t, name, lines_of, share=16):
        self.t, self.topics = t, t.topics(suffix="-" + name)
        lines = harness.log_lines(lines_of, self.topics)
        self.first, self.second = lines[:len(lines) // share], lines[len(lines) // share:]
        self.topics.produce(self.first)

    def run(self, store, **settings):
        # a small young level is soon merged into what is full
        aisle = self.t.aisle("run", store=store,
                             settings={**self.topics.settings(), "young.bytesMax": "1m", **settings})
        aisle.wait_ready()
        return aisle

    def compare(self, what, store):
        compare_with_batch(what, store, harness.reference_of(self.topics))


def expect_full(aisle, code):
    """Ingestion stands still, which is said everywhere; answers go on."""
    poll(f"/readyz says {code}", lambda: aisle.get("/readyz")[1].get("code") == code, 40)
    status, answer = aisle.get("/readyz")
    check(status == 503 and answer["waitingFor"] == "store", f"/readyz: {status} {answer}")
    check(aisle.metrics()['aisle_processor_waiting{for="store"}'] == 1, "no metric of the full store")
    check(f"code={code}" in aisle.log(), "no line in the log")
    best = aisle.good("/v1/best-sellers")
    check(best["items"] and best["stale"], f"answers: {best}")
    check(aisle.running(), "aisle ended")


def full_disk(t, path):
    shop = Shop(t, "disk", path)
    with t.small_disk(2) as disk:
        if not disk:
            return
        aisle = shop.run(os.path.join(disk, "store"))
        aisle.wait_caught_up(shop.topics)
        poll("answers", lambda: aisle.good("/v1/best-sellers")["items"], 10)
        shop.topics.produce(shop.second)
        expect_full(aisle, "disk-full")
        harness.resize_disk(disk, 200)
        aisle.wait_caught_up(shop.topics, deadline_s=60)
        poll("it goes on by itself", lambda: aisle.get("/readyz")[0] == 200, 30)
        check("store takes commits again" in aisle.log(), "the log does not tell that it goes on")
        aisle.stop()
        shop.compare("after a full disk", aisle.store)
    say("full disk: told, answers went on, ingestion went on by itself once there was room")


def full_map(t, path):
    shop = Shop(t, "map", path)
    aisle = shop.run(t.path("map"), **{"store.mapSize": "2m"})
    aisle.wait_caught_up(shop.topics)
    poll("answers", lambda: aisle.good("/v1/best-sellers")["items"], 10)
    shop.topics.produce(shop.second)
    expect_full(aisle, "store-full")
    aisle.stop()
    # the last merge found room, or not
    check("stopped w" in aisle.log(), "the log does not tell that it was stopped with a full store")
    aisle = shop.run(aisle.store)
    aisle.wait_caught_up(shop.topics, deadline_s=60)
    poll("no reason left", lambda: aisle.get("/readyz")[0] == 200, 20)
    aisle.stop()
    shop.compare("after a full map", aisle.store)
    say("full map: told, answers went on, a larger store.mapSize and a restart go on")


def stuck_reader(t, path):
    shop = Shop(t, "reader", path, share=4)
    aisle = shop.run(t.path("reader"), **{"store.readerAgeMax": "1s"})
    aisle.wait_caught_up(shop.topics)
    reader = subprocess.Popen([harness.AISLE, "inspect", "history", "--store", aisle.store, "--set",
                               "store.readerAgeMax=1s"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, pipesize=4096)
    try:
        check(reader.stdout.read(1), "the reader reads nothing")
        reader.send_signal(signal.SIGSTOP)
        shop.topics.produce(shop.second)
        aisle.wait_caught_up(shop.topics)
        poll("the stuck reader is counted", lambda: aisle.metrics()["aisle_store_stuck_readers"] >= 1, 20)
        named = poll("the stuck reader is named", lambda: [text for text in aisle.log().splitlines()
                                                           if f"pid={reader.pid} " in text], 20)
        check("aisle inspect history" in named[0], f"without its command: {named[0]}")
        reader.send_signal(signal.SIGCONT)
        check(reader.wait(20) == 1, f"the reader ended with {reader.returncode}")
        check(b"store.readerAgeMax" in reader.stderr.read(), "the reader does not say why it ended")
    finally:
        reader.kill()
        reader.wait()
        reader.stdout.close()
        reader.stderr.close()
    poll("no stuck reader any more", lambda: aisle.metrics()["aisle_store_stuck_readers"] == 0, 20)
    aisle.stop()
    say("stuck reader: named with its command, ended itself when it could")


def no_dead_letters(t, _path):
    """The topic takes only tiny records: nothing is committed before the bad record is safe."""
    topics = t.topics(suffix="-letters")
    topics.tool("delete", topics.dead_letters)
    poll("the topic made again", lambda: topics.tool("create", topics.dead_letters, 1, "max.message.bytes=90") or True, 20)
    aisle = t.aisle("run", store=t.path("letters"), settings=topics.settings())
    aisle.wait_ready()
    good = [harness.line(topics.events, {"type": "view", "userId": "u", "itemId": "i", "eventId": str(number)}, "u", 0)
            for number in range(20)]
    topics.produce([*good[:10], harness.line(topics.events, b"{oops", "u", 0), *good[10:]])
    poll("/readyz tells", lambda: topics.dead_letters in aisle.get("/readyz")[1].get("waitingBecause", ""), 30)
    check(aisle.metrics()['aisle_processor_waiting{for="dead-letters"}'] == 1, "no metric of the dead-letter topic")
    check("dead-letter topic takes nothing" in aisle.log(), "no line in the log")
    check(not aisle.next_offsets(topics.events), "an offset passed a dead letter that is not safe")
    topics.tool("configure", topics.dead_letters, "max.message.bytes=1000000")
    aisle.wait_caught_up(topics, [topics.events])
    poll("it waits no more", lambda: aisle.get("/readyz")[1]["waitingFor"] is None, 20)
    aisle.stop()
    check(len(topics.dump(topics.dead_letters)) >= 1, "the dead letter is lost")
    views = sum(row["views"] for row in harness.rows_of(aisle.store, "popularity") if row["bucket"] == "day")
    check(views == 20, f"{views} views, not 20")
    say("dead-letter topic: nothing passed it, told, went on by itself")


def deleted_store(t, shop, place):
    """Killed, and its store deleted: what it has left in memory goes with the next processor's start."""
    aisle = shop.run(t.path("deleted"), **{"young.path": place, "young.bytesMax": "2m", "young.ageMax": "1h"})
    aisle.wait_caught_up(shop.topics)
    shop.topics.produce(shop.second[:PORTION])  # what came first may have gone to base
    del shop.second[:PORTION]
    aisle.wait_caught_up(shop.topics)
    poll("a young level", lambda: [name for name in os.listdir(place) if name.endswith("-lock")], 10)
    aisle.kill()
    shutil.rmtree(aisle.store)
    return {name for name in os.listdir(place) if name.startswith("aisle-")}


def fill(place):
    """All that is free there; a level that is begun or given back meanwhile takes or leaves its part."""
    free = os.statvfs(place)
    if free.f_bavail:
        with open(os.path.join(place, "others"), "ab") as out, contextlib.suppress(OSError):
            os.posix_fallocate(out.fileno(), out.tell(), free.f_bavail * free.f_frsize)


def trickle(shop, aisle, lines, told, before=lambda: None):
    """In portions that are too small for base, until the log tells it."""
    while lines and told not in aisle.log():
        before()
        shop.topics.produce(lines[:PORTION])
        del lines[:PORTION]
        aisle.wait_caught_up(shop.topics)
    check(told in aisle.log(), f"the log does not tell: {told}")


def full_memory(t, path):
    """Others fill the tmpfs of the young level: it lies in the store meanwhile."""
    shop = Shop(t, "memory", path)
    with t.small_disk(64) as place:
        if not place:
            return
        left = deleted_store(t, shop, place)
        aisle = shop.run(t.path("memory"), **{"young.path": place, "young.ageMax": "50ms"})
        check("young levels of stores that are gone are removed" in aisle.log(), "no line about what a deleted store left")
        check(left and not left & set(os.listdir(place)), f"a deleted store's files are still there: {left}")
        aisle.wait_caught_up(shop.topics)
        # a level that was merged gives its room back, which others take at once
        trickle(shop, aisle, shop.second, "no room in young.path", lambda: fill(place))
        os.unlink(os.path.join(place, "others"))
        trickle(shop, aisle, shop.second, "young level lies in young.path again")
        aisle.stop()
        shop.compare("after a full tmpfs", aisle.store)
    say("full tmpfs: the young level lay in the store until there was room; a deleted store's levels were removed")


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    no_dead_letters(t, path)
    stuck_reader(t, path)
    full_map(t, path)
    full_disk(t, path)
    full_memory(t, path)


if __name__ == "__main__":
    harness.main(flow)
