"""How fast next-in-session is with real sessions: wrk beside `aisle run`, while other events are being applied."""
import random
import urllib.parse

import harness
import machine
import sessions
from steady import APPLIED, Events, warm_up

PATHS = 20_000
THREADS, CONNECTIONS = 2, 32
SECONDS = 10
WARM_UP_S = 2    # what an answerer keeps of sessions begins empty
CALM = 1_000     # requests a second


def paths_of(data, path):
    cases = [so_far for asked, _ in data.tests for so_far, _ in asked]
    random.Random(7).shuffle(cases)
    with open(path, "w", encoding="utf-8") as out:
        for so_far in cases[:PATHS]:
            items = ",".join(urllib.parse.quote(item, safe="") for item in so_far[-64:])
            out.write(f"/v1/recommendations/next-in-session?count={sessions.COUNT}&sessionItems={items}\n")


def wrk(url, path, seconds, wait_ms=None):
    return machine.run_json(machine.wrk(THREADS, CONNECTIONS, seconds, url, path, wait_ms), seconds + 30)


def asked(url, pid, path, rate=None):
    """wrk at full speed, or at about a rate: each connection waits at random between its requests."""
    wait_ms = CONNECTIONS / rate * 1000 if rate else None
    wrk(url, path, WARM_UP_S)
    before = machine.cpu_seconds(pid)
    got = wrk(url, path, SECONDS, wait_ms)
    if got["bad_status"] or got["broken"]:
        raise machine.BenchFailed(f"{got['bad_status']} answers were not 2xx, {got['broken']} connections broke")
    cpu = (machine.cpu_seconds(pid) - before) / got["requests"] * 1e6
    return (machine.count(got["requests"] / got["seconds"]), f"{got['p50_ms']:.2f}", f"{got['p99_ms']:.2f}", f"{cpu:.0f}")


def speed(report, flow, data, store):
    path = flow.path("paths")
    paths_of(data, path)
    rows = []
    aisle = flow.aisle("serve", store=store, settings={"log.level": "warn", "store.mapSize": "64g"})
    aisle.wait_ready(60)
    rows.append(("nothing applied", *asked(aisle.url, aisle.pid, path)))
    serving = machine.private_mib(aisle.pid)
    aisle.stop()
    topics = flow.topics(partitions=4)
    aisle = flow.aisle("run", store=store, settings={**topics.settings(), "log.level": "warn", "store.mapSize": "64g"})
    aisle.wait_ready(60)
    echo = topics.prefix + ".echo"
    topics.tool("create", echo, 1)
    port = aisle.url.rsplit(":", 1)[1]
    warm_up(topics, echo, port)
    for name, rate in (("as fast as it goes", None), (f"about {machine.count(CALM)}/s", CALM)):
        with Events(topics, echo, port, WARM_UP_S + SECONDS):
            rows.append((f"{machine.count(APPLIED)} events/s applied, {name}", *asked(aisle.url, aisle.pid, path, rate)))
    memory = machine.private_mib(aisle.pid)
    aisle.stop()
    report.say(f"  next-in-session under wrk, {THREADS} threads, {CONNECTIONS} connections, on the same cores")
    report.table(("", "answers/s", "p50 ms", "p99 ms", "CPU us"), rows)
    report.say(f"  private memory of `aisle serve` {serving:.0f} MiB, of `aisle run` {memory:.0f} MiB afterwards")
