#!/usr/bin/python3
"""Every view, strategy and command has its line in the .def list, and every line its descriptor."""
import glob
import os
import re
import sys

import source

REGISTRIES = [  # folder, struct, macro, list
    ("views", "view", "VIEW", "views/views.def"),
    ("query", "strategy", "STRATEGY", "schemas/strategies.def"),
    ("cmd", "command", "COMMAND", "cmd/commands.def"),
]


def descriptors(folder, struct):
    pattern = re.compile(rf"^const struct {struct} {struct}_(\w+)\s*=", re.M)
    for path in sorted(glob.glob(f"{folder}/**/*.c", recursive=True)):
        text = source.code(path)
        for match in pattern.finditer(text):
            yield match[1], f"{path}:{text.count(chr(10), 0, match.start()) + 1}"


def check(folder, struct, macro, list_path):
    if not os.path.exists(list_path):
        return
    text = source.code(list_path)
    lines = {match[1]: f"{list_path}:{text.count(chr(10), 0, match.start()) + 1}"
             for match in re.finditer(rf"^{macro}\((\w+)", text, re.M)}
    found = dict(descriptors(folder, struct))
    for name, place in found.items():
        if name not in lines:
            yield f"{place}: {struct}_{name} has no {macro}({name}) line in {list_path}"
    for name, place in lines.items():
        if name not in found:
            yield f"{place}: {macro}({name}) has no `const struct {struct} {struct}_{name}` in {folder}/"


sys.exit(source.report([p for registry in REGISTRIES for p in check(*registry)]))
