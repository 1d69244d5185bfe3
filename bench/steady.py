"""Events at a steady rate into the log, beside what is measured."""
import json
import subprocess

import machine

APPLIED = 2_000        # a second
BROKER_WARM_UP_S = 30  # then it has compiled what it does all the time, on the cores that are measured


class Events:
    """So many a second into the log, as long as it is open; then .got is what bench_live says of them."""

    def __init__(self, topics, echo, port, seconds):
        self.seconds, self.got = seconds, {}
        command = [machine.program("live"), topics.broker.bootstrap, topics.events, echo, port, APPLIED, seconds + 6]
        self.process = subprocess.Popen([str(word) for word in command], **machine.CHILD)

    def __enter__(self):
        self.process.stdout.readline()  # they are made before they are sent
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate(timeout=self.seconds + 60)
        self.got = json.loads(out.splitlines()[-1]) if out else {}
        sent = self.got.get("sent_a_second", 0)
        if sent < 0.9 * APPLIED:
            raise machine.BenchFailed(f"{sent:.0f} events a second were sent, not {APPLIED}")


def warm_up(topics, echo, port):
    with Events(topics, echo, port, BROKER_WARM_UP_S):
        pass
