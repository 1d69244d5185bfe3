#!/usr/bin/python3
"""The mistakes that `make crash-selftest` makes on purpose can be made in today's sources: their texts are there, once."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "crash"))

import selftest  # noqa: E402


def main():
    bad = 0
    for mutant in selftest.MUTANTS:
        try:
            selftest.mutated(mutant)
        except selftest.Broken as why:
            print(f"tests/crash/selftest.py: {why}")
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
