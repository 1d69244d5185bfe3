"""What the checks share: the source files, and C text without comments and strings."""
import glob
import re

LAYERS = ["schemas", "config", "views", "processor", "query", "cmd"]
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files(*suffixes, folders=None):
    return sorted(path for folder in folders or LAYERS for suffix in suffixes
                  for path in glob.glob(f"{folder}/*.{suffix}"))


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def blank(match):
    return "".join(c if c == "\n" else " " for c in match.group())


def code(path):
    """The file with comments and literals blanked out; lines stay where they are."""
    return TOKEN.sub(blank, read(path))


def report(problems):
    for problem in problems:
        print(problem)
    return 1 if problems else 0
