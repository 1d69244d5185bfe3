#!/usr/bin/python3
"""Functions have at most 70 lines and McCabe 15, files at most 450 lines; of tests and benchmarks the files alone.

A comment `allow size: REASON` lifts it: for a function within the five lines above it or inside it, for a file in its
first 20 lines.
"""
import subprocess
import sys

import source

FUNCTION_LINES = 70
MCCABE = 15
FILE_LINES = 450
ALLOW = "allow size: "


def main():
    paths = source.files("c", "h")
    others = source.files("c", "h", folders=["bench", "tests/*"])
    texts = {path: source.read(path).splitlines() for path in paths + others}
    problems = [f"{path}:1: {len(lines)} lines, more than {FILE_LINES}: split it" for path, lines in texts.items()
                if len(lines) > FILE_LINES and not any(ALLOW in line for line in lines[:20])]
    measured = subprocess.run(["pmccabe", *(p for p in paths if p.endswith(".c"))], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
    for row in measured.splitlines():
        mccabe, _, _, first, lines, place = row.split(None, 5)
        path, name = place.split("(", 1)[0], place.rsplit(" ", 1)[1]
        first, lines, mccabe = int(first), int(lines), int(mccabe)
        around = texts[path][max(0, first - 6):first + lines]
        if (lines <= FUNCTION_LINES and mccabe <= MCCABE) or any(ALLOW in line for line in around):
            continue
        problems.append(f"{path}:{first}: {name} has {lines} lines and McCabe {mccabe}, at most {FUNCTION_LINES} and {MCCABE}")
    return source.report(problems)


sys.exit(main())
