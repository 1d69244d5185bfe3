#!/usr/bin/python3
"""Runs the flows, all or the named ones, one after the other on one shared broker.

    tests/flow/run.py [--list] [NAME...]          NAME: spine, kill, ...

AISLE names the program (build/release/aisle), FLOW_SEED repeats a run, FLOW_KILLS, FLOW_BROKER_KILLS and
FLOW_REPLAY_KILLS make the kill flows long, FLOW_SLOWER=3 stretches every deadline for sanitizer builds. Closes with a line "N passed, N failed".
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))

import kafka  # noqa: E402

# seconds; those that count kills get more for each
TIMEOUTS = {"spine": 180, "store_faults": 150, "kill": 60, "broker_kill": 60, "garbage": 120, "log_changed": 120,
            "page": 180, "random": 150, "client": 240, "conformance": 400, "replay": 150, "replay_live": 150}
TIMEOUT_DEFAULT = 90


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
    return seconds * float(os.environ.get("FLOW_SLOWER", "1"))


def end_group(process):
    """SIGTERM lets the flow end what it started; SIGKILL when it does not."""
    for number, wait_s in ((signal.SIGTERM, 15), (signal.SIGKILL, 15)):
        try:
            os.killpg(process.pid, number)
            process.wait(wait_s)
        except (subprocess.TimeoutExpired, ProcessLookupError):
            continue
    process.wait()


def run_flow(name, environment):
    process = subprocess.Popen([sys.executable, os.path.join(HERE, f"flow_{name}.py")], stdin=subprocess.DEVNULL,
                               env=environment, start_new_session=True)
    seconds = timeout_of(name)
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        print(f"  FAILED: not done within {seconds:.0f} s", flush=True)
        return False
    finally:
        if process.poll() is None:
            end_group(process)


def run_all(names):
    directory = tempfile.mkdtemp(prefix="aisle-flows-")
    broker = kafka.Broker(os.path.join(directory, "kafka"))
    failed = []
    try:
        broker.start()
        environment = {**os.environ, "FLOW_KAFKA_DIR": broker.directory, "PYTHONUNBUFFERED": "1"}
        for name in names:
            print(f"flow_{name}", flush=True)
            started = time.monotonic()
            good = run_flow(name, environment)
            if not good:
                failed.append(name)
            print(f"flow_{name}: {'ok' if good else 'FAILED'} ({time.monotonic() - started:.1f} s)", flush=True)
    finally:
        broker.stop()
        shutil.rmtree(directory, ignore_errors=True)
    return failed


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
    failed = run_all(names)
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
