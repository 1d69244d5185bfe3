#!/usr/bin/python3
"""Raw bytes at a real `aisle serve`, on loopback: cut requests, huge and endless headers, chunked bodies, pipelines, bad
escapes, HTTP/2 frames. It must answer or close in time, and end well on SIGTERM.

    http_raw.py AISLE [SECONDS [SEED]]     the program (an ASan build), 30 seconds and a seed of the clock unless given
"""
import collections
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

EVENT = b'{"type":"view","visitorId":"v1","itemId":"p1"}'
METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"BREW", b""]
PATHS = [b"/v1/recommendations/home?visitorId=v1", b"/v1/items/sku-0000001/also-bought", b"/v1/trending?window=7d", b"/v1/strategies",
         b"/healthz", b"/readyz", b"/metrics", b"/openapi.json", b"/v1/items/%zz", b"/v1/items/%", b"/v1/items/%00", b"/%ff%fe",
         b"/v1/users/" + b"a" * 9000 + b"/buy-it-again", b"/v1/items/" + b"%41" * 2700, b"/../../etc/passwd", b"//", b"*",
         b"http://x/healthz", b"/v1/trending?" + b"&" * 4000]
JSON = b"Host: x\r\nContent-Type: application/json\r\n"
WAIT_SECONDS = 15


def junk(rnd, most):
    return bytes(rnd.randrange(256) for _ in range(rnd.randrange(1, most)))


def chunked(rnd):
    body, out = b"[" + b",".join([EVENT] * rnd.randrange(1, 50)) + b"]", b""
    while body:
        n = rnd.randrange(1, 400)
        out, body = out + b"%x\r\n" % len(body[:n]) + body[:n] + b"\r\n", body[n:]
    return out + rnd.choice([b"0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n", b"ffffffffffffffff\r\n", b"-1\r\n", b"zz\r\n", b""])


def request(rnd):
    """One request, good or not."""
    path = rnd.choice(PATHS)
    kind = rnd.randrange(12)
    if kind == 0:
        return rnd.choice(METHODS) + b" " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    if kind == 1:
        return b"GET " + path + b" HTTP/1.1\r\nX: " + b"a" * rnd.choice([100, 7000, 20000, 200000]) + b"\r\n\r\n"
    if kind == 2:
        return b"GET " + path + b" HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(rnd.choice([10, 99, 101, 2000]))) + b"\r\n"
    if kind == 3:
        return b"POST /v1/events HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(rnd)
    if kind == 4:
        length = rnd.choice([b"0", b"-1", b"99999999999999999999", b"5000000", b"1e3", b"10, 10", b" 3"])
        return b"POST /v1/events HTTP/1.1\r\n" + JSON + b"Content-Length: " + length + b"\r\n\r\n" + EVENT
    if kind == 5:
        return b"POST /v1/events HTTP/1.1\r\n" + JSON + b"Content-Length: %d\r\n\r\n" % len(EVENT) + EVENT
    if kind == 6:
        return junk(rnd, 400)
    if kind == 7:
        return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + junk(rnd, 200)
    if kind == 8:
        end = rnd.choice([b"\r\n\r\n", b"\n\n", b"\r\nHost: x\r\n\r\n"])
        return b"GET " + path + rnd.choice([b" HTTP/1.0", b" HTTP/9.9", b"", b" HTTP/1.1 x"]) + end
    if kind == 9:
        how = rnd.choice([b"close", b"upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk", b"keep-alive"])
        return b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: " + how + b"\r\n\r\n"
    if kind == 10:
        return (b"POST /v1/recommendations/home HTTP/1.1\r\n" + JSON + b"Expect: 100-continue\r\nContent-Length: 20\r\n\r\n"
                + rnd.choice([b'{"visitorId":"v1"   }', b""]))
    whole = request(rnd)
    return whole[:rnd.randrange(len(whole) + 1)]


def talk(rnd, port, seen):
    data = b"".join(request(rnd) for _ in range(rnd.choice([1, 1, 1, 2, 5, 30])))
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.settimeout(WAIT_SECONDS)
        got = b""
        try:
            first = rnd.choice([1, 7, 100, len(data)])
            s.sendall(data[:first])
            s.sendall(data[first:])
            how = rnd.randrange(4)
            if how == 0:  # gone without a look
                return
            s.shutdown(socket.SHUT_WR)
            while piece := s.recv(65536):
                got += piece
                if how == 1:
                    return
        except TimeoutError:
            seen["no answer in time"] += 1
            print(f"neither answered nor closed: {data[:300]!r}")
        except OSError:
            seen["closed by the server"] += 1
        for line in got.split(b"\r\n"):
            if line.startswith(b"HTTP/1.1 "):
                seen[line[9:12].decode(errors="replace")] += 1


def start(aisle, directory):
    store, lines = os.path.join(directory, "store"), os.path.join(directory, "shop.ndjson")
    subprocess.run([aisle, "simulate", "--events=3000", "--items=50", "--users=100", "--catalog", f"--to-file={lines}"],
                   check=True, stderr=subprocess.DEVNULL)
    subprocess.run([aisle, "replay", "--from-file", lines, f"--store={store}"], check=True, stderr=subprocess.DEVNULL)
    server = subprocess.Popen([aisle, "serve", f"--store={store}", "--set=http.listen=127.0.0.1:0", "--set=http.timeout=3s"],
                              stderr=subprocess.PIPE, text=True)
    for line in server.stderr:
        if line.startswith("ready: "):
            return server, int(line.rsplit(":", 1)[1])
    sys.exit("http_raw.py: the server did not start")


def main(aisle, seconds=30.0, seed=None):
    seed = int(time.time()) if seed is None else seed
    rnd, seen, connections = random.Random(seed), collections.Counter(), 0
    directory = tempfile.mkdtemp(prefix="aisle-raw-")
    try:
        server, port = start(aisle, directory)
        end = time.monotonic() + seconds
        while time.monotonic() < end and server.poll() is None:
            talk(rnd, port, seen)
            connections += 1
        server.terminate()
        rest = server.communicate(timeout=60)[1]
    finally:
        shutil.rmtree(directory)
    print(f"seed {seed}: {connections} connections, {dict(sorted(seen.items()))}")
    bad = server.returncode != 0 or seen["no answer in time"] or seen["500"]
    if bad:
        print(f"status {server.returncode}\n{rest[-4000:]}")
    return 1 if bad else 0


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], *map(float, sys.argv[2:3]), *map(int, sys.argv[3:4])))
