#!/usr/bin/python3
"""The command line as a person meets it: help, wrong usage, settings, inspect, simulate. No broker.

Names of tests or classes as arguments: those only. AISLE names the program (build/release/aisle). Closes with "N passed, N failed".
"""
import contextlib
import gzip
import json
import os
import pty
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

AISLE = os.path.abspath(os.environ.get("AISLE", "build/release/aisle"))
COMMANDS = [line[8:-1].replace("_", "-") for line in open("cmd/commands.def", encoding="utf-8").read().splitlines()
            if line.startswith("COMMAND(")]
with open("schemas/strategies.def", encoding="utf-8") as registry:
    STRATEGIES = [name.replace("_", "-") for name in re.findall(r"^STRATEGY\((\w+)\)", registry.read(), re.M)]


class Case(unittest.TestCase):
    """A scratch directory to run the program in."""
    before = []  # in front of the command

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="aisle-cli-")
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name

    def aisle(self, *arguments, status=0, environment=None):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AISLE_")}
        done = subprocess.run([*self.before, AISLE, *arguments], cwd=self.directory, env={**clean, **(environment or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, f"aisle {' '.join(arguments)}: {done.stdout[-500:]}{done.stderr[-500:]}")
        return done

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path


class Cli(Case):
    def test_help_lists_every_command(self):
        text = self.aisle("--help").stdout
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command} ")
        self.assertIn("\nExamples:\n", text)

    def test_each_command_has_examples_and_fits_the_terminal(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                text = self.aisle(command, "--help").stdout
                self.assertIn(f"Usage: aisle {command}", text)
                self.assertIn("\nExamples:\n", text)
                self.assertIn(f"aisle {command}", text.split("Examples:")[1])
                self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_check_config_takes_one_file(self):
        path = self.write("a.conf", "http.threads = 3\n")
        for one in ([path], ["--config", path]):
            self.assertIn("http.threads", self.aisle("check-config", *one).stdout)
        self.assertIn("exclude one another", self.aisle("check-config", path, "--config", path, status=2).stderr)

    def test_check_config_asks_librdkafka(self):
        path = self.write("k.conf", "kafka.nope = 1\nkafka.socket.timeout.ms = soon\nkafka.auto.offset.reset = earliest\n")
        problems = self.aisle("check-config", path, status=1).stderr.splitlines()
        for words, problem in zip((f"{path}:1: kafka.nope: ", f"{path}:2: kafka.socket.timeout.ms: ", f"{path}:3: kafka.auto.offset.reset must be 'error'"), problems, strict=True):
            self.assertIn(words, problem)
        path = self.write("k.conf", "kafka.bootstrap.servers = 127.0.0.1:1\nkafka.security.protocol = ssl\nkafka.ssl.ca.location = /no.pem\n")
        self.assertIn("ssl.ca.location", self.aisle("check-config", path, status=1).stderr)

    def test_check_config_looks_at_the_files_of_https(self):
        self.write("no.pem", "text")
        for name, words in (("none.pem", "No such file"), ("no.pem", "no start line")):
            sets = [word for end in ("certificate", "key") for word in ("--set", f"http.tls.{end}.file={self.directory}/{name}")]
            problem = self.aisle("check-config", *sets, status=1).stderr
            self.assertIn(f"aisle: --set: http.tls.certificate.file: cannot use the certificate '{self.directory}/{name}': {words}", problem)

    def test_check_config_resolves_the_host_to_listen_on(self):
        listen = ["--set", "http.listen=no-such-host.invalid:8600"]
        told = self.aisle("check-config", *listen, status=1).stderr
        self.assertIn("aisle: --set: http.listen: cannot resolve 'no-such-host.invalid': ", told)
        started = self.aisle("run", *listen, "--set", "kafka.bootstrap.servers=127.0.0.1:1", "--store", "s", status=1).stderr
        self.assertIn(told.replace("--set: http.listen: ", "", 1), started)
        for known in ("localhost:0", "[::1]:0", "127.0.0.1:8600"):
            self.aisle("check-config", "--set", f"http.listen={known}")

    def test_check_config_looks_at_the_key_of_persons(self):
        events = self.write("e.ndjson", '{"type":"view","userId":"u1","itemId":"a","eventTime":1700000000000}\n')
        os.mkdir(os.path.join(self.directory, "directory"))
        self.write("short", "x" * 31)
        self.write("long", "x" * 33)
        for name, words in (("nowhere/key", "cannot make the key 'nowhere/key': No such file or directory"),
                            ("directory", "cannot read the key 'directory': Is a directory"),
                            ("short", "the key 'short' is damaged"), ("long", "the key 'long' is damaged")):
            place = ["--store", "s", "--set", f"person.key.file={name}"]
            told = self.aisle("check-config", *place, status=1).stderr
            self.assertIn(f"aisle: --set: person.key.file: {words}", told)
            started = self.aisle("replay", "--from-file", events, *place, status=1).stderr
            self.assertEqual(told, started.replace("aisle: ", "aisle: --set: person.key.file: ", 1))
        shutil.rmtree(os.path.join(self.directory, "s"))
        place = ["--store", "s", "--set", "person.key.file=key"]
        self.aisle("check-config", *place)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "key")))
        self.aisle("replay", "--from-file", events, *place)
        self.aisle("check-config", *place)
        os.unlink(os.path.join(self.directory, "key"))
        self.assertIn("the store was filled with one", self.aisle("check-config", *place, status=1).stderr)

    def test_a_line_of_the_log_takes_the_place_of_the_bar(self):
        view = '{"type":"view","visitorId":"v","itemId":"a","eventTime":1700000000000}\n'
        path = self.write("e.ndjson", view * 20000 + "{\n" + view * 20000)
        terminal, end = pty.openpty()
        replay = subprocess.Popen([AISLE, "replay", "--from-file", path, "--store", "s", "--set", "batch.recordsMax=1000"],
                                  cwd=self.directory, stdout=subprocess.DEVNULL, stderr=end)
        os.close(end)
        text = ""
        with open(terminal, "rb", buffering=0) as screen, contextlib.suppress(OSError):  # nobody has the other end any more
            while some := screen.read(65536):
                text += some.decode()
        self.assertEqual(replay.wait(60), 0, text)
        self.assertRegex(text, r"records, [^\n]*\r\x1b\[K[0-9T:.Z-]+ warn  records cannot be read[^\r]*\r\n\r *\d+% \[")
        self.assertRegex(text, r"\r100% \[#+\][^\r]*\r\n\Z")

    def test_progress_is_json_where_the_log_is(self):
        pipe = os.path.join(self.directory, "pipe")
        os.mkfifo(pipe)
        replay = subprocess.Popen([AISLE, "replay", "--from-file", pipe, "--store", "s", "--set", "log.format=json"],
                                  cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        view = b'{"type":"view","visitorId":"v","itemId":"a","eventTime":1700000000000}\n' * 1000
        said, deadline = b"", time.monotonic() + 60
        os.set_blocking(replay.stderr.fileno(), False)
        with open(pipe, "wb", buffering=0) as lines:
            while b"records" not in said and time.monotonic() < deadline:
                lines.write(view)
                said += replay.stderr.read() or b""
        self.assertEqual(replay.wait(60), 0)
        os.set_blocking(replay.stderr.fileno(), True)
        said += replay.stderr.read()
        replay.stderr.close()
        lines = [json.loads(line) for line in said.splitlines()]
        self.assertTrue(any(line["message"] == "replay goes on" and line["records"] > 0 for line in lines), said)
        said = self.aisle("replay", "--view", "popularity", "--without-files", "--store", "s", "--set", "log.format=json").stderr
        self.assertIn(("copying", 1), [(line["message"], line.get("generation")) for line in map(json.loads, said.splitlines())])

    def test_store_counts_beside_as_many_sets_as_there_may_be(self):
        sets = ["--set", "http.threads=1"] * 256
        self.assertIn("/somewhere", self.aisle("check-config", *sets, "--store", "/somewhere").stdout)
        self.assertIn("more than 256", self.aisle("check-config", *sets, *sets[:2], status=2).stderr)

    def views_loaded(self, store, *items):
        for item in items:
            line = {"type": "view", "userId": item, "itemId": item, "eventTime": 1700000000000}
            self.aisle("replay", "--from-file", self.write(item, json.dumps(line) + "\n"), "--store", store)

    def test_two_stores_are_compared(self):
        self.views_loaded("s", "both")
        self.views_loaded("other", "both")
        self.assertNotIn("different", self.aisle("diff", "s", "other@1").stdout)
        self.views_loaded("s", "only-s")
        self.views_loaded("other", "only-other", "too")
        views = {}
        for text in self.aisle("diff", "s", "other", "--json", status=1).stdout.splitlines():
            views[json.loads(text)["view"]] = json.loads(text)
        self.assertTrue(views["bought-together"]["same"])
        totals = views["item-totals"]
        self.assertEqual(totals["rows"], [2, 3])
        self.assertEqual([row["itemId"] for row in totals["onlyFirst"]], ["only-s"])
        self.assertEqual(sorted(row["itemId"] for row in totals["onlySecond"]), ["only-other", "too"])
        text = self.aisle("diff", "s", "other", "--rows", "1", status=1).stdout
        different = sum(not view["same"] for view in views.values())
        for side in ("\n  < ", "\n  > "):
            self.assertIn(text.count(side), range(1, different + 1))
        self.assertIn("no generation 7: it has 1", self.aisle("diff", "s", "s@7", status=1).stderr)
        self.assertIn("two stores are needed", self.aisle("diff", "s", status=2).stderr)

    def test_long_rows_of_a_comparison_are_cut(self):
        self.views_loaded("s", "short")
        self.views_loaded("other", "short")
        for start in ("", "y"):  # the cut may not be within a character
            lines = [{"type": "view", "userId": "u" + start, "itemId": start + "\u00e4" * 60, "eventTime": 1700000000000 + n} for n in range(9)]
            self.aisle("replay", "--from-file", self.write("long" + start, "".join(json.dumps(line) + "\n" for line in lines)), "--store", "other")
        told = self.aisle("diff", "s", "other", status=1).stdout
        self.assertRegex(told, r"(?m)^  > \{.* \.\.\. \([0-9]+ bytes, --json has all\)$")
        self.assertLess(max(len(line.encode()) for line in told.splitlines()), 450)
        self.assertIn("\u00e4" * 60, self.aisle("diff", "s", "other", "--json", status=1).stdout)

    def test_a_silent_pipe_can_be_left(self):
        process = subprocess.Popen([AISLE, "replay", "--from-file", "-", "--store", "s"], cwd=self.directory,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(b'{"type":"view","userId":"u","itemId":"i","eventTime":1700000000000}\n{"type":"vi')
        process.stdin.flush()
        deadline = time.monotonic() + 20
        rows = ""
        while '"i"' not in rows and time.monotonic() < deadline:  # what the pipe has said so far can be read
            rows = subprocess.run([AISLE, "inspect", "item-totals", "--store", "s"], cwd=self.directory,
                                  capture_output=True, text=True).stdout
        self.assertIn('"i"', rows)
        process.terminate()
        self.assertIn(process.wait(timeout=20), (0, 1))
        process.communicate()
        self.aisle("inspect", "--digest", "--store", "s")

    def test_a_replay_to_which_nothing_comes_has_no_rate(self):
        line = '{"type":"view","userId":"u","itemId":"i","eventTime":1700000000000}\n'
        with subprocess.Popen([AISLE, "replay", "--rebuild", "--from-file", "-", "--store", "st"], cwd=self.directory, text=True,
                              stdin=subprocess.PIPE, stderr=subprocess.PIPE) as replay:
            replay.stdin.write(line * 30000)
            replay.stdin.flush()
            shown = next(text for text in replay.stderr if " records, " in text)
            replay.kill()
        self.assertRegex(shown, r"^\d+ records, 0/s$")

    def test_a_reader_that_hangs_ends_itself_once_somebody_writes(self):
        self.aisle("simulate", "--events", "20000", "--to-file", "a.ndjson")
        self.aisle("replay", "--from-file", "a.ndjson", "--store", "s")
        reader = subprocess.Popen([AISLE, "inspect", "history", "--store", "s", "--set", "store.readerAgeMax=100ms"],
                                  cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(reader.kill)
        reader.stdout.read(1)  # it has its snapshot, and then nobody reads on
        with self.assertRaises(subprocess.TimeoutExpired):
            reader.wait(timeout=0.7)
        self.write("b.ndjson", '{"type":"view","userId":"u1","itemId":"a","eventTime":1700000000000}\n')
        self.aisle("replay", "--from-file", "b.ndjson", "--store", "s")
        self.assertEqual(reader.wait(timeout=20), 1)
        self.assertIn("store.readerAgeMax", reader.stderr.read())
        reader.stdout.close()
        reader.stderr.close()

    def test_envelopes_may_say_more_than_is_read(self):
        events = self.write("k.ndjson", json.dumps({
            "topic": "shop.events", "partition": 3, "offset": 17, "headers": [], "key": "u", "timestamp": 1700000000000,
            "value": {"type": "view", "userId": "u", "itemId": "i"}}) + "\n")
        self.aisle("replay", "--from-file", events, "--store", "s")
        self.assertIn('"views":1', self.aisle("inspect", "popularity", "--store", "s").stdout)

    def test_the_key_of_persons_may_lie_outside_the_store(self):
        events = self.write("e.ndjson", '{"type":"view","userId":"u1","itemId":"a","eventTime":1700000000000}\n')
        key = os.path.join(self.directory, "key")
        place = ["--store", "s", "--set", f"person.key.file={key}"]
        self.aisle("replay", "--from-file", events, *place)
        self.assertEqual(os.path.getsize(key), 32)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "s", "person.key")))
        self.assertIn('"itemId":"a"', self.aisle("inspect", "history", "--user", "u1", *place).stdout)
        self.assertIn("set person.key.file", self.aisle("inspect", "history", "--store", "s", status=1).stderr)

    def test_version(self):
        self.assertRegex(self.aisle("--version").stdout, r"^aisle \d+\.\d+\.\d+\n$")

    def test_who_cannot_write_says_so(self):
        self.views_loaded("s", "one")
        self.views_loaded("other", "two")
        self.write("junk.ndjson", "junk\n" * 1000)
        self.aisle("replay", "--from-file", "junk.ndjson", "--store", "s")
        for arguments in (["check-config"], ["check-config", "--json"], ["--help"], ["run", "--help"], ["--version"], ["inspect"],
                          ["inspect", "popularity", "--store", "s"], ["diff", "s", "s"], ["diff", "s", "other"],
                          ["dlq", "list", "--json", "--store", "s"], ["simulate", "--events", "9"]):
            with self.subTest(arguments=arguments), open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([AISLE, *arguments], cwd=self.directory, stdout=full, stderr=subprocess.PIPE, text=True,
                                      timeout=60, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, r"\A(aisle: kafka.bootstrap.servers is not set.*\n)?aisle: cannot write .*\n\Z")

    def test_a_replay_goes_on_when_nobody_reads_what_it_says(self):
        self.write("e.ndjson", "junk\n" + "".join(f'{{"type":"view","userId":"u{i}","itemId":"a","eventTime":1700000000000}}\n' for i in range(2000)))
        self.aisle("replay", "--from-file", "e.ndjson", "--store", "read")
        reader, writer = os.pipe()
        os.close(reader)
        for store, outputs, status in (("errors", {"stdout": subprocess.DEVNULL, "stderr": writer}, 0), ("all", {"stdout": writer, "stderr": writer}, 1)):
            done = subprocess.run([AISLE, "replay", "--from-file", "e.ndjson", "--store", store], cwd=self.directory, timeout=60, check=False, **outputs)
            self.assertEqual(done.returncode, status)
            self.assertEqual(self.aisle("inspect", "--digest", "--store", store).stdout, self.aisle("inspect", "--digest", "--store", "read").stdout)
        done = subprocess.run([AISLE, "inspect", "popularity", "--store", "read"], cwd=self.directory, stdout=writer, timeout=60, check=False)
        os.close(writer)
        self.assertEqual(done.returncode, -signal.SIGPIPE, "there is nothing else to do")

    def test_wrong_usage_exits_with_2_and_a_hint(self):
        for arguments in [[], ["inspct"], ["--nonsense"], ["run", "--nonsense"], ["inspect", "a", "b"],
                          ["inspect", "--item", "x"], ["inspect", "popularty"], ["simulate"], ["run", "--set", "x"],
                          ["inspect", "popularity", "--digest", "--user", "u"],
                          ["inspect", "catalog", "--user", "u"], ["inspect", "profile", "--item", "i"],
                          ["inspect", "offsets", "--item", "i"], ["inspect", "traffic", "--user", "u"],
                          ["inspect", "popularity", "--sizes"], ["simulate", "--events", "-1"],
                          ["simulate", "--events", "9", "--truth", "t"],
                          *(["config", "diff", ".", "--server", url] for url in (
                              "", "127.0.0.1:8600", "https://127.0.0.1:8600", "http://", "http://:8600", "http://host:http",
                              "http://host:", "http://host:860000", "http://host/v1", "http://a b:1", "http://[::1]x:1")),
                          ["simulate", "--events", "9", "--recommendations", "--days", "401"]]:
            with self.subTest(arguments=arguments):
                done = self.aisle(*arguments, status=2)
                self.assertIn("Try `aisle", done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 2)
                self.assertEqual(done.stdout, "")

    def test_mistyped_names_get_a_suggestion(self):
        self.assertIn("did you mean 'inspect'?", self.aisle("inspct", status=2).stderr)
        self.assertIn("did you mean 'popularity'?", self.aisle("inspect", "popularty", status=2).stderr)
        self.assertIn("did you mean 'store.path'?",
                      self.aisle("inspect", "--digest", "--set", "store.pth=x", status=1).stderr)

    def test_a_missing_settings_file_fails(self):
        self.assertIn("/none.conf", self.aisle("inspect", "--digest", "--config", "/none.conf", status=1).stderr)

    def test_check_config_tells_values_origins_and_all_problems(self):
        path = self.write("bad.conf", "store.path = /x\nhttp.threads = 0\nlog.levl = info\n")
        done = self.aisle("check-config", path, "--set", "log.format=json", status=1)
        self.assertRegex(done.stdout, rf"(?m)^store.path +/x +{path}:1$")
        self.assertRegex(done.stdout, r"(?m)^log.format +json +--set$")
        self.assertRegex(done.stdout, r"(?m)^http.threads +2 +default$")
        self.assertEqual(len(done.stderr.splitlines()), 2)
        self.assertIn(f"{path}:2: http.threads: ", done.stderr)
        self.assertIn(f"{path}:3: unknown key 'log.levl', did you mean 'log.level'?", done.stderr)

    def test_check_config_reads_environment_and_hides_secrets(self):
        done = self.aisle("check-config", "--json", environment={
            "AISLE_STORE_PATH": "/e", "AISLE_KAFKA_SASL_PASSWORD": "hunter2", "AISLE_NOTHING": "1"})
        shown = json.loads(done.stdout)
        self.assertEqual(shown["settings"]["store.path"], {"value": "/e", "from": "AISLE_STORE_PATH"})
        self.assertEqual(shown["settings"]["kafka.sasl.password"]["value"], "(hidden)")
        self.assertNotIn("hunter2", done.stdout + done.stderr)
        self.assertEqual(len(shown["warnings"]), 1)
        self.assertIn("AISLE_NOTHING", done.stderr)

    def test_named_pipes_are_not_waited_for(self):
        pipe = os.path.join(self.directory, "pipe")
        os.mkfifo(pipe)
        for arguments in (["check-config", pipe], ["check-config", "--set", f"kafka.sasl.password.file={pipe}"],
                          ["inspect", "--config", pipe]):
            self.assertIn(f"'{pipe}'", self.aisle(*arguments, status=1).stderr)
            self.assertIn("a named pipe, not a file", self.aisle(*arguments, status=1).stderr)
        os.mkdir(os.path.join(self.directory, "rules"))
        for name in ("rules/a.json", ".revisions"):
            os.rename(pipe, os.path.join(self.directory, name))
            for verb in ("diff", "push", "pull"):
                self.assertIn(f"{name}' is not a regular file", self.aisle("config", verb, self.directory, status=1).stderr)
            os.rename(os.path.join(self.directory, name), pipe)

    def test_settings_of_the_working_directory_are_found(self):
        self.write("aisle.conf", "http.threads = 7\n")
        self.assertRegex(self.aisle("check-config").stdout, r"(?m)^http.threads +7 +./aisle.conf:1$")

    def test_an_unknown_vocabulary_is_a_problem(self):
        path = self.write("v.conf", "\ndecode.vocabularies = ga5\n")
        self.assertIn(f"aisle: {path}:2: decode.vocabularies: ", self.aisle("check-config", path, status=1).stderr)
        self.assertIn("decode.vocabularies",
                      self.aisle("check-config", "--set", "decode.vocabularies=ga5", status=1).stderr)

    def test_kappa_is_what_came_next_over_what_was_foreseen(self):
        lines = [{"type": "view", "visitorId": f"v{n}", "sessionId": "s", "itemId": item, "eventTime": 1700000000000 + at}
                 for n in range(8) for at, item in enumerate(("a", "b", "c" if n % 2 else "d"))]
        path = self.write("views", "".join(json.dumps(line) + "\n" for line in lines))
        self.aisle("replay", "--from-file", path, "--store", "s")
        got = json.loads(self.aisle("calibrate", "--store", "s", "--json").stdout)
        self.assertEqual((got["sessions"], got["prefixes"], got["configured"]), (8, 16, 0.7))
        # after a comes b, always; after a, b comes c or d, of which one is foreseen: c and d alternate
        self.assertGreaterEqual(got["hits"], 8)
        self.assertAlmostEqual(got["kappa"], got["hits"] / got["shares"])
        self.assertEqual(json.loads(self.aisle("calibrate", "--store", "s", "--prefixes", "3", "--json").stdout)["prefixes"], 3)
        self.assertRegex(self.aisle("calibrate", "--store", "s").stdout, r"\Anext\.kappa = [0-9.]+\n# after 16 views ")

    def test_the_demo_asks_each_strategy(self):
        text = self.aisle("demo", "--once", "--store", "d", "--set", "http.listen=127.0.0.1:0").stdout
        self.assertGreater(len(STRATEGIES), 20)
        for slug in STRATEGIES:
            self.assertRegex(text, rf" - {slug}, .* ms\n +1 ")
        self.check_demo_follows_recommendations()

    def test_a_demo_that_checks_answers_fails_when_it_is_stopped_before(self):
        with subprocess.Popen([AISLE, "demo", "--once", "--store", "d"], cwd=self.directory, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as demo:
            demo.stderr.readline()  # the year begins
            demo.send_signal(signal.SIGTERM)
            told = demo.communicate(timeout=60)[1]
        self.assertEqual((demo.returncode, told.splitlines()[-1]), (1, "aisle: stopped before there were answers to check"))

    def test_a_taken_port_is_told_at_once_and_leaves_no_store(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for command in ("demo", "run"):
                done = self.aisle(command, "--store", "d", "--set", f"http.listen={address}",
                                  "--set", "kafka.bootstrap.servers=127.0.0.1:1", status=1)
                self.assertRegex(done.stderr, rf"\Aaisle: cannot listen on .*{address}.*\n\Z")
                self.assertEqual(os.listdir(self.directory), [])

    def test_a_replay_that_asks_a_silent_broker_is_stopped_at_once(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(20)
            replay = subprocess.Popen([AISLE, "replay", "--from", "earliest", "--store", "d", "--set",
                                       f"kafka.bootstrap.servers=127.0.0.1:{silent.getsockname()[1]}"],
                                      cwd=self.directory, stderr=subprocess.PIPE, text=True)
            with silent.accept()[0]:
                replay.send_signal(signal.SIGTERM)
                began = time.monotonic()
                self.assertIn("aisle: stopped", replay.communicate(timeout=60)[1])
        self.assertEqual(replay.returncode, 1)
        self.assertLess(time.monotonic() - began, 5)

    def test_a_connection_that_fails_is_told_with_its_reason(self):
        process = subprocess.Popen([AISLE, "process", "--store", "d", "--set", "kafka.bootstrap.servers=127.0.0.1:1"],
                                   cwd=self.directory, stderr=subprocess.PIPE, text=True)
        with process:
            line = next((line for line in process.stderr if "broker does not answer" in line), "")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        self.assertRegex(line, r'why="127\.0\.0\.1:1/bootstrap: Connect to .* failed: Connection refused"')

    def test_a_broker_that_accepts_and_stays_silent_is_told_as_such(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            told = self.aisle("dlq", "list", "--set", f"kafka.bootstrap.servers={address}", "--set",
                              "kafka.api.version.request.timeout.ms=100", "--set", "log.level=debug", status=1).stderr
        self.assertRegex(told, rf"(?m)^aisle: .* the broker at {address} does not answer$")
        self.assertIn("ApiVersionRequest failed", told)

    def test_a_listener_that_hangs_up_on_plain_text_is_told_with_what_to_look_at(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            hung_up = threading.Event()

            def hang_up():
                while not hung_up.is_set():
                    with contextlib.suppress(OSError), listener.accept()[0] as client:
                        client.recv(1)

            listener.settimeout(1)
            thread = threading.Thread(target=hang_up)
            thread.start()
            try:
                broker = f"kafka.bootstrap.servers=127.0.0.1:{listener.getsockname()[1]}"
                for command in (("dlq", "list"), ("replay", "--from", "earliest", "--dry-run")):
                    self.assertRegex(self.aisle(*command, "--set", broker, status=1).stderr, r"Disconnected.*security\.protocol")
            finally:
                hung_up.set()
                thread.join()

    def check_demo_follows_recommendations(self):
        rows = [json.loads(line) for line in self.aisle("inspect", "engagement", "--store", "d").stdout.splitlines()]
        counts = [sum(row[name] for row in rows) for name in ("impressions", "clicks", "carts", "orders")]
        self.assertEqual(counts, sorted(counts, reverse=True))
        self.assertGreater(counts[3], 100)
        people = self.aisle("inspect", "experiment-people", "--store", "d").stdout.splitlines()
        self.assertEqual({json.loads(line)["variant"] for line in people}, {"as-it-is", "look-alikes"})

    def test_kappa_needs_sessions(self):
        self.views_loaded("s", "alone")
        self.assertIn("two views", self.aisle("calibrate", "--store", "s", status=1).stderr)
        self.assertIn("'0'", self.aisle("calibrate", "--prefixes", "0", status=2).stderr)

    def test_inspect_without_a_store_fails_and_makes_none(self):
        self.assertIn("none", self.aisle("inspect", "popularity", "--store", "none", status=1).stderr)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "none")))

    def test_simulated_traffic_is_the_same_in_every_form(self):
        options = ["simulate", "--events", "3000", "--seed", "9", "--items", "50", "--users", "40", "--catalog"]
        direct = self.aisle(*options).stdout
        self.aisle(*options, "--to-file", "a.ndjson")
        self.aisle(*options, "--to-file", "a.ndjson.gz")
        with open(os.path.join(self.directory, "a.ndjson"), encoding="utf-8") as plain:
            self.assertEqual(plain.read(), direct)
        with gzip.open(os.path.join(self.directory, "a.ndjson.gz"), "rt", encoding="utf-8") as packed:
            self.assertEqual(packed.read(), direct)
        lines = [json.loads(line) for line in direct.splitlines()]
        self.assertEqual(len(lines), 100 + 3000)
        self.assertEqual({line["topic"] for line in lines[:100]}, {"shop.catalog", "shop.stock"})
        self.assertTrue(all("eventId" in line for line in lines[100:]))

    def test_who_signs_recommendations_needs_the_key(self):
        options = ["simulate", "--events", "9", "--recommendations"]
        self.assertIn("person.key.file", self.aisle(*options, status=1).stderr)
        self.write("short.key", "too short")
        for name in ("no.key", "short.key"):
            self.assertIn(name, self.aisle(*options, "--set", f"person.key.file={name}", status=1).stderr)

    def test_traffic_lies_in_years_that_can_be_read(self):
        for start, days in (("0000-01-01", "1"), ("1969-12-31", "9"), ("9999-12-31", "1"), ("9990-01-01", "4000")):
            refused = self.aisle("simulate", "--events", "9", "--start", f"{start}T00:00:00Z", "--days", days, status=2)
            self.assertIn("the years 1970 to 9999", refused.stderr)
        for start in ("1970-01-01", "9999-12-29"):
            self.aisle("simulate", "--events", "99", "--start", f"{start}T00:00:00Z", "--days", "1", "--to-file", "a.ndjson")
            self.assertIn("99 events, 0 dead", self.aisle("replay", "--from-file", "a.ndjson", "--store", start).stdout)

    def test_replayed_traffic_can_be_inspected(self):
        self.aisle("simulate", "--events", "5000", "--items", "50", "--users", "40", "--to-file", "a.ndjson")
        self.aisle("replay", "--from-file", "a.ndjson", "--store", "st")
        rows = [json.loads(line) for line in
                self.aisle("inspect", "popularity", "--item", "sku-0000001", "--store", "st").stdout.splitlines()]
        self.assertTrue(rows)
        self.assertEqual({row["itemId"] for row in rows}, {"sku-0000001"})
        everything = self.aisle("inspect", "popularity", "--store", "st").stdout.splitlines()
        name, digest, count = self.aisle("inspect", "popularity", "--digest", "--store", "st").stdout.split()
        self.assertEqual((name, int(count)), ("popularity", len(everything)))
        self.assertRegex(digest, "^[0-9a-f]{32}$")
        listed = self.aisle("inspect", "--digest", "--json", "--store", "st").stdout.splitlines()
        self.assertIn({"view": "popularity", "digest": digest, "rows": len(everything)}, map(json.loads, listed))
        sizes = {row["table"]: row for row in
                 map(json.loads, self.aisle("inspect", "--sizes", "--json", "--store", "st").stdout.splitlines())}
        self.assertEqual(sizes["item-ids"]["rows"], 50)
        self.assertGreaterEqual(sizes["history"]["bytes"], 4096)
        self.assertIn("item-ids", self.aisle("inspect", "--sizes", "--store", "st").stdout)

    def test_another_generation_can_be_inspected(self):
        self.aisle("simulate", "--events", "50", "--items", "9", "--to-file", "a.ndjson")
        self.aisle("replay", "--from-file", "a.ndjson", "--store", "st")
        want = self.aisle("inspect", "--digest", "--store", "st").stdout
        shutil.copytree(os.path.join(self.directory, "st/generations/1"), os.path.join(self.directory, "st/generations/2"))
        self.aisle("replay", "--swap", "2", "--store", "st")
        self.assertEqual(self.aisle("inspect", "--digest", "--store", "st@1").stdout, want)
        for arguments in (["--digest"], ["popularity"], ["--sizes"], []):
            self.assertIn("has no generation 3", self.aisle("inspect", *arguments, "--store", "st@3", status=1).stderr)
        self.assertIn("popularity", self.aisle("inspect", "--store", "st@1").stdout)
        self.assertIn("STORE@N", self.aisle("inspect", "--digest", "--store", "st/generations/1", status=1).stderr)
        os.mkdir(os.path.join(self.directory, "st@1"))  # a directory of that name comes first
        self.assertIn("st@1", self.aisle("inspect", "--digest", "--store", "st@1", status=1).stderr)

    def test_commands_of_a_whole_store_refuse_a_generation(self):
        for command in (["process"], ["run"], ["serve"], ["demo"], ["calibrate"], ["dlq", "list"], ["config", "pull", "docs"],
                        ["replay", "--rollback"], ["replay", "--from", "earliest"], ["replay", "--from-file", "none.ndjson"]):
            error = self.aisle(*command, "--store", "st@2", status=2).stderr
            self.assertIn("'st@2' names a generation, which only `aisle inspect' and `aisle diff' take: name the store, 'st'", error)
        error = self.aisle("serve", status=2, environment={"AISLE_STORE_PATH": "st@2"}).stderr
        self.assertIn("name the store, 'st'", error)
        error = self.aisle("check-config", self.write("g.conf", "store.path = st@2\n"), status=1).stderr
        self.assertIn("store.path: 'st@2' names a generation", error)
        self.assertEqual(os.listdir(self.directory), ["g.conf"])
        os.mkdir(os.path.join(self.directory, "st@2"))  # a directory of that name comes first
        self.aisle("replay", "--from-file", self.write("a.ndjson", ""), "--store", "st@2")

    def test_one_view_is_made_anew(self):
        self.aisle("simulate", "--events", "3000", "--items", "50", "--users", "40", "--to-file", "a.ndjson")
        self.aisle("replay", "--view", "popularity", "--store", "st", status=1)
        self.aisle("replay", "--from-file", "a.ndjson", "--store", "st")
        want = self.aisle("inspect", "--digest", "--store", "st").stdout
        lost = want
        for view in ("history", "profile"):  # the profile is of the history's rows
            lost = lost.replace(re.search(view + " .*", want).group(), view + " " + "0" * 32 + " 0")
        plan = json.loads(self.aisle("replay", "--view", "history", "--from-file", "a.ndjson", "--dry-run", "--json",
                                     "--store", "st").stdout)
        self.assertEqual((plan["view"], plan["generation"]), ("history", 2))
        told = self.aisle("replay", "--rebuild", "--from-file", "a.ndjson", "--dry-run", "--store", "st").stdout
        self.assertIn("\nall lines of 1 file\n", told)
        self.assertIn("--without-files", self.aisle("replay", "--view", "history", "--store", "st", status=1).stderr)
        self.aisle("replay", "--view", "history", "--without-files", "--store", "st")
        self.assertEqual(self.aisle("inspect", "--digest", "--store", "st").stdout, lost)
        self.write("b.ndjson", '{"type":"view","userId":"u","itemId":"i","eventTime":1700000000000}\n')
        files = ["replay", "--view", "history", "--from-file", "a.ndjson", "b.ndjson", "--store", "st"]
        self.assertIn("b.ndjson", self.aisle(*files, status=1).stderr)  # the other views know nothing of it
        self.aisle(*files[:-3], *files[-2:])
        self.assertEqual(self.aisle("inspect", "--digest", "--store", "st").stdout, want)
        self.assertEqual(sorted(os.listdir(os.path.join(self.directory, "st", "current"))),
                         ["base", "levels", "processor.lock"])
        self.aisle("replay", "--rollback", "--store", "st")
        self.assertEqual(self.aisle("inspect", "--digest", "--store", "st").stdout, lost)

    def test_files_of_long_names_that_end_alike_are_read_each(self):
        line = '{"type":"view","userId":"u","itemId":"%s","eventTime":1700000000000}\n'
        for one, lines in (("a", line % "i"), ("b", line % "i" + line % "j")):
            os.makedirs(os.path.join(self.directory, one, "\u00e9" * 90))
            self.write(os.path.join(one, "\u00e9" * 90, "events.ndjson"), lines)
            for _ in range(2):  # the second time there is nothing new
                self.aisle("replay", "--from-file", os.path.join(one, "\u00e9" * 90, "events.ndjson"), "--store", "st")
        rows = [json.loads(row) for row in self.aisle("inspect", "offsets", "--store", "st").stdout.splitlines()]
        self.assertEqual(sorted(row["next"] for row in rows), [1, 2])
        for row in rows:
            self.assertRegex(row["topic"], "^file:[0-9a-f]{32}:\u00e9+/events.ndjson$")
        totals = self.aisle("inspect", "popularity", "--item", "i", "--store", "st").stdout.splitlines()
        self.assertEqual(json.loads(totals[0])["views"], 2)

    def letters(self):
        return [json.loads(line)["id"] for line in self.aisle("dlq", "list", "--json", "--store", "st").stdout.splitlines()]

    def test_letters_that_cannot_be_sent_are_told_and_the_others_sent(self):
        def letter(partition, code="bad-json", value="ew=="):
            return json.dumps({"topic": "shop.events", "kind": "events", "partition": partition, "code": code, "value": value}) + "\n"

        os.mkdir(os.path.join(self.directory, "s"))
        # while those of another code are passed over the topic's partitions become known, where the machine is not too slow
        self.write("s/dead-letters.ndjson", letter(0) + 100000 * letter(0, "bad-time") + letter(99) + letter(1, value=700 * "eeee") + letter(1))
        told = self.aisle("dlq", "resend", "--all", "--code", "bad-json", "--store", "s", "--set", "kafka.test.mock.num.brokers=1",
                          "--set", "kafka.bootstrap.servers=127.0.0.1:1", "--set", "kafka.message.max.bytes=1000", status=1).stderr
        told = re.findall("aisle: .*", told)
        self.assertEqual(told[-2:], ["aisle: file:100003 is not taken: it is larger than kafka.message.max.bytes",
                                     "aisle: the broker did not take every record; resend again"])
        self.assertLessEqual(set(told[:-2]), {"aisle: file:100002 is not taken: is there a partition 99 of 'shop.events'?"})

    def test_letters_of_a_rebuild_are_listed_and_come_along(self):
        self.write("a.ndjson", '{"type":"view","userId":"u","itemId":"i","eventTime":1700000000000}\njunk\n')
        self.aisle("replay", "--rebuild", "--from-file", "a.ndjson", "--store", "st")
        self.assertEqual(self.letters(), ["file@1:1"])
        told = self.aisle("replay", "--view", "popularity", "--from-file", "a.ndjson", "--store", "st").stderr
        self.assertNotIn("are kept", told)
        self.assertEqual(self.letters(), ["file@2:1"])
        shown = self.aisle("dlq", "show", "file@2:1", "--store", "st")
        self.assertIn("junk", shown.stdout)
        self.assertIn("kafka.bootstrap.servers is not set: only letters of replays", shown.stderr)
        self.assertIn("store 'none' does not exist", self.aisle("dlq", "list", "--store", "none", status=1).stderr)
        for name in ("x", "1", "0:", "file", "file1:2", "file@:1", "0:1x"):
            self.assertIn(f"'{name}' is no id: PARTITION:OFFSET, file:LINE", self.aisle("dlq", "show", name, status=2).stderr)
        self.assertIn("exclude one another", self.aisle("dlq", "resend", "--all", "0:1", status=2).stderr)

    def test_a_replay_begins_anew_under_other_settings(self):
        mark = os.path.join(self.directory, "st", "generations", "1", "building")

        def leave_half(*settings):
            process = subprocess.Popen([AISLE, "replay", "--rebuild", "--from-file", "-", "--store", "st", *settings],
                                       cwd=self.directory, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 20
            while not (os.path.exists(mark) and os.path.getsize(mark)) and time.monotonic() < deadline:
                time.sleep(0.01)
            process.kill()
            process.communicate()

        again = ["replay", "--rebuild", "--from-file", "-", "--store", "st", "--json"]
        leave_half("--set", "decode.recordMax=2048")
        done = self.aisle(*again)
        self.assertIn("begun anew, settings changed since it was stopped", done.stderr)
        self.assertIn("decode.recordMax=2048", done.stderr)
        self.assertFalse(json.loads(done.stdout)["resumed"])
        self.aisle("replay", "--drop-old", "--store", "st")
        mark = mark.replace("/1/", "/3/")
        leave_half()
        done = self.aisle(*again)
        self.assertNotIn("begun anew", done.stderr)
        self.assertTrue(json.loads(done.stdout)["resumed"])
        mark = mark.replace("/3/", "/4/")
        leave_half()
        self.write("a.ndjson", '{"type":"view","userId":"u","itemId":"i","eventTime":1700000000000}\n')
        other = ["replay", "--rebuild", "--from-file", "a.ndjson", "--store", "st"]
        told = "generation 4, half built by a replay with other options or settings, would be dropped\n"
        self.assertIn(told, self.aisle(*other, "--dry-run").stdout)
        self.assertEqual(json.loads(self.aisle(*other, "--dry-run", "--json").stdout)["dropped"], [4])
        self.assertNotIn("would be dropped", self.aisle(*again[:-1], "--dry-run").stdout)
        self.assertIn("begun anew, what was stopped was another replay  dropped=4", self.aisle(*other).stderr)
        self.assertNotIn("begun anew", self.aisle(*other, "--no-swap").stderr)
        self.assertRegex(self.aisle(*other, "--dry-run").stdout, r"(?m)^generation \d+, kept by --no-swap, would be dropped$")
        self.assertNotIn("begun anew", self.aisle(*other, "--no-swap").stderr)

    def test_old_generations_are_dropped_but_not_a_half_built_one(self):
        self.write("a.ndjson", '{"type":"view","userId":"u","itemId":"i","eventTime":1700000000000}\n')
        for _ in range(2):
            self.aisle("replay", "--rebuild", "--from-file", "a.ndjson", "--store", "st")
        swapped = self.aisle("replay", "--rollback", "--json", "--store", "st").stdout
        self.assertEqual(json.loads(swapped), {"generation": 1})
        half = os.path.join(self.directory, "st", "generations", "3")
        os.mkdir(half)
        with open(os.path.join(half, "building"), "w", encoding="utf-8") as out:
            out.write("a plan")
        dropped = self.aisle("replay", "--drop-old", "--json", "--store", "st").stdout
        self.assertEqual(json.loads(dropped), {"dropped": 1})
        self.assertEqual(sorted(os.listdir(os.path.dirname(half))), ["1", "3", "last"])

    def test_what_fails_makes_no_store(self):
        for command in (["process"], ["run"], ["replay", "--from", "earliest"]):
            self.assertIn("kafka.bootstrap.servers is not set", self.aisle(*command, status=1).stderr)
        for command in (["replay", "--from-file"], ["replay", "--rebuild", "--from-file"]):
            self.assertIn("'none.ndjson': No such file", self.aisle(*command, "none.ndjson", status=1).stderr)
        self.assertEqual(os.listdir(self.directory), [])

    def test_options_of_another_verb_are_refused(self):
        for verb, option, words in (("pull", "--dry-run", "are of push"), ("diff", "--force", "is of pull and push"),
                                    ("diff", "--prune", "are of push"), ("pull", "--by=ann", "are of push"),
                                    ("push", "--shipped", "is of pull")):
            with self.subTest(verb=verb, option=option):
                self.assertIn(words, self.aisle("config", verb, "shop", option, status=2).stderr)
        self.assertEqual(os.listdir(self.directory), [])

    def test_options_that_do_not_go_together_are_refused(self):
        for arguments, words in ((["--view", "nope"], "there is no view 'nope': catalog, stock,"),
                                 (["--view", "profile"], "use --view history"),
                                 (["--view", "stock", "--rebuild", "-f", "one"], "leave --rebuild out"),
                                 (["--into-current"], "needs --from-file"),
                                 (["--rollback", "--drop-old"], "--drop-old goes by itself or with a rebuild"),
                                 (["--swap", "1", "--drop-old"], "--drop-old goes by itself or with a rebuild"),
                                 (["--drop-old", "-f", "one"], "--drop-old goes by itself or with a rebuild"),
                                 (["--from", "earliest", "--no-swap", "--drop-old"], "it excludes --no-swap"),
                                 (["--view", "offsets"], "without the others; these can: catalog, stock,"),
                                 (["--view", "history", "--from", "earliest", "--to", "7"], "no --to"),
                                 (["--view", "stock", "--from", "7"], "whole topic"),
                                 (["--view", "history", "--rollback"], "exclude one another")):
            with self.subTest(arguments=arguments):
                self.assertIn(words, self.aisle("replay", *arguments, "--store", "st", status=2).stderr)


class Served(Case):
    """What `aisle serve` answers from a store of files."""

    def setUp(self):
        super().setUp()
        self.write("e.ndjson", "".join(
            json.dumps({"type": "view", "userId": f"u{n}", "itemId": f"i{n % 30}", "eventTime": 1700000000000 + n}) + "\n"
            for n in range(900)))
        self.aisle("replay", "--from-file", "e.ndjson", "--store", "s")
        self.serve()
        self.addCleanup(self.end)

    def serve(self):
        self.server = subprocess.Popen([AISLE, "serve", "--store", "s", "--set", "http.listen=127.0.0.1:0"], text=True,
                                       cwd=self.directory, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for text in self.server.stderr:
            if text.startswith("ready: "):
                self.url = text.split()[1]
                return
        self.fail("it does not answer")

    def end(self):
        self.server.terminate()
        self.server.communicate(timeout=20)

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def test_a_signal_rereads_the_level_and_says_so(self):
        self.server.send_signal(signal.SIGHUP)
        self.assertRegex(self.server.stderr.readline(), "info  settings reread  log.level=info")

    def test_a_log_of_json_is_all_json(self):
        sets = ["--set", "log.format=json", "--set", "log.level=error", "--set", "http.listen=127.0.0.1:0"]
        server = subprocess.Popen([AISLE, "serve", "--store", "s", *sets], text=True, cwd=self.directory,
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        line = json.loads(server.stderr.readline())
        server.terminate()
        server.communicate(timeout=20)
        self.assertEqual(line["level"], "info")
        self.assertRegex(line["message"], "^ready: http://127.0.0.1:[0-9]+$")

    def test_a_list_is_followed_to_its_end(self):
        for first in ("/v1/trending?count=7", "/v1/recommendations/home?visitorId=v&count=7&fill=none"):
            seen, path = [], first
            while path:
                status, answer = self.get(path)
                self.assertEqual(status, 200, f"{path}: {answer}")
                seen += [item["itemId"] for item in answer["items"]]
                path = answer["next"]
            self.assertEqual(sorted(seen), sorted(f"i{n}" for n in range(30)), first)

    def test_figures_of_a_replay_are_of_its_phase(self):
        self.write("a.ndjson", '{"type":"view","userId":"u","itemId":"i","eventTime":1700000000000}\n')
        reader, full = os.pipe()
        os.set_blocking(full, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(full, b" " * 4096)
        os.set_blocking(full, True)
        with subprocess.Popen([AISLE, "replay", "--rebuild", "--without-files", "--from-file", "a.ndjson", "--no-swap", "--store", "s"],
                              cwd=self.directory, stdout=full, stderr=subprocess.DEVNULL) as replay:
            os.close(full)
            deadline, told = time.monotonic() + 20, {}
            while told.get("phase") != "checking" and time.monotonic() < deadline:  # where nobody reads its digests
                told = self.get("/v1/admin/replay")[1]
            with open(reader, "rb") as rest:
                rest.read()
        self.assertEqual([told[name] for name in ("phase", "records", "done", "total", "recordsPerSecond", "secondsLeft")],
                         ["checking", 1, 0, 0, 0, None])
        told = self.get("/v1/admin/replay")[1]
        self.assertEqual((replay.returncode, told["phase"], told["secondsLeft"]), (0, "done", 0))

    def test_pulled_files_stay(self):
        config = ["config", "pull", "shop", "--server", self.url]
        first = [json.loads(line) for line in self.aisle(*config, "--shipped", "--json").stdout.splitlines()]
        self.assertIn({"document": "scenarios/home", "what": "new", "text": ""}, first)
        edited = self.write("shop/scenarios/home.json", '{"description":"a change that is not pushed","chain":[{"strategy":"trending"}]}\n')
        self.assertEqual(self.aisle(*config).stdout, "nothing to do\n")
        with open(edited, encoding="utf-8") as f:
            self.assertIn("a change", f.read())
        self.assertEqual(self.aisle(*config, "--json").stdout, "")

    def scenario(self, name, text=None):
        if text is not None:
            self.write(f"shop/scenarios/{name}.json", text)
        with open(os.path.join(self.directory, "shop", "scenarios", f"{name}.json"), encoding="utf-8") as f:
            return f.read()

    def test_a_pull_leaves_what_was_changed_here(self):
        pull = ["config", "pull", "shop", "--shipped", "--server", self.url]
        edited = '{"chain":[{"strategy":"trending"}]}\n'
        self.aisle(*pull)
        self.aisle(*pull[:3], *pull[4:])  # which does not ask for the shipped ones, and forgets nothing of them
        home = self.scenario("home")
        os.unlink(os.path.join(self.directory, "shop", "scenarios", "cart.json"))
        self.scenario("home", edited)
        self.scenario("of-mine", edited)  # the server has none of that name, so it is in nobody's way
        done = self.aisle(*pull, status=1)
        self.assertRegex(done.stdout, "^REFUSED  scenarios/home: it was changed here: .* pull --force\n$")
        self.assertIn("nothing was pulled: 1 of the files", done.stderr)
        self.assertEqual(self.scenario("home"), edited)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "shop", "scenarios", "cart.json")))
        self.assertEqual(self.aisle(*pull, "--force").stdout, "new      scenarios/cart\nchanged  scenarios/home\n")
        self.assertEqual((self.scenario("home"), self.scenario("of-mine")), (home, edited))
        self.scenario("home", " \n" + home)  # the same in other lines
        self.assertEqual(self.aisle(*pull).stdout, "nothing to do\n")
        self.scenario("home", edited)
        noted = self.revisions()
        self.write("shop/.revisions", re.sub("(?m) [0-9a-f]{16}$", "", noted))  # of a program that noted no hashes
        self.assertEqual(self.aisle(*pull).stdout, "changed  scenarios/home\n")
        self.assertEqual(self.revisions(), noted)
        os.unlink(os.path.join(self.directory, "shop", ".revisions"))
        self.scenario("home", edited)
        self.assertIn("REFUSED  scenarios/home", self.aisle(*pull, status=1).stdout)

    def revisions(self):
        with open(os.path.join(self.directory, "shop", ".revisions"), encoding="utf-8") as f:
            return f.read()

    def test_a_push_tells_what_it_leaves_alone(self):
        rule = {"topic": "aisle.config", "key": "rule/no-toys", "timestamp": 1700000000000,
                "value": {"kind": "rule", "id": "no-toys", "document": {"action": {"filter": "price < 50"}}}}
        self.end()
        self.aisle("replay", "--from-file", self.write("c.ndjson", json.dumps(rule) + "\n"), "--store", "s")
        self.serve()
        os.mkdir(os.path.join(self.directory, "shop"))
        config = ["shop", "--server", self.url]
        self.assertRegex(self.aisle("config", "push", *config).stdout,
                         r"^server   rules/no-toys: it is left alone: to delete it, pull, .*--prune\n$")
        self.aisle("config", "pull", *config)
        self.assertEqual(self.aisle("config", "push", *config).stdout, "nothing to do\n")
        os.unlink(os.path.join(self.directory, "shop", "rules", "no-toys.json"))
        self.assertEqual(self.aisle("config", "push", *config).stdout,
                         "server   rules/no-toys: it is left alone: --prune deletes it\n")
        self.assertEqual(self.aisle("config", "push", *config, "--prune", "--dry-run").stdout, "would    rules/no-toys: delete\n")
        self.end()
        rule["value"]["document"] = {"action": {"filter": "price < 70"}}
        rule["timestamp"] += 1
        self.aisle("replay", "--from-file", self.write("d.ndjson", json.dumps(rule) + "\n"), "--store", "s")
        self.serve()
        config[2] = self.url
        self.aisle("config", "push", *config)  # forgets nothing of what was pulled
        self.assertIn("REFUSED  rules/no-toys: it was changed on the server",
                      self.aisle("config", "push", *config, "--prune", "--dry-run", status=1).stdout)

    def test_a_pull_tells_what_it_has_written(self):
        limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh", AISLE]
        done = subprocess.run([*limited, "config", "pull", "full", "--server", self.url, "--shipped"], cwd=self.directory,
                              capture_output=True, text=True, check=False, timeout=20)
        self.assertRegex(done.stderr, "cannot write 'full/scenarios/.*.json': File too large")
        self.assertEqual((done.returncode, done.stdout), (1, ""))

    def test_refusals_say_what_to_do(self):
        for path, words in (("/v1/recommendations/home?itemIds=a", "'home' does not read 'itemIds', it reads userId, visitorId"),
                            ("/v1/recommendations/productpage?itemIds=a", "did you mean 'product-page'?"),
                            ("/v1/recommendations/nowhere", "see /v1/strategies"),
                            ("/v1/recommendations/fast-shipping", "'fast-shipping' needs country or region"),
                            ("/v1/nowhere", "/docs shows the paths there are")):
            status, problem = self.get(path)
            self.assertIn(status, (400, 404))
            self.assertIn(words, problem["detail"])


# Who opens a store; the broker of the last three is away, which they would wait for.
AWAY = ["--set", "kafka.bootstrap.servers=127.0.0.1:1", "--set", "http.listen=127.0.0.1:0"]
READERS = [["inspect", "--digest"], ["serve", "--set", "http.listen=127.0.0.1:0"]]
WRITERS = [["replay", "--from-file", "e.ndjson"], ["process", *AWAY], ["run", *AWAY]]
REBUILD = "with an empty store.path"


class DamagedStores(Case):
    """Each kind of damage has its sentence and its way out, in every command, and nothing is made worse."""

    def setUp(self):
        super().setUp()
        self.write("e.ndjson", "".join(
            json.dumps({"type": "view", "userId": f"u{n}", "itemId": f"i{n % 50}", "eventTime": 1700000000000 + n}) + "\n"
            for n in range(5000)))
        self.aisle("replay", "--from-file", "e.ndjson", "--store", "s")
        self.data, self.key = self.path("s", "current", "base", "data.mdb"), self.path("s", "person.key")

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def refused(self, *words, commands=(*READERS, *WRITERS)):
        before = self.state()
        for command in commands:
            with self.subTest(command=command):
                error = self.aisle(*command, "--store", "s", status=1).stderr.splitlines()[-1]
                for word in words:
                    self.assertIn(word, error)
        self.assertEqual(self.state(), before)

    def state(self):
        """What must stay as it is: the bytes of rows and key."""
        ret = []
        for path in (self.data, self.key):
            try:
                with open(path, "rb") as f:
                    ret.append(f.read())
            except OSError as error:
                ret.append(error.errno)
        return ret

    def overwrite(self, offset, data):
        with open(self.data, "r+b") as f:
            f.seek(offset)
            f.write(data)

    def test_rows_that_are_cut(self):
        for size in (100000, 20000, 8192):
            os.truncate(self.data, size)
            self.refused("data.mdb is damaged, it is shorter than it was", REBUILD)
        os.truncate(self.data, 0)
        self.refused("data.mdb' is empty", REBUILD)

    def test_rows_of_another_program(self):
        self.overwrite(0, bytes(4096))
        self.refused("data.mdb is damaged", REBUILD)
        self.overwrite(0, bytes(8192))
        self.refused("data.mdb is damaged", REBUILD)

    def test_rows_of_another_version(self):
        for meta in (0, 4096):
            self.overwrite(meta + 20, struct.pack("<I", 999))
        self.refused("another version", REBUILD)

    def test_pages_that_make_no_sense(self):
        noise = random.Random(5)
        for page in range(2, os.path.getsize(self.data) // 4096):
            self.overwrite(page * 4096, noise.randbytes(4096))
        self.refused("damaged", REBUILD, commands=(*READERS, WRITERS[0]))

    def test_one_damaged_page_is_called_so_wherever_it_is(self):
        with open(self.data, "rb") as f:
            good = f.read()
        told = 0
        for at in range(8192, len(good), 4096):
            self.overwrite(at, bytes(4096))
            done = subprocess.run([AISLE, "inspect", "sessions", "--store", "s"], cwd=self.directory, check=False,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60)
            self.overwrite(at, good[at:at + 4096])
            self.assertIn(done.returncode, (0, 1))
            if done.returncode:
                self.assertIn("damaged", done.stderr, f"page {at // 4096}")
                told += 1
        self.assertGreater(told, 0)

    def test_a_key_that_is_lost_short_or_another(self):
        with open(self.key, "rb") as f:
            good = f.read()
        for bad, word in ((good[:31], "must have 32 bytes"), (bytes(32), "another person key")):
            with open(self.key, "wb") as f:
                f.write(bad)
            self.refused(word, REBUILD)
        os.remove(self.key)
        self.refused("is missing", "restore it", "with an empty store.path")

    def test_a_lock_file_that_is_lost_or_garbage_is_made_anew(self):
        lock = self.path("s", "current", "base", "lock.mdb")
        want = self.aisle("inspect", "--digest", "--store", "s").stdout
        os.remove(lock)
        self.assertEqual(self.aisle("inspect", "--digest", "--store", "s").stdout, want)
        with open(lock, "wb") as f:
            f.write(random.Random(6).randbytes(8192))
        self.assertEqual(self.aisle("inspect", "--digest", "--store", "s").stdout, want)

    def test_a_status_file_of_another_version_or_none(self):
        with open(self.path("s", "status"), "wb") as f:
            f.write(random.Random(7).randbytes(4096))
        self.refused("restart the processor, or remove the file", commands=READERS[1:])
        self.aisle("replay", "--from-file", "e.ndjson", "--store", "s")
        os.remove(self.path("s", "status"))
        os.mkdir(self.path("s", "status"))
        self.refused("status' is no file: remove it", commands=(READERS[1], *WRITERS))

    def test_a_store_that_is_no_directory(self):
        shutil.rmtree(self.path("s"))
        self.refused("does not exist", commands=READERS)
        self.write("s", "text")
        self.refused("not a directory", commands=(
            *READERS, *WRITERS, ["replay", "--rollback"], ["replay", "--rebuild", "--from-file", "e.ndjson"],
            ["replay", "--rebuild", "--from-file", "e.ndjson", "--dry-run"], ["dlq", "list"]))

    @unittest.skipIf(os.geteuid() == 0 and not shutil.which("setpriv"), "root needs setpriv to be somebody else")
    def test_a_store_that_may_not_be_written(self):
        if os.geteuid() != 0:
            os.chmod(self.path("s"), 0o500)
            self.refused("its mode is 0500", commands=WRITERS)
            os.chmod(self.path("s"), 0o700)
            return
        os.chmod(self.directory, 0o755)
        self.before = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        self.refused("belongs to user 'root'", "run as its owner")
        self.refused("belongs to user 'root'", "run as its owner", commands=(
            ["replay", "--rollback"], ["replay", "--drop-old"], ["replay", "--rebuild", "--from-file", "e.ndjson"],
            ["dlq", "list"], ["replay", "--rebuild", "--from-file", "e.ndjson", "--dry-run"]))
        for name in ("s", "s/generations", "s/generations/1", "s/generations/1/base"):
            os.chmod(self.path(name), 0o755)
        for name in ("s/person.key", "s/status", "s/current/levels", "s/current/base/data.mdb", "s/current/base/lock.mdb"):
            os.chmod(self.path(name), 0o666)
        kept = sorted(os.listdir(self.path("s", "current")))
        self.assertIn("would be built", self.aisle(
            "replay", "--rebuild", "--from-file", "e.ndjson", "--dry-run", "--store", "s").stdout)
        self.assertEqual(sorted(os.listdir(self.path("s", "current"))), kept)

    @unittest.skipIf(os.geteuid() != 0, "only root may write what is another's")
    def test_root_writes_to_nobody_elses_store(self):
        os.chown(self.path("s", "generations"), 65534, 65534)
        self.refused("could not use what is written; run as its owner: runuser -u ",
                     commands=(*WRITERS, ["replay", "--rollback"], ["replay", "--rebuild", "--from-file", "e.ndjson"]))
        self.assertIn("popularity", self.aisle("inspect", "--digest", "--store", "s").stdout)

    def test_an_address_space_that_is_too_small(self):
        self.before = ["prlimit", f"--as={20 << 30}"]
        self.refused("no address space is left for it: lower store.mapSize, or raise the limit")
        self.assertIn("popularity", self.aisle("inspect", "--digest", "--store", "s", "--set", "store.mapSize=1g").stdout)

    @unittest.skipIf(os.geteuid() != 0, "only root may mount")
    def test_a_rebuild_that_fills_the_disk_is_dropped(self):
        disk = self.path("disk")
        os.mkdir(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", disk], stderr=subprocess.PIPE, check=False).returncode:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        store = os.path.join(disk, "s")
        self.aisle("replay", "--from-file", "e.ndjson", "--store", store)
        space = os.statvfs(disk)
        with open(os.path.join(disk, "fill"), "wb") as fill:
            fill.write(bytes(space.f_bavail * space.f_frsize - 300000))
        for what in (["--rebuild"], ["--view", "popularity"]):
            error = self.aisle("replay", *what, "--from-file", "e.ndjson", "--store", store, status=1).stderr
            self.assertRegex(error, "too small for generation [0-9]+, which is dropped: make room")
            self.assertEqual(set(os.listdir(os.path.join(store, "generations"))) - {"last"}, {"1"})

    def test_a_replay_of_generations_without_a_store(self):
        for arguments in (["--rollback"], ["--swap", "1"], ["--drop-old"], ["--view", "popularity"]):
            error = self.aisle("replay", *arguments, "--store", "none", status=1).stderr
            self.assertIn("cannot open store 'none': it does not exist; run", error)
            self.assertFalse(os.path.exists(self.path("none")))

    def test_a_current_generation_that_is_gone(self):
        shutil.rmtree(self.path("s", "generations", "1"))
        self.refused("generation 1 is gone", "s/current' is a link to it", "ln -sfn", "remove it and read the log again",
                     commands=(*READERS, *WRITERS, ["replay", "--rollback"], ["replay", "--drop-old"], ["calibrate"], ["dlq", "list"],
                               ["replay", "--rebuild", "--from-file", "e.ndjson"]))
        os.unlink(self.path("s", "current"))
        self.assertIn("5000 events", self.aisle("replay", "--from-file", "e.ndjson", "--store", "s").stdout)

    def test_a_generation_that_is_not_there(self):
        self.assertIn("no generation 7: it has 1", self.aisle("replay", "--swap", "7", "--store", "s", status=1).stderr)


class Units(unittest.TestCase):
    def test_units_that_exclude_each_other_are_stopped_before_they_start(self):
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy")
        units = {}
        for name in ("aisle.service", "aisle-process.service", "aisle-serve.service"):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                units[name] = dict(text.strip().split("=", 1) for text in f if text.startswith(("After=", "Conflicts=")))
        for name, unit in units.items():
            for other in unit["Conflicts"].split():
                self.assertTrue(other in unit["After"].split() or name in units[other]["After"].split(), f"{name}, {other}")


def main(names):
    tests = [test for case in unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]) for test in case]
    unknown = set(names).difference(*(test.id().split(".") for test in tests))
    if unknown:
        print(f"no test is named {', '.join(sorted(unknown))}; there are:", *(test.id().split(".", 1)[1] for test in tests), sep="\n  ", file=sys.stderr)
        return 2
    wanted = unittest.TestSuite(test for test in tests if not names or not set(test.id().split(".")).isdisjoint(names))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(wanted)
    failed = len(result.failures) + len(result.errors)
    failed = min(failed, result.testsRun)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
