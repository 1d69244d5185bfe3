#!/usr/bin/python3
"""Runs the named checks, each a script here or a tool; prints what is wrong as file:line and "N passed, N failed".

Run by `make check`, which exports SOURCES, HEADERS, LAYERS, BASE_CFLAGS, CC and JOBS.
"""
import concurrent.futures
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.environ["SOURCES"].split()
HEADERS = os.environ["HEADERS"].split()
FLAGS = os.environ["BASE_CFLAGS"].split()
JOBS = int(os.environ.get("JOBS", "2"))


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def run_each(commands):
    """Every command, JOBS at a time; the first bad status and all that was printed."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        results = list(pool.map(run, commands))
    bad = [output for status, output in results if status != 0]
    return (1, "".join(bad)) if bad else (0, "")


def check_headers():
    """A header compiles alone: it includes what it uses."""
    command = [os.environ["CC"], *FLAGS, "-Wno-unused", "-fsyntax-only", "-x", "c", "-include"]
    return run_each([command + [header, "/dev/null"] for header in HEADERS])


def check_format():
    status, output = run(["clang-format", "--dry-run", "-Werror", *SOURCES, *HEADERS])
    errors = [line for line in output.splitlines() if ": error:" in line]
    if status != 0:
        output = "\n".join(errors[:20] + [f"{len(errors)} places; `make format` writes them"]) + "\n"
    return status, output


def check_cppcheck():
    os.makedirs("build/cppcheck", exist_ok=True)
    return run(["cppcheck", "-q", "-j", str(JOBS), "--std=c11", "--enable=warning,portability", "--inline-suppr",
                "--error-exitcode=1", "--template={file}:{line}: {severity}: {message} [{id}]", "-I.", "-D_GNU_SOURCE",
                "--suppress=missingIncludeSystem", "--suppress=comparePointers", "--suppress=shiftTooManyBitsSigned",
                "--suppress=unknownMacro", "--suppress=normalCheckLevelMaxBranches",
                "--cppcheck-build-dir=build/cppcheck", *SOURCES])


def tidied(source):
    """clang-tidy is slow: a source that passed is not looked at again until it, a header or the checks change."""
    stamp = os.path.join("build/tidy", source + ".ok")
    newest = max(os.path.getmtime(path) for path in [source, ".clang-tidy", *HEADERS])
    if os.path.exists(stamp) and os.path.getmtime(stamp) > newest:
        return 0, ""
    status, output = run(["clang-tidy", "--quiet", source, "--", *[f for f in FLAGS if f != "-Werror"]])
    if status == 0:
        os.makedirs(os.path.dirname(stamp), exist_ok=True)
        with open(stamp, "w", encoding="utf-8"):
            pass
    root = os.getcwd() + "/"
    return status, "".join(line.removeprefix(root) + "\n" for line in output.splitlines() if ": error:" in line)


def check_tidy():
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        bad = [output for status, output in pool.map(tidied, SOURCES) if status != 0]
    return (1, "".join(bad)) if bad else (0, "")


BUILT_IN = {"headers": check_headers, "format": check_format, "cppcheck": check_cppcheck, "tidy": check_tidy}


def main(names):
    failed = 0
    for name in names:
        script = os.path.join(HERE, name + ".py")
        started = time.monotonic()
        if name in BUILT_IN:
            status, output = BUILT_IN[name]()
        elif os.path.exists(script):
            status, output = run([sys.executable, script])
        else:
            print(f"check.py: no check '{name}'", file=sys.stderr)
            return 2
        if status != 0:
            failed += 1
            print(output, end="")
        print(f"{'FAILED' if status else 'ok':6} check-{name} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
