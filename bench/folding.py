"""Decoding alone, and folding with committing alone: programs without Kafka."""
import re

from machine import BenchFailed, count, median, program, run, run_json

DECODE_LINE = re.compile(r"^(.*?) +(\d+) bytes/event +([\d.]+) ns/event")


def decode(report, options):
    report.section("1. Decode: one record into one event, one thread, all fields checked")
    runs = [parse_decode(run([program("decode"), options.scaled(30)], 60)) for _ in range(options.repeat)]
    best = {name: min(figures[name] for figures in runs) for name in runs[0]}
    rows = []
    for name, (ns, size) in best.items():
        rows.append((name, size, f"{ns:.0f}", count(1e9 / ns), f"{ns / 1e3:.2f}"))
    report.table(("", "bytes", "ns", "events/s", "CPU s/M"), rows)
    for form in ("JSON", "MessagePack"):
        ns, limit = best[f"decode {form}"][0], best[f"limit: XXH3, {form}"][0]
        report.add(f"decode {form}", f"{count(1e9 / ns)} events/s", f"{count(1e9 / limit)} (one pass, XXH3)",
                   limit / ns, ns / 1e3, limit / 1e3)


def parse_decode(text):
    """{name: (ns, bytes)}"""
    ret = {}
    for line in text.splitlines():
        match = DECODE_LINE.match(line)
        if match:
            ret[match[1]] = (float(match[3]), int(match[2]))
    if "decode JSON" not in ret or "decode MessagePack" not in ret:
        raise BenchFailed("bench_decode printed no figures")
    return ret


def fold(report, options):
    report.section("2. Fold and commit: all views, synced transactions, no decoding, no Kafka")
    rows = []
    for batch in (options.scaled(200_000), options.scaled(2_000)):
        events = options.scaled(1_000_000 if batch >= options.scaled(200_000) else 50_000)
        runs = [run_json([program("fold"), events, batch], 120) for _ in range(options.repeat)]
        rows.append(fold_row(report, median(runs, "wall_s"), batch))
    report.table(("events a commit", "events/s", "plain LMDB", "ratio", "CPU s/M", "limit's", "fold us", "sort us",
                  "apply us", "commit us", "rows/event", "bytes/event"), rows)


def fold_row(report, got, batch):
    events = got["events"]
    rate, limit = events / got["wall_s"], events / got["limit_wall_s"]
    cpu, cpu_limit = got["cpu_s"] / events * 1e6, got["limit_cpu_s"] / events * 1e6
    report.add(f"fold+commit, {count(batch)} a commit", f"{count(rate)} events/s", f"{count(limit)} (as many upserts)",
               rate / limit, cpu, cpu_limit)
    return (count(batch), count(rate), count(limit), f"{rate / limit:.3f}", f"{cpu:.2f}", f"{cpu_limit:.2f}",
            f"{got['fold_us']:.2f}", f"{got['sort_us']:.2f}", f"{got['apply_us']:.2f}", f"{got['commit_us']:.2f}",
            f"{got['rows']:.1f}", count(got["bytes"]))
