#!/usr/bin/python3
"""Runs the flows, all or the named ones, on one shared broker: two at a time where JOBS (the processors) is 2 or more,
with deadlines twice as long, since a flow waits more than it computes; those that measure how soon something is answered
alone, behind the others.

    tests/flow/run.py [--list] [NAME...]          NAME: spine, kill, ...

AISLE names the program (build/release/aisle), FLOW_SEED repeats a run, FLOW_KILLS, FLOW_BROKER_KILLS and
FLOW_REPLAY_KILLS make the kill flows long, FLOW_SLOWER=3 stretches every deadline for sanitizer builds. Closes with a line "N passed, N failed".
"""
import argparse
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))

import kafka  # noqa: E402

# seconds; those that count kills get more for each
TIMEOUTS = {"spine": 180, "store_faults": 150, "kill": 60, "broker_kill": 60, "broker_faults": 120, "garbage": 120,
            "log_changed": 120, "page": 180, "random": 150, "client": 240, "conformance": 400, "replay": 150, "replay_live": 150}
TIMEOUT_DEFAULT = 90
ALONE = {"control", "hostile"}
BESIDE_MAX = 2


def flow_names():
    return sorted(name[5:-3] for name in os.listdir(HERE) if name.startswith("flow_") and name.endswith(".py"))


def timeout_of(name):
    seconds = TIMEOUTS.get(name, TIMEOUT_DEFAULT)
    if name == "kill":
        seconds += 5 * int(os.environ.get("FLOW_KILLS", "20"))
    if name.startswith("replay"):
        seconds += 5 * int(os.environ.get("FLOW_REPLAY_KILLS", "3"))
    if name == "conformance":
        seconds += 2 * int(os.environ.get("API_SECONDS", "20"))
    if name == "broker_kill":
        seconds += 25 * int(os.environ.get("FLOW_BROKER_KILLS", "3"))
    return seconds


def end_group(process):
    """SIGTERM lets the flow end what it started; SIGKILL when it does not."""
    for number, wait_s in ((signal.SIGTERM, 15), (signal.SIGKILL, 15)):
        try:
            os.killpg(process.pid, number)
            process.wait(wait_s)
        except (subprocess.TimeoutExpired, ProcessLookupError):
            continue
    process.wait()


class Flows:
    """The flows of one run."""

    def __init__(self, broker):
        self.broker = broker
        self.lock = threading.Lock()
        self.running = set()
        self.ending = False

    def start(self, name, slower, out):
        environment = {**os.environ, "FLOW_KAFKA_DIR": self.broker.directory, "FLOW_SLOWER": str(slower), "PYTHONUNBUFFERED": "1"}
        with self.lock:
            if self.ending:
                return None
            process = subprocess.Popen([sys.executable, os.path.join(HERE, f"flow_{name}.py")], stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=out, env=environment, start_new_session=True)
            self.running.add(process)
            return process

    def run(self, name, slower):
        """One flow, told when it has ended; good?"""
        started, seconds, late = time.monotonic(), timeout_of(name) * slower, ""
        with tempfile.TemporaryFile("w+", errors="replace") as out:
            process = self.start(name, slower, out)
            if process is None:
                return False
            try:
                good = process.wait(seconds) == 0
            except subprocess.TimeoutExpired:
                good, late = False, f"  FAILED: not done within {seconds:.0f} s\n"
                end_group(process)
            with self.lock:
                self.running.remove(process)
                out.seek(0)
                print(f"flow_{name}: {'ok' if good else 'FAILED'} ({time.monotonic() - started:.1f} s)\n{out.read()}{late}",
                      end="", flush=True)
        return good

    def end(self):
        with self.lock:
            self.ending = True
            left = list(self.running)
        for process in left:
            end_group(process)


def run_all(names, jobs):
    """Names of those that failed."""
    slower = float(os.environ.get("FLOW_SLOWER", "1"))
    alone = [name for name in names if name in ALONE or jobs == 1]
    beside = sorted(set(names) - set(alone), key=timeout_of, reverse=True)  # the long ones first: none is left over at the end
    directory = tempfile.mkdtemp(prefix="aisle-flows-")
    broker = kafka.Broker(os.path.join(directory, "kafka"))
    flows = Flows(broker)
    try:
        broker.start()
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            try:
                good = dict(zip(beside, pool.map(lambda name: flows.run(name, 2 * slower), beside)))
                good.update((name, flows.run(name, slower)) for name in alone)
            finally:
                flows.end()
    finally:
        broker.stop()
        shutil.rmtree(directory, ignore_errors=True)
    return [name for name in names if not good[name]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print the names")
    args = parser.parse_args()
    known = flow_names()
    if args.list:
        print("\n".join(known))
        return 0
    names = [name.removeprefix("flow_") for name in args.names] or known
    for name in names:
        if name not in known:
            parser.error(f"no flow '{name}'; there are {', '.join(known)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()
    failed = run_all(names, min(int(os.environ.get("JOBS") or os.cpu_count()), BESIDE_MAX, len(names)))
    if failed:
        print(f"failed: {', '.join(failed)}")
    print(f"flows took {time.monotonic() - started:.0f} s")
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except kafka.KafkaError as error:
        print(f"run.py: {error}", file=sys.stderr)
        sys.exit(1)
