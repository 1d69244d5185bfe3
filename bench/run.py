#!/usr/bin/python3
"""The benchmarks, each beside its limit in the same run. `make bench` builds what this needs and starts it.

    bench/run.py [--events N] [--scale X] [--repeat N] [--kills N] [--write FILE] [SECTION...]

SECTION: decode, fold, stream (catching up from real Kafka), live, answers, replay; default these. live, answers and replay
go on with the store of stream. jvm: catching up beside Kafka Streams, a run of its own. Everything on loopback; whatever is started is
ended with the run.
"""
import argparse
import os
import shutil
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "tests", "lib")]
os.environ.setdefault("AISLE", os.path.join(os.environ.get("BENCH_OUT", "build/release"), "aisle"))

import answers  # noqa: E402
import folding  # noqa: E402
import harness  # noqa: E402
import jvm  # noqa: E402
import machine  # noqa: E402
import replaying  # noqa: E402
import stream  # noqa: E402

SECTIONS = ("decode", "fold", "stream", "live", "answers", "replay")
JVM_TITLE = "Beside Kafka Streams"
FAILURES = (machine.BenchFailed, harness.FlowFailed, harness.Ended, harness.kafka.KafkaError)


class Options:
    """Sizes, each bounded below so that a small scale still measures something."""

    def __init__(self, args):
        self.scale, self.repeat, self.kills, self.seed = args.scale, args.repeat, args.kills, 1
        self.events = max(1_000, int(args.events * args.scale))
        self.live_s = max(5, round(16 * min(args.scale, 1)))
        self.http_s = max(1, round(2 * min(args.scale, 1)))

    def scaled(self, n):
        return max(10, int(n * self.scale))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="default all but jvm")
    parser.add_argument("--events", type=int, default=1_000_000, help="events of the topic that is caught up with")
    parser.add_argument("--scale", type=float, default=1.0, help="makes every size smaller or larger")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the one in the middle counts")
    parser.add_argument("--kills", type=int, default=3, help="replays that are killed on their way")
    parser.add_argument("--write", metavar="FILE", help="put the figures there too")
    args = parser.parse_args()
    unknown = set(args.sections) - {*SECTIONS, "jvm"}
    if unknown or args.repeat < 1 or args.scale <= 0 or args.events < 1 or args.kills < 0:
        parser.error(f"no such section: {', '.join(unknown)}" if unknown else "sizes are above 0")
    if "jvm" in args.sections and len(args.sections) > 1:
        parser.error("jvm is a run of its own")
    args.sections = args.sections or SECTIONS
    return args


def run_sections(report, names, options):
    if "decode" in names:
        folding.decode(report, options)
    if "fold" in names:
        folding.fold(report, options)
    if not {"stream", "live", "answers", "replay", "jvm"} & set(names):
        return
    harness.ktool_build()
    flow = harness.Flow("bench", quick_broker=False)
    try:
        shop = stream.Shop(flow, options)
        if "jvm" in names:
            jvm.jvm(report, shop, options)
            return
        stream.catching_up(report, shop, options)
        if "live" in names:
            stream.live(report, shop, options)
        if "answers" in names:
            answers.answers(report, shop, options)
        if "replay" in names:
            replaying.replaying(report, shop, options)
    finally:
        flow.close()
        shutil.rmtree(flow.directory, ignore_errors=True)


def main():
    args = parse()
    options = Options(args)
    report = machine.Report()
    signal.signal(signal.SIGTERM, harness.end_on_term)
    for text in machine.describe():
        report.say(text)
    if args.scale != 1:
        report.say(f"scale     {args.scale:g}: not comparable with other scales")
    try:
        run_sections(report, args.sections, options)
    except FAILURES as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    report.close()
    if args.write:
        if "jvm" in args.sections:
            machine.write(args.write, report, JVM_TITLE, "make bench BENCH=jvm")
        else:
            machine.write(args.write, report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
