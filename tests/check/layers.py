#!/usr/bin/python3
"""Includes point one way, and a third-party header stays behind its fence."""
import fnmatch
import re
import sys

import source

BELOW = {
    "schemas": {"schemas"},
    "config": {"config", "schemas"},
    "views": {"views", "config", "schemas"},
    "processor": {"processor", "views", "config", "schemas"},
    "query": {"query", "views", "config", "schemas"},
    "cmd": {"cmd", "processor", "query", "views", "config", "schemas"},
}
HTTP = ["query/http_*", "query/server*", "query/route*"]
FENCES = [  # header, the files that may include it
    ("librdkafka/*", ["processor/*"]),
    ("lmdb.h", ["views/store_*"]),
    ("h2o.h", HTTP),
    ("h2o/*", HTTP),
    ("uv.h", HTTP),
    ("openssl/*", ["query/http_tls.c"]),
    ("jansson.h", ["query/http_*", "query/route*", "processor/envelope.c", "processor/dead_letters*.c", "views/*_json.c",
                   "schemas/*"]),
    ("msgpack*", ["schemas/*", "processor/envelope.c"]),
    ("ini.h", ["config/settings_read.c"]),
    ("argp.h", ["cmd/*"]),
    ("criterion/*", []),
]
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def problems_of(path):
    folder = path.split("/")[0]
    for number, line in enumerate(source.read(path).splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        kind, name = match.groups()
        if kind == '"':
            target = name.split("/")[0]
            if "/" not in name or target not in BELOW:
                yield f'{path}:{number}: include "{name}" from the root of the repository'
            elif target not in BELOW[folder]:
                yield f"{path}:{number}: {folder}/ may not include {target}/ ({', '.join(sorted(BELOW[folder]))})"
            continue
        for header, fence in FENCES:
            if fnmatch.fnmatch(name, header) and not any(fnmatch.fnmatch(path, allowed) for allowed in fence):
                yield f"{path}:{number}: <{name}> is included only by {' '.join(fence) or 'tests'}"


sys.exit(source.report([p for path in source.files("c", "h") for p in problems_of(path)]))
