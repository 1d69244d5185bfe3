#!/usr/bin/python3
"""config/aisle.conf.sample and docs/settings.md say what config/settings.def says. --write makes them again."""
import re
import sys

import source

DEF = "config/settings.def"
SAMPLE = "config/aisle.conf.sample"
MANUAL = "docs/settings.md"
LINE = re.compile(r'^SETTING\((\w+), "([^"]+)", (\w+), "([^"]*)", (-?\d+), (-?\d+), "((?:[^"\\]|\\.)*)"\)$')
UNITS = {
    "BYTES": [("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10)],
    "MS": [("h", 3600000), ("m", 60000), ("s", 1000), ("ms", 1)],
}
WORDS = {"STRING": "text", "PATH": "path", "INT": "whole number", "BYTES": "bytes", "MS": "time", "BOOL": "true or false",
         "NUMBER": "number"}


def settings():
    for number, line in enumerate(source.read(DEF).splitlines(), 1):
        if not line.startswith("SETTING("):
            continue
        match = LINE.match(line)
        if not match:
            sys.exit(f'{DEF}:{number}: not SETTING(ID, "key", TYPE, "default", min, max, "doc")')
        yield match.groups()[1:]


def env_name(key):
    return "AISLE_" + re.sub(r"([A-Z])", r"_\1", key).replace(".", "_").upper()


def amount(kind, value):
    for suffix, factor in UNITS.get(kind, []):
        if value and value % factor == 0:
            return f"{value // factor}{suffix}"
    return str(value)


def bounds(kind, low, high):
    low, high = int(low), int(high)
    if kind in ("STRING", "PATH"):
        return f"{low} to {high} bytes" if high else ""
    if kind == "BOOL":
        return ""
    return f"{amount(kind, low)} to {amount(kind, high)}"


def sample(rows):
    out = ["# aisle.conf - every setting with its default; uncomment to change. docs/settings.md explains the forms.",
           "# Stronger than this file: environment (AISLE_STORE_PATH), then --set store.path=DIR.",
           "# `aisle check-config FILE` tells what is set, from where, and what is wrong.", "",
           "# ---- kafka: handed to librdkafka unchanged; kafka.NAME.file names a file that holds NAME's value ----", "",
           "#kafka.bootstrap.servers = localhost:9092", "#kafka.security.protocol = SASL_SSL",
           "#kafka.sasl.mechanism = SCRAM-SHA-256", "#kafka.sasl.username = aisle",
           "#kafka.sasl.password.file = /etc/aisle/kafka.password"]
    group = None
    for key, kind, default, low, high, doc in rows:
        if key.split(".")[0] != group:
            group = key.split(".")[0]
            out += ["", f"# ---- {group} ----"]
        limits = bounds(kind, low, high)
        out += ["", f"# {doc}" + (f" ({limits})" if limits else ""), f"#{key} = {default}"]
    return "\n".join(out) + "\n"


def manual(rows):
    out = ["# Settings", "",
           "Made from `config/settings.def` by `make sample`; `make check` compares. The order, the last wins: default,",
           "`aisle.conf` (`--config FILE`, else `./aisle.conf`, else `/etc/aisle/aisle.conf`), environment, `--set KEY=VALUE`.",
           "", "A line of the file is `key = value`; lines that begin with `#` or `;` are comments, and so is what follows a",
           "space and a `;`. There are no sections. An unknown key, a key that comes twice and a value out of its bounds are",
           "errors that name file and line.", "",
           "Bytes take `k`, `m`, `g` (1,024 each); times take `ms`, `s`, `m`, `h`, and are milliseconds without one.", "",
           "`kafka.*` goes to librdkafka unchanged: `kafka.bootstrap.servers = localhost:9092`, in the environment",
           "`AISLE_KAFKA_BOOTSTRAP_SERVERS`. `kafka.NAME.file` names a file whose content, without the line end, is the value of",
           "`kafka.NAME`: so a password is in no settings file, environment or process list.", "",
           "| key | form | default | bounds | meaning | environment |", "|---|---|---|---|---|---|"]
    for key, kind, default, low, high, doc in rows:
        out.append(f"| `{key}` | {WORDS[kind]} | `{default}` | {bounds(kind, low, high)} | {doc.replace('|', chr(92) + '|')} "
                   f"| `{env_name(key)}` |")
    return "\n".join(out) + "\n"


def first_difference(path, wanted):
    try:
        have = source.read(path)
    except FileNotFoundError:
        return f"{path}:1: missing, `make sample` writes it"
    for number, (a, b) in enumerate(zip(have.splitlines() + [""], wanted.splitlines() + [""]), 1):
        if a != b:
            return f"{path}:{number}: is not what {DEF} says, `make sample` writes it again"
    return None if have == wanted else f"{path}:1: is not what {DEF} says, `make sample` writes it again"


def main(arguments):
    rows = list(settings())
    outputs = {SAMPLE: sample(rows), MANUAL: manual(rows)}
    if arguments == ["--write"]:
        for path, text in outputs.items():
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
        return 0
    return source.report([p for p in (first_difference(path, text) for path, text in outputs.items()) if p])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
