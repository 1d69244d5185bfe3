#!/usr/bin/python3
"""One order of an operator's commands; `make operations` has as many as are wanted, killed at fault points too."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "crash")]

import harness  # noqa: E402
import operations  # noqa: E402

SEED = 4


def flow(t):
    t.shared_broker = t.own_broker()  # it is restarted
    one = operations.Operations(t, SEED, verbose=True)
    one.run()
    harness.say(f"{len(one.told)} steps, {one.refused} commands refused")


if __name__ == "__main__":
    harness.main(flow)
