#!/usr/bin/python3
"""The command line as a person meets it: help, wrong usage, settings, inspect, simulate. No broker.

AISLE names the program (build/release/aisle). Closes with "N passed, N failed".
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

AISLE = os.path.abspath(os.environ.get("AISLE", "build/release/aisle"))
COMMANDS = [line[8:-1].replace("_", "-") for line in open("cmd/commands.def", encoding="utf-8").read().splitlines()
            if line.startswith("COMMAND(")]


class Cli(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="aisle-cli-")
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name

    def aisle(self, *arguments, status=0, environment=None):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AISLE_")}
        done = subprocess.run([AISLE, *arguments], cwd=self.directory, env={**clean, **(environment or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, f"aisle {' '.join(arguments)}: {done.stdout[-500:]}{done.stderr[-500:]}")
        return done

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

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

    def test_check_config_asks_librdkafka(self):
        for line, words in (("kafka.nope = 1", "kafka.nope"), ("kafka.auto.offset.reset = earliest", "must be 'error'")):
            path = self.write("k.conf", f"kafka.bootstrap.servers = 127.0.0.1:1\n{line}\n")
            self.assertIn(words, self.aisle("check-config", path, status=1).stderr)

    def replayed(self):
        """A small filled store."""
        events = self.write("e.ndjson", "".join(
            json.dumps({"type": "view", "userId": f"u{n}", "itemId": f"i{n % 50}", "eventTime": 1700000000000 + n}) + "\n"
            for n in range(5000)))
        self.aisle("replay", "--from-file", events, "--store", "s")
        return os.path.join(self.directory, "s")

    def test_a_cut_store_is_told_apart(self):
        store = self.replayed()
        data = os.path.join(store, "current", "base", "data.mdb")
        for size in (100000, 20000, 8192):
            os.truncate(data, size)
            done = self.aisle("inspect", "--digest", "--store", "s", status=1)
            self.assertIn("the store is damaged", done.stderr)

    def test_a_lost_person_key_is_not_replaced(self):
        store = self.replayed()
        os.remove(os.path.join(store, "person.key"))
        done = self.aisle("replay", "--from-file", "e.ndjson", "--store", "s", status=1)
        self.assertIn("another person key", done.stderr)

    def test_a_silent_pipe_can_be_left(self):
        process = subprocess.Popen([AISLE, "replay", "--from-file", "-", "--store", "s"], cwd=self.directory,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(b'{"type":"view","userId":"u","itemId":"i","eventTime":1700000000000}\n{"type":"vi')
        process.stdin.flush()
        deadline = time.monotonic() + 20
        while not os.path.exists(os.path.join(self.directory, "s", "current", "base", "data.mdb")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.terminate()
        self.assertIn(process.wait(timeout=20), (0, 1))
        process.communicate()
        self.aisle("inspect", "--digest", "--store", "s")

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
        self.assertIn("cannot read the key", self.aisle("inspect", "history", "--store", "s", status=1).stderr)

    def test_version(self):
        self.assertRegex(self.aisle("--version").stdout, r"^aisle \d+\.\d+\.\d+\n$")

    def test_wrong_usage_exits_with_2_and_a_hint(self):
        for arguments in [[], ["inspct"], ["--nonsense"], ["run", "--nonsense"], ["inspect", "a", "b"],
                          ["inspect", "--item", "x"], ["inspect", "popularty"], ["simulate"], ["run", "--set", "x"],
                          ["inspect", "popularity", "--digest", "--user", "u"], ["simulate", "--events", "-1"]]:
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

    def test_settings_of_the_working_directory_are_found(self):
        self.write("aisle.conf", "http.threads = 7\n")
        self.assertRegex(self.aisle("check-config").stdout, r"(?m)^http.threads +7 +./aisle.conf:1$")

    def test_an_unknown_vocabulary_is_a_problem(self):
        self.assertIn("decode.vocabularies",
                      self.aisle("check-config", "--set", "decode.vocabularies=ga5", status=1).stderr)

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


def main():
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(unittest.defaultTestLoader.loadTestsFromTestCase(Cli))
    failed = len(result.failures) + len(result.errors)
    failed = min(failed, result.testsRun)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
