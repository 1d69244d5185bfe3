#!/usr/bin/python3
"""Every route of a running server keeps to openapi.json: requests made from the description, good and bad, by schemathesis.

API_SECONDS: how long (10); API_SEED: the same requests again.
"""
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
from harness import check, say  # noqa: E402

SECONDS = int(os.environ.get("API_SECONDS", "10"))
API = os.path.join(harness.ROOT, "tests", "api")
REQUIREMENTS = os.path.join(API, "requirements.txt")
EVENTS = 4000


def schemathesis():
    """The command in an environment of its own, made once for each list of requirements."""
    with open(REQUIREMENTS, "rb") as f:
        name = "schemathesis-" + hashlib.sha256(f.read()).hexdigest()[:16]
    place = os.path.join(harness.ROOT, ".cache", "venv", name)
    program = os.path.join(place, "bin", "schemathesis")
    if not os.path.exists(os.path.join(place, "ready")):
        say("installing schemathesis")
        harness.run(["/usr/bin/python3", "-m", "venv", "--clear", place], timeout_s=120)
        harness.run([os.path.join(place, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "-r",
                     REQUIREMENTS], timeout_s=600)
        with open(os.path.join(place, "ready"), "w", encoding="ascii"):
            pass
    return [os.path.join(place, "bin", "python3"), program]  # its first line names the place where it was made


def flow(t):
    program = schemathesis()
    path = t.path("events.ndjson")
    harness.simulate(path, EVENTS, t.seed)
    topics = t.topics()
    topics.produce(harness.log_lines(path, topics))
    aisle = t.aisle("run", store=t.path("store"), settings=topics.settings())
    aisle.wait_ready()
    aisle.wait_caught_up(topics)
    seed = os.environ.get("API_SEED") or str(t.seed)
    out, _ = harness.run(["env", "-C", t.directory, *program, "--config-file", os.path.join(API, "schemathesis.toml"), "run", "--seed",
                          seed, "--max-time", str(SECONDS), "--no-color", aisle.url + "/openapi.json"],
                         timeout_s=SECONDS * 2 + 240)
    check(aisle.running(), "the server has ended")
    generated = [line.strip() for line in out.splitlines() if "generated" in line]
    say(f"{generated[-1] if generated else out.splitlines()[-1]}, in {SECONDS} s")
    aisle.stop()


if __name__ == "__main__":
    harness.main(flow)
