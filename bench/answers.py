"""Answers a second and their latency, route by route, beside a bare libh2o handler of the same body size."""
import http.client
import json
import random
import subprocess
import urllib.parse

import stream
from machine import BenchFailed, CHILD, count, cpu_seconds, median, percentile, program, run_json, wrk
from steady import APPLIED, Events

THREADS = 2
CONNECTIONS = 32
SAMPLE_EVENTS = 20_000
PATHS = 5_000


def quoted(text):
    return urllib.parse.quote(text, safe="")


def paths_of(items, users):
    """{route: paths}; what is asked for is as popular as in the traffic."""
    chance = random.Random(7)

    def some(make):
        return [make() for _ in range(PATHS)]

    def item():
        return quoted(chance.choice(items))

    def user():
        return quoted(chance.choice(users))

    return {
        "frequently-bought-together": some(lambda: f"/v1/items/{item()}/frequently-bought-together"),
        "also-bought": some(lambda: f"/v1/items/{item()}/also-bought"),
        "also-viewed": some(lambda: f"/v1/items/{item()}/also-viewed"),
        "viewed-then-bought": some(lambda: f"/v1/items/{item()}/viewed-then-bought"),
        "home": some(lambda: f"/v1/recommendations/home?userId={user()}"),
        "cart": some(lambda: "/v1/recommendations/cart?" + "&".join(f"itemIds={item()}" for _ in range(3))),
        "recommended-for-you": some(lambda: f"/v1/recommendations/recommended-for-you?userId={user()}"),
        "trending": ["/v1/trending"],
        "best-sellers": ["/v1/best-sellers"],
        "recently-viewed": some(lambda: f"/v1/users/{user()}/recently-viewed"),
        "healthz": ["/healthz"],
    }


class Bare:
    """The limit: a handler that answers so many bytes and does nothing else."""

    def __init__(self, body_bytes):
        self.process = subprocess.Popen([program("bare_http"), str(THREADS), str(body_bytes)], **CHILD)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise BenchFailed(f"bench_bare_http does not serve: {self.process.stderr.read()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def load(url, pid, path_file, seconds):
    """wrk for some seconds; the server's own CPU time beside it."""
    before = cpu_seconds(pid)
    got = run_json(wrk(THREADS, CONNECTIONS, seconds, url, path_file), seconds + 30)
    if got["bad_status"] or got["broken"]:
        raise BenchFailed(f"{got['bad_status']} answers of {got['requests']} were not 2xx, {got['broken']} connections "
                          f"broke ({url}, {path_file})")
    got["cpu"] = (cpu_seconds(pid) - before) / got["requests"] * 1e6
    got["rate"] = got["requests"] / got["seconds"]
    return got


def sample(url, paths, number):
    """(mean body bytes, tookMs of each answer), one after the other over one connection."""
    connection = http.client.HTTPConnection(url.split("//")[1], timeout=10)
    sizes, took = [], []
    for i in range(number):
        connection.request("GET", paths[i % len(paths)])
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BenchFailed(f"GET {paths[i % len(paths)]}: {answer.status} {body[:300]!r}")
        sizes.append(len(body))
        if body.startswith(b"{") and b'"tookMs"' in body:
            took.append(float(json.loads(body)["tookMs"]))
    connection.close()
    return round(sum(sizes) / len(sizes)), took


def route(aisle, echo, name, paths, options):
    """Both measured while events are being applied."""
    body_bytes, took = sample(aisle.url, paths, options.scaled(2_000))
    path_file = aisle.flow.path(f"paths-{name}")
    with open(path_file, "w", encoding="utf-8") as f:
        f.write("\n".join(paths) + "\n")
    ours, bare = [], []
    seconds = 2 * options.repeat * (options.http_s + 1)
    with Bare(body_bytes) as limit, Events(aisle.topics, echo, aisle.url.rsplit(":", 1)[1], seconds):
        for _ in range(options.repeat):
            ours.append(load(aisle.url, aisle.pid, path_file, options.http_s))
            bare.append(load(limit.url, limit.process.pid, path_file, options.http_s))
    return body_bytes, took, median(ours, "rate"), median(bare, "rate")


def answers(report, shop, options):
    report.section(f"5. Answers: aisle run on that store while {APPLIED:,} events a second are applied, {THREADS} threads, "
                   f"wrk with {CONNECTIONS} connections on the same cores; compute is tookMs, asked one by one")
    shop.simulate_catalog()
    aisle = shop.flow.aisle("run", store=shop.store, settings={**shop.settings, "http.threads": str(THREADS)})
    aisle.wait_ready(60)
    aisle.wait_caught_up(shop.topics)
    aisle.topics = shop.topics
    echo = shop.topics.prefix + ".answers"
    shop.topics.tool("create", echo, 1)
    rows = []
    for name, paths in paths_of(*stream.traffic_sample(shop, SAMPLE_EVENTS)).items():
        body_bytes, took, ours, bare = route(aisle, echo, name, paths, options)
        compute = [f"{percentile(took, share):.3f}" if took else "-" for share in (0.5, 0.99)]
        rows.append((name, body_bytes, count(ours["rate"]), count(bare["rate"]), f"{ours['rate'] / bare['rate']:.3f}",
                     f"{ours['p99_ms']:.2f}", f"{bare['p99_ms']:.2f}", f"{ours['cpu']:.1f}", f"{bare['cpu']:.1f}",
                     *compute))
        figure = f"{count(ours['rate'])}/s, p99 {ours['p99_ms']:.2f} ms"
        if took:
            figure += f", compute {compute[1]} ms"
        report.add(f"GET {name}", figure,
                   f"{count(bare['rate'])}/s, p99 {bare['p99_ms']:.2f} ms (libh2o)", ours["rate"] / bare["rate"],
                   ours["cpu"], bare["cpu"])
    report.table(("route", "bytes", "answers/s", "bare h2o", "ratio", "p99 ms", "bare's", "CPU s/M", "bare's",
                  "compute p50 ms", "p99 ms"), rows)
    aisle.stop()
