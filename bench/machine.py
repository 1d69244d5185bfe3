"""What every section of the benchmarks uses: programs that print a line of JSON, CPU time, medians, the report."""
import datetime
import json
import os
import platform
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
OUT = os.environ.get("BENCH_OUT", os.path.join(ROOT, "build", "release"))
TICKS = os.sysconf("SC_CLK_TCK")
PACKAGES = ("librdkafka1", "liblmdb0", "libh2o0.13", "libuv1", "libjansson4", "libmsgpackc2", "wrk", "gcc")

# never shares the terminal's signals, so that the sections end what they started
CHILD = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


class BenchFailed(Exception):
    """The sentence says what went wrong."""


def program(name):
    return os.path.join(OUT, "bench", "bench_" + name)


def run(command, timeout_s):
    """Standard output of a command that ends with 0 in time; it is killed when it does not."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, timeout=timeout_s, check=False, **CHILD)
    except subprocess.TimeoutExpired:
        raise BenchFailed(f"'{' '.join(command[:3])} ...' did not end within {timeout_s:.0f} s") from None
    if done.returncode != 0:
        raise BenchFailed(f"'{' '.join(command[:3])} ...' ended with {done.returncode}: {done.stderr[-1500:]}")
    return done.stdout


def run_json(command, timeout_s):
    """The last line, which is an object."""
    return json.loads(run(command, timeout_s).strip().splitlines()[-1])


def wrk(threads, connections, seconds, url, path_file, wait_ms=None):
    """The command line; with wait_ms each connection waits so long before each request, on an average (wrk.lua)."""
    wait = [] if wait_ms is None else [f"{wait_ms:.0f}"]
    return ["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "-s", os.path.join(HERE, "wrk.lua"),
            url, "--", path_file, *wait]


def cpu_seconds(pid):
    """User and system time of a process and all its threads, so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def private_mib(pid):
    """Anonymous memory of a process."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return sum(int(text.split()[1]) for text in f if text.startswith("Anonymous:")) / 1024


def median(rows, name):
    """The row in the middle by one figure, so that its figures belong together."""
    ordered = sorted(rows, key=lambda row: row[name])
    return ordered[len(ordered) // 2]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(values):
    """How far the runs lie apart: largest over smallest."""
    return max(values) / min(values) if min(values) > 0 else float("inf")


def count(n):
    return f"{n:,.0f}"


class Report:
    """Prints at once and keeps what was printed, and the rows of the closing table."""

    def __init__(self):
        self.lines, self.rows = [], []

    def say(self, text=""):
        self.lines.append(text)
        print(text, flush=True)

    def section(self, title):
        self.say()
        self.say(title)

    def table(self, header, rows):
        """The first column to the left, figures to the right."""
        cells = [list(map(str, row)) for row in (header, *rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
        for number, row in enumerate(cells):
            self.say("  " + "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                                      for i, (cell, w) in enumerate(zip(row, widths))).rstrip())
            if number == 0:
                self.say("  " + "  ".join("-" * w for w in widths))

    def add(self, what, figure, limit="", ratio=None, cpu=None, cpu_limit=None):
        """A row of the closing table. ratio: figure over limit, as rates."""
        self.rows.append((what, figure, limit, "" if ratio is None else f"{ratio:.3f}",
                          "" if cpu is None else f"{cpu:.2f}", "" if cpu_limit is None else f"{cpu_limit:.2f}"))

    def close(self):
        self.section("All figures beside their limits")
        self.table(("path", "figure", "limit in this run", "ratio", "CPU s/M", "limit's"), self.rows)


def first_line(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.stdout.strip().splitlines()[0]
    except (OSError, IndexError):
        return "?"


def processor_name():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe():
    """Lines about the machine and the versions."""
    with open("/proc/meminfo", encoding="ascii") as f:
        memory_kb = int(next(line for line in f if line.startswith("MemTotal")).split()[1])
    versions = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}, ", *PACKAGES], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False).stdout.rstrip(", \n")
    return [
        f"date      {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC",
        f"machine   {os.cpu_count()} cores, {processor_name()}, {memory_kb / (1 << 20):.1f} GiB, "
        f"Linux {platform.release()}",
        f"load      {os.getloadavg()[0]:.2f} before the first run (1 minute)",
        f"versions  {first_line([os.path.join(OUT, 'aisle'), '--version'])}; {versions}; "
        f"Apache Kafka 3.9.1 on {first_line(['java', '-version'])}; Python {platform.python_version()}",
        f"command   {os.environ.get('BENCH_COMMAND') or ' '.join(sys.argv)}",
    ]


def write(path, report, title="Figures of one run", command="make bench"):
    """The part of the file under this title; the others stay."""
    parts = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            for part in ("\n" + f.read()).split("\n# ")[1:]:
                parts[part.split("\n", 1)[0]] = part.split("\n", 1)[1].strip()
    parts[title] = (f"Made by `{command} RESULTS=bench/RESULTS.md`; bench/README.md says how to read them.\n\n```\n"
                    + "\n".join(report.lines).strip() + "\n```")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(f"# {name}\n\n{text}\n" for name, text in parts.items()))
