#!/usr/bin/python3
"""The log replayed into a new generation: the same digests, from any place, killed at any moment, swapped and rolled back."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import contextlib  # noqa: E402
import harness  # noqa: E402
import json  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402

from harness import AISLE, check, digests_of, poll, run, say  # noqa: E402

KILLS = int(os.environ.get("FLOW_REPLAY_KILLS", "3"))
EVENTS = int(os.environ.get("FLOW_REPLAY_EVENTS", "20000"))
VIEWS = (*harness.ALL_VIEWS, "offsets")


def arguments(topics, store, *args):
    return [AISLE, "replay", *args, "--store", store, *harness.sets({"store.mapSize": "4g", **topics.settings()})]


def replay(topics, store, *args, status=0):
    """Standard output, and standard error of a failure."""
    out, err = run(arguments(topics, store, *args), status=status, timeout_s=120)
    return out if status == 0 else err


def replayed(topics, store, *args):
    return json.loads(replay(topics, store, *args, "--json"))


def current(store):
    return int(os.path.basename(os.readlink(os.path.join(store, "current"))))


def generations(store):
    return sorted(int(name) for name in os.listdir(os.path.join(store, "generations")) if name.isdigit())


def building(store):
    """A replay is under way; what --no-swap left has a mark that says so."""
    for number in generations(store):
        with contextlib.suppress(OSError):
            with open(os.path.join(store, "generations", str(number), "building"), encoding="utf-8") as mark:
                if mark.read() not in ("", "kept\n"):
                    return True
    return False


def fill(t, topics, store):
    """A store that the processor made of the topics."""
    aisle = t.aisle("process", store=store, settings=topics.settings())
    aisle.wait_caught_up(topics, deadline_s=120)
    aisle.stop()
    return digests_of(store, VIEWS)


def expect_same(what, expected, actual):
    for view, digest in expected.items():
        check(actual[view] == digest, f"{what}, {view}: {actual[view]}, not {digest}")


def offline(t, topics, store):
    fresh = fill(t, topics, store)
    high = sum(sum(topics.high(name).values()) for name in (topics.events, topics.catalog, topics.stock))
    plan = replayed(topics, store, "--from", "earliest", "--dry-run")
    check((plan["generation"], plan["current"], plan["records"]) == (2, 1, high), f"dry run: {plan}")
    check(generations(store) == [1], f"a dry run left {generations(store)}")
    done = replayed(topics, store, "--from", "earliest")
    check(done["records"] == high and done["generation"] == 2 and done["previous"] == 1, f"{done}, not {high} records")
    check(done["events"] + done["duplicates"] + done["deadLetters"] + done["otherRecords"] == high, f"{done}")
    check(current(store) == 2 and generations(store) == [1, 2], f"{current(store)} of {generations(store)}")
    expect_same("after a replay", fresh, digests_of(store, VIEWS))
    told = {view["view"]: f"{view['view']} {view['digest']} {view['rows']}" for view in done["views"]}
    expect_same("as the replay told", fresh, told)
    say(f"{high} records replayed: digests of {len(VIEWS)} views are the same")
    replay(topics, store, "--rollback")
    check(current(store) == 1, "rolled back")
    replay(topics, store, "--rollback")
    check(current(store) == 2, "and forth")
    replay(topics, store, "--drop-old")
    check(generations(store) == [2], f"dropped, but {generations(store)} are left")
    check("no other generation" in replay(topics, store, "--rollback", status=1), "nothing to go back to")
    return fresh


def middle(topics):
    """{partition: an offset in the middle}"""
    return {partition: end // 2 for partition, end in topics.high().items()}


def places(t, topics, store):
    """From an offset and to one: two halves, not swapped, and what they hold."""
    half = middle(topics)
    pairs = ",".join(f"{partition}:{offset}" for partition, offset in half.items())
    first = replayed(topics, store, "--from", "earliest", "--to", pairs, "--no-swap")
    check(not first["swapped"] and current(store) == 2, f"{first}, current is {current(store)}")
    number = first["generation"]
    events = first["events"] + first["duplicates"] + first["deadLetters"]
    check(events == sum(half.values()), f"{events} events up to {pairs}")
    second = replayed(topics, store, "--from", pairs, "--no-swap")
    rest = sum(topics.high().values()) - sum(half.values())
    events = second["events"] + second["duplicates"] + second["deadLetters"]
    check(events == rest, f"{events} events from {pairs} on, not {rest}")
    check(generations(store) == [2, second["generation"]], f"{number} was kept: {generations(store)}")
    gone = replay(topics, store, "--from", "99999999", status=1)
    check("there is no 99999999" in gone, gone)
    late = replay(topics, store, "--from", "2099-01-01T00:00:00Z", status=1)
    check("holds no record of 2099-01-01T00:00:00Z or later" in late, late)
    plan = replayed(topics, t.path("not-there-yet"), "--from", "earliest", "--dry-run")
    check(plan["generation"] == 1 and plan["bytesAvailable"] > 0 and not os.path.exists(t.path("not-there-yet")), f"{plan}")
    _, told = run([*arguments(topics, store, "--from", "earliest", "--dry-run"), "--set", "topics.catalog=mistyped"])
    check("it is taken as empty" in told and "setting=topics.catalog topic=mistyped" in told, told)
    early = replay(topics, store, "--from", "earliest", "--to", "2001-01-01T00:00:00Z", status=1)
    check("no record between --from and --to" in early, early)
    for what, topic in ((["--from", "earliest"], "events"), (["--view", "history"], "events"), (["--view", "stock"], "stock")):
        absent = run([*arguments(topics, store, *what), "--set", f"topics.{topic}=not-there"], status=1)[1]
        check("topic 'not-there' does not exist" in absent, absent)
    wrong = run([AISLE, "replay", "--from", "yesterday", "--store", store], status=None)[1]
    check("is no place in the log" in wrong, wrong)
    replay(topics, store, "--swap", str(second["generation"]))
    check(current(store) == second["generation"], "swapped by hand")
    replay(topics, store, "--rollback")
    check(current(store) == 2, f"{current(store)} after the rollback")
    say("from an offset, to an offset, swapped by hand")


def by_time(topics, store):
    """--from a time reads the records of that time and later."""
    times = sorted(record["timestamp"] for record in topics.dump(topics.events))
    moment = times[len(times) // 3]
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment / 1000)) + f".{moment % 1000:03d}Z"
    # of each partition from the first record on that is that late
    expected = 0
    for partition in topics.high():
        own = [r["timestamp"] for r in topics.dump(topics.events) if r["partition"] == partition]
        late = [i for i, stamp in enumerate(own) if stamp >= moment]
        expected += len(own) - late[0] if late else 0
    done = replayed(topics, store, "--from", text, "--no-swap")
    events = done["events"] + done["duplicates"] + done["deadLetters"]
    check(events == expected, f"{events} events from {text} on, not {expected}")
    say(f"from {text}: {events} events")


def kill_on_the_way(t, topics, store, *what):
    """KILLS times after a random while."""
    for number in range(KILLS):
        process = subprocess.Popen(arguments(topics, store, *what, "--rate", str(EVENTS // 2),
                                             "--set", "batch.recordsMax=500"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            process.wait(0.2 + t.random.random() * 1.6)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        left = [n for n in generations(store) if n != current(store)]
        check(len(left) <= 2, f"kill {number} left {generations(store)}, current is {current(store)}")


def killed(t, topics, store, fresh):
    """kill -9 at any moment: the same command goes on, and nothing of the killed ones is left."""
    kill_on_the_way(t, topics, store, "--from", "earliest")
    done = replayed(topics, store, "--from", "earliest")
    expect_same(f"after {KILLS} kills", fresh, digests_of(store, VIEWS))
    check(len(generations(store)) == 2, f"{generations(store)} are left")
    say(f"{KILLS} kills, the last run {'went on' if done['resumed'] else 'began anew'}: the same digests")


def second_replay_is_refused(topics, store):
    first = subprocess.Popen(arguments(topics, store, "--from", "earliest", "--rate", "100"), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        poll("the first one at work", lambda: building(store), 20)
        out = replay(topics, store, "--from", "earliest", status=1)
        check(f"pid {first.pid};" in out, f"a second replay: {out}")
    finally:
        first.kill()
        first.wait()


def files(t, topics, store):
    """Files beside the log."""
    extra = t.path("extra.ndjson")
    with open(extra, "w", encoding="utf-8") as out:
        out.write(json.dumps({"type": "view", "userId": "of-a-file", "itemId": "filed", "eventTime": 1700000000000}) + "\n")
    replay(topics, store, "--from-file", extra)
    refused = replay(topics, store, "--from", "earliest", status=1)
    check("1 lines of 1 files" in refused and "--without-files" in refused, refused)
    refused = replay(topics, store, "--rebuild", "--from-file", extra, status=1)
    check("records of Kafka, which the files have not: --from earliest" in refused, refused)
    done = replayed(topics, store, "--rebuild", "--from-file", extra, "--from", "earliest")
    check(done["swapped"], f"{done}")
    check(harness.rows_of(store, "history", "--user", "of-a-file"), "the file is in the new generation")
    files_meanwhile(t, topics, store, extra)
    files_at_the_swap(t, topics, store, extra)
    say("files and the log in one generation")


def files_meanwhile(t, topics, store, extra):
    """What is read into the generation in use beside a replay of one view would not be in the copy."""
    more = t.path("more.ndjson")
    with open(more, "w", encoding="utf-8") as out:
        out.write(json.dumps({"type": "view", "userId": "of-another", "itemId": "filed", "eventTime": 1700000000000}) + "\n")
    slow = subprocess.Popen(arguments(topics, store, "--view", "popularity", "--from-file", extra, "--rate", str(EVENTS // 3)),
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        poll("the copy made", lambda: any("scratch" in names for _, names, _ in os.walk(store)), 20, 0.02)
        replay(topics, store, "--from-file", more)
        _, told = slow.communicate(timeout=60)
    finally:
        slow.kill()
        slow.wait()
    check(slow.returncode == 1 and "lines of files were read into generation" in told, f"{slow.returncode}: {told}")
    check(harness.rows_of(store, "history", "--user", "of-another") and not building(store), "the generation in use is left")


def files_at_the_swap(t, topics, store, extra):
    """While files are read into the generation in use no other one takes its place: the lines would be in neither."""
    pipe, before = t.path("pipe"), current(store)
    os.mkfifo(pipe)
    reader = subprocess.Popen(arguments(topics, store, "--from-file", pipe), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with open(pipe, "w", encoding="utf-8") as out:
            for args in (("--from", "earliest", "--from-file", extra, "--rebuild"), ("--rollback",)):
                told = replay(topics, store, *args, status=1)
                check(f"pid {reader.pid} reads files into store" in told, told)
            out.write(json.dumps({"type": "view", "userId": "of-a-pipe", "itemId": "filed", "eventTime": 1700000000000}) + "\n")
        check(reader.wait(60) == 0, f"the pipe was read: {reader.returncode}")
    finally:
        reader.kill()
        reader.wait()
    check(current(store) == before and harness.rows_of(store, "history", "--user", "of-a-pipe"), "the line is in use")


def one_view(t, topics, fresh):
    """Views of a store that began in the middle, made anew alone from the whole log; then the log loses its beginning."""
    store, half = t.path("half"), middle(topics)
    replay(topics, store, "--from", ",".join(f"{partition}:{offset}" for partition, offset in half.items()))
    expected = digests_of(store, VIEWS)
    for view in ("history", "popularity"):
        check(expected[view] != fresh[view], f"{view} is whole without the first half")
        expected[view] = fresh[view]
        if view == "history":
            expected["profile"] = fresh["profile"]  # it lies in the same rows
        if view == "popularity":
            kill_on_the_way(t, topics, store, "--view", view)
        done = replayed(topics, store, "--view", view)
        check(done["view"] == view and current(store) == done["generation"], f"{done}")
        expect_same(f"{view} made anew", expected, digests_of(store, VIEWS))
    topics.tool("delete-records", topics.events, "0", str(half[0]))
    plan = replay(topics, store, "--view", "also-viewed", "--dry-run")
    check(f"the log begins at {half[0]}, what was before is gone" in plan, plan)
    refused = replay(topics, store, "--view", "also-viewed", status=1)
    check(f"begins at {half[0]} by now" in refused and "--from earliest" in refused, refused)
    done = replayed(topics, store, "--view", "also-viewed", "--from", "earliest")
    check(done["events"] + done["duplicates"] == sum(topics.high().values()) - half[0], f"{done}")
    del expected["also-viewed"]
    expect_same("also-viewed made anew of a shorter log", expected, digests_of(store, VIEWS))
    say("one view made anew, killed on the way, and of a log that lost its beginning: the others stay as they are")


def another_log(t):
    """What a killed replay built of a topic that was made anew since is not gone on with."""
    partitions = 2
    topics, store = t.topics(partitions, suffix="-another"), t.path("another")
    produced = {"old": 400, "new": 40}

    def produce(item):
        topics.produce([harness.line(topics.events, {"type": "view", "userId": f"u{n % partitions}", "itemId": item,
                                                     "eventTime": 1700000000000 + n, "eventId": f"{item}-{n}"}, "k",
                                     n % partitions) for n in range(produced[item])])

    def stands_everywhere():
        out = run([AISLE, "diff", store + "@1", store + "@1", "--json"], status=None)[0]
        return any(row["view"] == "offsets" and row["rows"][0] == partitions for row in map(json.loads, out.splitlines()))

    produce("old")
    process = subprocess.Popen(arguments(topics, store, "--from", "earliest", "--rate", "100", "--set",
                                         "batch.recordsMax=20"), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        poll("records of each partition in the generation", stands_everywhere, 30)
    finally:
        process.kill()
        process.wait()
    topics.recreate(topics.events, partitions)
    produce("new")
    done = replayed(topics, store, "--from", "earliest")
    check((done["generation"], done["resumed"], done["events"]) == (2, False, produced["new"]), f"{done}")
    check(not harness.rows_of(store, "popularity", "--item", "old"), "records of the log before are in it")
    topics.recreate(topics.events, partitions)
    for more in ([], ["--dry-run"]):
        refused = replay(topics, store, "--view", "popularity", *more, status=1)
        check("ends at 0, before what the store has read" in refused, refused)
    say("a replay of a topic that was made anew begins anew, one of a view is refused")


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    topics = t.topics()
    topics.produce(harness.log_lines(path, topics))
    store = t.path("store")
    fresh = offline(t, topics, store)
    places(t, topics, store)
    by_time(topics, store)
    second_replay_is_refused(topics, store)
    killed(t, topics, store, fresh)
    files(t, topics, store)
    one_view(t, topics, fresh)
    another_log(t)


if __name__ == "__main__":
    harness.main(flow)
