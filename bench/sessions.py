"""How well the next view of a session is foreseen, asked over HTTP: 20 items for each beginning of each later session.

A data set is two files: NAME-train.txt.gz, a session a line, its items in the order of views, sessions in theirs; and
NAME-test.txt.gz, a case a line: the views so far, a tab, the item viewed next. There are no times in them: sessions get
made-up, increasing ones that end about now, a second from view to view.

static: the store as `aisle replay --from-file` made it from the training file, `aisle serve` answers.
learning: `aisle run` on that store and a broker; each session of the test file, once all its cases were asked, is sent to
POST /v1/events, and the next case waits until it is in the answers (`asOf`).
"""
import collections
import datetime
import glob
import gzip
import json
import os
import subprocess
import time

import baskets
from machine import percentile

COUNT = 20
DAYS = 60  # over which all sessions are spread; a store keeps them for 90
VIEW_MS = 1000
WAIT_S = 30


class SessionsFailed(Exception):
    """The sentence says what went wrong."""


def names_of(directory):
    """Data sets that have both files."""
    ends = "-train.txt.gz"
    found = sorted(os.path.basename(path).removesuffix(ends) for path in glob.glob(os.path.join(directory, "*" + ends)))
    return [name for name in found if os.path.exists(os.path.join(directory, name + "-test.txt.gz"))]


def lines_of(directory, name, part):
    with gzip.open(os.path.join(directory, f"{name}-{part}.txt.gz"), "rt", encoding="utf-8") as lines:
        yield from (line.rstrip("\n") for line in lines)


def tests_of(lines):
    """[(cases, whole session)]: the cases of one session follow each other, the longest first or last."""
    tests = []
    for line in lines:
        so_far, target = line.split("\t")
        case = (so_far.split(), target)
        whole = [*case[0], target]
        if tests and whole == tests[-1][1][:len(whole)]:
            tests[-1][0].append(case)
        elif tests and tests[-1][1] == case[0]:
            tests[-1] = ([*tests[-1][0], case], whole)
        else:
            tests.append(([case], whole))
    return tests


class Set:
    def __init__(self, directory, name):
        self.name = name
        self.train = [line.split() for line in lines_of(directory, name, "train")]
        self.tests = tests_of(lines_of(directory, name, "test"))
        self.views = collections.Counter(item for session in self.train for item in session)
        self.step_ms = DAYS * 86_400_000 // (len(self.train) + len(self.tests))
        self.start_ms = int(time.time() * 1000) - (DAYS + 1) * 86_400_000

    def events(self, number, session):
        """Views of the session with this number."""
        start = self.start_ms + number * self.step_ms
        return [{"eventId": f"e{number}-{at}", "type": "view", "eventTime": start + at * VIEW_MS, "itemId": item,
                 "visitorId": f"v{number}", "sessionId": f"s{number}"} for at, item in enumerate(session)]

    def learn(self, aisle, store, path):
        with open(path, "w", encoding="utf-8") as out:
            for number, session in enumerate(self.train):
                for event in self.events(number, session):
                    out.write(json.dumps(event) + "\n")
        done = subprocess.run([aisle, "replay", "--store", store, "--from-file", path], check=False, capture_output=True,
                              text=True)
        os.remove(path)
        if done.returncode:
            raise SessionsFailed(f"aisle replay ended with {done.returncode}: {done.stderr[-1000:]}")


class Figures:
    """HR@20, MRR@20; coverage: share of the known items that were on a list; popularity: mean views of what is shown, over
    those of the most viewed item; latency: tookMs, and the round trip as this client sees it."""

    def __init__(self, views):
        self.views, self.most = views, max(views.values())
        self.cases = self.hits = 0
        self.ranks = self.popularity = 0.0
        self.shown, self.took, self.trips = collections.Counter(), [], []

    def add(self, target, answer, trip_s):
        ids = [item["itemId"] for item in answer["items"]]
        self.cases += 1
        self.shown.update(ids)
        self.took.append(answer["tookMs"])
        self.trips.append(trip_s * 1000)
        if target in ids:
            self.hits += 1
            self.ranks += 1 / (ids.index(target) + 1)

    def row(self):
        total = max(1, sum(self.shown.values()))
        popular = sum(self.views[item] * n for item, n in self.shown.items()) / total / self.most
        known = sum(item in self.views for item in self.shown)
        return {"cases": self.cases, "hr": self.hits / self.cases, "mrr": self.ranks / self.cases,
                "coverage": known / len(self.views), "popularity": popular,
                "p50_ms": percentile(self.took, 0.5), "p99_ms": percentile(self.took, 0.99),
                "trip_p50_ms": percentile(self.trips, 0.5), "trip_p99_ms": percentile(self.trips, 0.99)}


def request_of(strategy, so_far):
    """The inputs that it reads."""
    if strategy == "next-in-session":
        return {"count": COUNT, "sessionItems": so_far[-64:]}
    if strategy in ("trending", "best-sellers"):
        return {"count": COUNT}
    return {"count": COUNT, "itemIds": so_far[-1:]}


def static(server, data, strategy, every=1):
    figures = Figures(data.views)
    cases = [case for cases, _ in data.tests for case in cases][::every]
    for so_far, target in cases:
        start = time.perf_counter()
        answer = server.ask(strategy, request_of(strategy, so_far))
        figures.add(target, answer, time.perf_counter() - start)
    return figures.row()


def time_text(t_ms):
    moment = datetime.datetime.fromtimestamp(t_ms // 1000, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{t_ms % 1000:03d}Z"


def ask_since(server, strategy, request, as_of):
    """An answer that knows what happened at this time."""
    until = time.monotonic() + WAIT_S
    while True:
        start = time.perf_counter()
        answer = server.ask(strategy, request)
        trip_s = time.perf_counter() - start
        if not as_of or (answer["asOf"] or "") >= as_of:
            return answer, trip_s
        if time.monotonic() > until:
            raise SessionsFailed(f"what was sent for {as_of} is not in the answers, which are of {answer['asOf']}")


def learning(server, data, tests):
    """server: of `aisle run`. The cases of each session are asked before it is sent."""
    figures, as_of = Figures(data.views), None
    for number, (cases, whole) in enumerate(tests, len(data.train)):
        for so_far, target in cases:
            figures.add(target, *ask_since(server, "next-in-session", request_of("next-in-session", so_far), as_of))
        events = data.events(number, whole)
        server.post("/v1/events", events)
        as_of = time_text(events[-1]["eventTime"])
    return figures.row()
