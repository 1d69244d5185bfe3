#!/usr/bin/python3
"""Others can make a client of openapi.json: types by openapi-typescript, compiled strictly, answered by a running server."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
from harness import check, say  # noqa: E402

CLIENT = os.path.join(harness.ROOT, "tests", "client")
EVENTS = 4000


def flow(t):
    modules = harness.npm_modules(CLIENT)
    lines, store, work = t.path("shop.ndjson"), t.path("store"), t.path("client")
    harness.simulate(lines, EVENTS, t.seed)
    harness.run([harness.AISLE, "replay", "--from-file", lines, "--store", store])
    aisle = t.aisle("serve", store=store)
    aisle.wait_ready()
    os.makedirs(work)
    for name in ("package.json", "tsconfig.json", "client.ts"):
        shutil.copy(os.path.join(CLIENT, name), work)
    os.symlink(modules, os.path.join(work, "node_modules"))
    harness.run([os.path.join(modules, ".bin", "openapi-typescript"), aisle.url + "/openapi.json", "-o",
                 os.path.join(work, "aisle.d.ts")])
    out, err = harness.run([os.path.join(modules, ".bin", "tsc"), "-p", work], status=None)
    check(not out and not err, f"the client does not compile:\n{out}{err}")
    out, _ = harness.run(["node", os.path.join(work, "out", "client.js"), aisle.url])
    say(f"a generated client compiles and is answered: {out.strip()}")
    aisle.stop()


if __name__ == "__main__":
    harness.main(flow)
