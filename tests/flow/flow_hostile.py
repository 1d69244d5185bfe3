#!/usr/bin/python3
"""Ten thousand idle connections, clients that do not read, huge and deep requests: bounded or refused, and others are served."""
import contextlib
import os
import resource
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import json  # noqa: E402

from harness import check, poll, say  # noqa: E402

IDLE = 10_000
CONNECTIONS_MAX = 2_000
UNREADING = 40
EVENTS = 4000
READ_TIMEOUT_S = 6  # whoever waits for those that do not read waits for so long
SERVED_WITHIN_S = READ_TIMEOUT_S - 1
MEMORY_MAX_MB = 150


def served(aisle, times=20):
    """Requests on connections of their own; the slowest, in seconds."""
    worst = 0
    for _ in range(times):
        started = time.monotonic()
        check(aisle.good("/v1/trending", count=5)["items"], "an empty list")
        worst = max(worst, time.monotonic() - started)
    check(worst < SERVED_WITHIN_S * harness.SLOWER, f"a request of somebody else took {worst:.2f} s")
    return worst


def memory_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon")) / 1024


def figure(aisle, name):
    return aisle.metrics()[f"aisle_http_{name}"]


def address(aisle):
    host, port = aisle.url.rsplit("/", 1)[1].rsplit(":", 1)
    return host, int(port)


def check_idle(aisle, stack):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(IDLE, (hard if hard != resource.RLIM_INFINITY else IDLE + 1000) - 1000)
    before = memory_mb(aisle.pid)
    for number in range(count):
        stack.enter_context(contextlib.closing(socket.create_connection(address(aisle), timeout=10)))
        if number % 1000 == 0:
            served(aisle, 3)
    worst = served(aisle)
    there = poll("the idlest are closed", lambda: figure(aisle, "connections") <= CONNECTIONS_MAX + 1
                 and figure(aisle, "connections"), 10)
    cut = figure(aisle, "connections_cut_total")
    check(cut >= count - CONNECTIONS_MAX, f"{cut:.0f} connections cut of {count}")
    grown = memory_mb(aisle.pid) - before
    check(grown < MEMORY_MAX_MB, f"{count} idle connections take {grown:.0f} MB")
    say(f"{count} idle connections: {there:.0f} stay, {cut:.0f} were cut, {grown:.0f} MB; others wait {worst * 1e3:.0f} ms at most")


def unreading(aisle):
    """A client with a small buffer that asks for some 20 MB and reads nothing."""
    body = json.dumps([{"scenario": "trending", "count": 100, "explain": True}] * 500).encode()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(10)
    client.connect(address(aisle))
    client.sendall(b"POST /v1/recommendations:batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return client


def check_unreading(aisle, stack):
    before, cut = memory_mb(aisle.pid), figure(aisle, "connections_cut_total")
    for _ in range(UNREADING):
        stack.enter_context(contextlib.closing(unreading(aisle)))
    worst = served(aisle)
    grown = memory_mb(aisle.pid) - before
    check(grown < MEMORY_MAX_MB, f"{UNREADING} clients that do not read take {grown:.0f} MB")
    poll("clients that do not read are cut",
         lambda: figure(aisle, "connections_cut_total") - cut >= UNREADING, 30)
    say(f"{UNREADING} clients that do not read: {grown:.0f} MB, then cut; others wait {worst * 1e3:.0f} ms at most")


def check_large(aisle):
    deep = b'{"exclude":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    conditions = "price < 5" + " or price < 5" * 8_000
    cases = (("POST", "/v1/recommendations/home", b'{"userId":"' + b"u" * (1 << 20) + b'"}', 413),
             ("POST", "/v1/recommendations/home", deep, 400),
             ("POST", "/v1/recommendations/home", json.dumps({"filter": conditions}).encode(), 400),
             ("POST", "/v1/recommendations:batch", json.dumps([{"scenario": "home"}] * 1001).encode(), 413),
             ("GET", "/v1/trending?filter=" + "a" * 7_900, None, 400),
             ("GET", "/v1/trending?filter=" + "a" * 9_000, None, 414))
    for method, path, body, want in cases:
        started = time.monotonic()
        status, answer = harness.http(method, aisle.url + path, body, headers={"Content-Type": "application/json"})
        what = f"{method} {path[:40]} with {len(body or b'')} bytes"
        check(status == want and answer.get("type"), f"{what}: {status}, not {want}: {str(answer)[:200]}")
        check(time.monotonic() - started < SERVED_WITHIN_S * harness.SLOWER, f"{what} took long")
    # more than http.bodyMax: closed when its length is known, perhaps before the client has seen the 413
    with contextlib.suppress(OSError):
        status, _ = harness.http("POST", aisle.url + "/v1/events", b" " * (5 << 20))
        check(status == 413, f"5 MB of spaces: {status}")
    served(aisle)
    say(f"{len(cases)} huge or deep requests are refused at once")


def flow(t):
    lines, store = t.path("shop.ndjson"), t.path("store")
    harness.simulate(lines, EVENTS, t.seed)
    harness.run([harness.AISLE, "replay", "--from-file", lines, "--store", store])
    aisle = t.aisle("serve", store=store, settings={
        "http.connectionsMax": str(CONNECTIONS_MAX), "http.timeout": "60s", "http.readTimeout": f"{READ_TIMEOUT_S}s",
        "http.waitMax": "60s"})  # one that is refused because it had to wait would not be cut
    aisle.wait_ready()
    with contextlib.ExitStack() as stack:
        check_idle(aisle, stack)
    with contextlib.ExitStack() as stack:
        check_unreading(aisle, stack)
    check_large(aisle)
    aisle.stop()


if __name__ == "__main__":
    harness.main(flow)
