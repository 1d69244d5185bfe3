#!/usr/bin/python3
"""The README's ten minutes: every curl line works as printed, and a posted event is in the answers."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
import re  # noqa: E402
import socket  # noqa: E402
import time  # noqa: E402

from harness import check, poll, say  # noqa: E402

README = os.path.join(harness.ROOT, "README.md")
PRINTED_PORT = "8600"
EVENTS = 8000


def curl_commands():
    """Commands of fenced blocks that start with curl, continued lines and here-documents joined."""
    check(os.path.exists(README), "there is no README.md")
    with open(README, encoding="utf-8") as f:
        blocks = re.findall(r"^```[a-z]*\n(.*?)^```", f.read(), re.M | re.S)
    ret = []
    for block in blocks:
        lines = re.sub(r"\\\n", " ", block).splitlines()
        while lines:
            text = lines.pop(0).removeprefix("$ ")
            if not text.startswith("curl "):
                continue
            # a quoted body may go over several lines
            while text.count("'") % 2 and lines:
                text += "\n" + lines.pop(0)
            ret.append(text)
    return ret


def listen_address():
    """The printed port when it is free, so that the lines run as printed."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", int(PRINTED_PORT)))
            return "127.0.0.1:" + PRINTED_PORT
        except OSError:
            return "127.0.0.1:0"


def run_printed(t, aisle, command):
    """Through a shell; a curlrc turns an error status into an exit status and bounds the time."""
    with open(t.path(".curlrc"), "w", encoding="utf-8") as f:
        f.write("fail-with-body\nmax-time = 10\nsilent\nshow-error\n")
    port = aisle.url.rsplit(":", 1)[1]
    text = command if port == PRINTED_PORT else command.replace(":" + PRINTED_PORT, ":" + port)
    out, _ = harness.run(["env", f"CURL_HOME={t.directory}", "bash", "-c", f"cd {harness.ROOT} && {text}"])
    return out


def event(kind, visitor, **members):
    return {"type": kind, "visitorId": visitor, "eventId": f"{kind}-{visitor}-{time.monotonic_ns()}", **members}


def post_events(aisle, events):
    status, answer = aisle.request("POST", "/v1/events", events)
    check(status in (200, 202, 207), f"POST /v1/events: {status} {answer}")
    return answer


def shown(aisle, path, item, **query):
    return [entry for entry in aisle.good(path, **query)["items"] if entry["itemId"] == item]


def check_posted_events(aisle):
    stamp = time.monotonic_ns()
    cup, saucer, visitor = f"cup-{stamp}", f"saucer-{stamp}", f"flow-{stamp}"
    post_events(aisle, [event("view", visitor, itemId=cup)])
    poll("the viewed item in recently-viewed",
         lambda: shown(aisle, "/v1/recommendations/recently-viewed", cup, visitorId=visitor), 10)
    post_events(aisle, [{**event("view", visitor, itemId=saucer), "userId": f"user-{visitor}"}])
    poll("what the visitor and the user viewed, once they are linked",
         lambda: [entry["itemId"] for entry in aisle.good(f"/v1/users/user-{visitor}/recently-viewed")["items"]]
         == [saucer, cup], 10)
    for number in range(3):
        post_events(aisle, [event("purchase", f"{visitor}-{number}",
                                  items=[{"itemId": cup, "quantity": 1, "price": 3}, {"itemId": saucer}])])

    def bought_three_times():
        found = shown(aisle, f"/v1/items/{cup}/frequently-bought-together", saucer, explain="true")
        return found and found[0]["explain"]["together"] == 3
    poll("the pair, bought three times", bought_three_times, 10)
    say("posted events are in recently-viewed and frequently-bought-together")
    return cup, saucer


def check_stock_and_catalogue(aisle, cup, saucer):
    status, answer = aisle.request("PUT", f"/v1/items/{saucer}", {"title": "Saucer", "price": 2.5, "currency": "EUR"})
    check(status in (200, 201, 202, 204), f"PUT item: {status} {answer}")
    poll("the catalogue record", lambda: aisle.get(f"/v1/items/{saucer}")[0] == 200, 10)
    status, answer = aisle.request("PUT", f"/v1/items/{saucer}/stock", {"quantity": 0})
    check(status in (200, 201, 202, 204), f"PUT stock: {status} {answer}")
    poll("an item out of stock is not shown",
         lambda: not shown(aisle, f"/v1/items/{cup}/frequently-bought-together", saucer), 10)
    aisle.request("PUT", f"/v1/items/{saucer}/stock", {"quantity": 7})
    poll("an item in stock is shown again",
         lambda: shown(aisle, f"/v1/items/{cup}/frequently-bought-together", saucer), 10)
    aisle.request("DELETE", f"/v1/items/{saucer}")
    poll("a deleted item is not found", lambda: aisle.get(f"/v1/items/{saucer}")[0] == 404, 10)
    say("stock 0 hides an item, stock 7 shows it again, a deleted item is gone")


def check_problems(aisle):
    cases = (("GET", "/v1/nowhere", None, 404), ("GET", "/v1/recommendations/nowhere", None, 404),
             ("DELETE", "/v1/trending", None, 405), ("POST", "/v1/events", b"{", 400),
             ("GET", "/v1/trending?count=0", None, 400), ("GET", "/v1/trending?count=101", None, 400),
             ("GET", "/v1/trending?colour=red", None, 400),
             ("POST", "/v1/recommendations/product-page", {"nosuch": 1}, 400))
    for method, path, body, want in cases:
        status, answer = harness.http(method, aisle.url + path, body)
        check(status == want, f"{method} {path}: {status}, not {want}: {answer}")
        check(isinstance(answer, dict) and answer.get("type") and answer.get("status") == want and answer.get("title"),
              f"{method} {path}: not a problem document: {answer}")
    say(f"{len(cases)} wrong requests are answered with problem documents")


def check_each_own_status(aisle):
    answer = post_events(aisle, [event("view", "own", itemId="a"), {"type": "teleport", "visitorId": "own"},
                                 event("view", "own", itemId="")])
    statuses = [entry["status"] for entry in (answer["events"] if "events" in answer else answer["results"])]
    check(len(statuses) == 3 and statuses[0] < 300 and statuses[1] == 400 and statuses[2] == 400, f"{answer}")
    say("each event of an array has its own status")


def flow(t):
    path = t.path("events.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    topics = t.topics()
    topics.produce(harness.log_lines(path, topics))
    aisle = t.aisle("run", store=t.path("store"), settings={**topics.settings(), "http.listen": listen_address()})
    aisle.wait_ready()
    aisle.wait_caught_up(topics)
    cup, saucer = check_posted_events(aisle)
    check_stock_and_catalogue(aisle, cup, saucer)
    check_problems(aisle)
    check_each_own_status(aisle)
    commands = curl_commands()
    check(len(commands) >= 5, f"README.md has {len(commands)} curl lines")
    for command in commands:
        out = run_printed(t, aisle, command)
        check(out.strip() or "-o" in command or "PUT" in command or "DELETE" in command, f"no answer to: {command}")
    say(f"{len(commands)} curl lines of README.md work as printed")
    aisle.stop()


if __name__ == "__main__":
    harness.main(flow)
