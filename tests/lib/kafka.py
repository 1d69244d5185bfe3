#!/usr/bin/python3
"""Real Apache Kafka for tests and benchmarks: one KRaft node on loopback, from Maven Central artifacts on Java 17.

    python3 tests/lib/kafka.py install              jars, formatted template and class archive into .cache/kafka
    python3 tests/lib/kafka.py start --dir D        prints "bootstrap=127.0.0.1:PORT pid=N" once it answers
    python3 tests/lib/kafka.py stop --dir D         SIGTERM, waits for the end
    python3 tests/lib/kafka.py kill --dir D         SIGKILL
    python3 tests/lib/kafka.py pause|resume --dir D SIGSTOP, SIGCONT

`start` on a directory that was used before takes the same ports and data again. As a module: class Broker.
D holds server.properties, data/, broker.log and state.json. Settings beyond the ones below: --set key=value.
"""
import argparse
import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.environ.get("KAFKA_CACHE", os.path.join(ROOT, ".cache", "kafka"))
LIBS = os.path.join(CACHE, "libs")
TEMPLATE = os.path.join(CACHE, "formatted")
ARCHIVE = os.path.join(CACHE, "kafka.jsa")
START_DEADLINE_S = 90
PICKED = []  # the file of ports, open while this process lives

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>aisle.tests</groupId><artifactId>%s</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
%s  </dependencies>
</project>
"""
DEPENDENCY = "    <dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n"
BROKER = (("org.apache.kafka", "kafka_2.13", "3.9.1"), ("org.slf4j", "slf4j-reload4j", "1.7.36"),
          ("ch.qos.reload4j", "reload4j", "1.2.25"))

LOG4J = """log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
"""

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # 10 MB records for the garbage flow
    "message.max.bytes": "20971520",
    "replica.fetch.max.bytes": "20971520",
    "socket.request.max.bytes": "104857600",
    # a killed broker is back in seconds
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "200",
    "controller.quorum.election.timeout.ms": "300",
    "controller.quorum.election.backoff.max.ms": "100",
    # topics are deleted and made again under the same name
    "file.delete.delay.ms": "1000",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "num.network.threads": "2",
    "num.io.threads": "4",
}


class KafkaError(Exception):
    """Says what failed and where to look."""


def java_command(jvm, main, *args):
    jars = sorted(os.path.join(LIBS, name) for name in os.listdir(LIBS) if name.endswith(".jar"))
    return ["java", *jvm, "-cp", ":".join(jars), main, *args]


def write_file(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def run_checked(command, what, cwd=None, timeout=600):
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout, check=False)
    if done.returncode != 0:
        raise KafkaError(f"{what} failed ({done.returncode}):\n{done.stdout.decode(errors='replace')[-3000:]}")
    return done.stdout.decode()


def fetch_jars(name, artifacts, cache=CACHE):
    """The artifacts and all they need at run time, into libs of the cache; nothing when that is there."""
    libs = os.path.join(cache, "libs")
    if os.path.isdir(libs):
        return
    for tool in ("java", "mvn"):
        if not shutil.which(tool):
            raise KafkaError(f"'{tool}' is not installed: run 'make deps'")
    partial = libs + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    write_file(os.path.join(cache, "pom.xml"), POM % (name, "".join(DEPENDENCY % artifact for artifact in artifacts)))
    run_checked(["mvn", "-B", "-q", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies",
                 "-DincludeScope=runtime", f"-DoutputDirectory={partial}"], f"fetching the jars of {name}", cwd=cache)
    os.rename(partial, libs)


def format_template():
    """A formatted data directory, copied for each new broker: saves a JVM start each time."""
    if os.path.isdir(TEMPLATE):
        return
    partial = TEMPLATE + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    config = os.path.join(CACHE, "format.properties")
    write_file(config, properties(9092, 9093, partial, {}))
    cluster = run_checked(java_command([], "kafka.tools.StorageTool", "random-uuid"), "making a cluster id")
    run_checked(java_command([], "kafka.tools.StorageTool", "format", "-t", cluster.strip().splitlines()[-1], "-c",
                             config), "formatting the data directory")
    os.rename(partial, TEMPLATE)


def make_archive():
    """The class archive is written when a JVM ends: run one broker up to its first answer."""
    if os.path.exists(ARCHIVE):
        return
    directory = os.path.join(CACHE, "archive-run")
    shutil.rmtree(directory, ignore_errors=True)
    partial = ARCHIVE + ".partial"
    broker = Broker(directory)
    broker.start(jvm=[f"-XX:ArchiveClassesAtExit={partial}"], installed=True)
    broker.stop(timeout_s=120)
    shutil.rmtree(directory, ignore_errors=True)
    if os.path.exists(partial):
        os.rename(partial, ARCHIVE)


def install():
    """Everything a broker needs, once; safe when several processes ask at the same time."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        write_file(os.path.join(CACHE, "log4j.properties"), LOG4J)
        fetch_jars("kafka", BROKER)
        format_template()
        make_archive()


def properties(port, controller_port, data, extra):
    lines = dict(SETTINGS)
    lines["controller.quorum.voters"] = f"1@127.0.0.1:{controller_port}"
    lines["listeners"] = f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}"
    lines["advertised.listeners"] = f"PLAINTEXT://127.0.0.1:{port}"
    lines["log.dirs"] = data
    lines.update(extra)
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def free_ports(count):
    """Below those that the kernel gives to whoever connects: a broker that is away for a moment finds its own free again.
    Until this process ends no other is given them: each is a byte of a file that is locked."""
    os.makedirs(CACHE, exist_ok=True)
    if not PICKED:
        PICKED.append(open(os.path.join(CACHE, "ports"), "ab"))
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
        end = min(int(f.read().split()[0]), 32768)
    ret = []
    for port in random.sample(range(end // 2, end), 100 + count):
        with socket.socket() as s, contextlib.suppress(OSError):
            fcntl.lockf(PICKED[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            s.bind(("127.0.0.1", port))
            ret.append(port)
        if len(ret) == count:
            return ret
    raise KafkaError(f"no {count} ports below {end} are free")


def answers(port):
    """True when the broker answers an ApiVersions request; its sockets serve only once it is unfenced."""
    with contextlib.suppress(OSError):
        with socket.create_connection(("127.0.0.1", port), timeout=2) as s:
            client = b"test"
            body = struct.pack(">hhih", 18, 0, 1, len(client)) + client
            s.sendall(struct.pack(">i", len(body)) + body)
            return len(s.recv(8)) > 0
    return False


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Broker:
    """One broker in one directory. The process outlives this object: stop() or kill() it."""

    def __init__(self, directory, extra=None, quick=True):
        """quick: it starts sooner, and never runs as fast as one in production."""
        self.directory = os.path.abspath(directory)
        self.extra = dict(extra or {})
        self.compiler = ["-XX:TieredStopAtLevel=1"] if quick else []
        self.state_path = os.path.join(self.directory, "state.json")
        self.pid = self.port = self.controller_port = None
        self.process = None
        if os.path.exists(self.state_path):
            with open(self.state_path, encoding="utf-8") as f:
                state = json.load(f)
            self.pid, self.port, self.controller_port = state["pid"], state["port"], state["controller"]

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    def running(self):
        return self.pid is not None and alive(self.pid)

    def start(self, jvm=None, installed=False):
        """Returns when the broker answers. On a used directory: the same ports and data."""
        if not installed:
            install()
        if self.running():
            raise KafkaError(f"a broker is running in '{self.directory}' (pid {self.pid})")
        data = os.path.join(self.directory, "data")
        if not os.path.isdir(data):
            os.makedirs(self.directory, exist_ok=True)
            shutil.copytree(TEMPLATE, data)
        if self.port is None:
            self.port, self.controller_port = free_ports(2)
        config = os.path.join(self.directory, "server.properties")
        write_file(config, properties(self.port, self.controller_port, data, self.extra))
        if jvm is None:
            jvm = [f"-XX:SharedArchiveFile={ARCHIVE}"] if os.path.exists(ARCHIVE) else []
        command = java_command(["-Xms256m", "-Xmx512m", "-XX:+UseG1GC", *self.compiler, "-Xshare:auto", *jvm,
                                f"-Dlog4j.configuration=file:{os.path.join(CACHE, 'log4j.properties')}"],
                               "kafka.Kafka", config)
        with open(os.path.join(self.directory, "broker.log"), "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        self.pid = self.process.pid
        write_file(self.state_path,
                   json.dumps({"pid": self.pid, "port": self.port, "controller": self.controller_port}))
        self.wait_until_ready()
        return self

    def wait_until_ready(self):
        deadline = time.monotonic() + START_DEADLINE_S
        while not answers(self.port):
            if self.process is not None and self.process.poll() is not None:
                raise KafkaError(f"the broker ended at start ({self.process.returncode}):\n{self.log_tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise KafkaError(f"the broker did not answer in {START_DEADLINE_S} s:\n{self.log_tail()}")
            time.sleep(0.05)

    def log_tail(self):
        with open(os.path.join(self.directory, "broker.log"), encoding="utf-8", errors="replace") as f:
            return f.read()[-3000:]

    def signal(self, number):
        if self.running():
            os.kill(self.pid, number)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def stop(self, timeout_s=30):
        """SIGTERM, then SIGKILL when it takes too long. Without a broker: nothing."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if not self.wait_end(timeout_s):
            self.kill()

    def kill(self):
        self.signal(signal.SIGKILL)
        if not self.wait_end(30):
            raise KafkaError(f"pid {self.pid} does not end")

    def wait_end(self, timeout_s):
        deadline = time.monotonic() + timeout_s
        while self.running():
            if self.process is not None:
                self.process.poll()
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        if self.process is not None:
            self.process.wait()
        return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["install", "start", "stop", "kill", "pause", "resume"])
    parser.add_argument("--dir", help="the broker's directory")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a broker setting")
    args = parser.parse_args()
    if args.command == "install":
        install()
        return 0
    if not args.dir:
        parser.error("--dir is missing")
    broker = Broker(args.dir, dict(pair.split("=", 1) for pair in args.set))
    if args.command == "start":
        broker.start()
        print(f"bootstrap={broker.bootstrap} pid={broker.pid}", flush=True)
    else:
        getattr(broker, args.command)()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KafkaError as error:
        print(f"kafka.py: {error}", file=sys.stderr)
        sys.exit(1)
