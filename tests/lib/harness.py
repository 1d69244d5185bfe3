"""What every flow uses: aisle processes, Kafka topics, HTTP, row comparison, polling with a deadline.

A flow is a file tests/flow/flow_NAME.py with `def flow(t)` and `harness.main(flow)` at its end. `t` is a Flow: a
scratch directory, a broker (shared when run.py gives one, else started here), and whatever it starts is ended with it.
"""
import base64
import contextlib
import decimal
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request
import zlib

LIB = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(LIB))
sys.path[:0] = [LIB, os.path.join(ROOT, "tests", "reference")]

import batch  # noqa: E402
import kafka  # noqa: E402
import slow_proxy  # noqa: E402

AISLE = os.path.abspath(os.environ.get("AISLE", os.path.join(ROOT, "build", "release", "aisle")))
KTOOL = os.path.join(ROOT, "build", "ktool")
# sanitizer builds are slower
SLOWER = float(os.environ.get("FLOW_SLOWER", "1"))
VIEWS = batch.COUNTING_VIEWS
PERSON_VIEWS = batch.PERSON_VIEWS
ALL_VIEWS = (*VIEWS, *PERSON_VIEWS, "catalog", "stock", "config")


class FlowFailed(Exception):
    """The sentence says what was expected."""


def say(text):
    print(f"  {text}", flush=True)


def check(condition, text):
    if not condition:
        raise FlowFailed(text)


def poll(what, attempt, deadline_s=30, pause_s=0.05):
    """attempt() until it returns something true; that is returned. What it said last is told on failure."""
    deadline = time.monotonic() + deadline_s * SLOWER
    while True:
        try:
            result, last = attempt(), None
            if result:
                return result
        except (FlowFailed, OSError, subprocess.SubprocessError) as error:
            result, last = None, error
        if time.monotonic() > deadline:
            raise FlowFailed(f"{what}: not within {deadline_s * SLOWER:.0f} s (last: {last or result!r})")
        time.sleep(pause_s)


def run(command, timeout_s=60, status=0, stdin=None):
    """Runs to its end; (stdout, stderr) as text. `status` None: any."""
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=timeout_s * SLOWER, check=False,
                          **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if status is not None and done.returncode != status:
        raise FlowFailed(f"'{' '.join(command)}' ended with {done.returncode}, not {status}:\n"
                         f"{err[-2000:] or out[-12000:]}")
    return out, err


def sets(settings):
    """Settings as a command's arguments."""
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


def http(method, url, body=None, timeout_s=10, headers=None):
    """(status, parsed JSON or text). Any status is an answer; no answer is an OSError."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=dict(headers or {}))
    if data is not None and not request.has_header("Content-type"):
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=timeout_s * SLOWER) as answer:
            status, raw = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, raw = error.code, error.read()
    try:
        return status, json.loads(raw)
    except ValueError:
        return status, raw.decode(errors="replace")


def npm_modules(directory):
    """node_modules of the lock file in `directory`, installed once for each."""
    with open(os.path.join(directory, "package-lock.json"), "rb") as f:
        name = f"{os.path.basename(directory)}-{hashlib.sha256(f.read()).hexdigest()[:16]}"
    place = os.path.realpath(os.path.join(ROOT, ".cache", "npm", name))  # npm ci refuses a place behind a link
    if not os.path.exists(place):
        say(f"installing the packages of {os.path.relpath(directory, ROOT)}")
        partial = f"{place}.{os.getpid()}"
        os.makedirs(partial)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(directory, name), partial)
        run(["npm", "ci", "--prefix", partial, "--ignore-scripts", "--no-audit", "--no-fund"], timeout_s=300)
        os.rename(partial, place)
    return os.path.join(place, "node_modules")


# ---- rows ----

def comparable(row):
    """A row as a string in which the order of members and the spelling of numbers do not matter."""
    row = dict(row)
    for money in ("revenue", "price", "spend", "recommendedRevenue"):
        if money in row:
            row[money] = int(decimal.Decimal(row[money]) * 1_000_000)
    return json.dumps(row, sort_keys=True, default=str)


def expect_same_rows(what, expected, actual):
    expected, actual = sorted(map(comparable, expected)), sorted(map(comparable, actual))
    if expected == actual:
        return
    missing, extra = subtract(expected, actual), subtract(actual, expected)
    raise FlowFailed(f"{what}: {len(expected)} rows expected, {len(actual)} there; missing {len(missing)}, e.g. "
                     f"{missing[:4]}; too many {len(extra)}, e.g. {extra[:4]}")


def subtract(rows, others):
    left = {}
    for row in others:
        left[row] = left.get(row, 0) + 1
    ret = []
    for row in rows:
        if left.get(row, 0):
            left[row] -= 1
        else:
            ret.append(row)
    return ret


def store_with_key(path, key):
    """A store that is empty but for its key: person ids are keyed hashes, so that two stores compare only under one."""
    os.mkdir(path, 0o700)
    with open(os.path.join(path, "person.key"), "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
        out.write(key)
    return path


def rows_of(store, view, *args):
    out, _ = run([AISLE, "inspect", view, "--store", store, *args])
    return [json.loads(line, parse_float=decimal.Decimal) for line in out.splitlines()]


def offsets_of(store, topic):
    """{partition: next} of a topic, as committed; empty before there is a store."""
    out, _ = run([AISLE, "inspect", "offsets", "--store", store], status=None)
    rows = [json.loads(text) for text in out.splitlines()]
    return {row["partition"]: row["next"] for row in rows if row["topic"] == topic}


def digests_of(store, views):
    """{view: what `inspect --digest` prints}; the person keys of compared stores must be the same."""
    return {view: run([AISLE, "inspect", view, "--store", store, "--digest"])[0].strip() for view in views}


def compare_with_batch(what, store, shop, views=(*VIEWS, *PERSON_VIEWS)):
    with open(os.path.join(store, "person.key"), "rb") as f:
        person_key = f.read()
    for view in views:
        expect_same_rows(f"{what}, {view}", shop.rows(view, person_key), rows_of(store, view))


# ---- the log ----

# records carry event times of years: neither deleted for their age nor a segment each
TOPIC_SETTINGS = ("retention.ms=-1", "segment.ms=9223372036854775807")


class Topics:
    """One flow's topics on a broker."""

    def __init__(self, broker, prefix):
        self.broker, self.prefix = broker, prefix
        self.events, self.catalog, self.stock = f"{prefix}.events", f"{prefix}.catalog", f"{prefix}.stock"
        self.config, self.dead_letters = f"{prefix}.config", f"{prefix}.dlq"

    def settings(self):
        return {"kafka.bootstrap.servers": self.broker.bootstrap, "topics.events": self.events,
                "topics.catalog": self.catalog, "topics.stock": self.stock, "topics.config": self.config,
                "topics.deadLetters": self.dead_letters, "topics.discovery": "500ms"}

    def names(self):
        return {"events": self.events, "catalog": self.catalog, "stock": self.stock, "config": self.config}

    def tool(self, *args, stdin=None, timeout_s=60):
        return run([KTOOL, self.broker.bootstrap, *map(str, args)], stdin=stdin, timeout_s=timeout_s)[0]

    def create(self, partitions=4):
        for name in (self.events, self.catalog, self.stock, self.config, self.dead_letters):
            count = partitions if name == self.events else 1
            self.tool("create", name, count, *TOPIC_SETTINGS)

    def recreate(self, name, partitions):
        self.tool("delete", name)
        poll(f"topic '{name}' made again",
             lambda: self.tool("create", name, partitions, *TOPIC_SETTINGS) or True, 20, 0.2)

    def produce(self, lines):
        """Lines made by line(); one call, one producer."""
        return self.tool("produce", "-", stdin="".join(lines).encode())

    def high(self, name=None):
        """{partition: end offset}"""
        marks = map(json.loads, self.tool("watermarks", name or self.events).splitlines())
        return {mark["partition"]: mark["high"] for mark in marks}

    def dump(self, name):
        """Records with key, value and headers as bytes."""
        ret = []
        for text in self.tool("dump", name).splitlines():
            record = json.loads(text)
            for member in ("key", "value"):
                record[member] = None if record[member] is None else base64.b64decode(record[member])
            record["headers"] = {k: base64.b64decode(v).decode() for k, v in record["headers"].items()}
            ret.append(record)
        return ret


def line(topic, value, key=None, partition=None, timestamp=None):
    """One line for ktool. value: bytes, None, or what json.dumps takes."""
    record = {"topic": topic, "value": None if value is None else encode(value)}
    if key is not None:
        record["key"] = encode(key.encode())
    if partition is not None:
        record["partition"] = partition
    if timestamp is not None:
        record["timestamp"] = timestamp
    return json.dumps(record) + "\n"


def encode(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.b64encode(raw).decode()


def simulate(path, events, seed):
    """A small shop over two months with its catalogue, so that pairs are many."""
    run([AISLE, "simulate", "--events", str(events), "--seed", str(seed), "--items", "400", "--users", "600", "--days",
         "60", "--catalog", "--to-file", path])
    check(os.path.getsize(path) > 0, "simulate wrote nothing")


def actor_of(event):
    return event.get("userId") or event["visitorId"]


def log_lines(path, topics, partitions=4):
    """A simulated file as ktool lines: events by actor onto partitions, their event time as the record's timestamp."""
    ret = []
    for raw in batch.read_lines(path):
        value = json.loads(raw)
        if "topic" in value and "value" in value:
            name = topics.prefix + value["topic"][value["topic"].index("."):]
            ret.append(line(name, value["value"], value.get("key"), None, value.get("timestamp")))
        else:
            ret.append(event_line(raw.strip(), value, topics, partitions))
    return ret


def event_line(raw, event, topics, partitions):
    actor = actor_of(event)
    partition = zlib.crc32(actor.encode()) % partitions
    return line(topics.events, raw, actor, partition, batch.parse_time(event["eventTime"]))


def reference_of(topics, *names):
    """The reference fed with what the topics really hold, partition by partition."""
    shop = batch.Shop(topics.names())
    for name in names or (topics.events,):
        for record in topics.dump(name):
            feed_record(shop, name, record)
    return shop


def feed_record(shop, name, record):
    value = json.loads(record["value"], parse_float=str) if record["value"] is not None else None
    key = record["key"].decode() if record["key"] is not None else None
    text = json.dumps({"topic": name, "key": key, "value": value, "timestamp": record["timestamp"]})
    shop.feed(text, (name, record["partition"]))


# ---- processes ----

class Process:
    """One `aisle` command that stays: its output goes to a file; ended with its flow."""

    def __init__(self, flow, command, store, settings):
        self.flow, self.store = flow, store
        self.log_path = os.path.join(flow.directory, f"aisle-{len(flow.processes)}.log")
        args = [AISLE, *command, "--store", store, *sets({"http.listen": "127.0.0.1:0", "store.mapSize": "4g", **settings})]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = self.process.pid
        self.url = None
        flow.processes.append(self)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def running(self):
        return self.process.poll() is None

    def wait_ready(self, deadline_s=20):
        def ready():
            for text in self.log().splitlines():
                if "ready: http" in text:
                    return text[text.index("http"):].split()[0]
            if not self.running():
                raise Ended(f"aisle ended with {self.process.returncode} before it was ready:\n{self.log()[-2000:]}")
            return None
        self.url = poll("the ready line", ready, deadline_s)
        return self.url

    def get(self, path, **query):
        return self.request("GET", path, **query)

    def request(self, method, path, body=None, **query):
        text = urllib.parse.urlencode(query)
        return http(method, self.url + path + ("?" + text if text else ""), body)

    def good(self, path, **query):
        status, answer = self.get(path, **query)
        check(status == 200, f"GET {path} {query}: {status} {answer}")
        return answer

    def metrics(self):
        """{"aisle_lag_seconds": 0.0, 'aisle_processor_waiting{for="log"}': 0.0, ...}"""
        text = self.good("/metrics")
        return {name: float(value) for name, value in
                (part.rsplit(" ", 1) for part in text.splitlines() if part and not part.startswith("#"))}

    def next_offsets(self, name):
        return offsets_of(self.store, name)

    def wait_caught_up(self, topics, names=None, deadline_s=60):
        for name in names or (topics.events, topics.catalog, topics.stock):
            high = {p: end for p, end in topics.high(name).items() if end > 0}

            def level(name=name, high=high):
                if not self.running():
                    raise Ended(f"aisle ended with {self.process.returncode}:\n{self.log()[-2000:]}")
                have = self.next_offsets(name)
                if all(have.get(p, 0) >= end for p, end in high.items()):
                    return True
                raise FlowFailed(f"{have} of {high}")
            poll(f"'{name}' read to its end", level, deadline_s)

    def stop(self, timeout_s=20):
        """SIGTERM: drains, commits, status 0."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout_s * SLOWER)
        except subprocess.TimeoutExpired:
            self.kill()
            raise FlowFailed(f"aisle did not end {timeout_s} s after SIGTERM:\n{self.log()[-2000:]}") from None
        check(status == 0, f"aisle ended with {status}:\n{self.log()[-3000:]}")

    def kill(self):
        if self.running():
            self.process.kill()
        self.process.wait()


class Ended(Exception):
    """A process that should run has ended: no use in polling on."""


class Flow:
    """What one flow owns."""

    def __init__(self, name, quick_broker=True):
        self.name, self.quick_broker = name, quick_broker
        self.directory = tempfile.mkdtemp(prefix=f"aisle-{name}-")
        self.processes, self.brokers, self.closers = [], [], []
        self.seed = int(os.environ.get("FLOW_SEED") or random.SystemRandom().randrange(1, 1 << 31))
        self.random = random.Random(self.seed)
        self.shared_broker = None

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def broker(self):
        """The broker of this run of flows."""
        if self.shared_broker is None:
            shared = os.environ.get("FLOW_KAFKA_DIR")
            self.shared_broker = kafka.Broker(shared) if shared else self.own_broker()
        return self.shared_broker

    def own_broker(self, extra=None, directory=None):
        """A broker to kill, ended with the flow. `extra`: settings of its own."""
        broker = kafka.Broker(directory or self.path(f"kafka-{len(self.brokers)}"), extra, self.quick_broker)
        self.brokers.append(broker)
        return broker.start()

    def slow_broker(self):
        """(broker, proxy, address): clients of the address go through the proxy, those of broker.bootstrap do not."""
        slow, behind = kafka.free_ports(2)
        # the listener of inter-broker traffic is made by kafka.py; this one is for who comes through the proxy
        broker = kafka.Broker(self.path(f"kafka-{len(self.brokers)}"))
        broker.port, broker.controller_port = kafka.free_ports(2)
        broker.extra = {
            "listeners": f"PLAINTEXT://127.0.0.1:{broker.port},SLOW://127.0.0.1:{behind},"
                         f"CONTROLLER://127.0.0.1:{broker.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{broker.port},SLOW://127.0.0.1:{slow}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SLOW:PLAINTEXT,CONTROLLER:PLAINTEXT"}
        self.brokers.append(broker)
        proxy = slow_proxy.SlowProxy(slow, behind).start()
        self.closers.append(proxy.stop)
        return broker.start(), proxy, f"127.0.0.1:{slow}"

    @contextlib.contextmanager
    def small_disk(self, megabytes):
        """A directory on a file system of that size; None where mounting is not allowed. resize_disk() makes room."""
        path = self.path(f"disk-{megabytes}")
        os.makedirs(path)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", path], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            say("skipped: mounting is not allowed here")
            yield None
            return
        try:
            yield path
        finally:
            self.end_all(path)
            subprocess.run(["umount", "--lazy", path], check=False)  # who was killed may still hold it for a moment

    def topics(self, partitions=4, broker=None, suffix=""):
        """Fresh topics; partitions 0: none is made."""
        topics = Topics(broker or self.broker(), f"{self.name}{suffix}-{os.getpid()}")
        if partitions:
            topics.create(partitions)
        return topics

    def aisle(self, *command, store, settings=None):
        return Process(self, command, store, settings or {})

    def end_all(self, place=""):
        """All processes, and the brokers that lie in `place`."""
        for process in self.processes:
            process.kill()
        for broker in self.brokers:
            if broker.directory.startswith(place):
                broker.resume()
                broker.kill()

    def close(self):
        self.end_all()
        for closer in self.closers:
            closer()

    def remove(self):
        """The scratch directory; again for a while, since a browser that is ending still writes into it."""
        for _ in range(50):
            shutil.rmtree(self.directory, ignore_errors=True)
            if not os.path.exists(self.directory):
                return
            time.sleep(0.1)


def resize_disk(path, megabytes):
    run(["mount", "-o", f"remount,size={megabytes}m", path])


def ktool_build():
    sources = [os.path.join(LIB, name) for name in ("ktool.c", "ktool_records.c")]
    newest = max(os.path.getmtime(name) for name in (*sources, os.path.join(LIB, "ktool.h")))
    if os.path.exists(KTOOL) and os.path.getmtime(KTOOL) >= newest:
        return
    os.makedirs(os.path.dirname(KTOOL), exist_ok=True)
    partial = f"{KTOOL}.{os.getpid()}"
    run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", *sources, "-o", partial, "-lrdkafka", "-ljansson",
         "-lsodium"])
    os.rename(partial, KTOOL)


def end_on_term(_number, _frame):
    sys.exit(1)


def main(flow):
    """Runs one flow: exit status 0 passed, 1 failed. The scratch directory stays after a failure."""
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0].removeprefix("flow_")
    signal.signal(signal.SIGTERM, end_on_term)
    t = Flow(name)
    failed = True
    try:
        if not os.path.exists(AISLE):
            raise FlowFailed(f"'{AISLE}' is missing: run 'make BUILD=release' or set AISLE")
        ktool_build()
        say(f"seed {t.seed} (FLOW_SEED repeats it)")
        flow(t)
        failed = False
    except (FlowFailed, Ended) as error:
        print(f"  FAILED: {error}", flush=True)
    except Exception:  # a broken flow is a failed flow
        traceback.print_exc()
    finally:
        t.close()
        if failed:
            show_logs(t)
        else:
            t.remove()
    sys.exit(1 if failed else 0)


def show_logs(t):
    say(f"left in {t.directory}")
    for process in t.processes[-3:]:
        with contextlib.suppress(OSError):
            tail = process.log()[-1500:]
            print(f"  --- end of {process.log_path}\n{tail}", flush=True)
