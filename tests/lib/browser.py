"""Headless Chromium through chromedriver's WebDriver protocol: JSON over HTTP, nothing to install besides the two."""
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request

from harness import FlowFailed, check, poll
from kafka import free_ports

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-extensions", "--disable-background-networking", "--window-size=1280,1600"]


class Browser:
    """One session; close() ends browser and driver."""

    def __init__(self, directory):
        check(shutil.which("chromedriver"), "chromedriver is not installed: run 'make deps'")
        port = free_ports(1)[0]
        profile = os.path.join(directory, "chromium")
        self.base = f"http://127.0.0.1:{port}"
        with open(os.path.join(directory, "chromedriver.log"), "wb") as log:
            self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=log)
        try:
            poll("chromedriver", lambda: self.call("GET", "/status")["ready"], 20)
            options = {"args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
            session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
            self.session = "/session/" + session["sessionId"]
        except BaseException:
            self.driver.kill()
            raise

    def call(self, method, path, body=None):
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise FlowFailed(f"{method} {path}: {error.read().decode(errors='replace')[:500]}") from None

    def open(self, url):
        self.call("POST", self.session + "/url", {"url": url})

    def run(self, script, *args):
        return self.call("POST", self.session + "/execute/sync", {"script": script, "args": list(args)})

    def find(self, css):
        value = self.call("POST", self.session + "/element", {"using": "css selector", "value": css})
        return value[ELEMENT]

    def click(self, css):
        """As a person would: the element must be there and nothing may lie over it."""
        self.call("POST", f"{self.session}/element/{self.find(css)}/click")

    def type(self, css, text):
        self.call("POST", f"{self.session}/element/{self.find(css)}/value", {"text": text})

    def text(self, css):
        return self.call("GET", f"{self.session}/element/{self.find(css)}/text")

    def errors(self):
        """What the page complained about since the last call."""
        log = self.call("POST", self.session + "/se/log", {"type": "browser"})
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def close(self):
        try:
            self.call("DELETE", self.session)
        except (FlowFailed, OSError):
            pass
        self.driver.terminate()
        self.driver.wait(20)
