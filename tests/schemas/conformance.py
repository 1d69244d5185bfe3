"""The schemas and the decoder agree: conformance.py DECODE_LINES

Makes valid and mutated documents for each topic, asks jsonschema for its verdict, and asks the decoder (decode_lines)
about the same document as JSON and as MessagePack. What a schema cannot say (one key twice, lone surrogates, depth) is
judged by a strict reader here. Exit status 1 when any verdict differs.
"""
import datetime
import decimal
import json
import pathlib
import random
import re
import struct
import subprocess
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEPTH_MAX = 32
YEAR_10000_MS = 253402300800000


class Refused(Exception):
    pass


# ---- what a strict reader of JSON says ----

def one_key_each(pairs):
    keys = [k for k, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Refused("duplicate key")
    return dict(pairs)


def no_constant(name):
    raise Refused(name)


def check_text(value, depth):
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, (list, dict)):
        if depth == DEPTH_MAX:
            raise Refused("too deep")
        if isinstance(value, dict):
            for key in value:
                key.encode("utf-8")
            value = value.values()
        for v in value:
            check_text(v, depth + 1)


def read_json(text):
    value = json.loads(text.decode("utf-8"), object_pairs_hook=one_key_each, parse_constant=no_constant,
                       parse_float=decimal.Decimal)
    check_text(value, 0)
    return value


# ---- jsonschema with our two keywords, exact numbers and RFC 3339 ----

def is_number(_, v):
    return isinstance(v, (int, decimal.Decimal)) and not isinstance(v, bool)


def is_integer(_, v):
    if isinstance(v, decimal.Decimal):
        return v == v.to_integral_value()
    return is_number(_, v)


def max_bytes(_, limit, value, __):
    if isinstance(value, str) and len(value.encode("utf-8")) > limit:
        yield jsonschema.ValidationError("more than %d bytes" % limit)


def max_json_bytes(_, limit, value, __):
    if isinstance(value, dict):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)
        if len(text.encode("utf-8")) > limit:
            yield jsonschema.ValidationError("more than %d bytes as JSON" % limit)


TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


def is_rfc3339(text):
    if not isinstance(text, str):
        return True
    m = TIME.fullmatch(text)
    if not m:
        return False
    year, month, day, hour, minute, second = (int(g) for g in m.groups()[:6])
    offset = 0
    if m[8]:
        if int(m[9]) > 23 or int(m[10]) > 59:
            return False
        offset = (int(m[9]) * 60 + int(m[10])) * (1 if m[8] == "+" else -1)
    try:
        base = datetime.datetime(year, month, day, hour, minute, min(second, 59))
    except ValueError:
        return False
    if second > 60:
        return False
    seconds = (base - datetime.datetime(1970, 1, 1)).total_seconds() + (second == 60) - offset * 60
    if second == 60 and seconds % 86400:
        return False
    return 0 <= seconds * 1000 < YEAR_10000_MS


def validators(names):
    checker = jsonschema.FormatChecker(formats=())
    checker.checkers = {"date-time": (is_rfc3339, ())}
    types = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("number", is_number).redefine("integer", is_integer)
    cls = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=types,
                                       validators={"maxBytes": max_bytes, "maxJsonBytes": max_json_bytes})
    out = {}
    for topic in names:
        schema = json.loads((ROOT / "schemas" / (topic + ".schema.json")).read_text())
        cls.check_schema(schema)
        out[topic] = cls(schema, format_checker=checker)
    return out


def verdict(validator, text):
    try:
        return validator.is_valid(read_json(text))
    except (ValueError, Refused, RecursionError):
        return False


# ---- MessagePack ----

def head(n, small, small_max, heads, wide):
    if n <= small_max and not wide:
        return bytes([small | n])
    for code, width in heads:
        if n < 1 << (8 * width) and (not wide or width == heads[-1][1]):
            return bytes([code]) + n.to_bytes(width, "big")
    raise ValueError(n)


def pack_int(v, wide):
    if 0 <= v < 128 and not wide:
        return bytes([v])
    if -32 <= v < 0 and not wide:
        return struct.pack("b", v)
    for code, kind in ((0xcc, "B"), (0xd0, "b"), (0xcd, ">H"), (0xd1, ">h"), (0xce, ">I"), (0xd2, ">i"), (0xcf, ">Q"), (0xd3, ">q")):
        if wide and kind not in (">Q", ">q"):
            continue
        try:
            return bytes([code]) + struct.pack(kind, v)
        except struct.error:
            pass
    return b"\xcb" + struct.pack(">d", float(v))


def pack(v, wide=False):
    if v is None or isinstance(v, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[v]
    if isinstance(v, int):
        return pack_int(v, wide)
    if isinstance(v, float):
        return b"\xcb" + struct.pack(">d", v)
    if isinstance(v, str):
        raw = v.encode("utf-8", "surrogatepass")
        return head(len(raw), 0xa0, 31, ((0xd9, 1), (0xda, 2), (0xdb, 4)), wide) + raw
    if isinstance(v, list):
        return head(len(v), 0x90, 15, ((0xdc, 2), (0xdd, 4)), wide) + b"".join(pack(e, wide) for e in v)
    return (head(len(v), 0x80, 15, ((0xde, 2), (0xdf, 4)), wide) +
            b"".join(pack(k, wide) + pack(e, wide) for k, e in v.items()))


# ---- documents ----

VIEW = {"eventId": "e-1", "type": "view", "eventTime": "2011-12-09T12:50:00Z", "visitorId": "v-1", "sessionId": "s-1",
        "itemId": "85123A", "context": {"country": "GB", "region": "LND", "device": "phone", "channel": "web"}}
BUY = {"type": "purchase", "eventTime": 1323435000000, "userId": "u-1", "orderId": "o-1", "currency": "GBP", "offerId": "spring",
       "items": [{"itemId": "a", "quantity": 2, "price": 2.55}, {"itemId": "b", "price": 0},
                 {"itemId": "c", "quantity": 10000, "recommendationId": "r.d"}]}
SEARCH = {"type": "search", "userId": "u-1", "visitorId": "v-1", "query": "red lamp"}
CLICK = {"type": "click", "userId": "u-1", "itemId": "a", "quantity": 1, "price": 12.5, "position": 3,
         "recommendationId": "r.abc"}
ITEM = {"itemId": "85123A", "title": "White hanging heart", "categories": ["Home > Lights", "Gifts"], "brand": "B",
        "price": 2.55, "listPrice": 3, "currency": "GBP", "rating": 4.5, "ratingCount": 12,
        "attributes": {"color": "white", "sizes": [1, 2.5, "L", True, None]}, "tags": ["new"], "groupId": "g",
        "accessoriesOf": ["a"], "margin": -0.25, "regions": ["GB"], "availableFrom": "2011-01-01T00:00:00Z",
        "availableTo": 1400000000000, "seasons": ["winter"], "url": "https://shop.example/a", "imageUrl": "/a.png"}
STOCK = {"itemId": "85123A", "location": "LND", "quantity": 7, "shipsTo": ["GB", "DE"], "leadTimeHours": 24,
         "asOf": "2011-12-09T12:50:00Z"}
BASES = {
    "event": [VIEW, BUY, SEARCH, CLICK],
    "catalog": [ITEM, {"itemId": "a"}, {}, {"before": None, "after": ITEM, "op": "c"},
                {"schema": {"type": "struct"}, "payload": {"before": ITEM, "after": None, "op": "d"}},
                {"schema": None, "payload": ITEM}],
    "stock": [STOCK, {"quantity": 0}, {"before": STOCK, "after": STOCK, "op": "u", "source": {"ts_ms": 1}},
              {"schema": {}, "payload": {"after": STOCK, "op": "r"}}],
}
EXTRA_FIELDS = ["unknown", "items", "itemId", "quantity", "price", "query", "userId", "type", "context", "op", "before",
                "after", "schema", "payload", "attributes", "rating", "shipsTo"]
VALUES = [
    None, True, False, 0, 1, -1, 2, 5, 6, 5.000001, 1.5, 2.0, -0.0, 0.5, 10000, 10001, 100000000, 100000000.5, 100000001,
    -100000000, -100000001, 2147483647, 2147483648, 1000000000, 1000000001, 87600, 87601, 253402300799999,
    253402300800000, 1e300, 2**63, 2**64, -2**63, 1e-7, -1e-7, 0.1234565,
    "", " ", "\t\n", "x", "view", "purchase", "search", "return", "view_item", "Product Viewed", "detail-page-view", "View", "nosuch", "c", "d", "t",
    "x" * 64, "x" * 65, "x" * 128, "x" * 129, "x" * 256, "x" * 257, "x" * 512, "x" * 513, "x" * 2048, "x" * 2049,
    "a\0b", "\0", "a\nb", "\x1f", "\x7f", "a\x80b", "gr\u00fcn", "\u20ac" * 21, "\u20ac" * 22, "\u20ac" * 43, "\U0001f600" * 16, "\U0001f600" * 17, "\ud800", "\udc00x", "> >", "a>b> c", "\u00a0",
    "2011-12-09T12:50:00Z", "2011-12-09t12:50:00.123456789z", "2012-02-29T23:59:59+23:59", "2011-02-29T00:00:00Z",
    "2011-12-09 12:50:00Z", "2011-12-09T12:50:00", "2011-12-09T24:00:00Z", "2011-12-09T12:60:00Z", "2011-13-01T00:00:00Z",
    "2011-00-01T00:00:00Z", "2011-12-00T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-00:01", "2016-12-31T23:59:60Z", "2016-12-31T23:58:60Z",
    "2017-01-01T01:59:60+02:00", "2011-12-09T12:50:00.Z", "2011-12-09T12:50:00+1:00", "2011-12-09T12:50:00+01:60", "2011-12-09", "2011-12-09T12:50:00Z\n",
    [], ["a"], [""], [None], [1], ["a", "a"], ["x" * 64], ["x" * 65], ["x" * 128], ["x" * 129], ["x" * 256], ["x" * 257], ["a\0"], ["a\x7f"], ["a"] * 64, ["a"] * 65, [[]], [{}],
    [" > "], ["a > > b "], "javascript:x", "\x01 jAva\n Script\t:", "javascripts:x", "javascript/:x", "data:x", ":x", "xjavascript:",
    {}, {"a": 1}, {"a": [1]}, {"a": [[1]]}, {"a": {"b": 1}}, {"a\0": 1}, {"a": "b\0"}, {"a": "x" * 16376}, {"a": "x" * 16377}, {"country": "x" * 65}, {"country": 1},
    {"country": None, "other": [1, {"x": None}]},
    [{"itemId": "a"}], [{"itemId": ""}], [{"itemId": None}], [{"quantity": 1}], [{"itemId": "a", "quantity": 0}], [{"itemId": "a", "quantity": 2.0}],
    [{"itemId": "a", "quantity": 2.5}], [{"itemId": "a", "price": -1}], [{"itemId": "a", "price": "1"}], [{"itemId": "a", "x": {"y": [1, 2]}}],
    [{"itemId": "a"}] * 2000, [{"itemId": "a"}] * 2001, [{"itemId": "x" * 129}], [{"itemId": 5}],
    {"itemId": "k", "quantity": 1}, {"itemId": "k"},
]
NUMBERS = ["0", "-0", "-0.0", "1", "01", "+1", "1.", ".5", "1e2", "1E+2", "1e-2", "1e", "1e+", "-", "2.5e1", "0.25e2", "100e-2", "1000000e-7",
           "100000000", "100000000.0", "100000000.0000001", "100000000.00000000000000000001", "99999999.9999999", "1e8", "10e7", "1.0e8", "1.00000001e8",
           "1e9", "1e400", "1e-400", "-1e-400", "0e400", "123456789012345678901234567890e-25", "10000", "10000.0", "10000.5", "1e4", "10001e0", "0.1e1",
           "NaN", "Infinity", "-Infinity", "0x10", "1_000", "1 2", "\u0661", "00", "-01", "1.5.2", "1e5.2", "true1", "nul"]
RAW = ["", " ", "{", "}", "{}", "[]", "null", "1", '"a"', "{]", '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{"a" 1}', "{'a':1}", "{a:1}", '{"a":1 "b":2}',
       '{"a":[1,]}', '{"a":[,1]}', '{"a":[1 2]}', '{"a":[1}', '{"a":tru}', '{"a":TRUE}', '{"a":nulll}', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a":"\\u12g4"}',
       '{"a":"\\ud83d\\ude00"}', '{"a":"\\ud83d"}', '{"a":"\\ude00\\ud83d"}', '{"a":"\\ud83dx"}', '{"a":"\\ud83d\\u0041"}', '{"a":"\\"}', '{"a":"b', '{"a":"\t"}', '{"a":"\x7f"}',
       '{"a":"\\b\\f\\n\\r\\t\\/\\\\\\""}', '{"a":1,"a":1}', '{"a":1,"\\u0061":1}', '{"b":{"a":1,"a":1}}', '{"b":[{"a":1},{"a":1}]}', '{"a":1}{', '{"a":1} x', '{"a":1}\n\t ', '{"a":1}\0',
       '{"a":%s1%s}' % ("[" * 31, "]" * 31), '{"a":%s1%s}' % ("[" * 32, "]" * 32), '{"a":%s1%s}' % ('{"a":' * 31, "}" * 31), '{"a":%s1%s}' % ('{"a":' * 32, "}" * 32),
       "\ufeff{}", '{"a":1/**/}', '{"a":1}//', '{"":1}', '{"":1,"":2}', '{"a":-}', '{"\\ud800":1}']
BAD_BYTES = [b"\xff", b"\xc0\xaf", b"\xc1\x81", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\x80",
             b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf", b"\xed\x9f\xbf"]


def mutants(topic, rng):
    """Each field of each base left out, and set to values (to all of them once); now and then two changes at a time."""
    done = set()
    for base in BASES[topic]:
        yield base
        row = lambda doc: doc.get("payload", {}).get("after") or doc.get("payload") or doc.get("after") or doc
        fields = list(row(base)) + [f for f in base if f not in row(base)]
        fields += [f for f in EXTRA_FIELDS if f not in fields]
        for field in fields:
            doc = json.loads(json.dumps(base))
            place = row(doc) if field in row(doc) else doc
            if place.pop(field, None) is not None:
                yield doc
            thorough = field in base and field not in done
            done.add(field)
            for value in VALUES if thorough else rng.sample(VALUES, 12):
                doc = json.loads(json.dumps(base))
                place = row(doc) if field in row(doc) else doc
                place[field] = value
                yield doc
                if rng.random() < 0.1:
                    place[rng.choice(fields)] = rng.choice(VALUES)
                    yield doc


def texts_of(topic, rng):
    """(JSON bytes, MessagePack bytes or None) of all documents of a topic."""
    for doc in mutants(topic, rng):
        text = json.dumps(doc, ensure_ascii=True if rng.random() < 0.5 else False,
                          separators=rng.choice([(",", ":"), (", ", " : ")]))
        yield text.encode("utf-8", "surrogatepass"), pack(doc, rng.random() < 0.2)
    base = json.dumps(BASES[topic][0])
    field = {"event": "price", "catalog": "price", "stock": "quantity"}[topic]
    for number in NUMBERS:
        for name in (field, "unknown", "quantity", "eventTime", "rating", "margin"):
            doc = {k: v for k, v in BASES[topic][0].items() if k != name}
            yield (json.dumps(doc)[:-1] + ',"%s":%s}' % (name, number)).encode(), None
    for raw in RAW:
        yield raw.encode(), None
        if raw.startswith("{") and raw != "{":  # members in front of a whole document
            yield (base[:-1] + "," + raw[1:]).encode(), None
    for raw in BAD_BYTES:
        yield base[:-1].encode() + b',"x":"' + raw + b'"}', None
        yield base[:-1].encode() + b',"x":"abcdefgh' + raw + b'ijklmnopqrst"}', None
    for cut in range(0, len(base), 3):
        yield base[:cut].encode(), None


def main():
    rng = random.Random(7)
    validator = validators(BASES)
    cases = []
    for topic in BASES:
        for text, packed in texts_of(topic, rng):
            # an empty value is a tombstone of a compacted topic: no document, so no schema speaks of it
            expected = verdict(validator[topic], text) or (topic != "event" and not text)
            cases.append((topic, "JSON", text, expected))
            if packed is not None:
                cases.append((topic, "MessagePack", packed, expected))
    lines = b"".join(t.encode() + b"\t" + (b"hex:" + v.hex().encode() if kind == "MessagePack" or b"\n" in v or b"\0" in v else v) + b"\n"
                     for t, kind, v, _ in cases)
    done = subprocess.run([sys.argv[1]], input=lines, stdout=subprocess.PIPE, timeout=300)
    answers = done.stdout.decode("utf-8", "replace").split("\n")[:-1]
    if done.returncode or len(answers) != len(cases):
        sys.exit("decode_lines ended with status %d after %d of %d lines" % (done.returncode, len(answers), len(cases)))
    wrong = 0
    for (topic, kind, value, expected), answer in zip(cases, answers):
        if answer.startswith("ok\t") != expected:
            wrong += 1
            if wrong <= 20:
                print("%s as %s: schema says %s, decoder says %s: %.300r" % (topic, kind, "yes" if expected else "no", answer, value))
    accepted = sum(1 for case in cases if case[3])
    print("conformance: %d verdicts, %d accepted, %d refused, %d differ" % (len(cases), accepted, len(cases) - accepted, wrong))
    if wrong or min(accepted, len(cases) - accepted) < 1000:
        sys.exit(1)


if __name__ == "__main__":
    main()
