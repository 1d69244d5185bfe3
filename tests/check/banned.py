#!/usr/bin/python3
"""Calls that this source does without, each with what to use. `allow call: REASON` on the line lifts it."""
import re
import sys

import source

INSTEAD = {
    "strcpy": "snprintf", "strcat": "snprintf", "strncpy": "snprintf or memcpy", "strncat": "snprintf",
    "sprintf": "snprintf", "vsprintf": "vsnprintf", "stpcpy": "snprintf", "gets": "fgets", "scanf": "strtoll",
"atoi": "strtol", "atol": "strtol", "atoll": "strtoll", "atof": "strtod",
    "strtok": "strchr", "strtok_r": "strchr", "localtime": "gmtime_r", "localtime_r": "gmtime_r, all times are UTC",
    "gmtime": "gmtime_r", "ctime": "strftime", "asctime": "strftime", "mktime": "timegm", "rand": "a seeded generator",
    "srand": "a seeded generator", "random": "a seeded generator", "system": "posix_spawn", "popen": "posix_spawn",
    "alloca": "xmalloc", "tmpnam": "mkstemp", "mktemp": "mkstemp", "strerror_r": "strerror (glibc's is thread-safe here)",
    "malloc": "xmalloc", "calloc": "xcalloc", "realloc": "xrealloc", "strdup": "xstrndup", "strndup": "xstrndup",
    "usleep": "nanosleep or a timeout", "setenv": "settings", "exit": "return a status",
}
HOME = {"malloc": "schemas/base.c", "calloc": "schemas/base.c", "realloc": "schemas/base.c"}
CALL = re.compile(rf"(?<![\w.>])({'|'.join(INSTEAD)})\s*\(")


def problems_of(path):
    raw = source.read(path).splitlines()
    for number, line in enumerate(source.code(path).splitlines(), 1):
        for match in CALL.finditer(line):
            if HOME.get(match[1]) != path and "allow call: " not in raw[number - 1]:
                yield f"{path}:{number}: {match[1]}() is banned, use {INSTEAD[match[1]]}"


sys.exit(source.report([p for path in source.files("c", "h") for p in problems_of(path)]))
