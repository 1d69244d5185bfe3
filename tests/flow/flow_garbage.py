#!/usr/bin/python3
"""A topic with 1 % garbage: every bad record is in the dead letters as it was, every good one is counted."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import collections  # noqa: E402
import json  # noqa: E402
import time  # noqa: E402

from harness import check, compare_with_batch, poll, say  # noqa: E402

EVENTS = 20000
PARTITIONS = 4
HUGE = 10_000_000
HUGE_COUNT = 3
ANY = None


def good_event(rnd):
    return {"type": "view", "visitorId": f"g{rnd.randrange(1000)}", "itemId": f"i{rnd.randrange(50)}",
            "eventTime": int(time.time() * 1000) - 1000}


def changed(**members):
    def make(rnd):
        event = {**good_event(rnd), **members}
        return json.dumps({name: value for name, value in event.items() if value != "ABSENT"}).encode()
    return make


def cut(rnd):
    raw = json.dumps(good_event(rnd)).encode()
    return raw[:rnd.randrange(1, len(raw) - 1)]


def replaced(old, new):
    def make(rnd):
        raw = json.dumps({**good_event(rnd), "itemId": "MARK"}).encode()
        check(old in raw, "the mark is gone")
        return raw.replace(old, new, 1)
    return make


def nested(rnd):
    return json.dumps(good_event(rnd)).encode()[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}"


def noise(rnd):
    """Random bytes whose first can start neither JSON nor a MessagePack map."""
    return bytes([0xc1]) + rnd.randbytes(rnd.randrange(1, 300))


def huge(rnd):
    return json.dumps({**good_event(rnd), "query": "q" * HUGE}).encode()


ID_CODES = {"bad-id", "bad-string"}
# (what it is, maker, codes that name it)
GARBAGE = (
    ("cut JSON", cut, {"bad-json"}),
    ("a number as type", changed(type=5), {"wrong-type"}),
    ("a list as itemId", changed(itemId=["i1"]), {"wrong-type"}),
    ("an object as items", changed(itemId="ABSENT", items={"itemId": "i1"}), {"wrong-type"}),
    ("a word as quantity", changed(itemId="ABSENT", items=[{"itemId": "i1", "quantity": "two"}]), {"wrong-type"}),
    ("quantity 0", changed(itemId="ABSENT", items=[{"itemId": "i1", "quantity": 0}]), {"out-of-range"}),
    ("an array instead of an object", lambda rnd: b"[1,2,3]", {"wrong-type", "bad-json", "bad-msgpack"}),
    ("bad UTF-8 in an id", replaced(b"MARK", b"i\xff\xfe"), {"bad-utf8"}),
    ("an overlong UTF-8 form", replaced(b"MARK", b"i\xc0\xaf"), {"bad-utf8"}),
    ("a surrogate alone", replaced(b"MARK", b"i\\ud800"), {"bad-utf8", "bad-json", "bad-string"}),
    ("deep nesting", nested, {"too-deep"}),
    ("a NUL byte in a string", replaced(b"MARK", b"i\x00"), {"bad-json", *ID_CODES}),
    ("an escaped NUL in an id", replaced(b"MARK", b"i\\u0000"), ID_CODES),
    ("nothing but NUL bytes", lambda rnd: b"\x00" * 64, {"bad-json", "bad-msgpack", "wrong-type"}),
    ("an empty visitorId", changed(visitorId=""), ID_CODES),
    ("an empty itemId", changed(itemId=""), ID_CODES),
    ("an id of 129 bytes", changed(itemId="i" * 129), ID_CODES),
    ("a time in the future", lambda rnd: json.dumps({**good_event(rnd), "eventTime": int(time.time() * 1000)
                                                     + 7_200_000 + rnd.randrange(1000)}).encode(), {"time-in-future"}),
    ("a time that is none", changed(eventTime="yesterday"), {"bad-time"}),
    ("an unknown type", changed(type="teleport"), {"unknown-event-type"}),
    ("no type", changed(type="ABSENT"), {"missing-field"}),
    ("no actor", changed(visitorId="ABSENT"), {"missing-field"}),
    ("one key twice", replaced(b'"MARK"', b'"MARK","itemId":"i2"'), {"duplicate-key"}),
    ("bytes behind the end", lambda rnd: json.dumps(good_event(rnd)).encode() + b"}", {"trailing-bytes"}),
    ("random bytes", noise, ANY),
    ("an empty value", lambda rnd: b"", ANY),
)


def make_lines(t, topics, path):
    """Good lines with 1 % bad ones among them; the bad values with what names them."""
    good = harness.log_lines(path, topics, PARTITIONS)
    bad = []
    for number in range(len(good) // 100):
        kind, make, codes = GARBAGE[number % len(GARBAGE)]
        bad.append((kind, make(t.random), codes))
    bad += [("a string of 10 MB", huge(t.random), {"too-large"}) for _ in range(HUGE_COUNT)]
    lines = list(good)
    for _, value, _ in bad:
        text = harness.line(topics.events, value, "k", t.random.randrange(PARTITIONS))
        lines.insert(t.random.randrange(len(lines) + 1), text)
    return lines, bad


def bad_coordinates(topics, bad):
    """{(partition, offset): (kind, value, codes)} and the good records, from what the topic holds."""
    by_value = {value: (kind, value, codes) for kind, value, codes in bad}
    coordinates, good = {}, []
    for record in topics.dump(topics.events):
        value = record["value"] or b""
        if value in by_value:
            coordinates[record["partition"], record["offset"]] = by_value[value]
        else:
            good.append(record)
    return coordinates, good


def check_letter(letter, expected, topics):
    kind, value, codes = expected
    headers = letter["headers"]
    check((letter["value"] or b"") == value, f"{kind}: the dead letter has other bytes ({len(letter['value'] or b'')} "
          f"of {len(value)})")
    check(headers["aisle-topic"] == topics.events, f"{kind}: {headers}")
    check(headers["aisle-code"] and (codes is ANY or headers["aisle-code"] in codes), f"{kind}: {headers}, not {codes}")
    check(headers["aisle-text"], f"{kind}: no text in {headers}")
    check(letter["key"] == b"k", f"{kind}: the key is {letter['key']}")


def check_letters(topics, coordinates):
    letters = topics.dump(topics.dead_letters)
    seen = collections.Counter()
    for letter in letters:
        where = (int(letter["headers"]["aisle-partition"]), int(letter["headers"]["aisle-offset"]))
        check(where in coordinates,
              f"a good record is in the dead letters: {letter['headers']} {letter['value'][:200]}")
        check_letter(letter, coordinates[where], topics)
        seen[where] += 1
    missing = [coordinates[where][0] for where in coordinates if where not in seen]
    check(not missing, f"{len(missing)} bad records are not in the dead letters: {sorted(set(missing))}")
    check(max(seen.values()) == 1, "a bad record is in the dead letters twice, without a crash")
    codes = collections.Counter(letter["headers"]["aisle-code"] for letter in letters)
    say(f"{len(letters)} dead letters, each with its bytes, coordinates and code: {dict(codes)}")
    return letters


def dlq(topics, store, *args, status=0, stream=0):
    return harness.run([harness.AISLE, "dlq", *args, "--store", store, *harness.sets(topics.settings())], status=status)[stream]


def check_dlq_command(topics, store, letters):
    listed = [json.loads(text) for text in dlq(topics, store, "list", "--json").splitlines()]
    check(len(listed) == len(letters), f"dlq list has {len(listed)} letters, the topic {len(letters)}")
    check({row["code"] for row in listed} == {letter["headers"]["aisle-code"] for letter in letters},
          "dlq list and the topic differ in their codes")
    check(dlq(topics, store, "list", "--all") == dlq(topics, store, "list"), "dlq list --all is not dlq list")
    letter = next(row for row in listed if row["code"] == "unknown-event-type")
    check("teleport" in dlq(topics, store, "show", letter["id"]), "dlq show does not show the record")
    before = topics.high()
    dlq(topics, store, "resend", letter["id"])
    after = topics.high()
    check(sum(after.values()) == sum(before.values()) + 1, "dlq resend sent not one record")
    poll("the re-sent record in the dead letters again",
         lambda: len(topics.dump(topics.dead_letters)) == len(letters) + 1, 20)
    after = topics.high()
    records = {(row["headers"]["aisle-partition"], row["headers"]["aisle-timestamp"], row["value"])
               for row in topics.dump(topics.dead_letters) if row["headers"]["aisle-code"] == letter["code"]}
    dlq(topics, store, "resend", "--all", "--code", letter["code"])
    came = {partition: end - after[partition] for partition, end in topics.high().items() if end > after[partition]}
    want = collections.Counter(int(partition) for partition, _, _ in records)
    check(came == want, f"dlq resend --all sent {came} by partition, not each record once: {want}")
    poll("all of them again", lambda: len(topics.dump(topics.dead_letters)) == len(letters) + 1 + len(records), 20)
    for args, status, words in ((["show", letter["id"], "0:999999"], 1, "'0:999999' is none of the"),
                                (["resend", "0:999999"], 1, "nothing was sent"),
                                (["list", "--code", "badjson"], 2, "did you mean 'bad-json'?")):
        error = dlq(topics, store, *args, status=status, stream=1)
        check(words in error, f"dlq {args}: {error}")
    elsewhere = harness.sets({**topics.settings(), "topics.deadLetters": "not-there"})
    missing = harness.run([harness.AISLE, "dlq", "list", "--store", store, *elsewhere])[1]
    check("it is taken as empty" in missing and "topic=not-there" in missing, f"dlq list of no topic: {missing}")
    say("dlq list, show and resend do what they say")


def check_twins(topics, store):
    """What is wrong in the same way in two topics are two records."""
    twin = {"itemId": "other", "quantity": 1}
    topics.produce([harness.line(name, twin, "twin", 0, 1_600_000_000_000) for name in (topics.catalog, topics.stock)])

    def letters():
        return [row for row in topics.dump(topics.dead_letters) if row["headers"]["aisle-code"] == "key-mismatch"]
    poll("both are dead letters", lambda: len(letters()) == 2, 20)
    dlq(topics, store, "resend", "--all", "--code", "key-mismatch")
    there = [sum(row["key"] == b"twin" for row in topics.dump(name)) for name in (topics.catalog, topics.stock)]
    check(there == [2, 2], f"of a record in two topics one was not sent again: they are there {there} times")
    poll("both again", lambda: len(letters()) == 4, 20)


def check_letters_of_a_rebuild(t, topics, letters):
    """Into another store, beside another topic of dead letters: those in the topic would not be listed twice."""
    store = t.path("rebuilt")
    settings = {**topics.settings(), "topics.deadLetters": topics.dead_letters + "-none"}

    def aisle(*args):
        return harness.run([harness.AISLE, *args, "--store", store, *harness.sets(settings)])[0]
    aisle("replay", "--from", "earliest")
    listed = [json.loads(text) for text in aisle("dlq", "list", "--json").splitlines()]
    check(len(listed) == len(letters), f"a rebuild has {len(listed)} letters, the processor had {len(letters)}")
    check({row["id"] for row in listed} == {f"file@1:{number}" for number in range(1, len(listed) + 1)},
          f"ids of a rebuild's letters: {listed[0]['id']} to {listed[-1]['id']}")
    letter = next(row for row in listed if row["code"] == "unknown-event-type")
    before = topics.high()
    aisle("dlq", "resend", letter["id"])
    check(sum(topics.high().values()) == sum(before.values()) + 1, "dlq resend sent not one record of a rebuild")
    sent = topics.dump(topics.events)
    new = [record for record in sent if record["offset"] >= before.get(record["partition"], 0)]
    check(len(new) == 1 and b"teleport" in new[0]["value"] and new[0]["key"] == b"k", f"what was sent again: {new}")
    say("the letters of a rebuild are listed, and one is sent again")


def check_told(aisle):
    """The first one at once, then one line a minute."""
    told = [text for text in aisle.log().splitlines() if "records cannot be read" in text]
    check(told and "count=1 code=" in told[0], f"the log tells {told}")
    times = [harness.batch.parse_time(text.split()[0]) for text in told]
    check(all(later - sooner >= 59_000 for sooner, later in zip(times, times[1:])), f"one line a minute says so, not {told}")


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    topics = t.topics(PARTITIONS)
    lines, bad = make_lines(t, topics, path)
    topics.produce(lines)
    coordinates, good = bad_coordinates(topics, bad)
    check(len(coordinates) == len(bad), f"{len(bad)} bad records made, {len(coordinates)} in the topic")
    aisle = t.aisle("run", store=t.path("store"), settings=topics.settings())
    aisle.wait_ready()
    aisle.wait_caught_up(topics)
    letters = check_letters(topics, coordinates)
    shop = harness.batch.Shop(topics.names())
    for record in good:
        harness.feed_record(shop, topics.events, record)
    check(not shop.left_out, f"the batch program left out {dict(shop.left_out)}")
    compare_with_batch("with garbage", aisle.store, shop)
    say(f"{len(good)} good records: rows equal the batch program's")
    check_dlq_command(topics, aisle.store, letters)
    check_twins(topics, aisle.store)
    check_told(aisle)
    aisle.stop()
    check_letters_of_a_rebuild(t, topics, topics.dump(topics.dead_letters))


if __name__ == "__main__":
    harness.main(flow)
