"""The schemas of documents and control_parse agree: control_conformance.py DECODE_LINES

Every field of documents that have them all is left out, set to null and to other values, at every depth; jsonschema and the
program are asked about each. What a schema cannot say is judged by `beyond`. Exit status 1 when any verdict differs.
"""
import copy
import json
import random
import subprocess
import sys

import conformance

PART = {"chain": [{"strategy": "trending", "share": 2}, {"strategy": "best-sellers"}], "requires": ["itemIds", "query"], "filter": "inStock",
        "diversity": 0.5, "minScore": -1, "count": 12, "boost": [{"filter": "price < 5", "factor": 0.5}], "fill": "filtered"}
COMMON = {"name": "A name", "description": "More of it", "enabled": False}
PERIOD = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
RULE = {**COMMON, **PERIOD, "placements": ["home", "cart"], "categories": ["Shoes > Running"], "segments": ["frequent"], "countries": ["DE"], "priority": 7}
OFFER = {**COMMON, **PERIOD, "segments": ["lapsing"], "budget": 500, "oncePerPerson": True, "itemIds": ["p1", "p2"]}
ACTIONS = [{"filter": "inStock"}, {"exclude": {"itemIds": ["a"]}}, {"exclude": {"filter": "inStock"}}, {"boost": {"filter": "inStock", "factor": 2}},
           {"bury": {"filter": "inStock", "factor": 0.5}}, {"pin": {"itemIds": ["a", "b"], "position": 3}}, {"quota": {"filter": "inStock", "max": 2}}]
BASES = {
    "scenario": [{**COMMON, **PART}],
    "rule": [{**RULE, "action": action} for action in ACTIONS],
    "experiment": [{**COMMON, "layer": "prices", "status": "running", "placements": ["home"],
                    "variants": [{"name": "as-is", "weight": 1}, {"name": "new", "weight": 3, "scenario": PART}], "traffic": 12.5, "holdout": 5,
                    "allowList": [{"userId": "u1", "variant": "new"}, {"visitorId": "v1", "variant": "holdout"}], "primary": "conversion",
                    "minimumPeople": 10, "minimumDays": 3, "guardRails": [{"metric": "ctr", "maxLossPercent": 2}],
                    "startedAt": "2026-01-01T00:00:00Z", "stoppedAt": "2026-01-02T00:00:00Z"}],
    "segment": [{**COMMON, "filter": "orders >= 3", "members": True}],
    "offer": [{**OFFER, "code": "BACK", "discount": {"percent": 10}}],
    "promotion": [{**OFFER, "discount": {"amount": 4.99, "currency": "EUR"}}],
}
VALUES = [None, True, False, 0, 1, -1, 2, 0.5, 1.5, 2.0, 100, 100.5, 101, 1000, 1001, 10000, 10001, 365, 366, 1e9, 1000000001, 1e300, "", "x", "as-is",
          "A", "a b", "x" * 32, "x" * 33, "x" * 64, "x" * 65, "x" * 128, "x" * 129, "x" * 256, "x" * 257, "x" * 2049, "x" * 4096, "x" * 4097, "a\0b", "\ud800",
          "\u20ac" * 43, "draft", "ctr", "any", "EUR", "eur", "2026-01-01T00:00:00Z", "2026-01-15T00:00:00+01:00", "2026-13-01T00:00:00Z", "1969-01-01T00:00:00Z",
          1767225600000, [], {}, [1], [None], [""], ["a"], ["A"], ["a"] * 20, ["a"] * 21, ["a"] * 256, ["a"] * 257, ["a"] * 1001, ["query"], [{}], [[]], {"a": 1},
          {"percent": 5}, {"amount": 5}, {"percent": None, "amount": 5}, {"percent": 5, "currency": "EUR"}, {"filter": "inStock", "quota": None}]


def places(value, path=()):
    """The paths of everything in a document but itself."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield path + (key,)
        yield from places(inner, path + (key,))


def changed(base, path, value):
    doc = copy.deepcopy(base)
    place = doc
    for key in path[:-1]:
        place = place[key]
    if value is changed:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return doc


def mutants(base, rng):
    yield base
    for path in places(base):
        yield changed(base, path, changed)
        for value in rng.sample(VALUES, 12):
            yield changed(base, path, value)
    for path in [()] + [p for p in places(base) if isinstance(changed_at(base, p), dict)]:
        yield changed(base, path + ("unknown",), 1)


def changed_at(value, path):
    for key in path:
        value = value[key]
    return value


def later(doc, first, second):
    return not (doc.get(first) and doc.get(second)) or conformance_ms(doc[first]) < conformance_ms(doc[second])


def conformance_ms(text):
    return conformance.datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00")).timestamp()


def beyond(kind, doc):
    """What holds between fields of a document that the schema accepts."""
    if kind == "experiment":
        names = [variant["name"] for variant in doc["variants"]]
        return (len(set(names)) == len(names) and "holdout" not in names and sum(variant["weight"] for variant in doc["variants"]) > 0 and
                all(entry["variant"] in names + ["holdout"] for entry in doc.get("allowList") or []) and
                not (doc.get("startedAt") and doc.get("stoppedAt") and conformance_ms(doc["stoppedAt"]) < conformance_ms(doc["startedAt"])))
    return kind == "segment" or kind == "scenario" or later(doc, "from", "to")


def main():
    rng = random.Random(11)
    validators = conformance.validators(BASES)
    cases = []
    for kind, bases in BASES.items():
        for base in bases:
            for doc in mutants(base, rng):
                text = json.dumps(doc).encode()
                good = conformance.verdict(validators[kind], text) and beyond(kind, doc)
                cases.append((kind, text, good))
        for raw in conformance.RAW:
            cases.append((kind, raw.encode(), conformance.verdict(validators[kind], raw.encode())))
    lines = b"".join(kind.encode() + b"\thex:" + text.hex().encode() + b"\n" for kind, text, _ in cases)
    done = subprocess.run([sys.argv[1]], input=lines, stdout=subprocess.PIPE, timeout=120)
    answers = done.stdout.decode("utf-8", "replace").split("\n")[:-1]
    if done.returncode or len(answers) != len(cases):
        sys.exit("decode_lines ended with status %d after %d of %d lines" % (done.returncode, len(answers), len(cases)))
    wrong = [(case, answer) for case, answer in zip(cases, answers) if answer.startswith("ok\t") != case[2]]
    for (kind, text, good), answer in wrong[:20]:
        print("%s: schema says %s, program says %s: %.300r" % (kind, "yes" if good else "no", answer, text))
    accepted = sum(case[2] for case in cases)
    print("control_conformance: %d verdicts, %d accepted, %d differ" % (len(cases), accepted, len(wrong)))
    if wrong or accepted < 300 or len(cases) - accepted < 300:
        sys.exit(1)


if __name__ == "__main__":
    main()
